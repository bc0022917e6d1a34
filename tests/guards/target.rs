//! A server in this process that does to its n-th request what a test says.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// What happens to a request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Answer {
    Ok,
    Error,
    /// An answer that comes so late.
    Late(Duration),
    /// None at all.
    Never,
}

/// Serves until the test's process ends, and answers its address. `script` is told the number of
/// each request, from 0.
pub(crate) fn serve(script: impl Fn(usize) -> Answer + Send + Sync + 'static) -> String {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", server.local_addr().expect("an address"));
    let script = Arc::new((AtomicUsize::new(0), script));
    std::thread::spawn(move || {
        for connection in server.incoming().map_while(Result::ok) {
            let script = Arc::clone(&script);
            std::thread::spawn(move || {
                let (asked, script) = &*script;
                answer_until_closed(connection, || script(asked.fetch_add(1, Ordering::Relaxed)));
            });
        }
    });
    url
}

/// Requests without bodies, one after another.
fn answer_until_closed(mut connection: TcpStream, next: impl Fn() -> Answer) {
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = connection.read(&mut buffer) {
        seen.extend_from_slice(&buffer[..read]);
        while let Some(end) = seen.windows(4).position(|window| window == b"\r\n\r\n") {
            seen.drain(..end + 4);
            let status = match next() {
                Answer::Ok => "200 OK",
                Answer::Error => "500 Internal Server Error",
                Answer::Late(after) => {
                    std::thread::sleep(after);
                    "200 OK"
                }
                // Until the client has had enough.
                Answer::Never => continue,
            };
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nok");
            if connection.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    }
}
