//! Whether the database takes writes, found out in the background so that readiness costs nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::{Database, DatabaseError};
use crate::process::Shutdown;

/// Wait between two questions.
const INTERVAL: Duration = Duration::from_millis(200);

/// The database counts as gone this long after its last good answer. Longer than a quick failover:
/// pods that all turn unready at once would make its outage longer, not shorter.
const GONE_AFTER: Duration = Duration::from_secs(2);

/// What is known about the database. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Writable {
    started: Instant,
    /// Microseconds from `started` to the last good answer; 0: there was none.
    last_good_us: Arc<AtomicU64>,
}

impl Writable {
    /// Nothing is known yet: not writable.
    pub(crate) fn unknown() -> Self {
        Self {
            started: Instant::now(),
            last_good_us: Arc::default(),
        }
    }

    /// Whether a write is likely to succeed now.
    pub(crate) fn is_writable(&self) -> bool {
        let last_good = self.last_good_us.load(Ordering::Relaxed);
        is_recent(last_good, elapsed_us(self.started))
    }

    /// Asks until `shutdown`.
    pub(crate) async fn watch(self, probes: Database, mut shutdown: Shutdown) {
        let mut was_good = None;
        loop {
            let good = match takes_writes(&probes).await {
                Ok(good) => good,
                Err(error) => {
                    if was_good != Some(false) {
                        tracing::warn!(%error, "the database cannot be reached");
                    }
                    false
                }
            };
            if good {
                self.last_good_us
                    .store(elapsed_us(self.started).max(1), Ordering::Relaxed);
                if was_good == Some(false) {
                    tracing::info!("the database takes writes again");
                }
            }
            was_good = Some(good);
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = shutdown.requested() => return probes.close(),
            }
        }
    }
}

async fn takes_writes(probes: &Database) -> Result<bool, DatabaseError> {
    let lease = probes.lease().await?;
    let row = probes
        .limited(async {
            let row = lease
                .query_one("SELECT NOT pg_is_in_recovery()", &[])
                .await?;
            Ok::<_, DatabaseError>(row)
        })
        .await?;
    lease.finish();
    Ok(row.get(0))
}

fn elapsed_us(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

fn is_recent(last_good_us: u64, now_us: u64) -> bool {
    let limit = u64::try_from(GONE_AFTER.as_micros()).unwrap_or(u64::MAX);
    last_good_us > 0 && now_us.saturating_sub(last_good_us) < limit
}

#[cfg(test)]
mod tests {
    use super::is_recent;

    #[test]
    fn recent_means_a_good_answer_not_too_long_ago() {
        assert!(!is_recent(0, 1), "no answer yet");
        assert!(is_recent(1, 1));
        assert!(is_recent(1, 2_000_000));
        assert!(!is_recent(1, 2_000_001));
    }
}
