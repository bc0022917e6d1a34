//! One user's connections and buffers.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::answer::Answer;
use super::body::{BodyReader, KEPT};
use super::connector::SharedConnector;
use super::failure::Failure;
use super::head::Head;
use super::origin::Origin;
use super::stream::Stream;
use super::watchdog::Watchdog;
use crate::measure::clock::{Micros, RunClock};
use crate::measure::outcome::ErrorKind;

/// A connection unused for this long may have expired just while a request was on its way. One
/// used a moment ago has not: when it breaks the target broke it, and nothing is sent again.
const EXPIRES_AFTER_US: u64 = 500_000;
/// Connections to different origins that a user keeps; journeys rarely have more than two.
const MAX_CONNECTIONS: usize = 6;
/// Buffers that grew beyond this for one large answer are given back.
const BUFFER_KEPT: usize = 256 * 1024;

/// A request ready to be written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wire<'r> {
    /// Head and body.
    pub(crate) bytes: &'r [u8],
    /// Its answer has no body: `HEAD`.
    pub(crate) to_head: bool,
    /// Sending it twice has no other effect than once.
    pub(crate) repeatable: bool,
    /// From the send to the last byte.
    pub(crate) timeout: Duration,
}

/// What an exchange that came to an answer or not leaves.
#[derive(Debug)]
pub(crate) struct Received {
    /// When sending began (or connecting, if it never came to sending), run time.
    pub(crate) sent_at: Micros,
    /// When the last byte was there or the failure certain, run time.
    pub(crate) done_at: Micros,
    /// How long connecting took, microseconds; 0 on a kept connection.
    pub(crate) connect_us: u64,
    /// An expired connection made a second sending necessary.
    pub(crate) resent: bool,
    /// Whether there is an answer: then see [`Client::answer`].
    pub(crate) result: Result<(), Failure>,
}

/// One user's connections, and the answer it received last.
#[derive(Debug)]
pub(crate) struct Client {
    connector: SharedConnector,
    clock: RunClock,
    /// Spreads users over the addresses of a name.
    turn: usize,
    connections: Vec<Connection>,
    buffer: Vec<u8>,
    head: Head,
    body_length: u64,
    watchdog: Watchdog,
}

#[derive(Debug)]
struct Connection {
    origin: Origin,
    stream: Stream,
    used_at: Micros,
    /// It has carried a request before.
    used: bool,
}

/// An exchange on one connection that failed.
struct Broken {
    failure: Failure,
    /// Not one byte of an answer had come, and the connection is closed.
    before_answer: bool,
}

impl Client {
    pub(crate) fn new(connector: SharedConnector, clock: RunClock, turn: usize) -> Self {
        Self {
            connector,
            clock,
            turn,
            connections: Vec::new(),
            buffer: Vec::new(),
            head: Head::default(),
            body_length: 0,
            watchdog: Watchdog::default(),
        }
    }

    /// Sends the request and receives its answer.
    pub(crate) async fn exchange(&mut self, origin: &Origin, wire: Wire<'_>) -> Received {
        let mut received = Received {
            sent_at: 0,
            done_at: 0,
            connect_us: 0,
            resent: false,
            result: Ok(()),
        };
        received.result = self.attempt(origin, wire, &mut received).await;
        if received.result.is_err() {
            received.done_at = self.clock.now();
        }
        received
    }

    /// The answer of the last exchange, if that had one.
    pub(crate) fn answer(&self) -> Answer<'_> {
        Answer::new(&self.head, &self.buffer, self.body_length)
    }

    async fn attempt(
        &mut self,
        origin: &Origin,
        wire: Wire<'_>,
        received: &mut Received,
    ) -> Result<(), Failure> {
        let mut connection = self.connection(origin, wire.timeout, received).await?;
        received.sent_at = self.clock.now();
        let stale = connection.used
            && received.sent_at.saturating_sub(connection.used_at) >= EXPIRES_AFTER_US;
        let mut outcome = self.converse(&mut connection, wire).await;
        if stale && wire.repeatable && matches!(&outcome, Err(broken) if broken.before_answer) {
            received.resent = true;
            connection = self.connect(origin, wire.timeout, received).await?;
            outcome = self.converse(&mut connection, wire).await;
        }
        match outcome {
            Ok(kept) => {
                received.done_at = self.clock.now();
                if kept {
                    connection.used = true;
                    connection.used_at = received.done_at;
                    self.connections.push(connection);
                }
                Ok(())
            }
            Err(broken) => {
                self.connector.lost(origin);
                Err(broken.failure)
            }
        }
    }

    /// The kept connection to that origin if it is still usable, else a new one.
    async fn connection(
        &mut self,
        origin: &Origin,
        timeout: Duration,
        received: &mut Received,
    ) -> Result<Connection, Failure> {
        let kept = self.connections.iter().position(|c| c.origin == *origin);
        if let Some(position) = kept {
            let mut connection = self.connections.swap_remove(position);
            if connection.stream.is_idle().await {
                return Ok(connection);
            }
        }
        self.connect(origin, timeout, received).await
    }

    async fn connect(
        &mut self,
        origin: &Origin,
        timeout: Duration,
        received: &mut Received,
    ) -> Result<Connection, Failure> {
        let began = self.clock.now();
        if received.sent_at == 0 {
            received.sent_at = began;
        }
        if self.connections.len() >= MAX_CONNECTIONS {
            self.connections.remove(0);
        }
        let stream = self.connector.connect(origin, self.turn, timeout).await?;
        let now = self.clock.now();
        received.connect_us += now.saturating_sub(began);
        Ok(Connection {
            origin: origin.clone(),
            stream,
            used_at: now,
            used: false,
        })
    }

    /// Writes the request and reads the answer, within the timeout. True: the connection stays.
    async fn converse(
        &mut self,
        connection: &mut Connection,
        wire: Wire<'_>,
    ) -> Result<bool, Broken> {
        let Self {
            buffer,
            head,
            body_length,
            watchdog,
            ..
        } = self;
        buffer.clear();
        if buffer.capacity() > BUFFER_KEPT {
            buffer.shrink_to(BUFFER_KEPT);
        }
        let stream = &mut connection.stream;
        let talk = async {
            let written = write(stream, wire.bytes).await;
            let read = read(stream, buffer, head, wire.to_head).await;
            // A server may answer and close before it has read the whole request: the answer
            // counts. Without one the failed write is the cause.
            match (written, read) {
                (Ok(()), Ok((length, kept))) => Ok((length, kept)),
                (Err(_), Ok((length, _))) => Ok((length, false)),
                (Ok(()), Err(broken)) => Err(broken),
                (Err(error), Err(broken)) => Err(Broken {
                    failure: Failure::broken("while sending", &error),
                    before_answer: broken.before_answer,
                }),
            }
        };
        let outcome = watchdog.guard(wire.timeout, talk).await;
        let Ok(outcome) = outcome else {
            return Err(Broken {
                failure: Failure::new(
                    ErrorKind::Timeout,
                    format!(
                        "no complete answer within {:?} ({} bytes had come)",
                        wire.timeout,
                        buffer.len()
                    ),
                ),
                before_answer: false,
            });
        };
        let (length, kept) = outcome?;
        *body_length = length;
        Ok(kept)
    }
}

async fn write(stream: &mut Stream, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).await?;
    match stream {
        // A TCP socket has nothing to flush.
        Stream::Plain(_) => Ok(()),
        Stream::Tls(stream) => stream.flush().await,
    }
}

/// Reads one answer to its last byte: its body's length, and whether the connection stays usable.
async fn read(
    stream: &mut Stream,
    buffer: &mut Vec<u8>,
    head: &mut Head,
    to_head: bool,
) -> Result<(u64, bool), Broken> {
    let protocol = |message: String| Broken {
        failure: Failure::new(ErrorKind::Protocol, message),
        before_answer: false,
    };
    let mut body = None::<BodyReader>;
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
            return closed(body, buffer);
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
            let kept = head.keeps_alive(buffer) && !body.has_surplus();
            return Ok((body.length(), kept));
        }
    }
}

/// The connection ended: well, if the body was to end with it.
fn closed(body: Option<BodyReader>, buffer: &[u8]) -> Result<(u64, bool), Broken> {
    let message = match body {
        Some(mut body) => {
            if body.closed() {
                return Ok((body.length(), false));
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
