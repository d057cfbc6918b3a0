//! Relations between every two hypotheses, laid out for fast sums. A comparison evaluates answers hundreds of thousands of times, and each
//! evaluation is quadratic in the number of hypotheses.

use crate::explanation::RIGHT_FROM;

/// The share of a wrong answer's agreement with the truth that still counts. Assumed.
const PART_WORTH: f64 = 0.5;

/// The least that a wrong answer can miss, from 0 to 1.
pub(crate) const MISSED_MIN: f64 = 1.0 - PART_WORTH;

/// The highest possible agreement of an answer that names the wrong asset.
const WRONG_ASSET: f64 = 0.7;

/// Relations between every two hypotheses. Every sum runs along a row for many hypotheses at once. So each total is added up in the order
/// of the hypotheses, and the processor adds several of them in one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Pairs {
    /// By truth: the answers that are right, ignoring the asset.
    right_answers: Vec<Vec<usize>>,
    /// By answer, then by truth: the share of the truth that a wrong answer misses.
    misses: Table,
    /// By answer: the truths for which it is right, ignoring the asset.
    right_truths: Vec<Vec<usize>>,
    /// By answer, then by truth: how similar the two still look after all looks; 0 where the answer is right.
    mistaken: Table,
}

impl Pairs {
    /// `agreements`: how far an answer (row) agrees with a truth (column). `alike`: how similar two hypotheses look after all possible
    /// looks, once customers are served again; 1 means identical.
    pub fn new(agreements: &[Vec<f64>], alike: &[Vec<f64>]) -> Self {
        let count = agreements.len();
        let is_right = |given: usize, truth: usize| given == truth || agreements[given][truth] >= RIGHT_FROM;
        let right = |is_right: &dyn Fn(usize, usize) -> bool| -> Vec<Vec<usize>> {
            (0..count).map(|row| (0..count).filter(|column| is_right(row, *column)).collect()).collect()
        };
        let wrong = |given, truth, figure: f64| if is_right(given, truth) { 0.0 } else { figure };
        Self {
            right_answers: right(&|truth, given| is_right(given, truth)),
            misses: Table::of(count, |given, truth| {
                wrong(given, truth, 1.0 - PART_WORTH * agreements[given][truth])
            }),
            right_truths: right(&is_right),
            mistaken: Table::of(count, |given, truth| wrong(given, truth, alike[truth][given])),
        }
    }

    /// The probability that an answer is right, ignoring the asset.
    pub(crate) fn right(&self, answer: usize, belief: &[f64]) -> f64 {
        self.right_truths[answer].iter().map(|truth| belief[*truth]).sum()
    }

    /// The expected share of the truth that an answer misses, from 0 (nothing) to 1 (all). `right`: the probability that the answer is
    /// right, ignoring the asset. `named`: the probability that it names the right asset.
    pub(crate) fn missed(&self, answer: usize, belief: &[f64], right: f64, named: f64) -> f64 {
        let wrong: f64 =
            belief.iter().zip(self.misses.row(answer)).map(|(share, misses)| share * misses).sum();
        wrong + right * (1.0 - named) * (1.0 - PART_WORTH * WRONG_ASSET)
    }

    /// By truth: the probability that a responder who has taken all looks gives the right answer. Hypotheses that share an answer need not
    /// be told apart.
    pub(crate) fn told_apart(&self, belief: &[f64]) -> Vec<f64> {
        let right = |answers: &Vec<usize>| -> f64 { answers.iter().map(|given| belief[*given]).sum() };
        let right = self.right_answers.iter().map(right);
        right.zip(self.mistaken.sums(belief)).map(|(right, wrong)| right / (right + wrong)).collect()
    }
}

/// A square matrix over the hypotheses, stored row by row.
#[derive(Clone, Debug, PartialEq)]
struct Table {
    count: usize,
    figures: Vec<f64>,
}

impl Table {
    fn of(count: usize, figure: impl Fn(usize, usize) -> f64) -> Self {
        let places = (0..count).flat_map(|row| (0..count).map(move |column| (row, column)));
        Self { count, figures: places.map(|(row, column)| figure(row, column)).collect() }
    }

    fn row(&self, row: usize) -> &[f64] {
        &self.figures[row * self.count..][..self.count]
    }

    /// By column: the sum of its figures, each weighted by the share of its row.
    fn sums(&self, shares: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.count];
        for (row, share) in possible(shares) {
            sums.iter_mut().zip(self.row(row)).for_each(|(sum, figure)| *sum += share * figure);
        }
        sums
    }
}

/// The hypotheses that are not ruled out, with their probabilities.
pub(crate) fn possible(belief: &[f64]) -> impl Iterator<Item = (usize, f64)> {
    belief.iter().copied().enumerate().filter(|(_, share)| *share > 0.0)
}
