//! Connecting the providers that a scenario's faults act through.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Provider;
use super::find::lacking;
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
    _scenario: &Scenario,
) -> Result<Option<Arc<dyn Provider>>, String> {
    match kind {
        ProviderKind::Local => Ok(None),
        ProviderKind::Kubernetes => Err(lacking("kubernetes")),
        ProviderKind::Aws => Err(lacking("aws")),
    }
}
