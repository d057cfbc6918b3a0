//! Each fault's share: a dot with its interval, drawn over the bounds that were known before any run.

use incident::ContributingFactor;

use crate::{
    chart::Table,
    figures::{fault, list, percent},
    plot::{
        Scale, WIDTH,
        svg::{Anchor, Svg},
    },
};
use report::{
    Interval,
    chain::{ChainReport, Share},
};

const AXIS: (f64, f64) = (8.0, WIDTH - 8.0);
const ROW_EVERY: f64 = 46.0;
const FIRST_ROW: f64 = 30.0;

const TICK_EVERY: f64 = 0.1;

/// Shares that differ by less than this count as equal: the page prints no more digits.
const SAME_SHARE: f64 = 0.000_5;

/// The shares as a plot. None if there is nothing to share.
pub(crate) fn plot(report: &ChainReport) -> Option<String> {
    let range = telemetry_range(report);
    let shares: Vec<(&Share, f64)> =
        report.shares.iter().filter_map(|share| Some((share, share.share?))).collect();
    let ends = shares.iter().flat_map(|(share, value)| {
        let Interval { low, high } = share.interval.unwrap_or(share.bounds);
        [*value, low, high, share.bounds.low, share.bounds.high]
    });
    let ends: Vec<f64> =
        ends.chain(range.into_iter().flat_map(|Interval { low, high }| [low, high])).collect();
    let from = (ends.iter().copied().fold(0.0, f64::min) / TICK_EVERY).floor() * TICK_EVERY;
    let to = (ends.iter().copied().fold(0.0, f64::max) / TICK_EVERY).ceil() * TICK_EVERY;
    let x = Scale { figures: (from, to), places: AXIS };
    let bottom = FIRST_ROW + ROW_EVERY * shares.len() as f64 - 22.0;
    let mut svg = Svg::new(WIDTH, &format!("{}. The table holds the figures.", finding(report)));
    svg.axis(&x, 36.0, (14.0, bottom), |share| format!("{:.0}\u{a0}%", share * 100.0));
    for (place, (share, value)) in shares.iter().enumerate() {
        let y = FIRST_ROW + ROW_EVERY * place as f64 + 1.0;
        let words = format!("{} {}", fault(share.fault), percent(*value));
        svg.text("strong", (AXIS.0, y - 13.0), Anchor::Start, &words);
        svg.rect("bounds", (x.at(share.bounds.low), y - 7.0), (x.at(share.bounds.high), y + 7.0));
        // Telemetry is the one fault that acts through responders.
        if let Some(range) = range.filter(|_| share.fault == ContributingFactor::InadequateTelemetry) {
            svg.line("range", (x.at(range.low), y), (x.at(range.high), y));
        }
        if let Some(Interval { low, high }) = share.interval {
            svg.interval((x.at(low), x.at(high)), y);
        }
        svg.dot("dot", (x.at(*value), y), 3.5, &words);
    }
    (!shares.is_empty()).then(|| svg.finish(bottom + 16.0))
}

/// Telemetry's lowest and highest share among the responders.
pub(super) fn telemetry_range(document: &ChainReport) -> Option<Interval> {
    let place =
        document.shares.iter().position(|share| share.fault == ContributingFactor::InadequateTelemetry)?;
    let shares = || document.responders.iter().filter_map(|with| Some(with.shares.as_ref()?[place]));
    Some(Interval { low: shares().reduce(f64::min)?, high: shares().reduce(f64::max)? })
}

/// The title: how many faults contributed, and which has the largest share.
pub(crate) fn finding(document: &ChainReport) -> String {
    let mut shares: Vec<(f64, String)> =
        document.shares.iter().filter_map(|share| Some((share.share?, fault(share.fault)))).collect();
    shares.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let Some((largest, _)) = shares.first().cloned() else {
        return "There is no loss to share out among the four".to_owned();
    };
    let most: Vec<String> = shares
        .iter()
        .filter(|(share, _)| largest - share < SAME_SHARE)
        .map(|(_, fault)| fault.clone())
        .collect();
    let each = if most.len() > 1 { " each" } else { "" };
    let count = shares.iter().filter(|(share, _)| *share > SAME_SHARE).count();
    let verb = if most.len() > 1 { "have" } else { "has" };
    let contributed = if count == 1 { "One fault".to_owned() } else { format!("{count} faults") };
    format!("{contributed} contributed; {} {verb} most, {}{each}", list(&most), percent(largest))
}

pub(super) fn csv(document: &ChainReport) -> String {
    let row = |share: &Share| {
        let (low, high) = (share.interval.map(|ends| ends.low), share.interval.map(|ends| ends.high));
        let figures =
            [share.share, low, high, Some(share.bounds.low), Some(share.bounds.high), Some(share.usd)]
                .map(|figure| figure.map_or_else(String::new, |figure| figure.to_string()));
        [vec![share.fault.name().to_owned()], figures.to_vec()].concat()
    };
    let columns = ["fault", "share", "interval_low", "interval_high", "bound_low", "bound_high", "usd"];
    Table::of(&columns, document.shares.iter().map(row)).csv()
}
