//! A runbook followed blindly: what helps without looking at anything. Teaches what telemetry must be measured against: a team that
//! always restarts everything is often lucky.

use std::time::Duration;

use incident::{EventKind, Remedy, Service};

use crate::{Hands, operating::Line, remedies::SETTLES, terms::Costs};
use incident::OperatingModel;

/// Restarts every service, from the back of the shop to its front.
pub fn restart_everything() -> Vec<Remedy> {
    [Service::ContentStore, Service::Cache, Service::WebFront]
        .map(|service| Remedy::Restart { service })
        .into()
}

/// Rolls back the newest publish, then restarts everything.
pub fn undo_and_restart(newest: Option<&str>) -> Vec<Remedy> {
    let undo = newest.map(|asset| Remedy::RollBack { asset: asset.to_owned() });
    undo.into_iter().chain(restart_everything()).collect()
}

/// Follows it once, from top to bottom. It explains nothing.
pub async fn follow(hands: &impl Hands, runbook: &[Remedy], costs: &Costs, model: OperatingModel) {
    let mut line = Line::called(model);
    let mut timed = Vec::new();
    for remedy in runbook {
        let needed = Line::of_remedy(remedy);
        let takes = Duration::from_secs_f64(costs.remedy(remedy) * 60.0) + line.handovers(needed);
        if needed > line {
            hands.note(EventKind::Escalated { to: needed.name().to_owned() });
            line = needed;
        }
        timed.push((remedy.clone(), takes));
    }
    hands.apply(&timed, SETTLES).await;
}
