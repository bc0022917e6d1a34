//! What a person sees while the run goes on: one line that moves on a terminal, plain lines elsewhere.

use std::collections::VecDeque;
use std::io::{IsTerminal, Write};
use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::sync::mpsc::UnboundedSender;

use super::operator::{Second, Sight};
use crate::cli::style::Style;
use crate::measure::clock::Micros;
use crate::measure::interval::{Interval, histogram};

/// The last seconds in figures.
#[derive(Debug, Clone, Default)]
pub(in crate::cli) struct Live {
    /// Run time.
    pub at: Micros,
    /// Requests per second over the last seconds.
    pub rate: f64,
    /// Iterations in progress.
    pub users: u64,
    /// Response time over the last seconds, microseconds.
    pub p50_us: u64,
    /// As above.
    pub p99_us: u64,
    /// Requests of the whole run.
    pub requests: u64,
    /// Of those, failed.
    pub failed: u64,
    /// Failed share over the last seconds, 0…1.
    pub errors: f64,
    /// The fault in progress, in words.
    pub fault: Option<String>,
}

/// Adds up the last seconds.
#[derive(Debug, Default)]
pub(super) struct LastSeconds(VecDeque<(u64, u64, Histogram<u64>)>);

/// How many seconds "the last seconds" are.
const LAST: usize = 3;

impl LastSeconds {
    /// Takes a finished second into account and writes the figures of the last ones into `live`;
    /// answers its own.
    pub(super) fn push(&mut self, interval: &Interval, live: &mut Live) -> Second {
        let mut response = histogram();
        let (mut ok, mut failed) = (0, 0);
        for step in &interval.steps {
            ok += step.ok_response_us.len();
            failed += step.failed_response_us.len();
            // Auto-resizing histograms of one precision always merge.
            let _ = response.add(&step.ok_response_us);
            let _ = response.add(&step.failed_response_us);
        }
        live.requests += ok + failed;
        live.failed += failed;
        live.users = interval.users;
        let second = Second {
            requests: ok + failed,
            failed,
            p99_us: response.value_at_quantile(0.99),
        };
        self.0.push_back((ok + failed, failed, response));
        if self.0.len() > LAST {
            self.0.pop_front();
        }
        let mut all = histogram();
        let (mut requests, mut failures) = (0, 0);
        for (count, bad, response) in &self.0 {
            requests += count;
            failures += bad;
            let _ = all.add(response);
        }
        live.rate = requests as f64 / self.0.len() as f64;
        live.errors = if requests == 0 {
            0.0
        } else {
            failures as f64 / requests as f64
        };
        live.p50_us = all.value_at_quantile(0.5);
        live.p99_us = all.value_at_quantile(0.99);
        second
    }
}

/// Writes to standard error, so that standard output holds only the closing summary; or, while a
/// console has the screen, to the operator.
#[derive(Debug)]
pub(in crate::cli) struct Progress {
    style: Style,
    moving: bool,
    quiet: bool,
    /// Says nothing that stays.
    hushed: bool,
    line_shown: bool,
    total: Duration,
    operator: Option<UnboundedSender<Sight>>,
}

impl Progress {
    /// For a load of this length; `quiet` says nothing but what went wrong.
    pub(super) fn new(total: Duration, quiet: bool) -> Self {
        Self {
            style: Style::of_stderr(),
            moving: std::io::stderr().is_terminal() && !quiet,
            quiet,
            hushed: false,
            line_shown: false,
            total,
            operator: None,
        }
    }

    /// What would be said is told to an operator instead.
    pub(in crate::cli) fn told_to(sights: UnboundedSender<Sight>) -> Self {
        Self {
            style: Style::PLAIN,
            moving: false,
            quiet: true,
            hushed: false,
            line_shown: false,
            total: Duration::ZERO,
            operator: Some(sights),
        }
    }

    /// Only the line that moves, and only on a terminal.
    pub(in crate::cli) fn line_only(total: Duration) -> Self {
        Self {
            hushed: true,
            ..Self::new(total, !std::io::stderr().is_terminal())
        }
    }

    /// How often [`Progress::tick`] wants to be called.
    pub(super) fn pace(&self) -> Duration {
        if self.operator.is_some() {
            Duration::from_millis(250)
        } else if self.moving {
            Duration::from_millis(500)
        } else {
            Duration::from_secs(5)
        }
    }

    /// Shows where the run is.
    pub(super) fn tick(&mut self, live: &Live) {
        let line = self.line(live);
        self.show(&line);
    }

    /// Shows a line that the next one replaces; where nothing can be replaced they follow one
    /// another, so mind the [`Progress::pace`].
    pub(super) fn show(&mut self, line: &str) {
        if self.quiet {
            return;
        }
        if self.moving {
            eprint!("\r\u{1b}[2K{line}");
            let _ = std::io::stderr().flush();
            self.line_shown = true;
        } else {
            eprintln!("{line}");
        }
    }

    /// Says something that stays.
    pub(in crate::cli) fn say(&mut self, text: &str) {
        if self.tell(false, text) {
            return;
        }
        if !self.quiet && !self.hushed {
            self.clear();
            eprintln!("{text}");
        }
    }

    /// Says something that stays, even when quiet.
    pub(super) fn warn(&mut self, text: &str) {
        if self.tell(true, text) {
            return;
        }
        self.clear();
        eprintln!("{} {text}", self.style.warn("warning:"));
    }

    /// Whether an operator has been told.
    fn tell(&self, warning: bool, text: &str) -> bool {
        let Some(operator) = &self.operator else {
            return false;
        };
        let text = text.to_owned();
        operator.send(Sight::Said { warning, text }).is_ok()
    }

    /// Takes the moving line away.
    pub(super) fn clear(&mut self) {
        if self.line_shown {
            eprint!("\r\u{1b}[2K");
            let _ = std::io::stderr().flush();
            self.line_shown = false;
        }
    }

    /// Whether what is said is told to an operator.
    pub(super) fn has_operator(&self) -> bool {
        self.operator.is_some()
    }

    /// How to paint what is said.
    pub(super) fn style(&self) -> Style {
        self.style
    }

    fn line(&self, live: &Live) -> String {
        let seconds = live.at / 1_000_000;
        let total = self.total.as_secs();
        let errors = if live.failed == 0 {
            "no errors".to_owned()
        } else {
            let words = format!("{:.2}% errors", live.errors * 100.0);
            if live.errors > 0.0 {
                self.style.bad(words)
            } else {
                format!("{} errors", live.failed)
            }
        };
        let mut line = format!(
            "{} {} {:.0} req/s · {} users · p50 {} p99 {} · {errors}",
            clock(seconds),
            bar(seconds, total),
            live.rate,
            live.users,
            millis(live.p50_us),
            millis(live.p99_us),
        );
        if let Some(fault) = &live.fault {
            line.push_str(&format!(" · {}", self.style.warn(fault)));
        }
        line
    }
}

/// `01:42`
pub(super) fn clock(seconds: u64) -> String {
    format!("{:02}:{:02}", seconds / 60, seconds % 60)
}

fn bar(done: u64, total: u64) -> String {
    const WIDTH: u64 = 20;
    let of = |parts: u64| {
        (done * parts)
            .checked_div(total)
            .unwrap_or(parts)
            .min(parts)
    };
    let full = "█".repeat(of(WIDTH) as usize);
    let empty = "░".repeat((WIDTH - of(WIDTH)) as usize);
    format!("{full}{empty} {:>3}% ·", of(100))
}

fn millis(micros: u64) -> String {
    match micros {
        0..10_000 => format!("{:.1} ms", micros as f64 / 1e3),
        10_000..10_000_000 => format!("{} ms", micros / 1_000),
        _ => format!("{:.1} s", micros as f64 / 1e6),
    }
}
