//! Label selectors, as budgets and network policies carry them.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

/// Whether these labels match. An empty selector matches everything.
pub(super) fn matches(selector: &LabelSelector, labels: &BTreeMap<String, String>) -> bool {
    let equal =
        (selector.match_labels.iter().flatten()).all(|(key, value)| labels.get(key) == Some(value));
    let fits = selector.match_expressions.iter().flatten().all(|rule| {
        let found = labels.get(&rule.key);
        let listed = |value: &String| rule.values.iter().flatten().any(|one| one == value);
        match rule.operator.as_str() {
            "In" => found.is_some_and(listed),
            "NotIn" => !found.is_some_and(listed),
            "Exists" => found.is_some(),
            "DoesNotExist" => found.is_none(),
            // What we do not understand may well match.
            _ => true,
        }
    });
    equal && fits
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rules_are_joined_by_and() {
        let labels = BTreeMap::from([("app".to_owned(), "shop".to_owned())]);
        let rule = |key: &str, operator: &str, values: &[&str]| {
            json!({ "matchLabels": { "app": "shop" }, "matchExpressions": [
                { "key": key, "operator": operator, "values": values }
            ] })
        };
        for (selector, expected) in [
            (json!({}), true),
            (json!({ "matchLabels": { "app": "cart" } }), false),
            (rule("app", "In", &["shop", "cart"]), true),
            (rule("app", "NotIn", &["shop"]), false),
            (rule("tier", "Exists", &[]), false),
            (rule("tier", "DoesNotExist", &[]), true),
            (rule("tier", "NotIn", &["web"]), true),
        ] {
            let parsed = serde_json::from_value(selector.clone()).expect("a selector");
            assert_eq!(matches(&parsed, &labels), expected, "{selector}");
        }
    }
}
