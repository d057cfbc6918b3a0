//! Looks at what somebody changed. Teaches that most losses follow a change, and that most changes are innocent.

use std::{collections::BTreeSet, time::Duration};

use evidence::{Change, UnixTime};

use super::{CHANGES_WITHIN, Look};
use crate::Finding;

/// How many assets can have been published.
pub const COUNT: &[&str] = &["none", "one", "several"];
/// What can have been started.
pub const STARTED: &[&str] = &["nothing", "web-front", "cache", "content-store"];
/// What can have happened just before.
pub const BEFORE: &[&str] = &["nothing", "a-publish", "a-start"];

const PUBLISHED: &str = "shop.asset.published";
const STARTED_EVENT: &str = "service.started";

/// How long before the call counts as just before: an alert's two minutes, and as much again for pages to fail.
const JUST_BEFORE: Duration = Duration::from_secs(240);

/// How many assets were published in the last hour.
pub fn published(look: &Look<'_>) -> Finding {
    let assets = published_assets(look);
    let text = assets.iter().cloned().collect::<Vec<_>>().join(" ");
    match assets.len() {
        0 => Finding::new("none", "nothing was published"),
        1 => Finding::new("one", text).naming(assets.into_iter().next()),
        _ => Finding::new("several", text),
    }
}

/// Which service was started in the last hour.
pub fn started(look: &Look<'_>) -> Finding {
    let starts = starts_again(look, CHANGES_WITHIN);
    let Some(last) = starts.last() else { return Finding::new("nothing", "nothing was started again") };
    let outcome = STARTED.iter().copied().find(|known| *known == last.service).unwrap_or("nothing");
    let version = last.version.as_deref().unwrap_or("?");
    Finding::new(outcome, format!("{} was started as {version}", last.service))
}

/// What was changed last before the loss.
pub fn just_before(look: &Look<'_>) -> Finding {
    let publishes = recent(look, JUST_BEFORE, PUBLISHED);
    let starts = starts_again(look, JUST_BEFORE);
    match (publishes.last(), starts.last()) {
        (_, Some(start)) => Finding::new("a-start", format!("{} was started", start.service)),
        (Some(publish), None) => Finding::new("a-publish", format!("{} was published", publish.which))
            .naming(Some(publish.which.clone())),
        (None, None) => Finding::new("nothing", "nothing was changed"),
    }
}

/// The assets that were published in the hour before the call.
pub(crate) fn published_assets(look: &Look<'_>) -> BTreeSet<String> {
    recent(look, CHANGES_WITHIN, PUBLISHED).into_iter().map(|change| change.which).collect()
}

/// Starts of services that had been started before: a shop's first start is no change.
fn starts_again(look: &Look<'_>, within: Duration) -> Vec<Change> {
    let mut known = BTreeSet::new();
    let all = look.evidence.changes(UnixTime::default(), look.noticed).changes;
    let again = |change: &Change| change.what == STARTED_EVENT && !known.insert(change.service.clone());
    let since = look.noticed.minus(within);
    all.into_iter().filter(again).filter(|change| change.time >= since).collect()
}

/// What was changed before the call: what came after it may be a responder's own doing.
fn recent(look: &Look<'_>, within: Duration, what: &str) -> Vec<Change> {
    let changes = look.evidence.changes(look.noticed.minus(within), look.noticed).changes;
    changes.into_iter().filter(|change| change.what == what).collect()
}
