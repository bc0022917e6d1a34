//! A TCP relay that swallows answers when a test says so, as a failover or a dead network does.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::stack::ANY;

/// What the relay does with bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Pass,
    /// Connections open now are silent for ever; new ones pass.
    SilenceOpen,
    /// All connections are silent, those that are open for ever.
    Silent,
    /// From the next `COMMIT` on, its connection's answers are swallowed.
    SwallowCommitAnswer,
}

/// A relay on its own address.
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    mode: Arc<watch::Sender<Mode>>,
}

impl Relay {
    pub(crate) async fn start(target: String) -> Self {
        let listener = TcpListener::bind(ANY).await.unwrap();
        let address = listener.local_addr().unwrap();
        let mode = Arc::new(watch::Sender::new(Mode::Pass));
        let modes = Arc::clone(&mode);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&target).await.unwrap();
                tokio::spawn(carry(client, server, modes.subscribe()));
            }
        });
        Self { address, mode }
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }
}

async fn carry(mut client: TcpStream, mut server: TcpStream, mut mode: watch::Receiver<Mode>) {
    mode.mark_unchanged();
    let (mut up, mut down) = (vec![0; 16 * 1024], vec![0; 16 * 1024]);
    let mut silent = *mode.borrow() == Mode::Silent;
    loop {
        tokio::select! {
            // An order of the test comes before what it sends after it.
            biased;
            _ = mode.changed() => {
                let now = *mode.borrow_and_update();
                silent |= matches!(now, Mode::SilenceOpen | Mode::Silent);
            }
            read = client.read(&mut up) => match read {
                Ok(1..) if silent => {}
                Ok(count @ 1..) => {
                    let bytes = &up[..count];
                    let commits = bytes.windows(6).any(|window| window == b"COMMIT");
                    silent |= commits && *mode.borrow() == Mode::SwallowCommitAnswer;
                    if server.write_all(bytes).await.is_err() {
                        return;
                    }
                }
                _ => return,
            },
            read = server.read(&mut down) => match read {
                Ok(1..) if silent => {}
                Ok(count @ 1..) => if client.write_all(&down[..count]).await.is_err() {
                    return;
                },
                _ => return,
            },
        }
    }
}
