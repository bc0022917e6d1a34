//! Keeping an eye on a provider: what happens there, and while a fault waits for its
//! infrastructure, how that is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;

use crate::measure::clock::{Micros, RunClock};
use crate::provider::{Occurrence, Provider, ProviderError, Snapshot};
use crate::scenario::ProviderKind;

/// How closely restoration is watched: it is told to this precision.
const CLOSELY: Duration = Duration::from_millis(50);
/// After a provider did not answer.
const BACK_OFF: Duration = Duration::from_millis(500);

/// What was seen.
#[derive(Debug)]
pub(super) enum Sighting {
    /// These things happened.
    Happened(ProviderKind, Vec<Occurrence>),
    /// The infrastructure is like this, at the earliest at this time.
    Seen(ProviderKind, Micros, Box<Snapshot>),
    /// The provider does not answer. Told once, until it does again.
    Blind(String),
}

/// Reports what happens after occurrence number `last`, and what it sees, until nobody listens.
pub(super) async fn watch(
    provider: Arc<dyn Provider>,
    clock: RunClock,
    look: Arc<AtomicBool>,
    mut last: u64,
    tell: mpsc::Sender<Sighting>,
) {
    let kind = provider.kind();
    let mut blind = false;
    let mut next_look = clock.now();
    loop {
        let look = look.load(Ordering::Relaxed) && clock.now() >= next_look;
        if look {
            next_look = clock.now() + micros(provider.look_every());
        }
        match round(&provider, clock, look, last).await {
            Ok((occurrences, seen)) => {
                blind = false;
                last = occurrences.last().map_or(last, |occurrence| occurrence.seq);
                let happened =
                    (!occurrences.is_empty()).then_some(Sighting::Happened(kind, occurrences));
                let seen = seen.map(|(at, snapshot)| Sighting::Seen(kind, at, Box::new(snapshot)));
                for sighting in happened.into_iter().chain(seen) {
                    if tell.send(sighting).await.is_err() {
                        return;
                    }
                }
            }
            Err(error) => {
                if !blind && tell.send(Sighting::Blind(error.to_string())).await.is_err() {
                    return;
                }
                blind = true;
                tokio::time::sleep(BACK_OFF).await;
            }
        }
    }
}

fn micros(duration: Duration) -> Micros {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX / 4)
}

type Round = (Vec<Occurrence>, Option<(Micros, Snapshot)>);

async fn round(
    provider: &Arc<dyn Provider>,
    clock: RunClock,
    look: bool,
    last: u64,
) -> Result<Round, ProviderError> {
    let occurrences = provider.occurrences(last, CLOSELY).await?;
    if !look {
        return Ok((occurrences, None));
    }
    let at = clock.now();
    Ok((occurrences, Some((at, provider.snapshot().await?))))
}
