//! What every process of the stack that serves HTTP has in common: how it binds and stops, its
//! secrets, its certificates, its logs, its metrics page and its way to the database.

pub mod database;
pub mod exposition;
pub(crate) mod http;
mod listen;
pub mod logging;
pub(crate) mod request_id;
mod secret;
pub mod slots;
pub mod tls;
pub(crate) mod trace;
pub mod turnstile;

pub use listen::{Bound, ServeError};
pub use secret::Secret;

pub(crate) use listen::bind;
