//! The target: an HTTP server in this process, on a thread of its own, that does what its script
//! says and keeps books of it on the clock that the tool measures by.

mod books;
mod http;

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::thread::JoinHandle;

use anyhow::Context as _;
use target_app::api::Instant;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

pub(super) use books::{Books, Exchange};
pub(super) use http::Request;

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    /// A status and a JSON text.
    Answer(u16, String),
    /// The connection is closed without a word.
    HangUp,
}

impl Reply {
    /// A status and nothing to say.
    pub(super) fn empty(status: u16) -> Self {
        Self::Answer(status, "{}".to_owned())
    }
}

/// What a script comes to, in its own time.
pub(super) type Answering<'a> = Pin<Box<dyn Future<Output = Reply> + Send + 'a>>;

/// What the target does with each request. It writes its deeds down itself, before they show.
pub(super) trait Script: Send + Sync + 'static {
    /// Comes to an answer, which is then sent at once.
    fn answer(&self, request: Request) -> Answering<'_>;
}

/// Now, microseconds of `CLOCK_MONOTONIC`.
pub(super) fn now() -> u64 {
    Instant::now().monotonic_us
}

/// Serves until it is dropped.
#[derive(Debug)]
pub(super) struct Target {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Target {
    /// Listens on a free port of loopback.
    ///
    /// # Errors
    /// The system refused the socket or the thread.
    pub(super) fn start(script: Arc<dyn Script>) -> anyhow::Result<Self> {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))
            .context("the selftest's own target cannot listen on 127.0.0.1")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("selftest-target".into())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        () = listen(listener, script) => {}
                        _ = stopped => {}
                    }
                });
            })
            .context("the selftest's own target cannot start its thread")?;
        Ok(Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the target shows in its books.
            let _ = thread.join();
        }
    }
}

async fn listen(listener: std::net::TcpListener, script: Arc<dyn Script>) {
    let Ok(listener) = TcpListener::from_std(listener) else {
        return;
    };
    while let Ok((stream, _)) = listener.accept().await {
        let script = Arc::clone(&script);
        // A client that goes away is no error here.
        tokio::spawn(async move { serve(stream, &*script).await.ok() });
    }
}

async fn serve(mut stream: TcpStream, script: &dyn Script) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(4 * 1024);
    while let Some(request) = http::read(&mut stream, &mut buffer).await? {
        match script.answer(request).await {
            Reply::Answer(status, body) => {
                stream.write_all(&http::answer(status, &body)).await?;
            }
            Reply::HangUp => break,
        }
    }
    Ok(())
}
