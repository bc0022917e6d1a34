//! Tables, badges and small marks that several sections use.

use super::escape;
use crate::gate::sufficiency::{FOR_AN_INTERVAL, beyond};
use crate::gate::{GateVerdict, Verdict};
use crate::measure::units;

/// Names and what they are, as far as that is known.
pub(super) fn facts<'n>(facts: impl IntoIterator<Item = (&'n str, Option<String>)>) -> String {
    let mut markup = String::from("<dl class=\"facts\">");
    for (name, value) in facts {
        if let Some(value) = value {
            markup += &format!("<div><dt>{name}</dt><dd>{}</dd></div>", escape(&value));
        }
    }
    markup + "</dl>"
}

/// A table with a caption for screen readers. Headers are (name, whether numbers).
pub(super) struct Table {
    markup: String,
}

impl Table {
    pub(super) fn new(caption: &str, headers: &[(&str, bool)]) -> Self {
        Self::grouped(caption, &[], headers)
    }

    /// With names over groups of columns: (name, columns).
    pub(super) fn grouped(
        caption: &str,
        groups: &[(&str, usize)],
        headers: &[(&str, bool)],
    ) -> Self {
        let mut markup = format!(
            "<div class=\"scroll\"><table><caption>{}</caption><thead>",
            escape(caption)
        );
        if !groups.is_empty() {
            markup += "<tr class=\"groups\">";
            for (name, columns) in groups {
                markup += &format!(
                    "<th scope=\"colgroup\" colspan=\"{columns}\">{}</th>",
                    escape(name)
                );
            }
            markup += "</tr>";
        }
        markup += "<tr>";
        for (name, number) in headers {
            let class = if *number { " class=\"n\"" } else { "" };
            markup += &format!("<th scope=\"col\"{class}>{}</th>", escape(name));
        }
        markup += "</tr></thead><tbody>";
        Self { markup }
    }

    /// A row of ready cells.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.markup += "<tr>";
        for cell in cells {
            self.markup += &cell.0;
        }
        self.markup += "</tr>";
    }

    pub(super) fn finish(mut self) -> String {
        self.markup += "</tbody></table></div>";
        self.markup
    }
}

/// A ready `<td>` or `<th>`.
pub(super) struct Cell(String);

impl Cell {
    /// The row's name.
    pub(super) fn head(text: &str) -> Self {
        Self(format!("<th scope=\"row\">{}</th>", escape(text)))
    }

    /// The row's name as markup that is already safe.
    pub(super) fn name(markup: &str) -> Self {
        Self(format!("<td class=\"name\">{markup}</td>"))
    }

    pub(super) fn text(text: &str) -> Self {
        Self(format!("<td class=\"words\">{}</td>", escape(text)))
    }

    /// Markup that is already safe.
    pub(super) fn markup(markup: &str) -> Self {
        Self(format!("<td>{markup}</td>"))
    }

    /// A run by its id, which leads to its report in this folder.
    pub(super) fn report(folder: &str, run: &str) -> Self {
        let (folder, run) = (escape(folder), escape(run));
        Self::markup(&format!("<a href=\"{folder}/report.html\">{run}</a>"))
    }

    /// A number with the value that sorts it.
    pub(super) fn number(shown: &str, sort: f64) -> Self {
        Self(format!(
            "<td class=\"n\" data-v=\"{sort}\">{}</td>",
            escape(shown)
        ))
    }

    pub(super) fn count(count: u64) -> Self {
        Self::number(&units::count(count), count as f64)
    }

    /// A count that is bad news unless zero.
    pub(super) fn bad_count(count: u64) -> Self {
        let class = if count > 0 { "n bad" } else { "n" };
        Self(format!(
            "<td class=\"{class}\" data-v=\"{count}\">{}</td>",
            units::count(count)
        ))
    }

    pub(super) fn micros(us: Option<u64>) -> Self {
        us.map_or_else(Self::absent, |us| {
            Self::number(&units::micros(us), us as f64)
        })
    }

    /// A quantile of so many requests, marked where too few lie beyond it.
    pub(super) fn quantile(us: Option<u64>, q: f64, count: u64) -> Self {
        let Some(us) = us.filter(|_| q < 1.0 && beyond(q, count) < FOR_AN_INTERVAL) else {
            return Self::micros(us);
        };
        Self(format!(
            "<td class=\"n few\" data-v=\"{us}\">{} <abbr title=\"insufficient: fewer than {FOR_AN_INTERVAL} requests \
             lie beyond\">*</abbr></td>",
            units::micros(us)
        ))
    }

    /// Measured, but too little of it.
    pub(super) fn insufficient() -> Self {
        Self("<td class=\"n few\" data-v=\"-1\">insufficient</td>".into())
    }

    pub(super) fn seconds(seconds: Option<f64>) -> Self {
        seconds.map_or_else(Self::absent, |seconds| {
            Self::number(&units::duration(seconds * 1e6), seconds)
        })
    }

    pub(super) fn instant(us: Option<u64>) -> Self {
        us.map_or_else(Self::absent, |us| {
            Self::number(&units::instant(us), us as f64)
        })
    }

    /// Failed of all, as a percentage.
    pub(super) fn error_share(failed: u64, all: u64) -> Self {
        if all == 0 {
            return Self::absent();
        }
        let share = failed as f64 / all as f64;
        let class = if failed > 0 { "n bad" } else { "n" };
        Self(format!(
            "<td class=\"{class}\" data-v=\"{share}\">{}</td>",
            units::percent(share)
        ))
    }

    /// Nothing was measured, which is not zero.
    pub(super) fn absent() -> Self {
        Self(
            "<td class=\"n none\" data-v=\"-1\"><span aria-label=\"not measured\">–</span></td>"
                .into(),
        )
    }
}

/// Class and icon of a verdict, to stand beside its word: colour alone tells nobody. Its colour is an
/// attribute, so that it is there without styles as well.
pub(super) fn verdict_mark(verdict: Verdict) -> (&'static str, String) {
    let (class, colour, strokes) = match verdict {
        Verdict::Pass => ("pass", "#12734A", "M10 19l6 6 11-14"),
        Verdict::Fail => ("fail", "#B3261E", "M12 12l12 12M24 12L12 24"),
        Verdict::Inconclusive => (
            "maybe",
            "#8A5A00",
            "M13 14a5 5 0 1 1 7 5q-2 1-2 3M18 26.5v.5",
        ),
        Verdict::Invalid => ("invalid", "#5B3B8C", "M11 18H25"),
    };
    let icon = format!(
        "<svg class=\"icon\" aria-hidden=\"true\" width=\"36\" height=\"36\" viewBox=\"0 0 36 36\">\
         <circle cx=\"18\" cy=\"18\" r=\"18\" fill=\"{colour}\"/>\
         <path d=\"{strokes}\" fill=\"none\" stroke=\"#FFFFFF\" stroke-width=\"3.6\" stroke-linecap=\"round\"/></svg>"
    );
    (class, icon)
}

/// A verdict in a table.
pub(super) fn verdict_badge(verdict: Verdict) -> String {
    let (icon, class) = match verdict {
        Verdict::Pass => ("✓", "pass"),
        Verdict::Fail => ("✗", "fail"),
        Verdict::Inconclusive => ("?", "maybe"),
        Verdict::Invalid => ("–", "invalid"),
    };
    badge(icon, class, verdict.word())
}

pub(super) fn gate_badge(verdict: GateVerdict) -> String {
    let (icon, class, word) = match verdict {
        GateVerdict::Pass => ("✓", "pass", "pass"),
        GateVerdict::Fail => ("✗", "fail", "fail"),
        GateVerdict::Inconclusive => ("?", "maybe", "inconclusive"),
    };
    badge(icon, class, word)
}

pub(super) fn badge(icon: &str, class: &str, word: &str) -> String {
    format!(
        "<span class=\"badge {class}\"><b aria-hidden=\"true\">{icon}</b> {}</span>",
        escape(word)
    )
}
