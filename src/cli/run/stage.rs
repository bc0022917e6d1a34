//! Sets the stage: the bundled stack, started for this run or found running, or a URL.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use target_app::api::StackStatus;
use target_app::client::Client;
use target_app::control::{self, RunningStack};
use target_app::service::tls::read_certificates;
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::progress::Progress;
use crate::cli::UsageError;
use crate::observe::Prometheus;
use crate::provider::{self, Providers, local::LocalProvider};
use crate::scenario::{Scenario, Target};

/// What is loaded, ready.
#[derive(Debug)]
pub(in crate::cli) struct Stage {
    /// Where requests go.
    pub base_url: String,
    /// In words, without credentials.
    pub target: String,
    /// What it consists of, in words.
    pub topology: Option<String>,
    /// How the stack was at the start, when it is one.
    pub before: Option<StackStatus>,
    /// What faults act through.
    pub providers: Providers,
    /// Who watches the target; none: the scenario names nobody.
    pub prometheus: Option<Arc<Prometheus>>,
    /// The stack's own authority, where it has one.
    trusted: Vec<CertificateDer<'static>>,
    owned: Option<RunningStack>,
}

impl Stage {
    /// Gets the target ready: starts the stack unless one of that name is up.
    pub(super) async fn set(
        scenario: &Scenario,
        named: Option<&str>,
        run: &str,
        progress: &mut Progress,
    ) -> anyhow::Result<Self> {
        // Before anything is started: who cannot reach the cluster need not wait for a stack.
        let remote = provider::connect(scenario).await.map_err(UsageError)?;
        let prometheus = scenario.prometheus.as_ref();
        let prometheus = prometheus.map(|spec| Prometheus::new(spec, &scenario.http.tls));
        let prometheus = prometheus.transpose();
        let prometheus = prometheus.map_err(|error| UsageError(error.to_string()))?;
        let mut stage = Self::set_target(scenario, named, run, progress).await?;
        stage.prometheus = prometheus.map(Arc::new);
        for provider in remote {
            progress.say(&format!("faults act through {}", provider.place()));
            stage.providers = stage.providers.with(provider);
        }
        Ok(stage)
    }

    async fn set_target(
        scenario: &Scenario,
        named: Option<&str>,
        run: &str,
        progress: &mut Progress,
    ) -> anyhow::Result<Self> {
        match &scenario.target {
            Target::Url(url) => Ok(Self::url(url)),
            Target::Stack(stack) => {
                let found = find_running(named)?;
                match found {
                    Some(client) => Self::running(client, progress).await,
                    None => {
                        let mut spec = stack.spec.clone();
                        // A name of its own: two runs at once have two stacks.
                        spec.name = named.map_or_else(|| run.to_owned(), str::to_owned);
                        Self::start(spec, progress).await
                    }
                }
            }
        }
    }

    /// The scenario as it is played here: who loads a stack trusts its authority.
    pub(super) fn trusted_by(&self, scenario: Arc<Scenario>) -> Arc<Scenario> {
        if self.trusted.is_empty() {
            return scenario;
        }
        let mut trusting = Arc::unwrap_or_clone(scenario);
        trusting.http.tls.also.clone_from(&self.trusted);
        Arc::new(trusting)
    }

    /// A target that this process itself serves.
    pub(in crate::cli) fn ours(base_url: String, target: &str, providers: Providers) -> Self {
        Self {
            base_url,
            target: target.to_owned(),
            topology: None,
            before: None,
            providers,
            prometheus: None,
            trusted: Vec::new(),
            owned: None,
        }
    }

    /// Takes down what was started for this run; leaves what was found.
    pub(super) async fn strike(self) -> anyhow::Result<()> {
        match self.owned {
            Some(stack) => stack
                .stop()
                .await
                .context("the stack could not be taken down"),
            None => Ok(()),
        }
    }

    fn url(url: &str) -> Self {
        Self {
            base_url: url.trim_end_matches('/').to_owned(),
            target: without_credentials(url),
            topology: None,
            before: None,
            providers: Providers::new(),
            prometheus: None,
            trusted: Vec::new(),
            owned: None,
        }
    }

    async fn running(client: Client, progress: &mut Progress) -> anyhow::Result<Self> {
        let name = client.handle().name.clone();
        progress.say(&format!("using the stack \"{name}\" that is already up"));
        let status = client.status().await?;
        if !status.healthy {
            return Err(UsageError(format!(
                "the stack \"{name}\" is not healthy: {}\n  next: `loadtest chaos recover --stack {name}`, \
                 or `loadtest stack down --name {name}` for a fresh one",
                status.problems.join("; ")
            ))
            .into());
        }
        Self::of(client, None, status)
    }

    async fn start(
        spec: target_app::api::StackSpec,
        progress: &mut Progress,
    ) -> anyhow::Result<Self> {
        let began = Instant::now();
        progress.say("starting the shop and its infrastructure on this machine");
        let stack = start_stack(spec).await?;
        let client = stack.client().clone();
        let status = client.status().await?;
        progress.say(&format!(
            "up after {:.1} s: {} at {}",
            began.elapsed().as_secs_f64(),
            topology(&status),
            status.edge_url
        ));
        Self::of(client, Some(stack), status)
    }

    fn of(
        client: Client,
        owned: Option<RunningStack>,
        status: StackStatus,
    ) -> anyhow::Result<Self> {
        let trusted = status.ca.as_deref().map(read_certificates).transpose();
        let trusted = trusted.context("the stack's certificate cannot be trusted")?;
        let provider = LocalProvider::of(client);
        Ok(Self {
            base_url: status.edge_url.clone(),
            target: if owned.is_some() {
                "the bundled shop, started for this run".into()
            } else {
                format!("the stack \"{}\"", status.spec.name)
            },
            topology: Some(topology(&status)),
            providers: Providers::new().with(Arc::new(provider)),
            prometheus: None,
            trusted: trusted.unwrap_or_default(),
            before: Some(status),
            owned,
        })
    }
}

/// Starts a stack that ends with this process.
///
/// # Errors
/// It cannot be as specified, or it does not come up.
pub(in crate::cli) async fn start_stack(
    spec: target_app::api::StackSpec,
) -> anyhow::Result<RunningStack> {
    let started = control::start_attached(spec, |_| {}).await;
    started.map_err(|error| match error.is_usage() {
        true => UsageError(format!("the stack cannot start: {error}")).into(),
        false => anyhow::Error::new(error).context("the stack did not start"),
    })
}

/// The stack that was asked for by name, which must be there, or the one called `default`, if it is up.
fn find_running(named: Option<&str>) -> anyhow::Result<Option<Client>> {
    let found = control::find(named.unwrap_or("default"))?;
    match (named, found) {
        (Some(name), None) => Err(UsageError(format!(
            "there is no stack \"{name}\"; `loadtest stack up --name {name}` starts one"
        ))
        .into()),
        (_, found) => Ok(found.as_ref().map(Client::new)),
    }
}

/// `3 shop pods and 1 task runner in zones a, b, c · PostgreSQL pair, synchronous`
fn topology(status: &StackStatus) -> String {
    let count = |app: &str| status.pods.iter().filter(|pod| pod.app == app).count();
    let mischief = status.spec.mischief.words();
    let spec = &status.spec;
    let beside = [
        (spec.cdn, " · CDN"),
        (spec.mail, " · e-mail"),
        (spec.tls, " · TLS"),
        (!spec.search_index, " · no index for the search"),
    ];
    let beside = beside.into_iter().filter(|(there, _)| *there);
    let beside: String = beside.map(|(_, words)| words).collect();
    format!(
        "{} shop pods and {} task runner{} in zones {} · {}, {}{beside}{}",
        count("shop"),
        count("task-runner"),
        if count("task-runner") == 1 { "" } else { "s" },
        status.spec.zones.join(", "),
        match spec.order_shards {
            1 => "PostgreSQL pair".to_owned(),
            shards => format!("orders in {shards} PostgreSQL pairs"),
        },
        if status.databases().all(|pair| pair.synchronous) {
            "synchronous"
        } else {
            "asynchronous"
        },
        mischief.map_or(String::new(), |words| format!(" · {words}")),
    )
}

/// A URL that may be printed and stored.
fn without_credentials(url: &str) -> String {
    match url
        .split_once("://")
        .map(|(scheme, rest)| (scheme, rest.split_once('@')))
    {
        Some((scheme, Some((before, after)))) if !before.contains('/') => {
            format!("{scheme}://{after}")
        }
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_of_a_url_are_never_shown() {
        assert_eq!(without_credentials("https://u:p@host/x"), "https://host/x");
        assert_eq!(without_credentials("https://host/x@y"), "https://host/x@y");
    }
}
