//! What the way to the target cost.

use crate::load::LoadOutcome;
use crate::report::summary::{Compression, Connections, Latency};

/// Of the users' load; canaries have connections of their own.
pub(in crate::cli::run) fn connections(load: &LoadOutcome) -> Connections {
    let (totals, wire) = (&load.totals, &load.wire);
    Connections {
        opened: totals.connections_opened,
        resent: totals.requests_resent,
        handshakes_full: totals.handshakes_full,
        handshakes_resumed: totals.handshakes_resumed,
        resolve_us: Latency::of(&wire.resolve_us),
        connect_us: Latency::of(&wire.connect_us),
        tls_us: Latency::of(&wire.tls_us),
        first_byte_us: Latency::of(&wire.first_byte_us),
        compression: (totals.compressed_answers > 0).then_some(Compression {
            answers: totals.compressed_answers,
            bytes_received: totals.bytes_compressed,
            bytes_decoded: totals.bytes_decompressed,
        }),
    }
}
