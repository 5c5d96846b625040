use super::*;

fn value(filter: &Filter) -> (&str, Vec<u8>) {
    let Filter::EqualityMatch(assertion) = filter else { panic!("{filter:?}") };
    (&assertion.attribute_desc.0, assertion.assertion_value.to_vec())
}

/// List O, number 1: whatever a name holds, it is one value of one comparison.
#[test]
fn o1_payloads_in_a_name_stay_one_value() {
    for payload in [
        "*",
        "a*",
        "*)(uid=*",
        "admin)(&)",
        "x)(|(objectClass=*)",
        "\\2a",
        "\\",
        "nul\0byte",
        "cr\r\nlf",
        "Zoë Müller",
        "名前",
        "a'b\"c",
        "/../",
        "%2e%2e",
        "?#",
        "",
    ] {
        let filter = equals("uid", payload);
        assert_eq!(value(&filter), ("uid", payload.as_bytes().to_vec()), "{payload:?}");
        let sent = rasn::ber::encode(&filter).unwrap();
        assert_eq!(rasn::ber::decode::<Filter>(&sent).unwrap(), filter, "{payload:?}");
    }
}

#[test]
fn o1_escaped_characters_of_a_policys_filter_are_the_characters_themselves() {
    for (text, expected) in [
        ("(cn=\\2a)", &b"*"[..]),
        ("(cn=\\28a\\29)", b"(a)"),
        ("(cn=\\5c)", b"\\"),
        ("(cn=a\\00b)", b"a\0b"),
        ("(cn=Lu\\c4\\8di\\c4\\87)", "Lučić".as_bytes()),
        ("(cn=Zoë)", "Zoë".as_bytes()),
        ("(cn=)", b""),
        ("(cn= a b )", b" a b "),
        ("(cn=a=b)", b"a=b"),
    ] {
        assert_eq!(value(&parse_filter(text).unwrap()), ("cn", expected.to_vec()), "{text}");
    }
}

#[test]
fn every_form_of_a_filter_is_read() {
    let read = |text: &str| parse_filter(text).unwrap_or_else(|why| panic!("{why}"));
    assert_eq!(read(" (objectClass=*) "), present("objectClass"));
    assert_eq!(
        read("(&(a=1)(|(b=2)(!(c=3))))"),
        all(vec![equals("a", "1"), Filter::Or(vec![equals("b", "2"), Filter::Not(Box::new(equals("c", "3")))].into())])
    );
    let Filter::Substrings(found) = read("(cn=a*b*c)") else { panic!("not substrings") };
    assert_eq!(
        found.substrings,
        [
            SubstringChoice::Initial(b"a".to_vec().into()),
            SubstringChoice::Any(b"b".to_vec().into()),
            SubstringChoice::Final(b"c".to_vec().into())
        ]
    );
    let Filter::Substrings(found) = read("(cn=*b*)") else { panic!("not substrings") };
    assert_eq!(found.substrings, [SubstringChoice::Any(b"b".to_vec().into())]);
    assert!(matches!(read("(a>=1)"), Filter::GreaterOrEqual(_)));
    assert!(matches!(read("(a<=1)"), Filter::LessOrEqual(_)));
    assert!(matches!(read("(a~=1)"), Filter::ApproxMatch(_)));
    let Filter::ExtensibleMatch(bits) = read("(userAccountControl:1.2.840.113556.1.4.803:=2)") else {
        panic!("no rule")
    };
    assert_eq!(bits.matching_rule.unwrap().0, "1.2.840.113556.1.4.803");
    assert_eq!((bits.r#type.unwrap().0.as_str(), bits.dn_attributes), ("userAccountControl", false));
    let Filter::ExtensibleMatch(bits) = read("(:dn:2.4.6:=x)") else { panic!("no rule") };
    assert!(bits.dn_attributes && bits.r#type.is_none());
}

#[test]
fn a_filter_that_is_not_one_is_refused_with_the_place() {
    for (text, why) in [
        ("", "`(` is missing"),
        ("cn=a", "`(` is missing"),
        ("(cn=a", "`)` is missing"),
        ("(cn=a))", "nothing may follow"),
        ("(cn=a)(cn=b)", "nothing may follow"),
        ("(&)", "at least one filter"),
        ("(!)", "`(` is missing"),
        ("(cn)", "no `=`"),
        ("(=a)", "not the name of an attribute"),
        ("(c n=a)", "not the name of an attribute"),
        ("(cn=a\\zz)", "two hexadecimal digits"),
        ("(cn=a\\2)", "two hexadecimal digits"),
        ("(cn=\\é)", "two hexadecimal digits"),
        ("(cn=**)", "nothing between its stars"),
        ("(cn>=a*)", "has no meaning"),
        ("(:=a)", "needs an attribute"),
        ("(cn:a:b:c:=x)", "too many colons"),
        ("(cn=a(b)", "`)` is missing"),
    ] {
        let told = parse_filter(text).unwrap_err();
        assert!(told.contains(why), "{text}: {told}");
    }
    let deep = format!("{}(a=1){}", "(!".repeat(30), ")".repeat(30));
    assert!(parse_filter(&deep).unwrap_err().contains("inside each other"));
}
