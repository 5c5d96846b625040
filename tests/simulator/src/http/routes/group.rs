//! `/rest/api/group`.

use http::Method;

use super::super::call::Call;
use super::super::page::{cut, page, window};
use super::super::person::{group as group_json, person};
use super::super::reply::{Outcome, Reply};
use super::{nothing_here, only, since};
use crate::version::Feature;
use crate::world::{GroupId, World};

pub(super) fn group(world: &World, call: &Call, parts: &[&str]) -> Outcome {
    only(call, &Method::GET)?;
    match parts {
        [] => {
            call.require_use(world)?;
            groups(world, call, world.groups_by_name())
        }
        [name] => {
            call.require_use(world)?;
            let id = find(world, name)?;
            Ok(Reply::json(group_json(world, call, id)))
        }
        [name, "member"] => {
            call.require_admin(world)?;
            let id = find(world, name)?;
            let all = world.group(id).members(world.knobs.nested_members);
            let window = window(world, call, all.len(), 200, world.knobs.page_cap)?;
            let results: Vec<_> = cut(all, window).iter().map(|id| person(world, call, *id)).collect();
            Ok(page(world, call, window, &results))
        }
        [name, "groupmember"] => {
            since(world, Feature::GroupMember)?;
            call.require_use(world)?;
            let id = find(world, name)?;
            groups(world, call, &world.group(id).children)
        }
        [name, "groupparent"] => {
            since(world, Feature::GroupParent)?;
            call.require_use(world)?;
            let id = find(world, name)?;
            groups(world, call, &world.group(id).parents)
        }
        [name, "groupancestor"] => {
            since(world, Feature::GroupParent)?;
            call.require_use(world)?;
            let id = find(world, name)?;
            let above: Vec<GroupId> = world.ancestors(id).filter(|other| *other != id).collect();
            groups(world, call, &above)
        }
        _ => Err(nothing_here()),
    }
}

fn find(world: &World, name: &str) -> Result<GroupId, Reply> {
    world.find_group(name).ok_or_else(|| Reply::error(404, format!("No group found with name: {name}")))
}

fn groups(world: &World, call: &Call, all: &[GroupId]) -> Outcome {
    let window = window(world, call, all.len(), 200, world.knobs.page_cap)?;
    let results: Vec<_> = cut(all, window).iter().map(|id| group_json(world, call, *id)).collect();
    Ok(page(world, call, window, &results))
}
