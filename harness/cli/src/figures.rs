//! The story's figures, all derived from the incident record: what customers met before and after each action.

use incident::{Event, EventKind, IncidentRecord, Route, Tally, Timeline, Visits, counted_visits};

use crate::screen::{percent, whole_seconds};

/// Window of a share in seconds, so that a single visit does not decide.
const SHARE_OVER_S: u32 = 3;

/// Expected figures for a shop with all its latent faults: each line's figure must lie on the right side of its bound.
const HEALTHY_AT_LEAST: f64 = 0.999;
const BANNER_PAGES_BELOW: (f64, u32) = (0.01, 15);
const ALL_PAGES_BELOW: (f64, u32) = (0.05, 40);
const RESTART_AT_LEAST: f64 = 0.25;
const RESTORED_AT_LEAST: (f64, u32) = (0.99, 15);

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HealthTally {
    pub(crate) asked: u32,
    pub(crate) green: u32,
    /// How many health checks answered 503, not ready.
    pub(crate) not_ready: u32,
}

pub(crate) struct Figures {
    rows: Vec<Row>,
    summary: Vec<String>,
    health: HealthTally,
    remedies: Vec<String>,
    /// Whether the shop had all its latent faults. Only then are there expected figures.
    is_story: bool,
}

struct Row {
    what: String,
    figure: String,
    as_told: bool,
}

impl Figures {
    pub(crate) fn of(record: &IncidentRecord, health: HealthTally) -> Self {
        let end_s = Timeline::new(&record.availability).end_s();
        let is_publish =
            |event: &&Event| matches!(&event.kind, EventKind::Published { by, .. } if by == "editor");
        let published = record.events.iter().find(is_publish).map(|event| whole_seconds(event.at_s));
        let remedies: Vec<(u32, String)> = record
            .events
            .iter()
            .filter_map(|event| match &event.kind {
                EventKind::Remedy(remedy) => Some((whole_seconds(event.at_s), remedy.to_string())),
                _ => None,
            })
            .collect();
        let mut rows =
            vec![row("before the publish, served", share(record, &[], 0, published.unwrap_or(end_s)), |s| {
                s >= HEALTHY_AT_LEAST
            })];
        if let Some(published) = published {
            let until = remedies.first().map_or(end_s, |(at_s, _)| *at_s);
            let banner = [Route::Home, Route::Category];
            rows.push(below("home and categories", record, &banner, published, until, BANNER_PAGES_BELOW));
            rows.push(below("every kind of page", record, &Route::ALL, published, until, ALL_PAGES_BELOW));
            let green = format!("{} of {} green{}", health.green, health.asked, not_ready(health));
            rows.push(Row {
                what: "health checks meanwhile".into(),
                figure: green,
                as_told: health.green == health.asked,
            });
        }
        for (index, (at_s, remedy)) in remedies.iter().enumerate() {
            let until = remedies.get(index + 1).map_or(end_s, |(at_s, _)| *at_s);
            rows.extend(after(record, remedy, *at_s, until, index, remedies.len()));
        }
        let summary = summary(record);
        let remedies = remedies.into_iter().map(|(_, remedy)| remedy).collect();
        Self { rows, summary, health, remedies, is_story: record.run.faults_present.len() == 4 }
    }

    /// Whether all figures came out as expected. A shop without all latent faults has no expected figures, and passes.
    pub(crate) fn as_told(&self) -> bool {
        !self.is_story || (self.rows.len() >= 7 && self.rows.iter().all(|row| row.as_told))
    }

    pub(crate) fn what_happened(&self, record: &IncidentRecord) -> String {
        let HealthTally { asked, green, .. } = self.health;
        let outcome = &record.outcome;
        if outcome.lost_s.is_none() {
            return "An editor published one soft line break, or tried to, and customers noticed nothing."
                .to_owned();
        }
        format!(
            "One soft line break in one text took the shop away from its customers: {} of {} visits failed and {} of trade was lost, while \
             {green} of {asked} health checks were green.",
            outcome.failed_visits,
            counted_visits(record).visits(),
            outcome.incident_financial_loss_usd
        )
    }

    /// Explains what restored the shop. The reason why the other remedies failed is known only for the story itself, and only if its
    /// figures came out as expected.
    pub(crate) fn what_restored(&self, record: &IncidentRecord) -> String {
        let outcome = &record.outcome;
        let (tried, ends) = (self.remedies.join(", "), record.run.story.ends);
        match (outcome.lost_s, outcome.restored_s.map(|at_s| record.run.story.time_at(at_s))) {
            (None, _) => "Nothing had to be restored.".to_owned(),
            (_, None) if tried.is_empty() => format!("Nothing by {ends}, and nothing was tried."),
            (_, None) => format!("Nothing by {ends}. Tried: {tried}."),
            (_, Some(time)) if self.is_story && self.as_told() => format!(
                "A roll back and then a restart of the cache, at {time}: the restart alone fetched the bad text anew, and the roll back alone \
                 reached no fill under way, because each goes on asking for the version that it began with."
            ),
            (_, Some(time)) if tried.is_empty() => format!("It came back by itself at {time}."),
            (_, Some(time)) => format!("It came back at {time}. Tried: {tried}."),
        }
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = vec![String::new()];
        lines.extend(self.summary.iter().cloned());
        lines.push(String::new());
        for Row { what, figure, as_told } in &self.rows {
            let mark = if self.is_story && !as_told { "  not as the story tells it" } else { "" };
            lines.push(format!("  {what:<47} {figure}{mark}"));
        }
        lines
    }
}

/// The count of "not ready" answers as words; empty if there were none.
fn not_ready(health: HealthTally) -> String {
    match health.not_ready {
        0 => String::new(),
        count => format!(", {count} not ready"),
    }
}

/// The effect of a remedy: the best share served after it, and the share at the end.
fn after(
    record: &IncidentRecord,
    remedy: &str,
    at_s: u32,
    until: u32,
    index: usize,
    count: usize,
) -> Vec<Row> {
    if index + 1 == count {
        let (least, within_s) = RESTORED_AT_LEAST;
        let back = (at_s..until)
            .find(|s| share(record, &[], *s, s + SHARE_OVER_S).is_some_and(|share| share >= least));
        let figure = back.map_or("never".into(), |back| {
            format!("at least {} after {} s", percent(least).trim(), back - at_s)
        });
        let as_told = back.is_some_and(|back| back - at_s <= within_s);
        return vec![Row { what: format!("{remedy}, last: served"), figure, as_told }];
    }
    let best = (at_s..until.saturating_sub(SHARE_OVER_S))
        .filter_map(|s| share(record, &[], s, s + SHARE_OVER_S))
        .max_by(f64::total_cmp);
    let at_end = share(record, &[], until.saturating_sub(SHARE_OVER_S), until);
    let is_restart = remedy.starts_with("restart");
    let at_best = format!("{remedy} alone: served at best");
    let at_best = is_restart.then(|| row(&at_best, best, |share| share >= RESTART_AT_LEAST));
    let after = format!("{remedy} alone: served after {} s", until - at_s);
    at_best.into_iter().chain([row(&after, at_end, |share| share < ALL_PAGES_BELOW.0)]).collect()
}

fn below(
    what: &str,
    record: &IncidentRecord,
    routes: &[Route],
    from: u32,
    until: u32,
    (most, within_s): (f64, u32),
) -> Row {
    let is_below = |s: u32| {
        routes
            .iter()
            .all(|route| share(record, &[*route], s, s + SHARE_OVER_S).is_none_or(|share| share < most))
    };
    let fell = (from..until.saturating_sub(SHARE_OVER_S - 1)).find(|s| is_below(*s));
    let what = format!("{what} below {} served", percent(most).trim());
    let figure = fell.map_or("never".into(), |fell| match fell - from {
        0 => "at once".to_owned(),
        after_s => format!("after {after_s} s"),
    });
    Row { what, figure, as_told: fell.is_some_and(|fell| fell - from <= within_s) }
}

fn row(what: &str, share: Option<f64>, as_told: impl Fn(f64) -> bool) -> Row {
    let figure = share.map_or("nobody came".into(), |share| format!("{:.1} %", share * 100.0));
    Row { what: what.to_owned(), figure, as_told: share.is_some_and(as_told) }
}

/// The share of visits served or degraded in seconds `[from, to)`, on these routes, or on all routes if the list is empty.
fn share(record: &IncidentRecord, routes: &[Route], from: u32, to: u32) -> Option<f64> {
    let mut tally = Tally::default();
    let is_meant =
        |row: &&Visits| (from..to).contains(&row.at_s) && (routes.is_empty() || routes.contains(&row.route));
    record.availability.iter().filter(is_meant).for_each(|row| tally.add(row));
    tally.availability()
}

fn summary(record: &IncidentRecord) -> Vec<String> {
    let outcome = &record.outcome;
    let time = |story_s: f64| record.run.story.time_at(story_s);
    let visits = counted_visits(record).visits();
    let when = match (outcome.lost_s, outcome.restored_s) {
        (None, _) => "Customers noticed nothing: availability was never lost.".to_owned(),
        (Some(lost), None) => format!("Lost at {}, not restored by the end.", time(lost)),
        (Some(lost), Some(restored)) => format!(
            "Lost at {}, restored at {} (held for {} s): {:.0} story minutes.",
            time(lost),
            time(restored),
            record.run.rules.hold_s,
            (restored - lost) / 60.0
        ),
    };
    let failed = format!(
        "{} of {visits} visits until {} failed; {} of trade lost.",
        outcome.failed_visits, record.run.story.ends, outcome.incident_financial_loss_usd
    );
    vec![when, failed, format!("({}; others lose other amounts)", record.run.response())]
}
