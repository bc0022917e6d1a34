//! `ladder.html`: what each rung from one server to many bought, in the frame of every other page.

use super::cells::{self, Cell, Table, verdict_badge};
use super::page::Frame;
use super::timeline::figure;
use super::{Section, escape};
use crate::ladder::result::{Ladder, Rung};
use crate::measure::units;
use crate::report::charts;
use crate::report::ladder::STATED;

/// The whole page.
#[must_use]
pub fn render(ladder: &Ladder) -> String {
    let section = |id, title, body| Section { id, title, body };
    let chart = charts::ladder(ladder).map(|chart| {
        let about = escape(&chart.description);
        format!(
            "<p class=\"hint\">{about} {}</p>{}",
            escape(STATED),
            figure(&chart, "single")
        )
    });
    let sections = [
        section("bought", "What each rung bought", chart),
        section("rungs", "Rungs", Some(rungs(&ladder.rungs))),
        section("stated", "What is stated", Some(stated(&ladder.rungs))),
    ];
    let lead = lead(ladder);
    let frame = Frame {
        title: format!("From one server to many: {}", ladder.scenario),
        lead: &lead,
        tool: &ladder.tool,
        data: Frame::no_data(),
    };
    frame.around(&sections)
}

fn lead(ladder: &Ladder) -> String {
    let highest = ladder.highest().map_or("–".to_owned(), units::rate);
    let markup = format!(
        "<header class=\"verdict\"><p class=\"scenario\">{} <span>from one server to many, iterations per second</span></p>\
         <h1>{}</h1><p class=\"why\">{}</p></header>",
        escape(&ladder.scenario),
        escape(&highest),
        escape(&ladder.headline()),
    );
    let steps: usize = ladder.rungs.iter().map(|rung| rung.steps).sum();
    let facts = [
        ("What has to hold", ladder.limits.join(" · ")),
        ("Rungs", ladder.rungs.len().to_string()),
        ("Precision", units::percent(ladder.precision)),
        ("Steps", steps.to_string()),
    ];
    markup + &cells::facts(facts.map(|(name, value)| (name, Some(value))))
}

fn rungs(rungs: &[Rung]) -> String {
    let headers = [
        ("Rung", false),
        ("Verdict", false),
        ("Holds", true),
        ("Bought", true),
        ("Fails at", true),
        ("p50", true),
        ("p99", true),
        ("Report", false),
        ("Why", false),
    ];
    let mut table = Table::new("From the bottom up", &headers);
    for rung in rungs {
        let rate = |rate: Option<f64>| {
            rate.map_or_else(
                || Cell::text("–"),
                |rate| Cell::number(&units::rate(rate), rate),
            )
        };
        let report = rung.folder.as_ref().map_or(String::new(), |folder| {
            format!("<a href=\"{}/capacity.html\">search</a>", escape(folder))
        });
        table.row([
            Cell::head(&format!("{} {}", rung.number, rung.name)),
            Cell::markup(&verdict_badge(rung.verdict)),
            rate(rung.rate),
            rung.gain().zip(rung.bought).map_or_else(
                || Cell::text("–"),
                |(words, times)| Cell::number(&words, times),
            ),
            rate(rung.fails_at),
            Cell::micros(rung.p50_us),
            Cell::micros(rung.p99_us),
            Cell::markup(&report),
            Cell::text(&rung.reason),
        ]);
    }
    table.finish()
}

fn stated(rungs: &[Rung]) -> String {
    let headers = [
        ("Rung", false),
        ("Topology", false),
        ("What it is", false),
        ("Stated", false),
    ];
    let mut table = Table::new("What the rates hang on", &headers);
    for rung in rungs {
        table.row([
            Cell::head(&format!("{} {}", rung.number, rung.name)),
            Cell::text(&rung.topology),
            Cell::text(&rung.description),
            Cell::text(&rung.stated.join("; ")),
        ]);
    }
    table.finish()
}
