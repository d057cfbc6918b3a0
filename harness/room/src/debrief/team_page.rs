//! The debrief of one team: its own rounds in full, the others only as curves without names.

use askama::Template;

use super::{
    Asking,
    asker::{Asker, Progress},
    lived::Lived,
    sections::{
        Lessons, Plot, Tile, curves, explained::Explained, facts::Facts, level_class, model::Model,
        replayed::Repair, told,
    },
};

/// What the page rests on, in a sentence.
pub const RESTS_ON: &str = "Availability is the share of visits that are served, whole or degraded. All figures of people follow from the incident records; \
    what was replayed, recorded or tried by a model ran in virtual time, with the same programs, and is compared with nothing that ran live.";

/// A link: what it says, and where it leads.
pub type Link = (String, String);

/// The bar that says how far the works have come.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "debrief-progress.html")]
pub struct Bar {
    progress: Progress,
}

impl Bar {
    /// The bar of this progress.
    pub fn of(progress: Progress) -> Self {
        Self { progress }
    }
}

/// The page.
#[derive(Template)]
#[template(path = "debrief-team.html")]
pub struct TeamPage {
    name: String,
    is_desk: bool,
    rounds: Vec<TeamRound>,
    progress: Bar,
    /// Where news about it is.
    news: String,
    /// What the news said when it was made.
    stamp: String,
    rests_on: &'static str,
    downloads: Vec<Link>,
}

/// One round on it.
#[derive(Template)]
#[template(path = "debrief-round.html")]
struct TeamRound {
    number: usize,
    is_practice: bool,
    title: String,
    scenario: String,
    level: String,
    class: String,
    /// The level at its end, if it is another.
    raised: Option<String>,
    operating_model: String,
    /// Why not all is here, if so.
    partial: Option<&'static str>,
    tiles: Vec<Tile>,
    curves: Plot,
    explained: Explained,
    facts: Option<Facts>,
    repair: Option<Repair>,
    model: Option<Model>,
    lessons: Option<Lessons>,
    downloads: Vec<Link>,
}

impl TeamPage {
    /// A team's page, out of everything that was lived.
    ///
    /// # Errors
    ///
    /// When a part of it cannot be written.
    pub fn of(
        team: u32,
        all: &[Lived<'_>],
        asker: &Asker<'_>,
        asking: Asking,
    ) -> Result<Self, askama::Error> {
        let mut own: Vec<&Lived<'_>> = all.iter().filter(|lived| lived.team.number == team).collect();
        // What counts comes first.
        own.sort_by_key(|lived| (lived.round.practice, lived.number()));
        let name = own.first().map_or_else(|| format!("Team {team}"), |lived| lived.team.name.clone());
        let rounds = own.iter().map(|lived| round(lived, all, asker, asking)).collect::<Result<_, _>>()?;
        let base = base(asking, team);
        let progress = asker.progress();
        Ok(Self {
            name,
            is_desk: asking.is_desk,
            rounds,
            stamp: stamp(&progress, &own),
            progress: Bar::of(progress),
            news: format!("{base}/news{}", if asking.anyway { "?anyway=true" } else { "" }),
            rests_on: RESTS_ON,
            downloads: vec![
                ("Your rounds, as CSV".to_owned(), format!("{base}/rounds.csv")),
                ("Every visit by the second, as CSV".to_owned(), format!("{base}/visits.csv")),
            ],
        })
    }

    /// What changes when there is something new to see.
    pub fn stamp(&self) -> &str {
        &self.stamp
    }
}

/// Where what belongs to one team is.
fn base(asking: Asking, team: u32) -> String {
    if asking.is_desk { format!("/api/desk/debrief/teams/{team}") } else { "/api/team/debrief".to_owned() }
}

/// What changes when there is something new to see: what is computed, and which repairs are spent.
pub fn stamp(progress: &Progress, all: &[&Lived<'_>]) -> String {
    stamp_of(progress, all.iter().filter(|lived| lived.played.repair.is_some()).count())
}

/// The same of so many repairs.
pub fn stamp_of(progress: &Progress, spent: usize) -> String {
    format!("{}-{}-{spent}", progress.done, progress.of)
}

fn round(
    lived: &Lived<'_>,
    all: &[Lived<'_>],
    asker: &Asker<'_>,
    asking: Asking,
) -> Result<TeamRound, askama::Error> {
    let scored = !lived.round.practice;
    let (number, base) = (lived.number(), base(asking, lived.team.number));
    let raised = (lived.played.level != lived.level).then(|| lived.played.level.to_string());
    // What is waited for soonest is asked for first.
    let facts = scored.then(|| Facts::of_team(lived, asker));
    let shows_all = lived.played.repair.is_some() || asking.is_desk && asking.shows_all;
    let repair = scored.then(|| Repair::of(lived, asker, !asking.is_desk, shows_all)).transpose()?;
    Ok(TeamRound {
        number,
        is_practice: !scored,
        title: if scored { told::title(lived) } else { format!("Practice. {}", told::title(lived)) },
        scenario: lived.scenario.title.clone(),
        level: lived.level.to_string(),
        class: level_class(lived.level),
        raised,
        operating_model: operating_model(lived),
        partial: (!lived.record.complete)
            .then_some("This round was broken off. Everything here is about the time until then alone."),
        tiles: if scored { told::tiles(lived) } else { Vec::new() },
        curves: curves::of_team(lived, if scored { all } else { &[] }),
        explained: if scored { Explained::of_team(lived) } else { Explained::truth(lived) },
        facts,
        repair,
        model: scored.then(|| Model::of(lived, asker)),
        lessons: scored.then(|| Lessons::of(&lived.truth.factors)),
        downloads: vec![
            ("incident record (JSON)".to_owned(), format!("{base}/records/{number}")),
            ("post-incident review (Markdown)".to_owned(), format!("{base}/reviews/{number}")),
        ],
    })
}

fn operating_model(lived: &Lived<'_>) -> String {
    match lived.round.operating_model {
        incident::OperatingModel::OpsRunIt => "Ops Run It",
        incident::OperatingModel::YouBuildIt => "You Build It You Run It",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::debrief::{sample::Sample, works::Works};

    const TEAM: Asking = Asking { is_desk: false, shows_all: false, anyway: false };

    #[test]
    fn a_team_reads_its_own_rounds_and_no_others_name() {
        let sample = Sample::new();
        let works = Works::default();
        let page = TeamPage::of(1, &sample.lived(), &Asker::new(&works, false), TEAM).unwrap();
        let html = page.render().unwrap();
        assert!(html.contains("Debrief: Team &#60;1&#62;") && !html.contains("&#60;2&#62;"), "{html}");
        assert!(html.contains("Your team restored the shop 6.8\u{a0}minutes after it failed ("), "{html}");
        assert!(html.contains("a lucky guess") || html.contains("wrong, 60 % sure"));
        assert!(html.contains("id=\"round-0\"") && html.contains("id=\"round-1\""));
        // Nothing is asked of the works before the answers are open.
        assert_eq!(page.stamp(), "0-0-0");
    }

    #[test]
    fn pages_hold_no_script_and_no_style_of_their_own() {
        let sample = Sample::new();
        let works = Works::default();
        let html =
            TeamPage::of(1, &sample.lived(), &Asker::new(&works, false), TEAM).unwrap().render().unwrap();
        assert!(!html.contains("style=") && !html.contains("<style"), "inline style");
        assert_eq!(html.matches("<script").count(), 1, "only the file");
        assert!(!html.contains("onclick") && !html.contains("javascript:"));
    }
}
