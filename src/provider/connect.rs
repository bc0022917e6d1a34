//! Connecting the providers that a scenario's faults act through.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Provider;
use crate::scenario::{ProviderKind, Scenario};

/// The providers that the faults of this scenario need, besides the local stack's. Looks, and
/// changes nothing.
///
/// # Errors
/// What cannot be reached, why, and what to do about it.
pub async fn connect(scenario: &Scenario) -> Result<Vec<Arc<dyn Provider>>, String> {
    let kinds: BTreeSet<ProviderKind> = (scenario.faults.iter())
        .map(|fault| fault.provider)
        .collect();
    let mut providers = Vec::new();
    for kind in kinds {
        providers.extend(connect_to(kind, scenario).await?);
    }
    Ok(providers)
}

async fn connect_to(
    kind: ProviderKind,
    scenario: &Scenario,
) -> Result<Option<Arc<dyn Provider>>, String> {
    match kind {
        ProviderKind::Local => Ok(None),
        ProviderKind::Kubernetes => kubernetes(scenario).await.map(Some),
        ProviderKind::Aws => aws(scenario).await.map(Some),
    }
}

#[cfg(feature = "kubernetes")]
async fn kubernetes(scenario: &Scenario) -> Result<Arc<dyn Provider>, String> {
    let provider = super::kubernetes::KubernetesProvider::of(scenario).await?;
    Ok(Arc::new(provider))
}

#[cfg(not(feature = "kubernetes"))]
async fn kubernetes(_scenario: &Scenario) -> Result<Arc<dyn Provider>, String> {
    Err(super::find::lacking("kubernetes"))
}

#[cfg(feature = "aws")]
async fn aws(scenario: &Scenario) -> Result<Arc<dyn Provider>, String> {
    let needs = super::aws::Needs::of(scenario);
    let provider = super::aws::connect(&scenario.aws, needs).await?;
    Ok(Arc::new(provider))
}

#[cfg(not(feature = "aws"))]
async fn aws(_scenario: &Scenario) -> Result<Arc<dyn Provider>, String> {
    Err(super::find::lacking("aws"))
}
