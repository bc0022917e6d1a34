//! The local stack through the real binary: real processes, a real database pair, real signals.

mod api;
mod cache;
mod database;
mod deploys;
mod harness;
mod life;
mod logs;
mod pods;
#[path = "../../target-app/tests/services/redis.rs"]
#[allow(dead_code, reason = "the shop's own tests do more with it")]
mod redis;
mod scale;
mod scaling;
mod shards;
mod shopper;
mod tls;
mod traces;
mod two_zone;
mod zones;
