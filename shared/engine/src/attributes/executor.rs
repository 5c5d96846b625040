//! Who sets mail address and full name where there are two ways: the user directory itself, if it has the account, else
//! Confluence.

use crate::ports::{Attributes, PortError, UpdateAttributes};
use seatkeeper_policy::Username;
use std::cell::OnceCell;

/// A user directory, where one is configured, and Confluence. Made anew for each request.
pub struct Updaters<'a, D, X> {
    directory: Option<&'a D>,
    confluence: &'a X,
    /// What Confluence said about itself; finding it out costs a call.
    confluence_can: OnceCell<Option<&'static str>>,
}

impl<'a, D, X: UpdateAttributes> Updaters<'a, D, X> {
    /// The directory, such as Crowd, comes first.
    pub fn new(directory: Option<&'a D>, confluence: &'a X) -> Self {
        Self { directory, confluence, confluence_can: OnceCell::new() }
    }

    async fn confluence_can(&self) -> Result<Option<&'static str>, PortError> {
        if let Some(known) = self.confluence_can.get() {
            return Ok(*known);
        }
        let found = self.confluence.updater().await?;
        // Of two that asked side by side, both heard the same.
        Ok(*self.confluence_can.get_or_init(|| found))
    }
}

impl<D: UpdateAttributes, X: UpdateAttributes> UpdateAttributes for Updaters<'_, D, X> {
    async fn updater(&self) -> Result<Option<&'static str>, PortError> {
        if let Some(directory) = self.directory
            && let Some(name) = directory.updater().await?
        {
            return Ok(Some(name));
        }
        self.confluence_can().await
    }

    async fn attributes(&self, username: &Username) -> Result<Option<Attributes>, PortError> {
        if let Some(directory) = self.directory
            && let Some(found) = directory.attributes(username).await?
        {
            return Ok(Some(found));
        }
        match self.confluence_can().await? {
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
