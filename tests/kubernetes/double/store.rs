//! Resources with versions, as etcd keeps them: what was changed can be watched from any version
//! that is not compacted yet.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Plural, namespace (empty for what has none), name.
pub(crate) type Id = (String, String, String);

/// A change, for watches.
#[derive(Debug, Clone)]
pub(crate) struct Changed {
    pub(crate) version: u64,
    pub(crate) id: Id,
    /// `ADDED`, `MODIFIED`, `DELETED`
    pub(crate) how: &'static str,
    pub(crate) object: Value,
}

/// All resources.
#[derive(Debug, Clone, Default)]
pub(crate) struct Store {
    pub(crate) objects: BTreeMap<Id, Value>,
    pub(crate) log: Vec<Changed>,
    pub(crate) version: u64,
    /// Watches from before this version are told 410.
    pub(crate) compacted: u64,
    uids: u64,
}

impl Store {
    pub(crate) fn get(&self, plural: &str, namespace: &str, name: &str) -> Option<&Value> {
        self.objects
            .get(&(plural.into(), namespace.into(), name.into()))
    }

    /// All of one kind.
    pub(crate) fn all(&self, plural: &str) -> Vec<Value> {
        let of_kind = self.objects.iter().filter(|((kind, ..), _)| kind == plural);
        of_kind.map(|(_, object)| object.clone()).collect()
    }

    /// Writes a resource, new or not; what does not differ is no change.
    pub(crate) fn put(&mut self, plural: &str, mut object: Value) -> Value {
        let text = |key: &str| {
            object["metadata"][key]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        let id = (plural.to_owned(), text("namespace"), text("name"));
        let known = self.objects.get(&id);
        if let Some(known) = known {
            object["metadata"]["uid"] = known["metadata"]["uid"].clone();
            object["metadata"]["resourceVersion"] = known["metadata"]["resourceVersion"].clone();
            if *known == object {
                return object;
            }
            if known["spec"] != object["spec"] {
                let generation = known["metadata"]["generation"].as_i64().unwrap_or(1) + 1;
                object["metadata"]["generation"] = json!(generation);
            }
        } else {
            self.uids += 1;
            object["metadata"]["uid"] = json!(format!("uid-{}", self.uids));
            object["metadata"]["generation"] = json!(1);
        }
        let how = if known.is_some() { "MODIFIED" } else { "ADDED" };
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        self.objects.insert(id.clone(), object.clone());
        self.log.push(Changed {
            version: self.version,
            id,
            how,
            object: object.clone(),
        });
        object
    }

    pub(crate) fn remove(&mut self, plural: &str, namespace: &str, name: &str) -> Option<Value> {
        let id = (plural.into(), namespace.into(), name.into());
        let mut object = self.objects.remove(&id)?;
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        self.log.push(Changed {
            version: self.version,
            id,
            how: "DELETED",
            object: object.clone(),
        });
        Some(object)
    }

    /// Forgets the changes so far.
    pub(crate) fn compact(&mut self) {
        self.compacted = self.version + 1;
        self.version += 1;
        self.log.clear();
    }
}

/// RFC 7396; of lists only ephemeral containers are merged by name, and only where asked.
pub(crate) fn merge(into: &mut Value, patch: &Value, strategic: bool) {
    let Value::Object(patch) = patch else {
        *into = patch.clone();
        return;
    };
    if !into.is_object() {
        *into = json!({});
    }
    for (key, value) in patch {
        if value.is_null() {
            into.as_object_mut().expect("an object").remove(key);
        } else if strategic && key == "ephemeralContainers" {
            merge_by_name(&mut into[key], value);
        } else {
            merge(&mut into[key], value, strategic);
        }
    }
}

fn merge_by_name(into: &mut Value, added: &Value) {
    if !into.is_array() {
        *into = json!([]);
    }
    let list = into.as_array_mut().expect("a list");
    for one in added.as_array().into_iter().flatten() {
        match list.iter_mut().find(|known| known["name"] == one["name"]) {
            Some(known) => *known = one.clone(),
            None => list.push(one.clone()),
        }
    }
}
