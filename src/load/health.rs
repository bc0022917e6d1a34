//! How the generator itself is doing: what the system says about this process.

use std::fs;
use std::os::unix::fs::FileExt as _;

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};

use crate::measure::generator::GeneratorSample;

/// Lets this process open as many descriptors as the system permits it: every user is one.
pub(crate) fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    // Failing leaves the limit as it was; the samples report it.
    let _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        },
    );
}

/// What a thread did with its time so far, seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct ThreadTime {
    /// It ran.
    pub(crate) cpu: f64,
    /// It ran or waited for a processor. Where the system does not tell of waits, it ran.
    pub(crate) wanted: f64,
}

/// Tells what the thread that made it does with its time.
#[derive(Debug)]
pub(crate) struct ThreadMeter {
    /// Held open, because a process that has run out of descriptors still has to measure itself.
    schedule: Option<fs::File>,
}

impl ThreadMeter {
    /// For the calling thread.
    pub(crate) fn new() -> Self {
        Self {
            schedule: fs::File::open("/proc/thread-self/schedstat").ok(),
        }
    }

    /// Only the thread that made it may ask.
    pub(crate) fn read(&self) -> ThreadTime {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        let cpu = time.tv_sec as f64 + time.tv_nsec as f64 / 1e9;
        let waited = self.schedule.as_ref().and_then(waited).unwrap_or(0.0);
        ThreadTime {
            cpu,
            wanted: cpu + waited,
        }
    }
}

/// Seconds of waiting for a processor: the second of `282869 111055 1`, in nanoseconds.
fn waited(schedule: &fs::File) -> Option<f64> {
    let mut buffer = [0; 128];
    let length = schedule.read_at(&mut buffer, 0).ok()?;
    let text = std::str::from_utf8(&buffer[..length]).ok()?;
    let nanoseconds: u64 = text.split_whitespace().nth(1)?.parse().ok()?;
    Some(nanoseconds as f64 / 1e9)
}

/// Descriptors, ports and memory now; everything else is zero. What this system does not tell is
/// zero too.
pub(crate) fn system_sample() -> GeneratorSample {
    let descriptors_limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    GeneratorSample {
        at: 0,
        cpu_busiest: 0.0,
        cpu_wanted: 0.0,
        cpu_seconds: 0.0,
        start_lag_p99_us: 0,
        start_lag_max_us: 0,
        backlog: 0,
        descriptors: descriptors(descriptors_limit),
        descriptors_limit,
        ports: ports_in_use(&read("/proc/net/sockstat")),
        ports_limit: port_range(&read("/proc/sys/net/ipv4/ip_local_port_range")),
        resident_bytes: resident(&read("/proc/self/status")),
    }
}

/// Counting them takes one, too.
fn descriptors(limit: u64) -> u64 {
    match fs::read_dir("/proc/self/fd") {
        Ok(open) => open.count() as u64,
        Err(error) if Errno::from_io_error(&error) == Some(Errno::MFILE) => limit,
        Err(_) => 0,
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// Sockets in use and in TIME-WAIT, of `TCP: inuse 5 orphan 0 tw 3 …`.
fn ports_in_use(sockstat: &str) -> u64 {
    let Some(line) = sockstat.lines().find(|line| line.starts_with("TCP:")) else {
        return 0;
    };
    let words: Vec<&str> = line.split_whitespace().collect();
    words
        .windows(2)
        .filter(|pair| matches!(pair[0], "inuse" | "tw"))
        .filter_map(|pair| pair[1].parse::<u64>().ok())
        .sum()
}

fn port_range(range: &str) -> u64 {
    let mut ends = range
        .split_whitespace()
        .filter_map(|end| end.parse::<u64>().ok());
    match (ends.next(), ends.next()) {
        (Some(low), Some(high)) if high >= low => high - low + 1,
        _ => 0,
    }
}

/// Of `VmRSS:   1234 kB`.
fn resident(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    kilobytes
        .and_then(|number| number.parse::<u64>().ok())
        .map_or(0, |number| number * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_figures_are_read() {
        let sockstat = "sockets: used 9\nTCP: inuse 5 orphan 1 tw 3 alloc 7 mem 2\nUDP: inuse 4\n";
        assert_eq!(ports_in_use(sockstat), 8);
        assert_eq!(port_range("32768\t60999\n"), 28_232);
        assert_eq!(port_range(""), 0);
        assert_eq!(resident("Name:\tx\nVmRSS:\t  12 kB\n"), 12_288);
    }

    #[test]
    fn a_thread_that_works_uses_processor_time() {
        let meter = ThreadMeter::new();
        let before = meter.read();
        let mut sum = 0_u64;
        while meter.read().cpu <= before.cpu {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        let after = meter.read();
        assert!(after.cpu > before.cpu);
        assert!(after.wanted >= after.cpu);
    }

    #[test]
    fn waits_for_a_processor_are_read() {
        let mut file = tempfile::tempfile().expect("a temporary file");
        std::io::Write::write_all(&mut file, b"282869 2500000000 1\n").expect("writable");
        assert_eq!(waited(&file), Some(2.5));
        // Again: it is read from its beginning each time.
        assert_eq!(waited(&file), Some(2.5));
    }
}
