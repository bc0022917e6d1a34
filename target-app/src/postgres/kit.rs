//! What every step with PostgreSQL needs: the programs, the account, the folder, the secrets.

use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::Signal;
use tokio::io::AsyncWriteExt;

use super::account::Account;
use super::encryption::Encryption;
use super::error::{Error, Naming, tail};
use super::find::Binaries;
use super::settings::SUPERUSER;
use super::spawn::dies_with_parent;

/// What of our environment PostgreSQL's programs need; `PG…` variables would mislead them.
const PASSED_ON: [&str; 4] = ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR"];

/// An availability zone as the database sees it.
pub(super) struct Zone {
    pub(super) name: String,
    /// The loopback address that servers in it listen on.
    pub(super) address: IpAddr,
}

/// Shared by everything the pair does. Deliberately without `Debug`: it holds passwords.
pub(super) struct Kit {
    pub(super) binaries: Binaries,
    pub(super) account: Account,
    /// Holds data folders, logs and the password file.
    pub(super) root: PathBuf,
    /// What servers are called, without their numbers.
    pub(super) servers: String,
    pub(super) zones: Vec<Zone>,
    pub(super) database: String,
    pub(super) user: String,
    pub(super) password: String,
    pub(super) admin_password: String,
    pub(super) encryption: Encryption,
}

impl Kit {
    pub(super) fn zone(&self, name: &str) -> Result<&Zone, Error> {
        let zone = self.zones.iter().find(|zone| zone.name == name);
        zone.ok_or_else(|| {
            let known: Vec<&str> = self.zones.iter().map(|zone| zone.name.as_str()).collect();
            Error::UnknownZone {
                zone: name.to_owned(),
                known: known.join(", "),
            }
        })
    }

    /// The name of the pair's server with this number, counted from 1 as they are made.
    pub(super) fn server(&self, number: u32) -> String {
        format!("{}-{number}", self.servers)
    }

    /// The data folder of a node.
    pub(super) fn data_of(&self, node: &str) -> PathBuf {
        self.root.join(node)
    }

    /// The superuser's password, for programs that would otherwise need it on a command line.
    pub(super) fn password_file(&self) -> PathBuf {
        self.root.join("passfile")
    }

    pub(super) fn write_password_file(&self) -> Result<(), Error> {
        let line = format!("*:*:*:{SUPERUSER}:{}\n", self.admin_password);
        write_private(&self.password_file(), &line, &self.account)
    }

    /// How the pair itself connects to a server.
    pub(super) fn admin_config(&self, address: SocketAddr) -> tokio_postgres::Config {
        let mut config = tokio_postgres::Config::new();
        config
            .host(address.ip().to_string())
            .port(address.port())
            .user(SUPERUSER)
            .password(&self.admin_password)
            .dbname(&self.database)
            .application_name("control-plane")
            .connect_timeout(std::time::Duration::from_secs(2))
            // What the pair writes must never wait for a standby that may be gone.
            .options("-c synchronous_commit=local");
        config
    }

    /// One of PostgreSQL's programs, ready for arguments.
    pub(super) fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.binaries.program(name));
        command
            .env_clear()
            .envs(
                PASSED_ON
                    .iter()
                    .filter_map(|k| Some((k, std::env::var_os(k)?))),
            )
            .env("LC_ALL", "C")
            .current_dir(&self.root)
            .stdin(Stdio::null());
        self.account.apply(&mut command);
        command
    }

    /// Runs a program to its end, feeding it `input`. Dropping the future kills it.
    pub(super) async fn run(
        &self,
        program: &'static str,
        mut command: Command,
        subject: &str,
        input: Option<&str>,
    ) -> Result<(), Error> {
        let failed = |status: String, output: &str| Error::Program {
            program,
            subject: subject.to_owned(),
            status,
            output: tail(output),
        };
        dies_with_parent(&mut command, Signal::KILL);
        let mut command = tokio::process::Command::from(command);
        command.kill_on_drop(true);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        if input.is_some() {
            command.stdin(Stdio::piped());
        }
        let mut child = command
            .spawn()
            .map_err(|error| failed(error.to_string(), ""))?;
        if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
            // A program that ended early says why on its standard error.
            let _ = stdin.write_all(input.as_bytes()).await;
        }
        let output = child
            .wait_with_output()
            .await
            .map_err(|error| failed(error.to_string(), ""))?;
        let said = [output.stdout, output.stderr].concat();
        if output.status.success() {
            Ok(())
        } else {
            let said = String::from_utf8_lossy(&said);
            Err(failed(output.status.to_string(), &said))
        }
    }
}

/// Writes a file that only `owner` can read.
pub(super) fn write_private(path: &Path, content: &str, owner: &Account) -> Result<(), Error> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(path).naming("write", path)?;
    file.write_all(content.as_bytes()).naming("write", path)?;
    owner.own(path)
}

/// Runs what blocks on the thread pool for that.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is going down, and the stack with it.
            Err(_) => Err(Error::Stopped),
        },
    }
}
