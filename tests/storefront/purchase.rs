//! From the first page to the confirmed order.

use crate::browser::page::View;
use crate::customer::{Customer, assert_ordered_once};
use crate::harness::User;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn someone_searches_chooses_signs_in_and_buys() {
    let user = User::new();
    let stack = user.up(&["--replicas", "2", "--zones", "a,b"]);
    let shop = stack.status().await.edge_url;
    let mut customer = Customer::at(&shop, "/", View::default());

    // What the server rendered was taken over, and nothing had to be asked for again.
    customer.page.until_shown("2,000 products");
    assert_eq!(customer.times("GET /api/products?q=&page=1"), 0);

    customer.page.focus("#q");
    customer.page.type_text("copper lamp");
    customer.page.until_shown("for “copper lamp”");
    assert_eq!(
        customer.page.text("location.pathname + location.search"),
        "/?q=copper%20lamp"
    );
    customer.keep_picture("search");
    customer.page.click(".card h3 a");
    customer
        .page
        .until("location.pathname.startsWith('/product/')");
    customer.page.until_shown("In stock");
    let focus = customer.page.text("document.activeElement.tagName");
    assert_eq!(focus, "H1", "whoever follows a link hears where they are");
    customer.keep_picture("product");

    customer.press("Add to cart");
    customer.page.until_shown("Added");
    customer.press("Cart");
    customer.page.until_shown("Kept in this browser");
    customer.page.click("[aria-label$=more]");
    customer
        .page
        .until("document.querySelector('.badge').textContent.startsWith('2')");
    customer.keep_picture("cart");
    customer.press("Checkout");
    customer.keep_picture("sign-in");
    customer.sign_in();
    customer.page.until_shown("Place order");
    customer.keep_picture("checkout");
    customer.press("Place order");

    customer.page.until_shown("Thank you for your order");
    customer.page.until_shown("Confirmed and paid.");
    customer.keep_picture("order");
    let key = customer.key_of_order();
    assert_ordered_once(&shop, &key, 1).await;
    assert!(customer.kept_key().is_null());
    customer
        .page
        .until("document.querySelector('.badge').textContent.startsWith('0')");

    customer.press("All orders");
    customer.page.until_shown("Your orders");
    customer
        .page
        .until("document.querySelectorAll('.orders li').length === 1");
    customer.keep_picture("orders");
    assert_eq!(customer.complaints(), Vec::<String>::new());
    assert_eq!(customer.strangers(), Vec::<String>::new());
}

/// The order was written and its answer was lost: the page finds it and does not send it again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_whose_answer_was_lost_is_found() {
    let user = User::new();
    let stack = user.up(&["--replicas", "1", "--zones", "a,b"]);
    let shop = stack.status().await.edge_url;
    let mut customer = Customer::at(&shop, "/", View::default());
    customer.ready_to_order(2);

    customer.page.lose_answers("*/api/orders");
    customer.press("Place order");
    customer.page.lose_one();
    customer.page.until_shown("Thank you for your order");
    let key = customer.key_of_order();
    assert_eq!(customer.times("POST /api/orders"), 1);
    assert!(customer.times(&format!("GET /api/orders/by-key/{key}")) >= 1);
    assert_ordered_once(&shop, &key, 1).await;
    assert_eq!(customer.complaints(), Vec::<String>::new());
}
