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
        .filter(|candidate| candidate.len() <= 100)
        .map(|candidate| (likeness(word, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= 0.72)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

fn likeness(word: &str, candidate: &str) -> f64 {
    let (word, candidate) = (word.to_lowercase(), candidate.to_lowercase());
    if word == candidate.replace(['_', ' '], "-") || word == candidate.replace(['-', ' '], "_") {
        return 1.0;
    }
    strsim::jaro_winkler(&word, &candidate)
        .min(strsim::normalized_damerau_levenshtein(&word, &candidate) + 0.25)
}
