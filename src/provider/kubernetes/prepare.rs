//! From a change to the calls that make it, as the cluster is now.

use k8s_openapi::api::core::v1::{Node, Pod};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use serde_json::Value;

use super::KubernetesProvider;
use super::api::Request;
use super::drain;
use super::facts;
use super::marks::Mark;
use super::names::{Kind, Named, in_namespace};
use super::requests::{self, CUT_OFF};
use super::selector;
use super::tools::Deed;
use super::trouble::Trouble;
use crate::provider::{Change, Eviction, Order, ProviderError};

/// What a change consists of.
pub(super) struct Prepared {
    /// Before it is accepted.
    pub(super) first: Vec<Request>,
    /// Afterwards, until the effect is complete.
    pub(super) then: Then,
}

/// What goes on after a change was accepted.
pub(super) enum Then {
    /// These pods are to be gone.
    Gone(Vec<Pod>),
    /// These are asked to leave, each for so long.
    Evict(Vec<Pod>, std::time::Duration),
    /// Whatever may leave these nodes is asked to.
    Empty { hosts: Vec<String>, force: bool },
    /// These pods' containers start anew.
    Restarted {
        pods: Vec<Pod>,
        helpers: Vec<(Named, String)>,
    },
    /// These helpers have frozen their pods.
    Frozen(Vec<(Named, String)>),
    /// A workload has been rolled out anew.
    RolledOut(Named),
    /// A workload has so many pods.
    Scaled(Named, u32),
    /// Nothing more.
    Done,
}

impl KubernetesProvider {
    /// The calls of a change. Reads only.
    pub(super) async fn prepare(&self, order: &Order) -> Result<Prepared, ProviderError> {
        match &order.change {
            Change::KillPods { pods, grace_ms } => {
                let pods = self.pods(pods).await?;
                // The API counts in seconds; a grace that was asked for is never none.
                let grace = grace_ms.div_ceil(1000);
                Ok(Prepared {
                    first: pods
                        .iter()
                        .map(|pod| requests::delete_pod(pod, grace))
                        .collect(),
                    then: Then::Gone(pods),
                })
            }
            Change::EvictPods { pods, timeout_ms } => Ok(Prepared {
                first: Vec::new(),
                then: Then::Evict(
                    self.pods(pods).await?,
                    std::time::Duration::from_millis(*timeout_ms),
                ),
            }),
            Change::KillContainers { pods, container } => {
                let pods = self.pods(pods).await?;
                let (first, helpers) = self.helpers(Deed::Kill, order, &pods, Some(container));
                Ok(Prepared {
                    first,
                    then: Then::Restarted { pods, helpers },
                })
            }
            Change::HangPods { pods } => self.hang(order, pods).await,
            Change::RestartWorkload { workload } => self.restart(order, workload).await,
            Change::ScaleWorkload { workload, replicas } => {
                self.scale(order, workload, *replicas).await
            }
            Change::DrainZone { zone, force } => {
                let hosts = self.hosts_in(zone);
                self.empty(order, hosts, *force, &format!("zone {zone} drained"))
                    .await
            }
            Change::DrainHosts { hosts, force } => {
                self.empty(order, hosts.clone(), *force, "node drained")
                    .await
            }
            Change::PartitionPods { pods } => self.partition(order, pods).await,
            _ => Err(self.refused("make this change", "there is no such thing in a cluster")),
        }
    }

    /// These pods as they are, none of which may be shielded by now.
    async fn pods(&self, names: &[String]) -> Result<Vec<Pod>, ProviderError> {
        let mut pods = Vec::new();
        for name in names {
            let (namespace, name) = in_namespace(name, &self.glasses.namespace);
            let on = Named::new(Kind::Pod, namespace, name);
            let found: Option<Pod> = self.read(&on).await?;
            let pod =
                found.ok_or_else(|| self.refused("find its target", &format!("{on} is gone")))?;
            let shield = self.glasses.shield(&self.cluster.state(), &pod);
            if let Some(why) = shield {
                return Err(self.refused(&format!("touch {on}"), &why));
            }
            pods.push(pod);
        }
        Ok(pods)
    }

    pub(super) async fn read<T: serde::de::DeserializeOwned>(
        &self,
        on: &Named,
    ) -> Result<Option<T>, ProviderError> {
        let answer = self.api.get(&on.path()).await;
        answer.map_err(|trouble| self.told(&trouble, &format!("read {on}")))
    }

    fn helpers(
        &self,
        deed: Deed,
        order: &Order,
        pods: &[Pod],
        container: Option<&str>,
    ) -> (Vec<Request>, Vec<(Named, String)>) {
        let mut all = Vec::new();
        let mut calls = Vec::new();
        for pod in pods {
            let (helpers, call) = requests::help(deed, &order.id, pod, container, &self.image);
            all.extend(
                helpers
                    .into_iter()
                    .map(|helper| (requests::named(pod), helper)),
            );
            calls.push(call);
        }
        (calls, all)
    }

    async fn hang(&self, order: &Order, pods: &[String]) -> Result<Prepared, ProviderError> {
        let pods = self.pods(pods).await?;
        let mark = |pod: &Pod| Mark::of(order, format!("{} frozen", requests::named(pod)), "");
        let (helps, helpers) = self.helpers(Deed::Freeze, order, &pods, None);
        let marks = pods
            .iter()
            .map(|pod| requests::mark_pod(pod, &mark(pod), None));
        Ok(Prepared {
            // The mark of each pod before what it tells of.
            first: marks
                .zip(helps)
                .flat_map(|(mark, help)| [mark, help])
                .collect(),
            then: Then::Frozen(helpers),
        })
    }

    async fn workload(&self, name: &str) -> Result<(Named, Value), ProviderError> {
        let parts: Vec<&str> = name.split('/').collect();
        let (namespace, kind, name) = match parts.as_slice() {
            [namespace, kind, name] => (*namespace, *kind, *name),
            [kind, name] => (self.glasses.namespace.as_str(), *kind, *name),
            _ => return Err(self.refused("find its target", &format!("`{name}` is no workload"))),
        };
        let on = match Kind::named(kind) {
            Some(kind @ (Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet)) => {
                Named::new(kind, namespace, name)
            }
            _ => return Err(self.refused("find its target", &format!("`{kind}` is no workload"))),
        };
        let found: Option<Value> = self.read(&on).await?;
        let found =
            found.ok_or_else(|| self.refused("find its target", &format!("there is no {on}")))?;
        Ok((on, found))
    }

    async fn restart(&self, order: &Order, workload: &str) -> Result<Prepared, ProviderError> {
        let (on, _) = self.workload(workload).await?;
        let at = k8s_openapi::jiff::Timestamp::now().to_string();
        let mark = Mark::of(order, format!("{on} restarted"), "");
        Ok(Prepared {
            first: vec![requests::restart(&on, &at, &mark)],
            then: Then::RolledOut(on),
        })
    }

    async fn scale(
        &self,
        order: &Order,
        workload: &str,
        replicas: u32,
    ) -> Result<Prepared, ProviderError> {
        let (on, found) = self.workload(workload).await?;
        let before = found["spec"]["replicas"].as_u64().unwrap_or(1);
        let version = found["metadata"]["resourceVersion"]
            .as_str()
            .unwrap_or_default();
        let mark = Mark::of(
            order,
            format!("{on} scaled to {replicas}"),
            before.to_string(),
        );
        Ok(Prepared {
            first: vec![requests::scale(&on, replicas, version, &mark)],
            then: Then::Scaled(on, replicas),
        })
    }

    fn hosts_in(&self, zone: &str) -> Vec<String> {
        let state = self.cluster.state();
        let snapshot = self.glasses.snapshot(&state, 0);
        let in_zone = snapshot.hosts.into_iter().filter(|host| host.zone == zone);
        in_zone.map(|host| host.name).collect()
    }

    /// Cordons all nodes before any pod leaves one: else pods hop onto a node that is doomed.
    async fn empty(
        &self,
        order: &Order,
        hosts: Vec<String>,
        force: bool,
        did: &str,
    ) -> Result<Prepared, ProviderError> {
        let seen = self.glasses.snapshot(&self.cluster.state(), 0).hosts;
        let shielded = (seen.iter())
            .filter(|host| hosts.contains(&host.name))
            .find_map(|host| Some((&host.name, host.shielded.as_ref()?)));
        if let Some((host, why)) = shielded {
            return Err(self.refused(&format!("touch node {host}"), why));
        }
        let mut first = Vec::new();
        for host in &hosts {
            let on = Named::new(Kind::Node, "", host);
            let node: Option<Node> = self.read(&on).await?;
            let Some(node) = node else { continue };
            // One that somebody else took out of service stays so.
            if facts::schedulable(&node) {
                let mark = Mark::of(order, format!("{did}: {host} unschedulable"), "schedulable");
                first.push(requests::cordon(host, &mark));
            }
        }
        Ok(Prepared {
            first,
            then: Then::Empty { hosts, force },
        })
    }

    /// The pods that leave these nodes, read afresh: some came just before the node was closed.
    pub(super) async fn leaving(&self, hosts: &[String], force: bool) -> Result<Vec<Pod>, Trouble> {
        let mut leaving = Vec::new();
        for namespace in self.namespaces.iter() {
            for host in hosts {
                let query = format!(
                    "&fieldSelector=spec.nodeName%3D{}",
                    super::api::escaped(host)
                );
                let pods: Vec<Pod> = self.api.list(&Kind::Pod.path(namespace), &query).await?;
                let state = self.cluster.state();
                leaving.extend(pods.into_iter().filter(|pod| {
                    let goes = match drain::eviction(pod) {
                        Eviction::Replaced => true,
                        Eviction::Loses(_) => force,
                        Eviction::Left(_) => false,
                    };
                    goes && self.glasses.shield(&state, pod).is_none()
                }));
            }
        }
        Ok(leaving)
    }

    async fn partition(&self, order: &Order, pods: &[String]) -> Result<Prepared, ProviderError> {
        let pods = self.pods(pods).await?;
        self.nobody_allows(&pods).await?;
        let mut namespaces: Vec<&str> = pods
            .iter()
            .filter_map(|pod| pod.metadata.namespace.as_deref())
            .collect();
        namespaces.sort_unstable();
        namespaces.dedup();
        let policies = namespaces.into_iter().map(|namespace| {
            let mark = Mark::of(order, "pods cut off", "");
            requests::isolate(namespace, &order.id, &mark)
        });
        let labels = pods.iter().map(|pod| {
            let mark = Mark::of(order, format!("{} cut off", requests::named(pod)), "");
            requests::mark_pod(pod, &mark, Some((CUT_OFF, &order.id.0)))
        });
        Ok(Prepared {
            first: policies.chain(labels).collect(),
            then: Then::Done,
        })
    }

    /// Policies add up: one that allows something for these pods would undermine ours.
    async fn nobody_allows(&self, pods: &[Pod]) -> Result<(), ProviderError> {
        for pod in pods {
            let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
            let policies: Vec<NetworkPolicy> = (self.api)
                .list(&Kind::NetworkPolicy.path(namespace), "")
                .await
                .map_err(|trouble| self.told(&trouble, "list network policies"))?;
            let labels = facts::labels(pod.metadata.labels.as_ref());
            let other = policies.iter().find(|policy| {
                let selector = policy
                    .spec
                    .as_ref()
                    .and_then(|spec| spec.pod_selector.as_ref());
                let selected = selector.is_none_or(|selector| selector::matches(selector, &labels));
                Mark::on(&policy.metadata).is_none() && selected
            });
            if let Some(other) = other {
                let reason = format!(
                    "network policy {} selects {} too, and policies only ever add what is allowed: \
                     choose pods without one",
                    other.metadata.name.as_deref().unwrap_or_default(),
                    requests::named(pod)
                );
                return Err(self.refused("cut pods off", &reason));
            }
        }
        Ok(())
    }
}
