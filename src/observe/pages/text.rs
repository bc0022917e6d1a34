//! Prometheus' text format, version 0.0.4, as far as samples go: every line that is no comment is
//! `name{label="value",…} number [timestamp]`.
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>

use std::borrow::Cow;

/// Labels and their values, those without escapes.
type Labels<'t> = Vec<(&'t str, Cow<'t, str>)>;

/// One sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Line<'t> {
    /// Name and labels as written: the same sample has the same text on every page of a process.
    pub series: &'t str,
    /// Its name.
    pub name: &'t str,
    /// Its labels and their values.
    pub labels: Labels<'t>,
    /// Its value.
    pub value: f64,
}

/// The samples of a page. What is no sample is passed over.
pub fn lines(page: &str) -> impl Iterator<Item = Line<'_>> {
    page.lines().filter_map(line)
}

fn line(text: &str) -> Option<Line<'_>> {
    let text = text.trim();
    if text.starts_with('#') {
        return None;
    }
    let (name, labels, rest) = series(text)?;
    let value = rest.split_ascii_whitespace().next()?;
    Some(Line {
        series: text[..text.len() - rest.len()].trim_end(),
        name,
        labels,
        value: value.parse().ok()?,
    })
}

/// Reads `name{label="value"}` at the beginning of a text: name, labels, and the rest of the text.
#[must_use]
pub fn series(text: &str) -> Option<(&str, Labels<'_>, &str)> {
    let in_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let end = text.find(|c| !in_name(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let Some(mut rest) = rest.strip_prefix('{') else {
        return Some((name, Vec::new(), rest));
    };
    let mut labels = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', ',']);
        if let Some(rest) = rest.strip_prefix('}') {
            return Some((name, labels, rest));
        }
        let (label, after) = rest.split_once('=')?;
        let (value, after) = quoted(after.trim_start())?;
        labels.push((label.trim(), value));
        rest = after;
    }
}

/// A text in quotes and what follows it. Backslash, quote and line feed are escaped in it.
fn quoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let text = text.strip_prefix('"')?;
    let mut escaped = false;
    let end = text.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })?;
    let (value, rest) = (&text[..end], &text[end + 1..]);
    if !value.contains('\\') {
        return Some((Cow::Borrowed(value), rest));
    }
    let mut plain = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n') => plain.push('\n'),
                Some(other) => plain.push(other),
                None => {}
            },
            (c, false) => plain.push(c),
        }
    }
    Some((Cow::Owned(plain), rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn samples_have_a_name_labels_and_a_value() {
        let page = "# HELP jobs Jobs.\n# TYPE jobs gauge\n\
                    jobs{state=\"waiting\",pod=\"a\\\"b\\\\c\"} 3\nup 1 1395066363000\n\
                    nonsense\nlatency_bucket{le=\"+Inf\"} 1e3\n";
        let found: Vec<Line<'_>> = lines(page).collect();
        assert_eq!(found.len(), 3);
        assert_eq!(found[0].name, "jobs");
        assert_eq!(found[0].labels[0], ("state", Cow::Borrowed("waiting")));
        assert_eq!(found[0].labels[1].1, "a\"b\\c");
        assert_eq!((found[1].series, found[1].value), ("up", 1.0));
        assert_eq!(found[2].labels[0].1, "+Inf");
        assert_eq!(found[2].value.to_bits(), 1000.0_f64.to_bits());
    }

    proptest! {
        #[test]
        fn whatever_a_page_says_it_is_read_to_its_end(page in ".{0,200}") {
            let _ = lines(&page).count();
        }

        #[test]
        fn a_label_comes_back_as_it_was(value in ".{0,40}") {
            let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let text = format!("x{{a=\"{escaped}\"}} 1");
            prop_assert_eq!(&series(&text).unwrap().1[0].1, &value);
        }
    }
}
