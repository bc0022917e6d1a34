//! An account in moto: what is in it at the start, and what differs from that later.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{Filter, Reservation, ResourceType, Tag, TagSpecification};

use super::moto::Moto;
use super::proxy::Proxy;
use crate::support::{Bench, Run};

pub(crate) const REGION: &str = "us-east-1";
/// Keys that open nothing.
pub(crate) const ENVIRONMENT: [(&str, &str); 6] = [
    ("AWS_REGION", REGION),
    ("AWS_ACCESS_KEY_ID", "AKIDTESTONLY"),
    ("AWS_SECRET_ACCESS_KEY", "a-secret-for-tests"),
    ("AWS_EC2_METADATA_DISABLED", "true"),
    ("AWS_CONFIG_FILE", "/dev/null"),
    ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
];

/// moto, a proxy before it, and clients that go past the proxy.
pub(crate) struct World {
    pub(crate) proxy: Proxy,
    pub(crate) ec2: aws_sdk_ec2::Client,
    pub(crate) rds: aws_sdk_rds::Client,
    pub(crate) sqs: aws_sdk_sqs::Client,
    runtime: tokio::runtime::Runtime,
    _moto: Moto,
}

impl World {
    /// An account with nothing but what AWS puts into each.
    pub(crate) fn new() -> Self {
        let moto = Moto::start();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let credentials = aws_sdk_ec2::config::Credentials::new("test", "test", None, None, "test");
        let loader = aws_config::defaults(aws_config::BehaviorVersion::latest())
            .region(aws_config::Region::new(REGION))
            .endpoint_url(format!("http://{}", moto.address))
            .credentials_provider(credentials);
        let config = runtime.block_on(loader.load());
        Self {
            proxy: Proxy::before(&moto.address),
            ec2: aws_sdk_ec2::Client::new(&config),
            rds: aws_sdk_rds::Client::new(&config),
            sqs: aws_sdk_sqs::Client::new(&config),
            runtime,
            _moto: moto,
        }
    }

    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// `loadtest ARGS…` in this account, through the proxy.
    pub(crate) fn loadtest<'a>(
        &self,
        bench: &Bench,
        args: impl IntoIterator<Item = &'a str>,
    ) -> Run {
        let run = bench
            .loadtest(args)
            .env("AWS_ENDPOINT_URL", &self.proxy.url);
        (ENVIRONMENT.iter()).fold(run, |run, (name, value)| run.env(name, value))
    }

    /// Two zones with two instances each, in subnets that may be cut off.
    pub(crate) fn with_instances(self) -> Self {
        for zone in ["us-east-1a", "us-east-1b"] {
            let subnet = self.subnet(zone);
            self.wait(async {
                let image = self.ec2.describe_images().owners("amazon").send().await;
                let image = image.expect("images").images()[0]
                    .image_id()
                    .map(str::to_owned);
                self.ec2
                    .run_instances()
                    .set_image_id(image)
                    .min_count(2)
                    .max_count(2)
                    .subnet_id(&subnet)
                    .tag_specifications(tags(ResourceType::Instance, &[ALLOW, ("role", "web")]))
                    .send()
                    .await
                    .expect("instances");
            });
        }
        self
    }

    /// The default subnets of three zones opt in.
    pub(crate) fn with_subnets(self) -> Self {
        for zone in ["us-east-1a", "us-east-1b", "us-east-1c"] {
            let subnet = self.subnet(zone);
            self.opt_in(&subnet);
        }
        self
    }

    pub(crate) fn opt_in(&self, resource: &str) {
        let tag = Tag::builder().key(ALLOW.0).value(ALLOW.1).build();
        let request = self.ec2.create_tags().resources(resource).tags(tag);
        self.wait(request.send()).expect("a tag");
    }

    /// The default subnet of a zone.
    pub(crate) fn subnet(&self, zone: &str) -> String {
        let filter = Filter::builder()
            .name("availability-zone")
            .values(zone)
            .build();
        let found = self.wait(self.ec2.describe_subnets().filters(filter).send());
        let found = found.expect("subnets");
        found.subnets()[0].subnet_id().expect("an id").to_owned()
    }

    /// Another subnet of the zone's VPC.
    pub(crate) fn add_subnet(&self, zone: &str, cidr: &str) -> String {
        let filter = Filter::builder()
            .name("availability-zone")
            .values(zone)
            .build();
        let found = self.wait(self.ec2.describe_subnets().filters(filter).send());
        let vpc = found.expect("subnets").subnets()[0]
            .vpc_id()
            .map(str::to_owned);
        let request = (self.ec2.create_subnet())
            .set_vpc_id(vpc)
            .availability_zone(zone)
            .cidr_block(cidr);
        let made = self.wait(request.send()).expect("a subnet");
        let id = made
            .subnet()
            .and_then(|subnet| subnet.subnet_id())
            .expect("an id")
            .to_owned();
        self.opt_in(&id);
        id
    }

    /// An Aurora cluster `shop` with a writer and a reader in two zones.
    pub(crate) fn with_cluster(self) -> Self {
        let tag = || {
            aws_sdk_rds::types::Tag::builder()
                .key(ALLOW.0)
                .value(ALLOW.1)
                .build()
        };
        self.wait(async {
            self.rds
                .create_db_cluster()
                .db_cluster_identifier("shop")
                .engine("aurora-postgresql")
                .master_username("shop")
                .master_user_password("not-a-secret-1")
                .tags(tag())
                .send()
                .await
                .expect("a cluster");
            for (name, zone) in [("shop-1", "us-east-1a"), ("shop-2", "us-east-1b")] {
                self.rds
                    .create_db_instance()
                    .db_instance_identifier(name)
                    .db_cluster_identifier("shop")
                    .db_instance_class("db.r6g.large")
                    .engine("aurora-postgresql")
                    .availability_zone(zone)
                    .send()
                    .await
                    .expect("a member");
            }
        });
        self
    }

    /// A single instance `shop`, without a standby.
    pub(crate) fn with_single_database(self) -> Self {
        let tag = aws_sdk_rds::types::Tag::builder();
        let request = (self.rds.create_db_instance())
            .db_instance_identifier("shop")
            .db_instance_class("db.m6g.large")
            .engine("postgres")
            .allocated_storage(20)
            .availability_zone("us-east-1a")
            .tags(tag.key(ALLOW.0).value(ALLOW.1).build());
        self.wait(request.send()).expect("a database");
        self
    }

    /// A queue `jobs`.
    pub(crate) fn with_queue(self) -> Self {
        let request = self
            .sqs
            .create_queue()
            .queue_name("jobs")
            .tags(ALLOW.0, ALLOW.1);
        self.wait(request.send()).expect("a queue");
        self
    }

    /// What faults change and undo takes back, in words.
    pub(crate) fn state(&self) -> BTreeMap<String, String> {
        let mut state = BTreeMap::new();
        self.wait(async {
            let lists = self.ec2.describe_network_acls().send().await.expect("ACLs");
            for list in lists.network_acls() {
                let id = list.network_acl_id().unwrap_or_default();
                state.insert(id.to_owned(), "a network ACL".to_owned());
                for member in list.associations() {
                    let subnet = member.subnet_id().unwrap_or_default();
                    state.insert(subnet.to_owned(), id.to_owned());
                }
            }
            let instances = self
                .ec2
                .describe_instances()
                .send()
                .await
                .expect("instances");
            for instance in instances
                .reservations()
                .iter()
                .flat_map(Reservation::instances)
            {
                let name = instance
                    .state()
                    .and_then(|state| state.name())
                    .expect("a state");
                let mut tags: Vec<_> = instance.tags().iter().filter_map(|tag| tag.key()).collect();
                tags.sort_unstable();
                let id = instance.instance_id().unwrap_or_default().to_owned();
                state.insert(id, format!("{} {tags:?}", name.as_str()));
            }
            let queues = self.sqs.list_queues().send().await.expect("queues");
            for url in queues.queue_urls() {
                let attributes = self.sqs.get_queue_attributes().queue_url(url);
                let all = aws_sdk_sqs::types::QueueAttributeName::All;
                let attributes = attributes
                    .attribute_names(all)
                    .send()
                    .await
                    .expect("attributes");
                let attributes = attributes.attributes.unwrap_or_default();
                let of = |name: &str| attributes.get(&name.into()).cloned();
                let tags = self
                    .sqs
                    .list_queue_tags()
                    .queue_url(url)
                    .send()
                    .await
                    .expect("tags");
                let tags: BTreeMap<_, _> = tags.tags.unwrap_or_default().into_iter().collect();
                let times = (of("DelaySeconds"), of("VisibilityTimeout"));
                state.insert(url.clone(), format!("{times:?} {tags:?}"));
            }
        });
        state
    }

    /// Who takes the cluster's writes.
    pub(crate) fn writer(&self) -> String {
        let clusters = self
            .wait(self.rds.describe_db_clusters().send())
            .expect("clusters");
        let mut members = clusters.db_clusters()[0].db_cluster_members().iter();
        let writer = members.find(|member| member.is_cluster_writer() == Some(true));
        let writer = writer.and_then(|member| member.db_instance_identifier());
        writer.expect("a writer").to_owned()
    }

    /// The ids of all instances of a zone, in order.
    pub(crate) fn instances(&self, zone: &str) -> Vec<String> {
        let found = self.wait(self.ec2.describe_instances().send());
        let found = found.expect("instances");
        let here = |instance: &&aws_sdk_ec2::types::Instance| {
            let place = instance.placement();
            place.and_then(|place| place.availability_zone()) == Some(zone)
        };
        let all = found.reservations().iter().flat_map(Reservation::instances);
        let ids = all
            .filter(here)
            .filter_map(|of| of.instance_id().map(str::to_owned));
        let mut ids: Vec<_> = ids.collect();
        ids.sort_unstable();
        ids
    }
}

pub(crate) const ALLOW: (&str, &str) = ("loadtest/allow", "true");

fn tags(kind: ResourceType, pairs: &[(&str, &str)]) -> TagSpecification {
    let tags = pairs
        .iter()
        .map(|(key, value)| Tag::builder().key(*key).value(*value).build());
    TagSpecification::builder()
        .resource_type(kind)
        .set_tags(Some(tags.collect()))
        .build()
}
