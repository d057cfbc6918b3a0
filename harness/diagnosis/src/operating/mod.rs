//! Operating models: who may look at what, who may use which remedy, and how an incident moves from one line of support to the next.
//! Teaches that queues make up the time to restore as much as looks do, and that one line does not know everything that the line before has
//! learned.
//!
//! *Ops Run It*: the help desk and operations bridge (L1) see complaints, health checks, and the metrics on dashboards that the delivery
//! teams defined in advance. They run restart scripts, open the ticket and escalate. Application support (L2) has the services' telemetry,
//! but leaves traces to those who know the code. It rolls back, repairs data, changes configuration and adds capacity. The delivery team
//! (L3) knows the code and may do everything, but may have no live telemetry. Network and disks belong to other teams, which have work of
//! their own.
//! *You Build It You Run It*: the alert calls the team member on call, who may see and do everything.
//!
//! [`parameters`]: how long each step takes, and the sources. [`ticket`]: the path of one incident through the lines.
//!
//! *Swarming* divides the time of looks by the number of people who look ([`Parameter::Swarm`]); that is the most that it can gain. Two
//! practices are left out. The *rota*, because one incident meets one person. And the choice of a response *by the loss so far*, because
//! nobody is called before availability is lost. The [stakes](crate::terms::Stakes) express that an explanation can wait once customers are
//! served again.

pub mod parameters;
pub mod ticket;

use incident::{OperatingModel, Remedy};
use serde::{Deserialize, Serialize};

use crate::checks::{Check, Signal, Topic};

pub use parameters::{Parameter, Parameters};
pub use ticket::Ticket;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Line {
    /// Help desk and operations bridge.
    #[default]
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
    pub const ALL: [Self; 3] = [Self::First, Self::Second, Self::Third];

    pub fn name(self) -> &'static str {
        match self {
            Self::First => "L1",
            Self::Second => "L2",
            Self::Third => "L3",
        }
    }

    pub fn called(model: OperatingModel) -> Self {
        match model {
            OperatingModel::OpsRunIt => Self::First,
            OperatingModel::YouBuildIt => Self::Third,
        }
    }

    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second | Self::Third => Self::Third,
        }
    }

    pub fn of_check(check: &Check) -> Self {
        match check.needs {
            Signal::Nothing if check.reads_shop_inside() => Self::Second,
            Signal::Metrics if !is_on_dashboards(check) => Self::Second,
            Signal::Nothing | Signal::Metrics => Self::First,
            Signal::Logs | Signal::Changes => Self::Second,
            // Reading spans takes knowledge of the code.
            Signal::Traces => Self::Third,
        }
    }

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

/// Whether a delivery team puts a check on a dashboard in advance. Dashboards show events that rarely change: visits, and the front's
/// traffic, errors, latency and load. Log lines change with each release, so no dashboard shows them.
fn is_on_dashboards(check: &Check) -> bool {
    matches!(check.topic, Topic::Pages | Topic::Traffic | Topic::FrontLoad)
}

/// Another team that must apply a remedy, and has work of its own.
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
