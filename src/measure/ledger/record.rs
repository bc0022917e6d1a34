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
    /// Appends the record's bytes: a tag, then fixed fields little-endian, then texts with length.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Begin(begin) => {
                out.push(BEGIN);
                out.extend(begin.id.to_le_bytes());
                out.extend((begin.step as u64).to_le_bytes());
                out.extend(begin.sent_at.to_le_bytes());
                for text in [&begin.key, &begin.read_back] {
                    let cut = text.floor_char_boundary(LONGEST_TEXT);
                    out.extend((cut as u32).to_le_bytes());
                    out.extend(&text.as_bytes()[..cut]);
                }
            }
            Self::End(end) => {
                out.push(END);
                out.extend(end.id.to_le_bytes());
                out.push(match end.outcome {
                    WriteOutcome::Ok => 0,
                    WriteOutcome::Fail => 1,
                    WriteOutcome::Unknown => 2,
                });
                out.extend(end.at.to_le_bytes());
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
                read_back: text(input)?,
            })),
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
}

fn bytes<const N: usize>(input: &mut impl Read) -> io::Result<[u8; N]> {
    let mut buffer = [0; N];
    input.read_exact(&mut buffer)?;
    Ok(buffer)
}

fn number(input: &mut impl Read) -> io::Result<u64> {
    Ok(u64::from_le_bytes(bytes(input)?))
}

fn text(input: &mut impl Read) -> io::Result<String> {
    let length = u32::from_le_bytes(bytes(input)?) as usize;
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
            ".{0,80}",
        )
            .prop_map(|(id, step, sent_at, key, read_back)| {
                Record::Begin(Begin {
                    id,
                    step: step as StepId,
                    sent_at,
                    key,
                    read_back,
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
