//! One row for each comparison. A ratio above one always favours this project: more requests, or fewer milliseconds.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::figures::told;

/// Whether more is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Better {
    /// More is better, as for requests a second.
    More,
    /// Less is better, as for milliseconds.
    Less,
}

/// One comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What was measured.
    pub what: String,
    /// Its unit.
    pub unit: String,
    /// This project's figure.
    pub ours: f64,
    /// The peer and its figure; `None` if no peer does this, or the peer is not installed.
    pub peer: Option<(String, f64)>,
    /// The direction of improvement.
    pub better: Better,
    /// The target ratio.
    pub aim: Option<f64>,
}

/// What one part of the benchmark found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Its heading.
    pub title: String,
    /// How it was measured.
    pub how: String,
    /// Its comparisons.
    pub rows: Vec<Row>,
    /// Remarks that readers need, including what could not be measured.
    pub notes: Vec<String>,
}

impl Row {
    /// A comparison with a peer.
    pub fn new(what: &str, unit: &str, better: Better, ours: f64, peer: &str, theirs: f64) -> Self {
        let peer = Some((peer.to_owned(), theirs));
        Self { what: what.to_owned(), unit: unit.to_owned(), ours, peer, better, aim: None }
    }

    /// A figure without a peer.
    pub fn alone(what: &str, unit: &str, better: Better, ours: f64) -> Self {
        Self { what: what.to_owned(), unit: unit.to_owned(), ours, peer: None, better, aim: None }
    }

    /// Sets the target ratio.
    #[must_use]
    pub fn aims_at(self, aim: f64) -> Self {
        Self { aim: Some(aim), ..self }
    }

    /// How many times better this project is; `None` without a peer.
    pub fn ratio(&self) -> Option<f64> {
        let (_, theirs) = self.peer.as_ref()?;
        Some(match self.better {
            Better::More => self.ours / theirs,
            Better::Less => theirs / self.ours,
        })
    }
}

impl Part {
    /// The part as Markdown.
    pub fn markdown(&self) -> String {
        let mut text = format!("## {}\n\n{}\n\n", self.title, self.how);
        text.push_str(
            "| what | ours | peer | theirs | ours is better by | aim |\n|---|---:|---|---:|---:|---|\n",
        );
        for row in &self.rows {
            let Row { what, unit, ours, .. } = row;
            let (peer, theirs) = row
                .peer
                .as_ref()
                .map_or((String::new(), String::new()), |(name, theirs)| (name.clone(), told(*theirs)));
            let ratio = row.ratio().map_or(String::new(), |ratio| format!("{ratio:.2}"));
            let aim = match (row.aim, row.ratio()) {
                (Some(aim), Some(ratio)) if ratio >= aim => format!("{aim}: reached"),
                (Some(aim), _) => format!("{aim}: **missed**"),
                (None, _) => String::new(),
            };
            let _ =
                writeln!(text, "| {what}, {unit} | {} | {peer} | {theirs} | {ratio} | {aim} |", told(*ours));
        }
        for note in &self.notes {
            let _ = write!(text, "\n- {note}");
        }
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_above_one_is_ours_whichever_way_is_better() {
        let rate = Row::new("hits", "requests/s", Better::More, 60_000.0, "nginx", 40_000.0).aims_at(1.5);
        let latency = Row::new("hits", "ms, p99", Better::Less, 2.0, "nginx", 1.0).aims_at(1.0);
        let alone = Row::alone("a span", "bytes", Better::Less, 250.0);
        assert_eq!((rate.ratio(), latency.ratio(), alone.ratio()), (Some(1.5), Some(0.5), None));
        let part = Part {
            title: "Hits".into(),
            how: "So.".into(),
            rows: vec![rate, latency, alone],
            notes: vec!["No k6.".into()],
        };
        assert_eq!(
            part.markdown(),
            "## Hits\n\nSo.\n\n\
             | what | ours | peer | theirs | ours is better by | aim |\n|---|---:|---|---:|---:|---|\n\
             | hits, requests/s | 60,000 | nginx | 40,000 | 1.50 | 1.5: reached |\n\
             | hits, ms, p99 | 2.00 | nginx | 1.00 | 0.50 | 1: **missed** |\n\
             | a span, bytes | 250 |  |  |  |  |\n\
             \n- No k6.\n"
        );
    }
}
