//! An HTTP server whose every behaviour is known: one thread per connection, answers by path.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// A request as the server saw it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

/// What the server has seen, and its switches.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) connections: AtomicUsize,
    pub(crate) requests: Mutex<Vec<Seen>>,
    /// Requests to `/delay`, in the order of arrival: what each took, microseconds.
    pub(crate) took_us: Mutex<Vec<u64>>,
    delays: AtomicUsize,
    /// Answers wait while this is set.
    stalled: Mutex<bool>,
    resumed: Condvar,
    down: AtomicBool,
}

/// Listens until it is dropped.
pub(crate) struct Server {
    pub(crate) state: Arc<State>,
    pub(crate) address: SocketAddr,
}

/// What `/delay` waits, by number of the request, milliseconds.
/// Half and 99 of 100 lie well within a group of equals.
pub(crate) const DELAYS_MS: [u64; 10] = [160, 80, 240, 160, 100, 480, 160, 120, 320, 160];

impl Server {
    /// What `/delay` took, once it was written down for this many requests: the server does so
    /// after the answer is on its way, so the client may be done first.
    pub(crate) fn took_us(&self, requests: usize) -> Vec<u64> {
        loop {
            let took = self.state.took_us.lock().unwrap();
            if took.len() >= requests {
                return took.clone();
            }
            drop(took);
            std::thread::yield_now();
        }
    }

    pub(crate) fn start() -> Self {
        Self::on("127.0.0.1:0")
    }

    pub(crate) fn on(address: &str) -> Self {
        let listener = TcpListener::bind(address).expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let state = Arc::new(State::default());
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if shared.down.load(Ordering::SeqCst) {
                    return;
                }
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let state = shared.clone();
                std::thread::spawn(move || {
                    // A client that goes away is no error here.
                    let _ = serve(&state, &stream);
                });
            }
        });
        Self { state, address }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state.requests.lock().unwrap().clone()
    }

    /// Requests to this path.
    pub(crate) fn seen_at(&self, path: &str) -> Vec<Seen> {
        let mut seen = self.seen();
        seen.retain(|request| request.path == path);
        seen
    }

    /// Answers wait until [`resume`](Self::resume).
    pub(crate) fn stall(&self) {
        *self.state.stalled.lock().unwrap() = true;
    }

    pub(crate) fn resume(&self) {
        *self.state.stalled.lock().unwrap() = false;
        self.state.resumed.notify_all();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.state.down.store(true, Ordering::SeqCst);
        self.resume();
        // The listener looks at the switch after its next connection.
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(state: &State, stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut served = 0;
    let mut close_next = false;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if close_next {
            return Ok(());
        }
        if line.contains(" /reset ") {
            // Closing with unread input sends a reset.
            state.requests.lock().unwrap().push(Seen {
                method: line.split(' ').next().unwrap_or("").to_owned(),
                path: "/reset".into(),
                headers: BTreeMap::new(),
                body: String::new(),
            });
            return Ok(());
        }
        let arrived = Instant::now();
        let request = read_request(&line, &mut reader)?;
        state.requests.lock().unwrap().push(request.clone());
        {
            let mut stalled = state.stalled.lock().unwrap();
            while *stalled {
                stalled = state.resumed.wait(stalled).unwrap();
            }
        }
        let keep = answer(state, stream, &request, served, arrived)?;
        served += 1;
        close_next = request.path == "/then-close";
        if !keep {
            return Ok(());
        }
    }
}

fn read_request(line: &str, reader: &mut BufReader<TcpStream>) -> io::Result<Seen> {
    let mut words = line.split(' ');
    let method = words.next().unwrap_or("").to_owned();
    let path = words.next().unwrap_or("").to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = headers
        .get("content-length")
        .map_or(0, |length: &String| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Seen {
        method,
        path,
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

/// Answers; false when the connection is then closed.
fn answer(
    state: &State,
    mut stream: &TcpStream,
    request: &Seen,
    served: usize,
    arrived: Instant,
) -> io::Result<bool> {
    let text = |status: &str, extra: &str, body: &str| {
        format!(
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\nX-Zone: a\r\nX-Pod: pod-1\r\n{extra}\r\n{body}",
            body.len()
        )
    };
    let path = request.path.split('?').next().unwrap_or("");
    if let Some(body) = compressed(path) {
        let head = text(
            "200 OK",
            &format!("Content-Encoding: {}\r\n", &path[1..]),
            "",
        );
        let length = format!("Content-Length: {}\r\n", body.len());
        let head = head.replacen("Content-Length: 0\r\n", &length, 1);
        stream.write_all(&[head.as_bytes(), &body].concat())?;
        return Ok(true);
    }
    let mut keep = true;
    let bytes = match path {
        "/chunked" => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n".to_owned(),
        "/interim" => format!(
            "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n{}",
            text("200 OK", "", "after the hints")
        ),
        "/close" => {
            keep = false;
            text("200 OK", "Connection: close\r\n", "bye")
        }
        "/until-close" => {
            keep = false;
            "HTTP/1.1 200 OK\r\n\r\nuntil the end".to_owned()
        }
        "/cut" => {
            keep = false;
            "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this".to_owned()
        }
        "/nonsense" => {
            keep = false;
            "SSH-2.0-OpenSSH_9.9\r\n".to_owned()
        }
        "/silent-close" => return Ok(false),
        "/head" if request.method == "HEAD" => {
            "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n".to_owned()
        }
        "/none" => "HTTP/1.1 204 No Content\r\n\r\n".to_owned(),
        "/large" => text("200 OK", "", &"x".repeat(20 << 20)),
        "/delay" => {
            let number = state.delays.fetch_add(1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(DELAYS_MS[number % DELAYS_MS.len()]));
            text("200 OK", "", "late")
        }
        "/slow-body" => {
            let body = text("200 OK", "", "first and last");
            let (start, end) = body.split_at(body.len() - 4);
            stream.write_all(start.as_bytes())?;
            std::thread::sleep(Duration::from_millis(60));
            end.to_owned()
        }
        "/hang" => {
            std::thread::sleep(Duration::from_secs(3));
            return Ok(false);
        }
        "/moved" => text("302 Found", "Location: /landed?x=1\r\n", ""),
        "/see-other" => text("303 See Other", "Location: landed\r\n", ""),
        "/kept" => text("307 Temporary Redirect", "Location: /landed\r\n", ""),
        "/loop" => text("302 Found", "Location: /loop\r\n", ""),
        "/set-cookie" => text("200 OK", "Set-Cookie: sid=c0ffee; Path=/\r\n", "set"),
        "/json" => text(
            "200 OK",
            "Content-Type: application/json\r\nX-Number: 7\r\n",
            r#"{"token":"t-1","items":[{"id":11},{"id":12},{"id":13}],"total":3,"none":null}"#,
        ),
        "/created" => text("201 Created", "", r#"{"id":1}"#),
        "/refused" => text("409 Conflict", "", "no"),
        "/broken" => text(
            "503 Service Unavailable",
            "",
            r#"{"error":"down","token":"s3cret-value"}"#,
        ),
        "/flaky" if served % 2 == 1 => text("500 Internal Server Error", "", "odd"),
        _ => text("200 OK", "", "ok"),
    };
    stream.write_all(bytes.as_bytes())?;
    if path == "/delay" {
        let took = u64::try_from(arrived.elapsed().as_micros()).unwrap();
        state.took_us.lock().unwrap().push(took);
    }
    if path == "/expires" {
        // Long enough for the answer to have been read, as any keep-alive limit is.
        std::thread::sleep(Duration::from_millis(50));
        keep = false;
    }
    Ok(keep)
}

/// What comes compressed, without it.
pub(crate) const COMPRESSED: &str = r#"{"id":7,"words":"again and again and again and again"}"#;

/// `COMPRESSED` as the coding has it that the path names; the last two by the reference encoders.
fn compressed(path: &str) -> Option<Vec<u8>> {
    let level = flate2::Compression::default();
    let raw = COMPRESSED.as_bytes();
    match path {
        "/gzip" => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
            encoder.write_all(raw).ok()?;
            encoder.finish().ok()
        }
        "/deflate" => {
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), level);
            encoder.write_all(raw).ok()?;
            encoder.finish().ok()
        }
        "/br" => Some(include_bytes!("compressed/words.json.br").to_vec()),
        "/zstd" => Some(include_bytes!("compressed/words.json.zst").to_vec()),
        // Not what it claims to be.
        "/x-gzip" => Some(b"plainly not compressed".to_vec()),
        _ => None,
    }
}
