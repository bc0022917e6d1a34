//! The head of an answer: status, fields, and what they say about the body and the connection.

use std::mem::MaybeUninit;
use std::ops::Range;

/// More fields than this are no answer anyone meant.
const MAX_FIELDS: usize = 128;
/// Nor is a longer head.
const MAX_HEAD: usize = 256 * 1024;

/// A parsed head. Reused from answer to answer; fields are ranges of the buffer it was parsed from.
#[derive(Debug, Default)]
pub(crate) struct Head {
    pub(crate) status: u16,
    /// Bytes of the buffer that it takes.
    pub(crate) length: usize,
    /// Minor version of HTTP/1.
    version: u8,
    fields: Vec<Field>,
}

#[derive(Debug, Clone)]
struct Field {
    name: Range<u32>,
    value: Range<u32>,
}

/// How the end of a body is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// There is none.
    Empty,
    /// After this many bytes.
    Length(u64),
    /// The last chunk says so.
    Chunked,
    /// The connection closes.
    UntilClose,
}

impl Head {
    /// Parses the buffer's beginning; `false` when the head is not complete yet.
    ///
    /// # Errors
    /// Why it is no HTTP/1 head, in words.
    pub(crate) fn parse(&mut self, buffer: &[u8]) -> Result<bool, String> {
        let mut space = [MaybeUninit::<httparse::Header<'_>>::uninit(); MAX_FIELDS];
        let mut response = httparse::Response::new(&mut []);
        let parsed = httparse::ParserConfig::default()
            .parse_response_with_uninit_headers(&mut response, buffer, &mut space)
            .map_err(|error| format!("the answer is not HTTP/1.1: {error}"))?;
        let httparse::Status::Complete(length) = parsed else {
            if buffer.len() > MAX_HEAD {
                return Err(format!("the answer's head exceeds {MAX_HEAD} bytes"));
            }
            return Ok(false);
        };
        self.status = response.code.unwrap_or(0);
        self.version = response.version.unwrap_or(1);
        self.length = length;
        self.fields.clear();
        self.fields
            .extend(response.headers.iter().map(|header| Field {
                name: range_in(buffer, header.name.as_bytes()),
                value: range_in(buffer, header.value),
            }));
        Ok(true)
    }

    /// Puts a head that did not come as text into an empty buffer.
    pub(crate) fn compose<'f>(
        &mut self,
        status: u16,
        fields: impl Iterator<Item = (&'f [u8], &'f [u8])>,
        buffer: &mut Vec<u8>,
    ) {
        self.status = status;
        self.version = 1;
        self.fields.clear();
        let at = |buffer: &Vec<u8>| u32::try_from(buffer.len()).unwrap_or(u32::MAX);
        for (name, value) in fields {
            let start = at(buffer);
            buffer.extend_from_slice(name);
            let name = start..at(buffer);
            buffer.extend_from_slice(b": ");
            let start = at(buffer);
            buffer.extend_from_slice(value);
            let value = start..at(buffer);
            buffer.extend_from_slice(b"\r\n");
            self.fields.push(Field { name, value });
        }
        buffer.extend_from_slice(b"\r\n");
        self.length = buffer.len();
    }

    /// The values of every field of that name (any case), in order. `buffer` is what was parsed.
    pub(crate) fn values<'a>(
        &'a self,
        buffer: &'a [u8],
        name: &'a str,
    ) -> impl Iterator<Item = &'a [u8]> {
        self.fields
            .iter()
            .filter(move |field| slice(buffer, &field.name).eq_ignore_ascii_case(name.as_bytes()))
            .map(move |field| slice(buffer, &field.value))
    }

    /// Whether an interim answer, after which the real one follows.
    pub(crate) fn is_interim(&self) -> bool {
        (100..200).contains(&self.status)
    }

    /// Where the body ends (RFC 9112, section 6.3).
    ///
    /// # Errors
    /// Contradictory or impossible lengths, in words.
    pub(crate) fn framing(&self, buffer: &[u8], to_head: bool) -> Result<Framing, String> {
        if to_head || self.is_interim() || matches!(self.status, 204 | 304) {
            return Ok(Framing::Empty);
        }
        let mut coded = false;
        let mut chunked = false;
        for value in self.values(buffer, "transfer-encoding") {
            coded = true;
            chunked = tokens(value)
                .last()
                .is_some_and(|token| token.eq_ignore_ascii_case(b"chunked"));
        }
        if chunked {
            return Ok(Framing::Chunked);
        }
        if coded {
            return Ok(Framing::UntilClose);
        }
        let mut length = None;
        for value in self.values(buffer, "content-length") {
            for token in tokens(value) {
                let stated = number(token).ok_or_else(|| {
                    let text = String::from_utf8_lossy(token);
                    format!("the answer's Content-Length `{text}` is no number")
                })?;
                if length.is_some_and(|earlier| earlier != stated) {
                    return Err("the answer has two different Content-Lengths".to_owned());
                }
                length = Some(stated);
            }
        }
        Ok(length.map_or(Framing::UntilClose, Framing::Length))
    }

    /// Whether the server keeps the connection open after this answer.
    pub(crate) fn keeps_alive(&self, buffer: &[u8]) -> bool {
        let says = |wanted: &[u8]| {
            self.values(buffer, "connection")
                .flat_map(tokens)
                .any(|token| token.eq_ignore_ascii_case(wanted))
        };
        if self.version == 0 {
            says(b"keep-alive")
        } else {
            !says(b"close")
        }
    }
}

/// Non-empty parts between commas, trimmed.
fn tokens(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value
        .split(|&byte| byte == b',')
        .map(<[u8]>::trim_ascii)
        .filter(|token| !token.is_empty())
}

/// Digits only: `str::parse` would also take a sign.
fn number(digits: &[u8]) -> Option<u64> {
    digits
        .iter()
        .all(u8::is_ascii_digit)
        .then(|| std::str::from_utf8(digits).ok()?.parse().ok())
        .flatten()
}

fn slice<'b>(buffer: &'b [u8], range: &Range<u32>) -> &'b [u8] {
    &buffer[range.start as usize..range.end as usize]
}

/// Where a part of the buffer lies in it. Heads are far shorter than 4 GiB.
fn range_in(buffer: &[u8], part: &[u8]) -> Range<u32> {
    let start = (part.as_ptr() as usize).saturating_sub(buffer.as_ptr() as usize);
    let at = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
    at(start)..at(start + part.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> (Head, &[u8]) {
        let mut head = Head::default();
        assert!(head.parse(text.as_bytes()).unwrap());
        (head, text.as_bytes())
    }

    #[test]
    fn an_incomplete_head_waits_and_nonsense_fails() {
        let mut head = Head::default();
        assert!(!head.parse(b"HTTP/1.1 200 OK\r\nA: b\r\n").unwrap());
        assert!(head.parse(b"SSH-2.0-OpenSSH\r\n").is_err());
    }

    #[test]
    fn fields_are_found_in_any_case_and_all_of_them() {
        let (head, bytes) = head("HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSET-COOKIE: b=2\r\n\r\n");
        let values: Vec<_> = head.values(bytes, "set-cookie").collect();
        assert_eq!(values, [b"a=1", b"b=2"]);
    }

    #[test]
    fn a_composed_head_is_read_as_a_parsed_one() {
        let mut head = Head::default();
        let mut buffer = Vec::new();
        let fields = [(&b"etag"[..], &b"x"[..]), (b"set-cookie", b"a=1")];
        head.compose(204, fields.into_iter(), &mut buffer);
        assert_eq!((head.status, head.length), (204, buffer.len()));
        let values: Vec<_> = head.values(&buffer, "Set-Cookie").collect();
        assert_eq!(values, [b"a=1"]);
    }

    #[test]
    fn the_framing_follows_the_standard() {
        let framing = |text: &str, to_head| {
            let (head, bytes) = head(text);
            head.framing(bytes, to_head)
        };
        let sized = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
        assert_eq!(framing(sized, false), Ok(Framing::Length(5)));
        assert_eq!(framing(sized, true), Ok(Framing::Empty));
        assert_eq!(
            framing("HTTP/1.1 204 No\r\n\r\n", false),
            Ok(Framing::Empty)
        );
        let both =
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: gzip, chunked\r\n\r\n";
        assert_eq!(framing(both, false), Ok(Framing::Chunked));
        assert_eq!(
            framing("HTTP/1.1 200 OK\r\n\r\n", false),
            Ok(Framing::UntilClose)
        );
        let twice = "HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\n";
        assert!(framing(twice, false).is_err());
        let signed = "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n";
        assert!(framing(signed, false).is_err());
    }

    #[test]
    fn keep_alive_depends_on_the_version() {
        let keeps = |text: &str| {
            let (head, bytes) = head(text);
            head.keeps_alive(bytes)
        };
        assert!(keeps("HTTP/1.1 200 OK\r\n\r\n"));
        assert!(!keeps("HTTP/1.1 200 OK\r\nConnection: foo, Close\r\n\r\n"));
        assert!(!keeps("HTTP/1.0 200 OK\r\n\r\n"));
        assert!(keeps("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n"));
    }
}
