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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{World, error, page, raw};
    use futures::executor::block_on;
    use seatkeeper_engine::ports::{ErrorClass, HttpError};

    fn user(name: &str) -> Username {
        Username::parse(name).unwrap()
    }

    fn group(name: &str) -> GroupName {
        GroupName::parse(name).unwrap()
    }

    #[test]
    fn each_change_is_one_idempotent_call_with_encoded_names() {
        let world = World::new(std::iter::repeat_n(raw(204, &[], ""), 4));
        let client = world.client();
        let (user, group) = (user("a+b@example.com"), group("Vertrieb Süd"));
        block_on(async {
            client.add_to_group(&user, &group).await.unwrap();
            client.remove_from_group(&user, &group).await.unwrap();
            client.disable(&user).await.unwrap();
            client.enable(&user).await.unwrap();
        });
        assert_eq!(
            world.calls(),
            [
                "PUT /rest/api/user/a%2Bb%40example.com/group/Vertrieb%20S%C3%BCd",
                "DELETE /rest/api/user/a%2Bb%40example.com/group/Vertrieb%20S%C3%BCd",
                "PUT /rest/api/admin/user/a%2Bb%40example.com/disable",
                "PUT /rest/api/admin/user/a%2Bb%40example.com/enable",
            ]
        );
    }

    #[test]
    fn a_name_with_a_slash_is_refused_before_anything_is_sent() {
        let world = World::new([]);
        let client = world.client();
        for failure in [
            block_on(client.add_to_group(&user("jdoe"), &group("a/b"))).unwrap_err(),
            block_on(client.disable(&user("a/b"))).unwrap_err(),
        ] {
            assert_eq!(failure.class, ErrorClass::Refused);
            assert!(failure.detail.contains("Tomcat"), "{failure}");
        }
        assert!(world.calls().is_empty());
    }

    #[test]
    fn a_refused_change_names_account_group_and_reason() {
        for (answer, class) in [
            (error(403, "Cannot update group 'g' because directory 'd' does not allow updates."), ErrorClass::Refused),
            (error(500, "Cannot update user 'x' because directory 'd' does not allow updates."), ErrorClass::Refused),
            (error(404, "No user found with username: jdoe"), ErrorClass::Gone),
            (page(200, "Log In"), ErrorClass::Unauthorized),
        ] {
            let world = World::new([answer]);
            let failure = block_on(world.client().remove_from_group(&user("jdoe"), &group("g"))).unwrap_err();
            assert_eq!(failure.class, class, "{failure}");
            assert!(failure.to_string().starts_with("failed to remove account `jdoe` from group `g`: "), "{failure}");
            assert_eq!(world.calls().len(), 1);
        }
    }

    #[test]
    fn a_change_whose_answer_was_lost_is_sent_again() {
        let world = World::new([Err(HttpError::Timeout), raw(204, &[], "")]);
        block_on(world.client().disable(&user("jdoe"))).unwrap();
        assert_eq!(world.calls().len(), 2);
    }
}
