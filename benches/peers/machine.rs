//! On what, and with which versions.

use std::path::Path;
use std::process::Command;

/// A list in Markdown.
pub(crate) fn describe(peers: &Path) -> String {
    let peer = |path: &str| peers.join(path).to_string_lossy().into_owned();
    let oha = peer("bin/oha");
    let locust = peer("locust/bin/locust");
    let autocannon = peer("node_modules/.bin/autocannon");
    let artillery = peer("node_modules/artillery/package.json");
    let versions = [
        ("nginx", said("nginx", &["-v"])),
        ("wrk", said("wrk", &["-v"])),
        ("h2load", said("h2load", &["--version"])),
        ("oha", said(&oha, &["--version"])),
        (
            "hey",
            said("dpkg-query", &["-W", "-f", "hey ${Version}", "hey"]),
        ),
        ("goose", Some("goose 0.19.0".into())),
        ("Locust", said(&locust, &["--version"])),
        ("autocannon", said(&autocannon, &["--version"])),
        (
            "Artillery",
            said(
                "node",
                &[
                    "-p",
                    &format!("'Artillery ' + require({artillery:?}).version"),
                ],
            ),
        ),
        ("rustc", said("rustc", &["--version"])),
    ];
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu
        .lines()
        .find(|line| line.starts_with("model name"))
        .and_then(|line| line.split(": ").nth(1))
        .unwrap_or("unknown");
    let kernel = said("uname", &["-sr"]).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let known: Vec<String> = versions
        .into_iter()
        .filter_map(|(name, said)| Some(version(name, &said?)))
        .collect();
    format!("{cpu}, {cores} cores, {kernel}. {}.", known.join(", "))
}

/// The first line that has a digit.
fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    let line = text
        .lines()
        .find(|line| line.contains(|c: char| c.is_ascii_digit()))?;
    Some(line.trim().to_owned())
}

/// `wrk 4.1.0` of whatever it says of itself.
fn version(name: &str, said: &str) -> String {
    let number = said
        .split(|c: char| c.is_whitespace() || c == '/')
        .map(|word| word.trim_start_matches(['v', '"']))
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.'))
        .or_else(|| said.split('/').find(|word| word.contains('.')));
    let number = number.unwrap_or("?").trim_matches(['"', ',']);
    format!(
        "{name} {}",
        number.split(['+', '-']).next().unwrap_or(number)
    )
}
