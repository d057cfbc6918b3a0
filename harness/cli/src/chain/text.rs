//! The report on a terminal: at most 80 columns, with the finding first.

use experiment::chain::finding::words;
use incident::{ContributingFactor, LatentFault, Usd};
use report::{Interval, chain::ChainReport};

pub(super) fn lines(report: &ChainReport) -> Vec<String> {
    let mut lines = vec![String::new(), report.finding.clone()];
    if !report.complete {
        let count = report.seeds.len();
        lines.push(format!(
            "PARTIAL: stopped early. What follows is about the {count} seeds that were complete."
        ));
    }
    if report.seeds.is_empty() {
        return lines;
    }
    lines.extend(combinations(report));
    if report.shares.iter().any(|share| share.share.is_some()) {
        lines.extend(shares(report));
    }
    lines.extend(savings(report));
    lines.push("\nSmallest sets of repairs with which availability was never lost".to_owned());
    match report.smallest_sets.as_slice() {
        [] => lines.push("  none: with all four repaired it was lost too".to_owned()),
        sets => lines.extend(sets.iter().map(|set| {
            if set.is_empty() { "  no repair at all".to_owned() } else { format!("  {}", words(set)) }
        })),
    }
    lines.push("\nAssumed".to_owned());
    lines.extend(report.assumed.iter().map(|sentence| format!("  {sentence}")));
    if report.restored_by_themselves > 0 {
        lines.push(format!(
            "In {} incidents availability came back by itself and held for half an hour: nobody acted.",
            report.restored_by_themselves
        ));
    }
    lines
}

fn combinations(report: &ChainReport) -> Vec<String> {
    let count = report.seeds.len();
    let mut lines = vec![
        format!("\nLoss in each combination, mean of {count} seeds; responder: {}", report.responder),
        "  R invalid rendering   E poor error handling   H missing health check".to_owned(),
        "  T inadequate telemetry   . repaired".to_owned(),
        format!(
            "\n  present {:>12} {:>26} {:>10} {:>14}",
            "loss", "lowest to highest", "lost", "not restored"
        ),
    ];
    for row in &report.combinations {
        let is_present = |fault: LatentFault| row.faults_present.contains(&fault.into());
        let code = LatentFault::ALL.map(|fault| if is_present(fault) { letter(fault) } else { "." });
        let low = row.losses_usd.iter().copied().fold(f64::INFINITY, f64::min);
        let high = row.losses_usd.iter().copied().fold(0.0, f64::max);
        lines.push(format!(
            "  {:<7} {:>12} {:>26} {:>10} {:>14}",
            code.join(" "),
            row.loss_usd.map_or_else(String::new, |usd| Usd(usd).to_string()),
            if low < high { format!("{} to {}", Usd(low), Usd(high)) } else { "all the same".to_owned() },
            format!("{} of {count}", row.lost),
            row.not_restored
        ));
    }
    lines
}

/// The fault's letter in the table's key.
fn letter(fault: LatentFault) -> &'static str {
    match fault {
        LatentFault::InvalidRendering => "R",
        LatentFault::PoorErrorHandling => "E",
        LatentFault::MissingHealthCheck => "H",
        LatentFault::InadequateTelemetry => "T",
    }
}

fn shares(report: &ChainReport) -> Vec<String> {
    let mut lines = vec![
        "\nShapley shares of what the four lose together".to_owned(),
        format!(
            "  {:<21} {:>8} {:>12} {:>17} {:>16}",
            "", "share", "of the loss", "95 % interval", "known beforehand"
        ),
    ];
    for share in &report.shares {
        let interval = share
            .interval
            .map_or("one seed".to_owned(), |ends| format!("{} - {}", percent(ends.low), percent(ends.high)));
        lines.push(format!(
            "  {:<21} {:>8} {:>12} {:>17} {:>16}",
            words(&[share.fault]),
            share.share.map_or_else(String::new, percent),
            Usd(share.usd).to_string(),
            interval,
            format!("{:.0} - {:.0} %", share.bounds.low * 100.0, share.bounds.high * 100.0)
        ));
    }
    let whole: f64 = report.shares.iter().map(|share| share.usd).sum();
    lines.push(format!("  {:<21} {:>8} {:>12}", "together", "100.0 %", Usd(whole).to_string()));
    let necessary = &report.necessary;
    lines.push(format!(
        "  Necessary: {} (known beforehand: {}).",
        names(&necessary.found),
        names(&necessary.expected)
    ));
    if report.decrease_max_usd > 0.0 {
        lines.push(format!(
            "  One more fault saves up to {} somewhere, so the bounds need not hold.",
            Usd(report.decrease_max_usd)
        ));
    }
    lines.push("\nTelemetry's share, depending on how well people use it (assumed)".to_owned());
    for with in &report.responders {
        let share = with
            .shares
            .map_or_else(String::new, |shares| percent(shares[LatentFault::InadequateTelemetry as usize]));
        lines.push(format!("  {:<50} {share:>8}", with.responder));
    }
    lines
}

fn savings(report: &ChainReport) -> Vec<String> {
    let mut lines = vec![
        "\nEach repair alone, each fault alone".to_owned(),
        format!("  {:<22} {:>12} {:>24} {:>15}", "", "saved", "95 % interval", "lost if alone"),
    ];
    let between = |ends: Option<Interval>| {
        ends.map_or("one seed".to_owned(), |ends| format!("{} - {}", Usd(ends.low), Usd(ends.high)))
    };
    lines.extend(report.savings.iter().map(|saving| {
        format!(
            "  {:<22} {:>12} {:>24} {:>15}",
            words(&[saving.fault]),
            Usd(saving.repaired_alone_usd).to_string(),
            between(saving.interval),
            Usd(saving.present_alone_usd).to_string()
        )
    }));
    lines.push("\nPairs: what two lose together beyond what each adds".to_owned());
    lines.push(format!("  {:<46} {:>13} {:>16}", "", "on average *", "all else present"));
    lines.extend(report.interactions.iter().map(|pair| {
        let (average, present) =
            (Usd(pair.shapley_usd).to_string(), Usd(pair.all_else_present_usd).to_string());
        format!("  {:<46} {average:>13} {present:>16}", words(&pair.faults))
    }));
    lines.push("  * Shapley interaction index (Grabisch and Roubens, 1999)".to_owned());
    lines
}

/// A share in percent with one decimal. A tiny negative share prints as zero.
fn percent(share: f64) -> String {
    format!("{:.1} %", (share * 1_000.0).round() / 10.0 + 0.0)
}

fn names(faults: &[ContributingFactor]) -> String {
    if faults.is_empty() { "none".to_owned() } else { words(faults) }
}
