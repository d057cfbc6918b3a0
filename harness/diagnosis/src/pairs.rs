//! How any two hypotheses stand to each other, laid out so that sums over all of them are quick: what an answer is worth is asked
//! hundreds of thousands of times in a comparison, and costs the square of the number of hypotheses each time.

use crate::explanation::RIGHT_FROM;

/// How much of what an answer agrees with the truth is worth something when it is wrong all the same. Assumed.
const PART_WORTH: f64 = 0.5;

/// How far an answer with the wrong asset agrees at best.
const WRONG_ASSET: f64 = 0.7;

/// Tables of `count` times `count` figures, row after row. Every sum runs along a row for many hypotheses at once, so that each is added
/// up in the order of the hypotheses, and the processor adds several in one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Pairs {
    count: usize,
    /// A row for each truth: 1 where the answer is right as far as its parts without the asset go.
    is_right: Vec<f64>,
    /// A row for each truth: what a wrong answer misses.
    misses: Vec<f64>,
    /// A row for each answer: 1 where it is right.
    is_answered: Vec<f64>,
    /// A row for each answer: how far it still looks like the truth when all looks are taken, where it is wrong.
    mistaken: Vec<f64>,
}

impl Pairs {
    /// From how far an answer (row) agrees with a truth (column), and how alike any two are to who takes all looks there are when customers
    /// are served again: 1 is the same.
    pub fn new(agreements: &[Vec<f64>], alike: &[Vec<f64>]) -> Self {
        let count = agreements.len();
        let is_right = |given: usize, truth: usize| given == truth || agreements[given][truth] >= RIGHT_FROM;
        let table = |figure: &dyn Fn(usize, usize) -> f64| {
            (0..count).flat_map(|row| (0..count).map(move |column| figure(row, column))).collect()
        };
        let wrong = |given, truth, figure: f64| if is_right(given, truth) { 0.0 } else { figure };
        Self {
            count,
            is_right: table(&|truth, given| f64::from(is_right(given, truth))),
            misses: table(&|truth, given| wrong(given, truth, 1.0 - PART_WORTH * agreements[given][truth])),
            is_answered: table(&|given, truth| f64::from(is_right(given, truth))),
            mistaken: table(&|given, truth| wrong(given, truth, alike[truth][given])),
        }
    }

    /// For each answer, how much of the truth it is expected to miss, from none (0) to all (1). `named`: for each, how probable it is that
    /// it names the right asset.
    pub(crate) fn missed(&self, belief: &[f64], named: impl Iterator<Item = f64>) -> Vec<f64> {
        let without_asset: Vec<f64> =
            named.map(|named| (1.0 - named) * (1.0 - PART_WORTH * WRONG_ASSET)).collect();
        let mut missed = vec![0.0; self.count];
        for (truth, share) in possible(belief) {
            let rows = self.row(&self.is_right, truth).iter().zip(self.row(&self.misses, truth));
            for ((missed, asset), (is_right, misses)) in missed.iter_mut().zip(&without_asset).zip(rows) {
                *missed += share * (is_right * asset + misses);
            }
        }
        missed
    }

    /// For each truth, the chance that it or its like is what one answers when all looks are taken.
    pub(crate) fn told_apart(&self, belief: &[f64]) -> Vec<f64> {
        let (mut right, mut wrong) = (vec![0.0; self.count], vec![0.0; self.count]);
        for (given, share) in possible(belief) {
            // Whatever makes the same answer need not be told apart.
            let rows = self.row(&self.is_answered, given).iter().zip(self.row(&self.mistaken, given));
            for ((right, wrong), (is_answered, mistaken)) in right.iter_mut().zip(&mut wrong).zip(rows) {
                *right += share * is_answered;
                *wrong += share * mistaken;
            }
        }
        right.iter().zip(wrong).map(|(right, wrong)| right / (right + wrong)).collect()
    }

    fn row<'a>(&self, table: &'a [f64], place: usize) -> &'a [f64] {
        &table[place * self.count..][..self.count]
    }
}

/// The hypotheses that are not ruled out, each with its probability.
pub(crate) fn possible(belief: &[f64]) -> impl Iterator<Item = (usize, f64)> {
    belief.iter().copied().enumerate().filter(|(_, share)| *share > 0.0)
}
