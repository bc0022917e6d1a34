//! A purchase while the database fails over as slowly as in the cloud.

use target_app::api::{Action, EventKind, FailoverMode, FailoverProfile};

use crate::browser::page::View;
use crate::customer::{Customer, assert_ordered_once};
use crate::harness::User;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_survives_the_failover_and_a_reload_in_the_middle() {
    let user = User::new();
    let stack = user.up(&["--replicas", "2", "--zones", "a,b"]);
    let before = stack.status().await;
    let shop = &before.edge_url;
    let mut customer = Customer::at(shop, "/", View::default());
    customer.ready_to_order(3);

    let action = Action::FailOverDatabase {
        mode: FailoverMode::Crash,
        profile: Some(FailoverProfile::Rds),
        shard: 1,
    };
    stack.change("crash", action).await;
    customer.press("Place order");
    customer.page.until_shown("Your order is being confirmed");
    customer.page.until_shown("it cannot be placed twice");
    customer.page.until_shown("Next try in");
    customer.keep_picture("confirming");
    let key = customer.kept_key();
    assert!(
        key.is_string(),
        "the key is kept as long as nothing is certain"
    );

    // Elsewhere in the shop it is still said, and what cannot be read says so.
    customer.press("Oak & Clay");
    customer
        .page
        .until_shown("The catalogue could not be loaded.");
    customer.page.until_shown("Your order is being confirmed.");
    customer.keep_picture("catalogue-in-trouble");

    customer.go("/checkout");
    customer.page.until_shown("Your order is being confirmed");
    assert_eq!(
        customer.kept_key(),
        key,
        "a reload goes on with the same key"
    );

    customer.page.until_shown("Thank you for your order");
    customer.page.until_shown("Confirmed and paid.");
    assert_eq!(customer.key_of_order(), key);
    stack
        .event(before.last_event, EventKind::ChangeEffective, "crash")
        .await;
    assert_ordered_once(shop, key.as_str().expect("a key"), 1).await;
    assert!(customer.kept_key().is_null());
    assert_eq!(customer.complaints(), Vec::<String>::new());
    assert_eq!(customer.strangers(), Vec::<String>::new());
}
