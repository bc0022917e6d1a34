//! Shop, task runner and edge as they run: real sockets, a real PostgreSQL.

mod backend;
mod canary;
mod edge;
mod edge_faults;
mod orders;
mod postgres;
mod relay;
mod shop;
mod stack;
mod stated;
mod storefront;
mod task_runner;
mod trace;
mod unknown_outcome;
