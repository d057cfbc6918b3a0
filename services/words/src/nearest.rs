//! The known word that a misspelt one most resembles. Teaches that an error should offer the way out, not only the list of doors.

/// How alike two words must be, from 0 to 1: about a quarter of the letters may differ. Below that a suggestion is a guess, and
/// sends people the wrong way.
const ALIKE_MIN: f64 = 0.72;

/// The word that `word` most resembles; none if it resembles none of them.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace(['_', ' '], "-");
    let wanted = plain(word);
    let alike = known.into_iter().map(|known| {
        let known_plain = plain(known);
        // A word that was cut short, or that goes on, is not far from its whole.
        let is_part = wanted.len() >= 3 && (known_plain.contains(&wanted) || wanted.contains(&known_plain));
        let likeness = strsim::normalized_damerau_levenshtein(&wanted, &known_plain);
        (if is_part { likeness.max(ALIKE_MIN) } else { likeness }, known)
    });
    let (likeness, known) = alike.max_by(|(one, _), (other, _)| one.total_cmp(other))?;
    (likeness >= ALIKE_MIN).then_some(known)
}

/// `; did you mean 'restart'?`, or nothing if no known word is near.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, known).map(|known| format!("; did you mean '{known}'?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_and_a_far_one_is_not_offered() {
        let known = ["promo-banner", "price-list", "home-intro", "cache", "category-coffee"];
        let check = |word: &str, expected: Option<&str>| assert_eq!(nearest(word, known), expected, "{word}");
        check("promo-baner", Some("promo-banner"));
        check("Promo Banner", Some("promo-banner"));
        check("banner", Some("promo-banner"));
        check("cahce", Some("cache"));
        check("pricelist", Some("price-list"));
        check("price_list", Some("price-list"));
        check("zebra", None);
        check("category-tea", None);
        check("", None);
        assert_eq!(nearest("cache", []), None);
        assert_eq!(did_you_mean("cahce", known), "; did you mean 'cache'?");
        assert_eq!(did_you_mean("zebra", known), "");
    }
}
