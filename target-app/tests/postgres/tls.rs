//! A pair that is encrypted: who is not, is not let in, and that holds for its own standbys.

use std::net::SocketAddr;

use target_app::api::{DatabaseRole, FailoverMode};
use target_app::service::tls::{Authority, DatabaseTls};
use tokio_postgres::NoTls;

use super::bench::{Bench, client_config};

struct Encrypted {
    bench: Bench,
    tls: DatabaseTls,
}

impl Encrypted {
    async fn new() -> Self {
        let authority = Authority::new("test").unwrap();
        let bench = Bench::with(&["a", "b"], |config| {
            let zones: Vec<_> = config.zones.iter().map(|(_, address)| *address).collect();
            config.tls = Some(authority.issue("database", &zones).unwrap());
            config.read_replicas = 1;
        })
        .await;
        let ca = bench.folder.path().join("authority.pem");
        std::fs::write(&ca, authority.certificate()).unwrap();
        let tls = DatabaseTls::demanding(Some(&ca)).unwrap();
        Self { bench, tls }
    }

    fn address(&self) -> SocketAddr {
        let primary = self.bench.node(DatabaseRole::Primary);
        primary.address.parse().unwrap()
    }

    /// How many standbys and replicas follow, and how many of them are encrypted. Only the superuser
    /// is told how others are connected.
    async fn followers(&self) -> (i64, i64) {
        let passwords = self.bench.data_of("passfile");
        let passwords = std::fs::read_to_string(passwords).unwrap();
        let password = passwords.trim_end().rsplit(':').next().unwrap();
        let mut config = client_config(self.address());
        config.user("postgres").password(password);
        let client = self.tls.connect(config).await.unwrap();
        let count = "SELECT count(*), count(*) FILTER (WHERE ssl) \
                     FROM pg_stat_replication JOIN pg_stat_ssl USING (pid)";
        let row = client.query_one(count, &[]).await.unwrap();
        (row.get(0), row.get(1))
    }

    async fn refuses_whoever_is_not_encrypted(&self) {
        let plain = client_config(self.address()).connect(NoTls).await;
        let refused = plain.err().expect("refused");
        let words = refused.as_db_error().expect("its words").message();
        assert!(words.contains("no encryption"), "{words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_let_in_unencrypted_before_and_after_a_failover() {
    let pair = Encrypted::new().await;
    pair.refuses_whoever_is_not_encrypted().await;
    pair.bench
        .until("a read replica", |bench| {
            let nodes = bench.database().nodes;
            nodes.iter().any(|node| node.role == DatabaseRole::Replica)
        })
        .await;
    assert_eq!(pair.followers().await, (2, 2));
    pair.bench
        .pair
        .fail_over(FailoverMode::Crash, None)
        .await
        .unwrap();
    pair.bench.pair.repair().await.unwrap();
    pair.refuses_whoever_is_not_encrypted().await;
    let (all, encrypted) = pair.followers().await;
    assert!(all >= 1 && all == encrypted, "{encrypted} of {all}");
    pair.bench.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_another_authority_is_not_talked_to() {
    let pair = Encrypted::new().await;
    let other = pair.bench.folder.path().join("other.pem");
    std::fs::write(&other, Authority::new("other").unwrap().certificate()).unwrap();
    let wary = DatabaseTls::demanding(Some(&other)).unwrap();
    let refused = wary.connect(client_config(pair.address())).await;
    let error = refused.expect_err("refused");
    let why = std::error::Error::source(&error)
        .expect("a cause")
        .to_string();
    assert!(why.contains("certificate"), "{why}");
    pair.bench.finish().await;
}
