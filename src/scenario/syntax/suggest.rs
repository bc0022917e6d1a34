//! The word that was probably meant.

/// The candidate most like the word, if any is like it at all.
pub(crate) fn did_you_mean<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    // Quadratic in the length: a word longer than any key is not a misspelt one.
    if word.len() > 100 {
        return None;
    }
    candidates
        .into_iter()
        .filter_map(|candidate| Some((likeness(word, candidate)?, candidate)))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// How like the candidate the word is, from 0 to 1; `None` if it is not.
fn likeness(word: &str, candidate: &str) -> Option<f64> {
    let plain = |text: &str| text.to_lowercase().replace(['-', ' '], "_");
    let (word, candidate) = (plain(word), plain(candidate));
    let length = word.chars().count().max(candidate.chars().count());
    let slips = match length {
        0..=2 => 0,
        3..=5 => 1,
        _ => length / 3,
    };
    let distance = strsim::damerau_levenshtein(&word, &candidate);
    if distance <= slips {
        return Some(1.0 - distance as f64 / length.max(1) as f64);
    }
    // Half a name is understood too: `front` is `front page`.
    let shorter = word.len().min(candidate.len());
    let begins = candidate.starts_with(&word) || word.starts_with(&candidate);
    (begins && shorter >= 4).then_some(0.5)
}

#[cfg(test)]
mod tests {
    use super::did_you_mean;

    #[test]
    fn slips_are_forgiven_in_proportion_to_the_length() {
        let keys = ["arrivals", "users", "journey", "get", "b", "front page"];
        for (word, meant) in [
            ("arival", Some("arrivals")),
            ("user", Some("users")),
            ("jorney", Some("journey")),
            ("gett", Some("get")),
            ("front", Some("front page")),
            ("Front-Page", Some("front page")),
            ("d", None),
            ("zzz", None),
            ("", None),
        ] {
            assert_eq!(did_you_mean(word, keys), meant, "{word}");
        }
    }
}
