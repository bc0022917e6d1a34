//! Through an HTTP proxy: plain requests name their whole URL, encrypted ones get a tunnel.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::failure::{Failure, cause};
use super::origin::Origin;
use crate::measure::outcome::ErrorKind;
use crate::scenario::Proxy;

/// A tunnel's head that is longer is none.
const MAX_HEAD: usize = 16 * 1024;

/// The scenario's proxy.
#[derive(Debug)]
pub(crate) struct Via {
    /// Where it listens.
    pub(crate) origin: Origin,
    proxy: Proxy,
}

impl Via {
    pub(crate) fn new(proxy: Proxy) -> Self {
        Self {
            origin: Origin {
                secure: false,
                host: proxy.host.clone(),
                port: proxy.port,
                socket: None,
            },
            proxy,
        }
    }

    /// The request as a proxy wants it (RFC 9112, section 3.2.2): `GET http://host/path HTTP/1.1`.
    pub(crate) fn rewrite(&self, origin: &Origin, request: &[u8], out: &mut Vec<u8>) {
        out.clear();
        let end = |byte, from: usize| {
            let rest = &request[from..];
            from + memchr::memchr(byte, rest).map_or(rest.len(), |at| at + 1)
        };
        let method = end(b' ', 0);
        let line = end(b'\n', method);
        out.extend_from_slice(&request[..method]);
        out.extend_from_slice(origin.base().as_bytes());
        out.extend_from_slice(&request[method..line]);
        self.authorize(out);
        out.extend_from_slice(&request[line..]);
    }

    /// Asks for a tunnel to the target (RFC 9110, section 9.3.6).
    ///
    /// # Errors
    /// [`ErrorKind::Connect`]: nothing was sent to the target.
    pub(crate) async fn tunnel(
        &self,
        target: &Origin,
        stream: &mut TcpStream,
    ) -> Result<(), Failure> {
        let failed = |why: String| {
            let message = format!(
                "{} through the proxy {}: {why}",
                target.url(),
                self.origin.url()
            );
            Failure::new(ErrorKind::Connect, message)
        };
        let place = target.place();
        let mut ask = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n").into_bytes();
        self.authorize(&mut ask);
        ask.extend_from_slice(b"\r\n");
        let answer = match stream.write_all(&ask).await {
            Ok(()) => head(stream).await,
            Err(error) => Err(error),
        };
        let answer = answer.map_err(|error| failed(cause(&error)))?;
        let mut space = [httparse::EMPTY_HEADER; 64];
        let mut response = httparse::Response::new(&mut space);
        match (response.parse(&answer), response.code) {
            (Ok(_), Some(200..=299)) => Ok(()),
            (Ok(_), Some(407)) => Err(failed("it asks for a login (407)".to_owned())),
            (Ok(_), Some(code)) => Err(failed(format!("it refuses the tunnel ({code})"))),
            _ => Err(failed("what it answers is not HTTP".to_owned())),
        }
    }

    fn authorize(&self, out: &mut Vec<u8>) {
        if let Some(authorization) = &self.proxy.authorization {
            out.extend_from_slice(b"Proxy-Authorization: ");
            out.extend_from_slice(authorization.as_bytes());
            out.extend_from_slice(b"\r\n");
        }
    }
}

/// Up to the empty line and not a byte further: what follows belongs to the target.
async fn head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(256);
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == MAX_HEAD {
            return Err(io::Error::other("its answer has no end"));
        }
        head.push(stream.read_u8().await?);
    }
    Ok(head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::exchange::Target;

    #[test]
    fn a_request_names_its_whole_url_and_the_login() {
        let via = Via::new(Proxy {
            host: "proxy.example".into(),
            port: 3128,
            authorization: Some("Basic YTpi".into()),
        });
        let target = Target::parse("http://shop.example:8080/").unwrap().origin;
        let request = b"GET /a?b HTTP/1.1\r\nHost: shop.example:8080\r\n\r\nbody\n";
        let mut out = Vec::new();
        via.rewrite(&target, request, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "GET http://shop.example:8080/a?b HTTP/1.1\r\nProxy-Authorization: Basic YTpi\r\n\
             Host: shop.example:8080\r\n\r\nbody\n"
        );
    }
}
