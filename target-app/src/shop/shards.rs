//! Where a customer's cart and orders are: in the database of their shard.
//!
//! Customers are divided over the databases by their numbers. The first database has everything
//! else besides: every customer's account, their tasks, and the catalogue as it is shown. Each other
//! one has the catalogue with a stock of its own, and knows a customer from the start or from when
//! they first put something there. A request asks one database, except for what no customer is
//! known of: then all are asked.

use deadpool_postgres::Status;
use prometheus_client::metrics::histogram::Histogram;
use tokio_postgres::error::SqlState;

use super::ShopConfig;
use super::metrics::Metrics;
use super::work::shard_work;
use crate::service::ServeError;
use crate::service::database::{Database, DatabaseError, DatabaseParams, PoolSettings};

/// A customer's account, as every database has it that they have something in.
const ACCOUNT: &str = "
    SELECT id, email, name, password_hash, created_at::text FROM customers WHERE id = $1";

const INTRODUCE: &str = "
    INSERT INTO customers (id, email, name, password_hash, created_at)
    VALUES ($1, $2, $3, $4, $5::text::timestamptz) ON CONFLICT DO NOTHING";

/// The databases that carts and orders are divided over; one, unless configured otherwise.
pub(crate) struct Shards {
    first: Database,
    others: Vec<Database>,
}

impl Shards {
    /// `first` and those of the configuration, which observe the same `seconds`.
    pub(crate) fn new(
        first: Database,
        config: &ShopConfig,
        settings: PoolSettings,
        seconds: &Histogram,
        metrics: &Metrics,
    ) -> Result<Self, ServeError> {
        let other = |shard: &super::ShardConfig| {
            let params = DatabaseParams {
                address: shard.address.to_string(),
                ..config.database_params()
            };
            let database = Database::new(&params, &config.pod, settings)?;
            let work = shard_work(config, shard, metrics);
            Ok(database.observed_by(seconds.clone()).costing(work))
        };
        let others = config.shards.iter().map(other);
        Ok(Self {
            first,
            others: others.collect::<Result<_, ServeError>>()?,
        })
    }

    /// Where a customer's cart and orders are.
    pub(crate) fn home(&self, customer: i64) -> &Database {
        match shard_of(customer, self.others.len() + 1).checked_sub(1) {
            None => &self.first,
            Some(other) => &self.others[other],
        }
    }

    /// Whether a customer's cart and orders are in the first database, which read replicas follow.
    pub(crate) fn is_first(&self, customer: i64) -> bool {
        shard_of(customer, self.others.len() + 1) == 0
    }

    /// Whether there is more than one.
    pub(crate) fn are_several(&self) -> bool {
        !self.others.is_empty()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Database> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// Makes a customer known where their orders are, who registered in the first database since
    /// the others were filled. Doing it twice is doing it once.
    pub(crate) async fn introduce(&self, customer: i64) -> Result<(), DatabaseError> {
        let lease = self.first.lease().await?;
        let account = async {
            let read = lease.prepare_cached(ACCOUNT).await?;
            Ok::<_, DatabaseError>(lease.query_opt(&read, &[&customer]).await?)
        };
        let account = self.first.limited(account).await?;
        lease.finish();
        // Then it is nobody's order, and is refused as such.
        let Some(account) = account else {
            return Ok(());
        };
        let text = |column: &str| account.get::<_, String>(column);
        let home = self.home(customer);
        let lease = home.lease_to_write().await?;
        let write = async {
            let write = lease.prepare_cached(INTRODUCE).await?;
            let (email, name) = (text("email"), text("name"));
            let (hash, since) = (text("password_hash"), text("created_at"));
            let written = lease
                .execute(&write, &[&customer, &email, &name, &hash, &since])
                .await;
            Ok::<_, DatabaseError>(written?)
        };
        home.limited(write).await?;
        lease.finish();
        Ok(())
    }

    /// How full their pools are, together.
    pub(crate) fn status(&self) -> Status {
        let mut sum = self.first.status();
        for pool in self.others.iter().map(Database::status) {
            sum.max_size += pool.max_size;
            sum.size += pool.size;
            sum.available += pool.available;
            sum.waiting += pool.waiting;
        }
        sum
    }

    pub(crate) fn close(&self) {
        self.all().for_each(Database::close);
    }
}

/// The shard of a customer among `count`, from 0.
fn shard_of(customer: i64, count: usize) -> usize {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    usize::try_from(customer.rem_euclid(count)).unwrap_or(0)
}

/// Whether a write failed because the database does not know the customer it is for.
pub(crate) fn lacks_customer(error: &DatabaseError) -> bool {
    let DatabaseError::Query(error) = error else {
        return false;
    };
    let Some(told) = error.as_db_error() else {
        return false;
    };
    let constraint = told.constraint().unwrap_or_default();
    *told.code() == SqlState::FOREIGN_KEY_VIOLATION && constraint.ends_with("_customer_id_fkey")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_are_divided_evenly_and_for_good() {
        let shards: Vec<_> = (1..=6).map(|customer| shard_of(customer, 2)).collect();
        assert_eq!(shards, [1, 0, 1, 0, 1, 0]);
        assert!((1..100).all(|customer| shard_of(customer, 1) == 0));
        assert!(shard_of(i64::MIN, 3) < 3);
    }
}
