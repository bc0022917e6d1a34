//! What was measured, as ratios within each round.

use std::fmt::Write as _;

use crate::common::measure::Usage;
use crate::contest::Contestant;

/// One contestant's turn in one round.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measurement {
    /// As the server counted.
    pub(crate) requests: u64,
    /// As the kernel counted.
    pub(crate) usage: Usage,
}

impl Measurement {
    fn per_cpu_second(&self) -> f64 {
        self.requests as f64 / self.usage.cpu()
    }
}

/// The results of one exchange.
#[derive(Debug)]
pub(crate) struct Table {
    /// For people.
    pub(crate) title: &'static str,
    rows: Vec<(&'static str, Vec<Measurement>)>,
    /// Whom the others are compared with.
    reference: &'static str,
}

/// A row, worked out.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// Whose.
    pub(crate) name: &'static str,
    /// Median, requests per processor second.
    pub(crate) rate: f64,
    /// Smallest, median and largest ratio to the reference of the same round.
    pub(crate) ratio: [f64; 3],
    /// User time per request, median, microseconds.
    pub(crate) user_us: f64,
    /// Largest resident memory, bytes.
    pub(crate) memory: u64,
}

impl Table {
    /// Nothing measured yet; compared with wrk, or with whoever comes after us where wrk cannot.
    pub(crate) fn new(title: &'static str, entrants: &[Contestant]) -> Self {
        let names = entrants.iter().map(|entrant| entrant.name);
        let wrk = names.clone().find(|name| *name == "wrk");
        let reference = wrk.or_else(|| names.clone().nth(1)).unwrap_or("loadtest");
        Self {
            title,
            rows: names.map(|name| (name, Vec::new())).collect(),
            reference,
        }
    }

    /// Notes one turn.
    pub(crate) fn add(&mut self, name: &str, measured: Measurement) {
        if let Some((_, turns)) = self.rows.iter_mut().find(|(known, _)| *known == name) {
            turns.push(measured);
        }
    }

    /// Best first; whoever has no measurement is absent.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let of = |name: &str| self.rows.iter().find(|(known, _)| *known == name);
        let reference = of(self.reference).map_or(&[][..], |(_, turns)| turns);
        let measured = self.rows.iter().filter(|(_, turns)| !turns.is_empty());
        let mut rows: Vec<Row> = measured
            .map(|(name, turns)| {
                let ratios = turns.iter().zip(reference);
                let mut ratios: Vec<f64> = ratios
                    .map(|(turn, reference)| turn.per_cpu_second() / reference.per_cpu_second())
                    .collect();
                ratios.sort_by(f64::total_cmp);
                let edge = |at: Option<&f64>| at.copied().unwrap_or(f64::NAN);
                Row {
                    name,
                    rate: median(turns.iter().map(Measurement::per_cpu_second)),
                    ratio: [
                        edge(ratios.first()),
                        median(ratios.iter().copied()),
                        edge(ratios.last()),
                    ],
                    user_us: median(
                        turns
                            .iter()
                            .map(|turn| turn.usage.user * 1e6 / turn.requests as f64),
                    ),
                    memory: turns
                        .iter()
                        .map(|turn| turn.usage.memory)
                        .max()
                        .unwrap_or(0),
                }
            })
            .collect();
        rows.sort_by(|a, b| b.ratio[1].total_cmp(&a.ratio[1]));
        rows
    }

    /// Whom the others are compared with.
    pub(crate) fn reference(&self) -> &'static str {
        self.reference
    }

    /// For a terminal, and for Markdown.
    pub(crate) fn text(&self) -> String {
        let mut text = format!(
            "### {}\n\n| generator | × {} | from … to | requests per CPU-s | user µs | MB |\n|---|---:|---:|---:|---:|---:|\n",
            self.title, self.reference
        );
        for row in self.rows() {
            let [least, middle, most] = row.ratio;
            let _ = writeln!(
                text,
                "| {} | {middle:.2} | {least:.2} … {most:.2} | {} | {:.2} | {:.0} |",
                if row.name == "loadtest" {
                    "**loadtest**"
                } else {
                    row.name
                },
                thousands(row.rate),
                row.user_us,
                row.memory as f64 / 1e6
            );
        }
        text
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => values[count / 2],
        count => f64::midpoint(values[count / 2 - 1], values[count / 2]),
    }
}

fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
