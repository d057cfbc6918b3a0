//! Words at thin vertical rules: no word overlaps another, and no rule cuts a word. Teaches to keep a promise by
//! construction: words that would overlap stand on different steps, and each rule begins below the word that it would
//! cut.

use super::svg::width_of;

/// The room between a rule and its word, and between two words.
const GAP: f64 = 3.0;

#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    pub x: f64,
    pub word: String,
    /// Whether the word stands left of its rule, because there is no room on the right.
    pub is_left: bool,
    /// The word's step: 0 is the lowest, next to the plot.
    pub step: usize,
}

impl Label {
    /// The left and the right end of the word with its gaps.
    pub fn reach(&self) -> (f64, f64) {
        let width = width_of(&self.word) + 2.0 * GAP;
        if self.is_left { (self.x - width, self.x) } else { (self.x, self.x + width) }
    }

    /// The position at which the word begins, or ends if it stands on the left.
    pub fn word_x(&self) -> f64 {
        if self.is_left { self.x - GAP } else { self.x + GAP }
    }

    /// Whether two words would overlap on the same step.
    fn meets(&self, other: &Self) -> bool {
        let ((from, to), (begins, ends)) = (self.reach(), other.reach());
        from < ends && begins < to
    }

    /// Whether the word covers a position.
    fn covers(&self, x: f64) -> bool {
        let (from, to) = self.reach();
        from < x && x < to
    }
}

/// The most rules that are placed: each further rule doubles the search.
const RULES_MAX: usize = 10;

/// A rule before its word has a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    pub x: f64,
    pub word: String,
    /// Text after the word if there is room, such as the time.
    pub more: String,
}

/// Places words at rules, between two ends. It tries every choice of sides and takes the one with the fewest steps. If
/// none fits, it drops `more` from every word. If that is not enough, a rule may cut a word, but no two words overlap.
/// Rules beyond the tenth are left out.
pub fn placed(mut rules: Vec<Rule>, ends: (f64, f64)) -> Vec<Label> {
    rules.sort_by(|one, other| one.x.total_cmp(&other.x));
    rules.truncate(RULES_MAX);
    let full = |rule: &Rule| (rule.x, format!("{} {}", rule.word, rule.more).trim_end().to_owned());
    let full: Vec<_> = rules.iter().map(full).collect();
    let short: Vec<_> = rules.into_iter().map(|rule| (rule.x, rule.word)).collect();
    uncut(&full, ends).or_else(|| uncut(&short, ends)).unwrap_or_else(|| apart(&short, ends.1))
}

/// The labels with the fewest steps such that no rule cuts a word. None if there are none.
fn uncut(rules: &[(f64, String)], (from, to): (f64, f64)) -> Option<Vec<Label>> {
    let on_sides = (0..1_u32 << rules.len()).map(|sides| {
        let label = |(place, rule): (usize, &(f64, String))| label(rule, sides & (1 << place) != 0);
        rules.iter().enumerate().map(label).collect::<Vec<_>>()
    });
    let fits = |label: &Label| label.reach().0 >= from && label.reach().1 <= to;
    let fitting = on_sides.filter(|labels| labels.iter().all(fits)).filter_map(stepped);
    fitting.min_by_key(|labels| {
        let lefts = labels.iter().filter(|label| label.is_left).count();
        (labels.iter().map(|label| label.step).max(), lefts)
    })
}

/// Labels that do not overlap, each on the lowest free step. Rules may cut them.
fn apart(rules: &[(f64, String)], to: f64) -> Vec<Label> {
    let mut labels: Vec<Label> = Vec::new();
    for rule in rules {
        let mut next = label(rule, label(rule, false).reach().1 > to);
        while labels.iter().any(|other| other.step == next.step && other.meets(&next)) {
            next.step += 1;
        }
        labels.push(next);
    }
    labels
}

fn label((x, word): &(f64, String), is_left: bool) -> Label {
    Label { x: *x, word: word.clone(), is_left, step: 0 }
}

/// Raises every word above the words whose rules would cut it. None if the rules of two words cut each other's word.
fn stepped(mut labels: Vec<Label>) -> Option<Vec<Label>> {
    // Each pass settles at least one more word, so one pass per word is enough. One further pass confirms that nothing changes.
    for _ in 0..=labels.len() {
        let steps: Vec<usize> = (0..labels.len()).map(|place| step(&labels, place)).collect();
        if labels.iter().map(|label| label.step).eq(steps.iter().copied()) {
            return Some(labels);
        }
        labels.iter_mut().zip(steps).for_each(|(label, step)| label.step = step);
    }
    None
}

fn step(labels: &[Label], place: usize) -> usize {
    let label = &labels[place];
    let below = labels.iter().enumerate().filter(|(other, rule)| {
        // Two overlapping words that cover neither rule may stand in any order: the earlier goes above.
        let is_free = label.meets(rule) && !label.covers(rule.x) && !rule.covers(label.x);
        *other != place && (label.covers(rule.x) || is_free && place < *other)
    });
    below.map(|(_, rule)| rule.step + 1).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(places: &[f64]) -> Vec<Rule> {
        let words = ["published", "lost", "detected", "located", "explained", "restored"];
        let rule =
            |(x, word): (&f64, &&str)| Rule { x: *x, word: (*word).to_owned(), more: "08:00".to_owned() };
        places.iter().zip(words.iter().cycle()).map(rule).collect()
    }

    /// Asserts that words on one step do not overlap. Returns whether a rule, which runs down from its own step, cuts a word.
    fn check(places: &[f64]) -> bool {
        let labels = placed(rules(places), (0.0, 352.0));
        assert_eq!(labels.len(), places.len());
        let mut is_cut = false;
        for (place, one) in labels.iter().enumerate() {
            assert!(one.reach().0 >= 0.0 && one.reach().1 <= 352.0, "{places:?}: {one:?}");
            for (_, other) in labels.iter().enumerate().filter(|(at, _)| *at != place) {
                assert!(one.step != other.step || !one.meets(other), "{places:?}: {one:?} and {other:?}");
                is_cut |= other.step > one.step && one.covers(other.x);
            }
        }
        is_cut
    }

    #[test]
    fn words_never_meet_and_rules_cut_them_only_where_nothing_else_is_possible() {
        assert!(!check(&[]));
        assert!(!check(&[40.0, 140.0, 240.0, 250.0, 260.0]));
        let mut cut = Vec::new();
        for first in (36..350).step_by(13) {
            for apart in [0.0, 1.0, 7.0, 23.0, 40.0, 60.0, 75.0] {
                let places = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0].map(|place| f64::from(first) + apart * place);
                let places = places.map(|place| place.min(350.0));
                if check(&places) {
                    cut.push((first, apart));
                }
            }
        }
        assert!(cut.len() <= 4, "{cut:?}");
    }

    #[test]
    fn words_with_room_stand_on_one_line() {
        let steps = |places: [f64; 2]| {
            placed(rules(&places), (0.0, 352.0)).iter().map(|label| label.step).collect::<Vec<_>>()
        };
        assert_eq!(steps([20.0, 180.0]), [0, 0]);
        assert_eq!(steps([20.0, 30.0]), [1, 0]);
    }

    #[test]
    fn what_follows_a_word_goes_first_when_there_is_no_room() {
        let words = |places: &[f64]| placed(rules(places), (0.0, 352.0)).swap_remove(0).word;
        assert_eq!(words(&[40.0, 140.0]), "published 08:00");
        assert_eq!(words(&[36.0, 96.0, 156.0, 216.0, 276.0]), "published");
    }
}
