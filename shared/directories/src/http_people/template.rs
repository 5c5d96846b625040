//! Puts a person into the path that the policy gives.

use seatkeeper_confluence::path::encoded;

/// The place of the person in a template.
const PLACE: &str = "{identity}";

/// What became of a template.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Filled {
    /// Path and query.
    Path(String),
    /// The person's name cannot be sent without the risk that it is read as more than a name.
    Unaskable,
}

/// What is wrong with the path of a custom directory in the policy, with what to do; nothing when it can be used.
pub fn template_problem(path: &str) -> Option<String> {
    let problem = if !path.starts_with('/') || path.starts_with("//") {
        "must begin with one `/`; the origin is a variable"
    } else if path.matches(PLACE).count() != 1 {
        "must contain `{identity}` exactly once"
    } else if path.replace(PLACE, "").contains(['{', '}']) {
        "contains `{` or `}` besides `{identity}`"
    } else if path.contains(|c: char| !c.is_ascii_graphic() || matches!(c, '#' | '\\' | '"' | '<' | '>')) {
        "may not contain blanks, `#`, `\\`, quotes, `<`, `>`, or letters that are not percent-encoded"
    } else if before_query(path).split('/').any(is_step) {
        "may not contain `.` or `..` as a part"
    } else {
        return None;
    };
    Some(format!("the path `{}` of the custom directory {problem}", path.escape_debug()))
}

fn before_query(path: &str) -> &str {
    path.split('?').next().unwrap_or_default()
}

/// Whether a part of a path is a step, also when somebody on the way decodes it first.
fn is_step(part: &str) -> bool {
    matches!(part.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
}

/// Fills a template that has no [`template_problem`].
pub(super) fn fill(path: &str, identity: &str) -> Filled {
    let in_path = before_query(path).contains(PLACE);
    // Proxies and servers decode `%2F`, `%5C` and dots at different times, so these letters would be steps to some.
    let steps = in_path && identity.contains(['/', '\\', ';']);
    if identity.trim().is_empty() || identity.contains(char::is_control) || steps {
        return Filled::Unaskable;
    }
    let filled = path.replacen(PLACE, &encoded(identity), 1);
    if before_query(&filled).split('/').any(is_step) {
        return Filled::Unaskable;
    }
    Filled::Path(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;
    use url::Url;

    /// Names that somebody made up to get somewhere, and any others.
    fn names() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just(".".to_owned()),
            Just("..".to_owned()),
            Just("/".to_owned()),
            Just("%2e".to_owned()),
            Just("%2F".to_owned()),
            Just("\\".to_owned()),
            Just("\r\n".to_owned()),
            Just("?a=b&c".to_owned()),
            Just("#".to_owned()),
            Just("@evil.example:80".to_owned()),
            any::<String>(),
        ];
        proptest::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn whatever_the_name_another_reader_of_addresses_finds_it_whole_and_everything_else_unmoved(name in names()) {
            const ORIGIN: &str = "https://people.example.com";
            if let Filled::Path(path) = fill("/v1/people/{identity}/state?x=1", &name) {
                let url = Url::parse(&format!("{ORIGIN}{path}")).unwrap();
                prop_assert_eq!(url.origin().ascii_serialization(), ORIGIN);
                prop_assert_eq!(url.query(), Some("x=1"));
                prop_assert_eq!(url.fragment(), None);
                let parts: Vec<_> = url.path_segments().unwrap().collect();
                prop_assert_eq!((parts.len(), parts[0], parts[1], parts[3]), (4, "v1", "people", "state"));
                prop_assert_eq!(percent_decode_str(parts[2]).decode_utf8().unwrap(), name.as_str());
            }
            if let Filled::Path(path) = fill("/people?mail={identity}&all=1", &name) {
                let url = Url::parse(&format!("{ORIGIN}{path}")).unwrap();
                prop_assert_eq!((url.path(), url.fragment()), ("/people", None));
                let pairs: Vec<_> = url.query_pairs().into_owned().collect();
                let all = ("all".to_owned(), "1".to_owned());
                prop_assert_eq!(pairs, [("mail".to_owned(), name.clone()), all]);
            }
        }
    }

    #[test]
    fn a_person_is_one_segment_or_one_value() {
        for (path, identity, filled) in [
            ("/people/{identity}", "ann", "/people/ann"),
            ("/people/{identity}?fields=state", "a b", "/people/a%20b?fields=state"),
            ("/people?mail={identity}&all=1", "a+b@x.com", "/people?mail=a%2Bb%40x.com&all=1"),
            ("/p?q={identity}", "x&q=admin#y", "/p?q=x%26q%3Dadmin%23y"),
            ("/p?q={identity}", "../../admin", "/p?q=..%2F..%2Fadmin"),
            ("/p/{identity}.json", "..", "/p/...json"),
            ("/p/{identity}", "x?y#z", "/p/x%3Fy%23z"),
            ("/p/{identity}", "%2e%2e", "/p/%252e%252e"),
            ("/p/{identity}", "日本", "/p/%E6%97%A5%E6%9C%AC"),
            ("/p/{identity}", "{identity}", "/p/%7Bidentity%7D"),
            ("/p/{identity}", "*()'\"", "/p/%2A%28%29%27%22"),
        ] {
            assert_eq!(template_problem(path), None);
            assert_eq!(fill(path, identity), Filled::Path(filled.to_owned()));
        }
    }

    #[test]
    fn a_name_that_could_leave_its_place_is_not_asked_about() {
        for identity in ["", " ", ".", "..", "/../admin", "a/b", "a\\b", "..;", "a\0", "a\r\nHost: evil", "\u{85}"] {
            assert_eq!(fill("/people/{identity}/state", identity), Filled::Unaskable, "{identity:?}");
        }
        // Together with what stands beside the place it would become a step.
        assert_eq!(fill("/people/.{identity}", "."), Filled::Unaskable);
        assert_eq!(fill("/people?q={identity}", "a\nb"), Filled::Unaskable);
    }

    #[test]
    fn a_template_that_could_lead_elsewhere_is_refused_with_what_to_do() {
        for (path, part) in [
            ("people/{identity}", "begin with one `/`"),
            ("https://evil.example/{identity}", "begin with one `/`"),
            ("//evil.example/{identity}", "begin with one `/`"),
            ("@evil.example/{identity}", "begin with one `/`"),
            (".evil.example/{identity}", "begin with one `/`"),
            ("", "begin with one `/`"),
            ("/people", "exactly once"),
            ("/{identity}/{identity}", "exactly once"),
            ("/{identity}/{x}", "besides"),
            ("/a/../{identity}", "`..` as a part"),
            ("/a/%2E%2e/{identity}", "`..` as a part"),
            ("/a b/{identity}", "blanks"),
            ("/a\r\nX: y/{identity}", "blanks"),
            ("/ä/{identity}", "percent-encoded"),
            ("/a\\{identity}", "blanks"),
            ("/a#{identity}", "`#`"),
        ] {
            let problem = template_problem(path).unwrap();
            assert!(problem.contains(part), "{path}: {problem}");
            assert!(!problem.contains(char::is_control), "{problem:?}");
        }
    }
}
