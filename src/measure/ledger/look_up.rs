//! Looking one write up at the target.

use std::future::Future;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio_rustls::rustls::ClientConfig;

use super::fate::Presence;
use super::record::Begin;
use super::way::Way;
use crate::scenario::extract::JsonPath;
use crate::scenario::template::Template;
use crate::scenario::{HttpDefaults, Scenario, Step};

/// Looks writes up.
pub trait LookUp: Send + Sync + 'static {
    /// Once; [`Presence::Unread`] when it cannot be told now.
    fn look_up(&self, write: &Begin) -> impl Future<Output = Presence> + Send;
}

/// Keys cannot be read back as the scenario says.
#[derive(Debug, thiserror::Error)]
pub enum ReadBackError {
    /// A header is none. Its value is not told: it may be a secret.
    #[error("step \"{step}\": the header `{name}` cannot be sent when keys are read back: {why}")]
    Header {
        /// Whose ledger.
        step: String,
        /// Which.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// No HTTP client.
    #[error("the client that reads keys back cannot be made: {0}")]
    Client(#[from] reqwest::Error),
}

/// Through the target's own interface, as the steps' ledger rules say: 2xx is present, 404 and 410
/// are absent, anything else cannot tell.
#[derive(Debug)]
pub struct ReadBack {
    base_url: String,
    client: reqwest::Client,
    /// By the ledger's step ids: the journeys' steps, then the canaries' writers.
    rules: Vec<Rule>,
}

/// How one step's writes are looked up.
#[derive(Debug, Default)]
struct Rule {
    /// Where an answer says how many copies there are.
    copies: Option<JsonPath>,
    headers: HeaderMap,
}

/// An answer that takes longer cannot tell.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

impl ReadBack {
    /// Reads back what the scenario's steps wrote, on the way that the load took: `tls` is what it
    /// encrypted with. Read-backs that are paths go to `base_url`.
    ///
    /// # Errors
    /// See [`ReadBackError`].
    pub fn new(
        scenario: &Scenario,
        base_url: &str,
        tls: ClientConfig,
    ) -> Result<Self, ReadBackError> {
        let base_url = base_url.trim_end_matches('/');
        let builder = reqwest::Client::builder()
            .timeout(ANSWER_WITHIN)
            .tls_backend_preconfigured(tls);
        let way = Way::to(base_url, &scenario.http);
        let client = way.prepare(builder, &scenario.http)?.build()?;
        let canaries = scenario.canary.iter().flat_map(|canary| &canary.writers);
        let steps = scenario
            .steps
            .iter()
            .chain(canaries.map(|writer| &writer.step));
        Ok(Self {
            base_url: way.base_url,
            client,
            rules: steps
                .map(|step| Rule::of(step, &scenario.http))
                .collect::<Result<_, _>>()?,
        })
    }

    async fn answer(&self, write: &Begin) -> Option<Presence> {
        let path = &write.read_back;
        let absolute = path.starts_with("http://") || path.starts_with("https://");
        let url = if absolute {
            path.clone()
        } else {
            format!("{}{path}", self.base_url)
        };
        let rule = self.rules.get(write.step)?;
        let request = self.client.get(url).headers(rule.headers.clone());
        let answer = request.send().await.ok()?;
        match answer.status().as_u16() {
            200..=299 => match &rule.copies {
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

impl Rule {
    /// The ledger's own headers over those of `[http]` that need nothing of an iteration.
    fn of(step: &Step, http: &HttpDefaults) -> Result<Self, ReadBackError> {
        let Some(ledger) = &step.ledger else {
            return Ok(Self::default());
        };
        let general = http
            .headers
            .iter()
            .filter(|(_, value)| value.stands_alone());
        let mut headers = HeaderMap::new();
        for (name, value) in general.chain(&ledger.headers) {
            let wrong = |why: String| ReadBackError::Header {
                step: step.name.clone(),
                name: name.clone(),
                why,
            };
            let key = HeaderName::try_from(name).map_err(|error| wrong(error.to_string()))?;
            headers.insert(key, rendered(value).map_err(wrong)?);
        }
        Ok(Self {
            copies: ledger.copies.clone(),
            headers,
        })
    }
}

fn rendered(template: &Template) -> Result<HeaderValue, String> {
    let bytes = template.render_alone().map_err(|error| error.to_string())?;
    let mut value = HeaderValue::try_from(bytes).map_err(|error| error.to_string())?;
    // Never shown by whatever prints requests.
    value.set_sensitive(true);
    Ok(value)
}
