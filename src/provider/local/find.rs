//! Finding the stacks of this user again.

use std::sync::Arc;

use target_app::client::Client;
use target_app::control;

use super::LocalProvider;
use crate::provider::{Finder, Found, Place, Provider};

/// Finds stacks by the files that they leave for this.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalFinder;

impl Finder for LocalFinder {
    fn find<'a>(&'a self, place: &'a Place) -> Found<'a> {
        Box::pin(std::future::ready(find(place)))
    }

    fn places(&self) -> Result<Vec<Place>, String> {
        let stacks = control::list().map_err(|error| error.to_string())?;
        Ok(stacks
            .into_iter()
            .map(|handle| Place::Local {
                stack: handle.name,
                pid: handle.pid,
            })
            .collect())
    }
}

fn find(place: &Place) -> Result<Option<Arc<dyn Provider>>, String> {
    let Place::Local { stack, pid } = place else {
        return Ok(None);
    };
    let handle = control::find(stack).map_err(|error| error.to_string())?;
    // A stack of the same name with another control plane is another stack.
    Ok(handle
        .filter(|handle| handle.pid == *pid)
        .map(|handle| -> Arc<dyn Provider> { Arc::new(LocalProvider::of(Client::new(&handle))) }))
}
