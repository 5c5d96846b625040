use super::*;

fn problems(texts: [&str; 6]) -> String {
    let [address, tls, name, ca, dn, password] = texts;
    LdapSettings::parse(address, tls, name, ca, dn, password).map(drop).unwrap_err().to_string()
}

#[test]
fn all_problems_are_told_at_once() {
    let told = problems(["ldap.example.com:636", "yes", "", "", "", ""]);
    for name in ["ldap_address", "ldap_tls", "ldap_bind_dn", "ldap_password"] {
        assert!(told.contains(name), "{name}: {told}");
    }
    let told = problems(["10.0.0.5:636", "ldaps", "a b", "no certificate", "cn=a", "\n"]);
    for name in ["ldap_server_name", "ldap_ca", "ldap_password"] {
        assert!(told.contains(name), "{name}: {told}");
    }
}

#[test]
fn a_name_instead_of_an_address_is_refused_with_the_reason() {
    assert!(problems(["ldap.example.com:636", "ldaps", "", "", "cn=a", "x"]).contains("names cannot be looked up"));
    assert!(problems(["ldaps://10.0.0.5:636", "ldaps", "", "", "cn=a", "x"]).contains("leave the scheme away"));
    assert!(problems(["10.0.0.5", "ldaps", "", "", "cn=a", "x"]).contains("without a port"));
    assert!(problems(["0.0.0.0:389", "off", "", "", "cn=a", "x"]).contains("no server can be"));
    // Spellings that other parsers take for 127.0.0.1.
    for address in ["2130706433:389", "0x7f.1:389", "127.1:389", "0177.0.0.1:389"] {
        assert!(problems([address, "off", "", "", "cn=a", "x"]).contains("names cannot be looked up"), "{address}");
    }
}

/// List O, number 7: encryption and its checks do not go away by themselves.
#[test]
fn o7_without_encryption_only_this_machine_is_spoken_to_unless_it_is_asked_for() {
    for address in ["127.0.0.1:389", "[::1]:389"] {
        assert!(LdapSettings::parse(address, "off", "", "", "cn=a", "x").is_ok(), "{address}");
    }
    assert!(problems(["10.0.0.5:389", "off", "", "", "cn=a", "x"]).contains("cross the network readable"));
    assert!(LdapSettings::parse("10.0.0.5:389", "unencrypted", "", "", "cn=a", "x").is_ok());
    for word in ["", "none", "false", "insecure", "LDAPS", "tls-no-verify"] {
        assert!(problems(["127.0.0.1:636", word, "", "", "cn=a", "x"]).contains("ldap_tls"), "{word}");
    }
    let told = problems(["127.0.0.1:389", "off", "ldap.example.com", "", "cn=a", "x"]);
    assert!(told.contains("would not be looked at"), "{told}");
}

#[test]
fn a_password_is_taken_as_it_is_and_never_shown() {
    let settings = LdapSettings::parse("127.0.0.1:389", "off", "", "", "cn=a", " pä 77 \r\n").unwrap();
    assert_eq!(settings.password.0, " pä 77 ");
    let shown = format!("{settings:?}");
    assert!(shown.contains("cn=a") && !shown.contains("77"), "{shown}");
    let told = problems(["127.0.0.1:389", "off", "", "", "cn=a", "sec\0ret"]);
    assert!(told.contains("zero byte") && !told.contains("sec"), "{told}");
}
