//! Text from outside, made harmless before a channel adds its own markup, and cut to what a channel takes.

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

/// A word joiner: invisible, and no letter of any name.
const JOINER: char = '\u{2060}';

/// One line in which nobody is called and nothing is a link: a joiner behind each `@` that is no part of a mail address,
/// behind the colon of `://` and behind `www`. What people read stays the same.
pub fn tame(text: &str) -> String {
    let text = one_line(text);
    let mut tame = String::with_capacity(text.len());
    let mut before = None;
    for (place, c) in text.char_indices() {
        tame.push(c);
        let rest = text.get(place + c.len_utf8()..).unwrap_or_default();
        let calls = c == '@' && !before.is_some_and(char::is_alphanumeric);
        let leads = (c == ':' && rest.starts_with("//"))
            || (c.eq_ignore_ascii_case(&'w') && rest.starts_with('.') && ends_www(&tame));
        if calls || leads {
            tame.push(JOINER);
        }
        before = Some(c);
    }
    tame
}

fn ends_www(text: &str) -> bool {
    text.len().checked_sub(3).and_then(|start| text.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case("www"))
}

/// A tame line that is no longer than it has to be for a cut at `limit` to be seen.
fn short(text: &str, limit: usize) -> String {
    tame(&one_line(text).chars().take(limit.saturating_add(1)).collect::<String>())
}

/// A tame line as Markdown: every character that could begin markup has a backslash before it. Any punctuation may have
/// one in `CommonMark`, which Mattermost reads, and in Discord's dialect.
pub fn markdown(text: &str, limit: usize) -> String {
    let piece = |(place, c): (usize, char)| match c {
        '\\' | '&' | '`' | '*' | '_' | '~' | '[' | ']' | '<' | '>' | '#' | '|' => format!("\\{c}"),
        // These begin a list only at the beginning of a line.
        '-' | '+' if place == 0 => format!("\\{c}"),
        c => c.to_string(),
    };
    let text = short(text.trim_start(), limit);
    let pieces: Vec<_> = text.trim_start().chars().enumerate().map(piece).collect();
    fitted(&pieces, limit)
}

/// A tame line as HTML, which Google Chat reads in cards.
pub fn html(text: &str, limit: usize) -> String {
    let pieces: Vec<_> =
        short(text, limit).chars().map(|c| html_of(c).map_or_else(|| c.to_string(), str::to_owned)).collect();
    fitted(&pieces, limit)
}

/// The entity of a character that HTML and Slack read as markup.
pub fn html_of(c: char) -> Option<&'static str> {
    match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        _ => None,
    }
}

/// A tame line where nothing is markup.
pub fn plain(text: &str, limit: usize) -> String {
    let pieces: Vec<_> = short(text, limit).chars().map(String::from).collect();
    fitted(&pieces, limit)
}

/// As many pieces as fit, and the mark of a cut if those are not all. No piece is cut in half.
pub fn fitted<T: AsRef<str>>(pieces: &[T], limit: usize) -> String {
    const MORE: char = '…';
    let mut fitted = String::new();
    let mut used = 0;
    // The longest beginning that leaves room for the mark of a cut.
    let mut safe_end = 0;
    for piece in pieces.iter().map(AsRef::as_ref) {
        if used + width(piece) > limit {
            fitted.truncate(safe_end);
            fitted.push(MORE);
            return fitted;
        }
        used += width(piece);
        fitted.push_str(piece);
        if used < limit {
            safe_end = fitted.len();
        }
    }
    fitted
}

/// Hardly any provider says how it counts; UTF-16 units are the strictest of the usual ways.
pub fn width(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Characters of a line that are tried one after the other until a whole message is small enough. The last one leaves a
/// message of a few kilobytes, whatever the lines are made of.
const LINES: [usize; 6] = [1000, 500, 250, 125, 60, 30];

/// The message with the longest lines with which it is within the limit.
pub fn within<T>(limit: usize, size: impl Fn(&T) -> usize, build: impl Fn(usize) -> T) -> T {
    let [longest, shorter @ ..] = LINES;
    let mut built = build(longest);
    for line in shorter {
        if size(&built) <= limit {
            break;
        }
        built = build(line);
    }
    built
}

/// The first of some parts, and how many are left out.
pub fn first<T>(parts: &[T], most: usize) -> (&[T], usize) {
    let (first, rest) = parts.split_at_checked(most).unwrap_or((parts, &[]));
    (first, rest.len())
}

/// What stands in the place of parts that were left out.
pub fn left_out(count: usize) -> Option<String> {
    (count > 0).then(|| format!("{count} more left out; the console has everything."))
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
    fn nobody_is_called_and_nothing_is_a_link_and_mail_addresses_can_still_be_copied() {
        assert_eq!(tame("@all .@channel anna@example.org"), "@\u{2060}all .@\u{2060}channel anna@example.org");
        assert_eq!(tame("https://x WWW.x"), "https:\u{2060}//x WWW\u{2060}.x");
        assert_eq!(tame("ÄWw.x 12:30 wwww.x"), "ÄWw.x 12:30 wwww\u{2060}.x");
    }

    #[test]
    fn markup_gets_a_backslash_and_no_cut_separates_the_two() {
        assert_eq!(markdown("[x](y) *b*", 100), r"\[x\](y) \*b\*");
        assert_eq!(markdown(" - 2026-11-22", 100), r"\- 2026-11-22");
        assert_eq!(markdown("ab**", 5), "ab\\*…");
        assert_eq!(html("a<b>", 7), "a&lt;b…");
        assert_eq!(plain("👍👍👍", 5), "👍👍…");
    }

    #[test]
    fn lines_are_shortened_until_the_whole_fits() {
        let build = |line: usize| fitted(&vec!["x"; 5000], line);
        assert_eq!(within(1000, |text: &String| width(text), build).len(), 1000 - 1 + '…'.len_utf8());
        assert_eq!(within(130, |text: &String| width(text), build).len(), 125 - 1 + '…'.len_utf8());
        assert_eq!(within(0, |text: &String| width(text), build).len(), 30 - 1 + '…'.len_utf8());
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
