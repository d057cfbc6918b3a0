//! Each fault's share: a dot, its interval, and behind them the bounds that were known before anything was
//! run.

use incident::ContributingFactor;

use crate::{
    figures::{self, fault, list, percent},
    plot::{Scale, WIDTH},
};
use report::{Interval, chain::ChainReport};

const AXIS: (f64, f64) = (8.0, WIDTH - 8.0);
const ROW_EVERY: f64 = 46.0;
const FIRST_ROW: f64 = 30.0;

/// How far apart the marks of the axis are.
const TICK_EVERY: f64 = 0.1;

/// What two shares may differ by and still be called the same: less than is printed.
const SAME_SHARE: f64 = 0.000_5;

#[derive(Debug)]
pub(crate) struct Plot {
    pub(crate) rows: Vec<Row>,
    pub(crate) ticks: Vec<(f64, String)>,
    pub(crate) height: f64,
}

#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) figure: String,
    pub(crate) y: f64,
    pub(crate) dot: f64,
    pub(crate) interval: Option<(f64, f64)>,
    pub(crate) bounds: (f64, f64),
    /// The range over responders, for the one fault that acts through them.
    pub(crate) range: Option<(f64, f64)>,
}

impl Plot {
    /// None if there is nothing to share.
    pub(super) fn of(document: &ChainReport) -> Option<Self> {
        let range = telemetry_range(document);
        let ends = document.shares.iter().flat_map(|share| {
            let Interval { low, high } = share.interval.unwrap_or(share.bounds);
            [share.share.unwrap_or(0.0), low, high, share.bounds.low, share.bounds.high]
        });
        let ends: Vec<f64> =
            ends.chain(range.into_iter().flat_map(|Interval { low, high }| [low, high])).collect();
        let from = (ends.iter().copied().fold(0.0, f64::min) / TICK_EVERY).floor() * TICK_EVERY;
        let to = (ends.iter().copied().fold(0.0, f64::max) / TICK_EVERY).ceil() * TICK_EVERY;
        let x = Scale { figures: (from, to), places: AXIS };
        let at = |Interval { low, high }: Interval| (x.at(low), x.at(high));
        let row = |(place, share): (usize, &report::chain::Share)| {
            let is_telemetry = share.fault == ContributingFactor::InadequateTelemetry;
            Some(Row {
                name: fault(share.fault),
                figure: percent(share.share?),
                y: FIRST_ROW + ROW_EVERY * place as f64,
                dot: x.at(share.share?),
                interval: share.interval.map(at),
                bounds: at(share.bounds),
                range: range.filter(|_| is_telemetry).map(at),
            })
        };
        let rows: Vec<Row> = document.shares.iter().enumerate().filter_map(row).collect();
        #[expect(clippy::cast_possible_truncation, reason = "a few marks")]
        let marks = (from / TICK_EVERY).round() as i32..=(to / TICK_EVERY).round() as i32;
        let ticks =
            marks.map(|mark| (x.at(f64::from(mark) * TICK_EVERY), format!("{} %", mark * 10))).collect();
        (!rows.is_empty()).then_some(Self {
            height: FIRST_ROW + ROW_EVERY * rows.len() as f64 - 8.0,
            rows,
            ticks,
        })
    }
}

/// Telemetry's share over the responders.
pub(super) fn telemetry_range(document: &ChainReport) -> Option<Interval> {
    let place =
        document.shares.iter().position(|share| share.fault == ContributingFactor::InadequateTelemetry)?;
    let shares = document.responders.iter().filter_map(|with| Some(with.shares.as_ref()?[place]));
    shares.fold(None, |range: Option<Interval>, share| {
        let Interval { low, high } = range.unwrap_or(Interval { low: share, high: share });
        Some(Interval { low: low.min(share), high: high.max(share) })
    })
}

/// The title: who has how much.
pub(super) fn finding(document: &ChainReport) -> String {
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

/// The data behind the plot.
pub(super) fn csv(document: &ChainReport) -> String {
    let mut rows = vec![
        ["fault", "share", "interval_low", "interval_high", "bound_low", "bound_high", "usd"]
            .map(String::from)
            .to_vec(),
    ];
    let figure = |figure: Option<f64>| figure.map_or_else(String::new, |figure| figure.to_string());
    rows.extend(document.shares.iter().map(|share| {
        let (low, high) = (share.interval.map(|ends| ends.low), share.interval.map(|ends| ends.high));
        let figures =
            [share.share, low, high, Some(share.bounds.low), Some(share.bounds.high), Some(share.usd)]
                .map(figure);
        [vec![share.fault.name().to_owned()], figures.to_vec()].concat()
    }));
    figures::csv_address(&rows)
}
