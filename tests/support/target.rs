//! A target in the test's own process, whose every answer the test decides.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// A request as it arrived.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Request {
    /// `GET /path?query`
    pub(crate) what: String,
    /// As sent, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }
}

/// What it is answered.
pub(crate) enum Reply {
    /// 200, with this body.
    Ok(String),
    /// 200 with these header lines, each of which ends with CRLF, and this body.
    Headed(&'static str, String),
    /// This status, and nothing else.
    Status(u16),
    /// Nothing, for as long as the client waits.
    Never,
}

/// Serves until the test's process ends; nobody joins its threads.
pub(crate) struct Target {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Target {
    pub(crate) fn serve(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let seen = Arc::<Mutex<Vec<Request>>>::default();
        let (answer, all) = (Arc::new(answer), Arc::clone(&seen));
        std::thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let (answer, seen) = (Arc::clone(&answer), Arc::clone(&all));
                // A client that goes away ends its thread, which is no error here.
                std::thread::spawn(move || converse(&connection, &*answer, &seen));
            }
        });
        Self { url, seen }
    }

    /// Answers everything with `ok`, and has books in which nothing is wrong: a run that takes it
    /// for the bundled shop does not wait for them.
    pub(crate) fn in_order() -> Self {
        Self::serve(|asked| match asked.what.as_str() {
            "GET /api/admin/invariants" => Reply::Ok(r#"{"pending":0,"rules":[]}"#.into()),
            _ => Reply::Ok("ok".into()),
        })
    }

    /// Everything that it was asked so far.
    pub(crate) fn seen(&self) -> Vec<Request> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.clone()
    }
}

fn converse(
    mut connection: &TcpStream,
    answer: &dyn Fn(&Request) -> Reply,
    seen: &Mutex<Vec<Request>>,
) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut reader = BufReader::new(connection);
    while let Some(request) = read(&mut reader)? {
        let reply = answer(&request);
        seen.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(request);
        let (status, headers, body) = match reply {
            Reply::Ok(body) => (200, "", body),
            Reply::Headed(headers, body) => (200, headers, body),
            Reply::Status(status) => (status, "", String::new()),
            Reply::Never => return io::copy(&mut reader, &mut io::sink()).map(drop),
        };
        let length = body.len();
        let head =
            format!("HTTP/1.1 {status} As Asked\r\n{headers}Content-Length: {length}\r\n\r\n");
        connection.write_all((head + &body).as_bytes())?;
    }
    Ok(())
}

fn read(reader: &mut impl BufRead) -> io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let what = line
        .rsplit_once(' ')
        .map_or("", |(what, _)| what)
        .to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut request = Request {
        what,
        headers,
        body: String::new(),
    };
    let length = request.header("content-length").parse().unwrap_or(0);
    reader.take(length).read_to_string(&mut request.body)?;
    Ok(Some(request))
}
