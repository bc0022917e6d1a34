//! A position in a JSON document: tokens, and passing over values.

use std::ops::Range;

use super::blocks::end_of_container;

/// The bytes from here on look wrong. Why is the tree's to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GiveUp;

/// Where in the document it is.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'b> {
    bytes: &'b [u8],
    at: usize,
}

/// The name of a member as it is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name<'b> {
    /// With its quotes.
    pub(super) quoted: &'b [u8],
    /// There are escapes in it.
    pub(super) escaped: bool,
}

impl<'b> Cursor<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn slice(&self, range: Range<usize>) -> &'b [u8] {
        &self.bytes[range]
    }

    /// The next byte that is no white space, without taking it.
    pub(super) fn peek(&mut self) -> Result<u8, GiveUp> {
        while let Some(&byte) = self.bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Ok(byte);
            }
            self.at += 1;
        }
        Err(GiveUp)
    }

    /// The next byte that is no white space.
    pub(super) fn take(&mut self) -> Result<u8, GiveUp> {
        let byte = self.peek()?;
        self.at += 1;
        Ok(byte)
    }

    /// Whether only white space is left.
    pub(super) fn is_at_end(&mut self) -> bool {
        self.peek().is_err()
    }

    /// A name with the colon behind it.
    pub(super) fn name(&mut self) -> Result<Name<'b>, GiveUp> {
        if self.peek()? != b'"' {
            return Err(GiveUp);
        }
        let start = self.at;
        self.at += 1;
        let escaped = self.end_string()?;
        let quoted = &self.bytes[start..self.at];
        match self.take()? {
            b':' => Ok(Name { quoted, escaped }),
            _ => Err(GiveUp),
        }
    }

    /// Passes over a value; says where it is, without the white space around.
    pub(super) fn skip(&mut self) -> Result<Range<usize>, GiveUp> {
        let first = self.peek()?;
        let start = self.at;
        self.at += 1;
        match first {
            b'"' => {
                self.end_string()?;
            }
            b'{' => self.end_container(b'{', b'}')?,
            b'[' => self.end_container(b'[', b']')?,
            _ => self.end_scalar(start)?,
        }
        Ok(start..self.at)
    }

    /// From within an array to behind its end.
    pub(super) fn end_array(&mut self) -> Result<(), GiveUp> {
        self.end_container(b'[', b']')
    }

    /// From within a string to behind its quote; says whether there are escapes in it.
    fn end_string(&mut self) -> Result<bool, GiveUp> {
        let mut escaped = false;
        loop {
            let rest = &self.bytes[self.at..];
            let found = memchr::memchr2(b'"', b'\\', rest).ok_or(GiveUp)?;
            self.at += found + 1;
            if rest[found] == b'"' {
                return Ok(escaped);
            }
            escaped = true;
            // Whatever is escaped is no end.
            self.at += 1;
            if self.at > self.bytes.len() {
                return Err(GiveUp);
            }
        }
    }

    /// From within an object or array to behind its end.
    fn end_container(&mut self, open: u8, close: u8) -> Result<(), GiveUp> {
        let rest = &self.bytes[self.at..];
        self.at += end_of_container(rest, open, close).ok_or(GiveUp)?;
        Ok(())
    }

    /// From behind the first byte of a number or a word to its end.
    fn end_scalar(&mut self, start: usize) -> Result<(), GiveUp> {
        let rest = &self.bytes[self.at..];
        let ends = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b' ' | b'\n' | b'\r' | b'\t');
        self.at += rest.iter().position(ends).unwrap_or(rest.len());
        let token = &self.bytes[start..self.at];
        if matches!(token, b"true" | b"false" | b"null") || is_number(token) {
            return Ok(());
        }
        Err(GiveUp)
    }
}

/// Whether it is a number as RFC 8259 writes them.
fn is_number(token: &[u8]) -> bool {
    let rest = token.strip_prefix(b"-").unwrap_or(token);
    let digits = |bytes: &[u8]| {
        bytes
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    };
    let whole = digits(rest);
    if whole == 0 || (whole > 1 && rest[0] == b'0') {
        return false;
    }
    let mut rest = &rest[whole..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let count = digits(fraction);
        if count == 0 {
            return false;
        }
        rest = &fraction[count..];
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = match exponent {
            [b'+' | b'-', unsigned @ ..] => unsigned,
            unsigned => unsigned,
        };
        return !exponent.is_empty() && digits(exponent) == exponent.len();
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_passed_over_to_their_last_byte() {
        for value in [
            r#""a\\\"b{[""#,
            r#""""#,
            "[]",
            "{}",
            r#"[1, "]", {"a": ["}"]}, [[]]]"#,
            r#"{"a": {"b": "}"}, "c": "\""}"#,
            "-12.5e+3",
            "true",
            "null",
        ] {
            for behind in ["", ",1", " ]", "}"] {
                let text = format!(" {value}{behind}");
                let skipped = Cursor::new(text.as_bytes()).skip();
                assert_eq!(skipped, Ok(1..1 + value.len()), "{text}");
            }
        }
    }

    #[test]
    fn what_does_not_end_is_noticed() {
        for text in [
            r#"""#,
            r#""\"#,
            r#""\""#,
            "[",
            "[[]",
            r#"{"a": 1"#,
            r#"["]"#,
            "",
            "  ",
        ] {
            assert_eq!(Cursor::new(text.as_bytes()).skip(), Err(GiveUp), "{text}");
        }
    }

    #[test]
    fn numbers_are_those_of_json() {
        for good in ["0", "-0", "10", "1.5", "-0.25", "1e5", "1E+05", "2.5e-3"] {
            assert!(is_number(good.as_bytes()), "{good}");
        }
        for bad in [
            "", "-", "01", "1.", ".5", "1e", "1e+", "+1", "1.5.2", "0x1", "NaN", "1 ",
        ] {
            assert!(!is_number(bad.as_bytes()), "{bad}");
        }
    }
}
