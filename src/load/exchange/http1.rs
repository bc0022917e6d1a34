//! HTTP/1.1: one request is written, one answer is read.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::body::{BodyReader, KEPT};
use super::ending::{Arrived, Broken};
use super::failure::Failure;
use super::head::Head;
use super::stream::Stream;
use crate::measure::clock::{Micros, RunClock};
use crate::measure::outcome::ErrorKind;

/// One request and its answer on a connection that carries one at a time.
pub(super) async fn talk(
    stream: &mut Stream,
    bytes: &[u8],
    to_head: bool,
    buffer: &mut Vec<u8>,
    head: &mut Head,
    clock: RunClock,
) -> Result<Arrived, Broken> {
    let written = write(stream, bytes).await;
    let read = read(stream, buffer, head, to_head, clock).await;
    // A server may answer and close before it has read the whole request: the answer counts.
    // Without one the failed write is the cause.
    match (written, read) {
        (Ok(()), Ok(arrived)) => Ok(arrived),
        (Err(_), Ok(arrived)) => Ok(Arrived {
            kept: false,
            ..arrived
        }),
        (Ok(()), Err(broken)) => Err(broken),
        (Err(error), Err(broken)) => Err(Broken {
            failure: Failure::broken("while sending", &error),
            before_answer: broken.before_answer,
        }),
    }
}

async fn write(stream: &mut Stream, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).await?;
    match stream {
        // A socket has nothing to flush.
        Stream::Plain(_) | Stream::Local(_) => Ok(()),
        Stream::Tls(stream) => stream.flush().await,
    }
}

/// Reads one answer to its last byte.
async fn read(
    stream: &mut Stream,
    buffer: &mut Vec<u8>,
    head: &mut Head,
    to_head: bool,
    clock: RunClock,
) -> Result<Arrived, Broken> {
    let protocol = |message: String| Broken {
        failure: Failure::new(ErrorKind::Protocol, message),
        before_answer: false,
    };
    let mut body = None::<BodyReader>;
    let mut first_byte_at = None;
    loop {
        let room = body.as_ref().map_or(4 * 1024, BodyReader::appetite);
        buffer.reserve(room);
        let got = match stream.read_buf(buffer).await {
            Ok(got) => got,
            // A TLS peer that closes without saying goodbye ends the stream all the same.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
            Err(error) => {
                return Err(Broken {
                    failure: Failure::broken("while waiting for the answer", &error),
                    before_answer: buffer.is_empty(),
                });
            }
        };
        if got == 0 {
            return closed(body, buffer, first_byte_at);
        }
        while body.is_none() && head.parse(buffer).map_err(protocol)? {
            if head.status == 101 {
                return Err(protocol("the answer switches to another protocol".into()));
            }
            if head.is_interim() {
                buffer.drain(..head.length);
                continue;
            }
            let framing = head.framing(buffer, to_head).map_err(protocol)?;
            body = Some(BodyReader::new(framing, head.length, KEPT));
        }
        if let Some(body) = &mut body
            && body.absorb(buffer).map_err(protocol)?
        {
            return Ok(Arrived {
                body_length: body.length(),
                kept: head.keeps_alive(buffer) && !body.has_surplus(),
                first_byte_at,
            });
        }
        // An answer that comes in one piece needs no look at the clock of its own.
        if first_byte_at.is_none() {
            first_byte_at = Some(clock.now());
        }
    }
}

/// The connection ended: well, if the body was to end with it.
fn closed(
    body: Option<BodyReader>,
    buffer: &[u8],
    first_byte_at: Option<Micros>,
) -> Result<Arrived, Broken> {
    let message = match body {
        Some(mut body) => {
            if body.closed() {
                return Ok(Arrived {
                    body_length: body.length(),
                    kept: false,
                    first_byte_at,
                });
            }
            format!(
                "the connection closed within the answer, after {} bytes of its body",
                body.length()
            )
        }
        None if buffer.is_empty() => "the connection closed without an answer".to_owned(),
        None => "the connection closed within the answer's head".to_owned(),
    };
    Err(Broken {
        failure: Failure::new(ErrorKind::Reset, message),
        before_answer: buffer.is_empty(),
    })
}
