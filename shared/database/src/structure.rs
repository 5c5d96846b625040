//! Who holds the permissions that give a seat, and which groups are inside which. Before 9.3 only the database tells.

use crate::{Query, Value, row::Reader};
use seatkeeper_engine::{
    ports::{Holder, PortError},
    sources::DatabaseStructure,
};
use seatkeeper_policy::{GroupName, UserKey};

const SQL: &str = include_str!("structure.sql");

const OPERATION: &str = "read permissions and nested groups from Confluence's database";

/// Asks for all of it: some hundred rows at most.
pub fn query() -> Query {
    Query { sql: SQL, parameters: Vec::new() }
}

/// Reads the rows. A name that no other part of the product could hold is left out.
pub fn read(rows: &[Vec<Value>]) -> Result<DatabaseStructure, PortError> {
    let mut structure = DatabaseStructure::default();
    for row in rows {
        let mut read = Reader::new(OPERATION, row);
        let (kind, holder, name) = (read.text("kind")?, read.text("holder")?, read.text("name")?.to_owned());
        let group = || GroupName::parse(name.clone()).ok();
        if kind == "inside" {
            let parent = GroupName::parse(read.text("parent")?.to_owned()).ok();
            if let (Some(child), Some(parent)) = (group(), parent) {
                structure.nested.insert((parent, child));
            }
            continue;
        }
        let holder = match holder {
            "group" => group().map(Holder::Group),
            _ => UserKey::parse(name.clone()).ok().map(Holder::Account),
        };
        let holders = match kind {
            "use" => &mut structure.permissions.can_use,
            _ => &mut structure.permissions.administer,
        };
        holders.extend(holder);
    }
    Ok(structure)
}
