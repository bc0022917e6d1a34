//! The real binary on other ways than plain TCP: what it writes and what it reads back arrives.

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::sync::{Arc, Mutex};

use support::Bench;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

const AUTHORITY: &[u8] = include_bytes!("engine/tls/authority.pem");
const CLIENT: (&str, &str) = (
    include_str!("engine/tls/client.pem"),
    include_str!("engine/tls/client.key"),
);

/// Takes every write, finds every key.
fn serve(connection: impl Read + Write) -> Option<()> {
    let mut requests = BufReader::new(connection);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if requests.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let status = if head.starts_with("POST ") { 201 } else { 200 };
        let answer = format!("HTTP/1.1 {status} So\r\nContent-Length: 0\r\n\r\n");
        requests.get_mut().write_all(answer.as_bytes()).ok()?;
        requests.get_mut().flush().ok()?;
    }
}

/// A second of writes; `http` is its `[http]` section.
fn writing(target: &str, http: &str) -> String {
    format!(
        r#"name = "writing"
target = "{target}"
load = {{ arrivals = [{{ rate = "50/s", for = "1s" }}] }}
gate = {{ on = "run", expect = "errors < 1%" }}
{http}
[[journey]]
name = "write"
[[journey.step]]
name = "write"
post = "/writes"
headers = {{ Idempotency-Key = "${{key = uuid()}}" }}
ledger = {{ key = "${{key}}", read_back = "/writes/${{key}}" }}
"#
    )
}

/// Runs it; every write must be found again.
fn run(bench: &Bench, text: &str) -> String {
    let scenario = bench.file("writing.toml", text);
    let said = bench
        .loadtest(["run", scenario.to_str().expect("UTF-8")])
        .exits(0);
    let ledger = &bench.summary()["ledger"];
    assert_eq!(ledger["acknowledged"], 50, "{ledger}");
    assert_eq!(ledger["unverified"], 0, "{ledger}");
    said.out() + &said.err()
}

/// `shop.test`, which lets nobody in without a certificate; tells the names it was asked for.
fn private() -> (u16, Arc<Mutex<Vec<String>>>) {
    let pem = |bytes| CertificateDer::from_pem_slice(bytes).expect("a certificate");
    let mut authorities = RootCertStore::empty();
    authorities.add(pem(AUTHORITY)).expect("an authority");
    let provider = Arc::new(aws_lc_rs::default_provider());
    let clients = WebPkiClientVerifier::builder_with_provider(authorities.into(), provider.clone())
        .build()
        .expect("a verifier");
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("engine/tls/shop.key"));
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_client_cert_verifier(clients)
        .with_single_cert(
            vec![pem(include_bytes!("engine/tls/shop.pem"))],
            key.expect("a key"),
        )
        .expect("a pair");
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let names = Arc::<Mutex<Vec<String>>>::default();
    let noted = names.clone();
    // Serves until the test's process ends; nobody joins it.
    std::thread::spawn(move || {
        for mut connection in listener.incoming().map_while(Result::ok) {
            let (config, noted) = (config.clone(), noted.clone());
            std::thread::spawn(move || {
                let mut session = ServerConnection::new(config).ok()?;
                session.complete_io(&mut connection).ok()?;
                let name = session.server_name().unwrap_or("nobody").to_owned();
                noted.lock().expect("unpoisoned").push(name);
                serve(StreamOwned::new(session, connection))
            });
        }
    });
    (port, names)
}

#[test]
fn a_private_target_is_loaded_and_read_back_with_the_same_certificates() {
    let (port, names) = private();
    let bench = Bench::new();
    bench.file("ca.pem", std::str::from_utf8(AUTHORITY).expect("PEM"));
    bench.file("client.pem", CLIENT.0);
    bench.file("client.key", CLIENT.1);
    let http = "[http]\nconnections = \"per-iteration\"\n[http.tls]\nca = \"ca.pem\"\n\
                server_name = \"shop.test\"\ncertificate = \"client.pem\"\nkey = \"client.key\"";
    run(&bench, &writing(&format!("https://127.0.0.1:{port}"), http));
    let names = names.lock().expect("unpoisoned");
    assert!(names.iter().all(|name| name == "shop.test"), "{names:?}");
    let connections = &bench.summary()["connections"];
    assert_eq!(connections["opened"], 50, "{connections}");
    let handshakes = |kind: &str| connections[kind].as_u64().unwrap_or(0);
    assert_eq!(
        handshakes("handshakes_full") + handshakes("handshakes_resumed"),
        50
    );
    assert!(handshakes("handshakes_resumed") > 0, "{connections}");
    assert_eq!(connections["first_byte_us"]["count"], 50, "{connections}");
    let report = std::fs::read_to_string(bench.run_folder().join("report.html"));
    assert!(report.expect("a report").contains("TLS handshakes"));
}

#[test]
fn a_unix_socket_is_loaded_and_read_back() {
    let bench = Bench::new();
    let socket = bench.path().join("app.sock");
    let listener = UnixListener::bind(&socket).expect("a socket");
    std::thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || serve(connection));
        }
    });
    run(&bench, &writing(&format!("unix:{}", socket.display()), ""));
}

#[test]
fn whoever_verifies_nothing_is_told_on_every_run() {
    let bench = Bench::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let target = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || serve(connection));
        }
    });
    let said = run(&bench, &writing(&target, "[http]\ninsecure = true"));
    assert!(
        said.contains("warning: certificates are not verified"),
        "{said}"
    );
}
