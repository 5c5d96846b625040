//! The writing half of the client. All four calls may be repeated without harm, and none of their answers is proof:
//! read-only directories acknowledge changes that they do not make.

use crate::{Confluence, read::checked_segment};
use http::Method;
use seatkeeper_engine::ports::{Clock, ConfluenceWrite, Http, PortError};
use seatkeeper_policy::{GroupName, Username};

impl<H: Http, C: Clock> Confluence<H, C> {
    async fn membership(
        &self,
        method: Method,
        username: &Username,
        group: &GroupName,
        operation: &str,
    ) -> Result<(), PortError> {
        let user = checked_segment(username.as_str(), operation)?;
        let group = checked_segment(group.as_str(), operation)?;
        self.change(&method, &format!("/rest/api/user/{user}/group/{group}"), operation).await
    }

    async fn activation(&self, username: &Username, verb: &str, operation: &str) -> Result<(), PortError> {
        let user = checked_segment(username.as_str(), operation)?;
        self.change(&Method::PUT, &format!("/rest/api/admin/user/{user}/{verb}"), operation).await
    }

    async fn change(&self, method: &Method, path: &str, operation: &str) -> Result<(), PortError> {
        match self.call(method, path).await {
            Ok(_) => Ok(()),
            Err(failure) => Err(failure.during(operation)),
        }
    }
}

impl<H: Http, C: Clock> ConfluenceWrite for Confluence<H, C> {
    async fn remove_from_group(&self, username: &Username, group: &GroupName) -> Result<(), PortError> {
        let operation = format!("remove account `{username}` from group `{group}`");
        self.membership(Method::DELETE, username, group, &operation).await
    }

    async fn add_to_group(&self, username: &Username, group: &GroupName) -> Result<(), PortError> {
        let operation = format!("add account `{username}` to group `{group}`");
        self.membership(Method::PUT, username, group, &operation).await
    }

    async fn disable(&self, username: &Username) -> Result<(), PortError> {
        self.activation(username, "disable", &format!("disable account `{username}`")).await
    }

    async fn enable(&self, username: &Username) -> Result<(), PortError> {
        self.activation(username, "enable", &format!("enable account `{username}`")).await
    }
}
