//! Slots that several processes share: pods ask for one over a socket.
//!
//! The control plane keeps the slots of each database server, whichever pod the work comes from.
//! A question is 12 bytes (its number, and for how many milliseconds a slot is wanted), the answer
//! 9 (the number, and whether the slot was had); both numbers are in network order. Answers come in
//! the order in which the work is done.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};

use super::slots::Slots;

const QUESTION: usize = 12;
const ANSWER: usize = 9;
const DONE: u8 = 1;
const FULL: u8 = 0;
/// Before accepting again what failed for want of descriptors.
const BACK_OFF: Duration = Duration::from_millis(10);

/// The side that has the slots. Dropping it ends every connection.
#[derive(Debug)]
pub struct Turnstile {
    address: SocketAddr,
    slots: Slots,
    serving: JoinHandle<()>,
}

impl Turnstile {
    /// Listens on a free port of `ip`.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub fn open(ip: IpAddr, slots: Slots) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((ip, 0))?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        Ok(Self {
            address: listener.local_addr()?,
            slots: slots.clone(),
            serving: tokio::spawn(serve(listener, slots)),
        })
    }

    /// Where to ask.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What is shared.
    #[must_use]
    pub fn slots(&self) -> &Slots {
        &self.slots
    }
}

impl Drop for Turnstile {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, slots: Slots) {
    // Connections end with this task.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let slots = slots.clone();
                    connections.spawn(async move {
                        // A pod that goes away needs nothing any more.
                        let _ = answer(stream, slots).await;
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a turnstile cannot accept");
                    tokio::time::sleep(BACK_OFF).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn answer(stream: TcpStream, slots: Slots) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let (tell, mut told) = mpsc::unbounded_channel::<[u8; ANSWER]>();
    let mut work = JoinSet::new();
    let mut question = [0; QUESTION];
    // Reading in one future: a question that has half arrived must not get lost.
    let asking = async {
        loop {
            reader.read_exact(&mut question).await?;
            let (number, time) = split(&question);
            let (slots, tell) = (slots.clone(), tell.clone());
            while work.try_join_next().is_some() {}
            work.spawn(async move {
                let done = slots.work(time).await;
                let mut answer = [0; ANSWER];
                answer[..8].copy_from_slice(&number.to_be_bytes());
                answer[8] = if done.is_ok() { DONE } else { FULL };
                // Nobody hears it when the pod is gone.
                let _ = tell.send(answer);
            });
        }
    };
    let telling = async {
        while let Some(answer) = told.recv().await {
            writer.write_all(&answer).await?;
        }
        Ok(())
    };
    tokio::select! {
        ended = asking => ended,
        ended = telling => ended,
    }
}

fn split(question: &[u8; QUESTION]) -> (u64, Duration) {
    let (mut number, mut ms) = ([0; 8], [0; 4]);
    number.copy_from_slice(&question[..8]);
    ms.copy_from_slice(&question[8..]);
    let ms = u32::from_be_bytes(ms);
    (u64::from_be_bytes(number), Duration::from_millis(ms.into()))
}

/// Why the work was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Too many wait already.
    #[error("it has more to do than it can")]
    Full,
    /// The turnstile does not answer.
    #[error("its turnstile does not answer")]
    Silent,
}

/// The side that wants slots: one connection, made when it is first needed.
#[derive(Debug)]
pub struct Gate {
    address: SocketAddr,
    questions: Mutex<Option<mpsc::UnboundedSender<Question>>>,
}

#[derive(Debug)]
struct Question {
    time: Duration,
    answer: oneshot::Sender<bool>,
}

impl Gate {
    /// To the turnstile there.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            questions: Mutex::new(None),
        }
    }

    /// Waits for a slot, and until it was held for `time`.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn work(&self, time: Duration) -> Result<(), Refused> {
        let (answer, told) = oneshot::channel();
        self.ask(Question { time, answer });
        match told.await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Refused::Full),
            Err(_) => Err(Refused::Silent),
        }
    }

    fn ask(&self, question: Question) {
        let mut questions = self
            .questions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let unsent = match questions.as_ref() {
            Some(open) => open.send(question).err().map(|unsent| unsent.0),
            None => Some(question),
        };
        if let Some(question) = unsent {
            let (sender, asked) = mpsc::unbounded_channel();
            // If the connection ends, its task drops the question, which is an answer as well.
            let _ = sender.send(question);
            tokio::spawn(carry(self.address, asked));
            *questions = Some(sender);
        }
    }
}

/// One connection's life; questions without an answer are dropped with it.
async fn carry(address: SocketAddr, asked: mpsc::UnboundedReceiver<Question>) {
    if let Err(error) = exchange(address, asked).await {
        tracing::warn!(%address, %error, "a turnstile is gone");
    }
}

async fn exchange(
    address: SocketAddr,
    mut asked: mpsc::UnboundedReceiver<Question>,
) -> io::Result<()> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let open = Mutex::new(HashMap::new());
    let asking = async {
        let mut number = 0_u64;
        while let Some(Question { time, answer }) = asked.recv().await {
            number += 1;
            let ms = u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
            let mut question = [0; QUESTION];
            question[..8].copy_from_slice(&number.to_be_bytes());
            question[8..].copy_from_slice(&ms.to_be_bytes());
            lock(&open).insert(number, answer);
            writer.write_all(&question).await?;
        }
        Ok(())
    };
    let hearing = async {
        let mut answer = [0; ANSWER];
        loop {
            reader.read_exact(&mut answer).await?;
            let mut number = [0; 8];
            number.copy_from_slice(&answer[..8]);
            if let Some(waiting) = lock(&open).remove(&u64::from_be_bytes(number)) {
                // Whoever asked may have given up.
                let _ = waiting.send(answer[8] == DONE);
            }
        }
    };
    tokio::select! {
        ended = asking => ended,
        ended = hearing => ended,
    }
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::sync::Arc;

    use super::*;

    fn open(slots: u32) -> Turnstile {
        Turnstile::open(Ipv4Addr::LOCALHOST.into(), Slots::new(slots)).unwrap()
    }

    #[tokio::test]
    async fn pods_share_what_there_is() {
        let turnstile = open(1);
        let hold = Duration::from_secs(60);
        let (one, other) = (
            Arc::new(Gate::new(turnstile.address())),
            Gate::new(turnstile.address()),
        );
        let first = tokio::spawn({
            let one = Arc::clone(&one);
            async move { one.work(hold).await }
        });
        while turnstile.slots().held() == 0 {
            tokio::task::yield_now().await;
        }
        let second = other.work(Duration::from_millis(1));
        tokio::pin!(second);
        while turnstile.slots().waiting() == 0 {
            tokio::select! {
                _ = &mut second => panic!("the slot is taken"),
                () = tokio::task::yield_now() => {}
            }
        }
        // A pod that is killed leaves its slot to the others.
        drop(one);
        first.abort();
        let _ = first.await;
        assert_eq!(second.await, Ok(()));
    }

    #[tokio::test]
    async fn a_turnstile_that_is_gone_is_told_and_a_new_question_tries_again() {
        let turnstile = open(1);
        let gate = Gate::new(turnstile.address());
        assert_eq!(gate.work(Duration::from_millis(1)).await, Ok(()));
        drop(turnstile);
        assert_eq!(
            gate.work(Duration::from_millis(1)).await,
            Err(Refused::Silent)
        );
        assert_eq!(
            gate.work(Duration::from_millis(1)).await,
            Err(Refused::Silent)
        );
    }
}
