//! A Kubernetes cluster.
