//! Looking one write up at the target.

use std::future::Future;

use super::fate::Presence;
use super::record::Begin;
use crate::scenario::Scenario;
use crate::scenario::extract::JsonPath;

/// Looks writes up.
pub trait LookUp: Send + Sync + 'static {
    /// Once; [`Presence::Unread`] when it cannot be told now.
    fn look_up(&self, write: &Begin) -> impl Future<Output = Presence> + Send;
}

/// Through the target's own interface, as the steps' ledger rules say: 2xx is present, 404 and 410
/// are absent, anything else cannot tell.
#[derive(Debug)]
pub struct ReadBack {
    base_url: String,
    client: reqwest::Client,
    /// Where a step's answers say how many copies there are.
    copies: Vec<Option<JsonPath>>,
}

impl ReadBack {
    /// Reads back what the scenario's steps wrote. Read-backs that are paths go to `base_url`.
    #[must_use]
    pub fn new(scenario: &Scenario, base_url: &str, client: reqwest::Client) -> Self {
        let rules = scenario.steps.iter().map(|step| step.ledger.as_ref());
        Self {
            base_url: base_url.trim_end_matches('/').to_owned(),
            client,
            copies: rules.map(|rule| rule?.copies.clone()).collect(),
        }
    }

    async fn answer(&self, write: &Begin) -> Option<Presence> {
        let path = &write.read_back;
        let absolute = path.starts_with("http://") || path.starts_with("https://");
        let url = if absolute {
            path.clone()
        } else {
            format!("{}{path}", self.base_url)
        };
        let answer = self.client.get(url).send().await.ok()?;
        match answer.status().as_u16() {
            200..=299 => match self.copies.get(write.step).and_then(Option::as_ref) {
                None => Some(Presence::Present(1)),
                Some(path) => {
                    let body: serde_json::Value = answer.json().await.ok()?;
                    let copies = path.query(&body).first().and_then(|value| value.as_u64())?;
                    Some(Presence::Present(copies))
                }
            },
            404 | 410 => Some(Presence::Absent),
            _ => None,
        }
    }
}

impl LookUp for ReadBack {
    async fn look_up(&self, write: &Begin) -> Presence {
        self.answer(write).await.unwrap_or(Presence::Unread)
    }
}
