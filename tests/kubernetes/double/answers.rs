//! What each request is answered.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::controllers::{NAMESPACE, allowed, delete_pod, name, text};
use super::store::{Store, merge};

/// The server gives no more than this on a page, whatever is asked for.
const PAGE: usize = 2;

/// A request, taken apart.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) content: String,
    pub(crate) body: Value,
    plural: String,
    namespace: String,
    name: String,
    sub: String,
}

/// Status and body.
pub(crate) type Answer = (u16, Value);

impl Asked {
    pub(crate) fn new(method: &str, path: &str, query: &str) -> Self {
        let mut parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        // /api/v1/… or /apis/GROUP/VERSION/…
        parts.drain(
            ..parts
                .len()
                .min(if path.starts_with("/apis/") { 3 } else { 2 }),
        );
        let mut namespace = "";
        if parts.first() == Some(&"namespaces") && parts.len() > 2 {
            namespace = parts[1];
            parts.drain(..2);
        }
        let part = |n: usize| parts.get(n).copied().unwrap_or_default().to_owned();
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .map(|(key, value)| (key.to_owned(), unescaped(value)))
                .collect(),
            plural: part(0),
            name: part(1),
            sub: part(2),
            namespace: namespace.to_owned(),
            ..Self::default()
        }
    }

    pub(crate) fn is_watch(&self) -> bool {
        self.method == "GET"
            && self
                .query
                .get("watch")
                .is_some_and(|w| w == "true" || w == "1")
    }

    pub(crate) fn is_question(&self) -> bool {
        self.method == "GET" || self.plural == "selfsubjectaccessreviews"
    }

    pub(crate) fn is_dry(&self) -> bool {
        self.query.get("dryRun").is_some_and(|dry| dry == "All")
    }

    fn query(&self, key: &str) -> &str {
        self.query.get(key).map_or("", String::as_str)
    }

    /// `create pods/eviction`
    pub(crate) fn right(&self) -> String {
        let verb = match self.method.as_str() {
            "GET" if self.is_watch() => "watch",
            "GET" if self.name.is_empty() => "list",
            "GET" => "get",
            "POST" => "create",
            "PATCH" => "patch",
            _ => "delete",
        };
        let sub = if self.sub.is_empty() { "" } else { "/" };
        format!("{verb} {}{sub}{}", self.plural, self.sub)
    }

    /// Whether a resource is among those asked for.
    pub(crate) fn selects(&self, plural: &str, object: &Value) -> bool {
        let namespace = text(object, "/metadata/namespace");
        plural == self.plural
            && (self.namespace.is_empty() || namespace == self.namespace)
            && pairs(self.query("labelSelector"))
                .all(|(key, value)| object["metadata"]["labels"][key] == json!(value))
            && pairs(self.query("fieldSelector")).all(|(field, value)| {
                text(object, &format!("/{}", field.replace('.', "/"))) == value
            })
    }
}

fn pairs(selector: &str) -> impl Iterator<Item = (&str, &str)> {
    selector.split(',').filter_map(|pair| pair.split_once('='))
}

pub(crate) fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let code = |hex: &[u8]| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok();
        match (first, more.get(..2).and_then(code)) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &more[2..];
            }
            (b'+', _) => {
                bytes.push(b' ');
                rest = more;
            }
            _ => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8(bytes).expect("UTF-8")
}

/// An error, as the API words it.
pub(crate) fn status(code: u16, reason: &str, message: &str) -> Answer {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure",
        "code": code, "reason": reason, "message": message,
    });
    (code, status)
}

fn success() -> Answer {
    let status = json!({ "kind": "Status", "apiVersion": "v1", "status": "Success", "code": 201 });
    (201, status)
}

fn kind_of(plural: &str) -> (&'static str, &'static str) {
    match plural {
        "pods" => ("Pod", "v1"),
        "nodes" => ("Node", "v1"),
        "namespaces" => ("Namespace", "v1"),
        "deployments" => ("Deployment", "apps/v1"),
        "replicasets" => ("ReplicaSet", "apps/v1"),
        "statefulsets" => ("StatefulSet", "apps/v1"),
        "daemonsets" => ("DaemonSet", "apps/v1"),
        "endpointslices" => ("EndpointSlice", "discovery.k8s.io/v1"),
        "poddisruptionbudgets" => ("PodDisruptionBudget", "policy/v1"),
        _ => ("NetworkPolicy", "networking.k8s.io/v1"),
    }
}

/// With what lists leave out.
pub(crate) fn whole(plural: &str, mut object: Value) -> Value {
    let (kind, version) = kind_of(plural);
    object["kind"] = json!(kind);
    object["apiVersion"] = json!(version);
    object
}

/// Answers everything but watches.
pub(crate) fn answer(store: &mut Store, asked: &Asked, now_ms: u64) -> Answer {
    // A rehearsal runs on a copy.
    let mut copy;
    let store = if asked.is_dry() {
        copy = store.clone();
        &mut copy
    } else {
        store
    };
    match (asked.method.as_str(), asked.sub.as_str()) {
        ("GET", _) if asked.name.is_empty() => list(store, asked),
        ("POST", "eviction") => evict(store, asked, now_ms),
        ("POST", _) => create(store, asked),
        _ => {
            let found = store.get(&asked.plural, &asked.namespace, &asked.name);
            let Some(found) = found.cloned() else {
                let message = format!("{} \"{}\" not found", asked.plural, asked.name);
                return status(404, "NotFound", &message);
            };
            match asked.method.as_str() {
                "GET" => (200, whole(&asked.plural, found)),
                "PATCH" => patch(store, asked, found),
                "DELETE" => delete(store, asked, &found, now_ms),
                _ => status(405, "MethodNotAllowed", "no such method"),
            }
        }
    }
}

fn list(store: &Store, asked: &Asked) -> Answer {
    let all = store.all(&asked.plural);
    let all: Vec<&Value> = all
        .iter()
        .filter(|one| asked.selects(&asked.plural, one))
        .collect();
    let from: usize = match asked.query("continue").split_once('@') {
        // A page of a list from before the compaction cannot be continued.
        Some((_, version)) if version.parse().unwrap_or(0) < store.compacted => {
            return status(410, "Expired", "The provided continue parameter is too old");
        }
        Some((from, _)) => from.parse().unwrap_or(0),
        None => 0,
    };
    let limit: usize = asked.query("limit").parse().unwrap_or(usize::MAX).min(PAGE);
    let to = from.saturating_add(limit).min(all.len());
    let mut metadata = json!({ "resourceVersion": store.version.to_string() });
    if to < all.len() {
        metadata["continue"] = json!(format!("{to}@{}", store.version));
    }
    let (kind, version) = kind_of(&asked.plural);
    let list = json!({
        "kind": format!("{kind}List"), "apiVersion": version,
        "metadata": metadata, "items": all[from.min(to)..to],
    });
    (200, list)
}

fn create(store: &mut Store, asked: &Asked) -> Answer {
    let name = name(&asked.body).to_owned();
    if store.get(&asked.plural, &asked.namespace, &name).is_some() {
        let message = format!("{} \"{name}\" already exists", asked.plural);
        return status(409, "AlreadyExists", &message);
    }
    let made = store.put(&asked.plural, asked.body.clone());
    (201, whole(&asked.plural, made))
}

fn patch(store: &mut Store, asked: &Asked, found: Value) -> Answer {
    let expected = &asked.body["metadata"];
    for key in ["resourceVersion", "uid"] {
        if !expected[key].is_null() && expected[key] != found["metadata"][key] {
            let message = format!("the object has been modified ({key})");
            return status(409, "Conflict", &message);
        }
    }
    let strategic = match asked.content.as_str() {
        "application/strategic-merge-patch+json" => true,
        "application/merge-patch+json" => false,
        other => return status(415, "UnsupportedMediaType", other),
    };
    let mut object = found.clone();
    merge(&mut object, &asked.body, strategic);
    let helpers = &object["spec"]["ephemeralContainers"];
    if asked.plural == "pods" && asked.sub.is_empty() && found["spec"] != object["spec"] {
        return status(
            422,
            "Invalid",
            "pod updates may not change fields of its spec",
        );
    }
    if asked.sub == "ephemeralcontainers" {
        // All else is left alone by this subresource.
        let mut only = found.clone();
        only["spec"]["ephemeralContainers"] = helpers.clone();
        object = only;
    }
    let put = store.put(&asked.plural, object);
    (200, whole(&asked.plural, put))
}

fn delete(store: &mut Store, asked: &Asked, found: &Value, now_ms: u64) -> Answer {
    let uid = &asked.body["preconditions"]["uid"];
    if !uid.is_null() && *uid != found["metadata"]["uid"] {
        return status(409, "Conflict", "Precondition failed: UID in precondition");
    }
    if asked.plural == "pods" {
        let grace = asked.body["gracePeriodSeconds"].as_u64().unwrap_or(30);
        let pod = delete_pod(store, found, grace, now_ms);
        return (200, whole("pods", pod));
    }
    store.remove(&asked.plural, &asked.namespace, &asked.name);
    success()
}

fn evict(store: &mut Store, asked: &Asked, now_ms: u64) -> Answer {
    let Some(pod) = store.get("pods", NAMESPACE, &asked.name).cloned() else {
        return status(
            404,
            "NotFound",
            &format!("pods \"{}\" not found", asked.name),
        );
    };
    let uid = &asked.body["deleteOptions"]["preconditions"]["uid"];
    if !uid.is_null() && *uid != pod["metadata"]["uid"] {
        return status(409, "Conflict", "Precondition failed: UID in precondition");
    }
    let mut budgets = store.all("poddisruptionbudgets");
    budgets.retain(|budget| {
        budget["spec"]["selector"]["matchLabels"]["app"] == pod["metadata"]["labels"]["app"]
    });
    if budgets.len() > 1 {
        let message = "This pod has more than one PodDisruptionBudget, which the eviction \
                       subresource does not support.";
        return status(500, "InternalError", message);
    }
    if let Some(budget) = budgets.first()
        && allowed(store, budget) == 0
    {
        let (code, mut refusal) = status(
            429,
            "TooManyRequests",
            "Cannot evict pod as it would violate the pod's disruption budget.",
        );
        refusal["details"] = json!({ "causes": [{
            "reason": "DisruptionBudget",
            "message": format!("The disruption budget {} needs {} healthy pods",
                name(budget), budget["spec"]["minAvailable"]),
        }] });
        return (code, refusal);
    }
    delete_pod(store, &pod, 30, now_ms);
    success()
}
