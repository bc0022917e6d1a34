//! The bundled shop's own books, read when the run is over: rules that must hold whatever failed.

use std::time::Duration;

use serde::Deserialize;
use tokio::time::{Instant, sleep};

use super::stage::Stage;
use crate::report::summary::{Books, Invariant};

/// For jobs that the load left waiting: the task runner does hundreds a second.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(200);

/// What the shop answers.
#[derive(Debug, Deserialize)]
struct Answer {
    pending: u64,
    rules: Vec<Invariant>,
}

/// Reads the books once no job waits any more, or patience is over; none for a target that is not
/// the bundled shop.
pub(super) async fn read(stage: &Stage, client: &reqwest::Client) -> Option<Books> {
    stage.before.as_ref()?;
    let url = format!("{}/api/admin/invariants", stage.base_url);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let books = match ask(client, &url).await {
            Ok(answer) => Books {
                invariants: answer.rules,
                pending: answer.pending,
                unread: None,
            },
            Err(error) => Books {
                unread: Some(error.without_url().to_string()),
                ..Books::default()
            },
        };
        let settled = books.unread.is_none() && books.pending == 0;
        if settled || Instant::now() >= deadline {
            return Some(books);
        }
        sleep(PAUSE).await;
    }
}

async fn ask(client: &reqwest::Client, url: &str) -> Result<Answer, reqwest::Error> {
    let answer = client.get(url).send().await?.error_for_status()?;
    answer.json().await
}
