//! The statements that a pair makes its servers execute.

use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::Instant;
use tokio_postgres::types::PgLsn;
use tokio_postgres::{Client, Config};

use super::error::Error;
use super::settings::{quote_name, quote_sql};
use crate::service::tls::DatabaseTls;

/// A statement that a healthy server answers in milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks at something that is about to happen.
const GLANCE: Duration = Duration::from_millis(2);

/// A superuser's connection to one server. Clones share it.
#[derive(Clone)]
pub(super) struct Admin {
    node: String,
    client: Arc<Client>,
}

/// What a primary knows of its standby.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StandbyRow {
    /// Its state is `streaming`.
    pub(super) streaming: bool,
    /// Commits wait for it.
    pub(super) sync: bool,
    /// Since its last reply; absent before the first.
    pub(super) silence: Option<Duration>,
}

impl Admin {
    pub(super) async fn connect(
        node: &str,
        config: Config,
        tls: &DatabaseTls,
    ) -> Result<Self, tokio_postgres::Error> {
        Ok(Self {
            node: node.to_owned(),
            client: Arc::new(tls.connect(config).await?),
        })
    }

    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// What this primary knows of the standby called `name`, if that is connected.
    pub(super) async fn standby(&self, name: &str) -> Result<Option<StandbyRow>, Error> {
        let look = "SELECT state = 'streaming', sync_state IN ('sync', 'quorum'), \
                    extract(epoch FROM clock_timestamp() - reply_time)::float8 \
                    FROM pg_stat_replication WHERE application_name = $1 \
                    ORDER BY backend_start DESC LIMIT 1";
        let row = self
            .within("look at its standby", self.client.query_opt(look, &[&name]))
            .await?;
        Ok(row.map(|row| StandbyRow {
            streaming: row.get(0),
            sync: row.get(1),
            silence: row
                .get::<_, Option<f64>>(2)
                .map(|s| Duration::from_secs_f64(s.max(0.0))),
        }))
    }

    /// Makes this standby a primary, and returns when it accepts writes.
    pub(super) async fn promote(&self) -> Result<(), Error> {
        self.execute("promote it", "SELECT pg_promote(false)")
            .await?;
        let deadline = Instant::now() + PATIENCE;
        while self
            .flag("ask its role", "SELECT pg_is_in_recovery()", None)
            .await?
        {
            self.wait(deadline, "its promotion").await?;
        }
        Ok(())
    }

    pub(super) async fn checkpoint(&self) -> Result<(), Error> {
        self.execute("checkpoint", "CHECKPOINT").await
    }

    /// Writes something and returns a position in the log that is past it and durable.
    pub(super) async fn write_marker(&self) -> Result<PgLsn, Error> {
        let write = "SELECT pg_logical_emit_message(true, 'pair', 'marker')";
        self.execute("write a marker", write).await?;
        let position = self
            .client
            .query_one("SELECT pg_current_wal_flush_lsn()", &[]);
        let row = self.within("read its log position", position).await?;
        Ok(row.get(0))
    }

    /// Whether this standby has replayed its log past `marker`. It is asked itself: a primary has
    /// been seen to call a standby `streaming` whose replay was stuck.
    pub(super) async fn has_replayed(&self, marker: PgLsn) -> Result<bool, Error> {
        let ask = "SELECT coalesce(pg_last_wal_replay_lsn() >= $1, false)";
        self.flag("ask for its replay position", ask, Some(marker))
            .await
    }

    /// Writes when it is now, for the age of what a replica shows to be read from; the role
    /// `reader` may read it.
    pub(super) async fn write_age_marker(&self, reader: &str) -> Result<(), Error> {
        let reader = quote_name(reader);
        let write = format!(
            "DO $$ BEGIN
                 IF to_regclass('replication_marker') IS NULL THEN
                     CREATE TABLE replication_marker (id integer PRIMARY KEY, at timestamptz NOT NULL);
                     GRANT SELECT ON replication_marker TO {reader};
                 END IF;
             END $$;
             INSERT INTO replication_marker VALUES (1, clock_timestamp())
             ON CONFLICT (id) DO UPDATE SET at = excluded.at"
        );
        self.execute("write the marker of age", &write).await
    }

    /// How old what this replica shows is: the age of the newest marker that it has replayed.
    pub(super) async fn marker_age(&self) -> Result<Duration, Error> {
        let ask =
            "SELECT extract(epoch FROM clock_timestamp() - at)::float8 FROM replication_marker";
        let answer = self.client.query_one(ask, &[]);
        let row = self.within("ask how old what it shows is", answer).await?;
        Ok(Duration::from_secs_f64(row.get::<_, f64>(0).max(0.0)))
    }

    /// Lets commits go without waiting for any standby.
    pub(super) async fn release_commits(&self) -> Result<(), Error> {
        self.set_standby_names("").await
    }

    /// Makes commits wait for the standby called `name`, and returns when every one does.
    pub(super) async fn hold_commits_for(&self, name: &str) -> Result<(), Error> {
        self.set_standby_names(&format!("FIRST 1 ({})", quote_name(name)))
            .await?;
        let deadline = Instant::now() + PATIENCE;
        while !self.standby(name).await?.is_some_and(|row| row.sync) {
            self.wait(deadline, "its standby to become synchronous")
                .await?;
        }
        // Commits begin to wait when the checkpointer has read the new value, and that shows
        // nowhere. It is the last to be told, so it is told again here; and it reads what it was
        // told at the latest between two checkpoints.
        let find = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'";
        let found = self.client.query_one(find, &[]);
        let row = self.within("find its checkpointer", found).await?;
        if let Some(checkpointer) = Pid::from_raw(row.get(0)) {
            // One that is gone has taken the server with it, which the next statement finds out.
            let _ = kill_process(checkpointer, Signal::HUP);
        }
        self.checkpoint().await?;
        self.checkpoint().await
    }

    async fn set_standby_names(&self, value: &str) -> Result<(), Error> {
        let set = format!(
            "ALTER SYSTEM SET synchronous_standby_names = {}",
            quote_sql(value)
        );
        self.execute("set synchronous_standby_names", &set).await?;
        self.execute("reload its configuration", "SELECT pg_reload_conf()")
            .await
    }

    async fn execute(&self, doing: &'static str, statement: &str) -> Result<(), Error> {
        self.within(doing, self.client.batch_execute(statement))
            .await
    }

    async fn flag(
        &self,
        doing: &'static str,
        statement: &str,
        parameter: Option<PgLsn>,
    ) -> Result<bool, Error> {
        let answer = match &parameter {
            Some(lsn) => {
                self.within(doing, self.client.query_one(statement, &[lsn]))
                    .await?
            }
            None => {
                self.within(doing, self.client.query_one(statement, &[]))
                    .await?
            }
        };
        Ok(answer.get(0))
    }

    async fn within<T>(
        &self,
        doing: &'static str,
        statement: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Error> {
        match tokio::time::timeout(PATIENCE, statement).await {
            Ok(answer) => answer.map_err(|source| Error::Sql {
                node: self.node.clone(),
                doing,
                source,
            }),
            Err(_) => Err(self.late(doing)),
        }
    }

    async fn wait(&self, deadline: Instant, what: &'static str) -> Result<(), Error> {
        if Instant::now() > deadline {
            return Err(self.late(what));
        }
        tokio::time::sleep(GLANCE).await;
        Ok(())
    }

    fn late(&self, what: &str) -> Error {
        Error::Timeout {
            what: format!("database server {} ({what})", self.node),
            seconds: PATIENCE.as_secs(),
        }
    }
}
