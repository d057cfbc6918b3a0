//! Everything that a responder has learned in an incident, in order. Its belief follows from this list: if a handover loses findings, the
//! belief is computed again from the rest.

use std::collections::BTreeSet;

use incident::Remedy;

use super::{ROLLED_BACK, Responder};
use crate::{Finding, Hands, Phase, cause::Class, checks::CHECKS, operating::ticket::Priority};

/// Rounds of looks: one while customers are lost, one once they are served again.
const ROUNDS: u8 = 2;

#[derive(Clone, Debug)]
pub(super) enum Learned {
    Look {
        place: usize,
        phase: Phase,
        round: u8,
        said: usize,
        finding: Finding,
    },
    /// The result of a sequence on the menu.
    Tried {
        place: usize,
        sequence: Vec<Remedy>,
        /// The asset that the sequence rolled back, if it rolls one back.
        rolled_back: Option<String>,
        /// Per hypothesis: the probabilities that it fails and that it helps.
        says: Vec<[f64; 2]>,
        helped: bool,
    },
}

/// An asset that findings name.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) asset: String,
    /// The checks that named it, by index.
    by: BTreeSet<usize>,
    /// The odds that it did the harm, against all assets that no finding has named.
    odds: f64,
    pub(super) class: Option<Class>,
    pub(super) character: Option<String>,
}

impl<H: Hands> Responder<'_, H> {
    pub(super) fn learn(&mut self, learned: Learned) {
        self.believe(&learned);
        self.learned.push(learned);
    }

    /// Hands the incident over. The next line believes only the findings that it was told.
    pub(super) async fn hand_over(&mut self) {
        let priority = self.priority().await;
        let of = |learned: &Learned| match learned {
            Learned::Look { place, finding, .. } => {
                let asset = finding.asset.as_ref().map(|asset| format!(", {asset}")).unwrap_or_default();
                Ok(format!("{}: {}{asset}", CHECKS[*place].name, finding.outcome))
            }
            Learned::Tried { sequence, helped, .. } => {
                let steps: Vec<String> = sequence.iter().map(ToString::to_string).collect();
                Err(format!("{} ({})", steps.join(", then "), if *helped { "helped" } else { "in vain" }))
            }
        };
        let found: Vec<String> = self.learned.iter().filter_map(|learned| of(learned).ok()).collect();
        let done: Vec<String> = self.learned.iter().filter_map(|learned| of(learned).err()).collect();
        let kept = self.ticket.hand_over(self.hands, priority, &found, &done).await;
        self.forget(kept);
    }

    /// The priority, by the last look at whether customers are served. If there was none, it takes one.
    async fn priority(&mut self) -> Priority {
        if self.is_served {
            return Priority::P3;
        }
        if self.seen().is_none() {
            self.look(self.watch()).await;
        }
        self.seen().map_or(Priority::P1, Priority::of)
    }

    /// Keeps the findings that survived the handover, and all tried remedies, because the shop shows those. Computes the belief again.
    fn forget(&mut self, kept: Vec<bool>) {
        if kept.iter().all(|kept| *kept) {
            return;
        }
        let mut kept = kept.into_iter();
        let stays = |learned: &Learned| match learned {
            Learned::Look { .. } => kept.next().unwrap_or(true),
            Learned::Tried { .. } => true,
        };
        self.learned.retain(stays);
        self.belief = self.knowledge.belief(self.terms.odds.as_deref());
        self.taken.clear();
        self.said.clear();
        self.again.clear();
        self.tried.clear();
        self.named.clear();
        self.history.truncate(1);
        let learned = std::mem::take(&mut self.learned);
        for learned in &learned {
            self.believe(learned);
        }
        self.learned = learned;
    }

    fn believe(&mut self, learned: &Learned) {
        match learned {
            Learned::Look { place, phase, round, said, finding } => {
                let (place, phase, round, said) = (*place, *phase, *round, *said);
                if !self.again.remove(&place) {
                    let table = self.knowledge.table(place, phase, self.given(place, round));
                    self.belief.learn(|hypothesis| table.row(hypothesis), said, self.knowledge.temper);
                    self.taken.insert((round, place), said);
                    self.said.push((round, place));
                }
                if CHECKS[place].is_about_the_past() && finding.outcome != "no-answer" {
                    (0..ROUNDS).for_each(|round| _ = self.taken.entry((round, place)).or_insert(said));
                }
                let told = self.keep_name(place, finding);
                self.history.push((phase as u64) << 32 | (place as u64) << 16 | (said as u64) << 8 | told);
            }
            Learned::Tried { place, sequence, rolled_back, says, helped } => {
                self.tried.push(sequence.clone());
                self.belief.learn(|hypothesis| &says[hypothesis], usize::from(*helped), 1.0);
                let tried = self.named.iter().position(|named| Some(&named.asset) == rolled_back.as_ref());
                if let Some(named) = tried {
                    let named = &mut self.named[named];
                    named.odds *= if *helped { 10.0 } else { ROLLED_BACK };
                    if !helped {
                        self.again.extend(&named.by);
                    }
                }
                let tried = tried.map_or(0, |place| place as u64 + 1);
                self.history.push(1 << 40 | (*place as u64) << 8 | tried << 1 | u64::from(*helped));
            }
        }
    }

    /// Keeps the asset that a finding names. Returns a number that identifies the change, for the history.
    fn keep_name(&mut self, check: usize, finding: &Finding) -> u64 {
        let Finding { asset: Some(asset), class, character, .. } = finding else { return 0 };
        let right = self.knowledge.names[check].right;
        let odds = right / (1.0 - right);
        let place = self.named.iter().position(|named| named.asset == *asset).unwrap_or_else(|| {
            let (asset, by) = (asset.clone(), BTreeSet::new());
            self.named.push(Named { asset, by, odds: 0.0, class: None, character: None });
            self.named.len() - 1
        });
        let named = &mut self.named[place];
        named.by.insert(check);
        // Looks at the same texts are not independent: only the best of them counts.
        named.odds = named.odds.max(odds);
        named.class = class.or(named.class);
        named.character = character.clone().or(named.character.take());
        self.knowledge.told_class(&mut self.belief, *class);
        1 + place as u64 * 8 + class.map_or(0, |class| class as u64 + 1)
    }

    /// The most suspicious asset, and the probability that it did the harm, if a text did.
    pub(super) fn suspect(&self) -> Option<(&Named, f64)> {
        let all: f64 = 1.0 + self.named.iter().map(|named| named.odds).sum::<f64>();
        let most =
            self.named.iter().reduce(|most, named| if named.odds > most.odds { named } else { most })?;
        Some((most, most.odds / all))
    }
}
