//! The PostgreSQL pair on real servers: what is acknowledged survives, what is lost is rebuilt, and
//! nothing is left behind.

#![cfg(target_os = "linux")]

mod bench;
mod failover;
mod replicas;
mod standby;
mod sweep;
mod tls;
mod writer;
mod zones;
