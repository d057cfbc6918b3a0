//! What contributed: the explanation beside what the record knows of the shop, and each fault's share in the loss
//! where the sixteen combinations were played. Teaches to look for several factors, and to say which of them
//! nobody named.

use std::collections::BTreeSet;

use incident::ContributingFactor;
use report::Interval;

use super::facts::Facts;
use crate::{
    chain::SharesOfLoss,
    figures::{capital, fault, list, percent},
};

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Factor {
    pub(super) factor: ContributingFactor,
    pub(super) name: String,
    pub(super) description: &'static str,
    /// Whether the explanation names it; none if there is no explanation.
    pub(super) is_named: Option<bool>,
    /// Whether it is a latent fault that the shop had at the start.
    pub(super) is_present: bool,
    /// Its share in the loss, and the interval of that.
    pub(super) share: Option<(String, String)>,
}

/// All that the explanation names, and all latent faults that the shop had.
pub(super) fn factors(facts: &Facts<'_>, shares: Option<&SharesOfLoss>) -> Vec<Factor> {
    let answer = facts.answer();
    let present: BTreeSet<ContributingFactor> =
        facts.record.run.faults_present.iter().map(|fault| (*fault).into()).collect();
    // One that the shop had and that did nothing in this incident contributed nothing.
    let present = match &facts.contributed {
        Some(contributed) => contributed.clone(),
        None => present,
    };
    let named = |factor: ContributingFactor| answer.map(|answer| answer.factors.contains(&factor));
    let all = ContributingFactor::ALL.iter().copied();
    // A latent fault slept through an incident in which nothing was lost.
    let concerns = facts.outcome.lost_s.is_some();
    all.filter(|factor| named(*factor) == Some(true) || concerns && present.contains(factor))
        .map(|factor| Factor {
            factor,
            name: capital(&fault(factor)),
            description: factor.description(),
            is_named: named(factor),
            is_present: present.contains(&factor),
            share: shares.and_then(|shares| shares.of_fault(factor)).map(|(share, interval)| {
                let interval = interval.map_or_else(String::new, |Interval { low, high }| {
                    format!("{} to {}", percent(low), percent(high))
                });
                (percent(share), interval)
            }),
        })
        .collect()
}

pub(super) fn finding(factors: &[Factor]) -> String {
    let named = factors.iter().filter(|factor| factor.is_named == Some(true)).count();
    let missed: Vec<String> = factors
        .iter()
        .filter(|factor| factor.is_present && factor.is_named == Some(false))
        .map(|factor| factor.name.to_lowercase())
        .collect();
    let count = |count: usize| match count {
        1 => "One contributing factor is".to_owned(),
        other => format!("{other} contributing factors are"),
    };
    match (factors.first().and_then(|factor| factor.is_named), missed.as_slice()) {
        (None, _) => "Nobody explained it; these latent faults were there".to_owned(),
        (_, []) => format!("{} named", count(named)),
        (_, missed) => format!("{} named; {} was there too", count(named), list(missed)),
    }
}
