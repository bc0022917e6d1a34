//! A throw-away Redis that keeps nothing.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

/// What one has to know to get in.
pub(crate) const PASSWORD: &str = "let/me@in";

/// Runs the server until standard input ends, which is when the test does, however it does.
/// Arguments: port, password.
const GUARD: &str = r#"
redis-server - >/dev/null 2>&1 <<END &
bind 127.0.0.1
port $1
requirepass $2
save ""
appendonly no
END
server=$!
echo $server
read -r _
kill -9 $server 2>/dev/null
"#;

/// A running server; ends with this value.
pub(crate) struct Redis {
    pub(crate) port: u16,
    pid: Pid,
    guard: Child,
}

impl Redis {
    /// On a free port of this machine. It may not listen yet.
    pub(crate) fn start() -> Self {
        let free = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        Self::start_at(free.local_addr().unwrap().port())
    }

    /// On this port.
    pub(crate) fn start_at(port: u16) -> Self {
        let mut guard = Command::new("/bin/sh")
            .args(["-c", GUARD, "guard", &port.to_string(), PASSWORD])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut pid = String::new();
        let mut said = BufReader::new(guard.stdout.take().unwrap());
        said.read_line(&mut pid).unwrap();
        let pid = Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
        Self { port, pid, guard }
    }

    /// Its address with the password.
    pub(crate) fn url(&self) -> String {
        format!("redis://:let%2Fme%40in@127.0.0.1:{}/0", self.port)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).unwrap();
    }

    /// Asks it something, once it answers at all.
    pub(crate) fn ask(&self, command: &[&str]) -> String {
        for _ in 0..1_000 {
            let said = Command::new("redis-cli")
                .args(["-e", "-p", &self.port.to_string()])
                .args(command)
                .env("REDISCLI_AUTH", PASSWORD)
                .output()
                .expect("redis-cli: `ci/setup --test` installs it");
            if said.status.success() {
                return String::from_utf8(said.stdout).unwrap().trim().to_owned();
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("redis-server does not answer: is it installed? `ci/setup --test` does that");
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // The guard kills the server and ends.
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}
