//! `loadtest app`: the shop's parts one by one, for containers. The local stack starts its own.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use target_app::process::{self, Shutdown};
use target_app::service::database::DatabaseParams;
use target_app::service::tls::ServerFiles;
use target_app::service::{Bound, Secret, ServeError, logging};
use target_app::shop::{RateLimit, schema};
use target_app::task_runner::{QueueKind, TaskRunnerConfig};
use target_app::{shop, task_runner};

use super::UsageError;

const EXAMPLES: &str = "\
Examples:
  DATABASE_ADDRESS=db:5432 DATABASE_PASSWORD_FILE=/run/secrets/database loadtest app migrate
  SESSION_KEY_FILE=/run/secrets/session loadtest app shop --listen 0.0.0.0:8080
  loadtest app task-runner --listen 0.0.0.0:8081
  loadtest app shop --database-ca rds.pem --tls-certificate shop.pem --tls-key shop.key
  loadtest app task-runner --queue https://sqs.eu-central-1.amazonaws.com/123456789012/jobs

Secrets come from the environment or from files, never from the command line:
  DATABASE_PASSWORD or DATABASE_PASSWORD_FILE   the database role's password; may be absent
  SESSION_KEY or SESSION_KEY_FILE               signs sessions; the same for all pods, at least 16 bytes

Probes: /healthz (alive), /readyz (takes traffic), /metrics (Prometheus). SIGTERM drains, then ends.
For a whole shop on this machine: loadtest stack up";

/// Run one part of the shop by itself, as in a container
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct AppCommand {
    #[command(subcommand)]
    part: Part,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// Create the tables and the data that the shop starts with; done twice it changes nothing
    Migrate {
        #[command(flatten)]
        database: Database,
        /// Products in the catalogue
        #[arg(long, env = "PRODUCTS", default_value_t = 1_000)]
        products: u32,
        /// Customers `customer<N>@example.test` with password `secret-<N>`
        #[arg(long, env = "CUSTOMERS", default_value_t = 1_000)]
        customers: u32,
    },
    /// Serve the shop: page, API, probes
    Shop {
        #[command(flatten)]
        database: Database,
        #[command(flatten)]
        pod: Pod,
        /// Connections to the database at most
        #[arg(long, env = "POOL_SIZE", default_value_t = 8)]
        pool_size: usize,
        /// Requests per second that one client may make: a session, else an address
        #[arg(
            long,
            env = "RATE_LIMIT",
            default_value_t = 50_000.0,
            value_name = "RATE"
        )]
        rate_limit: f64,
        /// Sites whose pages may ask from a browser, separated by commas; the shop's own always may
        #[arg(
            long,
            env = "ALLOW_ORIGIN",
            value_delimiter = ',',
            value_name = "ORIGINS"
        )]
        allow_origin: Vec<String>,
        /// After SIGTERM: how long to serve on, unready, until nobody sends more, milliseconds
        #[arg(long, env = "DRAIN_MS", default_value_t = 5_000)]
        drain_ms: u64,
        /// Log requests that take at least so long, milliseconds; failed ones are logged anyway
        #[arg(long, env = "SLOW_MS", default_value_t = 1_000)]
        slow_ms: u64,
    },
    /// Work off the queue: confirmations of orders
    TaskRunner {
        #[command(flatten)]
        database: Database,
        #[command(flatten)]
        pod: Pod,
        /// Where jobs wait: `postgres`, or the URL of an SQS queue that has a redrive policy
        #[arg(long, env = "QUEUE", default_value = "postgres", value_name = "QUEUE")]
        queue: QueueKind,
        /// Mail server that confirmations are sent to, without TLS; else they are only written down
        #[arg(long, env = "SMTP_ADDRESS", value_name = "HOST:PORT")]
        smtp: Option<String>,
    },
}

impl Part {
    /// As logs show it.
    fn name(&self) -> &str {
        match self {
            Self::Migrate { .. } => "migrate",
            Self::Shop { pod, .. } | Self::TaskRunner { pod, .. } => &pod.name,
        }
    }
}

/// Who this is.
#[derive(Debug, Args)]
struct Pod {
    /// Where to listen
    #[arg(long, env = "LISTEN", default_value = "0.0.0.0:8080")]
    listen: SocketAddr,
    /// Name, told in the header x-pod and in metrics
    #[arg(
        long = "pod",
        env = "HOSTNAME",
        id = "pod",
        default_value = "pod",
        value_name = "NAME"
    )]
    name: String,
    /// Zone, told in the header x-zone and in metrics
    #[arg(long, env = "ZONE", default_value = "unknown")]
    zone: String,
    /// PEM file with the certificate to serve HTTPS with; else it is HTTP
    #[arg(
        long,
        env = "TLS_CERTIFICATE",
        value_name = "FILE",
        requires = "tls_key"
    )]
    tls_certificate: Option<PathBuf>,
    /// PEM file with its key
    #[arg(
        long,
        env = "TLS_KEY",
        value_name = "FILE",
        requires = "tls_certificate"
    )]
    tls_key: Option<PathBuf>,
}

impl Pod {
    fn tls(&self) -> Option<ServerFiles> {
        let (certificate, key) = self.tls_certificate.clone().zip(self.tls_key.clone())?;
        Some(ServerFiles { certificate, key })
    }
}

/// Where the database is.
#[derive(Debug, Args)]
struct Database {
    /// host:port, or several separated by commas: the first that takes writes is used
    #[arg(
        long = "database",
        env = "DATABASE_ADDRESS",
        id = "database",
        value_name = "HOST:PORT"
    )]
    address: String,
    /// Role
    #[arg(
        long = "database-user",
        env = "DATABASE_USER",
        id = "database_user",
        default_value = "shop",
        value_name = "ROLE"
    )]
    user: String,
    /// Database
    #[arg(
        long = "database-name",
        env = "DATABASE_NAME",
        id = "database_name",
        default_value = "shop",
        value_name = "NAME"
    )]
    name: String,
    /// PEM file with the authorities, one of which has to vouch for the database; else the way to
    /// it is not encrypted
    #[arg(long = "database-ca", env = "DATABASE_CA", value_name = "FILE")]
    ca: Option<PathBuf>,
}

impl Database {
    fn params(self) -> anyhow::Result<DatabaseParams> {
        Ok(DatabaseParams {
            address: self.address,
            user: self.user,
            password: secret("DATABASE_PASSWORD")?.unwrap_or_default(),
            name: self.name,
            ca: self.ca,
        })
    }
}

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// What is missing or wrong in the configuration, or why it cannot serve.
pub(super) fn run(command: AppCommand) -> anyhow::Result<ExitCode> {
    logging::install(command.part.name());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(part(command.part))?;
    Ok(ExitCode::SUCCESS)
}

async fn part(part: Part) -> anyhow::Result<()> {
    match part {
        Part::Migrate {
            database,
            products,
            customers,
        } => {
            let database = database.params()?;
            schema::install(&database, products, customers).await?;
            tracing::info!(database = database.address, "the tables are there");
        }
        Part::Shop {
            database,
            pod,
            pool_size,
            rate_limit,
            allow_origin,
            drain_ms,
            slow_ms,
        } => {
            let key = secret("SESSION_KEY")?.ok_or_else(|| {
                let words = "SESSION_KEY or SESSION_KEY_FILE has to be set: all pods sign sessions with the same key";
                UsageError(words.to_owned())
            })?;
            let database = database.params()?;
            let tls = pod.tls();
            let mut config = shop::ShopConfig::new(pod.name, pod.zone, pod.listen, database, key);
            config.tls = tls;
            config.pool_size = pool_size;
            // Pages fetch several things at once.
            config.rate_limit = RateLimit {
                per_second: rate_limit,
                burst: rate_limit.max(1.0),
            };
            config.allowed_origins = allow_origin;
            config.drain_ms = drain_ms;
            config.slow_request_ms = slow_ms;
            shop::run(config, told, shutdown()?).await.map_err(usage)?;
        }
        Part::TaskRunner {
            database,
            pod,
            queue,
            smtp,
        } => {
            let database = database.params()?;
            let config = TaskRunnerConfig {
                queue,
                smtp,
                tls: pod.tls(),
                ..TaskRunnerConfig::new(pod.name, pod.zone, pod.listen, database)
            };
            task_runner::run(config, told, shutdown()?)
                .await
                .map_err(usage)?;
        }
    }
    Ok(())
}

fn shutdown() -> anyhow::Result<Shutdown> {
    process::follow_signals().context("signals cannot be listened to")
}

fn told(bound: Bound) {
    tracing::info!(address = %bound.address, "listening");
}

/// A configuration that is impossible is the caller's to mend.
fn usage(error: ServeError) -> anyhow::Error {
    match error {
        ServeError::Config(words) => UsageError(words).into(),
        ServeError::Tls(error) => UsageError(error.to_string()).into(),
        other => other.into(),
    }
}

/// `NAME`, or what is in the file that `NAME_FILE` names.
fn secret(name: &str) -> anyhow::Result<Option<Secret>> {
    if let Ok(value) = std::env::var(name) {
        return Ok(Some(value.into()));
    }
    let Some(file) = std::env::var_os(format!("{name}_FILE")).map(PathBuf::from) else {
        return Ok(None);
    };
    let text = std::fs::read_to_string(&file)
        .map_err(|error| UsageError(format!("{name}_FILE: {}: {error}", file.display())))?;
    // Editors and `kubectl create secret` differ in whether a line ends.
    Ok(Some(text.trim_end_matches(['\r', '\n']).into()))
}
