//! Every call that changes something, as data. Each undo fact is in the very call that changes.

use http::Method;
use k8s_openapi::api::core::v1::Pod;
use serde_json::{Value, json};

use super::api::{JSON, MERGE, Request, STRATEGIC};
use super::marks::{CHANGE, Mark};
use super::names::{Kind, Named};
use super::tools::{self, Deed};
use crate::provider::{Call, ChangeId};

/// Pods that are cut off carry this, and the policy selects by it.
pub(super) const CUT_OFF: &str = "loadtest/cut-off";
/// The fact of a journalled call that says what a value was before.
pub(super) const PRIOR: &str = "prior";
/// The fact that a call takes back what an earlier one did.
pub(super) const UNDOES: &str = "undoes";

fn request(method: Method, on: &Named, tail: &str, content: &'static str, body: Value) -> Request {
    let what = format!("{method} {on}");
    Request {
        method,
        path: format!("{}{tail}", on.path()),
        content,
        body,
        call: Call::new(what, on.to_string()),
    }
}

fn saying(mut request: Request, what: String) -> Request {
    request.call.what = what;
    request
}

fn uid(pod: &Pod) -> &str {
    pod.metadata.uid.as_deref().unwrap_or_default()
}

/// A pod, by what it says of itself.
pub(super) fn named(pod: &Pod) -> Named {
    let metadata = &pod.metadata;
    Named::new(
        Kind::Pod,
        metadata.namespace.as_deref().unwrap_or_default(),
        metadata.name.as_deref().unwrap_or_default(),
    )
}

/// Ends this pod, and no later one of its name.
pub(super) fn delete_pod(pod: &Pod, grace_seconds: u64) -> Request {
    let on = named(pod);
    let body = json!({
        "kind": "DeleteOptions",
        "apiVersion": "v1",
        "gracePeriodSeconds": grace_seconds,
        "preconditions": { "uid": uid(pod) },
    });
    let what = format!("DELETE {on}, grace {grace_seconds} s");
    let request = request(Method::DELETE, &on, "", JSON, body);
    let mut request = saying(request, what);
    request.call = request.call.knowing("uid", uid(pod));
    request
}

/// Asks this pod to leave.
pub(super) fn evict(pod: &Pod) -> Request {
    let on = named(pod);
    let body = json!({
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": { "name": on.name, "namespace": on.namespace },
        "deleteOptions": { "preconditions": { "uid": uid(pod) } },
    });
    let what = format!("POST eviction of {on}");
    let mut request = saying(request(Method::POST, &on, "/eviction", JSON, body), what);
    request.call = request.call.knowing("uid", uid(pod));
    request
}

/// No new pods on this node, which took them before.
pub(super) fn cordon(node: &str, mark: &Mark) -> Request {
    let on = Named::new(Kind::Node, "", node);
    let body = json!({ "metadata": mark.metadata(), "spec": { "unschedulable": true } });
    let what = format!("PATCH {on}: unschedulable");
    let mut request = saying(request(Method::PATCH, &on, "", MERGE, body), what);
    request.call = (request.call)
        .undone_by(format!("PATCH {on}: schedulable"))
        .knowing(PRIOR, &mark.prior);
    request
}

/// Another number of pods. `version`: only if nobody changed the workload since it was read.
pub(super) fn scale(on: &Named, replicas: u32, version: &str, mark: &Mark) -> Request {
    let mut metadata = mark.metadata();
    metadata["resourceVersion"] = json!(version);
    let body = json!({ "metadata": metadata, "spec": { "replicas": replicas } });
    let what = format!("PATCH {on}: {replicas} replicas");
    let mut request = saying(request(Method::PATCH, on, "", MERGE, body), what);
    request.call = (request.call)
        .undone_by(format!("PATCH {on}: {} replicas", mark.prior))
        .knowing(PRIOR, &mark.prior)
        .knowing("set", replicas.to_string());
    request
}

/// A rollout of the same thing again, as `kubectl rollout restart` does.
pub(super) fn restart(on: &Named, at: &str, mark: &Mark) -> Request {
    let body = json!({
        "metadata": mark.metadata(),
        "spec": { "template": { "metadata": { "annotations": {
            "kubectl.kubernetes.io/restartedAt": at,
        } } } },
    });
    // Not when: a plan says the same each time it is made.
    let what = format!("PATCH {on}: restartedAt now");
    let mut request = saying(request(Method::PATCH, on, "", STRATEGIC, body), what);
    request.call = request
        .call
        .undone_by(format!("PATCH {on}: our marks only"));
    request
}

/// Says on a pod what is about to be done to it.
pub(super) fn mark_pod(pod: &Pod, mark: &Mark, more: Option<(&str, &str)>) -> Request {
    let on = named(pod);
    let mut metadata = mark.metadata();
    // Not on a later pod of the same name.
    metadata["uid"] = json!(uid(pod));
    let mut facts = Vec::new();
    if let Some((label, value)) = more {
        metadata["labels"][label] = json!(value);
        facts.push(format!(", label {label}"));
    }
    let what = format!("PATCH {on}: our marks{}", facts.concat());
    let body = json!({ "metadata": metadata });
    let mut request = saying(request(Method::PATCH, &on, "", MERGE, body), what);
    request.call = (request.call)
        .undone_by(format!("PATCH {on}: without our marks"))
        .knowing("uid", uid(pod))
        .knowing("did", &mark.did);
    request
}

/// Starts helpers in a pod; also their names.
pub(super) fn help(
    deed: Deed,
    change: &ChangeId,
    pod: &Pod,
    container: Option<&str>,
    image: &str,
) -> (Vec<String>, Request) {
    let on = named(pod);
    let (helpers, body) = tools::patch(deed, change, pod, container, image);
    let verb = match deed {
        Deed::Freeze => "freeze",
        Deed::Thaw => "thaw",
        Deed::Kill => "kill",
    };
    let what = format!(
        "PATCH ephemeral containers of {on}: {verb} ({})",
        helpers.join(", ")
    );
    let request = request(Method::PATCH, &on, "/ephemeralcontainers", STRATEGIC, body);
    let mut request = saying(request, what);
    if deed == Deed::Freeze {
        request.call =
            (request.call).undone_by(format!("PATCH ephemeral containers of {on}: thaw"));
    }
    (helpers, request)
}

/// A policy that allows nothing, for the pods with our label.
pub(super) fn isolate(namespace: &str, change: &ChangeId, mark: &Mark) -> Request {
    let name = format!("loadtest-{change}");
    let on = Named::new(Kind::NetworkPolicy, namespace, &name);
    let mut metadata = mark.metadata();
    metadata["name"] = json!(name);
    metadata["namespace"] = json!(namespace);
    let body = json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata,
        "spec": {
            "podSelector": { "matchLabels": { CUT_OFF: change.0 } },
            "policyTypes": ["Ingress", "Egress"],
        },
    });
    let mut request = request(Method::POST, &on, "", JSON, body);
    request.path = Kind::NetworkPolicy.path(namespace);
    request.call = request.call.undone_by(format!("DELETE {on}"));
    request
}

/// Takes a policy of ours away.
pub(super) fn open_up(on: &Named) -> Request {
    undoing(request(Method::DELETE, on, "", JSON, Value::Null))
}

/// A resource back as it was before, without our marks. `version`: as it was when it was read.
pub(super) fn put_back(on: &Named, spec: Option<Value>, version: &str) -> Request {
    let mut metadata = Mark::none();
    metadata["labels"][CUT_OFF] = Value::Null;
    metadata["resourceVersion"] = json!(version);
    let words = match &spec {
        Some(spec) => format!("PATCH {on}: {spec}, without our marks"),
        None => format!("PATCH {on}: without our marks"),
    };
    let mut body = json!({ "metadata": metadata });
    if let Some(spec) = spec {
        body["spec"] = spec;
    }
    undoing(saying(request(Method::PATCH, on, "", MERGE, body), words))
}

/// The same, of a helper that thaws.
pub(super) fn undoing(mut request: Request) -> Request {
    request.call = request.call.knowing(UNDOES, "true");
    request
}

/// Searches for what a change has marked.
pub(super) fn by_change(change: &ChangeId) -> String {
    format!("{CHANGE}={change}")
}
