//! What a page is looked at with: a theme and a screen.

use serde_json::{Value, json};

/// The colours that somebody has chosen for the whole machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Dark letters on light ground.
    Light,
    /// Light letters on dark ground.
    Dark,
}

/// The screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// 1280 by 900, with a mouse.
    Desktop,
    /// 390 by 844, held upright.
    Phone,
}

/// A theme and a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// The screen.
    pub size: Size,
    /// The colours.
    pub theme: Theme,
}

impl Look {
    /// A desk in daylight; every page begins so.
    pub const DESKTOP_LIGHT: Self = Self { size: Size::Desktop, theme: Theme::Light };
    /// A desk at night.
    pub const DESKTOP_DARK: Self = Self { size: Size::Desktop, theme: Theme::Dark };
    /// A phone in daylight.
    pub const PHONE_LIGHT: Self = Self { size: Size::Phone, theme: Theme::Light };
    /// A phone at night.
    pub const PHONE_DARK: Self = Self { size: Size::Phone, theme: Theme::Dark };
    /// All four.
    pub const ALL: [Self; 4] = [Self::DESKTOP_LIGHT, Self::DESKTOP_DARK, Self::PHONE_LIGHT, Self::PHONE_DARK];

    /// For the names of screenshots: `desktop-light`.
    pub fn name(self) -> String {
        let size = match self.size {
            Size::Desktop => "desktop",
            Size::Phone => "phone",
        };
        let theme = match self.theme {
            Theme::Light => "light",
            Theme::Dark => "dark",
        };
        format!("{size}-{theme}")
    }

    /// Arguments of `Emulation.setDeviceMetricsOverride`.
    pub(crate) fn metrics(self) -> Value {
        let (width, height) = self.size.pixels();
        json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": self.size == Size::Phone})
    }

    /// Arguments of `Emulation.setEmulatedMedia`. Nothing moves, so that a screenshot does not depend on its instant.
    pub(crate) fn media(self) -> Value {
        let theme = match self.theme {
            Theme::Light => "light",
            Theme::Dark => "dark",
        };
        json!({"features": [
            {"name": "prefers-color-scheme", "value": theme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]})
    }
}

impl Size {
    /// Width and height in CSS pixels.
    pub fn pixels(self) -> (u32, u32) {
        match self {
            Self::Desktop => (1280, 900),
            Self::Phone => (390, 844),
        }
    }
}
