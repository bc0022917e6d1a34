//! Who is compared at what, and how each is called.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::common::nginx::{PLAIN, TLS};
use crate::scenario;

/// What is asked of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exchange {
    /// One GET of 1 KB of JSON over HTTP/1.1.
    Plain,
    /// Log in, list, show, order, show: two captures, JSON expectations, two POST bodies.
    Journey,
    /// The GET over TLS 1.3.
    Tls,
    /// The GET over HTTP/2 and TLS 1.3, a connection for each user.
    Http2,
}

impl Exchange {
    /// All of them, in the order of the table.
    pub(crate) const ALL: [Self; 4] = [Self::Plain, Self::Journey, Self::Tls, Self::Http2];

    /// As on the command line.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Journey => "journey",
            Self::Tls => "tls",
            Self::Http2 => "http2",
        }
    }

    /// For people.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Plain => "One GET, HTTP/1.1",
            Self::Journey => "A journey of five steps, HTTP/1.1",
            Self::Tls => "One GET, TLS 1.3",
            Self::Http2 => "One GET, HTTP/2 over TLS 1.3, a connection per user",
        }
    }

    fn url(self) -> String {
        match self {
            Self::Plain | Self::Journey => format!("http://127.0.0.1:{PLAIN}"),
            Self::Tls | Self::Http2 => format!("https://localhost:{TLS}"),
        }
    }
}

/// A generator, and its command line for one exchange.
#[derive(Debug, Clone)]
pub(crate) struct Contestant {
    /// Its name, as in the table.
    pub(crate) name: &'static str,
    /// What to run.
    pub(crate) command: Vec<String>,
    /// It knows no duration, and is interrupted.
    pub(crate) endless: bool,
    /// Exit codes that are no failure: a generator on a full core calls its own run invalid.
    pub(crate) ends_well_with: &'static [i32],
}

/// How much load, and where things are.
#[derive(Debug)]
pub(crate) struct Setting<'a> {
    /// Keep-alive connections, one per user.
    pub(crate) users: usize,
    /// Of one measurement.
    pub(crate) seconds: u64,
    /// Where peers are installed.
    pub(crate) peers: &'a Path,
    /// For scenarios, logs and reports.
    pub(crate) scratch: &'a Path,
}

/// The folder with the files that peers are given.
fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers")
}

/// Everybody who can do this exchange, ourselves first, wrk second.
pub(crate) fn contestants(exchange: Exchange, setting: &Setting<'_>) -> Result<Vec<Contestant>> {
    let (users, seconds) = (setting.users, setting.seconds);
    let url = exchange.url();
    let page = format!("{url}/api/products");
    let peer = |path: &str| setting.peers.join(path).to_string_lossy().into_owned();
    let scenario = scenario::write(exchange, &url, users, seconds, setting.scratch)?;
    let ours = env!("CARGO_BIN_EXE_loadtest");
    let reports = setting.scratch.join("reports");
    let mut all = vec![contestant(
        "loadtest",
        format!(
            "{ours} run {} --out {} --workers 1 --quiet",
            scenario.display(),
            reports.display()
        ),
    )];
    let mut add = |name, command: String| all.push(contestant(name, command));
    let wrk = format!("wrk -t1 -c{users} -d{seconds}s");
    match exchange {
        Exchange::Plain => {
            add("wrk", format!("{wrk} {page}"));
            add(
                "h2load --h1",
                format!("h2load --h1 -t1 -c{users} -D{seconds} {page}"),
            );
            add(
                "oha",
                format!(
                    "{} --no-tui -c {users} -z {seconds}s {page}",
                    peer("bin/oha")
                ),
            );
            add("hey", format!("hey -c {users} -z {seconds}s {page}"));
            let me = std::env::current_exe()?;
            add(
                "goose, stock",
                format!("{} --as-goose {url} {users} {seconds}", me.display()),
            );
            add(
                "autocannon",
                format!(
                    "{} -c {users} -d {seconds} {page}",
                    peer("node_modules/.bin/autocannon")
                ),
            );
            add(
                "Locust, FastHttpUser",
                format!(
                    "{} -f {} --headless --only-summary -u {users} -r {users} -t {seconds}s --host {url}",
                    peer("locust/bin/locust"),
                    here().join("locustfile.py").display()
                ),
            );
            add(
                "Artillery",
                format!(
                    "{} run --quiet --target {url} {}",
                    peer("node_modules/.bin/artillery"),
                    here().join("artillery.yaml").display()
                ),
            );
        }
        Exchange::Journey => {
            let script = here().join("journey.lua");
            add("wrk", format!("{wrk} -s {} {url}", script.display()));
        }
        Exchange::Tls => {
            add("wrk", format!("{wrk} {page}"));
            add(
                "h2load --h1",
                format!("h2load --h1 -t1 -c{users} -D{seconds} {page}"),
            );
            add(
                "oha",
                format!(
                    "{} --no-tui --insecure -c {users} -z {seconds}s {page}",
                    peer("bin/oha")
                ),
            );
        }
        Exchange::Http2 => {
            add(
                "h2load",
                format!("h2load -t1 -c{users} -m1 -D{seconds} {page}"),
            );
            add(
                "oha --http2",
                format!(
                    "{} --no-tui --insecure --http2 -c {users} -p 1 -z {seconds}s {page}",
                    peer("bin/oha")
                ),
            );
        }
    }
    all.retain(|contestant| installed(&contestant.command[0]));
    Ok(all)
}

fn contestant(name: &'static str, command: String) -> Contestant {
    Contestant {
        name,
        command: command.split(' ').map(str::to_owned).collect(),
        endless: name == "Artillery",
        ends_well_with: if name == "loadtest" { &[0, 4] } else { &[0] },
    }
}

fn installed(program: &str) -> bool {
    if program.contains('/') {
        return Path::new(program).is_file();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
