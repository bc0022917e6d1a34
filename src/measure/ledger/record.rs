//! Records of the ledger's file, as bytes.

use std::io::{self, Read};

use super::fate::WriteOutcome;
use crate::measure::clock::Micros;
use crate::scenario::StepId;

/// A write is about to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begin {
    /// 0, 1, 2 … in the file's order.
    pub id: u64,
    /// Which step sends it.
    pub step: StepId,
    /// Run time.
    pub sent_at: Micros,
    /// Unique.
    pub key: String,
    /// Path to read it back by.
    pub read_back: String,
}

/// Its answer is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// Of its [`Begin`].
    pub id: u64,
    /// What the answer said.
    pub outcome: WriteOutcome,
    /// Run time.
    pub at: Micros,
}

/// One entry of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// See [`Begin`].
    Begin(Begin),
    /// See [`End`].
    End(End),
}

const BEGIN: u8 = 1;
const END: u8 = 2;
/// Keys and paths longer than this are a damaged file.
const LONGEST_TEXT: usize = 64 * 1024;

impl Record {
    /// Appends the record's bytes: a tag, then numbers in seven bits a byte, then texts with their
    /// length. Where the read-back holds the key, it is not written twice.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Begin(begin) => encode_begin(
                out,
                begin.id,
                begin.step,
                begin.sent_at,
                &begin.key,
                &begin.read_back,
            ),
            Self::End(end) => {
                out.push(END);
                put_number(out, end.id);
                out.push(end.outcome as u8);
                put_number(out, end.at);
            }
        }
    }

    /// Reads the next record; none at the end of the file, or where the last record was cut off by
    /// a crash.
    ///
    /// # Errors
    /// Reading fails, or the bytes are no record.
    pub fn decode(input: &mut impl Read) -> io::Result<Option<Self>> {
        match Self::decode_whole(input) {
            Ok(record) => Ok(Some(record)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn decode_whole(input: &mut impl Read) -> io::Result<Self> {
        match bytes::<1>(input)?[0] {
            BEGIN => Ok(Self::Begin(Begin {
                id: number(input)?,
                step: number(input)? as StepId,
                sent_at: number(input)?,
                key: text(input)?,
                read_back: String::new(),
            })
            .with_read_back(input)?),
            END => Ok(Self::End(End {
                id: number(input)?,
                outcome: match bytes::<1>(input)?[0] {
                    0 => WriteOutcome::Ok,
                    1 => WriteOutcome::Fail,
                    2 => WriteOutcome::Unknown,
                    other => return Err(damaged(format!("outcome {other}"))),
                },
                at: number(input)?,
            })),
            other => Err(damaged(format!("record tag {other}"))),
        }
    }

    /// Reads where the key goes (from 1; 0: nowhere) and the rest of the text.
    fn with_read_back(mut self, input: &mut impl Read) -> io::Result<Self> {
        let place = usize::try_from(number(input)?).unwrap_or(usize::MAX);
        let mut read_back = text(input)?;
        if let Self::Begin(begin) = &mut self {
            if let Some(at) = place.checked_sub(1) {
                if !read_back.is_char_boundary(at) {
                    return Err(damaged(format!("a key at {at} of `{read_back}`")));
                }
                read_back.insert_str(at, &begin.key);
            }
            begin.read_back = read_back;
        }
        Ok(self)
    }
}

/// Appends a [`Begin`] without owning its texts.
pub(super) fn encode_begin(
    out: &mut Vec<u8>,
    id: u64,
    step: StepId,
    sent_at: Micros,
    key: &str,
    read_back: &str,
) {
    let key = &key[..key.floor_char_boundary(LONGEST_TEXT)];
    let read_back = &read_back[..read_back.floor_char_boundary(LONGEST_TEXT)];
    out.push(BEGIN);
    put_number(out, id);
    put_number(out, step as u64);
    put_number(out, sent_at);
    put_text(out, [key, ""]);
    match read_back.split_once(key) {
        Some((before, after)) if !key.is_empty() => {
            put_number(out, before.len() as u64 + 1);
            put_text(out, [before, after]);
        }
        _ => {
            put_number(out, 0);
            put_text(out, [read_back, ""]);
        }
    }
}

fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// The two parts as one text.
fn put_text(out: &mut Vec<u8>, parts: [&str; 2]) {
    put_number(out, (parts[0].len() + parts[1].len()) as u64);
    for part in parts {
        out.extend_from_slice(part.as_bytes());
    }
}

fn bytes<const N: usize>(input: &mut impl Read) -> io::Result<[u8; N]> {
    let mut buffer = [0; N];
    input.read_exact(&mut buffer)?;
    Ok(buffer)
}

fn number(input: &mut impl Read) -> io::Result<u64> {
    let mut number = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let byte = bytes::<1>(input)?[0];
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Err(damaged("a number without an end".to_owned()))
}

fn text(input: &mut impl Read) -> io::Result<String> {
    let length = usize::try_from(number(input)?).unwrap_or(usize::MAX);
    if length > LONGEST_TEXT {
        return Err(damaged(format!("a text of {length} bytes")));
    }
    let mut buffer = vec![0; length];
    input.read_exact(&mut buffer)?;
    String::from_utf8(buffer).map_err(|error| damaged(error.to_string()))
}

fn damaged(what: String) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("the ledger's file is damaged: {what}"),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_record() -> impl Strategy<Value = Record> {
        let begin = (
            any::<u64>(),
            any::<u32>(),
            any::<u64>(),
            ".{0,40}",
            (".{0,40}", any::<bool>(), ".{0,40}"),
        )
            .prop_map(|(id, step, sent_at, key, (before, holds_key, after))| {
                let middle = if holds_key { key.as_str() } else { "" };
                Record::Begin(Begin {
                    id,
                    step: step as StepId,
                    sent_at,
                    read_back: format!("{before}{middle}{after}"),
                    key,
                })
            });
        let outcome = prop_oneof![
            Just(WriteOutcome::Ok),
            Just(WriteOutcome::Fail),
            Just(WriteOutcome::Unknown)
        ];
        let end = (any::<u64>(), outcome, any::<u64>())
            .prop_map(|(id, outcome, at)| Record::End(End { id, outcome, at }));
        prop_oneof![begin, end]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(records in prop::collection::vec(any_record(), 0..20), cut in 0_usize..40) {
            let mut file = Vec::new();
            for record in &records {
                record.encode(&mut file);
            }
            let whole = file.len();
            let mut input = &file[..];
            let mut read = Vec::new();
            while let Some(record) = Record::decode(&mut input).unwrap() {
                read.push(record);
            }
            prop_assert_eq!(&read, &records);

            // Torn by a crash: everything but the last records is still there.
            let mut torn = &file[..whole.saturating_sub(cut)];
            let mut kept = 0;
            while let Some(record) = Record::decode(&mut torn).unwrap() {
                prop_assert_eq!(&record, &records[kept]);
                kept += 1;
            }
        }
    }
}
