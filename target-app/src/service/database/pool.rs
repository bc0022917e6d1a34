//! A connection pool that recovers from every way in which a failover looks.
//!
//! Three habits make it recover in a fraction of a second, also when old connections just fall silent:
//! a connection is verified before it is lent; one that fails the check puts all older ones under
//! suspicion, so that they are not tried one by one; and a connection is closed instead of returned
//! unless its borrower says that it finished. An operation that timed out, failed, or whose HTTP
//! client went away in the middle of a transaction therefore never leaves its connection behind.

use std::fmt;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use deadpool_postgres::{
    ClientWrapper, Hook, HookError, ManagerConfig, Object, Pool, PoolError, RecyclingMethod,
    Runtime, Status,
};
use prometheus_client::metrics::histogram::Histogram;
use tokio_postgres::error::Severity;

use super::{Access, DatabaseParams, Work, describe};
use crate::service::ServeError;
use crate::service::exposition::seconds_histogram;
use crate::service::tls::DatabaseTls;
use crate::service::trace::TraceId;

/// How long the check of an idle connection may take.
const VERIFY_TIMEOUT: Duration = Duration::from_millis(250);
const WAIT_TIMEOUT: Duration = Duration::from_secs(2);
const CREATE_TIMEOUT: Duration = Duration::from_secs(1);

/// Why there is no answer from the database.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DatabaseError {
    /// No connection was to be had: nothing was sent.
    #[error("no connection to the database: {0}")]
    NoConnection(String),
    /// The server has more to do than it can: nothing was sent.
    #[error("the database is busy: {0}")]
    Busy(String),
    /// It took too long; the connection was given up.
    #[error("the database did not answer within {0:?}")]
    TimedOut(Duration),
    /// The server or the connection failed.
    #[error("database: {}", describe(.0))]
    Query(#[from] tokio_postgres::Error),
}

impl DatabaseError {
    /// Whether it is certain that a write which failed like this was not committed.
    pub(crate) fn changed_nothing(&self) -> bool {
        match self {
            Self::NoConnection(_) | Self::Busy(_) => true,
            Self::TimedOut(_) => false,
            // An ERROR rolls back. FATAL may come while a commit waits for the standby, when it is
            // already on the primary's disk.
            Self::Query(error) => error
                .as_db_error()
                .is_some_and(|db| db.parsed_severity() == Some(Severity::Error)),
        }
    }
}

/// Size and patience of a pool.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PoolSettings {
    /// Connections at most.
    pub(crate) size: usize,
    /// Longest database operation.
    pub(crate) operation_timeout: Duration,
}

/// A pool of verified connections. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Database {
    pool: Pool,
    way: Way,
    operation_timeout: Duration,
    seconds: Histogram,
    suspect_before: SuspectBefore,
    /// What its work costs; nothing stated: what it costs this machine.
    work: Option<Work>,
}

/// How a connection is made.
#[derive(Clone)]
struct Way {
    config: tokio_postgres::Config,
    tls: DatabaseTls,
}

/// Connections made before this instant are not lent again.
type SuspectBefore = Arc<Mutex<Option<Instant>>>;

impl Database {
    /// A pool; no connection is made yet.
    pub(crate) fn new(
        params: &DatabaseParams,
        application: &str,
        settings: PoolSettings,
    ) -> Result<Self, ServeError> {
        let config = params.driver_config(application)?;
        let tls = params.tls()?;
        Self::of(Way { config, tls }, settings)
    }

    /// A pool of a server that may take no writes; no connection is made yet.
    pub(crate) fn replica(
        params: &DatabaseParams,
        application: &str,
        settings: PoolSettings,
    ) -> Result<Self, ServeError> {
        let config = params.reading_config(application)?;
        let tls = params.tls()?;
        Self::of(Way { config, tls }, settings)
    }

    fn of(way: Way, settings: PoolSettings) -> Result<Self, ServeError> {
        let suspect_before = SuspectBefore::default();
        Ok(Self {
            pool: build(way.clone(), settings.size, &suspect_before)?,
            way,
            operation_timeout: settings.operation_timeout,
            seconds: seconds_histogram(),
            suspect_before,
            work: None,
        })
    }

    /// The same database, whose work costs this.
    pub(crate) fn costing(self, work: Option<Work>) -> Self {
        Self { work, ..self }
    }

    /// The same database, whose operations are observed together with others.
    pub(crate) fn observed_by(self, seconds: Histogram) -> Self {
        Self { seconds, ..self }
    }

    /// A pool with one connection of its own for probes: a busy shop is not an unready one. What
    /// it finds out about old connections holds for this pool too.
    pub(crate) fn for_probes(&self) -> Result<Self, ServeError> {
        Ok(Self {
            pool: build(self.way.clone(), 1, &self.suspect_before)?,
            // Probes say nothing of what shoppers wait for.
            seconds: seconds_histogram(),
            work: None,
            ..self.clone()
        })
    }

    /// Borrows a connection, verified or new, to read something in one go.
    pub(crate) async fn lease(&self) -> Result<Lease, DatabaseError> {
        self.does(Access::Read).await?;
        self.connection().await
    }

    /// Borrows a connection, verified or new, for a transaction that writes.
    pub(crate) async fn lease_to_write(&self) -> Result<Lease, DatabaseError> {
        self.does(Access::Write).await?;
        self.connection().await
    }

    /// Lets the server do its stated work.
    pub(crate) async fn does(&self, access: Access) -> Result<(), DatabaseError> {
        match &self.work {
            Some(work) => work.does(access).await,
            None => Ok(()),
        }
    }

    /// Borrows a connection for work that was done already, or costs nothing.
    pub(crate) async fn connection(&self) -> Result<Lease, DatabaseError> {
        match self.pool.get().await {
            Ok(object) => Ok(Lease(Some(object))),
            Err(PoolError::Backend(error)) => Err(DatabaseError::NoConnection(describe(&error))),
            Err(error) => Err(DatabaseError::NoConnection(error.to_string())),
        }
    }

    /// Runs one database operation within the time it may take. It is dropped, never cancelled on
    /// the server: see [`DatabaseParams::driver_config`].
    pub(crate) async fn limited<T, E: From<DatabaseError>>(
        &self,
        operation: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let began = Instant::now();
        let answer = tokio::time::timeout(self.operation_timeout, operation).await;
        self.seconds.observe(began.elapsed().as_secs_f64());
        match answer {
            Ok(answer) => answer,
            Err(_) => Err(DatabaseError::TimedOut(self.operation_timeout).into()),
        }
    }

    /// How long operations took, those that failed as well.
    pub(crate) fn seconds(&self) -> Histogram {
        self.seconds.clone()
    }

    /// How full the pool is.
    pub(crate) fn status(&self) -> Status {
        self.pool.status()
    }

    /// Closes idle connections and lends no more.
    pub(crate) fn close(&self) {
        self.pool.close();
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("pool", &self.pool.status())
            .finish_non_exhaustive()
    }
}

fn build(
    Way { config, tls }: Way,
    size: usize,
    suspect_before: &SuspectBefore,
) -> Result<Pool, ServeError> {
    let name: Arc<str> = config.get_application_name().unwrap_or_default().into();
    let habits = ManagerConfig {
        // The hook below verifies: deadpool's own check would not tell us of its time-out.
        recycling_method: RecyclingMethod::Fast,
    };
    let manager = tls.manager(config, habits);
    let suspect_before = Arc::clone(suspect_before);
    let (known, renamed) = (name.clone(), name);
    Pool::builder(manager)
        .max_size(size)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(WAIT_TIMEOUT))
        .create_timeout(Some(CREATE_TIMEOUT))
        .pre_recycle(Hook::async_fn(move |client, metrics| {
            let suspect_before = Arc::clone(&suspect_before);
            let (created, name) = (metrics.created, Arc::clone(&known));
            Box::pin(async move { verify(client, created, &suspect_before, &name).await })
        }))
        .post_create(Hook::async_fn(move |client, _| {
            let named = name_of(&renamed);
            Box::pin(async move {
                // A new connection has its name already, unless it begins within a trace.
                match TraceId::current() {
                    Some(_) => client.simple_query(&named).await.map(drop),
                    None => Ok(()),
                }
                .map_err(HookError::Backend)
            })
        }))
        .build()
        .map_err(|error| ServeError::Config(format!("database pool: {error}")))
}

/// The statement that gives a session its name: the application's, and the trace that it works
/// for. A comment would do for one statement only, and prepared ones cannot have any.
fn name_of(application: &str) -> String {
    let application = application.replace('\'', "''");
    match TraceId::current() {
        Some(trace) => format!("SET application_name = '{application} {}'", trace.as_str()),
        None => format!("SET application_name = '{application}'"),
    }
}

/// Names the session, to learn whether the server is still there.
async fn verify(
    client: &ClientWrapper,
    created: Instant,
    suspect_before: &SuspectBefore,
    name: &str,
) -> Result<(), HookError> {
    let is_suspect = |limit: &Option<Instant>| limit.is_some_and(|limit| created < limit);
    if is_suspect(
        &suspect_before
            .lock()
            .unwrap_or_else(PoisonError::into_inner),
    ) {
        return Err(HookError::message("older than one that failed its check"));
    }
    let began = Instant::now();
    match tokio::time::timeout(VERIFY_TIMEOUT, client.simple_query(&name_of(name))).await {
        Ok(Ok(_)) => Ok(()),
        // Closed: finding that out about the others costs nothing.
        Ok(Err(error)) => Err(HookError::Backend(error)),
        Err(_) => {
            tracing::warn!("an idle database connection fell silent: older ones are replaced");
            let mut limit = suspect_before
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            // Those made since may well lead to the new primary.
            *limit = (*limit).max(Some(began));
            Err(HookError::message("did not answer its check"))
        }
    }
}

/// A borrowed connection: closed when dropped, unless [`Lease::finish`]ed.
pub(crate) struct Lease(Option<Object>);

impl Lease {
    /// Gives the connection back for others. Only when no transaction is open and every answer
    /// was read.
    pub(crate) fn finish(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(object) = self.0.take() {
            drop(Object::take(object));
        }
    }
}

impl Deref for Lease {
    type Target = ClientWrapper;
    fn deref(&self) -> &ClientWrapper {
        self.0.as_ref().expect("present until finished or dropped")
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut ClientWrapper {
        self.0.as_mut().expect("present until finished or dropped")
    }
}
