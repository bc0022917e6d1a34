//! The engine against servers whose every behaviour is known.

mod answers;
mod bench;
mod compression;
mod connections;
mod encrypted;
mod ends;
mod http2;
mod schedules;
mod scripts;
mod server;
mod times;
mod values;
mod ways;
mod writes;
