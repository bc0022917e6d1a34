//! moto's server, one for each test process.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// Ends with its standard input, so that it cannot outlive a test that is killed.
const PROGRAM: &str = "
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
from moto.server import main
main(['-H', '127.0.0.1', '-p', '0'])
";

/// A server that knows nothing yet.
pub(crate) struct Moto {
    child: Child,
    /// `127.0.0.1:PORT`
    pub(crate) address: String,
}

impl Moto {
    /// Starts it on a free port.
    pub(crate) fn start() -> Self {
        let mut child = Command::new("python3")
            .args(["-c", PROGRAM])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("python3 starts");
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let mut said = String::new();
        let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
            said += &format!("{line}\n");
            let (_, address) = line.split_once("Running on http://")?;
            Some(address.trim().to_owned())
        });
        let Some(address) = address else {
            panic!("moto's server does not start; `ci/setup --test` installs it:\n{said}")
        };
        // It logs each request: a pipe that nobody reads would stop it.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Self { child, address }
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
