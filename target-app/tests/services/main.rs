//! Shop, task runner and edge as they run: real sockets, a real PostgreSQL.

mod backend;
mod canary;
mod cdn;
mod cdn_shop;
mod cors;
mod edge;
mod edge_faults;
mod mail;
mod orders;
mod origin;
mod postgres;
mod redis;
mod relay;
mod shared_cache;
mod shop;
mod stack;
mod stated;
mod storefront;
mod task_runner;
mod tasks;
mod tls;
mod trace;
mod unknown_outcome;
