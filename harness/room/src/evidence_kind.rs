//! The kinds of evidence that each telemetry level opens to a team. A new level compiles only once `added_by` lists what it adds.

use incident::Level;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvidenceKind {
    Health,
    Logs,
    AssetText,
    Metrics,
    Alerts,
    Traces,
    Changes,
    AssetHistory,
}

fn added_by(level: Level) -> &'static [EvidenceKind] {
    match level {
        Level::Dark => &[EvidenceKind::Health, EvidenceKind::Logs],
        Level::Logs => &[EvidenceKind::AssetText],
        Level::Metrics => &[EvidenceKind::Metrics, EvidenceKind::Alerts],
        Level::Traces => &[EvidenceKind::Traces],
        Level::Changes => &[EvidenceKind::Changes, EvidenceKind::AssetHistory],
    }
}

/// Everything that a level opens; each level adds to the one before.
pub fn open_at(level: Level) -> impl Iterator<Item = EvidenceKind> {
    let levels = Level::ALL.into_iter().filter(move |poorer| *poorer <= level);
    levels.flat_map(added_by).copied()
}

impl EvidenceKind {
    pub fn is_open_at(self, level: Level) -> bool {
        open_at(level).any(|kind| kind == self)
    }

    /// The tab of a team's page that shows this kind; none for kinds that appear on the shop's page or in the log.
    pub fn tab(self) -> Option<&'static str> {
        match self {
            Self::Health => Some("health"),
            Self::Logs => Some("logs"),
            Self::Metrics => Some("metrics"),
            Self::Traces => Some("traces"),
            Self::Changes => Some("changes"),
            Self::AssetText | Self::Alerts | Self::AssetHistory => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_level_opens_its_own_evidence_and_all_of_the_poorer_ones() {
        let opened = Level::ALL.map(|level| open_at(level).filter_map(EvidenceKind::tab).collect::<Vec<_>>());
        assert_eq!(opened[0], ["health", "logs"]);
        assert_eq!(opened[4], ["health", "logs", "metrics", "traces", "changes"]);
        assert!(!EvidenceKind::AssetText.is_open_at(Level::Dark));
        assert!(EvidenceKind::AssetText.is_open_at(Level::Traces));
        assert!(!EvidenceKind::Alerts.is_open_at(Level::Logs));
    }
}
