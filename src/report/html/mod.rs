//! `report.html`: one file, no network, readable without scripts and without styles.
//!
//! One file per section, in the order of the page. A section takes the [`Summary`] and returns its
//! markup; one without anything to say returns nothing.

pub mod ab;
mod baseline;
pub mod capacity;
mod cells;
pub mod compare;
mod configuration;
mod connections;
mod distribution;
mod drill;
mod errors;
mod gates;
mod heat;
mod lanes;
mod observed;
mod page;
mod quality;
mod recovery;
mod slowest;
mod steps;
mod timeline;
mod verdict;

use super::summary::Summary;

/// A part of the page.
struct Section {
    /// Fragment identifier.
    id: &'static str,
    /// Heading, and its name in the navigation.
    title: &'static str,
    /// Markup; none: left out.
    body: Option<String>,
}

/// The whole page.
#[must_use]
pub fn render(summary: &Summary) -> String {
    let section = |id, title, body| Section { id, title, body };
    let sections = [
        section("gates", "Gates", Some(gates::render(summary))),
        section("timeline", "Timeline", timeline::render(summary)),
        section("drill", drill::title(summary), drill::render(summary)),
        section("recovery", "Recovery", recovery::render(summary)),
        section(
            "distribution",
            "Distribution",
            distribution::render(summary),
        ),
        section("baseline", "Baseline", baseline::render(summary)),
        section(
            "steps",
            "Steps",
            Some(steps::render(summary) + &slowest::render(summary)),
        ),
        section("connections", "Connections", connections::render(summary)),
        section("errors", "Errors", Some(errors::render(summary))),
        section("quality", "Data quality", Some(quality::render(summary))),
        section(
            "configuration",
            "Configuration",
            Some(configuration::render(summary)),
        ),
    ];
    page::render(summary, &verdict::render(summary), &sections)
}

/// Text as markup, for elements and quoted attributes.
#[must_use]
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // Control characters are not allowed in HTML; a sample from the wire may hold some.
            c if c.is_control() && c != '\n' && c != '\t' => escaped.push('\u{FFFD}'),
            c => escaped.push(c),
        }
    }
    escaped
}
