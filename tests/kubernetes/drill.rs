//! A short run with one fault on the double.

use serde_json::{Value, json};

use crate::double::Double;
use crate::support::target::{Reply, Target};
use crate::support::{Bench, Run};

/// A bench with a target, a cluster and a scenario of one fault.
pub(crate) struct Drill {
    pub(crate) bench: Bench,
    pub(crate) double: Double,
    kubeconfig: String,
    _target: Target,
}

/// Pods of the shop on the double.
pub(crate) const REPLICAS: usize = 3;

/// One fault of each kind that a cluster can suffer.
pub(crate) const EVERY_FAULT: [(&str, &str); 9] = [
    ("pod-kill", "pods = { app = \"shop\", pick = 2 }"),
    (
        "pod-evict",
        "pods = { app = \"shop\", pick = 2 }\ntimeout = \"30s\"",
    ),
    (
        "container-kill",
        "pods = { app = \"shop\" }\ncontainer = \"web\"",
    ),
    (
        "pod-hang",
        "pods = { app = \"shop\", pick = 2 }\nfor = \"500ms\"",
    ),
    ("rollout-restart", "workload = \"deployment/shop\""),
    (
        "scale-to",
        "workload = \"deployment/shop\"\nreplicas = 1\nfor = \"500ms\"",
    ),
    ("node-drain", "nodes = { zone = \"b\" }\nfor = \"500ms\""),
    ("zone-drain", "zone = \"b\"\nfor = \"500ms\""),
    (
        "network-partition",
        "pods = { app = \"shop\", pick = 2 }\nfor = \"500ms\"",
    ),
];

/// The fault of this kind, as [`EVERY_FAULT`] has it.
pub(crate) fn fault(kind: &str) -> &'static str {
    let found = EVERY_FAULT.iter().find(|(name, _)| *name == kind);
    found.expect("a fault of this kind").1
}

impl Drill {
    /// A load of a few seconds, early in which this fault strikes.
    pub(crate) fn of(kind: &str, more: &str) -> Self {
        Self::lasting(4, kind, more)
    }

    /// The same under a load of so many seconds.
    pub(crate) fn lasting(seconds: u32, kind: &str, more: &str) -> Self {
        let target = Target::serve(|_| Reply::Ok("{}".into()));
        let bench = Bench::new();
        let scenario = format!(
            r#"name = "drill"
target = "{}"
[[load]]
journey = "ask"
arrivals = [{{ rate = "20/s", for = "{seconds}s" }}]
[[journey]]
name = "ask"
steps = [{{ name = "ask", get = "/" }}]
[guard]
healthy_before = "1s"
[[fault]]
name = "the fault"
kind = "{kind}"
provider = "kubernetes"
at = "1s"
{more}
"#,
            target.url
        );
        bench.file("drill.toml", &scenario);
        let double = Double::start(&["a", "b", "c"], u32::try_from(REPLICAS).expect("small"));
        let kubeconfig = double.kubeconfig(bench.path());
        Self {
            bench,
            double,
            kubeconfig,
            _target: target,
        }
    }

    /// `loadtest ARGS…`, with the double as its cluster.
    pub(crate) fn loadtest<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Run {
        self.bench
            .loadtest(args)
            .env("KUBECONFIG", &self.kubeconfig)
    }

    /// The run itself.
    pub(crate) fn run(&self) -> Run {
        self.loadtest(["run", "drill.toml"])
    }

    /// Waits until the cluster is what it was.
    pub(crate) fn heals(&self) {
        crate::support::until("a cluster as it was", || {
            self.double.wounds(REPLICAS).is_empty()
        });
    }

    /// Lines of a file of the only run.
    pub(crate) fn lines(&self, file: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.bench.run_folder().join(file)).expect("a file");
        text.lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    }

    /// The journal ended because nothing is left to undo.
    pub(crate) fn is_closed(&self) -> bool {
        let last = self.lines("journal.jsonl").pop().unwrap_or(json!(null));
        last.to_string().contains("closed")
    }

    /// Everything that the provider told.
    pub(crate) fn told(&self) -> String {
        let path = self.bench.run_folder().join("events.jsonl");
        std::fs::read_to_string(path).expect("events.jsonl")
    }
}
