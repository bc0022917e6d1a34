//! What the summary is told that only the run itself knows: who, where, which fault, whether to believe it.

mod connections;
mod drill;
mod fault;
mod validity;

use target_app::api::{DatabaseRole, StackStatus};

use super::canary;
use super::conduct::Played;
use super::folder::RunFolder;
use super::stage::Stage;
use super::{Attendance, RunArgs};
use crate::chaos::record::{FaultRecord, Undo};
use crate::measure::infrastructure::{Entry, Parts, database_parts};
use crate::measure::ledger::{FaultLedger, LedgerCounts};
use crate::measure::phases::LoadSpan;
use crate::report::redact;
use crate::report::summary::{
    Generator, GeneratorVerdict, Lanes, Latency, Ledger, RoleLane, Run, Segment, ServingKind,
    ServingLane, Span, Undo as UndoResult,
};
use crate::scenario::Scenario;

pub(super) use connections::connections;
pub(super) use drill::drill;
pub(super) use fault::{Findings, faults};
pub(super) use validity::invalid_causes;

/// Who ran what where.
pub(super) fn run(
    args: &RunArgs,
    scenario: &Scenario,
    stage: &Stage,
    folder: &RunFolder,
    played: &Played,
    load: LoadSpan,
) -> Run {
    let utc = |unix_us: u64| {
        jiff::Timestamp::from_microsecond(i64::try_from(unix_us).unwrap_or(i64::MAX)).map_or_else(
            |_| String::new(),
            |at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        )
    };
    Run {
        id: folder.id().to_owned(),
        scenario: scenario.name.clone(),
        description: scenario.description.clone(),
        hash: scenario.source.hash.clone(),
        seed: scenario.seed,
        started: utc(played.clock.unix_us(load.began)),
        ended: utc(played.clock.unix_us(load.ended)),
        started_unix_us: played.clock.started().unix_us,
        duration_us: load.ended,
        tool: format!("loadtest {}", env!("CARGO_PKG_VERSION")),
        revision: args.revision.clone(),
        target: stage.target.clone(),
        topology: stage.topology.clone(),
        machine: Some(machine()),
        command: command(args, scenario),
        overrides: scenario
            .source
            .overrides
            .iter()
            .map(|given| redact::argument(given))
            .collect(),
        slo: None,
    }
}

/// `Linux x86_64, 2 cores`
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let system = match std::env::consts::OS {
        "linux" => "Linux",
        "macos" => "macOS",
        other => other,
    };
    let plural = if cores == 1 { "" } else { "s" };
    format!("{system} {}, {cores} core{plural}", std::env::consts::ARCH)
}

/// The command that repeats the run, seed included and secrets left out.
fn command(args: &RunArgs, scenario: &Scenario) -> String {
    let command = match args.drill {
        Some(_) => "drill",
        None => "run",
    };
    let mut words = vec!["loadtest".to_owned()];
    if !args.told_as.is_empty() {
        words.extend(args.told_as.iter().map(|word| redact::argument(word)));
        return in_a_shell(&words);
    }
    words.push(command.to_owned());
    words.push(args.file.display().to_string());
    let mut overrides = args.overrides.overrides();
    overrides.seed = Some(scenario.seed);
    words.extend(
        overrides
            .to_options()
            .iter()
            .map(|option| redact::argument(option)),
    );
    if args.workers > 1 {
        words.push(format!("--workers={}", args.workers));
    }
    if args.drill == Some(Attendance::Rehearsed) {
        words.push("--yes".to_owned());
    }
    in_a_shell(&words)
}

fn in_a_shell(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    words.join(" ")
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,%@+•".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn undo(record: &FaultRecord) -> UndoResult {
    match &record.undone {
        Undo::NotNeeded => UndoResult {
            done: record.missing.is_empty(),
            how: if record.missing.is_empty() {
                "nothing to undo: the infrastructure healed by itself".into()
            } else {
                format!("still missing at the end: {}", record.missing.join(", "))
            },
            at_us: record.redundancy_restored_us,
        },
        Undo::Done => UndoResult {
            done: record.missing.is_empty(),
            how: if record.missing.is_empty() {
                "undone, and the infrastructure is whole again".into()
            } else {
                format!(
                    "undone, but still missing at the end: {}",
                    record.missing.join(", ")
                )
            },
            at_us: record.undone_us,
        },
        Undo::Failed { reason, by_hand } => UndoResult {
            done: false,
            how: format!("{reason}; by hand: {}", by_hand.join("; ")),
            at_us: None,
        },
    }
}

fn at_risk(at_risk: &FaultLedger) -> Ledger {
    ledger(&at_risk.counts)
}

/// What became of writes.
pub(super) fn ledger(counts: &LedgerCounts) -> Ledger {
    Ledger {
        acknowledged: counts.acknowledged,
        lost: counts.lost,
        duplicate: counts.duplicate,
        phantom: counts.phantom,
        stale: counts.stale,
        unknown: counts.unknown,
        unverified: counts.unread,
    }
}

/// How well the load was made.
pub(super) fn generator(played: &Played) -> Generator {
    let watch = &played.observed.generator;
    let findings = validity::of_the_generator(played);
    let totals = &played.load.totals;
    let verdict = if findings.iter().any(|finding| finding.fatal) {
        GeneratorVerdict::Saturated
    } else if findings.is_empty() {
        GeneratorVerdict::Healthy
    } else {
        GeneratorVerdict::Strained
    };
    let open = totals.arrivals_scheduled > 0;
    let lag = &played.load.start_lag_us;
    Generator {
        verdict,
        causes: findings,
        cpu_share: watch.cpu_mean(),
        cpu_share_max: watch.cpu_busiest(),
        cores: std::thread::available_parallelism()
            .ok()
            .map(|cores| cores.get() as u64),
        start_lag_us: (open && !lag.is_empty()).then(|| Latency {
            count: lag.len(),
            p50: lag.value_at_quantile(0.5),
            p90: lag.value_at_quantile(0.9),
            p95: lag.value_at_quantile(0.95),
            p99: lag.value_at_quantile(0.99),
            p99_9: lag.value_at_quantile(0.999),
            max: lag.max(),
            mean: lag.mean(),
        }),
        late: open.then_some(totals.arrivals_late),
        dropped: open.then_some(totals.arrivals_dropped),
        descriptors: watch.descriptors().map(|(used, _)| used),
        descriptor_limit: watch.descriptors().map(|(_, limit)| limit),
        memory_bytes: watch.resident_bytes(),
    }
}

/// Who served and what was written in each second, and which part each database server had.
pub(super) fn lanes(scenario: &Scenario, stage: &Stage, played: &Played) -> Lanes {
    let served = &played.observed.served;
    let zones = served.zones.iter();
    let pods = served.pods.iter();
    let serving = zones
        .map(|(zone, seconds)| serving(ServingKind::Zone, zone.clone(), seconds))
        .chain(pods.map(|((pod, zone), seconds)| {
            let name = match zone {
                Some(zone) => format!("{pod} · zone {zone}"),
                None => pod.clone(),
            };
            serving(ServingKind::Pod, name, seconds)
        }))
        .chain(
            (!served.nobody.is_empty())
                .then(|| serving(ServingKind::Nobody, String::new(), &served.nobody)),
        );
    let roles = stage.before.iter().flat_map(|before| {
        let parts = database_parts(
            &parts_before(before),
            &log(played),
            played.observed.last_pulse,
        );
        parts.into_iter().map(role_lane)
    });
    Lanes {
        faults: Vec::new(),
        serving: serving.chain(canary::lanes(scenario, played)).collect(),
        roles: roles.collect(),
    }
}

fn serving(kind: ServingKind, name: String, seconds: &[(u64, u64)]) -> ServingLane {
    ServingLane {
        kind,
        name,
        ok: seconds.iter().map(|(ok, _)| *ok).collect(),
        failed: seconds.iter().map(|(_, failed)| *failed).collect(),
    }
}

fn role_lane(parts: Parts) -> RoleLane {
    let segment = |(from_us, to_us, part): &(u64, u64, &str)| Segment {
        span: Span {
            from_us: *from_us,
            to_us: *to_us,
        },
        state: (*part).to_owned(),
    };
    RoleLane {
        segments: parts.segments.iter().map(segment).collect(),
        name: parts.server,
    }
}

fn parts_before(status: &StackStatus) -> Vec<(String, &'static str)> {
    let part = |role| match role {
        DatabaseRole::Primary => "primary",
        DatabaseRole::Standby => "standby",
        DatabaseRole::Replica => "replica",
        DatabaseRole::Rebuilding => "rebuilding",
        DatabaseRole::Down => "down",
    };
    status
        .databases()
        .flat_map(|database| &database.nodes)
        .map(|node| (node.name.clone(), part(node.role)))
        .collect()
}

fn log(played: &Played) -> Vec<Entry<'_>> {
    let events = played.observed.provider_events.iter();
    events
        .map(|event| Entry {
            at: event.at_us,
            kind: &event.kind,
            subject: &event.subject,
        })
        .collect()
}
