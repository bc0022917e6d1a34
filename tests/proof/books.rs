//! Both sides of the books: what `ledger.csv` says, and what the database holds.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use target_app::api::StackStatus;
use tokio_postgres::NoTls;

use crate::support::Bench;

/// A stack that is up before a run and still there after it.
pub(crate) struct Standing<'b> {
    bench: &'b Bench,
}

impl<'b> Standing<'b> {
    /// `loadtest stack up ARGS…`
    pub(crate) fn up(bench: &'b Bench, args: &[&str]) -> Self {
        let up = ["stack", "up"].iter().chain(args).copied();
        bench.loadtest(up).exits(0);
        Self { bench }
    }

    /// The keys of all orders and canary writes, by SQL through the database's one endpoint: a key that is there
    /// twice comes twice.
    pub(crate) fn keys(&self) -> Vec<String> {
        let said = self
            .bench
            .loadtest(["stack", "status", "--name", "default", "--json"]);
        let status: StackStatus = serde_json::from_str(&said.exits(0).out()).expect("a status");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(keys(&status)).expect("SQL")
    }
}

impl Drop for Standing<'_> {
    fn drop(&mut self) {
        self.bench.loadtest(["stack", "down"]).exits(0);
    }
}

async fn keys(status: &StackStatus) -> Result<Vec<String>, tokio_postgres::Error> {
    let mut config: tokio_postgres::Config = "user=postgres dbname=shop".parse()?;
    let (host, port) = status.database_endpoint.rsplit_once(':').expect("a port");
    config
        .host(host)
        .port(port.parse().expect("a port"))
        .password(administrator(&status.root));
    let (client, connection) = config.connect(NoTls).await?;
    let connection = tokio::spawn(connection);
    let rows = client
        .query(
            "SELECT key FROM orders UNION ALL SELECT key FROM canaries",
            &[],
        )
        .await?;
    connection.abort();
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// The superuser's password, as the stack keeps it for its own programs.
fn administrator(root: &Path) -> String {
    let mut folders = vec![root.join("database")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the stack's folder") {
            let path = entry.expect("an entry").path();
            let line = std::fs::read_to_string(&path).unwrap_or_default();
            if let Some(password) = line.strip_prefix("*:*:*:postgres:") {
                return password.trim_end().to_owned();
            }
            // The servers' own data folders are large and hold no such file.
            if path.is_dir() && !path.join("PG_VERSION").exists() {
                folders.push(path);
            }
        }
    }
    panic!("no password file in {}", root.display());
}

/// `ledger.csv` of the only run.
pub(crate) struct LedgerFile(Vec<csv::StringRecord>);

impl LedgerFile {
    pub(crate) fn of(bench: &Bench) -> Self {
        let path: PathBuf = bench.run_folder().join("ledger.csv");
        let rows = csv::Reader::from_path(path).expect("ledger.csv");
        Self(
            rows.into_records()
                .collect::<Result<_, _>>()
                .expect("valid CSV"),
        )
    }

    /// Keys of the writes that were answered so.
    pub(crate) fn answered(&self, answer: &str) -> BTreeSet<&str> {
        self.keys_with(4, answer)
    }

    /// Keys of the writes that had this fate.
    pub(crate) fn fated(&self, fate: &str) -> BTreeSet<&str> {
        self.keys_with(5, fate)
    }

    fn keys_with(&self, column: usize, value: &str) -> BTreeSet<&str> {
        let rows = self.0.iter().filter(|row| &row[column] == value);
        rows.map(|row| &row[0]).collect()
    }
}
