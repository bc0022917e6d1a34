//! HTTP/2: requests are streams of one connection, a user's own or one that users share.

use std::future::poll_fn;
use std::task::Poll;

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use http::header::{CONNECTION, HOST};
use http::{HeaderName, HeaderValue, Method, Request, Uri};

use super::body::KEPT;
use super::client::Wire;
use super::ending::{Arrived, Broken};
use super::failure::Failure;
use super::head::Head;
use super::origin::Origin;
use super::stream::Stream;
use crate::measure::clock::RunClock;
use crate::measure::outcome::ErrorKind;

/// What the target may send before it hears that it was read, bytes: enough for a fast, far link.
const STREAM_WINDOW: u32 = 4 << 20;
const CONNECTION_WINDOW: u32 = 16 << 20;
/// A request has no more header fields than this.
const MAX_FIELDS: usize = 128;

/// A connection on which many requests may be under way.
#[derive(Debug, Clone)]
pub(crate) struct Multiplexed {
    sender: SendRequest<Bytes>,
}

impl Multiplexed {
    /// Greets the target. The connection lives in a task of its own until nobody uses it any more.
    ///
    /// # Errors
    /// [`ErrorKind::Connect`]: it does not speak HTTP/2, and no request was sent.
    pub(crate) async fn greet(origin: &Origin, stream: Stream) -> Result<Self, Failure> {
        let greeted = Builder::new()
            .enable_push(false)
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .handshake(stream)
            .await;
        match greeted {
            Ok((sender, connection)) => {
                // What ends it is told to every request that is under way then.
                tokio::spawn(async move { drop(connection.await) });
                Ok(Self { sender })
            }
            Err(error) => {
                let message = format!("{} does not speak HTTP/2: {error}", origin.url());
                Err(Failure::new(ErrorKind::Connect, message))
            }
        }
    }

    /// Whether it can still carry requests, perhaps not at once.
    pub(crate) async fn is_open(&mut self) -> bool {
        poll_fn(|cx| {
            let broken = matches!(self.sender.poll_ready(cx), Poll::Ready(Err(_)));
            Poll::Ready(!broken)
        })
        .await
    }

    /// Sends a request and receives its answer, whose head is put into the buffer as HTTP/1.1
    /// would have it, so that whoever looks at it need not know the difference.
    pub(super) async fn converse(
        &mut self,
        origin: &Origin,
        wire: Wire<'_>,
        buffer: &mut Vec<u8>,
        head: &mut Head,
        clock: RunClock,
    ) -> Result<Arrived, Broken> {
        let (request, body) = translate(origin, wire.bytes).map_err(|why| Broken {
            failure: Failure::new(
                ErrorKind::Protocol,
                format!("the request cannot be sent: {why}"),
            ),
            before_answer: false,
        })?;
        let before = |error: h2::Error| broken("while waiting for the answer", &error, true);
        // Waits while the target allows no more streams.
        let mut sender = self.sender.clone().ready().await.map_err(before)?;
        let (answer, mut outgoing) = sender
            .send_request(request, body.is_empty())
            .map_err(before)?;
        if !body.is_empty() {
            outgoing.send_data(body, true).map_err(before)?;
        }
        let (parts, mut incoming) = answer.await.map_err(before)?.into_parts();
        let first_byte_at = Some(clock.now());
        let fields = parts.headers.iter();
        let fields = fields.map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes()));
        head.compose(parts.status.as_u16(), fields, buffer);
        let start = buffer.len();
        let mut body_length = 0;
        while let Some(chunk) = incoming.data().await {
            let within = |error: h2::Error| broken("within the answer", &error, false);
            let chunk = chunk.map_err(within)?;
            body_length += chunk.len() as u64;
            let room = (start + KEPT).saturating_sub(buffer.len()).min(chunk.len());
            buffer.extend_from_slice(&chunk[..room]);
            incoming
                .flow_control()
                .release_capacity(chunk.len())
                .map_err(within)?;
        }
        Ok(Arrived {
            body_length,
            kept: true,
            first_byte_at,
        })
    }
}

/// A request that was rendered for HTTP/1.1, with its body.
fn translate(origin: &Origin, bytes: &[u8]) -> Result<(Request<()>, Bytes), String> {
    let mut space = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut parsed = httparse::Request::new(&mut space);
    let length = match parsed.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Err("its head has no end".to_owned()),
        Err(error) => return Err(error.to_string()),
    };
    let in_words = |error: http::Error| error.to_string();
    let method = Method::try_from(parsed.method.unwrap_or("GET")).map_err(|e| e.to_string())?;
    let mut authority = origin.authority().into_bytes();
    let mut request = Request::new(());
    for field in parsed.headers.iter() {
        let name = HeaderName::try_from(field.name).map_err(|error| error.to_string())?;
        if name == HOST {
            field.value.clone_into(&mut authority);
        } else if name != CONNECTION {
            let value = HeaderValue::try_from(field.value).map_err(|error| error.to_string())?;
            request.headers_mut().append(name, value);
        }
    }
    *request.method_mut() = method;
    *request.uri_mut() = Uri::builder()
        .scheme(if origin.secure { "https" } else { "http" })
        .authority(authority)
        .path_and_query(parsed.path.unwrap_or("/"))
        .build()
        .map_err(in_words)?;
    Ok((request, Bytes::copy_from_slice(&bytes[length..])))
}

/// A stream or its connection ended early.
fn broken(doing: &str, error: &h2::Error, before_answer: bool) -> Broken {
    let kind = if error.is_io() || error.is_remote() {
        ErrorKind::Reset
    } else {
        ErrorKind::Protocol
    };
    Broken {
        failure: Failure::new(kind, format!("{doing}: {error}")),
        before_answer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::exchange::Target;

    #[test]
    fn a_request_says_the_same_in_the_other_version() {
        let origin = Target::parse("https://shop.test:8443").unwrap().origin;
        let bytes = b"POST /a?b HTTP/1.1\r\nHost: shop.test:8443\r\nConnection: close\r\n\
                      X-Token: t\r\nContent-Length: 4\r\n\r\nbody";
        let (request, body) = translate(&origin, bytes).unwrap();
        assert_eq!(request.method(), Method::POST);
        assert_eq!(request.uri(), "https://shop.test:8443/a?b");
        assert_eq!(request.headers().len(), 2);
        assert_eq!(request.headers()["x-token"], "t");
        assert_eq!(&body[..], b"body");
    }
}
