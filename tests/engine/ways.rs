//! Other ways to the target than a TCP connection of one's own: Unix sockets and proxies.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::sync::{Arc, Mutex};

use loadtest::measure::outcome::ErrorKind;

use crate::bench::{Manner, begin, get, http, once_at, one, run, scenario};
use crate::server::Server;

type Heads = Arc<Mutex<Vec<String>>>;

/// The lines up to the empty one; none when the peer has gone.
fn head(reader: &mut impl BufRead) -> Option<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    Some(head)
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[test]
fn a_unix_socket_serves_as_any_target() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("app.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let heads = Heads::default();
    let seen = heads.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let seen = seen.clone();
            std::thread::spawn(move || {
                let mut reader = BufReader::new(&stream);
                while let Some(head) = head(&mut reader) {
                    let moved = head.starts_with("GET /moved ");
                    seen.lock().unwrap().push(head);
                    let answer = if moved {
                        b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n"
                    } else {
                        OK
                    };
                    (&stream).write_all(answer).unwrap();
                }
            });
        }
    });
    let url = format!("unix:{}", socket.display());
    let left = run(scenario(vec![get("/a?b=c"), get("/moved")], one()), &url);
    assert_eq!(
        (left.sum(0).ok, left.sum(1).ok),
        (1, 1),
        "{:?}",
        left.samples()
    );
    assert_eq!(left.outcome.totals.connections_opened, 1);
    let heads = heads.lock().unwrap();
    assert!(heads[0].starts_with("GET /a?b=c HTTP/1.1\r\nHost: localhost\r\n"));
    assert!(heads[2].starts_with("GET /there HTTP/1.1\r\nHost: localhost\r\n"));
}

#[test]
fn a_unix_socket_that_is_not_there_is_named() {
    let plan = scenario(vec![get("/")], one());
    let refused = begin(plan, "unix:/no/such/app.sock", Manner::default());
    let text = refused.err().expect("nothing listens there").to_string();
    assert!(
        text.contains("unix:/no/such/app.sock cannot be reached"),
        "{text}"
    );
}

/// A proxy for everyone with the login `ada:p@ss`: passes requests and tunnels on.
fn proxy() -> (u16, Heads) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let heads = Heads::default();
    let seen = heads.clone();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let seen = seen.clone();
            // Whoever goes away is no error here.
            std::thread::spawn(move || pass_on(&client, &seen));
        }
    });
    (port, heads)
}

fn pass_on(mut client: &TcpStream, seen: &Heads) -> Option<()> {
    let mut reader = BufReader::new(client.try_clone().ok()?);
    let head = head(&mut reader)?;
    seen.lock().unwrap().push(head.clone());
    if !head.contains("Proxy-Authorization: Basic YWRhOnBAc3M=\r\n") {
        let answer = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
        return client.write_all(answer).ok();
    }
    let mut words = head.split(' ');
    let (method, url) = (words.next()?, words.next()?);
    if method == "CONNECT" {
        let target = TcpStream::connect(url).ok()?;
        client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").ok()?;
        let (mut up, mut down) = (target.try_clone().ok()?, target);
        std::thread::spawn(move || std::io::copy(&mut reader, &mut up));
        std::io::copy(&mut down, &mut client).ok()?;
        return Some(());
    }
    let (host, path) = url.strip_prefix("http://")?.split_once('/')?;
    let mut target = TcpStream::connect(host).ok()?;
    let request = format!("{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    target.write_all(request.as_bytes()).ok()?;
    target.shutdown(std::net::Shutdown::Write).ok()?;
    let mut answer = Vec::new();
    target.read_to_end(&mut answer).ok()?;
    client.write_all(&answer).ok()
}

#[test]
fn plain_requests_name_their_whole_url_to_the_proxy() {
    let server = Server::start();
    let (port, heads) = proxy();
    let mut plan = scenario(vec![get("/close?a=b")], one());
    // What the environment holds reaches the model so.
    plan.http.proxy = Some(loadtest::scenario::Proxy {
        host: "127.0.0.1".into(),
        port,
        authorization: Some("Basic YWRhOnBAc3M=".into()),
    });
    let left = once_at(plan, &server);
    assert_eq!(left.sum(0).ok, 1, "{:?}", left.samples());
    assert_eq!(server.seen_at("/close?a=b").len(), 1);
    let heads = heads.lock().unwrap();
    let line = format!("GET {}/close?a=b HTTP/1.1\r\n", server.url());
    assert!(
        heads.iter().any(|head| head.starts_with(&line)),
        "{heads:?}"
    );
}

#[test]
fn encrypted_requests_tunnel_through_the_proxy() {
    let secure = crate::encrypted::Secure::start(crate::encrypted::shop());
    let (port, heads) = proxy();
    let mut plan = scenario(vec![get("/"), get("/x")], one());
    plan.http = http("[http.tls]\nca = \"authority.pem\"\nserver_name = \"shop.test\"");
    plan.http.proxy = Some(loadtest::scenario::Proxy {
        host: "127.0.0.1".into(),
        port,
        authorization: Some("Basic YWRhOnBAc3M=".into()),
    });
    let left = run(plan, &secure.url);
    assert_eq!(
        (left.sum(0).ok, left.sum(1).ok),
        (1, 1),
        "{:?}",
        left.samples()
    );
    let heads = heads.lock().unwrap();
    let place = secure.url.strip_prefix("https://").unwrap();
    let line = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n");
    assert!(
        heads.iter().all(|head| head.starts_with(&line)),
        "{heads:?}"
    );
}

#[test]
fn a_proxy_that_refuses_is_named_without_its_login() {
    let (port, _heads) = proxy();
    let mut plan = scenario(vec![get("/")], one());
    plan.http.proxy = Some(loadtest::scenario::Proxy {
        host: "127.0.0.1".into(),
        port,
        authorization: Some("Basic d3Jvbmc6c2VjcmV0".into()),
    });
    let refused = begin(plan.clone(), "https://127.0.0.1:1", Manner::default());
    let text = refused.err().expect("no tunnel").to_string();
    assert!(
        text.contains(&format!("through the proxy http://127.0.0.1:{port}")),
        "{text}"
    );
    assert!(text.contains("407") && !text.contains("d3Jvbmc6"), "{text}");
    // A plain request gets the proxy's own answer.
    let left = run(plan, "http://127.0.0.1:1");
    assert_eq!(left.sum(0).errors, [(ErrorKind::Status, 1)]);
    assert!(left.samples()[0].message.contains("407"));
}
