//! A real LDAP server, read natively over TCP, StartTLS and LDAPS. It needs Debian's `slapd` (`cargo xtask setup`).
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed expectation is a failed test")]

use chrono::{DateTime, Utc};
use seatkeeper_directories::ldap::{Ldap, LdapSettings};
use seatkeeper_engine::{
    directories::{ByteStream, Directories, DirectoryPerson, Tcp, TcpError},
    ports::{Clock, ErrorClass, PortError},
};
use seatkeeper_policy::{
    account::Source,
    directory::{Directory, DirectoryGuard, LdapDialect, LdapRules, Match, Presence, Provider},
};
use seatkeeper_slapd::{
    BASE, Certificate, LEAVERS, LIMITED, Options, PASSWORD, PEOPLE, PeopleOf, READER, SERVER_NAME, STRANGER, Server,
    ad_person, openldap_person,
};
use std::{cell::Cell, net::SocketAddr, rc::Rc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Connections of this machine, counted.
#[derive(Clone, Default)]
struct Native {
    opened: Rc<Cell<usize>>,
}

struct NativeStream(TcpStream);

impl Tcp for Native {
    type Stream = NativeStream;

    async fn connect(&self, address: SocketAddr) -> Result<NativeStream, TcpError> {
        self.opened.set(self.opened.get() + 1);
        TcpStream::connect(address).await.map(NativeStream).map_err(|error| TcpError::Connection(error.to_string()))
    }
}

impl ByteStream for NativeStream {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), TcpError> {
        self.0.write_all(bytes).await.map_err(|error| TcpError::Connection(error.to_string()))
    }

    async fn read(&mut self) -> Result<Vec<u8>, TcpError> {
        let mut bytes = vec![0; 64 * 1024];
        let read = self.0.read(&mut bytes).await.map_err(|error| TcpError::Connection(error.to_string()))?;
        bytes.truncate(read);
        Ok(bytes)
    }
}

/// The time is fixed, so that what was long ago stays so; waiting is real.
struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> DateTime<Utc> {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    async fn sleep(&self, how_long: Duration) {
        tokio::time::sleep(how_long).await;
    }
}

fn directory(change: impl FnOnce(&mut Directory, &mut LdapRules)) -> Directory {
    let mut rules = LdapRules { base: PEOPLE.into(), dialect: LdapDialect::Openldap, filter: None, leavers_base: None };
    let mut directory = Directory {
        name: "staff".into(),
        provider: Provider::Scim,
        matching: Match::Username,
        responsible: None,
        leavers: true,
        absent_after: None,
        sign_ins: true,
        one_by_one: false,
        guard: DirectoryGuard { leavers_percent: 10, leavers_accounts: 5, drop_percent: 10, unknown_percent: 5 },
    };
    change(&mut directory, &mut rules);
    directory.provider = Provider::Ldap(rules);
    directory
}

fn plain(server: &Server, account: &str) -> LdapSettings {
    LdapSettings::parse(&format!("127.0.0.1:{}", server.port()), "off", "", "", account, PASSWORD).unwrap()
}

fn secured(server: &Server, tls: &str, name: &str, authority: &str) -> LdapSettings {
    let port = if tls == "ldaps" { server.tls_port() } else { server.port() };
    LdapSettings::parse(&format!("127.0.0.1:{port}"), tls, name, authority, READER, PASSWORD).unwrap()
}

fn server(options: Options<'_>) -> Server {
    Server::start(options).unwrap_or_else(|why| panic!("{why}"))
}

async fn people(settings: LdapSettings, directory: &Directory) -> Result<(Vec<DirectoryPerson>, usize), PortError> {
    let client = Ldap::new(Native::default(), Fixed, settings);
    let (mut people, mut pages, mut cursor) = (Vec::new(), 0, None);
    loop {
        let page = client.people(directory, cursor.as_deref()).await?;
        people.extend(page.people);
        pages += 1;
        match page.next {
            Some(next) => cursor = Some(next),
            None => return Ok((people, pages)),
        }
    }
}

async fn person(settings: LdapSettings, directory: &Directory, identity: &str) -> Result<DirectoryPerson, PortError> {
    Ldap::new(Native::default(), Fixed, settings).person(directory, identity).await
}

#[tokio::test]
async fn two_thousand_five_hundred_people_are_read_in_pages_and_an_empty_branch_has_nobody() {
    let server = server(Options { ldif: &PeopleOf::Openldap.many(2_500), ..Options::default() });
    let (found, pages) = people(plain(&server, READER), &directory(|_, _| {})).await.unwrap();
    assert_eq!((found.len(), pages), (2_500, 3));
    assert!(found.iter().all(|person| person.presence == Presence::Active));
    assert_eq!(found[2_499].identity, "u02499");
    let empty = directory(|_, rules| rules.base = LEAVERS.into());
    assert_eq!(people(plain(&server, READER), &empty).await.unwrap(), (Vec::new(), 1));
}

#[tokio::test]
async fn openldap_tells_locked_and_disabled_people_leavers_and_sign_ins() {
    let ldif = [
        openldap_person("ann", PEOPLE, "pwdLastSuccess: 20261101080000.123456Z\nmail: a.other@example.test"),
        openldap_person("bob", PEOPLE, "pwdAccountLockedTime: 000001010000Z"),
        openldap_person("cleo", PEOPLE, "pwdAccountLockedTime: 20261123080000Z\nemployeeType: external"),
        openldap_person("dora", LEAVERS, ""),
    ]
    .concat();
    let server = server(Options { ldif: &ldif, ..Options::default() });
    let whole = directory(|_, rules| {
        rules.base = BASE.into();
        rules.leavers_base = Some("OU=Leavers, dc=Example,dc=test".into());
    });
    let apart = directory(|_, rules| rules.leavers_base = Some(LEAVERS.into()));
    for directory in [&whole, &apart] {
        let (found, _) = people(plain(&server, READER), directory).await.unwrap();
        let told: Vec<_> = found.iter().map(|person| (person.identity.as_str(), person.presence)).collect();
        let expected = [
            ("ann", Presence::Active),
            ("bob", Presence::Disabled),
            ("cleo", Presence::Locked),
            ("dora", Presence::Disabled),
        ];
        assert_eq!(told, expected);
        let seen = found[0].seen.unwrap();
        assert_eq!((seen.source, seen.at.to_rfc3339()), (Source::LdapBind, "2026-11-01T08:00:00+00:00".into()));
        for (name, presence) in expected {
            let asked = person(plain(&server, READER), directory, &name.to_uppercase()).await.unwrap();
            assert_eq!((asked.identity.as_str(), asked.presence), (name, presence));
        }
    }
    // Each mail address is an identity, and the policy's filter holds besides.
    let by_mail = directory(|directory, rules| {
        directory.matching = Match::Mail;
        rules.filter = Some("(!(employeeType=external))".into());
    });
    let (found, _) = people(plain(&server, READER), &by_mail).await.unwrap();
    let told: Vec<_> = found.iter().map(|person| person.identity.as_str()).collect();
    assert_eq!(told, ["a.other@example.test", "ann@example.test", "bob@example.test"]);
}

#[tokio::test]
async fn people_in_the_shape_of_active_directory_are_told_apart() {
    let ldif = [
        ad_person("ann", PEOPLE, 512, "lastLogonTimestamp: 134012448000000000\nemployeeID: 0815"),
        ad_person("bob", PEOPLE, 514, ""),
        ad_person("cleo", PEOPLE, 512, "lockoutTime: 134012448000000000"),
        ad_person("dora", PEOPLE, 512, "accountExpires: 132000000000000000"),
        ad_person("erik", PEOPLE, 66048, "accountExpires: 9223372036854775807\nlockoutTime: 0"),
        ad_person("PC01$", PEOPLE, 4096, "").replace("805306368", "805306369"),
    ]
    .concat();
    let server = server(Options { ldif: &ldif, ..Options::default() });
    let ad = |matching| {
        directory(|directory, rules| {
            directory.matching = matching;
            rules.dialect = LdapDialect::ActiveDirectory;
        })
    };
    let (found, _) = people(plain(&server, READER), &ad(Match::Username)).await.unwrap();
    let told: Vec<_> = found.iter().map(|person| (person.identity.as_str(), person.presence)).collect();
    let expected = [
        ("ann", Presence::Active),
        ("bob", Presence::Disabled),
        ("cleo", Presence::Locked),
        ("dora", Presence::Disabled),
        ("erik", Presence::Active),
    ];
    assert_eq!(told, expected, "a computer is nobody");
    assert_eq!(found[0].seen.unwrap().source, Source::AdLogon);
    for (matching, identity) in [(Match::Upn, "ann@corp.example.test"), (Match::EmployeeId, "0815")] {
        let found = person(plain(&server, READER), &ad(matching), identity).await.unwrap();
        assert_eq!(found.presence, Presence::Active, "{matching:?}");
    }
}

/// List O, number 1: no payload in a name finds somebody, and a name with all those characters is found.
#[tokio::test]
async fn o1_payloads_in_a_name_find_nobody_and_strange_names_are_found() {
    // `*)(|&\Zoë` in base 64.
    let strange = "dn: cn=strange,ou=people,dc=example,dc=test\nobjectClass: inetOrgPerson\ncn: strange\nsn: s\n\
                   uid:: KikofCZcWm/Dqw==\n\n";
    let ldif = [PeopleOf::Openldap.many(3), strange.to_owned()].concat();
    let server = server(Options { ldif: &ldif, ..Options::default() });
    let directory = directory(|_, _| {});
    for payload in
        ["*", "u*", "*)(uid=*", "u00000)(&)", "x)(|(objectClass=*)", "\\75*", "u00000\0", "u0000", "\r\n", "%75"]
    {
        let found = person(plain(&server, READER), &directory, payload).await.unwrap();
        assert_eq!(found.presence, Presence::Absent, "{payload:?}");
    }
    let found = person(plain(&server, READER), &directory, "*)(|&\\Zoë").await.unwrap();
    assert_eq!((found.identity.as_str(), found.presence), ("*)(|&\\Zoë", Presence::Active));
}

#[tokio::test]
async fn what_a_server_refuses_is_an_error_and_never_an_absent_person_or_a_shorter_list() {
    let server = server(Options { ldif: &PeopleOf::Openldap.many(30), ..Options::default() });
    let usual = directory(|_, _| {});
    let wrong_base = directory(|_, rules| rules.base = "ou=peple,dc=example,dc=test".into());
    for error in [
        people(plain(&server, READER), &wrong_base).await.unwrap_err(),
        person(plain(&server, READER), &wrong_base, "u00001").await.unwrap_err(),
    ] {
        assert!(error.class == ErrorClass::Refused && error.detail.contains("no such base"), "{error}");
    }
    let error = people(plain(&server, LIMITED), &usual).await.unwrap_err();
    assert!(error.class == ErrorClass::Refused && error.detail.contains("only a part"), "{error}");
    let error = people(plain(&server, STRANGER), &usual).await.unwrap_err();
    assert!(error.class == ErrorClass::Refused && error.detail.contains("may not search"), "{error}");
    let address = format!("127.0.0.1:{}", server.port());
    let wrong = LdapSettings::parse(&address, "off", "", "", READER, "wrong").unwrap();
    let error = people(wrong, &usual).await.unwrap_err();
    assert!(error.class == ErrorClass::Unauthorized && error.detail.contains(READER), "{error}");
    let nobody = LdapSettings::parse("127.0.0.1:1", "off", "", "", READER, PASSWORD).unwrap();
    assert_eq!(person(nobody, &usual, "u00001").await.unwrap_err().class, ErrorClass::Retryable);
}

#[tokio::test]
async fn a_part_of_the_tree_on_another_server_is_never_followed_and_makes_the_list_an_error() {
    let reference = "ldap://127.0.0.1:1/ou=far,dc=example,dc=test";
    let options = Options { ldif: &PeopleOf::Openldap.many(3), referral: Some(reference), ..Options::default() };
    let server = server(options);
    let whole = directory(|_, rules| rules.base = BASE.into());
    let client = Native::default();
    let error = Ldap::new(client.clone(), Fixed, plain(&server, READER)).people(&whole, None).await.unwrap_err();
    assert!(error.class == ErrorClass::Refused && error.detail.contains(reference), "{error}");
    assert_eq!(client.opened.get(), 1);
    let below = directory(|_, _| {});
    assert_eq!(people(plain(&server, READER), &below).await.unwrap().0.len(), 3);
}

#[tokio::test]
async fn people_are_read_over_ldaps_and_start_tls_by_name_and_by_address() {
    for certificate in [Certificate::Valid, Certificate::Rsa] {
        let server = server(Options { ldif: &PeopleOf::Openldap.many(1_500), certificate, ..Options::default() });
        let authority = server.authority().unwrap();
        for tls in ["ldaps", "starttls"] {
            for name in [SERVER_NAME, "127.0.0.1", ""] {
                let settings = secured(&server, tls, name, &authority);
                let (found, pages) = people(settings, &directory(|_, _| {})).await.unwrap();
                assert_eq!((found.len(), pages), (1_500, 2), "{tls} {name} {certificate:?}");
            }
        }
    }
}

/// List O, number 7: each check of a certificate holds, and the password is not sent to somebody who fails one.
#[tokio::test]
async fn o7_a_wrong_authority_a_wrong_name_and_an_expired_certificate_are_refused() {
    let valid = server(Options::default());
    let expired = server(Options { certificate: Certificate::Expired, ..Options::default() });
    let (authority, other) = (valid.authority().unwrap(), valid.other_authority().unwrap());
    let own = expired.authority().unwrap();
    for tls in ["ldaps", "starttls"] {
        for (server, name, authority, why) in [
            (&valid, SERVER_NAME, other.as_str(), "not signed by an authority"),
            (&valid, SERVER_NAME, "", "not signed by an authority"),
            (&valid, "other.example.test", authority.as_str(), "for another name"),
            (&valid, "10.0.0.5", authority.as_str(), "for another name"),
            (&expired, SERVER_NAME, own.as_str(), "has expired"),
        ] {
            let settings = secured(server, tls, name, authority);
            let error = people(settings, &directory(|_, _| {})).await.unwrap_err();
            assert!(error.class == ErrorClass::Refused && error.detail.contains(why), "{tls}: {error}");
        }
    }
    // The wrong kind of port.
    let address = format!("127.0.0.1:{}", valid.tls_port());
    let settings = LdapSettings::parse(&address, "off", "", "", READER, PASSWORD).unwrap();
    assert!(people(settings, &directory(|_, _| {})).await.is_err());
}

#[tokio::test]
async fn eight_questions_at_once_use_eight_connections_and_the_next_ones_use_them_again() {
    let server = server(Options { ldif: &PeopleOf::Openldap.many(100), ..Options::default() });
    let (native, directory) = (Native::default(), directory(|_, _| {}));
    let client = Ldap::new(native.clone(), Fixed, plain(&server, READER));
    let names: Vec<String> = (0..100).map(|number| format!("u{number:05}")).collect();
    for names in names.chunks(8) {
        let questions = names.iter().map(|name| client.person(&directory, name));
        let answers = futures::future::join_all(questions).await;
        for (name, answer) in names.iter().zip(answers) {
            assert_eq!(answer.unwrap().identity, *name);
        }
    }
    assert_eq!(native.opened.get(), 8);
}
