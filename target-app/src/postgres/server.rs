//! One PostgreSQL server: its process, its address, its data.

use std::fs::OpenOptions;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::watch;
use tokio::time::Instant;

use super::admin::Admin;
use super::data::DataFolder;
use super::error::{Error, Naming, tail};
use super::kit::{Kit, write_private};
use super::spawn::spawn_permanent;

/// A start replays at most a few megabytes, but the machine may be busy.
const START_LIMIT: Duration = Duration::from_secs(30);
/// Between two attempts to connect to a server that is starting.
const GLANCE: Duration = Duration::from_millis(3);
/// A port found free can be taken before the server binds it.
const PORT_ATTEMPTS: u32 = 5;
/// The major version from which on it can log JSON.
const FIRST_WITH_JSON: u32 = 15;

/// A server. Dropping it kills it and removes its data, as [`DataFolder`] does.
pub(super) struct Server {
    pub(super) name: String,
    pub(super) zone: String,
    pub(super) address: SocketAddr,
    data: DataFolder,
    postmaster: Postmaster,
}

struct Postmaster {
    pid: Pid,
    /// How it ended.
    ended: watch::Receiver<Option<String>>,
}

impl Server {
    /// Starts a server on a data folder, which must be filled, and connects to it.
    pub(super) async fn start(
        kit: &Kit,
        name: &str,
        zone: &str,
        mut data: DataFolder,
    ) -> Result<(Self, Admin), Error> {
        let ip = kit.zone(zone)?.address;
        let (postmaster, address, admin) = launch(kit, name, &data, ip).await?;
        data.note_segment();
        let server = Self {
            name: name.to_owned(),
            zone: zone.to_owned(),
            address,
            data,
            postmaster,
        };
        Ok((server, admin))
    }

    /// Starts it again on the data it has, as a primary that waits for no standby.
    pub(super) async fn restart(&mut self, kit: &Kit) -> Result<Admin, Error> {
        self.kill().await?;
        let settings = self.data.path().join("postgresql.auto.conf");
        write_private(&settings, "", &kit.account)?;
        let ip = self.address.ip();
        let (postmaster, address, admin) = launch(kit, &self.name, &self.data, ip).await?;
        self.data.note_segment();
        (self.postmaster, self.address) = (postmaster, address);
        Ok(admin)
    }

    /// Process id of the postmaster, while it runs.
    pub(super) fn pid(&self) -> Option<u32> {
        let running = self.postmaster.ended.borrow().is_none();
        running.then(|| self.postmaster.pid.as_raw_nonzero().get().unsigned_abs())
    }

    /// Resolves when the postmaster has ended.
    pub(super) fn ended(&self) -> impl Future<Output = ()> + use<> {
        let mut ended = self.postmaster.ended.clone();
        async move {
            // The sender is dropped after it has told.
            let _ = ended.wait_for(Option::is_some).await.is_ok();
        }
    }

    /// Kills every process of it and returns when none is left; the data stays.
    pub(super) async fn kill(&self) -> Result<(), Error> {
        self.data.kill(self.signalable()).await?;
        // That nothing runs any more is seen from outside, and may be seen before whoever waits for
        // the postmaster was told. Nobody may take it for alive after this.
        self.ended().await;
        Ok(())
    }

    /// Asks it to end after its standby has received everything, and waits for that up to `limit`.
    pub(super) async fn drain(&self, limit: Duration) {
        if let Some(pid) = self.signalable() {
            // It may have ended by itself since.
            let _ = kill_process(pid, Signal::INT);
            let _ = tokio::time::timeout(limit, self.ended()).await.is_ok();
        }
    }

    /// Kills it and removes its data.
    pub(super) async fn destroy(self) -> Result<(), Error> {
        let postmaster = self.signalable();
        self.data.destroy(postmaster).await
    }

    /// The pid, unless it was reaped and may belong to someone else by now.
    fn signalable(&self) -> Option<Pid> {
        self.pid().map(|_| self.postmaster.pid)
    }
}

async fn launch(
    kit: &Kit,
    name: &str,
    data: &DataFolder,
    ip: IpAddr,
) -> Result<(Postmaster, SocketAddr, Admin), Error> {
    let log = kit.root.join(format!("{name}.log"));
    let mut attempt = 1;
    loop {
        let address = free_address(ip)?;
        let mut postmaster = spawn(kit, name, data.path(), address, &log)?;
        match connect(kit, name, address, &mut postmaster).await {
            Ok(admin) => return Ok((postmaster, address, admin)),
            Err(why) => {
                let alive = postmaster.ended.borrow().is_none();
                data.kill(alive.then_some(postmaster.pid)).await?;
                let last = tail(&said(&log));
                if last.contains("could not bind") && attempt < PORT_ATTEMPTS {
                    attempt += 1;
                    continue;
                }
                return Err(Error::Start {
                    node: name.to_owned(),
                    why,
                    log: last,
                });
            }
        }
    }
}

fn spawn(
    kit: &Kit,
    name: &str,
    data: &Path,
    address: SocketAddr,
    log: &Path,
) -> Result<Postmaster, Error> {
    let mut options = OpenOptions::new();
    options.create(true).append(true).mode(0o600);
    let output = options.open(log).naming("open", log)?;
    let errors = output.try_clone().naming("open", log)?;
    // Where logs are JSON the server opens it as well.
    kit.account.own(log)?;
    let mut command = kit.program("postgres");
    command
        .arg("-D")
        .arg(data)
        .args(["-c", &format!("listen_addresses={}", address.ip())])
        .args(["-c", &format!("port={}", address.port())])
        .args(["-c", &format!("cluster_name={name}")])
        .args(structured_logs(kit, name));
    for setting in kit.encryption.settings() {
        command.args(["-c", &setting]);
    }
    command
        .stdout(Stdio::from(output))
        .stderr(Stdio::from(errors));
    // SIGQUIT makes a postmaster kill its children and remove its shared memory: nothing is left
    // of it even when nobody is there any more to clean up.
    let child = spawn_permanent(command, Signal::QUIT).map_err(|error| Error::Start {
        node: name.to_owned(),
        why: error.to_string(),
        log: String::new(),
    })?;
    Ok(Postmaster {
        pid: Pid::from_child(&child),
        ended: watch_end(child),
    })
}

/// Logs as JSON, to `NAME.json` beside the data, from PostgreSQL 15 on. A process of the server's own
/// writes them; what comes before it is there stays text, and so do all logs of older servers.
fn structured_logs(kit: &Kit, name: &str) -> Vec<String> {
    if kit.binaries.major < FIRST_WITH_JSON {
        return Vec::new();
    }
    let settings = [
        "logging_collector=on".to_owned(),
        "log_destination=jsonlog".to_owned(),
        format!("log_directory={}", kit.root.display()),
        // The ending becomes `.json`.
        format!("log_filename={name}.log"),
        // One file, as long as the stack lives.
        "log_rotation_age=0".to_owned(),
        "log_rotation_size=0".to_owned(),
    ];
    let settings = settings.into_iter();
    settings
        .flat_map(|setting| ["-c".to_owned(), setting])
        .collect()
}

/// All that a server said, in either form.
fn said(log: &Path) -> String {
    let both = [log.to_owned(), log.with_extension("json")];
    let texts = both.map(|file| std::fs::read_to_string(file).unwrap_or_default());
    texts.concat()
}

/// Reaps the child when it ends, and tells.
fn watch_end(mut child: Child) -> watch::Receiver<Option<String>> {
    let (tell, ended) = watch::channel(None);
    std::thread::spawn(move || {
        let how = match child.wait() {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        tell.send_replace(Some(how));
    });
    ended
}

/// Connects as soon as the server answers; the error says why it never did.
async fn connect(
    kit: &Kit,
    name: &str,
    address: SocketAddr,
    postmaster: &mut Postmaster,
) -> Result<Admin, String> {
    let config = kit.admin_config(address);
    let deadline = Instant::now() + START_LIMIT;
    loop {
        let refused = match Admin::connect(name, config.clone(), kit.encryption.client()).await {
            Ok(admin) => return Ok(admin),
            Err(error) => error,
        };
        if let Some(how) = postmaster.ended.borrow().as_ref() {
            return Err(how.clone());
        }
        if Instant::now() > deadline {
            return Err(format!("{refused} after {} s", START_LIMIT.as_secs()));
        }
        tokio::time::sleep(GLANCE).await;
    }
}

fn free_address(ip: IpAddr) -> Result<SocketAddr, Error> {
    let probe = TcpListener::bind((ip, 0)).and_then(|listener| listener.local_addr());
    probe.map_err(|error| Error::Invalid(format!("cannot listen on {ip}: {error}")))
}
