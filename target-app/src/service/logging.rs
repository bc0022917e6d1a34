//! Structured logs: one JSON object a line, to standard error.

use std::io::{self, Write};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Sends this process's logs to standard error as JSON, each line with the name of the process, its
/// time, its level and its target; panics too. Called once, by the process's `main`.
///
/// `LOADTEST_LOG` filters them, in `RUST_LOG`'s language, such as `target_app=debug`; `info` unless
/// told. A second call changes nothing.
pub fn install(process: &str) {
    let filter = EnvFilter::try_from_env("LOADTEST_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let installed = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_writer(Named::new(process))
        .with_env_filter(filter)
        .try_init();
    // An error means that a subscriber is already there: a test's, or the first call's.
    if installed.is_ok() {
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string);
            let why = panic.payload_as_str().unwrap_or("no words");
            tracing::error!(place, why, "panicked");
        }));
    }
}

/// Writes a process's name into each object.
struct Named {
    /// The object's beginning with it.
    head: Vec<u8>,
}

impl Named {
    fn new(process: &str) -> Self {
        let name = serde_json::Value::from(process);
        Self {
            head: format!("{{\"process\":{name},").into_bytes(),
        }
    }

    /// A line of the subscriber's, which is an object that is not empty.
    fn line(&self, object: &[u8]) -> Vec<u8> {
        let members = object.strip_prefix(b"{").unwrap_or(object);
        [&*self.head, members].concat()
    }
}

impl<'a> MakeWriter<'a> for Named {
    type Writer = Lines<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        Lines(self)
    }
}

/// Takes whole lines.
struct Lines<'a>(&'a Named);

impl Write for Lines<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // In one go: nothing comes between.
        io::stderr().lock().write_all(&self.0.line(line))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_says_who_wrote_it() {
        let line = Named::new("a \"pod\"").line(b"{\"level\":\"INFO\"}\n");
        let read: serde_json::Value = serde_json::from_slice(&line).unwrap();
        assert_eq!(
            read,
            serde_json::json!({ "process": "a \"pod\"", "level": "INFO" })
        );
        assert!(line.ends_with(b"}\n"));
    }
}
