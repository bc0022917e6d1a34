//! Light, dark, narrow, without scripts, by keyboard. Each leaves a picture in `target/tmp/storefront`.

use crate::browser::page::View;
use crate::customer::Customer;
use crate::harness::User;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_fits_every_screen_and_needs_neither_mouse_nor_script() {
    let user = User::new();
    let stack = user.up(&["--replicas", "1", "--zones", "a,b"]);
    let shop = stack.status().await.edge_url;
    in_the_dark(&shop);
    on_a_phone(&shop);
    without_scripts(&shop);
    by_keyboard(&shop);
}

fn in_the_dark(shop: &str) {
    let mut customer = Customer::at(shop, "/", View::default());
    customer.page.until_shown("2,000 products");
    customer.keep_picture("light");
    let paper = "getComputedStyle(document.body).backgroundColor";
    let light = customer.page.text(paper);
    customer.page.show(View {
        scheme: "dark",
        ..View::default()
    });
    customer.keep_picture("dark");
    assert_ne!(customer.page.text(paper), light);
}

fn on_a_phone(shop: &str) {
    let view = View {
        width: 360,
        height: 740,
        ..View::default()
    };
    let mut customer = Customer::at(shop, "/", view);
    for path in [
        "/",
        "/product/1",
        "/cart",
        "/sign-in",
        "/checkout",
        "/orders",
    ] {
        customer.go(path);
        customer.page.until("document.querySelector('main h1')");
        let name = path.trim_matches('/').replace('/', "-");
        customer.keep_picture(&format!("narrow-{name}"));
        let widest = customer.page.number("document.documentElement.scrollWidth");
        assert!(widest <= 360.0, "{path} is {widest} px wide");
        if path == "/product/1" {
            customer.press("Add to cart");
        }
    }
}

fn without_scripts(shop: &str) {
    let view = View {
        scripts: false,
        ..View::default()
    };
    let mut customer = Customer::at(shop, "/", view);
    let text = customer.page.text("document.body.innerText");
    for told in ["2,000 products", "Plain oak mug", "Page 1 of 100"] {
        assert!(text.contains(told), "`{told}` is not in the page: {text}");
    }
    assert!(
        !text.contains("Add to cart"),
        "what would do nothing is not offered"
    );
    customer.keep_picture("without-scripts");
    customer.press("Next");
    customer.page.until_shown("Page 2 of 100");
}

fn by_keyboard(shop: &str) {
    let mut customer = Customer::at(shop, "/", View::default());
    customer.page.until_shown("2,000 products");
    let focused = "document.activeElement.textContent";
    customer.page.press("Tab");
    assert_eq!(customer.page.text(focused), "Skip to the content");
    let box_of = "JSON.stringify(document.activeElement.getBoundingClientRect())";
    let place: serde_json::Value = serde_json::from_str(&customer.page.text(box_of)).expect("JSON");
    assert!(
        place["y"].as_f64().is_some_and(|y| y >= 0.0),
        "it is to be seen: {place}"
    );
    customer.page.press("Enter");
    customer.page.press("Tab");
    assert_eq!(customer.page.text("document.activeElement.id"), "q");
    // The field, its button, then the first product and its button.
    for expected in ["Search", "Plain oak mug", "Add to cart: Plain oak mug"] {
        customer.page.press("Tab");
        assert_eq!(customer.page.text(focused), expected);
        let outlined = "(() => { const e = document.activeElement; \
            return [e, e.closest('.card')].some(x => x && getComputedStyle(x).outlineStyle === 'solid'); })()";
        assert_eq!(
            customer.page.eval(outlined),
            true,
            "{expected} shows its focus"
        );
    }
    customer.page.press("Enter");
    customer.page.until_shown("Added");
    assert_eq!(customer.complaints(), Vec::<String>::new());
}
