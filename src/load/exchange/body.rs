//! The body of an answer, decoded in place behind its head and read to its last byte.

use super::head::Framing;

/// Bytes of a body that are kept for checks and captures; the rest is read and counted.
pub(crate) const KEPT: usize = 16 * 1024 * 1024;

/// Takes the raw bytes of one body and knows when it is over.
#[derive(Debug)]
pub(crate) struct BodyReader {
    state: State,
    /// Where in the buffer the kept, decoded body ends: raw bytes follow.
    end: usize,
    /// Where it may end at most.
    limit: usize,
    /// Decoded bytes so far, kept or not.
    length: u64,
    /// Bytes came after the end: the connection is out of step.
    surplus: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Done,
    UntilClose,
    Length(u64),
    /// In a chunk's size; `digits` have been read.
    ChunkSize {
        size: u64,
        digits: u8,
    },
    /// Behind the size, up to the end of its line: extensions, spaces.
    ChunkLine(u64),
    ChunkData(u64),
    /// At the line end behind a chunk's data.
    ChunkEnd,
    /// Behind the last chunk; `true` while the current line is empty.
    Trailer(bool),
}

impl BodyReader {
    /// For a body that begins at `start` of the buffer.
    pub(crate) fn new(framing: Framing, start: usize, kept: usize) -> Self {
        Self {
            state: match framing {
                Framing::Empty | Framing::Length(0) => State::Done,
                Framing::Length(length) => State::Length(length),
                Framing::Chunked => State::ChunkSize { size: 0, digits: 0 },
                Framing::UntilClose => State::UntilClose,
            },
            end: start,
            limit: start.saturating_add(kept),
            length: 0,
            surplus: false,
        }
    }

    /// Decodes everything behind the kept body and drops the raw bytes. True once it is complete.
    ///
    /// # Errors
    /// Why the chunks are none, in words.
    pub(crate) fn absorb(&mut self, buffer: &mut Vec<u8>) -> Result<bool, String> {
        let mut at = self.end;
        while at < buffer.len() {
            at += match self.state {
                State::Done => {
                    self.surplus = true;
                    break;
                }
                State::UntilClose => self.keep(buffer, at, u64::MAX),
                State::Length(left) => {
                    let taken = self.keep(buffer, at, left);
                    self.state = match left - taken as u64 {
                        0 => State::Done,
                        left => State::Length(left),
                    };
                    taken
                }
                State::ChunkData(left) => {
                    let taken = self.keep(buffer, at, left);
                    self.state = match left - taken as u64 {
                        0 => State::ChunkEnd,
                        left => State::ChunkData(left),
                    };
                    taken
                }
                state => {
                    self.state = between_data(state, buffer[at])?;
                    1
                }
            };
        }
        buffer.truncate(self.end);
        Ok(self.state == State::Done)
    }

    /// The connection has closed: whether that completes the body.
    pub(crate) fn closed(&mut self) -> bool {
        if self.state == State::UntilClose {
            self.state = State::Done;
        }
        self.state == State::Done
    }

    /// Decoded bytes, kept or not.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Whether bytes came that do not belong to it.
    pub(crate) fn has_surplus(&self) -> bool {
        self.surplus
    }

    /// How much room the next read deserves, bytes.
    pub(crate) fn appetite(&self) -> usize {
        const SMALL: usize = 8 * 1024;
        const LARGE: usize = 256 * 1024;
        match self.state {
            State::Length(left) => usize::try_from(left).unwrap_or(LARGE).clamp(SMALL, LARGE),
            State::UntilClose | State::ChunkData(_) => 64 * 1024,
            _ => SMALL,
        }
    }

    /// Moves up to `most` bytes from `at` to the end of the kept body; says how many were taken.
    fn keep(&mut self, buffer: &mut [u8], at: usize, most: u64) -> usize {
        let available = buffer.len() - at;
        let taken = usize::try_from(most).map_or(available, |most| most.min(available));
        let kept = taken.min(self.limit - self.end);
        if at != self.end {
            buffer.copy_within(at..at + kept, self.end);
        }
        self.end += kept;
        self.length += taken as u64;
        taken
    }
}

/// One byte of a chunked body that is not data.
fn between_data(state: State, byte: u8) -> Result<State, String> {
    let wrong = |what: &str| Err(format!("the chunked answer has {what}"));
    Ok(match state {
        State::ChunkSize { size, digits } => match (byte as char).to_digit(16) {
            Some(_) if digits == 16 => return wrong("a chunk size that is too large"),
            Some(digit) => State::ChunkSize {
                size: size << 4 | u64::from(digit),
                digits: digits + 1,
            },
            None if digits == 0 => return wrong("no chunk size where one belongs"),
            None => return between_data(State::ChunkLine(size), byte),
        },
        State::ChunkLine(size) => match (byte, size) {
            (b'\n', 0) => State::Trailer(true),
            (b'\n', size) => State::ChunkData(size),
            _ => State::ChunkLine(size),
        },
        State::ChunkEnd => match byte {
            b'\r' => State::ChunkEnd,
            b'\n' => State::ChunkSize { size: 0, digits: 0 },
            _ => return wrong("data behind the end of a chunk"),
        },
        State::Trailer(empty) => match byte {
            b'\n' if empty => State::Done,
            b'\n' => State::Trailer(true),
            b'\r' => State::Trailer(empty),
            _ => State::Trailer(false),
        },
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Feeds the raw bytes in pieces of the given size behind a three-byte head.
    fn read(
        framing: Framing,
        raw: &[u8],
        piece: usize,
        kept: usize,
    ) -> (BodyReader, Vec<u8>, bool) {
        let mut buffer = b"###".to_vec();
        let mut body = BodyReader::new(framing, 3, kept);
        let mut done = false;
        for part in raw.chunks(piece.max(1)) {
            buffer.extend_from_slice(part);
            done = body.absorb(&mut buffer).unwrap();
        }
        assert_eq!(&buffer[..3], b"###");
        (body, buffer[3..].to_vec(), done)
    }

    #[test]
    fn chunks_with_extensions_and_trailers_are_decoded_whatever_the_pieces() {
        let raw = b"5;a=b\r\nhello\r\nA \r\n, world!!!\r\n0\r\nX-Sum: 1\r\n\r\n";
        for piece in 1..raw.len() {
            let (body, text, done) = read(Framing::Chunked, raw, piece, KEPT);
            assert!(done, "pieces of {piece}");
            assert_eq!(text, b"hello, world!!!");
            assert_eq!(body.length(), 15);
            assert!(!body.has_surplus());
        }
    }

    #[test]
    fn surplus_bytes_are_noticed_and_dropped() {
        let (body, text, done) = read(Framing::Length(2), b"abHTTP/1.1", 4, KEPT);
        assert!(done && body.has_surplus());
        assert_eq!(text, b"ab");
    }

    #[test]
    fn a_body_beyond_the_limit_is_counted_but_not_kept() {
        let (body, text, done) = read(Framing::Length(100), &[7; 100], 9, 10);
        assert!(done);
        assert_eq!((text.len(), body.length()), (10, 100));
    }

    #[test]
    fn only_a_body_without_length_ends_with_the_connection() {
        let (mut open, text, done) = read(Framing::UntilClose, b"abc", 2, KEPT);
        assert!(!done && open.closed());
        assert_eq!(text, b"abc");
        let (mut cut, _, _) = read(Framing::Length(9), b"abc", 2, KEPT);
        assert!(!cut.closed());
    }

    #[test]
    fn broken_chunks_are_errors() {
        for raw in [&b"x\r\n"[..], b"\r\n", b"1\r\nab", b"fffffffffffffffff\r\n"] {
            let mut buffer = raw.to_vec();
            let mut body = BodyReader::new(Framing::Chunked, 0, KEPT);
            assert!(body.absorb(&mut buffer).is_err(), "{raw:?}");
        }
    }

    proptest! {
        #[test]
        fn any_split_of_any_chunking_gives_the_same_body(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..8),
            piece in 1..50usize,
        ) {
            let mut raw = Vec::new();
            for chunk in &chunks {
                raw.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                raw.extend_from_slice(chunk);
                raw.extend_from_slice(b"\r\n");
            }
            raw.extend_from_slice(b"0\r\n\r\n");
            let (body, text, done) = read(Framing::Chunked, &raw, piece, KEPT);
            prop_assert!(done && !body.has_surplus());
            prop_assert_eq!(text, chunks.concat());
        }

        #[test]
        fn no_bytes_make_it_panic(raw in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut buffer = raw;
            let _ = BodyReader::new(Framing::Chunked, 0, 50).absorb(&mut buffer);
        }
    }
}
