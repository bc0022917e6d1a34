//! Ten million writes: logged, read back and balanced in less than 200 MB of memory.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use loadtest::measure::ledger::{
    Begin, Ledger, LedgerCounts, LookUp, Patience, Presence, Sweep, WriteOutcome,
};
use loadtest::scenario::{self, Overrides, surroundings::Nowhere};

const WRITES: u64 = 10_000_000;
/// Keys in flight at once, so that answers come in another order than sends.
const IN_FLIGHT: u64 = 1_000;
const LIMIT_BYTES: u64 = 200_000_000;

/// A target that answers at once, by the number in the key: one of 100,000 is lost, one of 70,000
/// is there only at a later look, one of 50,000 is there twice.
#[derive(Default)]
struct Target {
    looks: AtomicU64,
}

impl LookUp for Target {
    async fn look_up(&self, write: &Begin) -> Presence {
        let looks = self.looks.fetch_add(1, Ordering::Relaxed);
        match write.id {
            id if id % 100_000 == 3 => Presence::Absent,
            id if id % 70_000 == 5 && looks < WRITES => Presence::Absent,
            id if id % 50_000 == 7 => Presence::Present(2),
            _ => Presence::Present(1),
        }
    }
}

/// How many of the numbers below [`WRITES`] leave this remainder.
fn of(divisor: u64, remainder: u64) -> u64 {
    (WRITES - 1 - remainder) / divisor + 1
}

/// The most memory that this process ever had, bytes; none where the system does not tell.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}

#[test]
fn ten_million_writes_fit_in_200_megabytes() {
    let text = r#"
target = "http://127.0.0.1:1"
load = { users = { count = 1, for = "1s" } }
journey = { name = "a", steps = [
  { name = "write", post = "/orders", headers = { Key = "${key = uuid()}" },
    ledger = { key = "${key}", read_back = "/orders/by-key/${key}" } },
] }
"#;
    let reading = scenario::parse(text, "a.toml".as_ref(), &Overrides::default(), &Nowhere);
    let scenario = reading.unwrap_or_else(|wrong| panic!("{wrong}")).scenario;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let Some(before) = peak() else {
        eprintln!("skipped: this system does not tell a process's peak memory (/proc/self/status)");
        return;
    };

    let began = Instant::now();
    let ledger = Ledger::create(&folder.path().join("ledger.wal")).expect("a ledger");
    let mut key = String::new();
    let mut read_back = String::new();
    for number in 0..WRITES + IN_FLIGHT {
        use std::fmt::Write as _;
        if number < WRITES {
            key.clear();
            // As long as a UUID.
            write!(key, "0193a6b0-0000-7000-8000-{number:012}").expect("a string");
            read_back.clear();
            write!(read_back, "/api/orders/by-key/{key}").expect("a string");
            assert_eq!(ledger.begin(0, &key, &read_back, number * 10), number);
        }
        if let Some(answered) = number.checked_sub(IN_FLIGHT) {
            ledger.end(answered, WriteOutcome::Ok, number * 10);
        }
    }
    let logged = began.elapsed();

    let reader = ledger.reader().expect("it reads");
    let sweep = Sweep {
        ledger: &reader,
        scenario: &scenario,
        spans: &[],
        look_up: Target::default(),
        patience: Patience {
            concurrency: 16,
            looks: 3,
            first_pause: Duration::from_millis(1),
            give_up_after: Duration::from_secs(60),
        },
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let balanced = sweep.run(std::future::pending(), std::io::sink(), |_| {});
    let report = runtime.block_on(balanced).expect("it balances");
    let swept = began.elapsed() - logged;

    let grown = peak().expect("it told before") - before;
    let size = std::fs::metadata(folder.path().join("ledger.wal")).expect("the file");
    eprintln!(
        "{WRITES} writes: {:.0} MB of memory at most, {:.0} MB of file; logged in {logged:.1?}, \
         read back and balanced in {swept:.1?}",
        grown as f64 / 1e6,
        size.len() as f64 / 1e6,
    );
    assert_eq!(
        report.total,
        LedgerCounts {
            writes: WRITES,
            acknowledged: WRITES,
            lost: of(100_000, 3),
            stale: of(70_000, 5),
            duplicate: of(50_000, 7),
            ..LedgerCounts::default()
        }
    );
    assert!(grown < LIMIT_BYTES, "{grown} bytes");
}
