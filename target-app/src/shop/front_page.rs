//! The page that people see: the catalogue's first page, rendered here.

use std::fmt::Write;

use axum::extract::State;
use axum::response::Html;

use super::catalogue::{self, Page, PageParams};
use super::error::ShopError;
use super::state::App;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;\
color:#1c1c1c;background:#fff}ul{list-style:none;padding:0;display:grid;gap:1rem;\
grid-template-columns:repeat(auto-fill,minmax(14rem,1fr))}li{border:1px solid #ccc;border-radius:.5rem;\
padding:1rem}h2{font-size:1rem;margin:0}.price{font-weight:bold}";

/// `GET /`
pub(crate) async fn show(State(shop): State<App>) -> Result<Html<String>, ShopError> {
    let page = catalogue::page(&shop, &PageParams::default()).await?;
    Ok(Html(render(&page)))
}

fn render(page: &Page) -> String {
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Shop</title>\
         <style>{STYLE}</style></head><body><header><h1>Shop</h1>\
         <p>{} products. <a href=\"/docs\">API</a></p></header><main><ul>",
        page.total
    );
    for product in &page.items {
        // Writing to a String does not fail.
        let _ = write!(
            html,
            "<li><h2>{}</h2><p>{}</p><p><span class=\"price\">{}</span> · {} in stock</p></li>",
            escape(&product.name),
            escape(&product.description),
            price(product.price_cents),
            product.stock,
        );
    }
    html.push_str("</ul></main></body></html>");
    html
}

fn price(cents: i64) -> String {
    format!("€{}.{:02}", cents / 100, cents % 100)
}

/// Text as it may stand in HTML, between tags and in quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::catalogue::Product;

    #[test]
    fn names_cannot_become_markup() {
        let page = Page {
            items: vec![Product {
                id: 1,
                name: "<script>alert('x')</script>".into(),
                description: "a & b".into(),
                category: "hall".into(),
                price_cents: 1_205,
                stock: 3,
            }],
            page: 1,
            per_page: 20,
            pages: 1,
            total: 1,
        };
        let html = render(&page);
        assert!(!html.contains("<script>"), "{html}");
        assert!(
            html.contains("a &amp; b") && html.contains("€12.05"),
            "{html}"
        );
    }
}
