//! What happens around every request: its id, its limit, its measurement, its log line.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::CONNECTION;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::error::{Cause, ShopError};
use super::state::{App, Shop, signed_in};
use crate::service::request_id::{self, X_REQUEST_ID};
use crate::service::trace::{self, TraceId};

const X_POD: HeaderName = HeaderName::from_static("x-pod");
const X_ZONE: HeaderName = HeaderName::from_static("x-zone");
const X_VERSION: HeaderName = HeaderName::from_static("x-version");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Whom a rate limit is kept for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Client {
    /// A session's customer.
    Customer(i64),
    /// Whoever is behind an address.
    Address(Option<IpAddr>),
}

/// Middleware around every route.
pub(crate) async fn observe(State(shop): State<App>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("unknown", MatchedPath::as_str);
    let id = request_id::of(request.headers());
    let trace_id = TraceId::of(request.headers());

    let in_flight = shop.metrics.enter();
    let admitted = match suffer(&shop, route).await {
        Ok(()) => admit(&shop, route, request, started),
        Err(error) => Err(error),
    };
    let mut response = match admitted {
        Ok(request) => match begin(&shop, route).await {
            Ok(()) => trace::within(trace_id, next.run(request)).await,
            Err(error) => error.into_response(),
        },
        Err(error) => error.into_response(),
    };
    drop(in_flight);

    let took = started.elapsed();
    let status = response.status().as_u16();
    shop.metrics.request(&method, route, status, took);
    log(
        &shop,
        &LogLine {
            id: &id,
            trace_id,
            method: &method,
            path: &path,
            status,
            took,
        },
        &response,
    );
    mark(&shop, &mut response, id);
    response
}

/// For probes, not for shoppers.
fn is_probe(route: &str) -> bool {
    matches!(route, "/healthz" | "/readyz" | "/metrics")
}

/// What is wrong with this version on purpose. Probes see nothing of it: a version whose probes fail
/// would never get any traffic.
async fn suffer(shop: &Shop, route: &str) -> Result<(), ShopError> {
    if is_probe(route) {
        return Ok(());
    }
    let ill = shop.mischief.ill();
    if !ill.delay.is_zero() {
        tokio::time::sleep(ill.delay).await;
    }
    if ill.fails {
        return Err(ShopError::Mischief);
    }
    Ok(())
}

/// Lets a request in, or says that its client made too many. Probes always get in.
fn admit(shop: &Shop, route: &str, request: Request, now: Instant) -> Result<Request, ShopError> {
    if is_probe(route) {
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    let client = match signed_in(&parts, shop) {
        Some(customer) => Client::Customer(customer),
        None => {
            let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
            Client::Address(
                forwarded_for(&parts.headers).or(peer.map(|ConnectInfo(peer)| peer.ip())),
            )
        }
    };
    let now = now.duration_since(shop.started).as_secs_f64();
    shop.limiter
        .admit(client, now)
        .map_err(ShopError::TooManyRequests)?;
    Ok(Request::from_parts(parts, body))
}

/// Waits for one of the pod's slots, and until the request's stated time was spent in it. What asks
/// about the pod itself costs nothing.
async fn begin(shop: &Shop, route: &str) -> Result<(), ShopError> {
    match &shop.work {
        Some(work) if !is_about_the_pod(route) => Ok(work.request().await?),
        _ => Ok(()),
    }
}

fn is_about_the_pod(route: &str) -> bool {
    matches!(
        route,
        "/healthz" | "/readyz" | "/metrics" | "/api/admin/invariants"
    )
}

/// The address that the edge saw. The last entry: whatever stands before it, the client wrote.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all(X_FORWARDED_FOR).iter().next_back()?;
    last.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
}

fn mark(shop: &Shop, response: &mut Response, id: HeaderValue) {
    let headers = response.headers_mut();
    headers.insert(X_REQUEST_ID, id);
    headers.insert(X_POD, shop.metrics.pod.clone());
    headers.insert(X_ZONE, shop.metrics.zone.clone());
    headers.insert(X_VERSION, shop.metrics.version.clone());
    if shop.leaving.is_leaving() {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
}

struct LogLine<'a> {
    id: &'a HeaderValue,
    trace_id: Option<TraceId>,
    method: &'a Method,
    path: &'a str,
    status: u16,
    took: Duration,
}

fn log(shop: &Shop, line: &LogLine<'_>, response: &Response) {
    let LogLine {
        id,
        trace_id,
        method,
        path,
        status,
        took,
    } = line;
    let slow = took.as_millis() >= u128::from(shop.config.slow_request_ms);
    if *status < 500 && !slow && !shop.config.log_requests {
        return;
    }
    let request_id = id.to_str().unwrap_or_default();
    let trace_id = trace_id.as_ref().map(TraceId::as_str);
    let seconds = took.as_secs_f64();
    let cause = response
        .extensions()
        .get::<Cause>()
        .map(|Cause(text)| text.as_str());
    if *status >= 500 {
        tracing::error!(request_id, trace_id, %method, path, status, seconds, cause, "request failed");
    } else if slow {
        tracing::warn!(request_id, trace_id, %method, path, status, seconds, cause, "request was slow");
    } else {
        tracing::info!(request_id, trace_id, %method, path, status, seconds, cause, "request");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn the_edge_is_believed_and_not_the_client() {
        let found = forwarded_for(&headers(X_FORWARDED_FOR, "10.0.0.1, 192.0.2.7"));
        assert_eq!(found, Some("192.0.2.7".parse().unwrap()));
        assert_eq!(forwarded_for(&headers(X_FORWARDED_FOR, "nonsense")), None);
        assert_eq!(forwarded_for(&HeaderMap::new()), None);
    }
}
