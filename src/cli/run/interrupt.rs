//! Ctrl-C and SIGTERM: once stops the load, undoes what is open and still reports; twice undoes and leaves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

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
pub(in crate::cli) struct Interrupts {
    wish: watch::Receiver<Wish>,
    bell: Arc<Bell>,
}

/// Counts how often the user asked, by whatever means.
#[derive(Debug)]
struct Bell {
    heard: AtomicU8,
    wish: watch::Sender<Wish>,
    words: [&'static str; 2],
    /// A console has the screen: words would only spoil it.
    muted: AtomicBool,
}

impl Bell {
    fn ring(&self) {
        let (wish, words) = match self.heard.fetch_add(1, Ordering::Relaxed) {
            0 => (Wish::StopAndReport, self.words[0]),
            1 => (Wish::Leave, self.words[1]),
            // Undoing must not be cut short: SIGKILL and `chaos recover` are left for that.
            _ => return,
        };
        if !self.muted.load(Ordering::Relaxed) {
            eprintln!("\nloadtest: {words}");
        }
        self.wish.send_replace(wish);
    }
}

impl Interrupts {
    /// Takes over SIGINT, SIGTERM and SIGHUP of this process, and says the first words at the first
    /// of them, the second at the next.
    ///
    /// Goose installs a handler of its own when it starts, but only if none is there.
    pub(in crate::cli) fn listen(
        first: &'static str,
        second: &'static str,
    ) -> anyhow::Result<Self> {
        let (sender, wish) = watch::channel(Wish::Finish);
        let bell = Arc::new(Bell {
            heard: AtomicU8::new(0),
            wish: sender,
            words: [first, second],
            muted: AtomicBool::new(false),
        });
        let heard = Arc::clone(&bell);
        ctrlc::set_handler(move || heard.ring())?;
        Ok(Self { wish, bell })
    }

    /// As a signal would.
    pub(in crate::cli) fn ring(&self) {
        self.bell.ring();
    }

    /// Says nothing at signals while a console shows what they bring about.
    pub(in crate::cli) fn mute(&self, muted: bool) {
        self.bell.muted.store(muted, Ordering::Relaxed);
    }

    /// What the user wants by now.
    pub(in crate::cli) fn wish(&self) -> Wish {
        *self.wish.borrow()
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
    pub(in crate::cli) async fn at_least(&mut self, wish: Wish) {
        if self.wish.wait_for(|now| *now >= wish).await.is_err() {
            // The bell is ours.
            std::future::pending::<()>().await;
        }
    }
}
