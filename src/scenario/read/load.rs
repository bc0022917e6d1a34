//! `[[load]]`: who arrives when.

use std::time::Duration;

use super::names::find;
use crate::scenario::model::{Journey, JourneyId, Load, RateSegment, Shape, Spread, UserSegment};
use crate::scenario::syntax::value::{self, Text};
use crate::scenario::syntax::{Log, Node, Place, TableReader};

const SPREADS: [(&str, Spread); 2] = [("even", Spread::Even), ("poisson", Spread::Poisson)];
/// More users than one process can be asked to keep.
const MOST_USERS: u64 = 100_000;
const HIGHEST_WEIGHT: u64 = 1_000_000;

/// Reads all loads.
pub(crate) fn read_loads(log: &Log, node: Option<&Node>, journeys: &[Journey]) -> Vec<Load> {
    let Some(node) = node else {
        let help = "add [[load]] with a journey and arrivals or users";
        log.general("there is no load: nobody would come", help);
        return Vec::new();
    };
    let nodes = node.elements();
    if nodes.is_empty() {
        log.missing(node.at, "there is no load: nobody would come", "");
    }
    let mut loads: Vec<Load> = Vec::new();
    for node in nodes {
        let Some(mut load) = read_load(log, node, journeys) else {
            continue;
        };
        let same = loads.iter().filter(|other| other.name == load.name).count();
        if same > 0 {
            load.name = format!("{} #{}", load.name, same + 1);
        }
        loads.push(load);
    }
    loads
}

fn read_load(log: &Log, node: &Node, journeys: &[Journey]) -> Option<Load> {
    let mut table = TableReader::new(log, node, "load")?;
    let name = table.optional("name", value::name);
    let weighted = read_journeys(&mut table, journeys);
    let shape = read_shape(&mut table);
    table.finish_with(&[
        (
            "rate",
            "say arrivals = [{ rate = \"40/s\", for = \"80s\" }]",
        ),
        ("vus", "say users = [{ count = 25, for = \"80s\" }]"),
        (
            "duration",
            "say how long in arrivals or users: for = \"80s\"",
        ),
        ("stages", "say arrivals = […] or users = […]"),
    ]);
    let weighted = weighted?;
    let names: Vec<&str> = weighted
        .iter()
        .map(|(id, _)| journeys[*id].name.as_str())
        .collect();
    Some(Load {
        name: name.unwrap_or_else(|| names.join(" + ")),
        shape: shape?,
        journeys: weighted,
    })
}

fn read_journeys(
    table: &mut TableReader<'_>,
    journeys: &[Journey],
) -> Option<Vec<(JourneyId, u32)>> {
    let log = table.log();
    let names = || journeys.iter().map(|journey| journey.name.as_str());
    match table.one_of(&["journey", "journeys"]) {
        // That there is no journey at all has been said.
        _ if journeys.is_empty() => None,
        Some(("journey", node)) => {
            let found = value::text(log, node)?;
            Some(vec![(find(log, found, "journey", names())?, 1)])
        }
        Some((_, node)) => read_weights(log, node, names),
        None if journeys.len() == 1 => Some(vec![(0, 1)]),
        None => {
            let message = "this load does not say what its users do";
            log.missing(
                table.at(),
                message,
                "add journey = \"name\" or journeys = { a = 1, b = 3 }",
            );
            None
        }
    }
}

fn read_weights<'n, I: Iterator<Item = &'n str>>(
    log: &Log,
    node: &Node,
    names: impl Fn() -> I,
) -> Option<Vec<(JourneyId, u32)>> {
    let Some(table) = node.as_table() else {
        let message = "journeys are a table of weights";
        log.error_help(node.at, message, "write journeys = { buy = 1, browse = 3 }");
        return None;
    };
    let mut weighted = Vec::new();
    let mut complete = true;
    for entry in &table.entries {
        let name = Text {
            text: &entry.key,
            at: entry.key_at,
        };
        let journey = find(log, name, "journey", names());
        let weight = match value::count(log, &entry.node) {
            Some(0) => {
                let message = "a weight of 0 would never be chosen: leave the journey out";
                log.error(entry.node.at, message);
                None
            }
            Some(weight) if weight > HIGHEST_WEIGHT => {
                log.error(entry.node.at, format!("must be at most {HIGHEST_WEIGHT}"));
                None
            }
            other => other.and_then(|weight| u32::try_from(weight).ok()),
        };
        match (journey, weight) {
            (Some(journey), Some(weight)) => weighted.push((journey, weight)),
            _ => complete = false,
        }
    }
    if table.entries.is_empty() {
        log.error(node.at, "no journey is named here");
        return None;
    }
    complete.then_some(weighted)
}

fn read_shape(table: &mut TableReader<'_>) -> Option<Shape> {
    let log = table.log();
    let spread_at = table.key_at("spread");
    let spread = table.optional("spread", |log, node| value::choice(log, node, &SPREADS));
    let most_at = table.key_at("max_users");
    let most = table.optional("max_users", |log, node| {
        value::positive(log, node, MOST_USERS)
    });
    let at_once_at = table.key_at("at_once");
    let at_once = table.optional("at_once", value::flag);
    match table.one_of(&["arrivals", "users"]) {
        Some(("arrivals", node)) => {
            if at_once.is_some() {
                log.error(
                    at_once_at,
                    "this belongs to users: arrivals have a schedule",
                );
            }
            let segments = read_rates(log, node)?;
            let max_users = match most {
                Some(most) => usize::try_from(most).ok()?,
                None => default_max_users(&segments),
            };
            Some(Shape::Arrivals {
                segments,
                spread: spread.unwrap_or(Spread::Even),
                max_users,
            })
        }
        Some((_, node)) => {
            for (given, at) in [(spread.is_some(), spread_at), (most.is_some(), most_at)] {
                if given {
                    log.error(
                        at,
                        "this belongs to arrivals: a number of users has no schedule",
                    );
                }
            }
            Some(Shape::Users {
                segments: read_users(log, node)?,
                at_once: at_once.unwrap_or(false),
            })
        }
        None => {
            let help = "add arrivals = [{ rate = \"40/s\", for = \"80s\" }] or users = [{ count = 25, for = \"80s\" }]";
            log.missing(table.at(), "this load does not say how many come", help);
            None
        }
    }
}

/// Enough for iterations of ten seconds at the highest rate.
fn default_max_users(segments: &[RateSegment]) -> usize {
    let peak = segments
        .iter()
        .map(|segment| segment.from.max(segment.to))
        .fold(0.0, f64::max);
    ((peak * 10.0).ceil() as usize).clamp(50, 10_000)
}

fn read_rates(log: &Log, node: &Node) -> Option<Vec<RateSegment>> {
    let segments = read_segments(log, node, "rate", value::rate, 0.0)?;
    let segments: Vec<RateSegment> = segments
        .into_iter()
        .map(|(from, to, over)| RateSegment { from, to, over })
        .collect();
    if segments.iter().all(|s| s.from <= 0.0 && s.to <= 0.0) {
        log.error(node.at, "the rate is always 0: nobody would come");
        return None;
    }
    Some(segments)
}

fn read_users(log: &Log, node: &Node) -> Option<Vec<UserSegment>> {
    let users = |log: &Log, node: &Node| {
        let count = value::count(log, node)?;
        if count > MOST_USERS {
            log.error(node.at, format!("must be at most {MOST_USERS}"));
            return None;
        }
        usize::try_from(count).ok()
    };
    let segments = read_segments(log, node, "count", users, 0)?;
    let segments: Vec<UserSegment> = segments
        .into_iter()
        .map(|(from, to, over)| UserSegment { from, to, over })
        .collect();
    if segments.iter().all(|s| s.from == 0 && s.to == 0) {
        log.error(node.at, "there are always 0 users: nobody would come");
        return None;
    }
    Some(segments)
}

type Segments<T> = Vec<(T, T, Duration)>;

/// Reads `{ from, to, over }` (a ramp; `from` is by default where the segment before ended) and
/// `{ rate, for }` or `{ count, for }` (a hold).
fn read_segments<T: Copy>(
    log: &Log,
    node: &Node,
    hold: &'static str,
    read: impl Fn(&Log, &Node) -> Option<T>,
    zero: T,
) -> Option<Segments<T>> {
    let elements = node.elements();
    if elements.is_empty() {
        log.error(node.at, "no segment is given: nobody would come");
        return None;
    }
    let mut segments = Vec::new();
    let mut complete = true;
    let mut last = zero;
    for element in elements {
        let segment = read_segment(log, element, hold, &read, last);
        match segment {
            Some(segment) => {
                last = segment.1;
                segments.push(segment);
            }
            None => complete = false,
        }
    }
    complete.then_some(segments)
}

fn read_segment<T: Copy>(
    log: &Log,
    node: &Node,
    hold: &'static str,
    read: &impl Fn(&Log, &Node) -> Option<T>,
    last: T,
) -> Option<(T, T, Duration)> {
    let mut table = TableReader::new(log, node, "a segment of the load")?;
    let held = table.node(hold);
    let (from, to) = (table.node("from"), table.node("to"));
    let length = read_length(&mut table, held.is_some());
    let (at, hold_at) = (table.at(), table.key_at(hold));
    table.finish_with(&[(
        "duration",
        "say for = \"80s\" of a hold, over = \"10s\" of a ramp",
    )]);
    if let Some(held) = held {
        if from.is_some() || to.is_some() {
            let message = format!("`{hold}` holds, `from` and `to` ramp: choose one");
            log.error(hold_at, message);
            return None;
        }
        let held = read(log, held)?;
        return Some((held, held, length?));
    }
    let from = match from {
        Some(node) => read(log, node),
        None => Some(last),
    };
    let Some(to) = to else {
        let message = "this segment is neither a hold nor a ramp";
        let example = if hold == "rate" {
            ("\"40/s\"", "\"5/s\"")
        } else {
            ("25", "5")
        };
        let help = format!(
            "write {{ {hold} = {}, for = \"80s\" }} or {{ from = {}, to = {}, over = \"10s\" }}",
            example.0, example.1, example.0
        );
        log.missing(at, message, help);
        return None;
    };
    Some((from?, read(log, to)?, length?))
}

fn read_length(table: &mut TableReader<'_>, is_hold: bool) -> Option<Duration> {
    let log = table.log();
    if let Some((_, node)) = table.one_of(&["for", "over"]) {
        return value::length(log, node);
    }
    let (message, help) = if is_hold {
        ("this hold does not say how long", "add for = \"80s\"")
    } else {
        ("this ramp does not say how long", "add over = \"10s\"")
    };
    let at: Place = table.at();
    log.missing(at, message, help);
    None
}
