//! Confirming an order while its customer waits, as shops do that have no queue.

use crate::api::Confirm;
use crate::service::database::DatabaseError;
use crate::shop::error::ShopError;
use crate::shop::state::Shop;
use crate::task_runner;

/// Writes and sends the confirmation where that is done in the request. The order is placed whatever
/// becomes of it: what fails stays queued, for a task runner if there is one.
pub(super) async fn within_the_request(shop: &Shop, order: i64) {
    if shop.config.confirm == Confirm::Queued {
        return;
    }
    if let Err(error) = confirm(shop, order).await {
        tracing::warn!(order, %error, "an order was placed and not confirmed");
    }
}

async fn confirm(shop: &Shop, order: i64) -> Result<(), ShopError> {
    if let Some(time) = shop.config.confirm_time {
        match &shop.work {
            Some(work) => work.other(time.into()).await?,
            None => tokio::time::sleep(time.into()).await,
        }
    }
    let mut lease = shop.database.lease_to_write().await?;
    shop.database
        .limited(async {
            let transaction = lease.transaction().await?;
            task_runner::confirm(transaction, order).await
        })
        .await
        .map_err(|error: DatabaseError| ShopError::Unavailable(error))?;
    lease.finish();
    Ok(())
}
