//! The shop's books beside the mail sink's: every confirmed order has its one e-mail.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio_postgres::Row;

use super::error::ShopError;
use super::invariants::Rule;
use super::state::Shop;
use crate::mail::OrderMails;
use crate::service::database::DatabaseError;

/// All orders, and whether the job that confirms each is done.
const ORDERS: &str = "
    SELECT o.id, coalesce(bool_or(j.state = 'done'), false)
    FROM orders o LEFT JOIN jobs j ON j.order_id = o.id AND j.kind = 'order-confirmation'
    GROUP BY o.id";

/// From one process to another on the same network.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Compares the two, as one more rule.
pub(super) async fn compare(shop: &Shop, sink: &str) -> Result<Rule, ShopError> {
    // The sink is asked before and after: whatever is mailed and committed meanwhile is no error.
    let before = mails(sink).await?;
    let mut orders = BTreeMap::new();
    for database in shop.shards.all() {
        let lease = database.lease().await?;
        let rows = database
            .limited(async { Ok::<_, DatabaseError>(lease.query(ORDERS, &[]).await?) })
            .await?;
        lease.finish();
        let told = |row: &Row| (row.get::<_, i64>(0), row.get::<_, bool>(1));
        orders.extend(rows.iter().map(told));
    }
    let after = mails(sink).await?;
    let (checked, violations) = judge(&orders, &before, &after);
    Ok(Rule {
        name: "one-mail-per-order",
        rule: "the customer of every confirmed order got exactly one e-mail about it",
        checked,
        violations,
    })
}

type Mails = BTreeMap<i64, u32>;

/// How many orders were looked at, and how many are wrong: confirmed without a mail, mailed more
/// than once, or mailed without being there.
fn judge(orders: &BTreeMap<i64, bool>, before: &Mails, after: &Mails) -> (i64, i64) {
    let confirmed = orders.iter().filter(|(_, done)| **done).map(|(id, _)| *id);
    let confirmed: BTreeSet<i64> = confirmed.collect();
    let unmailed = confirmed.iter().filter(|id| !after.contains_key(id));
    let twice = after.iter().filter(|(_, mails)| **mails > 1);
    let phantoms = before.keys().filter(|id| !orders.contains_key(id));
    let wrong: BTreeSet<i64> = unmailed
        .chain(twice.map(|(id, _)| id))
        .chain(phantoms)
        .copied()
        .collect();
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    (count(confirmed.len()), count(wrong.len()))
}

async fn mails(sink: &str) -> Result<Mails, ShopError> {
    let failed = |error: reqwest::Error| {
        let words = error.without_url();
        ShopError::Elsewhere(format!("the mail sink does not show its books: {words}"))
    };
    // Read once, when a run is over: no client is kept for it.
    let client = reqwest::Client::builder().no_proxy().build();
    let ask = client.map_err(failed)?.get(format!("{sink}/orders"));
    let answer = ask.timeout(TIMEOUT).send().await;
    let answer = answer.and_then(reqwest::Response::error_for_status);
    let mails: Vec<OrderMails> = answer.map_err(failed)?.json().await.map_err(failed)?;
    Ok(mails.into_iter().map(|m| (m.order, m.mails)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mail_each_is_right_and_everything_else_is_not() {
        let orders = BTreeMap::from([(1, true), (2, true), (3, false)]);
        let right = Mails::from([(1, 1), (2, 1)]);
        assert_eq!(judge(&orders, &right, &right), (2, 0));
        let without = Mails::from([(1, 1)]);
        assert_eq!(judge(&orders, &without, &without), (2, 1));
        let twice = Mails::from([(1, 2), (2, 1)]);
        assert_eq!(judge(&orders, &twice, &twice), (2, 1));
        let phantom = Mails::from([(1, 1), (2, 1), (9, 1)]);
        assert_eq!(judge(&orders, &phantom, &phantom), (2, 1));
    }

    #[test]
    fn what_happens_while_the_books_are_read_is_no_error() {
        let orders = BTreeMap::from([(1, true), (2, false)]);
        let before = Mails::from([(1, 1)]);
        // Order 2 was mailed and is not marked yet; order 3 was placed and mailed since.
        let after = Mails::from([(1, 1), (2, 1), (3, 1)]);
        assert_eq!(judge(&orders, &before, &after), (1, 0));
    }
}
