//! The finding of a chain, in a sentence or two.

use incident::{ContributingFactor, Usd};
use report::chain::ChainReport;

/// Shares that differ by less than this count as equal: the difference would not show in print.
const SAME_SHARE: f64 = 0.000_5;

pub(super) fn finding(report: &ChainReport) -> String {
    let (Some(loss_usd), Some(without_usd)) = (report.loss_usd, report.loss_without_faults_usd) else {
        return "It was stopped before one seed was played in all sixteen combinations: nothing can be said."
            .to_owned();
    };
    let mut shares: Vec<_> =
        report.shares.iter().filter_map(|share| Some((share.share?, share.fault))).collect();
    shares.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let Some((largest, _)) = shares.first().copied() else {
        let what = if loss_usd > 0.0 { format!("{} is", Usd(loss_usd)) } else { "Nothing is".to_owned() };
        return format!("{what} lost, with all four latent faults and with none: they have no part in it.");
    };
    let rest = if without_usd > 0.0 { format!(" ({} without any)", Usd(without_usd)) } else { String::new() };
    let most: Vec<_> =
        shares.iter().filter(|(share, _)| largest - share < SAME_SHARE).map(|(_, fault)| *fault).collect();
    let seeds = match report.seeds.as_slice() {
        [seed] => format!("seed {seed}"),
        seeds => format!("mean of {} seeds", seeds.len()),
    };
    let (have, each) = if most.len() > 1 { ("have", " each") } else { ("has", "") };
    format!(
        "With all four latent faults {} is lost{rest} (response: {}, {seeds}); {} {have} the largest share, {:.0} %{each}. {}",
        Usd(loss_usd),
        report.responder,
        words(&most),
        largest * 100.0,
        prevention(&report.smallest_sets)
    )
}

fn prevention(sets: &[Vec<ContributingFactor>]) -> String {
    let sets: Vec<String> = sets.iter().map(|set| words(set)).collect();
    match sets.as_slice() {
        [] => "No set of repairs prevents the outage.".to_owned(),
        [set] if set.is_empty() => "Availability was never lost.".to_owned(),
        sets => format!("The outage is prevented by repairing {}.", sets.join(", or ")),
    }
}

pub fn words(faults: &[ContributingFactor]) -> String {
    faults.iter().map(|fault| fault.name().replace('-', " ")).collect::<Vec<_>>().join(" and ")
}
