//! New connections to a target: TCP, TLS where targets speak it, HTTP/1.1.

use std::error::Error;
use std::net::SocketAddr;

use hyper::body::Body;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

/// The way to one target.
pub(super) struct Dial {
    /// What its certificate has to have: one target cannot be taken for another.
    name: String,
    address: SocketAddr,
    tls: Option<TlsConnector>,
}

impl Dial {
    pub(super) fn new(name: &str, address: SocketAddr, tls: Option<TlsConnector>) -> Self {
        Self {
            name: name.to_owned(),
            address,
            tls,
        }
    }

    /// A connection that carries one request at a time, until it is dropped.
    pub(super) async fn connect<B>(&self) -> Result<SendRequest<B>, String>
    where
        B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        let connecting = async {
            let stream = TcpStream::connect(self.address).await?;
            stream.set_nodelay(true)?;
            Ok::<_, std::io::Error>(stream)
        };
        let stream = connecting
            .await
            .map_err(|error| format!("connecting: {error}"))?;
        match &self.tls {
            None => begin(stream).await,
            Some(tls) => {
                let name = ServerName::try_from(self.name.clone())
                    .map_err(|_| format!("TLS: no certificate can name {:?}", self.name))?;
                let greeted = tls.connect(name, stream).await;
                begin(greeted.map_err(|error| format!("TLS: {error}"))?).await
            }
        }
    }
}

async fn begin<S, B>(stream: S) -> Result<SendRequest<B>, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| format!("connecting: {error}"))?;
    tokio::spawn(async move {
        // Whoever waits for an answer is told by the answer.
        let _ = connection.await;
    });
    Ok(sender)
}

impl std::fmt::Debug for Dial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dial")
            .field("name", &self.name)
            .field("address", &self.address)
            .field("tls", &self.tls.is_some())
            .finish()
    }
}
