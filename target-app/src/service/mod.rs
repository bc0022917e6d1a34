//! What every process of the stack that serves HTTP has in common: how it binds and stops, its
//! secrets, its logs, its metrics page and its way to the database.

pub mod database;
pub mod exposition;
pub(crate) mod http;
mod listen;
pub mod logging;
mod secret;
pub(crate) mod trace;

pub use listen::{Bound, ServeError};
pub use secret::Secret;

pub(crate) use listen::bind;
