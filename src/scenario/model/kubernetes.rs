//! `[kubernetes]`: which cluster, and what in it may be touched.

use std::path::PathBuf;

/// Where the provider `kubernetes` acts, and what it may touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubernetesSpec {
    /// Context of the kubeconfig; none: its current one, or from inside the cluster.
    pub context: Option<String>,
    /// The kubeconfig; none: where kubectl looks.
    pub kubeconfig: Option<PathBuf>,
    /// What names without a namespace belong to; none: the context's own.
    pub namespace: Option<String>,
    /// Label key: what lacks it, with the value `true`, is never touched.
    pub allow: String,
    /// Image of the helper that freezes, thaws and kills from within a pod; it needs `sh`.
    pub image: String,
}

/// The label that opts in, unless the scenario says otherwise.
const ALLOW: &str = "loadtest/allow";
/// Small, and in most registries' mirrors.
const IMAGE: &str = "busybox:1.37";

impl Default for KubernetesSpec {
    fn default() -> Self {
        Self {
            context: None,
            kubeconfig: None,
            namespace: None,
            allow: ALLOW.to_owned(),
            image: IMAGE.to_owned(),
        }
    }
}
