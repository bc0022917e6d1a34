//! Finding any provider again by the place that a journal names.

use std::sync::Arc;

use super::local::LocalFinder;
use super::{Finder, Found, Place, Provider};

/// Finds stacks of this machine and, by the places that it was given, everything else: a cloud
/// cannot be searched for what one's runs may have touched.
#[derive(Debug, Clone, Default)]
pub struct Everywhere {
    /// Where to look besides this machine.
    pub given: Vec<Place>,
}

impl Finder for Everywhere {
    fn find<'a>(&'a self, place: &'a Place) -> Found<'a> {
        match place {
            Place::Local { .. } => LocalFinder.find(place),
            Place::Kubernetes { .. } => Box::pin(kubernetes(place)),
            Place::Aws { .. } => Box::pin(aws(place)),
        }
    }

    fn places(&self) -> Result<Vec<Place>, String> {
        let mut places = LocalFinder.places()?;
        places.extend(self.given.iter().cloned());
        Ok(places)
    }
}

#[cfg(feature = "kubernetes")]
async fn kubernetes(place: &Place) -> Result<Option<Arc<dyn Provider>>, String> {
    let spec = crate::scenario::KubernetesSpec::default();
    let provider = super::kubernetes::KubernetesProvider::again(place, &spec).await?;
    Ok(Some(Arc::new(provider)))
}

#[cfg(not(feature = "kubernetes"))]
async fn kubernetes(_place: &Place) -> Result<Option<Arc<dyn Provider>>, String> {
    Err(lacking("kubernetes"))
}

#[cfg(feature = "aws")]
async fn aws(place: &Place) -> Result<Option<Arc<dyn Provider>>, String> {
    let found = super::aws::find(place).await?;
    Ok(found.map(|provider| Arc::new(provider) as Arc<dyn Provider>))
}

#[cfg(not(feature = "aws"))]
async fn aws(_place: &Place) -> Result<Option<Arc<dyn Provider>>, String> {
    Err(lacking("aws"))
}

/// What to do when this binary has no such provider.
#[cfg(not(all(feature = "kubernetes", feature = "aws")))]
pub(super) fn lacking(provider: &str) -> String {
    format!(
        "this binary is built without the provider `{provider}`: build it with \
         cargo build --release --features {provider}"
    )
}
