//! The only module that knows goose: it hatches the users, each a task of its own whose single
//! transaction is its whole life. Pacing, requests and measuring are ours; goose's own are switched
//! off, and what goose does around each transaction is paid once per user and not once per iteration.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use goose::client::GooseClientBuilder;
use goose::config::GooseConfiguration;
use goose::goose::{GooseUser, Scenario, Transaction, TransactionFunction, TransactionResult};
use goose::prelude::GooseAttack;

use super::plan::LoadError;

/// The life of one user, given its number from 0. It never returns: goose drops it with the runtime.
pub(crate) type Life =
    Arc<dyn Fn(usize) -> Pin<Box<dyn Future<Output = TransactionResult> + Send>> + Send + Sync>;

/// Runs so many users on the current runtime for as long as the future is polled. Users live on the
/// runtime, not in the future: they end with it.
///
/// # Errors
/// [`LoadError::Engine`]: goose refused, or stopped although nobody asked it to.
pub(crate) async fn drive(users: usize, life: Life) -> Result<(), LoadError> {
    silence();
    let refused =
        |error: goose::GooseError| LoadError::Engine(format!("refused to start: {error}"));
    let function: TransactionFunction =
        Arc::new(move |user: &mut GooseUser| life(user.weighted_users_index));
    let scenario = Scenario::new("loadtest").register_transaction(Transaction::new(function));
    GooseAttack::initialize_with_config(configuration(users))
        .map_err(refused)?
        // One client for all: it is never used, and each would cost 2.6 ms and 119 KB.
        .set_client_builder_without_cookies(GooseClientBuilder::new().without_cookies())
        .map_err(refused)?
        .register_scenario(scenario)
        .execute()
        .await
        .map_err(refused)?;
    Err(LoadError::Engine("ended while users were running".into()))
}

fn configuration(users: usize) -> GooseConfiguration {
    let mut configuration = GooseConfiguration::default();
    // Mandatory, and never contacted.
    configuration.host = Some("http://localhost".to_owned());
    configuration.users = Some(users);
    // All at once: they wait at our gates.
    configuration.increase_rate = Some("1000000".to_owned());
    configuration.no_metrics = true;
    configuration.no_print_metrics = true;
    configuration.no_error_summary = true;
    configuration.no_telnet = true;
    configuration.no_websocket = true;
    configuration.quiet = 1;
    configuration
}

/// Goose logs to standard output unless the process has a logger already; a tool whose output is
/// read by people and pipelines cannot have that.
fn silence() {
    struct Silent;
    impl log::Log for Silent {
        fn enabled(&self, _: &log::Metadata<'_>) -> bool {
            false
        }
        fn log(&self, _: &log::Record<'_>) {}
        fn flush(&self) {}
    }
    // Fails when there is a logger already, which is just as well.
    let _ = log::set_logger(&Silent);
}
