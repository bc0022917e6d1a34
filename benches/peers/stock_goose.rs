//! Goose as its users have it: reqwest, its own metrics, bodies read.

use anyhow::{Context, Result};
use goose::config::GooseConfiguration;
use goose::prelude::*;

/// `URL USERS SECONDS`
pub(crate) fn run(mut arguments: impl Iterator<Item = String>) -> Result<()> {
    let mut next = || arguments.next().context("give URL, users and seconds");
    let (host, users, seconds) = (next()?, next()?.parse()?, next()?);
    // Has private fields, so it cannot be written as one expression.
    let mut configuration = GooseConfiguration::default();
    configuration.host = Some(host);
    configuration.users = Some(users);
    configuration.increase_rate = Some(users.to_string());
    configuration.run_time = Some(seconds);
    configuration.no_telnet = true;
    configuration.no_websocket = true;
    configuration.quiet = 1;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        GooseAttack::initialize_with_config(configuration)?
            .register_scenario(scenario!("Products").register_transaction(transaction!(products)))
            .execute()
            .await
    })?;
    Ok(())
}

async fn products(user: &mut GooseUser) -> TransactionResult {
    let answer = user.get("/api/products").await?;
    // A body that is not read costs a new connection.
    if let Ok(response) = answer.response {
        let _ = response.bytes().await;
    }
    Ok(())
}
