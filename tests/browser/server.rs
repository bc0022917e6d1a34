//! A page behind the content policy that Jenkins sets unless told otherwise.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

const POLICY: &str = "sandbox; default-src 'none'; img-src 'self'; style-src 'self'";

/// Serves a page at every path until the test's process ends; returns its address.
pub(crate) fn serve_as_jenkins(page: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}/", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for mut connection in listener.incoming().map_while(Result::ok) {
            let request = BufReader::new(&connection);
            let head = request.lines().map_while(Result::ok);
            // Up to the empty line that ends the head.
            head.take_while(|line| !line.is_empty()).for_each(drop);
            let length = page.len();
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {length}\r\n\
                 Content-Security-Policy: {POLICY}\r\nConnection: close\r\n\r\n"
            );
            // A browser that goes away is no error here.
            let _ = connection.write_all((head + &page).as_bytes());
        }
    });
    address
}
