//! A server that knows how long it took itself, and that can stall.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::Result;
use hdrhistogram::Histogram;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// What it is to do, and what it saw.
#[derive(Debug)]
pub(crate) struct Served {
    /// From the first byte read to the last byte written, microseconds.
    pub(crate) took_us: Histogram<u64>,
}

/// A server on a core of its own.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    /// Where it listens.
    pub(crate) port: u16,
    served: Arc<Mutex<Served>>,
    /// Stall once this many requests were answered; 0: never.
    stall_after: Arc<AtomicU64>,
}

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok";

impl Server {
    /// Starts it on `core`. A path `/wait/N` is answered after N microseconds or little more.
    pub(crate) fn start(core: usize) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        // Whoever comes during the stall waits in the kernel's queue: two thousand must fit, or the
        // kernel drops them and they come again a second later.
        let listener = {
            let _context = runtime.enter();
            let socket = TcpSocket::new_v4()?;
            socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
            socket.listen(4_096)?
        };
        let server = Self {
            port: listener.local_addr()?.port(),
            served: Arc::new(Mutex::new(Served {
                took_us: Histogram::new_with_bounds(1, 60_000_000, 3)?,
            })),
            stall_after: Arc::default(),
        };
        let shared = server.clone();
        std::thread::spawn(move || {
            pin(core);
            runtime.block_on(async move {
                loop {
                    let (stream, _) = listener.accept().await?;
                    stream.set_nodelay(true)?;
                    tokio::spawn(shared.clone().answer(stream));
                    // Whoever came first is answered first, not after all others were accepted.
                    tokio::task::yield_now().await;
                }
                #[allow(unreachable_code, reason = "gives the block its type")]
                anyhow::Ok(())
            })
        });
        Ok(server)
    }

    /// Stands still for one second after so many more requests.
    pub(crate) fn stall_after(&self, requests: u64) {
        self.stall_after.store(requests, Ordering::Relaxed);
    }

    /// What was measured since the last call.
    pub(crate) fn take(&self) -> Histogram<u64> {
        let mut served = self.served.lock().expect("nobody panics holding it");
        let taken = served.took_us.clone();
        served.took_us.reset();
        taken
    }

    async fn answer(self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut buffer = [0_u8; 4096];
        loop {
            let read = stream.read(&mut buffer).await?;
            let began = Instant::now();
            if read == 0 {
                return Ok(());
            }
            let left = self.stall_after.load(Ordering::Relaxed);
            if left > 0 {
                self.stall_after.store(left - 1, Ordering::Relaxed);
                if left == 1 {
                    // The whole server stands still, as a stop-the-world pause does.
                    std::thread::sleep(Duration::from_secs(1));
                }
            }
            if let Some(wait) = wait_us(&buffer[..read]) {
                tokio::time::sleep(Duration::from_micros(wait)).await;
            }
            stream.write_all(ANSWER).await?;
            let took = began.elapsed().as_micros() as u64;
            let mut served = self.served.lock().expect("nobody panics holding it");
            served.took_us.saturating_record(took);
        }
    }
}

/// The number in `GET /wait/NUMBER`.
fn wait_us(request: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(request).ok()?;
    let number = text.strip_prefix("GET /wait/")?;
    number.split(' ').next()?.parse().ok()
}

/// Keeps this thread on one core.
fn pin(core: usize) {
    // SAFETY: all zeros is a valid, empty set; the set outlives the call; 0 is this thread.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(core, &mut set);
        libc::sched_setaffinity(0, std::mem::size_of::<libc::cpu_set_t>(), &raw const set);
    }
}
