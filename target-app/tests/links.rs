//! Every mode of a link, on real sockets.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use target_app::api::LinkMode;
use target_app::links::{Link, OnMove};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Only ever waited for in full by a test that fails, or to see that nothing comes.
const PATIENCE: Duration = Duration::from_secs(10);
const NOTHING_COMES: Duration = Duration::from_millis(150);

/// A server that greets with one byte and then echoes.
async fn echo(greeting: u8) -> SocketAddr {
    let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                stream.write_all(&[greeting]).await?;
                let (mut reader, mut writer) = stream.split();
                tokio::io::copy(&mut reader, &mut writer).await?;
                writer.shutdown().await
            });
        }
    });
    address
}

struct Bench {
    link: Link,
    target: watch::Sender<Option<SocketAddr>>,
}

impl Bench {
    async fn new(on_move: OnMove) -> Self {
        let (target, route) = watch::channel(Some(echo(b'A').await));
        let link = Link::start_with(on_move, "x->y", "x", "y", LOOPBACK, route).unwrap();
        Self { link, target }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.link.address()).await.unwrap()
    }

    /// A connection that has been greeted by the server called `by`.
    async fn greeted(&self, by: u8) -> TcpStream {
        let mut stream = self.connect().await;
        assert_eq!(read(&mut stream, 1).await.unwrap(), [by]);
        stream
    }
}

async fn read(stream: &mut TcpStream, bytes: usize) -> io::Result<Vec<u8>> {
    let mut buffer = vec![0; bytes];
    match tokio::time::timeout(PATIENCE, stream.read_exact(&mut buffer)).await {
        Ok(done) => done.map(|_| buffer),
        Err(_) => panic!("nothing arrived"),
    }
}

async fn echoes(stream: &mut TcpStream, text: &[u8]) {
    stream.write_all(text).await.unwrap();
    assert_eq!(read(stream, text.len()).await.unwrap(), text);
}

/// Reads until the end and says how it ended.
async fn end(stream: &mut TcpStream) -> io::Result<usize> {
    let mut rest = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest))
        .await
        .expect("the connection stays open")
}

fn is_reset(end: &io::Result<usize>) -> bool {
    matches!(end, Err(error) if error.kind() == io::ErrorKind::ConnectionReset)
}

async fn stays_silent(stream: &mut TcpStream) {
    let mut byte = [0];
    let read = tokio::time::timeout(NOTHING_COMES, stream.read(&mut byte)).await;
    assert!(read.is_err(), "{read:?}");
}

#[tokio::test]
async fn passes_megabytes_both_ways_and_closes_each_side_on_its_own() {
    let bench = Bench::new(OnMove::Reset).await;
    let stream = bench.greeted(b'A').await;
    let sent: Vec<u8> = (0..5_000_000_u32).map(|n| (n % 251) as u8).collect();
    let (mut reader, mut writer) = stream.into_split();
    let copy = sent.clone();
    let writing = tokio::spawn(async move {
        writer.write_all(&copy).await.unwrap();
        writer.shutdown().await.unwrap();
    });
    let mut received = Vec::new();
    reader.read_to_end(&mut received).await.unwrap();
    writing.await.unwrap();
    assert!(received == sent);
}

#[tokio::test]
async fn delays_every_byte_without_reordering_or_limiting_throughput() {
    let bench = Bench::new(OnMove::Reset).await;
    let mut stream = bench.greeted(b'A').await;
    bench.link.set(LinkMode::Delay {
        delay_ms: 40,
        jitter_ms: 20,
    });
    let started = Instant::now();
    echoes(&mut stream, b"ping").await;
    // There and back, each 20 ms at the least.
    assert!(started.elapsed() >= Duration::from_millis(40));
    let sent: Vec<u8> = (0..4_000_000_u32).map(|n| (n % 251) as u8).collect();
    let started = Instant::now();
    let (mut reader, mut writer) = stream.split();
    let mut received = vec![0; sent.len()];
    let (wrote, read) = tokio::join!(writer.write_all(&sent), reader.read_exact(&mut received));
    wrote.unwrap();
    read.unwrap();
    assert!(received == sent);
    // Some sixty chunks each way: one after the other they would take five seconds.
    println!("4 MB there and back with 40±20 ms: {:?}", started.elapsed());
    bench.link.set(LinkMode::Pass);
    echoes(&mut stream, b"pong").await;
}

#[tokio::test]
async fn silence_answers_nobody_and_ends_without_losing_a_byte() {
    let bench = Bench::new(OnMove::Reset).await;
    let mut open = bench.greeted(b'A').await;
    bench.link.set(LinkMode::Silent);
    let mut new = bench.connect().await;
    open.write_all(b"held").await.unwrap();
    new.write_all(b"also").await.unwrap();
    tokio::join!(stays_silent(&mut open), stays_silent(&mut new));
    bench.link.set(LinkMode::Pass);
    assert_eq!(read(&mut open, 4).await.unwrap(), b"held");
    assert_eq!(read(&mut new, 5).await.unwrap(), b"Aalso");
}

#[tokio::test]
async fn reset_ends_open_connections_and_new_ones() {
    let bench = Bench::new(OnMove::Reset).await;
    let mut open = bench.greeted(b'A').await;
    bench.link.set(LinkMode::Reset);
    assert!(is_reset(&end(&mut open).await));
    let mut new = bench.connect().await;
    assert!(is_reset(&end(&mut new).await));
    bench.link.set(LinkMode::Pass);
    bench.greeted(b'A').await;
}

#[tokio::test]
async fn refuse_closes_open_connections_and_opens_the_same_port_again() {
    let bench = Bench::new(OnMove::Reset).await;
    let mut open = bench.greeted(b'A').await;
    bench.link.set(LinkMode::Refuse);
    assert_eq!(end(&mut open).await.unwrap(), 0);
    let refused = async {
        loop {
            match TcpStream::connect(bench.link.address()).await {
                Err(error) => return error,
                Ok(_) => tokio::task::yield_now().await,
            }
        }
    };
    let refused = tokio::time::timeout(PATIENCE, refused).await.unwrap();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    if cfg!(target_os = "linux") {
        let other = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
        let taken = other.unwrap().bind(&bench.link.address().into());
        assert!(taken.is_err(), "the port was given away");
    }
    bench.link.set(LinkMode::Pass);
    let again = async {
        while TcpStream::connect(bench.link.address()).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, again).await.unwrap();
    bench.greeted(b'A').await;
}

#[tokio::test]
async fn a_target_that_is_not_there_resets() {
    let bench = Bench::new(OnMove::Reset).await;
    bench.target.send_replace(None);
    assert!(is_reset(&end(&mut bench.connect().await).await));
}

#[tokio::test]
async fn a_moved_target_resets_old_connections_and_gets_new_ones() {
    let bench = Bench::new(OnMove::Reset).await;
    let mut old = bench.greeted(b'A').await;
    bench.target.send_replace(Some(echo(b'B').await));
    assert!(is_reset(&end(&mut old).await));
    bench.greeted(b'B').await;
}

#[tokio::test]
async fn keep_leaves_old_connections_alone() {
    let bench = Bench::new(OnMove::Keep).await;
    let mut old = bench.greeted(b'A').await;
    bench.target.send_replace(Some(echo(b'B').await));
    bench.greeted(b'B').await;
    echoes(&mut old, b"still there").await;
}

#[tokio::test]
async fn a_stale_link_reaches_the_new_target_in_the_end() {
    let bench = Bench::new(OnMove::Stale(Duration::from_millis(300))).await;
    let mut old = bench.greeted(b'A').await;
    bench.target.send_replace(Some(echo(b'B').await));
    assert!(is_reset(&end(&mut old).await));
    let mut seen = Vec::new();
    let reached = async {
        loop {
            let by = read(&mut bench.connect().await, 1).await.unwrap()[0];
            seen.push(by);
            if by == b'B' {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, reached).await.unwrap();
    assert_eq!(seen[0], b'A', "the lag was skipped");
}

#[tokio::test]
async fn a_move_is_not_noticed_through_silence() {
    let bench = Bench::new(OnMove::Reset).await;
    let mut old = bench.greeted(b'A').await;
    bench.link.set(LinkMode::Silent);
    bench.target.send_replace(Some(echo(b'B').await));
    stays_silent(&mut old).await;
    bench.link.set(LinkMode::Pass);
    assert!(is_reset(&end(&mut old).await));
}

#[tokio::test]
async fn dropping_a_link_closes_everything() {
    let bench = Bench::new(OnMove::Reset).await;
    let mut open = bench.greeted(b'A').await;
    let address = bench.link.address();
    drop(bench.link);
    assert!(end(&mut open).await.is_ok());
    let closed = async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, closed).await.unwrap();
}
