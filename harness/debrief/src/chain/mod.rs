//! The page about the sixteen combinations of the four latent faults: which lose what, and what each fault
//! contributed.
//!
//! Its titles are findings, made of the figures below them.
//!
//! - `mornings` and `shares`: the plots.

mod mornings;
mod shares;

use askama::Template;
use incident::{ContributingFactor, Usd};
use report::{
    Interval,
    chain::{ChainReport, Combination, PairInteraction, Saving, Share},
};

use crate::figures::{csv_address, fault, list, percent, thousands};

/// The page about the sixteen combinations.
///
/// # Errors
///
/// If the page cannot be written.
pub fn page(report: &ChainReport) -> Result<String, askama::Error> {
    Page::of(report).render()
}

/// Each latent fault's share in the loss, for pages about one incident.
#[derive(Debug)]
pub(crate) struct SharesOfLoss {
    /// The scenario that was played.
    pub(crate) scenario: String,
    /// With which seeds, in words.
    pub(crate) seeds: String,
    /// Who responded.
    pub(crate) responder: String,
    /// Who has most, as a title.
    pub(crate) finding: String,
    /// The shares as a plot, if there is anything to share.
    pub(crate) plot: Option<shares::Plot>,
    /// The command that repeats it.
    pub(crate) command: String,
    shares: Vec<Share>,
}

impl SharesOfLoss {
    /// The shares of a chain.
    pub(crate) fn of(report: &ChainReport) -> Self {
        Self {
            seeds: seeds(&report.seeds),
            finding: shares::finding(report),
            plot: shares::Plot::of(report),
            scenario: report.scenario.clone(),
            responder: report.responder.clone(),
            command: report.command.clone(),
            shares: report.shares.clone(),
        }
    }

    /// A fault's share and its interval.
    pub(crate) fn of_fault(&self, fault: ContributingFactor) -> Option<(f64, Option<Interval>)> {
        let share = self.shares.iter().find(|share| share.fault == fault)?;
        Some((share.share?, share.interval))
    }
}

#[derive(Template)]
#[template(path = "chain.html")]
struct Page<'a> {
    document: &'a ChainReport,
    /// The finding: its first sentence, and the others.
    title: String,
    lead: String,
    seeds: String,
    mix: String,
    grid: Grid,
    shares: Option<shares::Plot>,
    shares_finding: String,
    shares_table: Vec<Vec<String>>,
    bounds: String,
    range: Option<(String, String)>,
    responders: Vec<(String, Vec<String>)>,
    mornings: Vec<mornings::Plot>,
    mornings_finding: String,
    routes: Vec<String>,
    mornings_seed: Option<u64>,
    savings_finding: String,
    savings: Vec<Row>,
    interactions_finding: String,
    interactions: Vec<Row>,
    sets_finding: String,
    sets: Vec<String>,
    without: Option<Usd>,
    csv: [String; 3],
}

/// The heat map: rows by the first two faults, columns by the last two.
struct Grid {
    finding: String,
    columns: Vec<[Mark; 2]>,
    rows: Vec<([Mark; 2], Vec<Cell>)>,
}

/// A fault, present or repaired.
struct Mark {
    name: &'static str,
    is_present: bool,
}

struct Cell {
    /// What is lost, in the words of a cell and in full.
    figure: String,
    full: String,
    /// Of the largest loss, the share: how hot the cell is.
    heat: String,
    outages: String,
}

/// A line of a table: what, figures, and how long its bar is in percent of the longest.
struct Row {
    what: String,
    figures: Vec<String>,
    bar: String,
}

impl<'a> Page<'a> {
    fn of(document: &'a ChainReport) -> Self {
        let (starts_s, ends_s) = mornings::horizon(document.starts, document.ends);
        let plots = document.availability.iter().map(|morning| mornings::Plot::of(morning, starts_s, ends_s));
        let mix = document.mix.iter().map(|(route, share)| format!("{route} {:.0}\u{a0}%", share * 100.0));
        let (title, lead) = document.finding.split_once(". ").unwrap_or((&document.finding, ""));
        Self {
            document,
            title: unbroken(title),
            lead: unbroken(lead),
            seeds: seeds(&document.seeds),
            mix: mix.collect::<Vec<_>>().join(", "),
            grid: grid(document),
            shares: shares::Plot::of(document),
            shares_finding: shares::finding(document),
            shares_table: shares_table(document),
            bounds: bounds(document),
            range: shares::telemetry_range(document).map(whole_percent),
            responders: responders(document),
            mornings: plots.collect(),
            mornings_finding: mornings::finding(&document.availability),
            routes: mornings::routes(&document.availability).iter().map(ToString::to_string).collect(),
            mornings_seed: document.availability.first().map(|morning| morning.seed),
            savings_finding: savings_finding(document),
            savings: savings(document),
            interactions_finding: interactions_finding(document),
            interactions: interactions(document),
            sets_finding: sets_finding(document),
            sets: document
                .smallest_sets
                .iter()
                .map(|set| list(&set.iter().copied().map(fault).collect::<Vec<_>>()))
                .collect(),
            without: document.loss_without_faults_usd.map(Usd),
            csv: [combinations_csv(document), shares::csv(document), mornings::csv(&document.availability)],
        }
    }

    fn views(&self) -> String {
        let views = self.document.views_per_second;
        let is_one = (views - 1.0).abs() < f64::EPSILON;
        if is_one { "one page view a second".to_owned() } else { format!("{views} page views a second") }
    }

    /// What there is to share out.
    fn whole(&self) -> Usd {
        Usd(self.document.shares.iter().map(|share| share.usd).sum())
    }

    fn has_shares(&self) -> bool {
        self.document.shares.iter().any(|share| share.share.is_some())
    }
}

/// A figure never loses its sign at the end of a line.
fn unbroken(text: &str) -> String {
    text.replace(" %", "\u{a0}%")
}

fn seeds(seeds: &[u64]) -> String {
    match seeds {
        [] => "no seed".to_owned(),
        [one] => format!("seed {one}"),
        [first, .., last] => format!("seeds {first} to {last}"),
    }
}

fn grid(document: &ChainReport) -> Grid {
    let largest = document.combinations.iter().filter_map(|row| row.loss_usd).fold(0.0, f64::max);
    let hot = document.combinations.iter().filter(|row| row.loss_usd.is_some_and(|usd| usd > 0.0)).count();
    let pairs = || [(true, true), (true, false), (false, true), (false, false)];
    let marks = |names: [&'static str; 2], (one, other): (bool, bool)| {
        [Mark { name: names[0], is_present: one }, Mark { name: names[1], is_present: other }]
    };
    let cell = |(rendering, handling): (bool, bool), (health, telemetry): (bool, bool)| {
        let present = [rendering, handling, health, telemetry];
        let wanted: Vec<ContributingFactor> = ContributingFactor::LATENT_FAULTS
            .into_iter()
            .zip(present)
            .filter(|(_, is)| *is)
            .map(|(fault, _)| fault)
            .collect();
        let row = document.combinations.iter().find(|row| row.faults_present == wanted);
        let usd = row.and_then(|row| row.loss_usd);
        let heat = usd.map_or(0.0, |usd| if largest > 0.0 { usd / largest } else { 0.0 });
        Cell {
            figure: usd.map_or("-".to_owned(), thousands),
            full: usd.map_or("not played".to_owned(), |usd| Usd(usd).to_string()),
            heat: format!("{heat:.3}"),
            outages: row
                .map_or_else(String::new, |row| format!("{} of {} lost", row.lost, row.losses_usd.len())),
        }
    };
    let rows = pairs()
        .map(|row| (marks(["rendering", "errors"], row), pairs().map(|column| cell(row, column)).into()));
    Grid {
        finding: if document.seeds.is_empty() {
            "Not one seed was played in all combinations".to_owned()
        } else {
            format!("Something is lost in {hot} of the sixteen combinations")
        },
        columns: pairs().map(|column| marks(["health", "telemetry"], column)).into(),
        rows: rows.into(),
    }
}

fn shares_table(document: &ChainReport) -> Vec<Vec<String>> {
    let row = |share: &report::chain::Share| {
        vec![
            fault(share.fault),
            share.share.map_or("-".to_owned(), percent),
            share.interval.map_or("-".to_owned(), percents),
            percents(share.bounds),
            Usd(share.usd).to_string(),
        ]
    };
    document.shares.iter().map(row).collect()
}

/// What was known beforehand, and whether it held.
fn bounds(document: &ChainReport) -> String {
    let names = |faults: &[ContributingFactor]| list(&faults.iter().copied().map(fault).collect::<Vec<_>>());
    let (expected, found) = (&document.necessary.expected, &document.necessary.found);
    let known = if expected.is_empty() {
        "Nothing was known beforehand about which faults are necessary, so the bounds say little.".to_owned()
    } else {
        let share = |necessary: bool| {
            let of = document.shares.iter().find(|share| expected.contains(&share.fault) == necessary);
            of.map_or(Interval { low: 0.0, high: 1.0 }, |share| share.bounds)
        };
        format!(
            "Known beforehand: without {} nothing is lost. So their shares are the same and lie between {}, and \
             no other is above {}, whatever the amounts.",
            expected.iter().copied().map(fault).collect::<Vec<_>>().join(" or without "),
            percents(share(true)).replace("to", "and"),
            percent(share(false).high)
        )
    };
    let outside = document.shares.iter().filter(|share| {
        share.share.is_some_and(|value| value < share.bounds.low - 1e-9 || value > share.bounds.high + 1e-9)
    });
    let outside = outside.count();
    let outcome = match (outside, document.decrease_max_usd > 0.0) {
        (0, false) => format!("It held. Found necessary in the losses: {}.", names(found)),
        (0, true) => format!(
            "Found necessary: {}. Somewhere one more fault saves up to {}, so that the bounds need not hold; they \
             did.",
            names(found),
            Usd(document.decrease_max_usd)
        ),
        _ => format!("{outside} of the shares lie outside. Found necessary: {}.", names(found)),
    };
    format!("{known} {outcome}")
}

fn responders(document: &ChainReport) -> Vec<(String, Vec<String>)> {
    let shares =
        |shares: &Option<[f64; 4]>| shares.map_or_else(Vec::new, |shares| shares.map(percent).into());
    document.responders.iter().map(|with| (with.responder.clone(), shares(&with.shares))).collect()
}

/// How few repairs prevent the outage, as people say it.
fn sets_finding(document: &ChainReport) -> String {
    let sets = &document.smallest_sets;
    let is_one_each = sets.iter().all(|set| set.len() == 1);
    match (sets.len(), is_one_each) {
        (0, _) => "No set of repairs prevents the outage".to_owned(),
        (1, _) if sets[0].is_empty() => "The outage needs no repair to be prevented".to_owned(),
        (1, true) => "One repair alone prevents it".to_owned(),
        (2, true) => "Either of two repairs alone prevents it".to_owned(),
        (count, true) => format!("Any one of {count} repairs alone prevents it"),
        (1, false) => format!("{} repairs together prevent it, and nothing less does", sets[0].len()),
        (count, false) => format!("{count} sets of repairs prevent it, and nothing less does"),
    }
}

/// A range in whole percent: how well people use telemetry is not known more exactly.
fn whole_percent(Interval { low, high }: Interval) -> (String, String) {
    // A little less than nothing is nothing: adding zero takes its sign away.
    let whole = |share: f64| format!("{:.0}", (share * 100.0).round() + 0.0);
    (whole(low), format!("{}\u{a0}%", whole(high)))
}

fn savings_finding(document: &ChainReport) -> String {
    let Some(most) =
        largest(document.savings.iter().map(|saving| saving.repaired_alone_usd)).filter(|most| *most > 0.0)
    else {
        return "No single repair saves anything".to_owned();
    };
    let best: Vec<String> = document
        .savings
        .iter()
        .filter(|saving| most - saving.repaired_alone_usd < 1.0)
        .map(|saving| fault(saving.fault))
        .collect();
    let sum: f64 = document.savings.iter().map(|saving| saving.repaired_alone_usd).sum();
    let whole = document.loss_usd.unwrap_or(0.0) - document.loss_without_faults_usd.unwrap_or(0.0);
    let (verb, each) = if best.len() > 1 { ("save", " each") } else { ("saves", "") };
    format!(
        "Repaired alone, {} {verb} most: {}{each}. The four savings add up to {:.1} times the loss",
        list(&best),
        Usd(most),
        sum / whole
    )
}

fn savings(document: &ChainReport) -> Vec<Row> {
    let most = largest(document.savings.iter().map(|saving| saving.repaired_alone_usd)).unwrap_or(0.0);
    let row = |saving: &Saving| Row {
        what: fault(saving.fault),
        figures: vec![
            Usd(saving.repaired_alone_usd).to_string(),
            saving.interval.map_or("-".to_owned(), dollars),
            Usd(saving.present_alone_usd).to_string(),
        ],
        bar: bar(saving.repaired_alone_usd, most),
    };
    document.savings.iter().map(row).collect()
}

fn interactions_finding(document: &ChainReport) -> String {
    let strongest =
        document.interactions.iter().max_by(|one, other| one.shapley_usd.total_cmp(&other.shapley_usd));
    strongest.filter(|pair| pair.shapley_usd > 0.5).map_or(
        "No two faults need each other".to_owned(),
        |pair| {
            let [one, other] = pair.faults.map(fault);
            format!("{one} and {other} need each other most: {}", Usd(pair.shapley_usd))
        },
    )
}

fn interactions(document: &ChainReport) -> Vec<Row> {
    let most = largest(document.interactions.iter().map(|pair| pair.shapley_usd)).unwrap_or(0.0);
    let row = |pair: &PairInteraction| Row {
        what: list(&pair.faults.map(fault)),
        figures: vec![
            Usd(pair.shapley_usd).to_string(),
            pair.interval.map_or("-".to_owned(), dollars),
            Usd(pair.all_else_present_usd).to_string(),
        ],
        bar: bar(pair.shapley_usd, most),
    };
    document.interactions.iter().map(row).collect()
}

fn combinations_csv(document: &ChainReport) -> String {
    let names = ContributingFactor::LATENT_FAULTS.map(|fault| fault.name().to_owned());
    let heading = [
        names.to_vec(),
        vec!["loss_usd".to_owned()],
        document.seeds.iter().map(|seed| format!("seed {seed}")).collect(),
    ];
    let row = |row: &Combination| {
        let present = ContributingFactor::LATENT_FAULTS
            .map(|fault| u8::from(row.faults_present.contains(&fault)).to_string());
        let mean = row.loss_usd.map_or_else(String::new, |usd| usd.to_string());
        [present.to_vec(), vec![mean], row.losses_usd.iter().map(ToString::to_string).collect()].concat()
    };
    csv_address(
        &std::iter::once(heading.concat()).chain(document.combinations.iter().map(row)).collect::<Vec<_>>(),
    )
}

fn largest(figures: impl Iterator<Item = f64>) -> Option<f64> {
    figures.max_by(f64::total_cmp)
}

fn bar(figure: f64, most: f64) -> String {
    let share = if most > 0.0 { (figure / most).clamp(0.0, 1.0) } else { 0.0 };
    format!("{:.1}", share * 100.0)
}

fn percents(Interval { low, high }: Interval) -> String {
    format!("{} to {}", percent(low), percent(high))
}

fn dollars(Interval { low, high }: Interval) -> String {
    format!("{} to {}", Usd(low), Usd(high))
}
