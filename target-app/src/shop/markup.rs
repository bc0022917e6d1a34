//! Texts, numbers and amounts as markup, written to the end of what is there.

/// As `encodeURIComponent` does it.
pub(super) fn push_query(html: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        match byte {
            b'\'' => html.push_str("&#x27;"),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => html.push(char::from(byte)),
            b'-' | b'_' | b'.' | b'!' | b'~' | b'*' | b'(' | b')' => html.push(char::from(byte)),
            _ => {
                html.push('%');
                html.push(char::from(HEX[usize::from(byte >> 4)]));
                html.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
}

/// `€1,234.05`
pub(super) fn push_price(html: &mut String, cents: i64) {
    html.push('€');
    push_grouped(html, cents / 100);
    let rest = cents % 100;
    html.push_str(if rest < 10 { ".0" } else { "." });
    push_number(html, rest);
}

/// `1,234,567`; nothing here is negative.
pub(super) fn push_grouped(html: &mut String, number: i64) {
    if number < 1_000 {
        return push_number(html, number);
    }
    push_grouped(html, number / 1_000);
    let rest = number % 1_000;
    html.push_str(match rest {
        0..10 => ",00",
        10..100 => ",0",
        _ => ",",
    });
    push_number(html, rest);
}

pub(super) fn push_number(html: &mut String, number: i64) {
    use std::fmt::Write as _;
    // Writing to a String does not fail.
    let _ = write!(html, "{number}");
}

/// Text as it may stand in HTML, between tags and in quoted attributes.
pub(super) fn push_escaped(html: &mut String, text: &str) {
    let mut rest = text;
    let special = |byte: u8| matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\'');
    while let Some(at) = rest.bytes().position(special) {
        html.push_str(&rest[..at]);
        html.push_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => "&#x27;",
        });
        rest = &rest[at + 1..];
    }
    html.push_str(rest);
}

/// Text as it may stand in HTML, between tags and in quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    push_escaped(&mut html, text);
    html
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// The storefront's own tests read it too.
    const WORDS: &str = include_str!("../../storefront/fixtures/words.json");

    #[test]
    fn prices_are_written_as_the_script_writes_them() {
        let words: Value = serde_json::from_str(WORDS).unwrap();
        for case in words["prices"].as_array().unwrap() {
            let mut html = String::new();
            push_price(&mut html, case[0].as_i64().unwrap());
            assert_eq!(html, case[1].as_str().unwrap());
        }
    }

    #[test]
    fn what_is_special_is_escaped_wherever_it_stands() {
        assert_eq!(escape("<é>"), "&lt;é&gt;");
        assert_eq!(escape("\"a' & b"), "&quot;a&#x27; &amp; b");
    }
}
