//! One request's way through the edge.

use std::sync::Arc;
use std::time::Duration;

use http::uri::{PathAndQuery, Uri};
use http::{HeaderValue, Request, Response, Version};

use super::backend::Backend;
use super::body::{EdgeBody, StreamedBody};
use super::error::{Cause, response};
use super::headers;
use super::inject::{self, Fault};
use super::near::Origin;
use super::rotation::Edge;
use super::upstream::{RequestBody, SendFailure};

/// Targets asked for one request at most, as long as nothing was sent to any of them.
const MOST_TARGETS: usize = 3;

/// The shopper's connection is to be reset.
#[derive(Debug, thiserror::Error)]
#[error("reset by an injected fault")]
pub(super) struct ResetConnection;

/// Passes a request on and its answer back.
///
/// It is given to another target only when nothing of it was sent: a POST that may have arrived is
/// never repeated, and neither is anything else.
pub(super) async fn forward(
    edge: &Edge,
    mut request: Request<RequestBody>,
    client: &HeaderValue,
) -> Result<Response<EdgeBody>, ResetConnection> {
    to_origin_form(&mut request);
    headers::forward_request(request.headers_mut(), client, edge.config.scheme());

    let origin = Origin::of(request.headers());
    let mut tried: Vec<Arc<Backend>> = Vec::new();
    let mut last_cause = String::new();
    while tried.len() < MOST_TARGETS {
        let Some(backend) = edge.choose(&tried, &origin) else {
            break;
        };
        if let Some(answer) = injected(edge, &backend).await? {
            return Ok(answer);
        }
        let way = origin.way_to(&backend.zone, edge.config.regions.as_ref());
        travel(way).await;
        let mut exchange = backend.begin();
        let failure = match backend.upstream.send(request).await {
            Ok((mut answer, connection)) => {
                if answer.status().is_server_error() {
                    exchange.fail();
                }
                headers::return_response(
                    answer.headers_mut(),
                    &backend.pod_header,
                    &backend.zone_header,
                );
                let patience = edge.response_timeout;
                travel(way).await;
                return Ok(answer.map(|body| {
                    EdgeBody::Streamed(StreamedBody::new(body, exchange, connection, patience))
                }));
            }
            Err(failure) => failure,
        };
        exchange.fail();
        drop(exchange);
        match failure {
            SendFailure::NotSent {
                request: back,
                cause,
            } => {
                backend.record_health(Err(cause.clone()));
                request = *back;
                last_cause = cause;
                tried.push(backend);
            }
            SendFailure::Lost(cause) => {
                return Ok(response(Cause::UpstreamClosed, Some(&backend.name), &cause));
            }
            SendFailure::TimedOut => {
                let detail = format!("no answer within {:?}", edge.response_timeout);
                return Ok(response(
                    Cause::UpstreamTimeout,
                    Some(&backend.name),
                    &detail,
                ));
            }
        }
    }
    Ok(match tried.last() {
        Some(backend) => response(Cause::ConnectFailed, Some(&backend.name), &last_cause),
        None => {
            edge.metrics.unroutable.inc();
            response(Cause::NoTarget, None, "no target is in rotation")
        }
    })
}

/// To another region, or back.
async fn travel(way: Duration) {
    if !way.is_zero() {
        tokio::time::sleep(way).await;
    }
}

/// Does to a request what was ordered by `PUT /inject`.
async fn injected(
    edge: &Edge,
    backend: &Backend,
) -> Result<Option<Response<EdgeBody>>, ResetConnection> {
    let injections = edge.injections();
    if injections.is_empty() {
        return Ok(None);
    }
    let decision = inject::decide(&injections, &backend.name, &backend.zone, fastrand::f64);
    if !decision.delay.is_zero() {
        tokio::time::sleep(decision.delay).await;
    }
    match decision.fault {
        None => Ok(None),
        Some(Fault::Error(status)) => Ok(Some(response(
            Cause::Injected(status),
            Some(&backend.name),
            "an injected error",
        ))),
        Some(Fault::Reset) => Err(ResetConnection),
    }
}

/// Targets are asked for a path; a shopper that takes us for a proxy may name a host before it.
fn to_origin_form(request: &mut Request<RequestBody>) {
    *request.version_mut() = Version::HTTP_11;
    if request.uri().authority().is_some() {
        let path = request
            .uri()
            .path_and_query()
            .cloned()
            .unwrap_or_else(|| PathAndQuery::from_static("/"));
        *request.uri_mut() = Uri::from(path);
    }
}
