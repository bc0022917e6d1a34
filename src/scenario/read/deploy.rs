//! `kind = "deploy"`: a version, the way it takes over, what is wrong with it, what takes it back.

use std::time::Duration;

use target_app::api::{
    CanaryStep, Comparison, Mischief, RollbackRule, Strategy, TrafficMetric, VERSION_RULE,
    is_version,
};

use super::condition;
use crate::scenario::model::{CompareOp, Deploy, DeployStrategy, Extent, Metric};
use crate::scenario::syntax::value::{self, Text};
use crate::scenario::syntax::{Log, Node, TableReader, Value, units};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Rolling,
    BlueGreen,
    Canary,
}

const STRATEGIES: [(&str, Word); 3] = [
    ("rolling", Word::Rolling),
    ("blue-green", Word::BlueGreen),
    ("canary", Word::Canary),
];
/// Keys that only one strategy has.
const OWN_KEYS: [(&str, Word, &str); 4] = [
    ("max_surge", Word::Rolling, "rolling"),
    ("max_unavailable", Word::Rolling, "rolling"),
    ("keep_old", Word::BlueGreen, "blue-green"),
    ("steps", Word::Canary, "canary"),
];
const STEPS: &str = "[\"10% for 5s\", \"50% for 5s\", \"100%\"]";
/// As a Deployment of Kubernetes has it unless told otherwise.
const QUARTER: Extent = Extent::Percent(25);
const KEEP_OLD: Duration = Duration::from_secs(5);
/// Long enough for a share to mean something, short enough to spare users.
const WINDOW: Duration = Duration::from_secs(2);
const LONGEST_DELAY: Duration = Duration::from_secs(60);

/// Reads what a deploy has besides the keys of every fault.
pub(super) fn read_deploy(table: &mut TableReader<'_>) -> Option<Deploy> {
    let version = table.required("version", "\"2\"", read_version);
    let strategy = table.required("strategy", "\"rolling\"", |log, node| {
        value::choice(log, node, &STRATEGIES)
    });
    for (key, of, word) in OWN_KEYS {
        if let Some(node) = table.node(key)
            && strategy.is_some_and(|strategy| strategy != of)
        {
            let message = format!("`{key}` is of strategy = \"{word}\"");
            table.log().error_help(node.at, message, "leave it out");
        }
    }
    let strategy = strategy.and_then(|strategy| match strategy {
        Word::Rolling => read_rolling(table),
        Word::BlueGreen => Some(DeployStrategy::BlueGreen {
            keep_old: table
                .optional("keep_old", value::duration)
                .unwrap_or(KEEP_OLD),
        }),
        Word::Canary => Some(DeployStrategy::Canary {
            steps: table.required("steps", STEPS, read_steps)?,
        }),
    });
    let bad = table.optional("bad", read_bad).unwrap_or_default();
    let rollback_when = table.optional("rollback_when", read_rollback);
    Some(Deploy {
        version: version?,
        strategy: strategy?,
        bad,
        rollback_when,
    })
}

pub(super) fn read_version(log: &Log, node: &Node) -> Option<String> {
    let Text { text, at } = value::text(log, node)?;
    if is_version(text) {
        return Some(text.to_owned());
    }
    let message = format!("`{text}` is no version");
    log.error_help(at, message, format!("write {VERSION_RULE}"));
    None
}

fn read_rolling(table: &mut TableReader<'_>) -> Option<DeployStrategy> {
    let max_surge = table.optional("max_surge", read_extent).unwrap_or(QUARTER);
    let max_unavailable = table
        .optional("max_unavailable", read_extent)
        .unwrap_or(QUARTER);
    // How many pods a share is, is known later.
    let any = |extent: Extent| u32::from(!matches!(extent, Extent::Count(0) | Extent::Percent(0)));
    let counted = Strategy::Rolling {
        max_surge: any(max_surge),
        max_unavailable: any(max_unavailable),
    };
    if let Some(message) = counted.objection() {
        let at = table.key_at("max_surge");
        table.log().error_help(at, message, "allow one of them");
        return None;
    }
    Some(DeployStrategy::Rolling {
        max_surge,
        max_unavailable,
    })
}

/// `1`, or `"25%"`.
fn read_extent(log: &Log, node: &Node) -> Option<Extent> {
    match &node.value {
        Value::Integer(_) => {
            let count = value::count(log, node)?;
            Some(Extent::Count(u32::try_from(count).unwrap_or(u32::MAX)))
        }
        _ => {
            let Text { text, at } = value::text(log, node)?;
            whole_percent(log, at, text).map(Extent::Percent)
        }
    }
}

/// A share in whole percent, 0 to 100.
fn whole_percent(log: &Log, at: crate::scenario::syntax::Place, text: &str) -> Option<u32> {
    match units::percent(text) {
        Ok(share) => {
            let percent = (share * 100.0).round();
            let whole = (share * 100.0 - percent).abs() < 1e-9;
            let found = (0..=100).find(|whole| (f64::from(*whole) - percent).abs() < 0.5);
            if found.is_none() || !whole {
                log.error(at, "a share is 0% to 100%, in whole percent");
                return None;
            }
            found
        }
        Err(message) => {
            log.error(at, message);
            None
        }
    }
}

fn read_steps(log: &Log, node: &Node) -> Option<Vec<CanaryStep>> {
    let steps: Vec<CanaryStep> = (node.elements().iter())
        .map(|node| read_step(log, node))
        .collect::<Option<_>>()?;
    let strategy = Strategy::Canary {
        steps: steps.clone(),
    };
    if let Some(message) = strategy.objection() {
        log.error_help(node.at, message, format!("write steps = {STEPS}"));
        return None;
    }
    Some(steps)
}

/// `"10% for 5s"`, or `"100%"`.
fn read_step(log: &Log, node: &Node) -> Option<CanaryStep> {
    let Text { text, at } = value::text(log, node)?;
    let (share, pause) = match text.split_once(" for ") {
        Some((share, pause)) => match units::duration(pause.trim()) {
            Ok(pause) => (share.trim(), pause),
            Err(message) => {
                log.error(at, message);
                return None;
            }
        },
        None => (text.trim(), Duration::ZERO),
    };
    let share = whole_percent(log, at, share)?;
    if share == 0 {
        log.error(
            at,
            "a step without traffic shows nothing: a share is at least 1%",
        );
        return None;
    }
    Some(CanaryStep {
        share,
        pause_ms: millis(pause),
    })
}

/// `{ errors = "20%" }`, `{ delay = "300ms" }`.
pub(super) fn read_bad(log: &Log, node: &Node) -> Option<Mischief> {
    let mut table = TableReader::new(log, node, "bad")?;
    let bad = read_answers(&mut table);
    table.finish();
    Some(bad)
}

/// How badly a shop answers.
pub(super) fn read_answers(table: &mut TableReader<'_>) -> Mischief {
    let errors_ppm = table.optional("errors", |log, node| {
        let share = value::share(log, node)?;
        let ppm = parts_per_million(share);
        if ppm == 0 {
            log.error(node.at, "a share of no errors is none: leave it out");
            return None;
        }
        u32::try_from(ppm).ok()
    });
    let delay_ms = table.optional("delay", |log, node| {
        let delay = value::length(log, node)?;
        if delay < Duration::from_millis(1) || delay > LONGEST_DELAY {
            log.error(node.at, "a delay is between 1ms and 60s");
            return None;
        }
        Some(millis(delay))
    });
    Mischief {
        errors_ppm,
        delay_ms,
        ..Mischief::default()
    }
}

/// `"errors > 2% for 2s"`, as guards say it, on what the edge counts of a version.
fn read_rollback(log: &Log, node: &Node) -> Option<RollbackRule> {
    let Text { text, at } = value::text(log, node)?;
    let condition = match condition::parse(text) {
        Ok(condition) => condition,
        Err(message) => {
            log.error(at, message);
            return None;
        }
    };
    let (metric, limit) = match condition.metric {
        Metric::Errors => (TrafficMetric::Errors, parts_per_million(condition.limit)),
        Metric::Availability => (
            TrafficMetric::Availability,
            parts_per_million(condition.limit),
        ),
        Metric::Mean => (TrafficMetric::Mean, whole(condition.limit)),
        _ => {
            let message = "a rollback looks at what the edge counts of the new version";
            log.error_help(at, message, "use errors, availability or mean");
            return None;
        }
    };
    let comparison = match condition.op {
        CompareOp::Less => Comparison::Below,
        CompareOp::AtMost => Comparison::AtMost,
        CompareOp::Greater => Comparison::Above,
        CompareOp::AtLeast => Comparison::AtLeast,
        CompareOp::Equal => {
            log.error_help(at, "a rollback has a limit", "write >, >=, < or <=");
            return None;
        }
    };
    Some(RollbackRule {
        metric,
        comparison,
        limit,
        window_ms: millis(condition.window.unwrap_or(WINDOW)),
        text: text.to_owned(),
    })
}

fn parts_per_million(share: f64) -> u64 {
    whole(share * 1e6)
}

/// Conditions are checked to be no less than nothing, and their limits are far below 2^53.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn whole(number: f64) -> u64 {
    number.round() as u64
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
