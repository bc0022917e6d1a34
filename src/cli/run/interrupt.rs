//! Ctrl-C and SIGTERM: once stops the load, undoes what is open and still reports; twice undoes and leaves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::sync::watch;

/// How often the user asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::cli) enum Wish {
    /// Not at all.
    Finish,
    /// Once: undo, report, leave.
    StopAndReport,
    /// Twice: undo and leave.
    Leave,
}

/// Hears of signals, from before the first process is started to the very end.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Interrupts(watch::Receiver<Wish>);

impl Interrupts {
    /// Takes over SIGINT, SIGTERM and SIGHUP of this process, and says the first words at the first
    /// of them, the second at the next.
    ///
    /// Goose installs a handler of its own when it starts, but only if none is there.
    pub(in crate::cli) fn listen(
        first: &'static str,
        second: &'static str,
    ) -> anyhow::Result<Self> {
        let (sender, receiver) = watch::channel(Wish::Finish);
        let heard = Arc::new(AtomicU8::new(0));
        ctrlc::set_handler(move || {
            let wish = match heard.fetch_add(1, Ordering::Relaxed) {
                0 => Wish::StopAndReport,
                1 => Wish::Leave,
                // Undoing must not be cut short: SIGKILL and `chaos recover` are left for that.
                _ => return,
            };
            let words = match wish {
                Wish::StopAndReport => first,
                _ => second,
            };
            eprintln!("\nloadtest: {words}");
            sender.send_replace(wish);
        })?;
        Ok(Self(receiver))
    }

    /// What the user wants by now.
    pub(in crate::cli) fn wish(&self) -> Wish {
        *self.0.borrow()
    }

    /// Returns at the next signal after this call; never, once the user wants to leave at once.
    pub(super) fn next(&self) -> impl Future<Output = ()> + use<> {
        let mut heard = self.clone();
        let next = match self.wish() {
            Wish::Finish => Some(Wish::StopAndReport),
            Wish::StopAndReport => Some(Wish::Leave),
            Wish::Leave => None,
        };
        async move {
            match next {
                Some(wish) => heard.at_least(wish).await,
                None => std::future::pending().await,
            }
        }
    }

    /// Returns once the user wants at least this.
    pub(super) async fn at_least(&mut self, wish: Wish) {
        if self.0.wait_for(|now| *now >= wish).await.is_err() {
            // The handler lives as long as the process.
            std::future::pending::<()>().await;
        }
    }
}
