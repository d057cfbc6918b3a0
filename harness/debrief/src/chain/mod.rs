//! The page about the sixteen combinations of the four latent faults: the loss of each combination, and the
//! contribution of each fault.
//!
//! Its titles are findings, computed from the figures below them.
//!
//! - `availability` and `shares`: the plots.

mod availability;
pub(crate) mod shares;

use askama::Template;
use incident::{ContributingFactor, Usd};
use report::{
    Interval,
    chain::{ChainReport, Combination, Necessary, PairInteraction, RESAMPLES, Saving, Share},
};

use crate::{
    chain,
    chart::{Block, Chart, Table},
    figures::{self, capital, fault, list, percent, percents, seeds, unbroken},
    grid::Grid,
};

/// The smallest difference of two shares that counts: pages show tenths of a percent.
const DIFFERS_FROM: f64 = 0.001;

/// The page about the sixteen combinations.
pub fn page(report: &ChainReport) -> Result<String, askama::Error> {
    Page::of(report).render()
}

/// The loss with exactly these latent faults, listed in any order. None if that combination was not played.
pub(crate) fn loss(report: &ChainReport, faults: &[ContributingFactor]) -> Option<Usd> {
    let is_it = |row: &&Combination| {
        row.faults_present.len() == faults.len()
            && row.faults_present.iter().all(|fault| faults.contains(fault))
    };
    report.combinations.iter().find(is_it)?.loss_usd.map(Usd)
}

#[derive(Template)]
#[template(path = "chain.html")]
struct Page<'a> {
    document: &'a ChainReport,
    /// The first sentence of the finding; `lead` has the others.
    title: String,
    lead: String,
}

impl<'a> Page<'a> {
    fn of(document: &'a ChainReport) -> Self {
        let (title, lead) = document.finding.split_once(". ").unwrap_or((&document.finding, ""));
        Self { document, title: unbroken(title), lead: unbroken(lead) }
    }

    fn mix(&self) -> String {
        let mix =
            self.document.mix.iter().map(|(route, share)| format!("{route} {:.0}\u{a0}%", share * 100.0));
        mix.collect::<Vec<_>>().join(", ")
    }

    fn views(&self) -> String {
        let views = self.document.views_per_second;
        let is_one = (views - 1.0).abs() < f64::EPSILON;
        if is_one { "one page view a second".to_owned() } else { format!("{views} page views a second") }
    }

    fn draws() -> String {
        figures::grouped(RESAMPLES as u64)
    }

    /// What repairs save, which faults need each other, and which repairs are enough.
    fn repairs(&self) -> Vec<Block> {
        let document = self.document;
        if document.savings.is_empty() {
            return Vec::new();
        }
        vec![savings(document), interactions(document), smallest_sets(document)]
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
    let row = |share: &Share| {
        let (part, interval) = (share.share.map(percent), share.interval.map(percents));
        let known = |cell: Option<String>| cell.unwrap_or("-".to_owned());
        let usd = Usd(share.usd).to_string();
        [fault(share.fault), known(part), known(interval), percents(share.bounds), usd]
    };
    let whole = Usd(document.shares.iter().map(|share| share.usd).sum()).to_string();
    let together = ["together", "100 %", "", "", &whole].map(str::to_owned);
    let columns = ["fault", "share", "95 % interval", "bounds", "of the loss"];
    let table = Table::of(&columns, document.shares.iter().map(row).chain([together]));
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

/// The bounds known before any run, and whether the losses keep to all that they claim.
fn bounds(document: &ChainReport) -> String {
    let expected = &document.necessary.expected;
    let found = format!(
        "Found necessary in the losses: {}.",
        list(document.necessary.found.iter().copied().map(fault))
    );
    if expected.is_empty() {
        return format!(
            "The scenario\u{2019}s truth sets no bounds: it names no fault as necessary. {found}"
        );
    }
    let share = |necessary: bool| {
        let of = document.shares.iter().find(|share| expected.contains(&share.fault) == necessary);
        of.map_or(Interval { low: 0.0, high: 1.0 }, |share| share.bounds)
    };
    let known = format!(
        "Known beforehand: without {} nothing is lost. So their shares are the same and lie between {}, and \
         no other is above {}, whatever the amounts.",
        without(expected),
        percents(share(true)).replace("to", "and"),
        percent(share(false).high)
    );
    let broken = broken(document);
    let saves = Usd(document.decrease_max_usd);
    let outcome = match (broken.is_empty(), document.decrease_max_usd > 0.0) {
        (true, false) => "It held.".to_owned(),
        (true, true) => {
            format!(
                "Somewhere one more fault saves up to {saves}, so that the bounds need not hold; they did."
            )
        }
        (false, false) => format!("It did not hold: {}.", broken.join("; ")),
        (false, true) => format!(
            "It did not hold: {}. Somewhere one more fault saves up to {saves}, so that the bounds need not hold.",
            broken.join("; ")
        ),
    };
    format!("{known} {outcome} {found}")
}

/// What the losses contradict of that which was known beforehand, a clause for each.
fn broken(document: &ChainReport) -> Vec<String> {
    let Necessary { expected, found } = &document.necessary;
    let mut broken = Vec::new();
    let missing: Vec<_> = expected.iter().copied().filter(|fault| !found.contains(fault)).collect();
    if !missing.is_empty() {
        broken.push(format!("something is lost without {}", without(&missing)));
    }
    let shares = document.shares.iter().filter(|share| expected.contains(&share.fault));
    let shares: Vec<f64> = shares.filter_map(|share| share.share).collect();
    let (least, most) = shares
        .iter()
        .fold((f64::INFINITY, 0.0_f64), |(least, most), share| (least.min(*share), most.max(*share)));
    if most - least >= DIFFERS_FROM {
        broken.push(format!("their shares are {} and {}", percent(least), percent(most)));
    }
    let is_outside = |share: &&Share| {
        share.share.is_some_and(|value| value < share.bounds.low - 1e-9 || value > share.bounds.high + 1e-9)
    };
    let outside = document.shares.iter().filter(is_outside).map(|share| fault(share.fault));
    let outside: Vec<String> = outside.collect();
    if !outside.is_empty() {
        broken.push(format!("outside its bounds is the share of {}", list(outside)));
    }
    broken
}

fn without(faults: &[ContributingFactor]) -> String {
    faults.iter().copied().map(fault).collect::<Vec<_>>().join(" or without ")
}

fn responders(document: &ChainReport) -> Option<Block> {
    let Interval { low, high } = shares::telemetry_range(document)?;
    // Whole percent: how well people use telemetry is not known more precisely. Adding zero turns -0.0 into 0.0.
    let whole = |share: f64| (share * 100.0).round() + 0.0;
    let mut table = Table::new(&["responder"]);
    table.columns.extend(document.shares.iter().map(|share| fault(share.fault)));
    table.rows.extend(document.responders.iter().map(|with| {
        let shares = with.shares.map_or_else(Vec::new, |shares| shares.map(percent).into());
        [vec![with.responder.clone()], shares].concat()
    }));
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

/// The smallest number of repairs that prevents the outage, in words.
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
    let table = Table::of(&["repairs"], sets.iter().map(|set| [list(set.iter().copied().map(fault))]));
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
    let row = |saving: &Saving| {
        let interval = saving.interval.map_or("-".to_owned(), dollars);
        let [repaired, present] = [saving.repaired_alone_usd, saving.present_alone_usd];
        [fault(saving.fault), Usd(repaired).to_string(), interval, Usd(present).to_string()]
    };
    let columns = ["fault", "saved, repaired alone", "95 % interval", "lost, present alone"];
    let table = Table::of(&columns, document.savings.iter().map(row));
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
    let row = |pair: &PairInteraction| {
        let interval = pair.interval.map_or("-".to_owned(), dollars);
        let [usd, with_all] = [pair.shapley_usd, pair.all_else_present_usd];
        [list(pair.faults.map(fault)), Usd(usd).to_string(), interval, Usd(with_all).to_string()]
    };
    let columns = ["pair", "interaction", "95 % interval", "with all else present"];
    let table = Table::of(&columns, document.interactions.iter().map(row));
    let about = "What two faults lose together beyond what each adds by itself. Shapley interaction index, Grabisch and Roubens 1999: averaged over \
                 what else is present. Above zero they need each other; below, either is enough.";
    Block { depth: 2, ..Block::new(capital(&interactions_finding(document)), about.to_owned(), table) }
}

fn combinations_csv(document: &ChainReport) -> String {
    let mut table = Table::new(&ContributingFactor::LATENT_FAULTS.map(ContributingFactor::name));
    table.columns.push("loss_usd".to_owned());
    table.columns.extend(document.seeds.iter().map(|seed| format!("seed {seed}")));
    table.rows.extend(document.combinations.iter().map(|row| {
        let present = ContributingFactor::LATENT_FAULTS
            .map(|fault| u8::from(row.faults_present.contains(&fault)).to_string());
        let mean = row.loss_usd.map_or_else(String::new, |usd| usd.to_string());
        [present.to_vec(), vec![mean], row.losses_usd.iter().map(ToString::to_string).collect()].concat()
    }));
    table.csv()
}

fn dollars(Interval { low, high }: Interval) -> String {
    format!("{} to {}", Usd(low), Usd(high))
}
