//! One connection with a Redis: asked while it is there, made again in the background when it is
//! not. Requests never make one, so none of them waits for it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, FromRedisValue};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::api::RedisUrl;
use crate::process::Shutdown;

/// How long connecting may take; no request waits for it.
const CONNECTS_WITHIN: Duration = Duration::from_secs(2);
/// Between two attempts to connect.
const RETRY: Duration = Duration::from_millis(250);

/// It was not there, not in time, or refused; the log says which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Failed;

/// A Redis that comes and goes.
pub(super) struct Connection {
    client: Client,
    /// For logs.
    shown: String,
    /// Whoever needs longer is slower than what it is to spare.
    answers_within: Duration,
    current: Mutex<Option<Line>>,
    lost: Notify,
    /// Which connection is the current one, so that what befell an older one is not its loss.
    made: AtomicU64,
}

#[derive(Clone)]
struct Line {
    redis: MultiplexedConnection,
    number: u64,
}

impl Connection {
    /// # Errors
    /// The address is none.
    pub(super) fn new(redis: &RedisUrl, answers_within_ms: u64) -> Result<Self, String> {
        Ok(Self {
            client: client(redis)?,
            shown: redis.shown(),
            answers_within: Duration::from_millis(answers_within_ms.max(1)),
            current: Mutex::new(None),
            lost: Notify::new(),
            made: AtomicU64::new(0),
        })
    }

    /// The answer to a command.
    ///
    /// # Errors
    /// [`Failed`] when there is none within a moment.
    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Failed> {
        let mut line = self.current().clone().ok_or(Failed)?;
        let asked = command.query_async(&mut line.redis);
        match timeout(self.answers_within, asked).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) if is_of_the_answer(&error) => {
                tracing::debug!(redis = self.shown, %error, "the cache refuses");
                Err(Failed)
            }
            Ok(Err(error)) => {
                self.lose(line.number, &error);
                Err(Failed)
            }
            Err(late) => {
                self.lose(line.number, &late);
                Err(Failed)
            }
        }
    }

    /// Connects, and connects again whenever that is needed, until `shutdown`.
    pub(super) async fn watch(&self, mut shutdown: Shutdown) {
        let mut told = false;
        while !shutdown.is_requested() {
            match connect(&self.client, self.answers_within).await {
                Ok(redis) => {
                    tracing::info!(redis = self.shown, "the cache is there");
                    told = false;
                    let number = 1 + self.made.fetch_add(1, Ordering::Relaxed);
                    *self.current() = Some(Line { redis, number });
                    tokio::select! {
                        () = self.lost.notified() => {}
                        () = shutdown.requested() => {}
                    }
                }
                Err(error) => {
                    if !told {
                        tracing::warn!(redis = self.shown, error, "no cache: the database is read");
                    }
                    told = true;
                }
            }
            tokio::select! {
                () = tokio::time::sleep(RETRY) => {}
                () = shutdown.requested() => {}
            }
        }
    }

    fn lose(&self, number: u64, why: &impl std::fmt::Display) {
        let lost = self
            .current()
            .take_if(|line| line.number == number)
            .is_some();
        if lost {
            tracing::warn!(redis = self.shown, error = %why, "the cache is lost");
            self.lost.notify_one();
        }
    }

    fn current(&self) -> std::sync::MutexGuard<'_, Option<Line>> {
        self.current.lock().expect("nobody panics while holding it")
    }
}

/// Whether a Redis is there and lets us in.
///
/// # Errors
/// Why not, and what to do.
pub(crate) async fn reach(redis: &RedisUrl) -> Result<(), String> {
    let shown = redis.shown();
    let found = connect(&client(redis)?, CONNECTS_WITHIN).await.map(drop);
    found.map_err(|error| {
        format!("cache: no Redis is to be had at {shown}: {error}. Start it, or leave `redis` out")
    })
}

fn client(redis: &RedisUrl) -> Result<Client, String> {
    let target = redis.target()?;
    Client::open(target).map_err(|error| format!("cache: {}: {error}", redis.shown()))
}

/// A connection that has answered, and in time.
async fn connect(
    client: &Client,
    answers_within: Duration,
) -> Result<MultiplexedConnection, String> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECTS_WITHIN))
        .set_response_timeout(Some(answers_within));
    let connecting = client.get_multiplexed_async_connection_with_config(&config);
    let mut redis = connecting.await.map_err(|error| error.to_string())?;
    let ping = redis::cmd("PING");
    let answered: Result<String, _> = ping.query_async(&mut redis).await;
    answered.map_err(|error| error.to_string())?;
    Ok(redis)
}

/// Redis has answered, and said no: the connection is as good as before.
fn is_of_the_answer(error: &redis::RedisError) -> bool {
    use redis::ErrorKind::{Extension, Server, UnexpectedReturnType};
    matches!(error.kind(), Server(_) | Extension | UnexpectedReturnType)
}
