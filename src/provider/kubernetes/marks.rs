//! What we leave on a resource that we change, so that the change can be taken back from the
//! resource alone.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Value, json};

use crate::provider::{ChangeId, OpenChange, Order};

/// Label: the change's id. A label, so that it can be searched for.
pub(super) const CHANGE: &str = "loadtest/change";
const RUN: &str = "loadtest/run";
const FAULT: &str = "loadtest/fault";
const DID: &str = "loadtest/did";
const PRIOR: &str = "loadtest/prior";

/// What is written on a resource in the very call that changes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) change: ChangeId,
    pub(super) run: String,
    pub(super) fault: String,
    /// What was done, in words.
    pub(super) did: String,
    /// What the changed value was before; empty, where there is none.
    pub(super) prior: String,
}

impl Mark {
    /// For a change that was ordered.
    pub(super) fn of(order: &Order, did: impl Into<String>, prior: impl Into<String>) -> Self {
        Self {
            change: order.id.clone(),
            run: order.run.clone(),
            fault: order.fault.clone(),
            did: did.into(),
            prior: prior.into(),
        }
    }

    /// As part of a patch, or of a new resource.
    pub(super) fn metadata(&self) -> Value {
        json!({
            "labels": { CHANGE: self.change.0 },
            "annotations": {
                RUN: self.run, FAULT: self.fault, DID: self.did, PRIOR: self.prior,
            },
        })
    }

    /// The part of a patch that takes every mark away.
    pub(super) fn none() -> Value {
        json!({
            "labels": { CHANGE: null },
            "annotations": { RUN: null, FAULT: null, DID: null, PRIOR: null },
        })
    }

    /// What a resource says of itself; none: it is not changed by us.
    pub(super) fn on(metadata: &ObjectMeta) -> Option<Self> {
        let change = metadata.labels.as_ref()?.get(CHANGE)?.clone();
        let said = |key: &str| {
            let annotations = metadata.annotations.as_ref();
            annotations
                .and_then(|all| all.get(key).cloned())
                .unwrap_or_default()
        };
        Some(Self {
            change: ChangeId(change),
            run: said(RUN),
            fault: said(FAULT),
            did: said(DID),
            prior: said(PRIOR),
        })
    }

    /// For whoever asks what is open.
    pub(super) fn open(self) -> OpenChange {
        OpenChange {
            id: self.change,
            run: self.run,
            fault: self.fault,
            words: self.did,
        }
    }
}
