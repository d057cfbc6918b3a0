//! Operating models: who may look at what and use which remedy, and what it costs to hand an incident over. Teaches that time to
//! restore is made of queues as much as of looks.
//!
//! *Ops Run It*: the help desk begins, with health checks and the dashboards that somebody defined for it, and restarts; application
//! support has logs, changes and configuration, rolls back and adds capacity; the delivery team knows the code, and its traces.
//! *You Build It You Run It*: the team that built it is called, sees all, and may do all.
//!
//! Which line has what follows the field's own description of both models. How long a handover takes is **assumed**.

use std::time::Duration;

use incident::{OperatingModel, Remedy};

use crate::checks::{Check, Signal};

/// A line of support.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Line {
    /// Help desk and operations bridge.
    First,
    /// Application support.
    Second,
    /// The delivery team.
    Third,
}

/// From one line to the next: written up, queued, picked up, understood. Assumed.
pub const HANDOVER: Duration = Duration::from_secs(20 * 60);

impl Line {
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

    /// The line that a check takes.
    pub fn of_check(check: &Check) -> Self {
        match check.needs {
            Signal::Nothing if check.reads_shop_inside() => Self::Second,
            Signal::Nothing | Signal::Metrics => Self::First,
            Signal::Logs | Signal::Changes => Self::Second,
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

    /// What it costs to reach another line from this one; nothing if it was passed already.
    pub fn handovers(self, to: Self) -> Duration {
        HANDOVER * (to as u32).saturating_sub(self as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::CHECKS;

    #[test]
    fn the_first_line_can_look_and_restart_and_the_last_can_all() {
        let (first, third) =
            (Line::called(OperatingModel::OpsRunIt), Line::called(OperatingModel::YouBuildIt));
        assert_eq!(first.handovers(Line::of_remedy(&Remedy::FlushCache)), Duration::ZERO);
        assert_eq!(first.handovers(Line::of_remedy(&Remedy::ReplaceDisk)), HANDOVER);
        assert_eq!(Line::Second.handovers(Line::First), Duration::ZERO);
        for check in CHECKS {
            assert_eq!(third.handovers(Line::of_check(check)), Duration::ZERO, "{}", check.name);
        }
        let free = CHECKS.iter().filter(|check| first.handovers(Line::of_check(check)).is_zero()).count();
        assert!(free > 5 && free < CHECKS.len());
    }
}
