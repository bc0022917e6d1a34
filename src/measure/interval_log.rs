//! `run.hlog`: an `HdrHistogram` interval log (V2, deflate, base64), one line per second and tag, that
//! any tool of that family reads. Values are microseconds.
//!
//! | tag | holds |
//! |---|---|
//! | `buy/place%20order` | response time of all requests of the step |
//! | `buy/place%20order;service` | service time of all |
//! | `buy/place%20order;failed` | response time of the failures; no line without any |
//! | `buy/place%20order;failed;service` | service time of the failures |
//! | `;start-lag` | how late open-model iterations started |

use std::io::{self, BufRead, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};

/// A step's name in tags: the format forbids spaces, commas and line ends, and `/`, `;` and `%` are
/// ours, so these are percent-encoded.
#[must_use]
pub fn tag_of(journey: &str, step: &str) -> String {
    let encode = |name: &str| -> String {
        name.chars()
            .map(|c| match c {
                ' ' | ',' | '\r' | '\n' | '\t' | '/' | ';' | '%' => {
                    format!("%{:02X}", u32::from(c))
                }
                c => c.to_string(),
            })
            .collect()
    };
    format!("{}/{}", encode(journey), encode(step))
}

/// Tag of the start lag.
pub const START_LAG_TAG: &str = ";start-lag";

/// Writes lines as seconds pass; holds nothing but one line.
pub struct HlogWriter<W> {
    out: W,
    v2: V2DeflateSerializer,
    bytes: Vec<u8>,
    text: String,
}

impl<W: Write> HlogWriter<W> {
    /// Writes the header. `started` is run time zero as Unix time, microseconds.
    ///
    /// # Errors
    /// Whatever writing returns.
    pub fn begin(mut out: W, started_unix_us: u64) -> io::Result<Self> {
        let seconds = format!(
            "{}.{:03}",
            started_unix_us / 1_000_000,
            started_unix_us / 1_000 % 1_000
        );
        writeln!(
            out,
            "#[loadtest: response and service times in microseconds, one interval a second]"
        )?;
        writeln!(out, "#[Histogram log format version 1.3]")?;
        writeln!(out, "#[StartTime: {seconds} (seconds since epoch)]")?;
        writeln!(out, "#[BaseTime: {seconds} (seconds since epoch)]")?;
        writeln!(
            out,
            "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\""
        )?;
        Ok(Self {
            out,
            v2: V2DeflateSerializer::new(),
            bytes: Vec::new(),
            text: String::new(),
        })
    }

    /// One second of one tag.
    ///
    /// # Errors
    /// Whatever writing returns.
    pub fn write(&mut self, tag: &str, second: u64, histogram: &Histogram<u64>) -> io::Result<()> {
        let Self {
            out,
            v2,
            bytes,
            text,
        } = self;
        bytes.clear();
        text.clear();
        v2.serialize(histogram, bytes)
            .map_err(|error| io::Error::other(error.to_string()))?;
        BASE64.encode_string(bytes, text);
        writeln!(
            out,
            "Tag={tag},{second}.000,1.000,{}.000,{text}",
            histogram.max()
        )
    }

    /// Hands what was written to the operating system.
    ///
    /// # Errors
    /// Whatever flushing returns.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// One line of the log.
#[derive(Debug, Clone)]
pub struct TaggedInterval {
    /// Whole seconds since the run's start.
    pub second: u64,
    /// What was recorded; see the module.
    pub tag: String,
    /// Microseconds.
    pub histogram: Histogram<u64>,
}

/// Reads lines one at a time.
pub struct HlogReader<R> {
    input: R,
    line: Vec<u8>,
    number: usize,
    deserializer: Deserializer,
}

impl<R: BufRead> HlogReader<R> {
    /// Reads from the start of a log.
    #[must_use]
    pub fn new(input: R) -> Self {
        Self {
            input,
            line: Vec::new(),
            number: 0,
            deserializer: Deserializer::new(),
        }
    }

    /// The next line that holds a histogram; none at the end.
    ///
    /// # Errors
    /// Reading fails, or a line is no interval; the message tells its number.
    pub fn read(&mut self) -> io::Result<Option<TaggedInterval>> {
        loop {
            self.line.clear();
            if self.input.read_until(b'\n', &mut self.line)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            let broken = |why: &str| {
                let text = format!("line {}: {why}", self.number);
                io::Error::new(io::ErrorKind::InvalidData, text)
            };
            let Some(entry) = IntervalLogIterator::new(&self.line).next() else {
                continue;
            };
            let LogEntry::Interval(interval) =
                entry.map_err(|_| broken("not an interval, perhaps cut off"))?
            else {
                continue;
            };
            let bytes = BASE64
                .decode(interval.encoded_histogram())
                .map_err(|error| broken(&format!("the histogram is not base64: {error}")))?;
            let mut histogram = self
                .deserializer
                .deserialize(&mut bytes.as_slice())
                .map_err(|error| broken(&format!("the histogram does not decode: {error}")))?;
            // As those of `histogram()`: whatever is added later fits.
            histogram.auto(true);
            return Ok(Some(TaggedInterval {
                second: interval.start_timestamp().as_secs(),
                tag: interval
                    .tag()
                    .map(|tag| tag.as_str().to_owned())
                    .unwrap_or_default(),
                histogram,
            }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::interval::histogram;

    #[test]
    fn tags_hold_no_character_that_the_format_forbids() {
        assert_eq!(tag_of("buy", "log in"), "buy/log%20in");
        assert_eq!(tag_of("a/b", "50%, ok;\n"), "a%2Fb/50%25%2C%20ok%3B%0A");
    }

    #[test]
    fn what_was_written_is_read_back() {
        let mut slow = histogram();
        slow.record_n(1_234_567, 3).expect("in range");
        let mut bytes = Vec::new();
        let mut writer = HlogWriter::begin(&mut bytes, 1_700_000_000_123_456).expect("memory");
        writer.write("buy/log%20in", 7, &slow).expect("memory");
        writer
            .write(START_LAG_TAG, 8, &histogram())
            .expect("memory");

        let mut reader = HlogReader::new(bytes.as_slice());
        let first = reader.read().expect("sound").expect("there");
        assert_eq!((first.second, first.tag.as_str()), (7, "buy/log%20in"));
        assert_eq!(first.histogram, slow);
        let second = reader.read().expect("sound").expect("there");
        assert_eq!((second.second, second.tag.as_str()), (8, START_LAG_TAG));
        assert!(second.histogram.is_empty());
        assert!(reader.read().expect("sound").is_none());
    }

    #[test]
    fn a_line_that_was_cut_off_is_named() {
        let mut reader = HlogReader::new(&b"#[a comment]\nTag=x,1.000,1.0"[..]);
        let error = reader.read().expect_err("cut off");
        assert_eq!(
            error.to_string(),
            "line 2: not an interval, perhaps cut off"
        );
    }
}
