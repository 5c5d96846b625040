//! Who sets mail address and full name where there are two ways: the user directory itself, if it has the account, else
//! Confluence.

use crate::ports::{Attributes, PortError, UpdateAttributes};
use seatkeeper_policy::Username;

/// A user directory, where one is configured, and Confluence.
pub struct Updaters<'a, D, X> {
    /// The directory, such as Crowd.
    pub directory: Option<&'a D>,
    /// Confluence.
    pub confluence: &'a X,
}

impl<D: UpdateAttributes, X: UpdateAttributes> UpdateAttributes for Updaters<'_, D, X> {
    async fn updater(&self) -> Result<Option<&'static str>, PortError> {
        if let Some(directory) = self.directory
            && let Some(name) = directory.updater().await?
        {
            return Ok(Some(name));
        }
        self.confluence.updater().await
    }

    async fn attributes(&self, username: &Username) -> Result<Option<Attributes>, PortError> {
        if let Some(directory) = self.directory
            && let Some(found) = directory.attributes(username).await?
        {
            return Ok(Some(found));
        }
        match self.confluence.updater().await? {
            Some(_) => self.confluence.attributes(username).await,
            None => Ok(None),
        }
    }

    async fn update(&self, username: &Username, to: &Attributes) -> Result<(), PortError> {
        if let Some(directory) = self.directory
            && directory.attributes(username).await?.is_some()
        {
            return directory.update(username, to).await;
        }
        self.confluence.update(username, to).await
    }
}
