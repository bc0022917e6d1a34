//! PostgreSQL: found, initialised, replicated, failed over and killed.
//!
//! [`Pair`] is the way in: a primary and a standby in different zones behind one endpoint. The
//! layers below it, upwards: [`Binaries`] (which PostgreSQL), a cached template of an initialised
//! cluster, one server's process, SQL on it, and the pair's task, which owns every change.

mod account;
mod admin;
mod copy;
mod data;
mod encryption;
mod error;
mod find;
mod kit;
mod pair;
mod place;
mod processes;
mod segment;
mod server;
mod settings;
mod spawn;
mod sweep;
mod template;

pub use account::Account;
pub use error::{Error, NotFound};
pub use find::Binaries;
pub use pair::{Events, Pair, PairConfig, Timing};
pub use place::roomy_folder;
pub use sweep::{Swept, sweep};
