//! One direction of one connection.

use std::io;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::schedule::{InFlight, travel};
use crate::api::LinkMode;

/// Most bytes taken from the sender at once.
const CHUNK: usize = 64 << 10;
/// A buffer with less room than this is replaced rather than filled.
const MIN_ROOM: usize = 8 << 10;

/// Carries bytes until the sender has closed its side and everything is delivered, then closes the
/// receiver's. `buffer` holds what was read before the receiver was there.
///
/// Silence stops it without losing a byte: when it ends, the connection goes on, as one does after
/// a partition that was shorter than its timeouts. The other modes end the connection as a whole
/// and are the caller's business: it drops this future.
pub(super) async fn pump(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    mut mode: watch::Receiver<LinkMode>,
    mut buffer: BytesMut,
) -> io::Result<()> {
    let mut flight = InFlight::default();
    let mut open = true;
    loop {
        let now = *mode.borrow_and_update();
        if now == LinkMode::Silent {
            changed(&mut mode).await;
            continue;
        }
        if !buffer.is_empty() {
            if flight.is_empty() && !matches!(now, LinkMode::Delay { .. }) {
                to.write_all(&buffer).await?;
                buffer.clear();
            } else {
                flight.push(Instant::now(), travel_time(now), buffer.split().freeze());
            }
        }
        if !open && flight.is_empty() {
            return to.shutdown().await;
        }
        if buffer.capacity() < MIN_ROOM {
            buffer.reserve(CHUNK);
        }
        let due = flight.due();
        tokio::select! {
            biased;
            () = changed(&mut mode) => {}
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                if let Some(chunk) = flight.pop() {
                    to.write_all(&chunk).await?;
                }
            }
            read = from.read_buf(&mut buffer), if open && flight.has_room() => {
                open = read? > 0;
            }
        }
    }
}

/// Resolves when the mode changes. The end of the link is not an error of this direction: never.
async fn changed(mode: &mut watch::Receiver<LinkMode>) {
    if mode.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn travel_time(mode: LinkMode) -> Duration {
    match mode {
        LinkMode::Delay {
            delay_ms,
            jitter_ms,
        } => travel(delay_ms, jitter_ms, fastrand::f64()),
        _ => Duration::ZERO,
    }
}
