//! `PUT` and `DELETE /rest/api/user/{username}/group/{groupName}`.

use http::Method;

use super::super::call::Call;
use super::super::reply::{Outcome, Reply};
use super::wrong_method;
use crate::knobs::{DirectoryReaction, InheritedRemoval};
use crate::world::{Change, World};

/// What a read-only directory does instead of a change.
pub(super) fn directory_refuses(reaction: DirectoryReaction, message: &str) -> Outcome {
    let message = format!("com.atlassian.crowd.exception.OperationNotPermittedException: {message}");
    match reaction {
        DirectoryReaction::Silent => Ok(Reply::none()),
        DirectoryReaction::Forbidden => Err(Reply::error(403, message)),
        DirectoryReaction::BadRequest => Err(Reply::error(400, message)),
        DirectoryReaction::ServerError => Err(Reply::error(500, message)),
    }
}

pub(super) fn membership(world: &mut World, call: &Call, name: &str, group_name: &str) -> Outcome {
    let joins = match call.method {
        Method::PUT => true,
        Method::DELETE => false,
        _ => return Err(wrong_method()),
    };
    let actor = call.require_admin_401(world)?;
    let user = world.find_user(name).filter(|id| !world.user(*id).removed);
    let user = user.ok_or_else(|| Reply::error(404, format!("No user found with username: {name}")))?;
    let group = world
        .find_group(group_name)
        .ok_or_else(|| Reply::error(404, format!("No group found with name: {group_name}")))?;
    let direct = world.is_member(user, group, false);
    if !joins && !direct && world.is_member(user, group, true) {
        let message = format!("{} ({name}, {group_name})", world.knobs.inherited_message);
        return match world.knobs.inherited_removal {
            InheritedRemoval::Silent => Ok(Reply::none()),
            InheritedRemoval::NotFound => Err(Reply::error(404, message)),
            InheritedRemoval::BadRequest => Err(Reply::error(400, message)),
        };
    }
    if direct == joins {
        return Ok(Reply::none());
    }
    let directory = world.directory_of(user);
    let owned = world.group(group).origin.is_some();
    if owned || !directory.update_groups {
        let message = format!(
            "Cannot update group '{group_name}' because directory '{}' does not allow updates.",
            directory.name
        );
        return directory_refuses(world.knobs.directory_reaction, &message);
    }
    world.request(Some(actor), user, if joins { Change::Join(group) } else { Change::Leave(group) });
    Ok(Reply::none())
}
