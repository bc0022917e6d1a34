//! The target's own books, rule by rule.

use super::super::cells::{Cell, Table, badge};
use super::super::escape;
use crate::measure::units;
use crate::report::Summary;

/// One row per rule; nothing for a target that has no books to show.
pub(super) fn render(summary: &Summary) -> String {
    let Some(books) = &summary.books else {
        return String::new();
    };
    let mut markup = String::from("<h3>The target’s own books after the run</h3>");
    if let Some(why) = &books.unread {
        return markup + &format!("<p>They could not be read: {}</p>", escape(why));
    }
    if books.pending > 0 {
        markup += &format!(
            "<p>{} jobs still waited when they were read.</p>",
            units::count(books.pending)
        );
    }
    let headers = [
        ("Rule", false),
        ("Name", false),
        ("Checked", true),
        ("Broken", true),
        ("Holds", false),
    ];
    let mut table = Table::new("What must hold whatever fails", &headers);
    for rule in &books.invariants {
        let holds = match rule.violations {
            0 => badge("✓", "pass", "holds"),
            _ => badge("✗", "fail", "broken"),
        };
        table.row([
            Cell::head(&rule.rule),
            Cell::text(&rule.name),
            Cell::count(rule.checked),
            Cell::bad_count(rule.violations),
            Cell::markup(&holds),
        ]);
    }
    markup + &table.finish()
}
