//! Which running shops a scenario can be triggered in by hand, and its steps in words. Teaches that most causes lie beneath a shop
//! or around it, where HTTP access does not reach.

use std::fmt;

use super::{
    Happening, Scenario,
    draw::{Announced, Step, SystemChange},
    happening::Otherwise,
};

/// Where a scenario can be triggered by hand, from most shops to fewest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// In any shop: an editor publishes it.
    AnyShop,
    /// In a shop that shares one process with its surroundings: links, disks, processes, releases, customers.
    WholeShop,
    /// In such a shop with modelled capacity: a shop that is as fast as its machine is never too small.
    SizedShop,
}

impl Scenario {
    /// Where it can be triggered by hand.
    pub fn reach(&self) -> Reach {
        let reach = self.happens.iter().map(|happens| match happens.what {
            Happening::Publish { .. } => Reach::AnyShop,
            Happening::Surge { .. } => Reach::SizedShop,
            _ => Reach::WholeShop,
        });
        reach.max().unwrap_or(Reach::AnyShop)
    }
}

impl fmt::Display for Step {
    /// For a timeline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (happening, begins) = match self {
            Self::Publish { asset, .. } => return write!(f, "{asset} is published"),
            Self::Begin(happening) => (happening, true),
            Self::End(happening) => (happening, false),
            Self::Announce(Announced { system, change, .. }) => {
                return match change {
                    SystemChange::Released { version } => {
                        write!(f, "{system} is released as version {version}")
                    }
                    SystemChange::Configured { setting } => write!(f, "{setting} of {system} is changed"),
                };
            }
        };
        match happening {
            Happening::Publish { .. } => f.write_str("something is published"),
            Happening::Release { version, .. } => {
                write!(f, "the web front is released as version {version}")
            }
            Happening::Stop { service } => write!(f, "the process of the {} ends", service.words()),
            Happening::Suspend { service } if begins => {
                write!(f, "the process of the {} stands still", service.words())
            }
            Happening::Suspend { service } => write!(f, "the process of the {} runs on", service.words()),
            Happening::Link { from, to, .. } => {
                let becomes = if begins { "becomes worse" } else { "is well again" };
                write!(
                    f,
                    "the link from the {} to the {} {becomes}",
                    from.name().replace('-', " "),
                    to.words()
                )
            }
            Happening::Disk { .. } if begins => f.write_str("the content store's disk becomes slow"),
            Happening::Disk { .. } => f.write_str("the content store's disk is well again"),
            Happening::FullDisk {} => f.write_str("the content store's disk is full"),
            Happening::Delete { asset } if begins => write!(f, "{asset} is deleted"),
            Happening::Delete { asset } => write!(f, "{asset} is published again"),
            Happening::Certificate { to, .. } => write!(f, "the certificate of the {} expires", to.words()),
            Happening::HealthCheck { service, path, otherwise } => {
                let does = match otherwise {
                    Otherwise::Withdraw => "withdraw",
                    Otherwise::Restart => "restart",
                };
                write!(f, "a check begins to {does} the {} when {path} fails", service.words())
            }
            Happening::LostTelemetry {} => f.write_str("telemetry is lost on its way"),
            Happening::Uploads { count } => write!(f, "{count} uploads begin that never end"),
            Happening::Surge { times } if begins => write!(f, "{times} times as many customers come"),
            Happening::Surge { .. } => f.write_str("as many customers come as usual"),
            Happening::Monitor { .. } => f.write_str("a monitor begins to watch the home page"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::library;

    #[test]
    fn a_scenario_says_where_it_can_be_triggered() {
        let named = |reach: Reach| {
            let all = library().into_iter().filter(|scenario| scenario.reach() == reach);
            all.map(|scenario| scenario.name).collect::<Vec<_>>()
        };
        let published = [
            "decimal-comma",
            "fullwidth-digit",
            "line-separator",
            "nul-in-the-frame",
            "outgrown-limit",
            "special-character",
            "windows-1252",
        ];
        assert_eq!(named(Reach::AnyShop), published);
        assert_eq!(named(Reach::SizedShop), ["surge"]);
        assert!(named(Reach::WholeShop).contains(&"slow-link".to_owned()));
    }
}
