//! Who asks the pages: all at once, once a second, from before the load until after it.

use std::pin::Pin;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::memory::{Page, Pages};
use super::track::Track;
use crate::measure::clock::{Micros, RunClock};
use crate::observe::trusting;
use crate::scenario::{MetricSpec, Tls};

/// Between two looks.
pub const PERIOD: Duration = Duration::from_secs(1);
/// A page that takes longer is left out of this look: the others must not wait for it.
const PATIENCE: Duration = Duration::from_millis(800);
/// A page is some kilobytes; one that never ends is none.
const LONGEST_PAGE: usize = 8 << 20;

/// Where a page is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Whose it is: `shop-1`.
    pub process: String,
    /// What that is: `shop`.
    pub app: String,
    /// Where it is read.
    pub url: String,
}

/// Tells where the pages are now; none, where that cannot be told at the moment.
pub type PageSource =
    Box<dyn Fn() -> Pin<Box<dyn Future<Output = Option<Vec<Address>>> + Send>> + Send>;

/// Pages that are being read.
#[derive(Debug)]
pub struct Reading {
    stop: oneshot::Sender<()>,
    task: JoinHandle<Pages>,
}

impl Reading {
    /// Looks once, and then every second until [`Reading::finish`]. `tls` may give more to trust.
    pub async fn begin(
        metrics: &[MetricSpec],
        source: PageSource,
        tls: &Tls,
        clock: RunClock,
    ) -> Self {
        let mut reader = Reader {
            client: client(tls),
            source,
            known: Vec::new(),
            pages: Pages::new(metrics),
            clock,
        };
        reader.look().await;
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(reader.read(stopped));
        Self { stop, task }
    }

    /// Looks for the last time, and tells every metric over the run, in their order.
    pub async fn finish(self) -> Vec<Track> {
        // Whoever was not there to be told has ended already.
        let _ = self.stop.send(());
        let pages = self.task.await;
        pages.map(Pages::into_tracks).unwrap_or_default()
    }
}

/// Loopback and cluster addresses are asked directly, whatever proxy the environment names.
fn client(tls: &Tls) -> reqwest::Client {
    let builder = reqwest::Client::builder().no_proxy().timeout(PATIENCE);
    trusting(tls, builder).build().unwrap_or_default()
}

struct Reader {
    client: reqwest::Client,
    source: PageSource,
    known: Vec<Address>,
    pages: Pages,
    clock: RunClock,
}

impl Reader {
    async fn read(mut self, mut stopped: oneshot::Receiver<()>) -> Pages {
        let mut looks = interval_at(Instant::now() + PERIOD, PERIOD);
        looks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            let stop = tokio::select! {
                _ = &mut stopped => true,
                _ = looks.tick() => false,
            };
            self.look().await;
            if stop {
                return self.pages;
            }
        }
    }

    async fn look(&mut self) {
        let found = tokio::time::timeout(PATIENCE, (self.source)()).await;
        if let Ok(Some(known)) = found {
            self.known = known;
        }
        let at = self.clock.now();
        let mut asked = JoinSet::new();
        for address in &self.known {
            let request = self.client.get(&address.url);
            let (address, clock) = (address.clone(), self.clock);
            asked.spawn(async move { Some((address, clock.now(), page(request).await?)) });
        }
        let answers = asked.join_all().await;
        let answers: Vec<(Address, Micros, String)> = answers.into_iter().flatten().collect();
        let pages = answers.iter().map(|(address, at, text)| Page {
            process: &address.process,
            app: &address.app,
            at: *at,
            text,
        });
        let pages: Vec<Page<'_>> = pages.collect();
        self.pages.look(at, &pages);
    }
}

/// Who does not answer, or not with a page, tells nothing in this look.
async fn page(request: reqwest::RequestBuilder) -> Option<String> {
    let mut answer = request.send().await.ok()?.error_for_status().ok()?;
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.ok()? {
        if body.len() + chunk.len() > LONGEST_PAGE {
            return None;
        }
        body.extend_from_slice(&chunk);
    }
    String::from_utf8(body).ok()
}
