//! One user's connections and buffers.

use std::time::Duration;

use super::answer::{Answer, Body};
use super::body::KEPT;
use super::carrier::Carrier;
use super::connector::SharedConnector;
use super::decode::{codings, decode};
use super::ending::{Arrived, Broken};
use super::failure::Failure;
use super::head::Head;
use super::http1::talk;
use super::origin::Origin;
use super::watchdog::Watchdog;
use crate::measure::clock::{Micros, RunClock};
use crate::measure::outcome::ErrorKind;
use crate::scenario::ConnectionReuse;

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
    /// It asks for a compressed answer.
    pub(crate) compressible: bool,
    /// From the send to the last byte.
    pub(crate) timeout: Duration,
}

/// What an exchange that came to an answer or not leaves.
#[derive(Debug)]
pub(crate) struct Received {
    /// When sending began (or connecting, if it never came to sending), run time.
    pub(crate) sent_at: Micros,
    /// When the first byte of the answer was there, run time; none: it never was.
    pub(crate) first_byte_at: Option<Micros>,
    /// When the last byte was there or the failure certain, run time.
    pub(crate) done_at: Micros,
    /// An expired connection made a second sending necessary.
    pub(crate) resent: bool,
    /// Whether there is an answer: then see [`Client::answer`].
    pub(crate) result: Result<(), Failure>,
}

/// One user's connections, and the answer it received last.
#[derive(Debug)]
pub(crate) struct Client {
    connector: SharedConnector,
    reuse: ConnectionReuse,
    clock: RunClock,
    /// Spreads users over the addresses of a name.
    turn: usize,
    connections: Vec<Connection>,
    buffer: Vec<u8>,
    head: Head,
    body_length: u64,
    /// The body without its compression, and its whole length; none: it had no compression.
    plain: Vec<u8>,
    plain_length: Option<u64>,
    /// The request as a proxy wants it.
    rewritten: Vec<u8>,
    watchdog: Watchdog,
}

#[derive(Debug)]
struct Connection {
    origin: Origin,
    carrier: Carrier,
    used_at: Micros,
    /// It has carried a request before.
    used: bool,
}

impl Client {
    pub(crate) fn new(connector: SharedConnector, clock: RunClock, turn: usize) -> Self {
        Self {
            reuse: connector.reuse(),
            connector,
            clock,
            turn,
            connections: Vec::new(),
            buffer: Vec::new(),
            head: Head::default(),
            body_length: 0,
            plain: Vec::new(),
            plain_length: None,
            rewritten: Vec::new(),
            watchdog: Watchdog::default(),
        }
    }

    /// An iteration is over: its connections end with it where the scenario says so.
    pub(crate) fn end_iteration(&mut self) {
        if self.reuse == ConnectionReuse::PerIteration {
            self.connections.clear();
        }
    }

    /// Sends the request and receives its answer.
    pub(crate) async fn exchange(&mut self, origin: &Origin, wire: Wire<'_>) -> Received {
        let mut received = Received {
            sent_at: 0,
            first_byte_at: None,
            done_at: 0,
            resent: false,
            result: Ok(()),
        };
        self.plain_length = None;
        received.result = self.attempt(origin, wire, &mut received).await;
        if received.result.is_err() {
            received.done_at = self.clock.now();
        } else if wire.compressible {
            received.result = self.decompress();
        }
        received
    }

    /// The answer of the last exchange, if that had one.
    pub(crate) fn answer(&self) -> Answer<'_> {
        let raw = &self.buffer[self.head.length.min(self.buffer.len())..];
        let cut = self.body_length > raw.len() as u64;
        let body = match self.plain_length {
            None => Body {
                bytes: raw,
                length: self.body_length,
                received: self.body_length,
                compressed: false,
                cut,
            },
            Some(length) => Body {
                bytes: &self.plain,
                length,
                received: self.body_length,
                compressed: true,
                cut: cut || length > self.plain.len() as u64,
            },
        };
        Answer::new(&self.head, &self.buffer, body)
    }

    /// Undoes the compression of the answer, if it has one.
    fn decompress(&mut self) -> Result<(), Failure> {
        let raw = &self.buffer[self.head.length.min(self.buffer.len())..];
        if raw.is_empty() {
            return Ok(());
        }
        let wrong = |why| {
            Failure::new(
                ErrorKind::Protocol,
                format!("the answer cannot be read: {why}"),
            )
        };
        let codings = codings(self.head.values(&self.buffer, "content-encoding")).map_err(wrong)?;
        if codings.is_empty() {
            return Ok(());
        }
        if self.plain.capacity() > BUFFER_KEPT {
            self.plain = Vec::new();
        }
        let whole = self.body_length == raw.len() as u64;
        let length = decode(&codings, raw, whole, &mut self.plain, KEPT).map_err(wrong)?;
        self.plain_length = Some(length);
        Ok(())
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
            connection = Box::pin(self.connect(origin, wire.timeout, received)).await?;
            outcome = self.converse(&mut connection, wire).await;
        }
        match outcome {
            Ok(arrived) => {
                received.done_at = self.clock.now();
                received.first_byte_at = arrived.first_byte_at.or(Some(received.done_at));
                self.body_length = arrived.body_length;
                if arrived.kept && self.keeps_connections() {
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

    /// Whether a connection is this user's own beyond one request.
    fn keeps_connections(&self) -> bool {
        match self.reuse {
            ConnectionReuse::PerUser | ConnectionReuse::PerIteration => true,
            ConnectionReuse::PerRequest | ConnectionReuse::Shared => false,
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
            if connection.carrier.is_usable().await {
                return Ok(connection);
            }
        }
        Box::pin(self.connect(origin, timeout, received)).await
    }

    /// Callers box it: resolving, proxies, TLS and HTTP/2 make it large, it is rare, and every idle
    /// user has room for whatever it may wait for.
    async fn connect(
        &mut self,
        origin: &Origin,
        timeout: Duration,
        received: &mut Received,
    ) -> Result<Connection, Failure> {
        if received.sent_at == 0 {
            received.sent_at = self.clock.now();
        }
        if self.connections.len() >= MAX_CONNECTIONS {
            self.connections.remove(0);
        }
        let carrier = match self.reuse {
            ConnectionReuse::Shared => self.connector.shared(origin, self.turn, timeout).await?,
            _ => self.connector.connect(origin, self.turn, timeout).await?,
        };
        Ok(Connection {
            origin: origin.clone(),
            carrier,
            used_at: 0,
            used: false,
        })
    }

    /// Writes the request and reads the answer, within the timeout.
    async fn converse(
        &mut self,
        connection: &mut Connection,
        wire: Wire<'_>,
    ) -> Result<Arrived, Broken> {
        let Self {
            connector,
            clock,
            buffer,
            head,
            rewritten,
            watchdog,
            ..
        } = self;
        let Connection {
            origin, carrier, ..
        } = connection;
        buffer.clear();
        if buffer.capacity() > BUFFER_KEPT {
            buffer.shrink_to(BUFFER_KEPT);
        }
        let outcome = match carrier {
            Carrier::One(stream) => {
                let bytes = match connector.rewrites(origin) {
                    None => wire.bytes,
                    Some(proxy) => {
                        proxy.rewrite(origin, wire.bytes, rewritten);
                        rewritten
                    }
                };
                let talk = talk(stream, bytes, wire.to_head, buffer, head, *clock);
                watchdog.guard(wire.timeout, talk).await
            }
            Carrier::Many(connection) => {
                // Boxed for its size, as `connect` is.
                let talk = Box::pin(connection.converse(origin, wire, buffer, head, *clock));
                watchdog.guard(wire.timeout, talk).await
            }
        };
        outcome.unwrap_or_else(|_| {
            Err(Broken {
                failure: Failure::new(
                    ErrorKind::Timeout,
                    format!(
                        "no complete answer within {:?} ({} bytes had come)",
                        wire.timeout,
                        buffer.len()
                    ),
                ),
                before_answer: false,
            })
        })
    }
}
