//! Where this tool itself runs, so that it never pulls the ground from under its feet.

use std::time::Duration;

use aws_config::imds;

/// What hosts this process; nothing, when it runs elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Own {
    pub(super) instance: Option<String>,
    pub(super) subnet: Option<String>,
    pub(super) task: Option<String>,
}

/// EC2's metadata service answers within milliseconds, or is not there.
const PATIENCE: Duration = Duration::from_millis(500);

impl Own {
    /// Asks EC2's and ECS's metadata services.
    pub(super) async fn find() -> Self {
        let (host, task) = tokio::join!(own_host(), own_task());
        let (instance, subnet) = host;
        Self {
            instance,
            subnet,
            task,
        }
    }
}

/// The instance that this process runs on, and its subnet.
async fn own_host() -> (Option<String>, Option<String>) {
    let disabled = std::env::var("AWS_EC2_METADATA_DISABLED");
    if disabled.is_ok_and(|value| value.eq_ignore_ascii_case("true")) {
        return (None, None);
    }
    let client = imds::Client::builder()
        .connect_timeout(PATIENCE)
        .read_timeout(PATIENCE)
        .max_attempts(1)
        .build();
    let get = async |path: String| {
        let answer = client.get(path).await.ok()?;
        Some(answer.as_ref().to_owned())
    };
    let instance = get("/latest/meta-data/instance-id".to_owned()).await;
    let mut subnet = None;
    if instance.is_some()
        && let Some(mac) = get("/latest/meta-data/mac".to_owned()).await
    {
        let path = format!("/latest/meta-data/network/interfaces/macs/{mac}/subnet-id");
        subnet = get(path).await;
    }
    (instance, subnet)
}

/// The ECS task that this process runs in.
async fn own_task() -> Option<String> {
    let url = std::env::var("ECS_CONTAINER_METADATA_URI_V4").ok()?;
    let client = reqwest::Client::builder().timeout(PATIENCE).build().ok()?;
    let answer = client.get(format!("{url}/task")).send().await.ok()?;
    let answer: serde_json::Value = answer.json().await.ok()?;
    Some(answer.get("TaskARN")?.as_str()?.to_owned())
}
