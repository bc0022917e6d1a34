//! Reaching a cluster: by a kubeconfig, or from inside.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use k8s_openapi::api::core::v1::Pod;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};

use super::KubernetesProvider;
use super::api::Api;
use super::facts;
use super::names::{Kind, Named};
use super::shield::Home;
use super::trouble::Trouble;
use super::view::Glasses;
use super::watch::{Cluster, Scope, Watches};
use crate::provider::{Happenings, Place};
use crate::scenario::{FaultKind, KubernetesSpec, ProviderKind, Scenario};

const CONNECTING: Duration = Duration::from_secs(5);
/// As requests say who makes them.
const USER_AGENT: &str = concat!("loadtest/", env!("CARGO_PKG_VERSION"));

impl KubernetesProvider {
    /// The cluster of a scenario. Looks, and changes nothing.
    ///
    /// # Errors
    /// Why it cannot be reached, and what to do about it.
    pub async fn of(scenario: &Scenario) -> Result<Self, String> {
        let faults = (scenario.faults.iter())
            .filter(|fault| fault.provider == ProviderKind::Kubernetes)
            .filter_map(|fault| namespace_of(&fault.kind));
        Self::connect(&scenario.kubernetes, faults.collect()).await
    }

    /// This cluster, and in it the spec's namespace and these.
    ///
    /// # Errors
    /// Why it cannot be reached, and what to do about it.
    pub async fn connect(
        spec: &KubernetesSpec,
        mut namespaces: BTreeSet<String>,
    ) -> Result<Self, String> {
        let kubeconfig = spec.kubeconfig.clone().or_else(of_environment);
        let mut config = configure(spec.context.as_deref(), kubeconfig.as_deref()).await?;
        // It would try again where a disruption budget refused, and nobody would see the refusal.
        config.default_retry = false;
        config.connect_timeout = Some(CONNECTING);
        let agent = (
            http::header::USER_AGENT,
            HeaderValue::from_static(USER_AGENT),
        );
        config.headers.push(agent);
        let server = config
            .cluster_url
            .to_string()
            .trim_end_matches('/')
            .to_owned();
        let namespace = (spec.namespace.clone()).unwrap_or(config.default_namespace.clone());
        let client = Client::try_from(config)
            .map_err(|error| format!("Kubernetes at {server}: {}", Trouble::of(&error).words()))?;
        namespaces.remove(&namespace);
        let namespaces: Vec<String> = std::iter::once(namespace.clone())
            .chain(namespaces)
            .collect();
        let place = Place::Kubernetes {
            server,
            context: spec.context.clone(),
            kubeconfig: kubeconfig.map(|path| path.canonicalize().unwrap_or(path)),
            namespaces: namespaces.clone(),
        };
        let happenings = Arc::new(Happenings::default());
        let api = Api {
            client,
            happenings: Arc::clone(&happenings),
        };
        let home = home(&api, &namespace).await;
        let cluster = Cluster::new(happenings);
        let mut watches = Watches::new();
        open_watches(&api.client, &cluster, &mut watches, &namespaces);
        let provider = Self {
            api,
            place,
            namespaces: namespaces.into(),
            image: spec.image.as_str().into(),
            glasses: Arc::new(Glasses {
                allow: spec.allow.clone(),
                namespace,
                home,
            }),
            cluster,
            background: Arc::default(),
            _watches: Arc::new(watches),
        };
        provider.listed().await.map_err(|error| error.to_string())?;
        Ok(provider)
    }

    /// The cluster that a journal names.
    ///
    /// # Errors
    /// It cannot be reached, or the same way leads to another one by now.
    pub async fn again(place: &Place, spec: &KubernetesSpec) -> Result<Self, String> {
        let Place::Kubernetes {
            context,
            kubeconfig,
            namespaces,
            server,
        } = place
        else {
            return Err(format!("{place} is no Kubernetes cluster"));
        };
        let spec = KubernetesSpec {
            context: context.clone(),
            kubeconfig: kubeconfig.clone(),
            namespace: namespaces.first().cloned(),
            ..spec.clone()
        };
        let provider = Self::connect(&spec, namespaces.iter().cloned().collect()).await?;
        match &provider.place {
            Place::Kubernetes { server: now, .. } if now == server => Ok(provider),
            other => Err(format!(
                "the kubeconfig leads to {other} now, but {place} was changed: name its context \
                 again, then run `loadtest chaos recover`"
            )),
        }
    }
}

/// The namespace that a fault names, where it names one.
fn namespace_of(kind: &FaultKind) -> Option<String> {
    match kind {
        FaultKind::PodKill { pods, .. }
        | FaultKind::PodHang { pods }
        | FaultKind::PodEvict { pods, .. }
        | FaultKind::ContainerKill { pods, .. }
        | FaultKind::NetworkPartition { pods } => pods.namespace.clone(),
        FaultKind::RolloutRestart { workload } | FaultKind::ScaleTo { workload, .. } => {
            workload.namespace.clone()
        }
        _ => None,
    }
}

/// `KUBECONFIG`, where it names one file: another process may have another environment.
fn of_environment() -> Option<PathBuf> {
    let value = std::env::var_os("KUBECONFIG")?;
    let mut paths = std::env::split_paths(&value).filter(|path| !path.as_os_str().is_empty());
    let first = paths.next()?;
    paths.next().is_none().then_some(first)
}

async fn configure(context: Option<&str>, path: Option<&Path>) -> Result<Config, String> {
    let options = KubeConfigOptions {
        context: context.map(str::to_owned),
        ..KubeConfigOptions::default()
    };
    let told = |error: KubeconfigError| {
        let file = path.map_or("the kubeconfig".to_owned(), |path| {
            path.display().to_string()
        });
        let why = match error {
            // Its words quote the file, and that holds credentials.
            KubeconfigError::Parse(_) => "it is not a kubeconfig".to_owned(),
            other => other.to_string(),
        };
        format!("{file}: {why}: try `kubectl config get-contexts`")
    };
    match (path, context) {
        (Some(path), _) => {
            let file = Kubeconfig::read_from(path).map_err(told)?;
            Config::from_custom_kubeconfig(file, &options)
                .await
                .map_err(told)
        }
        (None, Some(_)) => Config::from_kubeconfig(&options).await.map_err(told),
        (None, None) => match Config::from_kubeconfig(&options).await {
            Ok(config) => Ok(config),
            Err(error) => Config::incluster().map_err(|inside| {
                format!(
                    "{}; and this is not inside a cluster: {inside}",
                    told(error)
                )
            }),
        },
    }
}

/// Where we run ourselves, if that is in a cluster. What cannot be read is no reason to refuse:
/// the pod's name is known, and its node from the downward API.
async fn home(api: &Api, namespace: &str) -> Home {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let inside = std::env::var_os("KUBERNETES_SERVICE_HOST").is_some();
    let pod = variable("LOADTEST_POD").or_else(|| variable("HOSTNAME").filter(|_| inside));
    let Some(pod) = pod else {
        return Home::default();
    };
    const OWN_NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";
    let own = variable("LOADTEST_NAMESPACE")
        .or_else(|| std::fs::read_to_string(OWN_NAMESPACE).ok())
        .unwrap_or_else(|| namespace.to_owned());
    let own = own.trim().to_owned();
    let node = match variable("LOADTEST_NODE") {
        Some(node) => Some(node),
        None => {
            let on = Named::new(Kind::Pod, &own, &pod);
            let found: Option<Pod> = api.get(&on.path()).await.ok().flatten();
            found.as_ref().and_then(facts::node_of).map(str::to_owned)
        }
    };
    Home {
        pod: Some((own, pod)),
        node,
    }
}

fn open_watches(
    client: &Client,
    cluster: &Arc<Cluster>,
    watches: &mut Watches,
    namespaces: &[String],
) {
    use k8s_openapi::api::core::v1::{Namespace, Node};
    let nodes: kube::Api<Node> = kube::Api::all(client.clone());
    cluster.follow(watches, nodes, "nodes", Scope::Cluster);
    for namespace in namespaces {
        let only = Scope::Only(namespace.clone());
        let own: kube::Api<Namespace> = kube::Api::all(client.clone());
        cluster.follow(watches, own, "namespace", only);
        macro_rules! follow {
            ($($what:literal: $kind:ty),* $(,)?) => {$(
                let api: kube::Api<$kind> = kube::Api::namespaced(client.clone(), namespace);
                cluster.follow(watches, api, $what, Scope::Namespace(namespace.clone()));
            )*};
        }
        follow! {
            "pods": Pod,
            "endpoint slices": k8s_openapi::api::discovery::v1::EndpointSlice,
            "deployments": k8s_openapi::api::apps::v1::Deployment,
            "replica sets": k8s_openapi::api::apps::v1::ReplicaSet,
            "stateful sets": k8s_openapi::api::apps::v1::StatefulSet,
            "daemon sets": k8s_openapi::api::apps::v1::DaemonSet,
            "disruption budgets": k8s_openapi::api::policy::v1::PodDisruptionBudget,
            "network policies": k8s_openapi::api::networking::v1::NetworkPolicy,
        }
    }
}
