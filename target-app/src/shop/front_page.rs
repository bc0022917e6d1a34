//! A page of the catalogue as markup, and as the data that it was made from.
//!
//! The storefront's script renders the same (`storefront/src/pages/catalogue.tsx`) and takes this
//! markup over as its own. `storefront/fixtures` holds both to the same pages.

use super::assets::PAGE;
use super::catalogue::{Page, Product};
use super::markup::{push_escaped, push_grouped, push_number, push_price, push_query};

/// The frame and twenty products need about 13 KB: one allocation.
const ROOMY: usize = 16 * 1024;

/// The whole page for what `typed` found.
pub(super) fn render(page: &Page, typed: &str) -> Vec<u8> {
    let [before, between, after] = *PAGE;
    let mut html = String::with_capacity(ROOMY);
    html.push_str(before);
    view(&mut html, page, typed);
    html.push_str(between);
    html.push_str("<script type=\"application/json\" id=\"initial\">");
    let mut html = html.into_bytes();
    push_data(&mut html, page, typed);
    html.extend_from_slice(b"</script>");
    html.extend_from_slice(after.as_bytes());
    html
}

/// `{"q": …, "page": …}`: no `<` in it, so that nothing ends the script early.
fn push_data(html: &mut Vec<u8>, page: &Page, typed: &str) {
    #[derive(serde::Serialize)]
    struct Served<'a> {
        q: &'a str,
        page: &'a Page,
    }
    let start = html.len();
    // Writing to memory does not fail, and neither does serialising texts and numbers.
    let _ = serde_json::to_writer(&mut *html, &Served { q: typed, page });
    // Hardly ever: only texts can have one.
    if html[start..].contains(&b'<') {
        let data = html.split_off(start);
        for byte in data {
            match byte {
                b'<' => html.extend_from_slice(b"\\u003c"),
                _ => html.push(byte),
            }
        }
    }
}

fn view(html: &mut String, page: &Page, typed: &str) {
    html.push_str(
        "<div class=\"hero\"><h1 tabindex=\"-1\">Plain, good things for the home</h1>\
         <search><form class=\"search\" action=\"/\"><label for=\"q\">Search the catalogue</label>\
         <input id=\"q\" type=\"search\" autoComplete=\"off\" name=\"q\" value=\"",
    );
    push_escaped(html, typed);
    html.push_str(
        "\"/><button type=\"submit\">Search</button></form></search></div>\
         <section class=\"results\" aria-labelledby=\"found\" aria-busy=\"false\"><h2 id=\"found\">",
    );
    push_found(html, page.total, typed);
    html.push_str("</h2>");
    if page.items.is_empty() {
        html.push_str("<p class=\"empty\"><a href=\"/\">Show everything</a></p>");
    } else {
        html.push_str("<ul class=\"cards\">");
        for product in &page.items {
            card(html, product);
        }
        html.push_str("</ul>");
    }
    if page.pages > 1 {
        pages(html, page, typed);
    }
    html.push_str("</section>");
}

fn card(html: &mut String, product: &Product) {
    html.push_str("<li class=\"card\"><span class=\"");
    push_picture(html, &product.name);
    html.push_str("\" aria-hidden=\"true\"></span><h3><a href=\"/product/");
    push_number(html, product.id);
    html.push_str("\">");
    push_escaped(html, &product.name);
    html.push_str("</a></h3><p class=\"about\">");
    push_escaped(html, &product.description);
    html.push_str("</p><p class=\"price\">");
    push_price(html, product.price_cents);
    html.push_str("</p><p class=\"stock ");
    match product.stock {
        ..=0 => html.push_str("out\">Sold out"),
        1..10 => {
            html.push_str("low\">Only ");
            push_number(html, product.stock);
            html.push_str(" left");
        }
        _ => html.push_str("in\">In stock"),
    }
    html.push_str("</p><button type=\"button\" class=\"add\"");
    if product.stock <= 0 {
        html.push_str(" disabled=\"\"");
    }
    html.push_str(">Add to cart<span class=\"hidden\">: ");
    push_escaped(html, &product.name);
    html.push_str("</span></button></li>");
}

fn pages(html: &mut String, page: &Page, typed: &str) {
    let step = |html: &mut String, there: bool, rel: &str, to: i64, text: &str| {
        if there {
            html.push_str("<a rel=\"");
            html.push_str(rel);
            html.push_str("\" href=\"");
            push_address(html, typed, to);
            html.push_str("\">");
        } else {
            html.push_str("<span aria-hidden=\"true\">");
        }
        html.push_str(text);
        html.push_str(if there { "</a>" } else { "</span>" });
    };
    html.push_str("<nav class=\"pages\" aria-label=\"Pages of the catalogue\">");
    let before = (page.page - 1).min(page.pages);
    step(html, page.page > 1, "prev", before, "Previous");
    html.push_str("<p>Page ");
    push_number(html, page.page);
    html.push_str(" of ");
    push_number(html, page.pages);
    html.push_str("</p>");
    step(html, page.page < page.pages, "next", page.page + 1, "Next");
    html.push_str("</nav>");
}

/// `2,000 products for “mug”`
fn push_found(html: &mut String, total: i64, typed: &str) {
    if total == 0 {
        html.push_str("Nothing");
    } else {
        push_grouped(html, total);
        html.push_str(if total == 1 { " product" } else { " products" });
    }
    if !typed.is_empty() {
        html.push_str(" for “");
        push_escaped(html, typed);
        html.push('”');
    }
}

/// `Plain oak mug` is pictured as a mug of oak.
fn push_picture(html: &mut String, name: &str) {
    let mut words = name.rsplit(' ');
    let thing = words.next().unwrap_or_default();
    let class = |html: &mut String, prefix: &str, word: &str| {
        html.push_str(prefix);
        let plain = word.chars().map(|c| c.to_ascii_lowercase());
        html.extend(plain.filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit()));
    };
    match words.next() {
        Some(material) => {
            class(html, "art m-", material);
            class(html, " t-", thing);
        }
        None => {
            class(html, "art m-", thing);
            class(html, " t-", "");
        }
    }
}

/// Where a page of the catalogue is.
fn push_address(html: &mut String, typed: &str, page: i64) {
    html.push('/');
    if !typed.is_empty() {
        html.push_str("?q=");
        push_query(html, typed);
    }
    if page > 1 {
        html.push_str(if typed.is_empty() { "?" } else { "&amp;" });
        html.push_str("page=");
        push_number(html, page);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn fixture(name: &str) -> String {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/storefront/fixtures");
        std::fs::read_to_string(format!("{folder}/{name}")).expect("a fixture")
    }

    fn page(told: &Value) -> Page {
        let number = |of: &Value, name: &str| of[name].as_i64().expect("a number");
        let text = |of: &Value, name: &str| of[name].as_str().expect("a text").to_owned();
        let product = |product: &Value| Product {
            id: number(product, "id"),
            name: text(product, "name"),
            description: text(product, "description"),
            category: text(product, "category"),
            price_cents: number(product, "price_cents"),
            stock: number(product, "stock"),
        };
        Page {
            items: told["items"]
                .as_array()
                .expect("a list")
                .iter()
                .map(product)
                .collect(),
            page: number(told, "page"),
            per_page: number(told, "per_page"),
            pages: number(told, "pages"),
            total: number(told, "total"),
        }
    }

    /// What React renders is beside each fixture, and held to it by the storefront's own tests.
    #[test]
    fn the_script_would_render_the_same() {
        for name in ["first", "middle", "found", "nothing", "odd"] {
            let told: Value = serde_json::from_str(&fixture(&format!("{name}.json"))).unwrap();
            let mut html = String::new();
            view(&mut html, &page(&told["page"]), told["q"].as_str().unwrap());
            assert_eq!(html, fixture(&format!("{name}.html")), "{name}");
        }
    }

    #[test]
    fn names_cannot_become_markup_nor_end_the_data() {
        let told: Value = serde_json::from_str(&fixture("odd.json")).unwrap();
        let html = String::from_utf8(render(&page(&told["page"]), "</script>")).unwrap();
        let (_, initial) = html.split_once("id=\"initial\">").unwrap();
        let (data, after) = initial.split_once("</script>").unwrap();
        assert!(
            !data.contains('<') && after.ends_with("</html>\n"),
            "{after}"
        );
        let data: Value = serde_json::from_str(data).unwrap();
        assert_eq!(data["q"], "</script>");
        assert_eq!(data["page"], told["page"]);
    }
}
