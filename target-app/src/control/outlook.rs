//! Whether the stack is well, for whoever waits for its start.

use tokio::sync::watch;

use crate::process::Failure;

/// The supervisor's side.
#[derive(Debug)]
pub(super) struct Outlook(watch::Sender<View>);

/// What is known.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct View {
    /// Why it is not healthy; `None` before the first look.
    pub(super) problems: Option<Vec<String>>,
    /// Why it never will be.
    pub(super) fatal: Option<Failure>,
}

impl Outlook {
    pub(super) fn new() -> (Self, watch::Receiver<View>) {
        let (sender, receiver) = watch::channel(View::default());
        (Self(sender), receiver)
    }

    /// It is well when there are none.
    pub(super) fn set_problems(&self, problems: Vec<String>) {
        let problems = Some(problems);
        self.0.send_if_modified(|view| {
            let differs = view.problems != problems;
            if differs {
                view.problems = problems;
            }
            differs
        });
    }

    /// It cannot start.
    pub(super) fn fail(&self, failure: Failure) {
        self.0.send_modify(|view| view.fatal = Some(failure));
    }
}

impl View {
    pub(super) fn is_decided(&self) -> bool {
        self.fatal.is_some() || self.problems.as_ref().is_some_and(Vec::is_empty)
    }
}
