//! The HTTP exchange: one request out, one answer in to its last byte, on connections that are kept
//! per user. Lean on purpose: with HTTP/1.1 no URL is parsed, nothing is allocated and nothing is
//! shared with other users. HTTP/2 takes the same requests and leaves the same answers.

mod answer;
mod body;
mod carrier;
mod client;
mod connector;
mod cookies;
mod decode;
mod ending;
mod failure;
mod head;
mod http1;
mod http2;
mod origin;
mod proxy;
mod redirect;
mod resolver;
mod stream;
mod tls;
mod watchdog;

pub(crate) use answer::Answer;
pub(crate) use client::{Client, Received, Wire};
pub(crate) use connector::{CONNECT_TIMEOUT, Connector, Made};
pub(crate) use cookies::{Jar, pair as cookie_pair};
pub(crate) use failure::Failure;
pub(crate) use origin::{Origin, Target};
pub(crate) use redirect::{MAX_REDIRECTS, Redirect, redirect};
pub use tls::client_config;
