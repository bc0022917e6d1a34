//! One connection through a link, from accept to close.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::BytesMut;
use socket2::SockRef;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::OnMove;
use super::pump::pump;
use crate::api::LinkMode;

/// What a client may send into a silent link before it is no longer read.
const HELD: usize = 64 << 10;

/// Where connections go and what may end them. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Course {
    /// Where new connections go.
    route: watch::Receiver<Option<SocketAddr>>,
    /// Where they ought to go; differs from `route` while that is stale.
    target: watch::Receiver<Option<SocketAddr>>,
    on_move: OnMove,
    pub(super) mode: watch::Receiver<LinkMode>,
}

/// How a connection ends before both sides have closed it.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// With a reset on both sides.
    Reset,
    /// As if the relay had closed it in good order.
    Close,
}

impl Course {
    pub(super) fn new(
        on_move: OnMove,
        target: watch::Receiver<Option<SocketAddr>>,
        mode: watch::Receiver<LinkMode>,
    ) -> Self {
        let route = match on_move {
            OnMove::Stale(lag) => lagging(target.clone(), lag),
            OnMove::Reset | OnMove::Keep => target.clone(),
        };
        Self {
            route,
            target,
            on_move,
            mode,
        }
    }

    /// Resolves when the mode, or the end of the link, ends open connections.
    async fn ended_by_mode(&mut self) -> End {
        let ends = |mode: &LinkMode| matches!(mode, LinkMode::Reset | LinkMode::Refuse);
        match self.mode.wait_for(ends).await.as_deref() {
            Ok(LinkMode::Reset) => End::Reset,
            Ok(_) | Err(_) => End::Close,
        }
    }

    /// Resolves when a connection to `address` is reset because the target moved away from it.
    async fn moved_from(&mut self, address: SocketAddr) -> End {
        if self.on_move == OnMove::Keep {
            return std::future::pending().await;
        }
        let stale = matches!(self.on_move, OnMove::Stale(_))
            && *self.target.borrow_and_update() != Some(address);
        if stale {
            // Connected during the lag: it lasts until the node itself ends it.
            return std::future::pending().await;
        }
        let moved = self.target.wait_for(|target| *target != Some(address));
        if moved.await.is_err() {
            // Whoever steered the target is gone; the connection may go on.
            return std::future::pending().await;
        }
        // A reset is a packet too: none gets through a silent link.
        let _ = self
            .mode
            .wait_for(|mode| *mode != LinkMode::Silent)
            .await
            .is_ok();
        End::Reset
    }
}

/// Follows `target`, every change arriving `lag` later.
fn lagging(
    mut target: watch::Receiver<Option<SocketAddr>>,
    lag: Duration,
) -> watch::Receiver<Option<SocketAddr>> {
    let (route, lagged) = watch::channel(*target.borrow_and_update());
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = route.closed() => return,
                changed = target.changed() => if changed.is_err() { return },
            }
            let value = *target.borrow_and_update();
            tokio::time::sleep(lag).await;
            route.send_replace(value);
        }
    });
    lagged
}

/// Carries one accepted connection to its end.
pub(super) async fn relay(mut client: TcpStream, mut course: Course) {
    let Ok(held) = wait_out_silence(&mut client, &mut course.mode).await else {
        return;
    };
    let mut modes = course.clone();
    let connected = tokio::select! {
        biased;
        end = modes.ended_by_mode() => return finish(&end, &[&client]),
        connected = connect(&course) => connected,
    };
    // Nothing there: a relay that has accepted cannot refuse any more, so it resets.
    let Ok((mut server, address)) = connected else {
        return finish(&End::Reset, &[&client]);
    };
    let mut moves = course.clone();
    let end = {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let upstream = pump(from_client, to_server, course.mode.clone(), held);
        let downstream = pump(from_server, to_client, course.mode.clone(), BytesMut::new());
        tokio::select! {
            biased;
            end = modes.ended_by_mode() => end,
            end = moves.moved_from(address) => end,
            done = async { tokio::try_join!(upstream, downstream) } => match done {
                Ok(_) => End::Close,
                Err(_) => End::Reset,
            },
        }
    };
    finish(&end, &[&client, &server]);
}

/// A connection that arrives during silence waits for its end, or for the client to give up. What
/// the client sent meanwhile is returned, as a network would send it again.
async fn wait_out_silence(
    client: &mut TcpStream,
    mode: &mut watch::Receiver<LinkMode>,
) -> io::Result<BytesMut> {
    let mut held = BytesMut::new();
    loop {
        tokio::select! {
            biased;
            heard = mode.wait_for(|mode| *mode != LinkMode::Silent) => {
                return heard.map(|_| held).map_err(io::Error::other);
            }
            // Reading is how a client that went away is noticed, and its descriptor freed.
            read = client.read_buf(&mut held), if held.len() < HELD => {
                if read? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
        }
    }
}

async fn connect(course: &Course) -> io::Result<(TcpStream, SocketAddr)> {
    let address = *course.route.borrow();
    let address = address.ok_or(io::ErrorKind::AddrNotAvailable)?;
    let server = TcpStream::connect(address).await?;
    server.set_nodelay(true)?;
    Ok((server, address))
}

fn finish(end: &End, streams: &[&TcpStream]) {
    if *end == End::Reset {
        for stream in streams {
            // Closing with a linger of zero sends RST. A socket that is gone already needs none.
            let _ = SockRef::from(*stream).set_linger(Some(Duration::ZERO));
        }
    }
}
