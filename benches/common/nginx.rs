//! nginx on a core of its own, which counts the requests itself: the same judge for everybody.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::measure;

/// Plain HTTP/1.1.
pub(crate) const PLAIN: u16 = 18_080;
/// TLS 1.3, with HTTP/2 where the client wants it.
pub(crate) const TLS: u16 = 18_443;
/// Its own counters, so that asking for them is not counted as load of the others.
const STATUS: u16 = 18_081;

struct Counters {
    connected: u64,
    requests: u64,
}

/// A running nginx; ends with this value.
#[derive(Debug)]
pub(crate) struct Nginx {
    child: Child,
}

impl Nginx {
    /// Starts nginx on `core`, with its files in `folder`.
    pub(crate) fn start(core: usize, folder: &Path) -> Result<Self> {
        let configuration = configure(folder)?;
        let command = [
            "nginx",
            "-p",
            &folder.to_string_lossy(),
            "-c",
            &configuration.to_string_lossy(),
        ]
        .map(str::to_owned);
        let child = measure::pinned(&[core], &command)
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.join("nginx.out"))?)
            .spawn()
            .context("cannot start nginx")?;
        let mut nginx = Self { child };
        let began = Instant::now();
        while nginx.requests().is_err() {
            if nginx.child.try_wait()?.is_some() || began.elapsed() > Duration::from_secs(10) {
                let said = std::fs::read_to_string(folder.join("nginx.out")).unwrap_or_default();
                bail!("nginx does not answer:\n{said}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(nginx)
    }

    /// Requests answered so far, this one included.
    pub(crate) fn requests(&mut self) -> Result<u64> {
        Ok(self.counters()?.requests)
    }

    /// Connections that are open, this one included.
    pub(crate) fn connected(&mut self) -> Result<u64> {
        Ok(self.counters()?.connected)
    }

    fn counters(&mut self) -> Result<Counters> {
        let mut stream = TcpStream::connect(("127.0.0.1", STATUS))?;
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
        let mut page = String::new();
        stream.read_to_string(&mut page)?;
        // `Active connections: n`, ` accepts handled requests`, and three numbers below it.
        let number = |line: &str, place: usize| -> Option<u64> {
            let line = page.lines().skip_while(|text| !text.contains(line));
            let words = line.take(2).flat_map(str::split_whitespace);
            words.filter_map(|word| word.parse().ok()).nth(place)
        };
        number("Active connections", 0)
            .zip(number("accepts handled requests", 2))
            .map(|(connected, requests)| Counters {
                connected,
                requests,
            })
            .with_context(|| format!("nginx says nothing of its requests: {page}"))
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// 1 KB of JSON, as a list of products.
pub(crate) fn products() -> String {
    let item = |id: u32| {
        format!(
            r#"{{"id":{id},"name":"Product number {id}","price_cents":{},"stock":100}}"#,
            499 + id
        )
    };
    let items: Vec<String> = (1..=14).map(item).collect();
    format!(r#"{{"items":[{}],"page":1,"pages":10}}"#, items.join(","))
}

fn configure(folder: &Path) -> Result<PathBuf> {
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
        ])
        .args(["-nodes", "-days", "30", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .args(["-keyout", &path("key.pem"), "-out", &path("cert.pem")])
        .stderr(Stdio::null())
        .status()
        .context("cannot start openssl")?;
    if !made.success() {
        bail!("openssl made no certificate");
    }
    let token = r#"{"token":"0123456789abcdef0123456789abcdef","customer":{"id":7,"email":"c7@shop.example"}}"#;
    let order = r#"{"order":4711,"status":"confirmed","total_cents":998}"#;
    let products = products();
    let files = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {};", path(&format!("{kind}_temp"))))
        .join("\n  ");
    let text = format!(
        r#"
daemon off;
master_process off;
pid {pid};
error_log stderr crit;
worker_rlimit_nofile 20000;
events {{ worker_connections 19000; }}
http {{
  {files}
  access_log off;
  default_type application/json;
  keepalive_requests 1000000000;
  keepalive_timeout 600;
  tcp_nodelay on;
  server {{
    listen 127.0.0.1:{PLAIN} backlog=4096;
    listen 127.0.0.1:{TLS} ssl http2 backlog=4096;
    ssl_certificate {cert};
    ssl_certificate_key {key};
    ssl_protocols TLSv1.3;
    location = /api/sessions {{ return 200 '{token}'; }}
    location = /api/orders {{ return 201 '{order}'; }}
    location / {{ return 200 '{products}'; }}
  }}
  server {{
    listen 127.0.0.1:{STATUS};
    location / {{ stub_status; }}
  }}
}}
"#,
        pid = path("nginx.pid"),
        cert = path("cert.pem"),
        key = path("key.pem"),
    );
    let configuration = folder.join("nginx.conf");
    std::fs::write(&configuration, text)?;
    Ok(configuration)
}
