//! The state as [`StackStatus`].

use super::Supervisor;
use crate::api::{Database, Link, MetricsPage, Pod, PodState, StackStatus, Workload, Zone};
use crate::control::budget;
use crate::control::change::Change;
use crate::control::mail::MailSink;
use crate::control::pod::PodHandle;
use crate::control::problems;
use crate::control::state::{self, App, State};

impl Supervisor {
    pub(super) fn status(&self) -> StackStatus {
        let state = &self.state;
        let problems = problems::find(state);
        let zone = |name: &String| Zone {
            name: name.clone(),
            address: text(state.zone_address(name)),
            state: state.zone_state(name),
        };
        let absent = || Database {
            nodes: Vec::new(),
            synchronous: false,
            redundant: false,
            endpoint_target: None,
        };
        let pairs = state.databases.iter();
        let mut databases = pairs.map(|pair| pair.seen.clone().unwrap_or_else(absent));
        StackStatus {
            spec: state.spec.without_secrets(),
            pid: std::process::id(),
            root: self.tools.pods.root.clone(),
            edge_url: state.edge.address.map_or_else(String::new, |address| {
                format!("{}://{address}", state.spec.scheme())
            }),
            ca: (self.tools.pods.certificates.as_ref()).map(|made| made.ca()),
            database_endpoint: self.tools.databases.first().endpoint().to_string(),
            mail: self.tools.mail.as_ref().map(MailSink::describe),
            healthy: problems.is_empty(),
            problems: problems.into_iter().map(|problem| problem.text).collect(),
            zones: state.spec.zones.iter().map(zone).collect(),
            pods: state.pods.iter().map(pod).collect(),
            workloads: App::ALL.map(|app| workload(state, app)).into(),
            database: databases.next().unwrap_or_else(absent),
            shards: databases.collect(),
            links: self.links(),
            open_changes: state.changes.open().iter().map(Change::to_api).collect(),
            isolation: state.isolation.as_str().into(),
            last_event: self.tools.events.last(),
            metrics: self.metrics(),
        }
    }

    /// Read directly, not through the links: what is measured is not what is broken.
    fn metrics(&self) -> Vec<MetricsPage> {
        let page = |process: &str, app: &str, url: String| MetricsPage {
            process: process.into(),
            app: app.into(),
            url,
        };
        let control = page(
            "control-plane",
            "control-plane",
            self.tools.metrics_url.clone(),
        );
        let edge = self.tools.edge.view().metrics_url();
        let edge = edge.map(|url| page("edge", "edge", url));
        let living = |pod: &&state::Pod| pod.state != PodState::Gone;
        let pods = self.state.pods.iter().filter(living).filter_map(|pod| {
            let scheme = self.state.spec.scheme();
            let url = format!("{scheme}://{}/metrics", pod.address?);
            Some(page(&pod.name, pod.app.as_str(), url))
        });
        let mail = self.tools.mail.as_ref();
        let mail =
            mail.map(|sink| page("mail-sink", "mail-sink", format!("{}/metrics", sink.url())));
        let one = std::iter::once(control);
        one.chain(edge).chain(mail).chain(pods).collect()
    }

    /// All links, in the order of the pods; those of pods that are gone lead nowhere.
    pub(super) fn links(&self) -> Vec<Link> {
        let handles = self
            .state
            .pods
            .iter()
            .filter(|pod| pod.state != PodState::Gone)
            .filter_map(|pod| self.pods.get(&pod.name));
        let mut links: Vec<Link> = handles
            .flat_map(PodHandle::links)
            .map(crate::links::Link::describe)
            // Where a database is, is where its primary is.
            .map(|link| Link {
                to: match self.state.database_zone(&link.to) {
                    Some(zone) => zone.to_owned(),
                    None => link.to,
                },
                ..link
            })
            .collect();
        let replication = self.tools.databases.replication_links();
        links.extend(replication.map(|link| link.describe()));
        links
    }
}

fn workload(state: &State, app: App) -> Workload {
    let ready = |pod: &&state::Pod| pod.app == app && pod.state == PodState::Ready;
    let number = |count| u32::try_from(count).unwrap_or(u32::MAX);
    Workload {
        app: app.as_str().into(),
        version: state.release(app).version,
        desired: number(state.replicas(app)),
        headroom: budget::headroom(state, app).map(number),
        ready: number(state.pods.iter().filter(ready).count()),
        generation: state.generation(app),
        settled: !state.rollouts.contains_key(&app) && state.is_settled(app),
    }
}

fn pod(pod: &state::Pod) -> Pod {
    let app = pod.app.as_str();
    let labels = [
        ("app", app),
        ("zone", &pod.zone),
        ("version", &pod.release.version),
    ];
    Pod {
        name: pod.name.clone(),
        app: app.into(),
        zone: pod.zone.clone(),
        pid: pod.pid,
        address: text(pod.address),
        state: pod.state,
        labels: labels.map(|(k, v)| (k.into(), v.into())).into(),
    }
}

/// Empty when there is none.
fn text(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}
