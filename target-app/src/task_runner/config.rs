//! What a task runner is told.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::api::{DatabaseTime, Millis};
use crate::service::Secret;
use crate::service::database::DatabaseParams;
use crate::service::tls::ServerFiles;

/// Configuration of one task runner. Everything after `database_name` has a default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskRunnerConfig {
    /// Name, told in metrics and in the database's list of sessions.
    pub pod: String,
    /// Zone, told in metrics.
    pub zone: String,
    /// Where to listen for probes and metrics; port 0 chooses a free one.
    pub listen: SocketAddr,
    /// The database's `host:port`, or several separated by commas.
    pub database: String,
    /// Role.
    pub database_user: String,
    /// Password; may be empty.
    #[serde(default)]
    pub database_password: Secret,
    /// Database name.
    pub database_name: String,
    /// The authorities, as PEM, one of which has to vouch for the database; none: the way to it is
    /// not encrypted.
    #[serde(default)]
    pub database_ca: Option<PathBuf>,
    /// What it shows its clients; none: it serves HTTP without TLS.
    #[serde(default)]
    pub tls: Option<ServerFiles>,
    /// Jobs taken in one transaction at most.
    #[serde(default = "default::batch")]
    pub batch: u32,
    /// Wait between two looks at an empty queue, in milliseconds.
    #[serde(default = "default::poll_ms")]
    pub poll_ms: u64,
    /// A batch that takes longer is given up together with its connection, in milliseconds.
    #[serde(default = "default::batch_timeout_ms")]
    pub batch_timeout_ms: u64,
    /// Wait before the second attempt; doubles with every further one, in milliseconds.
    #[serde(default = "default::retry_ms")]
    pub retry_ms: u64,
    /// Longest wait between attempts, in milliseconds.
    #[serde(default = "default::retry_max_ms")]
    pub retry_max_ms: u64,
    /// The mail server's `host:port`. Absent: confirmations are written down and not sent.
    #[serde(default)]
    pub smtp: Option<String>,
    /// Where jobs wait.
    #[serde(default)]
    pub queue: QueueKind,
    /// What sending the e-mails of a batch takes; they are sent side by side.
    #[serde(default)]
    pub confirm_time: Option<Millis>,
    /// Further databases whose jobs it works on.
    #[serde(default)]
    pub shards: Vec<ShardQueue>,
    /// What a batch costs the database: a write.
    #[serde(default)]
    pub database_work: Option<QueueWork>,
}

/// A further database with the same user, password and name, that orders are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShardQueue {
    /// Where it is.
    pub address: SocketAddr,
    /// What a batch costs it.
    #[serde(default)]
    pub work: Option<QueueWork>,
}

/// What a batch costs the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueWork {
    /// For how long one of its slots is taken.
    pub time: DatabaseTime,
    /// Who has them.
    pub turnstile: SocketAddr,
}

impl TaskRunnerConfig {
    /// A configuration with defaults for all that has them.
    #[must_use]
    pub fn new(
        pod: impl Into<String>,
        zone: impl Into<String>,
        listen: SocketAddr,
        database: DatabaseParams,
    ) -> Self {
        Self {
            pod: pod.into(),
            zone: zone.into(),
            listen,
            database: database.address,
            database_user: database.user,
            database_password: database.password,
            database_name: database.name,
            database_ca: database.ca,
            tls: None,
            batch: default::batch(),
            poll_ms: default::poll_ms(),
            batch_timeout_ms: default::batch_timeout_ms(),
            retry_ms: default::retry_ms(),
            retry_max_ms: default::retry_max_ms(),
            smtp: None,
            queue: QueueKind::default(),
            confirm_time: None,
            shards: Vec::new(),
            database_work: None,
        }
    }

    /// Where the database is and who asks.
    #[must_use]
    pub fn database_params(&self) -> DatabaseParams {
        DatabaseParams {
            address: self.database.clone(),
            user: self.database_user.clone(),
            password: self.database_password.clone(),
            name: self.database_name.clone(),
            ca: self.database_ca.clone(),
        }
    }
}

/// Where jobs wait until a runner takes them. They are written down in the shop's database in any
/// case, with what they follow from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QueueKind {
    /// In the database itself.
    #[default]
    Postgres,
    /// In a queue of Amazon SQS with this URL: runners carry them there.
    Sqs(String),
}

impl std::str::FromStr for QueueKind {
    type Err = String;

    /// `postgres`, or the URL of a queue.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "postgres" => Ok(Self::Postgres),
            url if url.starts_with("https://") || url.starts_with("http://") => {
                Ok(Self::Sqs(url.to_owned()))
            }
            _ => Err("a queue is `postgres`, or the URL of an SQS queue: https://sqs.…".into()),
        }
    }
}

/// Defaults that serde asks for one by one.
mod default {
    pub(super) fn batch() -> u32 {
        64
    }
    pub(super) fn poll_ms() -> u64 {
        100
    }
    pub(super) fn batch_timeout_ms() -> u64 {
        2_000
    }
    pub(super) fn retry_ms() -> u64 {
        500
    }
    pub(super) fn retry_max_ms() -> u64 {
        60_000
    }
}
