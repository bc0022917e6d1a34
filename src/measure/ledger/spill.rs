//! Bytes on their way to a file, written by a thread of their own: whoever appends never waits for
//! the disk, unless it has fallen hopelessly behind.

use std::fs::File;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// With more than this waiting, appending blocks: nothing may be lost, and memory is bounded. The
/// generator's start lag then shows it.
const MOST_WAITING: usize = 32 << 20;
/// With more than this waiting the thread is woken; else it looks by itself.
const WORTH_WAKING: usize = 256 << 10;
/// How often it looks.
const EVERY: Duration = Duration::from_millis(20);

/// A file that is appended to.
#[derive(Debug)]
pub(super) struct Spill<T> {
    shared: Arc<Shared<T>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared<T> {
    state: Mutex<State<T>>,
    /// For the thread: there is something worth writing.
    filled: Condvar,
    /// For everybody else: something was written.
    drained: Condvar,
}

#[derive(Debug)]
struct State<T> {
    /// What the caller keeps under the same lock.
    own: T,
    waiting: Vec<u8>,
    writing: bool,
    closed: bool,
    /// The first failure: nothing can be promised after it.
    broken: Option<io::Error>,
}

impl<T: Send + 'static> Spill<T> {
    /// Takes over a file; `own` is what [`Spill::append`] may change with every append.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub(super) fn new(file: File, own: T) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                own,
                waiting: Vec::new(),
                writing: false,
                closed: false,
                broken: None,
            }),
            filled: Condvar::new(),
            drained: Condvar::new(),
        });
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("ledger".into())
            .spawn(move || theirs.write_on(file))?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Lets the caller append; appends are in the file in the order of their calls.
    pub(super) fn append<R>(&self, entry: impl FnOnce(&mut T, &mut Vec<u8>) -> R) -> R {
        let mut state = self.shared.lock();
        while state.waiting.len() > MOST_WAITING && state.broken.is_none() {
            state = wait(&self.shared.drained, state);
        }
        let state = &mut *state;
        if state.broken.is_some() {
            state.waiting.clear();
        }
        let answer = entry(&mut state.own, &mut state.waiting);
        if state.waiting.len() > WORTH_WAKING {
            self.shared.filled.notify_one();
        }
        answer
    }

    /// Looks at what the caller keeps.
    pub(super) fn own<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.shared.lock().own)
    }

    /// Returns once everything appended so far is in the file.
    ///
    /// # Errors
    /// The first failure to write; told once.
    pub(super) fn flush(&self) -> io::Result<()> {
        let mut state = self.shared.lock();
        self.shared.filled.notify_one();
        while (state.writing || !state.waiting.is_empty()) && state.broken.is_none() {
            state = wait(&self.shared.drained, state);
        }
        state.broken.take().map_or(Ok(()), Err)
    }
}

impl<T> Shared<T> {
    /// Writes what waits until there is nothing left to come.
    fn write_on(&self, mut file: File) {
        let mut batch = Vec::new();
        let mut state = self.lock();
        loop {
            if state.waiting.is_empty() {
                if state.closed {
                    return;
                }
                let waited = self.filled.wait_timeout(state, EVERY);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
                continue;
            }
            // The two buffers take turns, so that neither grows anew.
            std::mem::swap(&mut batch, &mut state.waiting);
            state.writing = true;
            drop(state);
            let written = file.write_all(&batch);
            batch.clear();
            state = self.lock();
            state.writing = false;
            if let Err(error) = written {
                state.broken.get_or_insert(error);
                state.waiting.clear();
            }
            self.drained.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Drop for Spill<T> {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.filled.notify_one();
        if let Some(thread) = self.thread.take() {
            // Its failures are in the state.
            let _ = thread.join();
        }
    }
}

fn wait<'a, T>(on: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    on.wait(guard).unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_in_the_file_in_order_once_flushed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spill");
        let spill = Spill::new(File::create(&path).unwrap(), 0_u32).unwrap();
        let mut expected = Vec::new();
        for _ in 0..200_000 {
            let number = spill.append(|next, out| {
                *next += 1;
                out.extend(next.to_le_bytes());
                *next
            });
            expected.extend(number.to_le_bytes());
        }
        spill.flush().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), expected);
        assert_eq!(spill.own(|next| *next), 200_000);
    }

    #[test]
    fn a_file_that_cannot_be_written_is_told_and_blocks_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spill");
        std::fs::write(&path, "").unwrap();
        // Opened for reading only.
        let spill = Spill::new(File::open(&path).unwrap(), ()).unwrap();
        for _ in 0..3 {
            spill.append(|(), out| out.resize(out.len() + (MOST_WAITING >> 1) + 1, 0));
        }
        spill.flush().unwrap_err();
    }
}
