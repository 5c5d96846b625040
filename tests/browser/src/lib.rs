//! A headless Chromium for tests of the pages: what a person sees and does, and what every page has to keep to.
//!
//! It needs Debian's packages `chromium` and `chromium-driver`, and the checks of axe; `cargo xtask setup` installs all
//! three. Calls wait for their end, so a test is a plain function:
//!
//! ```no_run
//! use seatkeeper_browser::{Browser, Look, audit};
//!
//! # fn main() -> anyhow::Result<()> {
//! let page = Browser::shared()?.page("http://127.0.0.1:3000")?;
//! page.sign_in("viewer-token")?;
//! page.open("/report")?;
//! page.look(Look::PHONE_DARK)?;
//! page.click_text("Users")?;
//! assert_eq!(audit::page(&page, "users")?, []);
//! # Ok(())
//! # }
//! ```
//!
//! Reading order: `browser`, `page`, `look`, `record`, `axe`, `focus`, `audit`.

pub mod audit;
pub mod axe;
mod browser;
mod focus;
mod look;
mod page;
mod record;

pub use browser::Browser;
pub use look::{Look, Size, Theme};
pub use page::{Page, screenshots};
pub use thirtyfour::Key;
