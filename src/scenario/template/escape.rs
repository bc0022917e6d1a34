//! What a value must look like where it is put, so that no value can break out of its place.

/// The place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escape {
    /// As it is: raw bodies, keys, texts to compare with; headers and forms, whose rules depend on
    /// the whole rendered value and are the sender's to apply.
    Plain,
    /// A value within a path or a query: everything but unreserved characters percent-encoded.
    Url,
    /// A whole URL or path, as a `Location` header gives it: only what cannot stand in a request line.
    WholeUrl,
    /// Inside a JSON string.
    Json,
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";

impl Escape {
    /// Appends the value.
    pub(crate) fn push(self, value: &str, out: &mut Vec<u8>) {
        match self {
            Self::Plain => out.extend_from_slice(value.as_bytes()),
            Self::Url => percent(value, out, is_unreserved),
            Self::WholeUrl => percent(value, out, is_url),
            Self::Json => json(value, out),
        }
    }
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// What may stand in a URL at all, `%` included.
fn is_url(byte: u8) -> bool {
    byte.is_ascii_graphic() && !br#""<>\^`{|}"#.contains(&byte)
}

fn percent(value: &str, out: &mut Vec<u8>, keep: impl Fn(u8) -> bool) {
    // Ids and numbers, most of the time.
    if value.bytes().all(&keep) {
        out.extend_from_slice(value.as_bytes());
        return;
    }
    for byte in value.bytes() {
        if keep(byte) {
            out.push(byte);
        } else {
            push_percent(byte, out);
        }
    }
}

fn push_percent(byte: u8, out: &mut Vec<u8>) {
    let digits = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
    out.extend_from_slice(&[b'%', digits[0], digits[1]]);
}

fn json(value: &str, out: &mut Vec<u8>) {
    let bytes = value.as_bytes();
    let mut clean = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        let short = match byte {
            b'"' => b'"',
            b'\\' => b'\\',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0..=0x1f => b'u',
            _ => continue,
        };
        out.extend_from_slice(&bytes[clean..at]);
        clean = at + 1;
        out.extend_from_slice(&[b'\\', short]);
        if short == b'u' {
            let digits = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
            out.extend_from_slice(&[b'0', b'0', digits[0], digits[1]]);
        }
    }
    out.extend_from_slice(&bytes[clean..]);
}
