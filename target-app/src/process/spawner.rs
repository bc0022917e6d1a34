//! The one thread that starts processes. Linux sends a child its parent-death signal when the
//! *thread* that started it ends, so that thread has to live as long as the process.

use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};

use tokio::runtime::Handle;
use tokio::sync::oneshot;

struct Request {
    command: tokio::process::Command,
    runtime: Handle,
    answer: oneshot::Sender<std::io::Result<tokio::process::Child>>,
}

/// Starts `command` from the permanent thread, as a child of the current runtime.
pub(super) async fn spawn(
    command: tokio::process::Command,
) -> std::io::Result<tokio::process::Child> {
    static THREAD: OnceLock<Sender<Request>> = OnceLock::new();
    let thread = THREAD.get_or_init(start_thread);
    let (answer, spawned) = oneshot::channel();
    let request = Request {
        command,
        runtime: Handle::current(),
        answer,
    };
    thread
        .send(request)
        .map_err(|_| std::io::Error::other("the thread that starts processes is gone"))?;
    spawned
        .await
        .map_err(|_| std::io::Error::other("the thread that starts processes gave no answer"))?
}

fn start_thread() -> Sender<Request> {
    let (sender, requests) = channel::<Request>();
    let serve = move || {
        for mut request in requests {
            let _inside = request.runtime.enter();
            let child = request.command.spawn();
            // Nobody waits for the answer any more: the child is dropped and, with it, killed.
            let _ = request.answer.send(child);
        }
    };
    let started = std::thread::Builder::new()
        .name("spawner".into())
        .spawn(serve);
    if let Err(error) = started {
        tracing::error!(%error, "cannot start the thread that starts processes");
    }
    sender
}
