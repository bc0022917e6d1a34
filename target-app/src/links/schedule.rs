//! When a delayed chunk is delivered.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

/// Bytes under way in one direction before the sender is held back: a long, fat pipe.
const CAPACITY: usize = 8 << 20;

/// Chunks under way in one direction, in the order of their arrival.
///
/// Every chunk has its own delivery time, so a delay adds latency without limiting throughput.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    chunks: VecDeque<(Instant, Bytes)>,
    bytes: usize,
    last: Option<Instant>,
}

impl InFlight {
    /// Adds a chunk that arrived `now` and travels for `travel`; it never overtakes an earlier one.
    pub(super) fn push(&mut self, now: Instant, travel: Duration, chunk: Bytes) {
        let due = self
            .last
            .map_or(now + travel, |last| last.max(now + travel));
        self.last = Some(due);
        self.bytes += chunk.len();
        self.chunks.push_back((due, chunk));
    }

    /// When the next chunk is due, if there is one.
    pub(super) fn due(&self) -> Option<Instant> {
        self.chunks.front().map(|(due, _)| *due)
    }

    /// Takes the next chunk, due or not.
    pub(super) fn pop(&mut self) -> Option<Bytes> {
        let (_, chunk) = self.chunks.pop_front()?;
        self.bytes -= chunk.len();
        Some(chunk)
    }

    /// Whether nothing is under way.
    pub(super) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Whether more may be read from the sender.
    pub(super) fn has_room(&self) -> bool {
        self.bytes < CAPACITY
    }
}

/// How long a chunk travels: `delay` plus or minus a uniform `jitter`, where `random` is in 0..1.
pub(super) fn travel(delay_ms: u64, jitter_ms: u64, random: f64) -> Duration {
    #[expect(clippy::cast_precision_loss, reason = "delays are far below 2^52 ms")]
    let ms = delay_ms as f64 + jitter_ms as f64 * (2.0 * random - 1.0);
    Duration::from_secs_f64(ms.max(0.0) / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn jitter_spreads_evenly_around_the_delay() {
        assert_eq!(travel(50, 10, 0.0), 40 * MS);
        assert_eq!(travel(50, 10, 0.5), 50 * MS);
        assert_eq!(travel(50, 10, 1.0), 60 * MS);
        assert_eq!(travel(5, 10, 0.0), Duration::ZERO);
    }

    #[test]
    fn a_quicker_chunk_never_overtakes_a_slower_one() {
        let start = Instant::now();
        let mut flight = InFlight::default();
        flight.push(start, 60 * MS, Bytes::from_static(b"slow"));
        flight.push(start + MS, 40 * MS, Bytes::from_static(b"quick"));
        assert_eq!(flight.due(), Some(start + 60 * MS));
        assert_eq!(flight.pop().as_deref(), Some(&b"slow"[..]));
        assert_eq!(flight.due(), Some(start + 60 * MS));
        assert_eq!(flight.pop().as_deref(), Some(&b"quick"[..]));
        assert!(flight.is_empty());
    }

    #[test]
    fn chunks_travel_at_the_same_time() {
        let start = Instant::now();
        let mut flight = InFlight::default();
        for arrival in 0..10 {
            flight.push(start + arrival * MS, 50 * MS, Bytes::from_static(b"x"));
        }
        let mut last = start;
        while let Some(due) = flight.due() {
            last = due;
            flight.pop();
        }
        assert_eq!(last, start + 59 * MS);
    }

    #[test]
    fn a_full_pipe_holds_the_sender_back() {
        let mut flight = InFlight::default();
        assert!(flight.has_room());
        flight.push(Instant::now(), MS, Bytes::from(vec![0; CAPACITY]));
        assert!(!flight.has_room());
        flight.pop();
        assert!(flight.has_room());
    }
}
