//! Orders from a replica, where that cannot be told from the primary.
//!
//! Whoever placed an order must find it at once, and a replica may not have it yet. So only what is
//! old is read there: an order that was placed ten seconds ago, and the pages of a history behind
//! the first. Orders never change; what a replica shows of an old one is all there is. Replicas follow
//! the first database: what others may have as well is not read there.

use super::{Order, read};
use crate::service::database::DatabaseError;
use crate::shop::replicas::Replica;
use crate::shop::state::Shop;

/// The order under this key, if it is an old one.
pub(super) async fn by_key(shop: &Shop, key: &str) -> Option<Order> {
    if shop.shards.are_several() {
        return None;
    }
    let replica = shop.replicas.next()?;
    heard(replica, old_order(replica, key).await)?
}

/// A page of a customer's history behind the first.
pub(super) async fn history(shop: &Shop, customer: i64, before: i64) -> Option<Vec<Order>> {
    if before == i64::MAX || !shop.shards.is_first(customer) {
        return None;
    }
    let replica = shop.replicas.next()?;
    heard(replica, page(replica, customer, before).await)
}

fn heard<T>(replica: &Replica, answer: Result<T, DatabaseError>) -> Option<T> {
    match answer {
        Ok(found) => Some(found),
        Err(error) => {
            replica.failed(&error);
            None
        }
    }
}

async fn old_order(replica: &Replica, key: &str) -> Result<Option<Order>, DatabaseError> {
    let lease = replica.database.lease().await?;
    let found = replica
        .database
        .limited(async {
            match read::is_old(&lease, key).await? {
                true => read::by_key(&lease, key).await,
                false => Ok(None),
            }
        })
        .await?;
    lease.finish();
    Ok(found)
}

async fn page(replica: &Replica, customer: i64, before: i64) -> Result<Vec<Order>, DatabaseError> {
    let lease = replica.database.lease().await?;
    let found = read::history(&lease, customer, before);
    let found = replica.database.limited(found).await?;
    lease.finish();
    Ok(found)
}
