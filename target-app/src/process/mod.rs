//! The processes of the stack: which there are, how one is started and how it learns that its parent is gone.

mod shutdown;

pub use shutdown::{Shutdown, Trigger};
