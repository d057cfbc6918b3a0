//! Looks at what somebody changed. Teaches that most losses follow a change, and that most changes are innocent.

use std::{collections::BTreeSet, time::Duration};

use evidence::{Change, UnixTime};

use super::{CHANGES_WITHIN, Look, assets::count};
use crate::Finding;

pub const STARTED: &[&str] = &["nothing", "web-front", "cache", "content-store"];
pub const BEFORE: &[&str] = &["nothing", "elsewhere", "a-publish", "a-start"];

const PUBLISHED: &str = "shop.asset.published";
const STARTED_EVENT: &str = "service.started";
const RELEASED: &str = "service.released";

/// The shop's own systems. The feed also reports changes to other systems.
const OWN: &[&str] = &["web-front", "cache", "content-store"];

/// Changes this long before the call count as just before it: two minutes until the alert, and as much again for pages to fail.
const JUST_BEFORE: Duration = Duration::from_secs(240);

pub fn published(look: &Look<'_>) -> Finding {
    let assets = published_assets(look);
    let text = assets.join(" ");
    Finding::new(count(assets.len()), text).naming(assets.into_iter().next())
}

/// The shop's service that was started again or released last, within the last hour.
pub fn started(look: &Look<'_>) -> Finding {
    let starts = starts(look, CHANGES_WITHIN);
    let Some((_, last)) = starts.last() else { return Finding::new("nothing", "nothing was started again") };
    let outcome = STARTED.iter().copied().find(|known| known == last).unwrap_or("nothing");
    Finding::new(outcome, format!("{last} was started or released"))
}

pub fn just_before(look: &Look<'_>) -> Finding {
    let publishes = recent(look, JUST_BEFORE, PUBLISHED);
    let starts = starts(look, JUST_BEFORE);
    match (publishes.last(), starts.last()) {
        (_, Some((_, system))) => Finding::new("a-start", format!("{system} was started or released")),
        (Some(publish), None) => Finding::new("a-publish", format!("{} was published", publish.which))
            .naming(Some(publish.which.clone())),
        (None, None) => {
            let changes = look.evidence.changes(look.noticed.minus(JUST_BEFORE), look.noticed).changes.len();
            if changes == 0 {
                Finding::new("nothing", "nothing was changed")
            } else {
                Finding::new("elsewhere", format!("{changes} changes, all elsewhere"))
            }
        }
    }
}

/// The assets that were published in the hour before the call, the newest first.
pub(crate) fn published_assets(look: &Look<'_>) -> Vec<String> {
    let mut assets = Vec::new();
    for change in recent(look, CHANGES_WITHIN, PUBLISHED).into_iter().rev() {
        // A first version has no earlier one to compare with.
        if change.version.as_deref() != Some("1") && !assets.contains(&change.which) {
            assets.push(change.which);
        }
    }
    assets
}

/// Releases and restarts of the shop's services. A service's first start is no change.
fn starts(look: &Look<'_>, within: Duration) -> Vec<(UnixTime, String)> {
    let mut known = BTreeSet::new();
    let mut starts = Vec::new();
    for change in look.evidence.changes(UnixTime::default(), look.noticed).changes {
        let system = match change.what.as_str() {
            STARTED_EVENT if !known.insert(change.service.clone()) => change.service,
            RELEASED if OWN.contains(&change.which.as_str()) => change.which,
            _ => continue,
        };
        starts.push((change.time, system));
    }
    let since = look.noticed.minus(within);
    starts.retain(|(time, _)| *time >= since);
    starts
}

/// Changes before the call. Later ones may be the responder's own.
fn recent(look: &Look<'_>, within: Duration, what: &str) -> Vec<Change> {
    let changes = look.evidence.changes(look.noticed.minus(within), look.noticed).changes;
    changes.into_iter().filter(|change| change.what == what).collect()
}
