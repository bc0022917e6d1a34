//! The processes of the stack: which there are, how one is started and how it learns that its
//! parent is gone.
//!
//! Every process is this same binary, started again as `loadtest internal <role>`. It is told what
//! to do by one JSON line on stdin, so that no secret is on a command line; stdin then stays open
//! as its lifeline: end of file means that the parent died. It says where it listens, or why it
//! cannot, by [`Announcement`] lines on stdout, and logs to stderr, which is a file.

mod announcement;
mod child;
mod entry;
mod shutdown;
mod spawner;

pub use announcement::{Announcement, Failure, Progress, Ready};
pub use child::{Child, Launch, Lifetime, SpawnError, spawn};
pub use entry::{
    EntryError, announce, follow_parent, follow_parent_and_signals, follow_signals, read_config,
};
pub use shutdown::{Shutdown, Trigger};

/// What a process of the stack is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The control plane.
    Control,
    /// The load balancer.
    Edge,
    /// A shop pod.
    Shop,
    /// A task runner pod.
    TaskRunner,
    /// What takes mail.
    MailSink,
}

impl Role {
    /// The word after `loadtest internal`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::Edge => "edge",
            Self::Shop => "shop",
            Self::TaskRunner => "task-runner",
            Self::MailSink => "mail-sink",
        }
    }
}
