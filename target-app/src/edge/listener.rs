//! Shoppers' connections.

use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::HeaderValue;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::call::Call;
use super::cdn;
use super::rotation::Edge;
use crate::process::Shutdown;
use crate::service::tls::HANDSHAKE_LIMIT;

/// Accepting again after an error that will not go away at once, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A shopper's connection that asks for nothing is closed after this long. Longer than think times:
/// a connection that is closed while a request is on its way looks like a failure of the target.
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);

/// Accepts until `shutdown`, then lets requests in flight finish for at most `grace`. With an
/// acceptor, shoppers have to encrypt.
pub(super) async fn accept(
    (listener, tls): (TcpListener, Option<TlsAcceptor>),
    edge: Arc<Edge>,
    mut shutdown: Shutdown,
    grace: Duration,
) {
    // Every connection holds a sender: when all are gone, so are the connections.
    let (alive, mut all_gone) = mpsc::channel::<()>(1);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.requested() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                // A failure to set the option costs latency, not correctness.
                let _ = stream.set_nodelay(true);
                let client = HeaderValue::try_from(peer.ip().to_canonical().to_string())
                    .expect("an IP address is a header value");
                let (edge, mut shutdown) = (Arc::clone(&edge), shutdown.clone());
                let (tls, alive) = (tls.clone(), alive.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, client, edge, shutdown).await,
                        Some(tls) => {
                            if let Some(stream) = greet(&tls, stream, &mut shutdown).await {
                                serve(stream, client, edge, shutdown).await;
                            }
                        }
                    }
                    drop(alive);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "accepting a connection failed");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop((listener, alive));
    if tokio::time::timeout(grace, all_gone.recv()).await.is_err() {
        tracing::warn!("stopped with requests in flight: they took longer than the grace period");
    }
}

/// None, for whoever does not encrypt, or not in time.
async fn greet(
    tls: &TlsAcceptor,
    stream: TcpStream,
    shutdown: &mut Shutdown,
) -> Option<TlsStream<TcpStream>> {
    let greeted = tokio::select! {
        greeted = tokio::time::timeout(HANDSHAKE_LIMIT, tls.accept(stream)) => greeted,
        // Nothing was asked yet.
        () = shutdown.requested() => return None,
    };
    match greeted {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err(error)) => {
            tracing::debug!(%error, "a shopper without TLS");
            None
        }
        Err(_) => None,
    }
}

async fn serve(stream: impl Socket, client: HeaderValue, edge: Arc<Edge>, mut shutdown: Shutdown) {
    let _open = OpenConnection::new(&edge);
    let reset = Arc::new(AtomicBool::new(false));
    let io = ClientStream {
        inner: TokioIo::new(stream),
        reset: Arc::clone(&reset),
    };
    let service = service_fn(|mut request| {
        let (edge, client, reset) = (&edge, &client, &reset);
        async move {
            let call = Call::begin(&mut request);
            let answer = call.end(cdn::answer(edge, request, client).await);
            if answer.is_err() {
                reset.store(true, Ordering::Relaxed);
            }
            answer
        }
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(IDLE_TIMEOUT)
            .serve_connection(io, service)
    );
    // How a connection ended is the shopper's business: what the target did was counted.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = shutdown.requested() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

struct OpenConnection<'a>(&'a Edge);

impl<'a> OpenConnection<'a> {
    fn new(edge: &'a Edge) -> Self {
        edge.metrics.connections.inc();
        Self(edge)
    }
}

impl Drop for OpenConnection<'_> {
    fn drop(&mut self) {
        self.0.metrics.connections.dec();
    }
}

/// What a shopper's bytes come through.
trait Socket: AsyncRead + AsyncWrite + Unpin {
    fn tcp(&self) -> &TcpStream;
}

impl Socket for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Socket for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// A connection that is reset instead of closed when that was ordered.
struct ClientStream<S: Socket> {
    inner: TokioIo<S>,
    reset: Arc<AtomicBool>,
}

impl<S: Socket> Drop for ClientStream<S> {
    fn drop(&mut self) {
        if self.reset.load(Ordering::Relaxed) {
            // Closing with nothing to linger for sends RST. Where that fails, FIN is bad enough.
            let _ = SockRef::from(self.inner.inner().tcp()).set_linger(Some(Duration::ZERO));
        }
    }
}

impl<S: Socket> Read for ClientStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl<S: Socket> Write for ClientStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, parts)
    }
}
