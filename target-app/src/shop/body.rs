//! Reading request bodies, with every mistake told at once.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::error::{FieldErrors, ShopError};

/// Different products in one order or cart.
const MOST_ITEMS: usize = 50;
const MOST_OF_ONE: i64 = 100;

/// A JSON object whose fields are asked for one by one.
#[derive(Debug)]
pub(crate) struct Fields {
    object: serde_json::Map<String, Value>,
    errors: FieldErrors,
}

impl Fields {
    /// The object in `body`; an empty body is an empty object.
    pub(crate) fn read(body: &[u8]) -> Result<Self, ShopError> {
        let value = if body.is_empty() {
            Value::Object(serde_json::Map::new())
        } else {
            serde_json::from_slice(body)
                .map_err(|error| ShopError::BadRequest(format!("the body is not JSON: {error}")))?
        };
        match value {
            Value::Object(object) => Ok(Self {
                object,
                errors: FieldErrors::new(),
            }),
            _ => Err(ShopError::BadRequest(
                "the body must be a JSON object".into(),
            )),
        }
    }

    /// A text between `shortest` and `longest` characters long.
    pub(crate) fn text(&mut self, name: &str, shortest: usize, longest: usize) -> String {
        match self.object.get(name) {
            None | Some(Value::Null) => self.wrong(name, "is required"),
            Some(Value::String(text))
                if (shortest..=longest).contains(&text.chars().count()) && !text.contains('\0') =>
            {
                return text.clone();
            }
            Some(_) => self.wrong(
                name,
                format!("must be a text of {shortest} to {longest} characters"),
            ),
        }
        String::new()
    }

    /// An e-mail address, in lower case.
    pub(crate) fn email(&mut self, name: &str) -> String {
        let text = self.text(name, 3, 254).to_lowercase();
        let is_address = text.split_once('@').is_some_and(|(user, host)| {
            !user.is_empty() && !host.is_empty() && !host.contains('@')
        }) && !text.contains(char::is_whitespace);
        if !is_address && !self.errors.contains_key(name) {
            self.wrong(name, "must be an e-mail address");
        }
        text
    }

    /// An instant as RFC 3339 writes it, when there is one.
    pub(crate) fn instant(&mut self, name: &str) -> Option<Timestamp> {
        match self.object.get(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.is_empty() => None,
            Some(value) => {
                let instant = value.as_str().and_then(|text| text.parse().ok());
                if instant.is_none() {
                    self.wrong(name, "must be a time such as 2030-01-31T12:00:00Z");
                }
                instant
            }
        }
    }

    /// `items`, when there are any.
    pub(crate) fn items(&mut self, required: bool) -> Option<Items> {
        match self.object.remove("items") {
            None | Some(Value::Null) => {
                if required {
                    self.wrong("items", "is required");
                }
                None
            }
            Some(Value::Array(list)) if list.len() > MOST_ITEMS => {
                self.wrong("items", format!("must have at most {MOST_ITEMS} entries"));
                None
            }
            Some(Value::Array(list)) => {
                let mut items = Items::default();
                for (at, entry) in list.iter().enumerate() {
                    if let Some((product, quantity)) = self.item(&format!("items[{at}]."), entry) {
                        items.add(product, quantity);
                    }
                }
                Some(items)
            }
            Some(_) => {
                self.wrong("items", "must be a list of {product, quantity}");
                None
            }
        }
    }

    /// `product` and `quantity` of the object itself.
    pub(crate) fn single_item(&mut self) -> Option<(i64, i64)> {
        let entry = Value::Object(self.object.clone());
        self.item("", &entry)
    }

    fn item(&mut self, path: &str, entry: &Value) -> Option<(i64, i64)> {
        let product = self.number(&format!("{path}product"), &entry["product"], i64::MAX);
        let quantity = self.number(&format!("{path}quantity"), &entry["quantity"], MOST_OF_ONE);
        product.zip(quantity)
    }

    /// A whole number from 1 to `most`; as text too, since templates often yield text.
    fn number(&mut self, path: &str, value: &Value, most: i64) -> Option<i64> {
        let number = match value {
            Value::Null => {
                self.wrong(path, "is required");
                return None;
            }
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        let valid = number.filter(|number| (1..=most).contains(number));
        if valid.is_none() {
            let range = if most == i64::MAX {
                "from 1".into()
            } else {
                format!("from 1 to {most}")
            };
            self.wrong(path, format!("must be a whole number {range}"));
        }
        valid
    }

    fn wrong(&mut self, path: &str, problem: impl Into<String>) {
        self.errors.insert(path.into(), problem.into());
    }

    /// Everything that was asked for is valid, or what is not.
    pub(crate) fn finish(self) -> Result<(), ShopError> {
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(ShopError::Invalid(self.errors))
        }
    }
}

/// Products and quantities, each product once, in the order of their ids: the order in which all
/// transactions lock them, so that none waits for another in a circle.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Items(BTreeMap<i64, i64>);

impl Items {
    /// Adds to what is there of `product`.
    pub(crate) fn add(&mut self, product: i64, quantity: i64) {
        *self.0.entry(product).or_default() += quantity;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn products(&self) -> Vec<i64> {
        self.0.keys().copied().collect()
    }

    pub(crate) fn quantities(&self) -> Vec<i64> {
        self.0.values().copied().collect()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (i64, i64)> {
        self.0
            .iter()
            .map(|(product, quantity)| (*product, *quantity))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn items(body: &Value) -> Result<Items, FieldErrors> {
        let mut fields = Fields::read(body.to_string().as_bytes()).unwrap();
        let items = fields.items(true);
        match fields.finish() {
            Ok(()) => Ok(items.unwrap()),
            Err(ShopError::Invalid(errors)) => Err(errors),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn numbers_may_be_text_and_the_same_product_adds_up() {
        let found = items(&json!({"items": [
            {"product": "7", "quantity": " 2 "}, {"product": 3, "quantity": 1}, {"product": 7, "quantity": 1},
        ]}));
        assert_eq!(found.unwrap().iter().collect::<Vec<_>>(), [(3, 1), (7, 3)]);
    }

    #[test]
    fn every_mistake_is_told_with_its_place() {
        let errors = items(&json!({"items": [
            {"product": 0, "quantity": 1}, {"quantity": 101}, 5, {"product": 1, "quantity": 1.5},
        ]}))
        .unwrap_err();
        let paths: Vec<_> = errors.keys().map(String::as_str).collect();
        assert_eq!(
            paths,
            [
                "items[0].product",
                "items[1].product",
                "items[1].quantity",
                "items[2].product",
                "items[2].quantity",
                "items[3].quantity",
            ]
        );
        assert_eq!(errors["items[1].product"], "is required");
        assert_eq!(
            errors["items[1].quantity"],
            "must be a whole number from 1 to 100"
        );
    }

    #[test]
    fn addresses_need_both_sides_of_one_at() {
        for (text, valid) in [
            ("a@b", true),
            ("A@B.test", true),
            ("a@", false),
            ("@b", false),
            ("a@b@c", false),
            ("a b@c", false),
        ] {
            let body = json!({ "email": text }).to_string();
            let mut fields = Fields::read(body.as_bytes()).unwrap();
            let read = fields.email("email");
            assert_eq!(fields.finish().is_ok(), valid, "{text}");
            assert!(!valid || read == text.to_lowercase(), "{text}");
        }
    }

    #[test]
    fn what_is_no_json_object_is_a_bad_request() {
        for body in ["{", "[]", "1", "\u{7f}"] {
            let error = Fields::read(body.as_bytes()).unwrap_err();
            assert!(matches!(error, ShopError::BadRequest(_)), "{body}");
        }
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(mut fields) = Fields::read(&body) {
                let _ = (fields.items(true), fields.email("email"), fields.single_item());
                let _ = fields.finish();
            }
        }

        #[test]
        fn valid_items_come_out_as_they_went_in(
            wanted in prop::collection::btree_map(1..i64::MAX, 1..=MOST_OF_ONE, 0..20),
            as_text in any::<bool>(),
        ) {
            let list: Vec<_> = wanted.iter().map(|(product, quantity)| if as_text {
                json!({"product": product.to_string(), "quantity": quantity.to_string()})
            } else {
                json!({"product": product, "quantity": quantity})
            }).collect();
            prop_assert_eq!(items(&json!({ "items": list })), Ok(Items(wanted)));
        }
    }
}
