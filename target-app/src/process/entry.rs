//! The first steps of a process of the stack, seen from inside.

use std::io::{BufRead, Read, Write};

use serde::de::DeserializeOwned;
use tokio::signal::unix::{SignalKind, signal};

use super::{Announcement, Shutdown, Trigger};

/// Why a process could not begin.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// Stdin ended or broke before the configuration.
    #[error(
        "no configuration on stdin: this command is started by the tool itself, not by hand ({0})"
    )]
    NoConfiguration(std::io::Error),
    /// The line on stdin is not this role's configuration.
    #[error("the configuration on stdin is not understood: {0}")]
    Configuration(#[from] serde_json::Error),
}

/// Reads the one line of configuration.
///
/// # Errors
/// [`EntryError`] when there is none, or it is not a `C`.
pub fn read_config<C: DeserializeOwned>() -> Result<C, EntryError> {
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    match read {
        Ok(0) => Err(EntryError::NoConfiguration(
            std::io::ErrorKind::UnexpectedEof.into(),
        )),
        Ok(_) => Ok(serde_json::from_str(&line)?),
        Err(error) => Err(EntryError::NoConfiguration(error)),
    }
}

/// Tells the parent something, on stdout.
pub fn announce(announcement: &Announcement) {
    let mut stdout = std::io::stdout().lock();
    let written = serde_json::to_writer(&mut stdout, announcement)
        .map_err(std::io::Error::from)
        .and_then(|()| writeln!(stdout))
        .and_then(|()| stdout.flush());
    if let Err(error) = written {
        tracing::warn!(%error, "the parent does not listen");
    }
}

/// Watches the lifeline from now on: the shutdown is requested when the parent is gone, or lets go.
#[must_use]
pub fn follow_parent() -> Shutdown {
    let (trigger, gone) = Trigger::new();
    let watch = move || {
        let mut ignored = [0; 64];
        let mut stdin = std::io::stdin().lock();
        loop {
            match stdin.read(&mut ignored) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
        }
        trigger.pull();
    };
    let started = std::thread::Builder::new()
        .name("lifeline".into())
        .spawn(watch);
    if let Err(error) = started {
        // The closure and its trigger are gone, which asks for the shutdown: fail closed.
        tracing::error!(%error, "cannot watch the lifeline");
    }
    gone
}

/// The shutdown of a process that ends when its parent does, or on SIGTERM or SIGINT.
///
/// # Errors
/// When the operating system takes no signal handler.
pub fn follow_parent_and_signals() -> std::io::Result<Shutdown> {
    let mut parent = follow_parent();
    let mut signals = follow_signals()?;
    let (trigger, shutdown) = Trigger::new();
    tokio::spawn(async move {
        tokio::select! {
            () = parent.requested() => tracing::info!("the parent is gone: stopping"),
            () = signals.requested() => tracing::info!("asked to stop by a signal"),
        }
        trigger.pull();
    });
    Ok(shutdown)
}

/// The shutdown that SIGTERM or SIGINT request.
///
/// # Errors
/// When the operating system takes no signal handler.
pub fn follow_signals() -> std::io::Result<Shutdown> {
    let mut term = signal(SignalKind::terminate())?;
    let mut int = signal(SignalKind::interrupt())?;
    let (trigger, shutdown) = Trigger::new();
    tokio::spawn(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        trigger.pull();
    });
    Ok(shutdown)
}
