//! A real Prometheus server.

use std::process::{Child, Command, Stdio};

use crate::part::get;
use crate::support::until;

/// Ended by its own id when this goes.
pub(crate) struct Prometheus {
    pub(crate) url: String,
    child: Child,
    _folder: tempfile::TempDir,
}

impl Prometheus {
    /// Scrapes these every second; it has seen each of them when this returns.
    pub(crate) fn scraping(urls: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let addresses: Vec<_> = urls
            .iter()
            .map(|url| format!("\"{}\"", url.trim_start_matches("http://")))
            .collect();
        let config = format!(
            "global: {{ scrape_interval: 1s }}\nscrape_configs:\n  - job_name: shop\n    \
             static_configs: [{{ targets: [{}] }}]\n",
            addresses.join(", ")
        );
        let file = folder.path().join("prometheus.yml");
        std::fs::write(&file, config).expect("a file");
        let address = free_address();
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                folder.path().join("data").display()
            ))
            .arg(format!("--web.listen-address={address}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("prometheus: run ci/setup --test");
        let prometheus = Self {
            url: format!("http://{address}"),
            child,
            _folder: folder,
        };
        let all = format!("{}/api/v1/query?query=count(up==1)", prometheus.url);
        let wanted = format!("\"{}\"]", urls.len());
        until("that it has seen all of them", || {
            get(&all).is_some_and(|answer| answer.contains(&wanted))
        });
        prometheus
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The server cannot be asked to choose a port itself.
fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").to_string()
}
