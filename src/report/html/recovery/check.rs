//! The outage by two witnesses, beside each other.

use super::super::cells::{Cell, Table};
use crate::measure::units;
use crate::report::summary::{ControlEvent, Fault};

/// Two rows: when it began and when it ended; nothing where no client felt anything.
pub(super) fn table(fault: &Fault) -> String {
    let Some(check) = &fault.check else {
        return String::new();
    };
    let headers = [
        ("Check", false),
        ("Clients", true),
        ("Infrastructure’s log", true),
        ("Event", false),
        ("Apart", true),
    ];
    let caption = "The outage by two witnesses: clients, and the infrastructure’s own log";
    let mut table = Table::new(caption, &headers);
    let mut row = |what: &str, clients: u64, logged: Option<&ControlEvent>| {
        let apart = logged.map(|event| clients as f64 - event.at_us as f64);
        let event = logged.map_or_else(String::new, |event| {
            format!("{} {}", event.kind, event.subject)
        });
        table.row([
            Cell::head(what),
            Cell::instant(Some(clients)),
            Cell::instant(logged.map(|event| event.at_us)),
            Cell::text(&event),
            apart.map_or_else(Cell::absent, |apart| {
                Cell::number(&units::duration(apart), apart)
            }),
        ]);
    };
    row(
        "requests sent from here on failed",
        check.clients_from_us,
        check.log_from.as_ref(),
    );
    row("and until here", check.clients_to_us, check.log_to.as_ref());
    table.finish()
}
