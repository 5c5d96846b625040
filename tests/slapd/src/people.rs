//! Generated people in both shapes: as OpenLDAP has them, and as Active Directory does.

use std::fmt::Write as _;

use crate::PEOPLE;

/// In which shape people are generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeopleOf {
    /// `inetOrgPerson` with `uid`.
    Openldap,
    /// `user` with `sAMAccountName` and the status attributes of Active Directory.
    ActiveDirectory,
}

impl PeopleOf {
    /// People `u00000` and so on, all of them active, as LDIF.
    pub fn many(self, count: usize) -> String {
        let mut ldif = String::new();
        for number in 0..count {
            let name = format!("u{number:05}");
            let person = match self {
                Self::Openldap => openldap_person(&name, PEOPLE, ""),
                Self::ActiveDirectory => ad_person(&name, PEOPLE, 512, ""),
            };
            // Writing to a text does not fail.
            let _ = write!(ldif, "{person}");
        }
        ldif
    }
}

/// One person of OpenLDAP, with more attributes as lines of LDIF.
pub fn openldap_person(name: &str, below: &str, more: &str) -> String {
    format!(
        "dn: uid={name},{below}\nobjectClass: inetOrgPerson\nuid: {name}\ncn: Person {name}\nsn: {name}\n\
         mail: {name}@example.test\nemployeeNumber: 4711-{name}\n{more}\n\n"
    )
}

/// One person of Active Directory, with `userAccountControl` and more attributes as lines of LDIF.
pub fn ad_person(name: &str, below: &str, control: u32, more: &str) -> String {
    format!(
        "dn: cn={name},{below}\nobjectClass: user\ncn: {name}\nsAMAccountName: {name}\n\
         sAMAccountType: 805306368\nuserPrincipalName: {name}@corp.example.test\nmail: {name}@example.test\n\
         userAccountControl: {control}\n{more}\n\n"
    )
}
