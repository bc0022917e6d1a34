//! What the shop has and whom it knows when it opens: the same every time.

use super::PasswordCost;
use super::password::PasswordHashing;

/// Enough of everything that no load test sells out by accident.
pub(super) const STOCK: i64 = 1_000_000;

const THINGS: [(&str, &str); 20] = [
    ("mug", "kitchen"),
    ("lamp", "lighting"),
    ("desk", "office"),
    ("chair", "office"),
    ("kettle", "kitchen"),
    ("pillow", "bedroom"),
    ("blanket", "bedroom"),
    ("notebook", "office"),
    ("pen", "office"),
    ("plate", "kitchen"),
    ("candle", "lighting"),
    ("mirror", "hall"),
    ("shelf", "hall"),
    ("clock", "hall"),
    ("basket", "hall"),
    ("towel", "bathroom"),
    ("vase", "garden"),
    ("planter", "garden"),
    ("rug", "bedroom"),
    ("teapot", "kitchen"),
];
const MATERIALS: [&str; 11] = [
    "oak", "steel", "linen", "clay", "glass", "wool", "copper", "cork", "bamboo", "marble",
    "walnut",
];
const STYLES: [&str; 13] = [
    "Plain", "Nordic", "Rustic", "Modern", "Classic", "Slim", "Sturdy", "Little", "Grand", "Quiet",
    "Bright", "Soft", "Bold",
];

/// One article of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Product {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) category: &'static str,
    pub(super) price_cents: i64,
}

/// The product with number `id`, from 1. The lists' lengths have no common factor, so that names
/// repeat only after 2,860 products.
pub(super) fn product(id: u32) -> Product {
    let at = id.saturating_sub(1) as usize;
    let (thing, category) = THINGS[at % THINGS.len()];
    let material = MATERIALS[at % MATERIALS.len()];
    let style = STYLES[at % STYLES.len()];
    Product {
        id: i64::from(id),
        name: format!("{style} {material} {thing}"),
        description: format!("A {thing} made of {material}, for the {category}. Article {id}."),
        category,
        price_cents: 195 + (i64::from(id) * 7_919) % 19_800,
    }
}

/// E-mail address, name and password hash of customers 1 to `count`.
///
/// Hashing is spread over threads: it is most of what seeding costs.
pub(super) fn customers(count: u32) -> Vec<(String, String, String)> {
    const THREADS: u32 = 4;
    let hashing =
        PasswordHashing::new(PasswordCost::default()).expect("the default cost is a valid one");
    let each = count.div_ceil(THREADS).max(1);
    std::thread::scope(|scope| {
        let parts: Vec<_> = (0..THREADS)
            .map(|part| {
                let numbers = (part * each + 1)..=((part + 1) * each).min(count);
                let hashing = &hashing;
                scope.spawn(move || {
                    numbers
                        .map(|number| customer(number, hashing))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        parts
            .into_iter()
            .flat_map(|part| part.join().expect("hashing does not panic"))
            .collect()
    })
}

fn customer(number: u32, hashing: &PasswordHashing) -> (String, String, String) {
    // A salt has to be different for everyone, not secret: a number serves, and seeds repeatably.
    let salt = (u128::from(number) << 64 | 0x006c_6f61_6474_6573).to_le_bytes();
    (
        format!("customer{number}@example.test"),
        format!("Customer {number}"),
        hashing.hash_salted(&format!("secret-{number}"), salt),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn products_are_repeatable_distinct_and_searchable() {
        assert_eq!(product(1), product(1));
        let names: HashSet<_> = (1..=2_000).map(|id| product(id).name).collect();
        assert_eq!(names.len(), 2_000);
        for word in ["mug", "lamp", "desk"] {
            assert!(names.iter().filter(|name| name.ends_with(word)).count() >= 100);
        }
        assert!((1..=2_000).all(|id| product(id).price_cents > 0));
    }

    #[test]
    fn customers_come_in_order_with_their_passwords() {
        let seeded = customers(5);
        assert_eq!(seeded.len(), 5);
        let hashing = PasswordHashing::new(PasswordCost::default()).unwrap();
        for (at, (email, _, hash)) in seeded.iter().enumerate() {
            assert_eq!(email, &format!("customer{}@example.test", at + 1));
            assert!(hashing.verify(&format!("secret-{}", at + 1), Some(hash)));
        }
        assert!(customers(0).is_empty());
    }
}
