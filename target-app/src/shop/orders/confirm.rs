//! Confirming an order while its customer waits, as shops do that have no queue.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Order;
use crate::api::Confirm;
use crate::service::database::{Database, DatabaseError};
use crate::service::trace::{self, TraceId};
use crate::shop::state::App;
use crate::task_runner;

/// The order is placed: for so long its confirmation is not given up.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(100);

/// Writes and sends the confirmation where that is done in the request, also when its customer goes
/// away meanwhile. The order is placed whatever becomes of it: what fails stays queued, for a task
/// runner if there is one.
pub(super) async fn within_the_request(shop: &App, order: &Order) {
    if shop.config.confirm == Confirm::Queued {
        return;
    }
    let confirming = confirm_patiently(Arc::clone(shop), order.customer, order.id);
    let confirming = tokio::spawn(trace::within(TraceId::current(), confirming));
    // It ends early only with the pod.
    let _ = confirming.await;
}

async fn confirm_patiently(shop: App, customer: i64, order: i64) {
    if let Some(time) = shop.config.confirm_time {
        match &shop.work {
            Some(work) => work.goes_on(time.into()).await,
            None => tokio::time::sleep(time.into()).await,
        }
    }
    let began = Instant::now();
    while let Err(error) = confirm(shop.shards.home(customer), order).await {
        if began.elapsed() > PATIENCE {
            tracing::warn!(order, %error, "an order was placed and not confirmed");
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn confirm(home: &Database, order: i64) -> Result<(), DatabaseError> {
    let mut lease = home.lease_to_write().await?;
    home.limited(async {
        let transaction = lease.transaction().await?;
        task_runner::confirm(transaction, order).await
    })
    .await?;
    lease.finish();
    Ok(())
}
