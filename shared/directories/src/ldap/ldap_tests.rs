use super::scripted::{Say, Script, Still, bound, done, entry, extended, message, reference};
use super::*;
use futures::executor::block_on;
use rasn_ldap::{ProtocolOp, ResultCode, UnbindRequest};
use seatkeeper_engine::directories::TcpError;
use seatkeeper_policy::directory::{DirectoryGuard, Match};

const OK: ResultCode = ResultCode::Success;

fn settings() -> LdapSettings {
    LdapSettings::parse("127.0.0.1:389", "off", "", "", "cn=reader", "secret").unwrap()
}

fn directory() -> Directory {
    Directory {
        name: "staff".into(),
        provider: Provider::Ldap(LdapRules {
            base: "dc=x".into(),
            dialect: LdapDialect::Openldap,
            filter: None,
            leavers_base: None,
        }),
        matching: Match::Username,
        responsible: None,
        leavers: true,
        absent_after: None,
        sign_ins: false,
        one_by_one: false,
        guard: DirectoryGuard { leavers_percent: 10, leavers_accounts: 5, drop_percent: 10, unknown_percent: 5 },
    }
}

fn with_rules(change: impl FnOnce(&mut LdapRules)) -> Directory {
    let mut directory = directory();
    if let Provider::Ldap(rules) = &mut directory.provider {
        change(rules);
    }
    directory
}

fn says(messages: &[Vec<u8>]) -> Vec<Say> {
    messages.iter().cloned().map(Say::Bytes).collect()
}

fn client(script: &Script) -> Ldap<Script, Still> {
    Ldap::new(script.clone(), Still, settings())
}

fn people(script: &Script, directory: &Directory) -> Result<Vec<DirectoryPerson>, PortError> {
    let client = client(script);
    let (mut people, mut cursor) = (Vec::new(), None);
    loop {
        let page = block_on(client.people(directory, cursor.as_deref()))?;
        people.extend(page.people);
        match page.next {
            Some(next) => cursor = Some(next),
            None => return Ok(people),
        }
    }
}

fn person_entry(id: u32, name: &str) -> Vec<u8> {
    entry(id, &format!("uid={name},dc=x"), &[("uid", name)])
}

#[test]
fn three_pages_become_one_list_in_order() {
    let script = Script::new(vec![says(&[
        bound(1, OK, ""),
        person_entry(2, "cleo"),
        done(2, OK, Some(b"1")),
        person_entry(3, "Bob"),
        done(3, OK, Some(b"2")),
        entry(4, "uid=ann,dc=x", &[("uid", "ann"), ("pwdAccountLockedTime", "000001010000Z")]),
        done(4, OK, Some(b"")),
    ])]);
    let people = people(&script, &directory()).unwrap();
    let told: Vec<_> = people.iter().map(|person| (person.identity.as_str(), person.presence)).collect();
    assert_eq!(told, [("ann", Presence::Disabled), ("Bob", Presence::Active), ("cleo", Presence::Active)]);
    // The cookie of each page is told again for the next one.
    let cookies: Vec<_> = script.sent.borrow().iter().filter_map(|message| message.controls.clone()).collect();
    assert_eq!(cookies.len(), 3);
}

/// One way of failing at every place of a conversation: the list is an error, and never shorter.
#[test]
fn a_list_that_breaks_off_anywhere_is_an_error_and_never_a_shorter_list() {
    let whole = [
        bound(1, OK, ""),
        person_entry(2, "ann"),
        done(2, OK, Some(b"1")),
        person_entry(3, "bob"),
        done(3, OK, Some(b"")),
    ];
    for at in 0..whole.len() {
        let half = whole[at].len() / 2;
        for (how, class) in [
            (vec![Say::Close], ErrorClass::Retryable),
            (vec![Say::Break], ErrorClass::Retryable),
            (vec![Say::Silence], ErrorClass::Retryable),
            (vec![Say::Bytes(whole[at][..half].to_vec()), Say::Close], ErrorClass::Retryable),
            (vec![Say::Bytes(whole[at][..half].to_vec()), Say::Silence], ErrorClass::Retryable),
            (vec![Say::Bytes(b"<html>503</html>".to_vec())], ErrorClass::Malformed),
            (vec![Say::Bytes(vec![0x30, 3, 0xff, 0xff, 0xff])], ErrorClass::Malformed),
            (vec![Say::Bytes(message(77, ProtocolOp::UnbindRequest(UnbindRequest)))], ErrorClass::Malformed),
            (vec![Say::Bytes(extended(0, ResultCode::Unavailable))], ErrorClass::Retryable),
        ] {
            let broken: Vec<Say> = says(&whole[..at]).into_iter().chain(how.clone()).collect();
            let script = Script::new(vec![broken.clone(), broken.clone(), broken]);
            let error = people(&script, &directory()).unwrap_err();
            assert_eq!(error.class, class, "at {at}, {how:?}: {error}");
            let tries = if class == ErrorClass::Retryable { 3 } else { 1 };
            assert_eq!(script.opened.get(), tries, "at {at}, {how:?}");
            assert!(error.to_string().starts_with("failed to list the people of directory `staff`"), "{error}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}

#[test]
fn every_page_that_fails_with_a_result_is_an_error_of_its_class() {
    for (code, class) in [
        (ResultCode::SizeLimitExceeded, ErrorClass::Refused),
        (ResultCode::NoSuchObject, ErrorClass::Refused),
        (ResultCode::InsufficientAccessRights, ErrorClass::Refused),
        (ResultCode::Referral, ErrorClass::Refused),
        (ResultCode::Busy, ErrorClass::Throttled),
        (ResultCode::Unavailable, ErrorClass::Retryable),
        (ResultCode::TimeLimitExceeded, ErrorClass::Retryable),
        (ResultCode::UnavailableCriticalExtension, ErrorClass::Refused),
    ] {
        for page in 0..3 {
            let mut messages = vec![bound(1, OK, "")];
            for number in 0..page {
                messages.push(person_entry(number + 2, &format!("p{number}")));
                messages.push(done(number + 2, OK, Some(&number.to_be_bytes())));
            }
            messages.push(person_entry(page + 2, "last"));
            messages.push(done(page + 2, code, Some(b"")));
            let script = Script::new(vec![says(&messages); 3]);
            assert_eq!(people(&script, &directory()).unwrap_err().class, class, "{code:?} on page {page}");
        }
    }
}

#[test]
fn a_fault_that_passes_is_forgotten_and_the_list_begins_anew() {
    let script = Script::new(vec![
        says(&[bound(1, OK, ""), person_entry(2, "half"), done(2, OK, Some(b"1"))])
            .into_iter()
            .chain([Say::Break])
            .collect(),
        says(&[bound(1, OK, ""), person_entry(2, "ann"), done(2, OK, Some(b""))]),
    ]);
    let people = people(&script, &directory()).unwrap();
    assert_eq!(people.len(), 1, "{people:?}");
    assert_eq!(people[0].identity, "ann");
}

#[test]
fn a_refused_bind_is_told_with_its_reason_and_not_tried_again() {
    let script = Script::new(vec![says(&[bound(1, ResultCode::InvalidCredentials, "error, data 533, v1")])]);
    let error = people(&script, &directory()).unwrap_err();
    assert_eq!((error.class, script.opened.get()), (ErrorClass::Unauthorized, 1));
    assert!(error.detail.contains("cn=reader") && error.detail.contains("disabled"), "{error}");
}

#[test]
fn a_connection_that_the_host_denies_names_what_to_allow() {
    let error = people(&Script::refusing(&TcpError::Denied), &directory()).unwrap_err();
    assert_eq!(error.class, ErrorClass::Refused);
    assert!(error.detail.contains("allowed_outbound_hosts"), "{error}");
    let error = people(&Script::refusing(&TcpError::Timeout), &directory()).unwrap_err();
    assert_eq!(error.class, ErrorClass::Retryable);
}

#[test]
fn a_list_without_an_end_is_given_up() {
    // The same cookie again, the same people again, nobody again and again.
    let same_cookie = vec![
        bound(1, OK, ""),
        person_entry(2, "ann"),
        done(2, OK, Some(b"1")),
        person_entry(3, "bob"),
        done(3, OK, Some(b"1")),
    ];
    let same_people = vec![
        bound(1, OK, ""),
        person_entry(2, "ann"),
        done(2, OK, Some(b"1")),
        person_entry(3, "ann"),
        done(3, OK, Some(b"2")),
    ];
    let mut nobody = vec![bound(1, OK, "")];
    nobody.extend((0..60_u32).map(|number| done(number + 2, OK, Some(&number.to_be_bytes()))));
    let mut flood = vec![bound(1, OK, "")];
    flood.extend((0..=SERVER_PAGE).map(|number| person_entry(2, &format!("p{number}"))));
    for messages in [same_cookie, same_people, nobody, flood] {
        let error = people(&Script::new(vec![says(&messages)]), &directory()).unwrap_err();
        assert_eq!(error.class, ErrorClass::Endless, "{error}");
    }
}

#[test]
fn a_server_that_does_not_say_whether_its_list_goes_on_is_not_believed() {
    let script = Script::new(vec![says(&[bound(1, OK, ""), person_entry(2, "ann"), done(2, OK, None)])]);
    assert_eq!(people(&script, &directory()).unwrap_err().class, ErrorClass::Malformed);
}

#[test]
fn an_empty_directory_is_an_empty_list() {
    let script = Script::new(vec![says(&[bound(1, OK, ""), done(2, OK, Some(b""))])]);
    assert_eq!(people(&script, &directory()).unwrap(), []);
}

#[test]
fn a_part_of_the_tree_on_another_server_makes_the_answer_worthless_unless_it_holds_no_people() {
    for (uri, fine) in [
        ("ldap://DomainDnsZones.x/DC=DomainDnsZones,DC=x", true),
        ("ldap://ForestDnsZones.x/DC=ForestDnsZones,DC=x", true),
        ("ldap://x/CN=Configuration,DC=x", true),
        ("ldap://child.x/DC=child,DC=x", false),
        ("ldap://evil.example", false),
        ("ldap://evil.example/cn=configurationx,dc=x", false),
    ] {
        let messages = [bound(1, OK, ""), person_entry(2, "ann"), reference(2, uri), done(2, OK, Some(b""))];
        let script = Script::new(vec![says(&messages)]);
        let listed = people(&script, &directory());
        assert_eq!(listed.is_ok(), fine, "{uri}: {listed:?}");
        let alone = Script::new(vec![says(&[bound(1, OK, ""), reference(2, uri), done(2, OK, None)])]);
        let asked = block_on(client(&alone).person(&directory(), "ann"));
        assert_eq!(asked.is_ok_and(|person| person.presence == Presence::Absent), fine, "{uri}");
        // Nobody was asked but the one server that is configured.
        assert_eq!((script.opened.get(), alone.opened.get()), (1, 1));
    }
}

#[test]
fn start_tls_that_is_not_offered_ends_before_the_password_is_sent() {
    for answer in [extended(1, ResultCode::ProtocolError), extended(1, ResultCode::UnwillingToPerform)] {
        let settings = LdapSettings::parse("127.0.0.1:389", "starttls", "", "", "cn=reader", "secret").unwrap();
        let script = Script::new(vec![says(&[answer])]);
        let error = block_on(Ldap::new(script.clone(), Still, settings).people(&directory(), None)).unwrap_err();
        assert_eq!(error.class, ErrorClass::Refused, "{error}");
        let sent = script.sent.borrow();
        assert!(sent.iter().all(|message| !matches!(message.protocol_op, ProtocolOp::BindRequest(_))), "{sent:?}");
    }
    // Bytes behind the answer, still in the clear, must not be taken for protected ones.
    let settings = LdapSettings::parse("127.0.0.1:389", "starttls", "", "", "cn=reader", "secret").unwrap();
    let injected = [extended(1, OK), bound(2, OK, "")].concat();
    let script = Script::new(vec![vec![Say::Bytes(injected)]]);
    let error = block_on(Ldap::new(script, Still, settings).people(&directory(), None)).unwrap_err();
    assert_eq!(error.class, ErrorClass::Malformed, "{error}");
}

#[test]
fn the_cursor_is_an_identity_so_a_later_tick_goes_on_in_a_fresh_reading() {
    let reading = |names: &[String]| {
        let mut messages = vec![bound(1, OK, "")];
        let mut id = 1;
        for names in names.chunks(1_000) {
            id += 1;
            messages.extend(names.iter().map(|name| person_entry(id, name)));
            messages.push(done(id, OK, Some(&id.to_be_bytes())));
        }
        messages.push(done(id + 1, OK, Some(b"")));
        Script::new(vec![says(&messages)])
    };
    let mut names: Vec<String> = (0..2_500).map(|number| format!("P{number:04}")).collect();
    let first = block_on(client(&reading(&names)).people(&directory(), None)).unwrap();
    assert_eq!((first.people.len(), first.next.as_deref()), (PAGE, Some("p0999")));
    // Meanwhile the server keeps another order, somebody before the cursor came, and somebody behind it.
    names.reverse();
    names.extend(["P0000a".to_owned(), "P2000a".to_owned()]);
    let second = client(&reading(&names));
    let mut rest = block_on(second.people(&directory(), first.next.as_deref())).unwrap();
    let mut all: Vec<String> = first.people.into_iter().map(|person| person.identity).collect();
    loop {
        all.extend(rest.people.into_iter().map(|person| person.identity));
        let Some(next) = rest.next else { break };
        rest = block_on(second.people(&directory(), Some(&next))).unwrap();
    }
    let before = all.len();
    all.dedup();
    assert_eq!((all.len(), before), (2_501, 2_501), "somebody is missing or there twice");
    assert!(all.contains(&"P2000a".to_owned()) && all.contains(&"P2499".to_owned()));
}

#[test]
fn people_with_the_same_identity_stay_on_one_page() {
    let mut messages = vec![bound(1, OK, "")];
    messages.extend(
        (0..PAGE - 1).map(|number| entry(2, &format!("uid=a{number},dc=x"), &[("uid", &format!("a{number:04}"))])),
    );
    messages.push(done(2, OK, Some(b"1")));
    messages.extend((0..3).map(|number| entry(3, &format!("uid=z{number},dc=x"), &[("uid", ["Z", "z", "Z"][number])])));
    messages.push(entry(3, "uid=zz,dc=x", &[("uid", "zz")]));
    messages.push(done(3, OK, Some(b"")));
    let page = block_on(client(&Script::new(vec![says(&messages)])).people(&directory(), None)).unwrap();
    assert_eq!((page.people.len(), page.next.as_deref()), (PAGE + 2, Some("z")));
}

#[test]
fn one_person_is_found_absent_or_not_understood() {
    let ask = |messages: &[Vec<u8>], identity: &str| {
        let script = Script::new(vec![says(&[&[bound(1, OK, "")], messages].concat())]);
        block_on(client(&script).person(&directory(), identity))
    };
    let found = ask(&[entry(2, "uid=ann,dc=x", &[("uid", "Ann")]), done(2, OK, None)], "ann").unwrap();
    assert_eq!((found.identity.as_str(), found.presence), ("Ann", Presence::Active));
    let nobody = ask(&[done(2, OK, None)], "ann").unwrap();
    assert_eq!((nobody.identity.as_str(), nobody.presence), ("ann", Presence::Absent));
    // A server that compares more loosely found somebody else, perhaps.
    for other in ["annabel", "an", "a nn", ""] {
        let found = ask(&[entry(2, "uid=o,dc=x", &[("uid", other)]), done(2, OK, None)], "ann").unwrap();
        assert_eq!(found.presence, Presence::Unknown, "{other}");
    }
    let error = ask(&[done(2, ResultCode::NoSuchObject, None)], "ann").unwrap_err();
    assert_eq!(error.class, ErrorClass::Refused, "a wrong base is not an absent person");
    assert_eq!(ask(&[], "").unwrap().presence, Presence::Absent);
}

#[test]
fn of_two_entries_for_one_person_the_present_one_speaks() {
    let locked = [("uid", "ann"), ("pwdAccountLockedTime", "20261101000000Z")];
    let disabled = [("uid", "ann"), ("pwdAccountLockedTime", "000001010000Z")];
    let strange = [("uid", "ann"), ("pwdAccountLockedTime", "?")];
    let active = [("uid", "ann")];
    for (entries, expected) in [
        ([&disabled[..], &active[..]], Presence::Active),
        ([&active[..], &disabled[..]], Presence::Active),
        ([&disabled[..], &locked[..]], Presence::Locked),
        ([&disabled[..], &strange[..]], Presence::Unknown),
        ([&disabled[..], &disabled[..]], Presence::Disabled),
    ] {
        let mut messages = vec![bound(1, OK, "")];
        messages
            .extend(entries.iter().enumerate().map(|(n, attributes)| entry(2, &format!("uid={n},dc=x"), attributes)));
        messages.push(done(2, OK, None));
        let person = block_on(client(&Script::new(vec![says(&messages)])).person(&directory(), "ann")).unwrap();
        assert_eq!(person.presence, expected, "{entries:?}");
    }
}

#[test]
fn leavers_below_their_base_have_left_whatever_their_flags_say() {
    let inside = with_rules(|rules| rules.leavers_base = Some("OU=Leavers, DC=x".into()));
    let messages = [
        bound(1, OK, ""),
        entry(2, "uid=ann,ou=leavers,dc=x", &[("uid", "ann")]),
        entry(2, "uid=bob,ou=people,dc=x", &[("uid", "bob")]),
        entry(2, "uid=cleo,ou=notleavers,dc=x", &[("uid", "cleo")]),
        done(2, OK, Some(b"")),
    ];
    let told: Vec<_> =
        people(&Script::new(vec![says(&messages)]), &inside).unwrap().iter().map(|p| p.presence).collect();
    assert_eq!(told, [Presence::Disabled, Presence::Active, Presence::Active]);
    // Elsewhere: a second search, on the same connection.
    let outside = with_rules(|rules| rules.leavers_base = Some("ou=leavers,dc=y".into()));
    let messages = [
        bound(1, OK, ""),
        person_entry(2, "bob"),
        done(2, OK, Some(b"")),
        entry(3, "uid=ann,ou=leavers,dc=y", &[("uid", "ann")]),
        done(3, OK, Some(b"")),
    ];
    let script = Script::new(vec![says(&messages)]);
    let told: Vec<_> = people(&script, &outside).unwrap().iter().map(|p| p.presence).collect();
    assert_eq!((told, script.opened.get()), (vec![Presence::Disabled, Presence::Active], 1));
}

#[test]
fn a_policys_filter_and_bases_are_checked_before_anything_is_asked() {
    for wrong in [
        with_rules(|rules| rules.filter = Some("(uid=*".into())),
        with_rules(|rules| rules.base = "people".into()),
        with_rules(|rules| rules.leavers_base = Some("gone".into())),
    ] {
        let script = Script::new(Vec::new());
        assert_eq!(people(&script, &wrong).unwrap_err().class, ErrorClass::Refused);
        assert_eq!(script.opened.get(), 0);
    }
}

#[test]
fn leavers_at_or_above_the_base_are_refused_because_everybody_would_have_left() {
    for (base, above) in [
        ("ou=people,dc=x", "ou=people,dc=x"),
        ("ou=people,dc=x", "OU = People, DC=x"),
        ("ou=people,dc=x", "dc=x"),
        ("ou=people,dc=x", ""),
        ("", ""),
    ] {
        let wrong = with_rules(|rules| {
            rules.base = base.into();
            rules.leavers_base = Some(above.into());
        });
        let script = Script::new(Vec::new());
        let asked = block_on(client(&script).person(&wrong, "ann")).unwrap_err();
        for error in [people(&script, &wrong).unwrap_err(), asked] {
            assert_eq!(error.class, ErrorClass::Refused);
            assert!(error.detail.contains("`leavers-base`") && error.detail.contains("everybody"), "{error}");
        }
        assert_eq!(script.opened.get(), 0);
    }
}

#[test]
fn another_provider_is_not_ours() {
    let other = Directory { provider: Provider::Okta, ..directory() };
    let client = client(&Script::new(Vec::new()));
    assert_eq!(block_on(client.people(&other, None)).unwrap_err().class, ErrorClass::Refused);
    assert_eq!(block_on(client.person(&other, "a")).unwrap_err().class, ErrorClass::Refused);
}

#[test]
fn a_connection_is_kept_and_one_that_was_closed_meanwhile_is_replaced_without_a_pause() {
    let first = says(&[bound(1, OK, ""), done(2, OK, None), done(3, OK, None)]).into_iter().chain([Say::Close]);
    let script = Script::new(vec![first.collect(), says(&[bound(1, OK, ""), done(2, OK, None)])]);
    let client = client(&script);
    for connections in [1, 1, 2] {
        let person = block_on(client.person(&directory(), "ann")).unwrap();
        assert_eq!((person.presence, script.opened.get()), (Presence::Absent, connections));
    }
}
