//! What the way to the target costs: names, connections, handshakes, the wait for the first byte.

use hdrhistogram::Histogram;

use crate::measure::interval::{HIGHEST_US, histogram};

/// How long each part of the way takes, microseconds. All but the last are parts of opening a
/// connection: they count towards the response time and not towards the service time.
#[derive(Debug, Clone)]
pub struct WireTimes {
    /// Asking the system for the addresses of a name, each time that it was asked.
    pub resolve_us: Histogram<u64>,
    /// Opening a TCP connection or Unix socket; a proxy's tunnel too.
    pub connect_us: Histogram<u64>,
    /// TLS handshakes, full and resumed.
    pub tls_us: Histogram<u64>,
    /// From the send to the first byte of the answer. To the last byte is the service time.
    pub first_byte_us: Histogram<u64>,
}

impl Default for WireTimes {
    fn default() -> Self {
        Self {
            resolve_us: histogram(),
            connect_us: histogram(),
            tls_us: histogram(),
            first_byte_us: histogram(),
        }
    }
}

impl WireTimes {
    /// Adds what another worker measured.
    pub(crate) fn add(&mut self, other: &Self) {
        // All grow on demand and share their precision, so adding cannot fail.
        let _ = self.resolve_us.add(&other.resolve_us);
        let _ = self.connect_us.add(&other.connect_us);
        let _ = self.tls_us.add(&other.tls_us);
        let _ = self.first_byte_us.add(&other.first_byte_us);
    }
}

/// Records a time, microseconds.
pub(crate) fn note(histogram: &mut Histogram<u64>, time_us: u64) {
    // Growing on demand, this cannot fail below the clamp.
    let _ = histogram.record(time_us.min(HIGHEST_US));
}
