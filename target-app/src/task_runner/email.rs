//! The confirmation that a customer gets for an order.

use std::fmt::Write;

/// What a confirmation is written from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OrderSummary {
    pub(super) order: i64,
    pub(super) recipient: String,
    pub(super) customer: String,
    pub(super) total_cents: i64,
    pub(super) lines: Vec<OrderLine>,
}

/// One product of the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OrderLine {
    pub(super) name: String,
    pub(super) quantity: i64,
    pub(super) unit_price_cents: i64,
}

/// A text to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Email {
    pub(super) recipient: String,
    pub(super) subject: String,
    pub(super) body: String,
}

/// Writes the confirmation of an order.
pub(super) fn confirmation(order: &OrderSummary) -> Email {
    let mut body = format!("Dear {},\n\nthank you for your order.\n\n", order.customer);
    for line in &order.lines {
        let price = euros(line.quantity * line.unit_price_cents);
        // Writing to a String does not fail.
        let _ = writeln!(body, "{:>4} x {:<40} {price:>12}", line.quantity, line.name);
    }
    let _ = writeln!(body, "\nTotal: {}", euros(order.total_cents));
    Email {
        recipient: order.recipient.clone(),
        subject: format!("Your order {}", order.order),
        body,
    }
}

fn euros(cents: i64) -> String {
    format!("€{}.{:02}", cents / 100, cents % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_was_bought_and_for_how_much() {
        let email = confirmation(&OrderSummary {
            order: 7,
            recipient: "a@example.test".into(),
            customer: "A".into(),
            total_cents: 1_205,
            lines: vec![OrderLine {
                name: "Plain oak mug".into(),
                quantity: 5,
                unit_price_cents: 241,
            }],
        });
        assert_eq!(email.subject, "Your order 7");
        assert!(email.body.contains("5 x Plain oak mug"), "{}", email.body);
        assert!(email.body.ends_with("Total: €12.05\n"), "{}", email.body);
    }
}
