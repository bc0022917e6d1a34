//! The least of HTTP/1.1 that the engine speaks: requests in, answers out, connections kept.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

use super::now;

/// Longest head and body that the selftest's own scenarios send, many times over.
const LONGEST: usize = 64 * 1024;
const HEADERS: usize = 32;

/// A request as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli::selftest) struct Request {
    /// `GET`
    pub(in crate::cli::selftest) method: String,
    /// As sent.
    pub(in crate::cli::selftest) path: String,
    /// When its last byte was there, microseconds of `CLOCK_MONOTONIC`.
    pub(in crate::cli::selftest) received: u64,
}

impl Request {
    /// The number at the path's end: which arrival of the schedule this is.
    pub(in crate::cli::selftest) fn number(&self) -> u64 {
        let last = self.path.rsplit('/').next();
        last.and_then(|text| text.parse().ok()).unwrap_or(u64::MAX)
    }
}

/// Reads the next request; none when the client closed the connection between two of them.
pub(super) async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    buffer: &mut Vec<u8>,
) -> io::Result<Option<Request>> {
    loop {
        if let Some((mut request, length)) = parse(buffer)? {
            if buffer.len() >= length {
                request.received = now();
                buffer.drain(..length);
                return Ok(Some(request));
            }
        } else if buffer.len() > LONGEST {
            return Err(not_http("a head without an end"));
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

/// The request at the buffer's start and how many bytes it takes, once its head is complete.
fn parse(buffer: &[u8]) -> io::Result<Option<(Request, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut head = httparse::Request::new(&mut headers);
    let status = head
        .parse(buffer)
        .map_err(|error| not_http(&error.to_string()))?;
    let httparse::Status::Complete(length) = status else {
        return Ok(None);
    };
    let body = head
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("content-length"))
        .and_then(|header| std::str::from_utf8(header.value).ok()?.parse().ok())
        .unwrap_or(0);
    let request = Request {
        method: head.method.unwrap_or_default().to_owned(),
        path: head.path.unwrap_or_default().to_owned(),
        received: 0,
    };
    Ok(Some((request, length + body)))
}

/// An answer with a JSON body.
pub(super) fn answer(status: u16, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status} As Asked\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn not_http(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn requests_come_one_after_another_whatever_the_pieces() {
        let sent =
            b"POST /writes/k/7 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET /8 HTTP/1.1\r\n\r\n";
        let mut wire = &sent[..];
        let mut buffer = sent[..20].to_vec();
        wire = &wire[20..];
        let first = read(&mut wire, &mut buffer).await.unwrap().unwrap();
        assert_eq!((first.method.as_str(), first.number()), ("POST", 7));
        let second = read(&mut wire, &mut buffer).await.unwrap().unwrap();
        assert_eq!((second.path.as_str(), second.number()), ("/8", 8));
        assert_eq!(read(&mut wire, &mut buffer).await.unwrap(), None);
    }
}
