//! The repair that a team spends, the same incident with and without it, and the sixteen combinations.

use askama::Template;
use debrief::chart::Table;
use debrief::figures::{percent, time};
use experiment::attribution::{ALL, COALITIONS};
use incident::Usd;
use world::play::VIEWS_PER_SECOND;

use super::Plot;
use crate::debrief::{
    asker::{Asker, Wanted},
    job::Replayed,
    lived::Lived,
    repair::{Choice, Sixteen, choices, finding, loss, player, with_repair},
    stack::{self, Row},
};

/// A team's repair.
#[derive(Clone, Debug, Template)]
#[template(path = "debrief-repair.html")]
pub struct Repair {
    /// The round.
    round: usize,
    /// What can be chosen.
    choices: [Choice; 4],
    /// What was chosen; none yet.
    chosen: Option<Choice>,
    /// Whether who reads may choose.
    may_choose: bool,
    /// Both replays, or what stands in their place.
    plot: Option<String>,
    instead: Option<String>,
    /// The sixteen combinations; none as long as they are not to be seen.
    sixteen: Option<Sixteen>,
    sixteen_instead: Option<String>,
    /// Page views a second in a replay.
    views: f64,
}

impl Repair {
    /// A team's. `shows_all` says whether the sixteen are to be seen: when its repair has been spent, or the facilitator wants it so.
    ///
    /// # Errors
    ///
    /// When the plot cannot be written.
    pub fn of(
        lived: &Lived<'_>,
        asker: &Asker<'_>,
        may_choose: bool,
        shows_all: bool,
    ) -> Result<Self, askama::Error> {
        let chosen = lived.played.repair.as_deref().and_then(player);
        let (mut plot, mut instead) = (None, None);
        if let Some(player) = chosen {
            let [before, after] = with_repair(player).map(|present| asker.replay(lived.replay(present)));
            match (&before, &after) {
                (Wanted::There(before), Wanted::There(after)) => {
                    plot = Some(both(player, before, after).render()?);
                }
                _ => instead = before.instead().or_else(|| after.instead()),
            }
        }
        let sixteen = shows_all.then(|| sixteen(lived, asker));
        Ok(Self {
            round: lived.number(),
            choices: choices(),
            chosen: chosen.map(|player| choices()[player].clone()),
            may_choose: may_choose && chosen.is_none(),
            plot,
            instead,
            sixteen_instead: sixteen.as_ref().and_then(Wanted::instead),
            sixteen: sixteen.and_then(|sixteen| sixteen.there().cloned()),
            views: VIEWS_PER_SECOND,
        })
    }
}

/// All combinations.
fn sixteen(lived: &Lived<'_>, asker: &Asker<'_>) -> Wanted<Sixteen> {
    // As it was first: it is waited for soonest.
    let wanted: Vec<Wanted<_>> =
        (0..COALITIONS).rev().map(|present| asker.replay(lived.replay(present))).collect();
    if let Some(Wanted::Failed(why)) = wanted.iter().find(|wanted| matches!(wanted, Wanted::Failed(_))) {
        return Wanted::Failed(why.clone());
    }
    if wanted.iter().any(|wanted| matches!(wanted, Wanted::Closed)) {
        return Wanted::Closed;
    }
    let there: Vec<&Replayed> =
        wanted.iter().rev().filter_map(|wanted| wanted.there().map(AsRef::as_ref)).collect();
    <&[&Replayed; COALITIONS]>::try_from(there.as_slice())
        .map_or(Wanted::Coming, |all| Wanted::There(Sixteen::of(all)))
}

/// The incident as it was, and with the repair, on one axis.
fn both(player: usize, before: &Replayed, after: &Replayed) -> Plot {
    let row = |title: &str, replayed: &Replayed| {
        let outcome = &replayed.outcome;
        let marks = [(outcome.lost_s, "lost"), (outcome.restored_s, "restored")];
        Row {
            title: format!("{title}: {}", Usd(loss(replayed))),
            tallies: replayed.tallies.clone(),
            marks: marks.into_iter().filter_map(|(at_s, word)| Some((at_s?, word))).collect(),
            ..Row::default()
        }
    };
    let rows = [row("Replayed as it was", before), row("Replayed with the repair", after)];
    let cells = |what: &str, replayed: &Replayed| {
        let outcome = &replayed.outcome;
        let at = |at_s: Option<f64>| at_s.map_or("-".to_owned(), time);
        let all =
            replayed.tallies.iter().fold(incident::Tally::default(), |sum, (.., tally)| incident::Tally {
                served: sum.served + tally.served,
                degraded: sum.degraded + tally.degraded,
                failed: sum.failed + tally.failed,
            });
        vec![
            what.to_owned(),
            at(outcome.lost_s),
            at(outcome.restored_s),
            all.availability().map_or("-".to_owned(), percent),
            outcome.incident_financial_loss_usd.to_string(),
        ]
    };
    let columns = ["replay", "lost", "restored", "availability", "loss"].map(String::from).into();
    Plot {
        title: finding(player, before, after),
        subtitle: format!(
            "The identical incident twice in virtual time, with your own remedies at your own times of the story: as it was, and with the repair from the \
             start. {VIEWS_PER_SECOND} page views a second, one seed. Neither is compared with what you lived: that ran live, with other visits."
        ),
        plots: stack::plots(
            &rows,
            None,
            "Availability over the morning in both replays. The table holds the figures.",
        ),
        table: Table { columns, rows: vec![cells("as it was", before), cells("with the repair", after)] },
        ..Plot::default()
    }
}

/// The repairs of all who lived the same: who, what was chosen, and what came of it.
pub fn spent(same: &[&Lived<'_>], asker: &Asker<'_>) -> Vec<(String, String, String)> {
    let row = |lived: &&Lived<'_>| {
        let name = super::curves::name(lived);
        let Some(player) = lived.played.repair.as_deref().and_then(player) else {
            return (name, "not spent yet".to_owned(), String::new());
        };
        let [before, after] = with_repair(player).map(|present| asker.replay(lived.replay(present)));
        let came = match (&before, &after) {
            (Wanted::There(before), Wanted::There(after)) => {
                format!("{} instead of {}", Usd(loss(after)), Usd(loss(before)))
            }
            _ => before.instead().or_else(|| after.instead()).unwrap_or_default(),
        };
        (name, choices()[player].title.to_owned(), came)
    };
    same.iter().map(row).collect()
}

/// Whether every team has spent its repair in this round.
pub fn all_spent(all: &[Lived<'_>]) -> bool {
    all.iter().filter(|lived| !lived.round.practice).all(|lived| lived.played.repair.is_some())
}

/// The incident as it was: what every replay is held against.
pub const AS_IT_WAS: usize = ALL;
