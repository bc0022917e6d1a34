//! A failover by three of its four clocks: the DNS answer, what RDS describes, what RDS tells in
//! events. The fourth and true one, the clients' own writes, is the load's.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_rds::types::SourceType;
use tokio::time::Instant;

use super::Blind;
use crate::provider::aws::account::Account;
use crate::provider::aws::act::database::Ask;
use crate::provider::aws::events::{What, meaning};
use crate::provider::aws::look::database::{Chosen, Described, choose};
use crate::provider::{ChangeId, DatabaseView, Milestone, ProviderError};

/// A DNS answer of RDS lives for 5 s.
const DNS_PERIOD: Duration = Duration::from_millis(250);
/// Events come late anyway.
const EVENT_PERIOD: u32 = 2;
/// Aurora without a reader takes ten minutes at the most.
const LONGEST: Duration = Duration::from_secs(30 * 60);
/// RDS keeps events of the last fourteen days; these minutes are enough to know the old from the new.
const EVENT_WINDOW_MIN: i32 = 60;

/// How the database was right before the call.
#[derive(Debug, Clone)]
pub(in crate::provider::aws) struct Before {
    database: Described,
    view: DatabaseView,
    addresses: BTreeSet<IpAddr>,
    /// Events that tell of earlier drills.
    events: BTreeSet<(i64, String)>,
}

/// Looks once, so that nothing old is taken for new.
pub(in crate::provider::aws) async fn before(
    account: &Account,
) -> Result<Option<Before>, ProviderError> {
    let Chosen::This(database) = choose(account).await? else {
        return Ok(None);
    };
    // Who may fail over but not read events still sees the other clocks.
    let events = events(account, &database).await.unwrap_or_default();
    Ok(Some(Before {
        view: database.view(&account.spec.allow),
        addresses: addresses(account, &database).await,
        events: events.into_iter().collect(),
        database,
    }))
}

/// Follows all clocks until the database has its redundancy back, or nobody waits any more.
pub(in crate::provider::aws) async fn watch(
    account: Arc<Account>,
    change: ChangeId,
    ask: Ask,
    before: Before,
) {
    let effect = Effect {
        account: &account,
        change,
        seen: std::sync::atomic::AtomicBool::new(false),
    };
    let clocks = async {
        tokio::join!(
            by_dns(&account, &before),
            by_description(&effect, ask, &before),
            by_events(&effect, &before),
        )
    };
    let _ = tokio::time::timeout(LONGEST, clocks).await;
}

/// The first clock that sees the effect tells it.
struct Effect<'a> {
    account: &'a Account,
    change: ChangeId,
    seen: std::sync::atomic::AtomicBool,
}

impl Effect<'_> {
    fn complete(&self, words: &str) {
        if !self.seen.swap(true, std::sync::atomic::Ordering::Relaxed) {
            let effective = Milestone::Effective(self.change.clone());
            self.account
                .happenings
                .reached("change-effective", effective, words);
        }
    }

    fn void(&self, reason: String) {
        let void = Milestone::Void {
            change: self.change.clone(),
            reason: reason.clone(),
        };
        self.account.happenings.reached("change-void", void, reason);
    }
}

async fn by_dns(account: &Account, before: &Before) {
    let mut known = before.addresses.clone();
    let name = before.database.name();
    // Without an answer before, there is nothing to compare with.
    while !known.is_empty() {
        tokio::time::sleep(DNS_PERIOD).await;
        let now = addresses(account, &before.database).await;
        if !now.is_empty() && now != known {
            let words = format!("DNS answers {now:?} instead of {known:?}");
            account
                .happenings
                .tell("database-endpoint-moved", name, words);
            known = now;
        }
    }
}

/// What DNS answers for the endpoint. A stand-in's endpoints exist nowhere.
async fn addresses(account: &Account, database: &Described) -> BTreeSet<IpAddr> {
    let Some((host, port)) = database.endpoint().filter(|_| account.endpoint.is_none()) else {
        return BTreeSet::new();
    };
    let found = tokio::net::lookup_host((host, port)).await;
    found
        .map(|found| found.map(|address| address.ip()).collect())
        .unwrap_or_default()
}

async fn by_description(effect: &Effect<'_>, ask: Ask, before: &Before) {
    let account = effect.account;
    let (mut known, mut status) = (before.view.clone(), before.database.status().to_owned());
    let mut blind = Blind::default();
    loop {
        tokio::time::sleep(account.pace()).await;
        let seen = blind.told(account, "database", choose(account).await);
        let Some(Chosen::This(database)) = seen else {
            continue;
        };
        let view = database.view(&account.spec.allow);
        if database.status() != status {
            let words = format!("{} instead of {status}", database.status());
            account
                .happenings
                .tell("database-status", database.name(), words);
            status = database.status().to_owned();
            if ask == Ask::Reboot && status != "available" {
                effect.complete("RDS describes it as not available");
            }
        }
        roles(effect, &known, &view);
        known = view;
    }
}

/// Tells which node takes writes now, and that a standby is there again.
fn roles(effect: &Effect<'_>, known: &DatabaseView, now: &DatabaseView) {
    let happenings = &effect.account.happenings;
    let name = |view: &DatabaseView| view.primary().map(|node| node.name.clone());
    if let Some(primary) = name(now).filter(|primary| Some(primary) != name(known).as_ref()) {
        let was = name(known).unwrap_or_default();
        happenings.tell("database-promoted", primary, format!("instead of {was}"));
        effect.complete("RDS describes another writer");
    }
    if now.redundant && !known.redundant {
        let standby = now
            .standby()
            .map_or_else(String::new, |node| node.name.clone());
        happenings.tell("database-standby-caught-up", standby, "");
    }
}

async fn by_events(effect: &Effect<'_>, before: &Before) {
    let account = effect.account;
    let mut known = before.events.clone();
    let mut blind = Blind::default();
    let began = Instant::now();
    loop {
        tokio::time::sleep(account.pace() * EVENT_PERIOD).await;
        let seen = events(account, &before.database).await;
        for (at, message) in blind.told(account, "events", seen).unwrap_or_default() {
            if known.insert((at, message.clone())) {
                event(effect, before.database.name(), &message, began);
            }
        }
    }
}

fn event(effect: &Effect<'_>, name: &str, message: &str, began: Instant) {
    let meaning = meaning(message);
    let id = meaning.map_or(String::new(), |meaning| {
        format!("RDS-EVENT-{}: ", meaning.id)
    });
    let after = began.elapsed().as_secs();
    let words = format!("{id}{message} (read {after} s after the call)");
    effect
        .account
        .happenings
        .tell("database-event", name, words);
    match meaning.map(|meaning| meaning.what) {
        Some(What::Complete) => effect.complete(&format!("RDS tells: {message}")),
        Some(What::NotAttempted) => effect.void(format!(
            "RDS did not attempt it (RDS-EVENT-0034: {message}); wait until some minutes have passed since the last failover"
        )),
        Some(What::Failed) => effect.void(format!(
            "RDS tried and failed ({id}{message}); look after the cluster before you try again"
        )),
        Some(What::Begun) | None => {}
    }
}

/// The last hour's events, each with its time.
async fn events(
    account: &Account,
    database: &Described,
) -> Result<Vec<(i64, String)>, ProviderError> {
    let source = match database {
        Described::Instance(_) => SourceType::DbInstance,
        Described::Cluster(..) => SourceType::DbCluster,
    };
    let mut pages = (account.look.rds.describe_events())
        .source_type(source)
        .source_identifier(database.name())
        .duration(EVENT_WINDOW_MIN)
        .into_paginator()
        .send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = account.told("tell its events", page)?;
        found.extend(page.events().iter().filter_map(|event| {
            let at = event.date().map_or(0, aws_smithy_types::DateTime::as_nanos);
            Some((i64::try_from(at).unwrap_or(0), event.message()?.to_owned()))
        }));
    }
    Ok(found)
}
