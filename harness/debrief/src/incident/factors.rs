//! Contributing factors: those that the explanation names beside those that the record shows, with each fault's share
//! of the loss if the sixteen combinations were played. Teaches to look for several factors, and to list those that
//! nobody named.

use std::collections::BTreeSet;

use incident::ContributingFactor;
use report::chain::ChainReport;

use super::facts::Facts;
use crate::figures::{fault, list, percent, percents};

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Factor {
    pub(super) factor: ContributingFactor,
    /// Whether the explanation names it; none if there is no explanation.
    pub(super) is_named: Option<bool>,
    /// Whether it is a latent fault that the shop had at the start.
    pub(super) is_present: bool,
    /// Its share of the loss, and the interval of the share.
    pub(super) share: Option<(String, String)>,
}

/// Every factor that the explanation names, and every latent fault that the shop had.
pub(super) fn factors(facts: &Facts<'_>, shares: Option<&ChainReport>) -> Vec<Factor> {
    let answer = facts.answer();
    // Where the truth is known, a latent fault that stayed asleep in this incident is left out.
    let present: BTreeSet<ContributingFactor> = facts
        .contributed
        .clone()
        .unwrap_or_else(|| facts.record.run.faults_present.iter().map(|fault| (*fault).into()).collect());
    let named = |factor: ContributingFactor| answer.map(|answer| answer.factors.contains(&factor));
    let all = ContributingFactor::ALL.iter().copied();
    // If availability was never lost, every latent fault stayed asleep.
    let concerns = facts.outcome.lost_s.is_some();
    all.filter(|factor| named(*factor) == Some(true) || concerns && present.contains(factor))
        .map(|factor| Factor {
            factor,
            is_named: named(factor),
            is_present: present.contains(&factor),
            share: shares.and_then(|report| {
                let of = report.shares.iter().find(|share| share.fault == factor)?;
                Some((percent(of.share?), of.interval.map_or_else(String::new, percents)))
            }),
        })
        .collect()
}

pub(super) fn finding(factors: &[Factor]) -> String {
    let named = factors.iter().filter(|factor| factor.is_named == Some(true)).count();
    let missed = missed(factors);
    let count = |count: usize| match count {
        1 => "One contributing factor is".to_owned(),
        other => format!("{other} contributing factors are"),
    };
    match (factors.first().and_then(|factor| factor.is_named), missed.as_slice()) {
        (None, _) => "Nobody explained it; these latent faults were present".to_owned(),
        (_, []) => format!("{} named", count(named)),
        (_, missed) => format!("{} named; also present: {}", count(named), list(missed)),
    }
}

/// Latent faults that the shop had and the answer does not name.
pub(super) fn missed(factors: &[Factor]) -> Vec<String> {
    let missed = factors.iter().filter(|factor| factor.is_present && factor.is_named == Some(false));
    missed.map(|factor| fault(factor.factor)).collect()
}
