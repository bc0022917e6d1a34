//! A listener of axum's whose connections are encrypted.

use std::io;
use std::net::SocketAddr;

use axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::HANDSHAKE_LIMIT;

type Connection = (TlsStream<TcpStream>, SocketAddr);

/// Greets everybody at once: one who is slow, or silent, keeps nobody waiting.
pub(crate) struct TlsListener {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
    greeted: JoinSet<Option<Connection>>,
}

impl TlsListener {
    pub(crate) fn new(tcp: TcpListener, acceptor: TlsAcceptor) -> Self {
        Self {
            tcp,
            acceptor,
            greeted: JoinSet::new(),
        }
    }

    fn greet(&mut self, stream: TcpStream, peer: SocketAddr) {
        // A failure to set the option costs latency, not correctness.
        let _ = stream.set_nodelay(true);
        let greeting = self.acceptor.accept(stream);
        self.greeted.spawn(async move {
            match tokio::time::timeout(HANDSHAKE_LIMIT, greeting).await {
                Ok(Ok(stream)) => Some((stream, peer)),
                Ok(Err(error)) => {
                    tracing::debug!(%peer, %error, "no TLS");
                    None
                }
                Err(_) => None,
            }
        });
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> Connection {
        loop {
            tokio::select! {
                (stream, peer) = Listener::accept(&mut self.tcp) => self.greet(stream, peer),
                Some(greeted) = self.greeted.join_next() => {
                    if let Ok(Some(connection)) = greeted {
                        return connection;
                    }
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}
