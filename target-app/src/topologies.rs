//! Topologies: what a stack consists of, by name. Each is a file of `target-app/topologies`, and is
//! in the binary.

use serde::Deserialize;

use crate::api::StackSpec;

const BUNDLED: &[(&str, &str)] = &[
    (
        "ladder-1-single-server",
        include_str!("../topologies/ladder-1-single-server.toml"),
    ),
    (
        "ladder-2-apart",
        include_str!("../topologies/ladder-2-apart.toml"),
    ),
    (
        "ladder-3-load-balancer",
        include_str!("../topologies/ladder-3-load-balancer.toml"),
    ),
    (
        "ladder-4-read-replicas",
        include_str!("../topologies/ladder-4-read-replicas.toml"),
    ),
    (
        "ladder-5-cache",
        include_str!("../topologies/ladder-5-cache.toml"),
    ),
    (
        "ladder-6-cdn",
        include_str!("../topologies/ladder-6-cdn.toml"),
    ),
    (
        "ladder-7-regions",
        include_str!("../topologies/ladder-7-regions.toml"),
    ),
    (
        "ladder-8-queue",
        include_str!("../topologies/ladder-8-queue.toml"),
    ),
    (
        "ladder-9-shards",
        include_str!("../topologies/ladder-9-shards.toml"),
    ),
    (
        "task-manager",
        include_str!("../topologies/task-manager.toml"),
    ),
    ("three-zone", include_str!("../topologies/three-zone.toml")),
    ("two-zone", include_str!("../topologies/two-zone.toml")),
];

/// What a topology file says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topology {
    /// For people, in one line.
    pub description: String,
    /// What is not said is as in [`StackSpec::default`].
    pub stack: StackSpec,
}

/// What is wrong with a topology file's text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", line.map_or(String::new(), |line| format!("line {line}: ")))]
pub struct TopologyError {
    /// The cause, without passwords.
    pub message: String,
    /// Counted from 1.
    pub line: Option<usize>,
}

impl TopologyError {
    fn new(text: &str, error: &toml::de::Error) -> Self {
        let line = |span: std::ops::Range<usize>| 1 + text[..span.start].matches('\n').count();
        // Without the list of all keys there are.
        let message = error.message().split(", expected one of").next();
        Self {
            message: without_password(message.unwrap_or_default()),
            line: error.span().map(line),
        }
    }
}

/// What stands where it does not belong is repeated in messages, and may be a cache's address.
fn without_password(message: &str) -> String {
    let hidden = message.split_once("://").and_then(|(before, rest)| {
        let (_, after) = rest.rsplit_once('@')?;
        Some(format!("{before}://•••@{after}"))
    });
    hidden.unwrap_or_else(|| message.to_owned())
}

impl Topology {
    /// Reads a topology file's text; `variable` has the environment, which a cache's address may
    /// name.
    ///
    /// # Errors
    /// What is wrong with it, and in which line.
    pub fn parse(
        text: &str,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, TopologyError> {
        let mut read: Self =
            toml::from_str(text).map_err(|error| TopologyError::new(text, &error))?;
        let cache = read.stack.cache.take();
        let cache = cache.map(|cache| cache.filled_in(variable)).transpose();
        read.stack.cache = cache.map_err(|message| TopologyError {
            message,
            line: None,
        })?;
        Ok(read)
    }
}

/// The names of the bundled topologies.
pub fn names() -> impl Iterator<Item = &'static str> {
    BUNDLED.iter().map(|(name, _)| *name)
}

/// The text of a bundled topology's file.
#[must_use]
pub fn bundled(name: &str) -> Option<&'static str> {
    BUNDLED
        .iter()
        .find_map(|(known, text)| (*known == name).then_some(*text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::objection;

    fn nothing(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn every_bundled_topology_can_be_started() {
        for (name, text) in BUNDLED.iter().copied() {
            let topology =
                Topology::parse(text, nothing).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(objection(&topology.stack), None, "{name}");
            assert!(!topology.description.is_empty(), "{name}");
        }
    }

    #[test]
    fn every_file_of_the_folder_is_bundled() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/topologies");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        files.sort();
        let mut known: Vec<_> = names().collect();
        known.sort_unstable();
        assert_eq!(files, known);
    }

    #[test]
    fn what_is_not_said_is_as_usual_and_an_unknown_key_is_told_with_its_line() {
        let text = "description = \"x\"\n[stack]\nreplicas = 7\n";
        let spec = Topology::parse(text, nothing).unwrap().stack;
        let expected = StackSpec {
            replicas: 7,
            ..StackSpec::default()
        };
        assert_eq!(spec, expected);
        let wrong = Topology::parse("description = \"x\"\n[stack]\nreplikas = 7\n", nothing);
        let words = wrong.unwrap_err().to_string();
        assert!(
            words.contains("line 3") && words.contains("replikas"),
            "{words}"
        );
    }
    #[test]
    fn a_password_where_none_belongs_is_not_repeated() {
        let wrong = "description = \"x\"\n[stack]\ncache = \"redis://:hunter2@h\"\n";
        let words = Topology::parse(wrong, nothing).unwrap_err().to_string();
        assert!(words.contains("redis://•••@h"), "{words}");
        assert!(!words.contains("hunter2"), "{words}");
    }
}
