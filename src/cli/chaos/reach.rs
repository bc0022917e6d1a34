//! The providers of a scenario, for commands that look without running.

use std::sync::Arc;

use target_app::client::Client;
use target_app::control;

use super::super::UsageError;
use crate::provider::local::LocalProvider;
use crate::provider::{self, Provider, Providers};
use crate::scenario::{ProviderKind, Scenario, Target};

/// What can be reached, and why the local stack cannot.
#[derive(Debug)]
pub(in crate::cli) struct Reach {
    providers: Providers,
    no_stack: String,
}

impl Reach {
    /// Connects to everything that the scenario's faults act through. A stack need not run, unless
    /// it was asked for by name.
    pub(in crate::cli) async fn of(
        scenario: &Scenario,
        stack: Option<&str>,
    ) -> anyhow::Result<Self> {
        let mut reach = Self {
            providers: Providers::new(),
            no_stack: "the target is not a stack".to_owned(),
        };
        for remote in provider::connect(scenario).await.map_err(UsageError)? {
            reach.providers = reach.providers.with(remote);
        }
        let name = match (stack, &scenario.target) {
            (Some(name), _) => name,
            (None, Target::Stack(target)) => &target.spec.name,
            (None, Target::Url(_)) => return Ok(reach),
        };
        match control::find(name)? {
            Some(handle) => {
                let local = LocalProvider::of(Client::new(&handle));
                reach.providers = reach.providers.with(Arc::new(local));
            }
            None => {
                let missing =
                    format!("no stack `{name}` runs: `loadtest stack up --name {name}` starts one");
                if stack.is_some() {
                    return Err(UsageError(missing).into());
                }
                reach.no_stack = missing;
            }
        }
        Ok(reach)
    }

    /// The provider of this kind, or why there is none.
    pub(in crate::cli) fn provider(&self, kind: ProviderKind) -> Result<Arc<dyn Provider>, String> {
        match self.providers.get(kind) {
            Ok(provider) => Ok(Arc::clone(provider)),
            Err(_) if kind == ProviderKind::Local => Err(self.no_stack.clone()),
            Err(why) => Err(why),
        }
    }

    /// All that were reached.
    pub(super) fn providers(&self) -> impl Iterator<Item = &Arc<dyn Provider>> {
        self.providers.iter()
    }
}
