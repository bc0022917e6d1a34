//! Connections: what the way to the target cost.

use super::cells::{self, Cell, Table};
use crate::measure::units;
use crate::report::Summary;
use crate::report::summary::Connections;

pub(super) fn render(summary: &Summary) -> Option<String> {
    let connections = summary.connections.as_ref()?;
    let headers = [
        ("Part", false),
        ("Times", true),
        ("p50", true),
        ("p95", true),
        ("p99", true),
        ("Most", true),
    ];
    let mut table = Table::new("How long each part of the way took", &headers);
    let parts = [
        ("Name look-up", connections.resolve_us),
        ("Connect", connections.connect_us),
        ("TLS handshake", connections.tls_us),
        ("First byte", connections.first_byte_us),
        ("Last byte", summary.requests.service_time_us),
    ];
    for (name, part) in parts {
        let Some(part) = part else { continue };
        table.row([
            Cell::head(name),
            Cell::count(part.count),
            Cell::micros(Some(part.p50)),
            Cell::micros(Some(part.p95)),
            Cell::micros(Some(part.p99)),
            Cell::micros(Some(part.max)),
        ]);
    }
    Some(format!(
        "<p class=\"hint\">First and last byte count from the send; what opening a connection took is \
         in the response time only.</p>{}{}",
        facts(connections),
        table.finish()
    ))
}

fn facts(connections: &Connections) -> String {
    let handshakes = connections.handshakes_full + connections.handshakes_resumed;
    let compression = connections.compression.map(|found| {
        format!(
            "{} answers, {} received, {} decoded",
            units::count(found.answers),
            units::bytes(found.bytes_received),
            units::bytes(found.bytes_decoded)
        )
    });
    let facts = [
        ("Opened", Some(units::count(connections.opened))),
        (
            "TLS handshakes",
            (handshakes > 0).then(|| {
                format!(
                    "{} full, {} resumed",
                    units::count(connections.handshakes_full),
                    units::count(connections.handshakes_resumed)
                )
            }),
        ),
        (
            "Sent again",
            (connections.resent > 0).then(|| units::count(connections.resent)),
        ),
        ("Compressed", compression),
    ];
    cells::facts(facts)
}
