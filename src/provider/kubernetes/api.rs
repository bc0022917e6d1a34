//! One way to every call: with a limit, tried again where that is safe, and never silently.

use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::trouble::Trouble;
use crate::provider::{Call, Happenings, Ink, ProviderError};

/// For one attempt.
const LIMIT: Duration = Duration::from_secs(5);
/// Of one call, in all.
const ATTEMPTS: u32 = 4;
/// Of one list.
const PAGE: u32 = 500;

/// A request as data: it can be shown, rehearsed, written down, and made.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Request {
    pub(super) method: http::Method,
    /// Without a query.
    pub(super) path: String,
    pub(super) content: &'static str,
    pub(super) body: Value,
    /// The same for people, and for the journal.
    pub(super) call: Call,
}

pub(super) const JSON: &str = "application/json";
pub(super) const MERGE: &str = "application/merge-patch+json";
pub(super) const STRATEGIC: &str = "application/strategic-merge-patch+json";

/// The API server.
#[derive(Clone)]
pub(super) struct Api {
    pub(super) client: Client,
    pub(super) happenings: Arc<Happenings>,
}

impl Api {
    /// Makes a call that changes something: written down before and after.
    pub(super) async fn change(
        &self,
        request: &Request,
        ink: &dyn Ink,
    ) -> Result<Result<Value, Trouble>, ProviderError> {
        let number = ink.intend(request.call.clone()).await?;
        let answer = self.repeat(request, false).await;
        // The call was made: that matters more than this line.
        let _ = match &answer {
            Ok(_) => ink.made(number, Default::default()).await,
            Err(trouble) => ink.failed(number, trouble.words().to_owned()).await,
        };
        Ok(answer)
    }

    /// Asks whether a call would be accepted.
    pub(super) async fn rehearse(&self, request: &Request) -> Result<Value, Trouble> {
        self.repeat(request, true).await
    }

    /// Asks a question that is put as a request.
    pub(super) async fn ask(&self, request: &Request) -> Result<Value, Trouble> {
        self.repeat(request, false).await
    }

    /// Makes the same call again where the server is busy or nobody answered. All our calls come to
    /// the same when they are made twice.
    async fn repeat(&self, request: &Request, dry: bool) -> Result<Value, Trouble> {
        let mut attempt = 0;
        loop {
            let answer = self.once(request, dry).await;
            let Err(trouble) = &answer else { return answer };
            let again = trouble.worth_repeating(attempt);
            let (Some(wait), true) = (again, attempt + 1 < ATTEMPTS) else {
                return answer;
            };
            attempt += 1;
            let detail = format!(
                "{}: {}; again in {wait:?}",
                request.call.what,
                trouble.words()
            );
            self.happenings
                .tell("call-repeated", &request.call.on, detail);
            tokio::time::sleep(wait).await;
        }
    }

    async fn once(&self, request: &Request, dry: bool) -> Result<Value, Trouble> {
        let query = if dry { "?dryRun=All" } else { "" };
        let mut http = http::Request::builder()
            .method(&request.method)
            .uri(format!("{}{query}", request.path))
            .header(http::header::CONTENT_TYPE, request.content);
        if request.method == http::Method::GET {
            http = http.header(http::header::ACCEPT, JSON);
        }
        let body = match &request.body {
            Value::Null => Vec::new(),
            body => body.to_string().into_bytes(),
        };
        let http = http
            .body(body)
            .map_err(|error| Trouble::Rejected(error.to_string()))?;
        self.limited(http).await
    }

    async fn limited<T: DeserializeOwned>(
        &self,
        http: http::Request<Vec<u8>>,
    ) -> Result<T, Trouble> {
        match tokio::time::timeout(LIMIT, self.client.request::<T>(http)).await {
            Ok(answer) => answer.map_err(|error| Trouble::of(&error)),
            Err(_) => Err(Trouble::NoAnswer(format!(
                "no answer within {} s",
                LIMIT.as_secs()
            ))),
        }
    }

    /// Reads one resource; none: it is not there.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Trouble> {
        match self.read(path).await {
            Ok(found) => Ok(Some(found)),
            Err(Trouble::Absent(_)) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// Reads all that match, page by page.
    pub(super) async fn list<T: DeserializeOwned + Clone>(
        &self,
        path: &str,
        query: &str,
    ) -> Result<Vec<T>, Trouble> {
        let mut all = Vec::new();
        let mut next = String::new();
        loop {
            let page: kube::core::ObjectList<T> = self
                .read(&format!("{path}?limit={PAGE}{query}{next}"))
                .await?;
            all.extend(page.items);
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => next = format!("&continue={}", escaped(&token)),
                None => return Ok(all),
            }
        }
    }

    async fn read<T: DeserializeOwned>(&self, uri: &str) -> Result<T, Trouble> {
        let mut attempt = 0;
        loop {
            let http = http::Request::get(uri)
                .body(Vec::new())
                .map_err(|error| Trouble::Rejected(error.to_string()))?;
            match self.limited(http).await {
                Err(trouble) if attempt + 1 < ATTEMPTS => {
                    let Some(wait) = trouble.worth_repeating(attempt) else {
                        return Err(trouble);
                    };
                    attempt += 1;
                    tokio::time::sleep(wait).await;
                }
                answer => return answer,
            }
        }
    }
}

/// As part of a query.
pub(super) fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}
