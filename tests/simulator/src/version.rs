//! The releases of Confluence that the simulator can be, and what each of them offers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A release line of Confluence Data Center. The order is the order of release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default)]
pub enum Version {
    /// 8.5, the oldest line with every write call that the product needs.
    #[serde(rename = "8.5")]
    V8_5,
    /// 9.0.
    #[serde(rename = "9.0")]
    V9_0,
    /// 9.3, the first with the list of seat holders and with permissions over REST.
    #[serde(rename = "9.3")]
    V9_3,
    /// 10.0.
    #[serde(rename = "10.0")]
    V10_0,
    /// 10.2, the first that tells the last login of somebody else.
    #[default]
    #[serde(rename = "10.2")]
    V10_2,
}

/// A thing that exists only from some release on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// `GET /rest/api/admin/users/list/active`.
    ListActive,
    /// `expand=lastLogin` on that list.
    LastLogin,
    /// `/rest/api/permissions`.
    Permissions,
    /// `PUT /rest/api/admin/user/{username}`.
    UpdateUser,
    /// `GET /rest/api/group/{name}/groupmember`.
    GroupMember,
    /// `groupparent` and `groupancestor`.
    GroupParent,
    /// `server-information` and `instance-metrics`.
    ServerInformation,
    /// The e-mail address in the person object.
    Email,
    /// `/rest/api/space/{key}/permissions`.
    SpacePermissions,
}

impl Version {
    /// Every version, oldest first.
    pub const ALL: [Self; 5] = [Self::V8_5, Self::V9_0, Self::V9_3, Self::V10_0, Self::V10_2];

    /// Whether this release has the feature.
    pub fn has(self, feature: Feature) -> bool {
        let since = match feature {
            Feature::ListActive | Feature::Permissions | Feature::UpdateUser | Feature::GroupMember => Self::V9_3,
            Feature::GroupParent | Feature::ServerInformation | Feature::Email | Feature::SpacePermissions => {
                Self::V10_0
            }
            Feature::LastLogin => Self::V10_2,
        };
        self >= since
    }

    /// The full version text, as the manifest tells it.
    pub fn release(self) -> &'static str {
        match self {
            Self::V8_5 => "8.5.27",
            Self::V9_0 => "9.0.3",
            Self::V9_3 => "9.3.2",
            Self::V10_0 => "10.0.3",
            Self::V10_2 => "10.2.14",
        }
    }

    /// The build number that goes with [`Self::release`].
    pub fn build_number(self) -> u32 {
        match self {
            Self::V8_5 => 9012,
            Self::V9_0 => 9104,
            Self::V9_3 => 9109,
            Self::V10_0 => 10011,
            Self::V10_2 => 10225,
        }
    }

    /// The short text: `10.2`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V8_5 => "8.5",
            Self::V9_0 => "9.0",
            Self::V9_3 => "9.3",
            Self::V10_0 => "10.0",
            Self::V10_2 => "10.2",
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|version| version.as_str() == text)
            .ok_or_else(|| format!("unknown version `{text}`: choose one of 8.5, 9.0, 9.3, 10.0, 10.2"))
    }
}
