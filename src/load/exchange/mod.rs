//! The HTTP/1.1 exchange: one request out, one answer in to its last byte, on connections that are
//! kept per user. Lean on purpose: no URL is parsed, nothing is allocated and nothing is shared
//! with other users on the ordinary path.

mod answer;
mod body;
mod client;
mod connector;
mod cookies;
mod failure;
mod head;
mod origin;
mod redirect;
mod resolver;
mod shortage;
mod stream;
mod tls;
mod watchdog;

pub(crate) use answer::Answer;
pub(crate) use client::{Client, Received, Wire};
pub(crate) use connector::{CONNECT_TIMEOUT, Connector};
pub(crate) use cookies::{Jar, pair as cookie_pair};
pub(crate) use failure::Failure;
pub(crate) use origin::{Origin, Target};
pub(crate) use redirect::{MAX_REDIRECTS, Redirect, redirect};
