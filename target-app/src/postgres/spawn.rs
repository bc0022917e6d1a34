//! Starting children that do not outlive us.
//!
//! The parent-death signal fires when the *thread* that started the child ends, so long-lived
//! children are started from one thread that lives as long as the process.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::{OnceLock, mpsc};

use rustix::process::Signal;

type Job = Box<dyn FnOnce() + Send>;

/// Starts a long-lived child from the permanent thread, in a process group of its own, so that a
/// terminal's Ctrl-C does not reach it. When we die, however that happens, it gets `last_words`.
pub(super) fn spawn_permanent(mut command: Command, last_words: Signal) -> io::Result<Child> {
    command.process_group(0);
    dies_with_parent(&mut command, last_words);
    let (answer, answered) = mpsc::channel();
    let job: Job = Box::new(move || {
        // The receiver waits below.
        let _ = answer.send(command.spawn());
    });
    spawner()?
        .send(job)
        .map_err(|_| io::Error::other("the spawning thread has ended"))?;
    answered.recv().map_err(io::Error::other)?
}

/// Arranges for `signal` when the thread that starts this command ends. On systems without such a
/// signal the child stays, and [`super::sweep`] removes it.
pub(super) fn dies_with_parent(command: &mut Command, signal: Signal) {
    #[cfg(target_os = "linux")]
    {
        let parent = rustix::process::getpid();
        let arrange = move || {
            rustix::process::set_parent_process_death_signal(Some(signal))?;
            // The parent may have died before the signal was arranged.
            if rustix::process::getppid() == Some(parent) {
                Ok(())
            } else {
                Err(io::ErrorKind::BrokenPipe.into())
            }
        };
        // SAFETY: between fork and exec only two system calls are made, nothing is allocated.
        unsafe { command.pre_exec(arrange) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (command, signal);
}

fn spawner() -> io::Result<&'static mpsc::Sender<Job>> {
    static SPAWNER: OnceLock<mpsc::Sender<Job>> = OnceLock::new();
    if let Some(sender) = SPAWNER.get() {
        return Ok(sender);
    }
    let (sender, jobs) = mpsc::channel::<Job>();
    std::thread::Builder::new()
        .name("postgres-spawner".into())
        .spawn(move || jobs.into_iter().for_each(|job| job()))?;
    // When two raced, the loser's thread ends with its sender, having started nothing.
    Ok(SPAWNER.get_or_init(|| sender))
}
