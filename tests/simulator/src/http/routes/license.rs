//! `/rest/license/1.0/license`.

use http::Method;
use serde_json::json;

use super::super::call::Call;
use super::super::reply::{Outcome, Reply};
use super::{nothing_here, only};
use crate::world::World;

pub(super) fn license(world: &mut World, call: &Call, parts: &[&str]) -> Outcome {
    let unlimited = world.knobs.unlimited_value;
    let max = world.max_users.map_or(unlimited, i64::from);
    match parts {
        ["userCount"] => {
            admin_get(world, call)?;
            Ok(count(i64::from(world.seats_shown())))
        }
        ["remainingSeats"] => {
            admin_get(world, call)?;
            let used = i64::from(world.seats_shown());
            Ok(count(if world.max_users.is_some() { max.saturating_sub(used) } else { unlimited }))
        }
        ["maxUsers"] => {
            admin_get(world, call)?;
            Ok(count(max))
        }
        ["details"] => {
            admin_get(world, call)?;
            Ok(Reply::json(json!({
                "expiryDate": world.licence_expires_ms,
                "maintenanceExpiryDate": world.licence_expires_ms,
                "dataCenter": true,
                "licenseType": "COMMERCIAL",
                "maximumNumberOfUsers": max,
                "unlimitedNumberOfUsers": world.max_users.is_none(),
                "organisationName": "Example Ltd",
            })))
        }
        ["validate"] => {
            only(call, &Method::POST)?;
            call.require_admin(world)?;
            Ok(Reply::json(json!({"valid": true})))
        }
        _ => Err(nothing_here()),
    }
}

fn admin_get(world: &World, call: &Call) -> Result<(), Reply> {
    only(call, &Method::GET)?;
    call.require_admin(world).map(|_| ())
}

fn count(count: i64) -> Reply {
    Reply::json(json!({"count": count}))
}
