//! One sender's connection.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::dialogue::{Dialogue, GREETING, LARGEST, Step, TAKEN};
use super::message;
use super::page::Sink;

/// A sender that says nothing for so long has gone.
const PATIENCE: Duration = Duration::from_secs(60);

/// Talks with a sender until it parts, goes, or falls silent.
pub(super) async fn serve(stream: TcpStream, sink: Arc<Sink>) {
    // A failure to set the option costs latency, not correctness.
    let _ = stream.set_nodelay(true);
    if let Err(error) = talk(stream, &sink).await {
        tracing::debug!(%error, "a sender went in the middle");
    }
}

async fn talk(stream: TcpStream, sink: &Sink) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    let mut dialogue = Dialogue::default();
    say(&mut write, GREETING).await?;
    let mut line = Vec::new();
    loop {
        line.clear();
        let limit = u64::try_from(LARGEST).unwrap_or(u64::MAX);
        let mut limited = (&mut read).take(limit);
        let heard = timeout(PATIENCE, limited.read_until(b'\n', &mut line)).await;
        if heard?? == 0 || line.last() != Some(&b'\n') {
            return Ok(());
        }
        while matches!(line.last(), Some(b'\n' | b'\r')) {
            line.pop();
        }
        match dialogue.hear(&line) {
            Step::Listen => {}
            Step::Say(reply) => say(&mut write, reply).await?,
            Step::Take(bytes) => {
                // In the books before the sender hears of it: what it is told is true.
                sink.take(message::read(&bytes));
                say(&mut write, TAKEN).await?;
            }
            Step::Part(reply) => return say(&mut write, reply).await,
        }
    }
}

async fn say(write: &mut (impl AsyncWriteExt + Unpin), reply: &str) -> io::Result<()> {
    write.write_all(format!("{reply}\r\n").as_bytes()).await
}
