//! A host with the real components, a site with oddities, and a browser in front of them.

use seatkeeper_browser::{Browser, Page};
use seatkeeper_tests::stage::{
    Install, Running, Site, components_are_built,
    install::{our_host, policy, prepare, start},
    tokens,
};
use tempfile::TempDir;

/// Everything of one test. Fields are dropped in this order: the host before its files.
pub struct Stage {
    pub install: Install,
    pub site: Site,
    running: Running,
    _folder: TempDir,
}

impl Stage {
    /// A new host with an empty store, at a site with so many accounts, and a policy in this mode.
    pub fn new(users: u32, mode: &str) -> Self {
        let stage = Self::without_policy(users);
        stage.install.policy(&policy(mode)).unwrap();
        stage
    }

    /// The same before anybody has set a policy.
    pub fn without_policy(users: u32) -> Self {
        components_are_built().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let site = Site::start(users, &tokens().confluence).unwrap();
        let process = prepare(our_host(&["--quiet"]).unwrap(), folder.path(), &site, &tokens(), false).unwrap();
        let (running, install) = start(&process, &tokens()).unwrap();
        site.hook(running.base(), &tokens().hook).unwrap();
        Self { install, site, running, _folder: folder }
    }

    /// A browser in which nobody is signed in.
    pub fn page(&self) -> Page {
        Browser::shared().unwrap().page(self.running.base()).unwrap()
    }

    /// A browser in which somebody with this role and a token of their own is signed in.
    pub fn signed_in(&self, role: &str) -> Page {
        let page = self.page();
        page.sign_in(tokens().of(role).unwrap()).unwrap();
        page
    }
}
