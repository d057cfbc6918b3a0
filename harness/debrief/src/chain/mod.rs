//! The page about the sixteen combinations of the four latent faults: which lose what, and what each fault
//! contributed.
//!
//! Its titles are findings, made of the figures below them.
//!
//! - `availability` and `shares`: the plots.

mod availability;
mod shares;

use askama::Template;
use incident::{ContributingFactor, Usd};
use report::{
    Interval,
    chain::{ChainReport, Combination, Share},
};

use self::availability::Panel;
use crate::{
    block::Block,
    chart::{Chart, Table},
    figures::{capital, csv_address, fault, list, percent, seeds, unbroken},
    grid::Grid,
};

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
    pub(crate) scenario: String,
    pub(crate) seeds: String,
    pub(crate) responder: String,
    /// Who has most, as a title.
    pub(crate) finding: String,
    pub(crate) plot: Option<String>,
    pub(crate) command: String,
    shares: Vec<Share>,
    combinations: Vec<Combination>,
}

impl SharesOfLoss {
    pub(crate) fn of(report: &ChainReport) -> Self {
        Self {
            seeds: seeds(&report.seeds),
            finding: shares::finding(report),
            plot: shares::plot(report),
            scenario: report.scenario.clone(),
            responder: report.responder.clone(),
            command: report.command.clone(),
            shares: report.shares.clone(),
            combinations: report.combinations.clone(),
        }
    }

    /// What is lost with just these latent faults, in any order.
    pub(crate) fn loss(&self, faults: &[ContributingFactor]) -> Option<Usd> {
        let is_it = |row: &&Combination| {
            row.faults_present.len() == faults.len()
                && row.faults_present.iter().all(|fault| faults.contains(fault))
        };
        self.combinations.iter().find(is_it)?.loss_usd.map(Usd)
    }

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
    grid_finding: String,
    combinations_csv: String,
    shares: Option<Chart>,
    responders: Option<Block>,
    panels: Vec<Panel>,
    panels_finding: String,
    panels_csv: String,
    /// What is saved, which faults need each other, and which repairs are enough.
    repairs: Vec<Block>,
    without: Option<Usd>,
}

impl<'a> Page<'a> {
    fn of(document: &'a ChainReport) -> Self {
        let panels = document.availability.iter().map(|combination| Panel::of(combination, document));
        let mix = document.mix.iter().map(|(route, share)| format!("{route} {:.0}\u{a0}%", share * 100.0));
        let (title, lead) = document.finding.split_once(". ").unwrap_or((&document.finding, ""));
        Self {
            document,
            title: unbroken(title),
            lead: unbroken(lead),
            seeds: seeds(&document.seeds),
            mix: mix.collect::<Vec<_>>().join(", "),
            grid: grid(document),
            grid_finding: grid_finding(document),
            combinations_csv: combinations_csv(document),
            shares: shares_chart(document),
            responders: responders(document),
            panels: panels.collect(),
            panels_finding: availability::finding(&document.availability),
            panels_csv: availability::csv(&document.availability),
            repairs: if document.savings.is_empty() {
                Vec::new()
            } else {
                vec![savings(document), interactions(document), smallest_sets(document)]
            },
            without: document.loss_without_faults_usd.map(Usd),
        }
    }

    fn views(&self) -> String {
        let views = self.document.views_per_second;
        let is_one = (views - 1.0).abs() < f64::EPSILON;
        if is_one { "one page view a second".to_owned() } else { format!("{views} page views a second") }
    }
}

fn grid(document: &ChainReport) -> Grid {
    Grid::of(|present| {
        let faults = ContributingFactor::LATENT_FAULTS.into_iter().zip(present);
        let wanted: Vec<ContributingFactor> = faults.filter(|(_, is)| *is).map(|(fault, _)| fault).collect();
        let row = document.combinations.iter().find(|row| row.faults_present == wanted);
        let outages =
            row.map_or_else(String::new, |row| format!("{} of {} lost", row.lost, row.losses_usd.len()));
        (row.and_then(|row| row.loss_usd), outages)
    })
}

fn grid_finding(document: &ChainReport) -> String {
    let hot = document.combinations.iter().filter(|row| row.loss_usd.is_some_and(|usd| usd > 0.0)).count();
    if document.seeds.is_empty() {
        "No seed was played in all combinations".to_owned()
    } else {
        format!("Something is lost in {hot} of the sixteen combinations")
    }
}

fn shares_chart(document: &ChainReport) -> Option<Chart> {
    let plot = shares::plot(document)?;
    let mut table = Table::new(&["fault", "share", "95 % interval", "bounds", "of the loss"]);
    for share in &document.shares {
        table = table.with(vec![
            fault(share.fault),
            share.share.map_or("-".to_owned(), percent),
            share.interval.map_or("-".to_owned(), percents),
            percents(share.bounds),
            Usd(share.usd).to_string(),
        ]);
    }
    let whole = Usd(document.shares.iter().map(|share| share.usd).sum());
    table = table.with(["together", "100 %", "", "", &whole.to_string()].map(str::to_owned).to_vec());
    let range = if shares::telemetry_range(document).is_some() { ", ╌ range over responders" } else { "" };
    Some(Chart {
        title: capital(&shares::finding(document)),
        subtitle: format!(
            "Shapley share of what the four lose together: what a fault adds when it is there, averaged over all orders in which the faults can \
             be added. ● share, ⊢⊣ 95 % interval over {}, ▭ bounds known before anything was run{range}.",
            seeds(&document.seeds)
        ),
        plots: vec![plot],
        below: vec![bounds(document)],
        table,
        data: Some(("shares.csv", shares::csv(document))),
        ..Chart::default()
    })
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

fn responders(document: &ChainReport) -> Option<Block> {
    let Interval { low, high } = shares::telemetry_range(document)?;
    // How well people use telemetry is not known more exactly. A little less than nothing is nothing: adding zero takes its sign away.
    let whole = |share: f64| (share * 100.0).round() + 0.0;
    let mut table = Table::new(&["responder"]);
    table.columns.extend(document.shares.iter().map(|share| fault(share.fault)));
    for with in &document.responders {
        let shares = with.shares.map_or_else(Vec::new, |shares| shares.map(percent).into());
        table = table.with([vec![with.responder.clone()], shares].concat());
    }
    let title = format!(
        "Telemetry\u{2019}s share is {} to {}\u{a0}%, depending on how well people use it (assumed)",
        whole(low),
        whole(high)
    );
    let about = "The same incidents with a responder to whom telemetry tells nothing, with the stand-in, with the model responder, and with one \
                 to whom it tells all at once, so that only the alert and the remedies take time. All but the model responder\u{2019}s are \
                 computed from the incidents above.";
    Some(Block { depth: 2, ..Block::new(title, about.to_owned(), table) })
}

/// How few repairs prevent the outage, as people say it.
pub(crate) fn prevented_by(sets: &[Vec<ContributingFactor>]) -> String {
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

fn smallest_sets(document: &ChainReport) -> Block {
    let sets = &document.smallest_sets;
    let mut table = Table::new(&["repairs"]);
    table.rows.extend(sets.iter().map(|set| vec![list(&set.iter().copied().map(fault).collect::<Vec<_>>())]));
    let about = if sets.is_empty() {
        "With all four repaired availability was lost too."
    } else {
        "With each of them availability was never lost with any seed, and none of its repairs can be left out."
    };
    Block { depth: 2, ..Block::new(prevented_by(sets), about.to_owned(), table) }
}

fn savings_finding(document: &ChainReport) -> String {
    let most = document.savings.iter().map(|saving| saving.repaired_alone_usd).fold(0.0, f64::max);
    if most <= 0.0 {
        return "No single repair saves anything".to_owned();
    }
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

fn savings(document: &ChainReport) -> Block {
    let mut table = Table::new(&["fault", "saved, repaired alone", "95 % interval", "lost, present alone"]);
    for saving in &document.savings {
        table = table.with(vec![
            fault(saving.fault),
            Usd(saving.repaired_alone_usd).to_string(),
            saving.interval.map_or("-".to_owned(), dollars),
            Usd(saving.present_alone_usd).to_string(),
        ]);
    }
    let about = "What is saved if one fault alone is repaired, and what is lost if one alone is present. Savings overlap, so they do not add up.";
    Block { depth: 2, ..Block::new(savings_finding(document), about.to_owned(), table) }
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

fn interactions(document: &ChainReport) -> Block {
    let mut table = Table::new(&["pair", "interaction", "95 % interval", "with all else present"]);
    for pair in &document.interactions {
        table = table.with(vec![
            list(&pair.faults.map(fault)),
            Usd(pair.shapley_usd).to_string(),
            pair.interval.map_or("-".to_owned(), dollars),
            Usd(pair.all_else_present_usd).to_string(),
        ]);
    }
    let about = "What two faults lose together beyond what each adds by itself. Shapley interaction index, Grabisch and Roubens 1999: averaged over \
                 what else is present. Above zero they need each other; below, either is enough.";
    Block { depth: 2, ..Block::new(capital(&interactions_finding(document)), about.to_owned(), table) }
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

fn percents(Interval { low, high }: Interval) -> String {
    format!("{} to {}", percent(low), percent(high))
}

fn dollars(Interval { low, high }: Interval) -> String {
    format!("{} to {}", Usd(low), Usd(high))
}
