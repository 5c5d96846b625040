//! `/rest/api/admin/users/list/active`: the seat holders, longest without a login first.

use http::Method;

use super::super::call::Call;
use super::super::page::{cut, page, window};
use super::super::person::seat_holder;
use super::super::reply::Outcome;
use super::{nothing_here, only, since};
use crate::version::Feature;
use crate::world::World;

pub(super) fn list_active(world: &World, call: &Call, moved: bool) -> Outcome {
    since(world, Feature::ListActive)?;
    if world.knobs.list_active_moved != moved {
        return Err(nothing_here());
    }
    only(call, &Method::GET)?;
    call.require_admin(world)?;
    let all = world.seat_holders();
    let window = window(world, call, all.len(), 100, world.knobs.user_list_cap)?;
    let results: Vec<_> = cut(all, window).iter().map(|id| seat_holder(world, call, *id)).collect();
    Ok(page(world, call, window, &results))
}
