//! Text from outside, made harmless before a channel adds its own markup.

/// Control characters become blanks, and characters that only reorder the text around them are dropped, because a
/// name could otherwise rewrite the sentence that it stands in. Line breaks become blanks, too: a line is a line.
pub fn one_line(text: &str) -> String {
    text.chars()
        .filter(
            |c| !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}'),
        )
        .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .collect()
}

/// As [`one_line`] for a text of several lines: line breaks stay, in their one form.
pub fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").split(['\n', '\r', '\u{2028}', '\u{2029}']).map(one_line).collect::<Vec<_>>().join("\n")
}

/// A link that may be shown: only web addresses, and nothing that could end the markup around it.
pub fn web_link(link: &str) -> Option<&str> {
    let scheme = link.split_once("://")?.0;
    let web = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    let plain = link.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '|' | '"' | '\\' | '`'));
    (web && plain).then_some(link)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_break_or_reverse_its_line() {
        assert_eq!(one_line("Anna\r\nAll fine\u{2028}\0!\u{202e}x"), "Anna  All fine  !x");
        assert_eq!(one_line("Jürgen 名前 👩‍👧"), "Jürgen 名前 👩‍👧");
    }

    #[test]
    fn lines_stay_lines_and_lose_everything_else_that_is_no_text() {
        assert_eq!(lines("Dear Anna,\r\n\r\nbye\u{1b}[2J\u{202e}\r--\u{2028}x"), "Dear Anna,\n\nbye [2J\n--\nx");
    }

    #[test]
    fn only_web_addresses_are_links() {
        assert_eq!(
            web_link("https://wiki.example/report?days=90&x=1"),
            Some("https://wiki.example/report?days=90&x=1")
        );
        for other in
            ["javascript:alert(1)", "ftp://x/", "/report", "https://x/|<!here>", "https://x/ y", "", "https://ü/"]
        {
            assert_eq!(web_link(other), None, "{other}");
        }
    }
}
