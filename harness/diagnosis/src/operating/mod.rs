//! Operating models: who may look at what and use which remedy, and how an incident gets from one line of support to the next. Teaches
//! that time to restore is made of queues as much as of looks, and that what one line has learned is not what the next one knows.
//!
//! *Ops Run It*: the help desk and operations bridge (L1) see complaints, health checks, and the metrics on dashboards that the delivery
//! teams defined in advance; they run restart scripts, open the ticket and escalate. Application support (L2) has all telemetry of the
//! services, rolls back, mends data, changes configuration and adds capacity. The delivery team (L3) knows the code, may do all, and may
//! have no live telemetry. Network and disks are other teams', with work of their own.
//! *You Build It You Run It*: the alert calls the member of the team that is on call, who sees all and may do all.
//!
//! [`parameters`]: how long that takes, and what it is known from. [`ticket`]: the way of one incident through the lines.
//!
//! *Swarming* divides the time of looks among those who look ([`Parameter::Swarm`]); that is the most that it can gain. Left out: the *rota*,
//! as one incident meets one person; and the choice of a response *by the loss so far*, as whoever is called has lost availability: that an
//! explanation can wait when customers are served again is in the [stakes](crate::terms::Stakes).

pub mod parameters;
pub mod ticket;

use incident::{OperatingModel, Remedy};
use serde::{Deserialize, Serialize};

use crate::checks::{Check, Signal, Topic};

pub use parameters::{Parameter, Parameters};
pub use ticket::Ticket;

/// A line of support.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Line {
    /// Help desk and operations bridge.
    #[serde(rename = "L1")]
    First,
    /// Application support.
    #[serde(rename = "L2")]
    Second,
    /// The delivery team.
    #[serde(rename = "L3")]
    Third,
}

impl Line {
    /// All lines, in the order of a ticket's way.
    pub const ALL: [Self; 3] = [Self::First, Self::Second, Self::Third];

    /// As it is said.
    pub fn name(self) -> &'static str {
        match self {
            Self::First => "L1",
            Self::Second => "L2",
            Self::Third => "L3",
        }
    }

    /// Who is called first.
    pub fn called(model: OperatingModel) -> Self {
        match model {
            OperatingModel::OpsRunIt => Self::First,
            OperatingModel::YouBuildIt => Self::Third,
        }
    }

    /// The one that it escalates to.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second | Self::Third => Self::Third,
        }
    }

    /// The line that a check takes.
    pub fn of_check(check: &Check) -> Self {
        match check.needs {
            Signal::Nothing if check.reads_shop_inside() => Self::Second,
            Signal::Metrics if !is_on_dashboards(check) => Self::Second,
            Signal::Nothing | Signal::Metrics => Self::First,
            Signal::Logs | Signal::Changes => Self::Second,
            // Who reads spans knows the code.
            Signal::Traces => Self::Third,
        }
    }

    /// The line that a remedy takes.
    pub fn of_remedy(remedy: &Remedy) -> Self {
        match remedy {
            Remedy::Restart { .. } | Remedy::FlushCache => Self::First,
            Remedy::RollBack { .. }
            | Remedy::RollBackRelease { .. }
            | Remedy::AddCapacity { .. }
            | Remedy::RepairNetwork
            | Remedy::ReplaceDisk => Self::Second,
            Remedy::Repair { .. } | Remedy::Restore => Self::Third,
        }
    }
}

/// Whether a delivery team puts it on a dashboard in advance: events that rarely change, so visits and the front's traffic, errors, latency
/// and load. What stands in log lines changes with each release, so none of them is there.
fn is_on_dashboards(check: &Check) -> bool {
    matches!(check.topic, Topic::Pages | Topic::Traffic | Topic::FrontLoad)
}

/// Another team that must do a remedy, with work of its own.
pub fn helper(remedy: &Remedy) -> Option<&'static str> {
    match remedy {
        Remedy::RepairNetwork => Some("the network team"),
        Remedy::ReplaceDisk => Some("the storage team"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::CHECKS;

    #[test]
    fn each_line_sees_what_it_is_said_to_see() {
        let line = |name: &str| Line::of_check(CHECKS.iter().find(|check| check.name == name).unwrap());
        for (name, expected) in [
            ("complaints", Line::First),
            ("health-cache", Line::First),
            ("failed-share", Line::First),
            ("front-latency", Line::First),
            ("permits", Line::Second),
            ("lines-cache", Line::Second),
            ("causes-front", Line::Second),
            ("published", Line::Second),
            ("slowest-trace", Line::Third),
        ] {
            assert_eq!(line(name), expected, "{name}");
        }
    }

    #[test]
    fn restarting_is_a_script_and_only_the_team_changes_code() {
        let service = incident::Service::Cache;
        let asset = "promo-banner".to_owned();
        assert_eq!(Line::of_remedy(&Remedy::Restart { service }), Line::First);
        assert_eq!(Line::of_remedy(&Remedy::RollBack { asset }), Line::Second);
        assert_eq!(Line::of_remedy(&Remedy::Restore), Line::Third);
        assert_eq!(Line::called(OperatingModel::YouBuildIt), Line::Third);
        assert!(helper(&Remedy::RepairNetwork).is_some() && helper(&Remedy::FlushCache).is_none());
    }
}
