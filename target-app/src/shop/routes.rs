//! Which address leads where.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post, put};
use http::header::{CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Method, Uri};

use super::error::ShopError;
use super::state::App;
use super::{
    assets, canary, cart, catalogue, cors, customers, invariants, openapi, orders, probes,
    request_context, storefront, tasks,
};

/// For answers that are no pages.
const NOTHING: &str = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'";

const LARGEST_BODY: usize = 64 * 1024;

/// All of a pod's routes.
pub(crate) fn router(shop: App) -> Router {
    Router::new()
        .route("/", get(storefront::front_page))
        .route("/product/{id}", get(storefront::view))
        .route("/cart", get(storefront::view))
        .route("/checkout", get(storefront::view))
        .route("/orders", get(storefront::view))
        .route("/orders/{key}", get(storefront::view))
        .route("/sign-in", get(storefront::view))
        .route("/register", get(storefront::view))
        .route("/assets/{name}", get(assets::asset))
        .route("/api/sessions", post(customers::sign_in))
        .route("/api/customers", post(customers::register))
        .route("/api/products", get(catalogue::list))
        .route("/api/products/{id}", get(catalogue::one))
        .route(
            "/api/cart",
            get(cart::show).put(cart::replace).delete(cart::empty),
        )
        .route("/api/cart/items", post(cart::add))
        .route("/api/orders", get(orders::history).post(orders::create))
        .route("/api/orders/by-key/{key}", get(orders::by_key))
        .route("/api/tasks", get(tasks::list).post(tasks::create))
        .route("/api/tasks/{id}/due", put(tasks::schedule))
        .route("/api/tasks/{id}/complete", post(tasks::complete))
        .route("/api/tasks/by-key/{key}", get(tasks::by_key))
        .route("/api/canary/{key}", put(canary::write).get(canary::read))
        .route("/api/admin/invariants", get(invariants::check))
        .route("/healthz", get(probes::healthz))
        .route("/readyz", get(probes::readyz))
        .route("/metrics", get(probes::metrics))
        .route("/openapi.json", get(openapi::document))
        .route("/docs", get(openapi::page))
        .fallback(storefront::nowhere)
        .method_not_allowed_fallback(async |method: Method, uri: Uri| {
            ShopError::MethodNotAllowed(format!("{} {method}", uri.path()))
        })
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(middleware::from_fn_with_state(
            App::clone(&shop),
            request_context::observe,
        ))
        .layer(middleware::from_fn(protect))
        .layer(middleware::from_fn_with_state(
            shop.origins.clone(),
            cors::share,
        ))
        .with_state(shop)
}

/// Headers that keep browsers from doing what our pages do not need.
async fn protect(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    // What needs more than nothing has said so itself.
    headers
        .entry(CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(NOTHING));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
