//! Someone in front of the storefront, and the shop's books to compare with what they were told.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::browser::page::{Page, View};

/// Someone who buys at a stack's shop.
pub(crate) struct Customer {
    pub(crate) page: Page,
    shop: String,
}

impl Customer {
    /// Opens a path of the shop.
    pub(crate) fn at(shop: &str, path: &str, view: View) -> Self {
        let shop = shop.trim_end_matches('/').to_owned();
        let page = Page::open(&format!("{shop}{path}"), view);
        Self { page, shop }
    }

    /// Goes to another path of the shop, as if it was typed.
    pub(crate) fn go(&mut self, path: &str) {
        self.page.go(&format!("{}{path}", self.shop));
    }

    /// Presses the button or link with this text.
    pub(crate) fn press(&mut self, text: &str) {
        self.page.until(&control(text));
        self.page.click_on(&control(text));
    }

    /// Fills a field by its name.
    pub(crate) fn fill(&mut self, field: &str, text: &str) {
        let selector = format!("[name={field}]");
        self.page
            .until(&format!("document.querySelector('{selector}')"));
        self.page.focus(&selector);
        self.page.type_text(text);
    }

    /// Puts the product with this number into the cart and signs in as customer 1, up to the point
    /// where only the order is missing.
    pub(crate) fn ready_to_order(&mut self, product: u32) {
        self.go(&format!("/product/{product}"));
        self.press("Add to cart");
        self.page.until_shown("Added");
        self.press("Cart");
        self.press("Checkout");
        self.sign_in();
        self.page.until_shown("Place order");
        // The cart has reached the shop, too.
        self.page
            .until("JSON.parse(localStorage.cart).dirty === false");
    }

    pub(crate) fn sign_in(&mut self) {
        self.fill("email", "customer1@example.test");
        self.fill("password", "secret-1");
        self.page.press("Enter");
    }

    /// The idempotency key in the address of an order's page.
    pub(crate) fn key_of_order(&mut self) -> String {
        self.page.until("location.pathname.startsWith('/orders/')");
        self.page.text("location.pathname.split('/')[2]")
    }

    /// The key that is kept while an order's fate is open.
    pub(crate) fn kept_key(&mut self) -> Value {
        self.page
            .eval("JSON.parse(sessionStorage.getItem('checkout'))?.key ?? null")
    }

    /// What the page complained about besides requests that failed.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let mut complaints = self.page.complaints();
        complaints.retain(|complaint| !complaint.contains("Failed to load resource"));
        complaints
    }

    /// Addresses that it asked for which are not this shop's.
    pub(crate) fn strangers(&self) -> Vec<String> {
        let mut addresses = self.page.requests();
        addresses
            .retain(|address| !address.starts_with(&self.shop) && !address.starts_with("data:"));
        addresses
    }

    /// How often it did this: `POST /api/orders`.
    pub(crate) fn times(&self, call: &str) -> usize {
        self.page
            .calls()
            .iter()
            .filter(|made| *made == call)
            .count()
    }

    /// Leaves a picture where people can look at it: `target/tmp/storefront/NAME.png`.
    pub(crate) fn keep_picture(&mut self, name: &str) {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("storefront");
        std::fs::create_dir_all(&folder).expect("the target folder is writable");
        let file: PathBuf = folder.join(format!("{name}.png"));
        std::fs::write(file, self.page.picture()).expect("the target folder is writable");
    }
}

/// The first control that says this, as an expression.
fn control(text: &str) -> String {
    format!(
        "([...document.querySelectorAll('main a, main button, header a, header button')]\
         .find(e => e.textContent.startsWith({text:?}) && e.checkVisibility()) ?? null)"
    )
}

/// What the shop answers to a program.
pub(crate) async fn books(shop: &str, path: &str) -> Value {
    let address = format!("{}{path}", shop.trim_end_matches('/'));
    let answer = reqwest::get(address).await.expect("an answer");
    answer.json().await.expect("JSON")
}

/// Exactly one order was placed under this key, and the books are in order.
pub(crate) async fn assert_ordered_once(shop: &str, key: &str, orders: u64) {
    let order = books(shop, &format!("/api/orders/by-key/{key}")).await;
    assert_eq!(order["copies"], 1, "{order}");
    let invariants = books(shop, "/api/admin/invariants").await;
    assert_eq!(invariants["ok"], true, "{invariants}");
    assert_eq!(invariants["orders"], orders, "{invariants}");
}
