//! What was delivered to whom, and how often. Pure.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use super::message::Message;

/// The sink's sums.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailBooks {
    /// Messages that a sender was told were taken.
    pub accepted: u64,
    /// Distinct messages: these a customer finds in the mailbox.
    pub delivered: u64,
    /// Repeats of a delivered message: taken, and delivered to nobody.
    pub suppressed: u64,
    /// Orders that have at least one delivered message.
    pub orders: u64,
    /// Orders whose customer got two or more: each is a promise broken.
    pub orders_mailed_twice: u64,
}

/// An order and how many messages about it were delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderMails {
    /// Its number.
    pub order: i64,
    /// Distinct messages.
    pub mails: u32,
}

/// The books behind the sums.
#[derive(Debug, Default)]
pub(super) struct Books {
    sums: MailBooks,
    ids: HashSet<String>,
    orders: BTreeMap<i64, u32>,
}

impl Books {
    /// Takes a message. Whether it is delivered; a repeat is not.
    pub(super) fn take(&mut self, message: Message) -> bool {
        self.sums.accepted += 1;
        // Without an id nothing tells a repeat: it is delivered as often as it is sent.
        if message.id.is_some_and(|id| !self.ids.insert(id)) {
            self.sums.suppressed += 1;
            return false;
        }
        self.sums.delivered += 1;
        if let Some(order) = message.order {
            let mails = self.orders.entry(order).or_default();
            *mails += 1;
            match *mails {
                1 => self.sums.orders += 1,
                2 => self.sums.orders_mailed_twice += 1,
                _ => {}
            }
        }
        true
    }

    pub(super) fn sums(&self) -> MailBooks {
        self.sums
    }

    /// Every order that has a delivered message, in their order.
    pub(super) fn orders(&self) -> Vec<OrderMails> {
        let orders = self.orders.iter();
        orders
            .map(|(order, mails)| OrderMails {
                order: *order,
                mails: *mails,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(id: &str, order: i64) -> Message {
        Message {
            id: Some(id.into()),
            order: Some(order),
        }
    }

    #[test]
    fn a_repeat_is_suppressed_and_a_second_message_is_a_broken_promise() {
        let mut books = Books::default();
        assert!(books.take(mail("a", 1)));
        assert!(!books.take(mail("a", 1)), "a repeat");
        assert!(books.take(mail("b", 2)));
        let sums = MailBooks {
            accepted: 3,
            delivered: 2,
            suppressed: 1,
            orders: 2,
            orders_mailed_twice: 0,
        };
        assert_eq!(books.sums(), sums);
        assert!(books.take(mail("c", 1)), "another message for the same");
        assert!(books.take(mail("d", 1)));
        assert_eq!(
            (books.sums().orders, books.sums().orders_mailed_twice),
            (2, 1)
        );
        let mails: Vec<_> = books.orders().iter().map(|o| (o.order, o.mails)).collect();
        assert_eq!(mails, [(1, 3), (2, 1)]);
    }

    #[test]
    fn without_an_id_every_message_is_a_new_one() {
        let mut books = Books::default();
        let bare = Message {
            id: None,
            order: Some(1),
        };
        assert!(books.take(bare.clone()) && books.take(bare));
        assert_eq!(books.sums().orders_mailed_twice, 1);
    }
}
