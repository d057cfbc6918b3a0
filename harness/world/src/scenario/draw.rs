//! What the seed draws for a scenario: which asset, which character, where in the text, when, and which decoys around it.
//!
//! Decoys are innocent changes, which editors, pipelines and operators make on any morning. They have a random stream of their own:
//! if their number, kind or time depended on the scenario, they would give it away. One exception: a decoy for the asset that the
//! scenario publishes moves to the next asset, or rolling back would no longer mean what it says.

use std::ops::RangeInclusive;

use bytes::Bytes;
use chassis::rng;
use incident::Service;
use rand::{RngExt, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

use super::{Happening, Happens, Scenario, insert::Insert};
use crate::shop::seed_assets;

/// The placeholder for the drawn asset in a file's remedies.
pub const PUBLISHED: &str = "published";

/// Innocent publishes between [`PUBLISHED_BETWEEN_S`]: up to ten an hour. Assumed.
const PUBLISHES: RangeInclusive<usize> = 3..=12;

/// When these publishes happen, in story seconds: from just after the customers come until well into any incident.
const PUBLISHED_BETWEEN_S: (f64, f64) = (-840.0, 3_600.0);

/// Releases and settings that pipelines report in two hours: dozens an hour, as in a company of some size. Assumed.
const ANNOUNCED: RangeInclusive<usize> = 30..=70;

/// When these changes happen, in story seconds. A change feed also holds changes from before the customers came.
const ANNOUNCED_BETWEEN_S: (f64, f64) = (-3_600.0, 3_600.0);

/// Additional changes to the shop's own services. All of them precede the customers, and have no consequence.
const OWN_ANNOUNCED: RangeInclusive<usize> = 0..=3;
const OWN_ANNOUNCED_BETWEEN_S: (f64, f64) = (-3_600.0, -960.0);

/// How often editors draft a text that no page shows yet, with something odd in it. Assumed.
const DRAFT_CHANCE: f64 = 0.3;
/// The asset that is data, not text.
const PRICES: &str = "price-list";

const DRAFT: &str = "draft-summer-offer";
const ODD_IN_DRAFT: [&[u8]; 4] = [b"\x0b", b"\0", b"\x93", b"\xe9"];

const SYSTEMS: [&str; 8] =
    ["payment", "search", "newsletter", "warehouse", "accounts", "analytics", "recommendations", "vouchers"];

/// Settings that operators change in these systems.
const SETTINGS: [&str; 6] =
    ["timeout.ms", "workers.max", "log.level", "cache.ttl.s", "experiment.share", "pool.size"];

/// Characters that look unusual and are harmless anywhere in the shop. A search for unusual characters finds these too.
const INNOCENT: [&str; 10] = [
    "\u{e9}",
    "\u{2019}",
    "\u{a0}",
    "\u{ad}",
    "\u{200d}",
    "\u{20ac}",
    "\u{2014}",
    "\u{1f33f}",
    "\u{202f}",
    "\u{fe0f}",
];

/// A scenario as the seed draws it.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// The steps in order of time, each with its story second.
    pub steps: Vec<(f64, Step)>,
    /// The scenario's own happenings, in order: when each begins, in story seconds, and the asset that it publishes.
    pub begins: Vec<(f64, Option<String>)>,
    /// The asset that the scenario publishes, if any; the last, if there are several.
    pub published: Option<String>,
    /// When the last of the scenario's own happenings begins, in story seconds.
    pub begun_story_s: f64,
}

/// One event of a play, with nothing left to choose.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// An editor publishes this as the asset's new version.
    Publish {
        asset: String,
        body: Bytes,
    },
    Begin(Happening),
    /// The happening ends by itself.
    End(Happening),
    /// A pipeline reports a change.
    Announce(Announced),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Announced {
    /// When the change was made, in story seconds. Changes from before the customers came are reported when the customers come.
    pub story_s: f64,
    pub system: String,
    pub change: SystemChange,
}

#[derive(Clone, Debug, PartialEq)]
pub enum SystemChange {
    Released { version: String },
    Configured { setting: String },
}

impl Drawn {
    /// All published assets, decoys included, each with its story second.
    pub fn published_assets(&self) -> Vec<(f64, String)> {
        let published = |(at_s, step): &(f64, Step)| match step {
            Step::Publish { asset, .. } => Some((*at_s, asset.clone())),
            Step::Begin(_) | Step::End(_) | Step::Announce(_) => None,
        };
        self.steps.iter().filter_map(published).collect()
    }

    /// How many of the scenario's own happenings have begun by then.
    pub fn begun_until(&self, story_s: f64) -> usize {
        self.begins.partition_point(|(at_s, _)| *at_s <= story_s)
    }

    /// The asset that the scenario itself has published last by then; before its first publish, the asset of that publish.
    pub fn published_until(&self, story_s: f64) -> Option<&str> {
        let published = |(_, asset): &'_ (f64, Option<String>)| asset.is_some();
        let begun = &self.begins[..self.begun_until(story_s)];
        let last = begun.iter().rev().find(|begin| published(begin));
        let (_, asset) = last.or_else(|| self.begins.iter().find(|begin| published(begin)))?;
        asset.as_deref()
    }
}

/// Draws a scenario. The same seed always gives the same result.
pub fn draw(scenario: &Scenario, seed: u64) -> Drawn {
    let mut steps = steps(scenario, &mut rng(seed, "scenario", &scenario.name), any_of);
    let begins = steps.iter().filter_map(|(at_s, step)| match step {
        Step::Publish { asset, .. } => Some((*at_s, Some(asset.clone()))),
        Step::Begin(_) => Some((*at_s, None)),
        Step::End(_) | Step::Announce(_) => None,
    });
    let begins: Vec<_> = begins.collect();
    let begun_story_s = begins.last().map_or(f64::MIN, |(at_s, _)| *at_s);
    let published = begins.iter().rev().find_map(|(_, asset)| asset.clone());
    steps.extend(decoys(&mut rng(seed, "decoys", &scenario.name), published.as_deref()));
    steps.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    Drawn { steps, begins, published, begun_story_s }
}

/// The story's own publish: the first asset and the first character of the file, after the first word.
pub fn first_publish(scenario: &Scenario) -> Option<(String, Bytes)> {
    scenario.happens.iter().find_map(|happens| first_of(&happens.what))
}

/// The steps of a scenario that is triggered by hand, in seconds after the first of them. They are as far apart as in the story.
/// There are no decoys, and each publish takes the first asset and the first character of the file.
pub fn by_hand(scenario: &Scenario, seed: u64) -> Vec<(f64, Step)> {
    let chance = &mut rng(seed, "by hand", &scenario.name);
    let steps = steps(scenario, chance, |happening, _| first_of(happening));
    let first_s = steps.first().map_or(0.0, |(at_s, _)| *at_s);
    steps.into_iter().map(|(at_s, step)| (at_s - first_s, step)).collect()
}

/// The scenario's steps, in order of time. For a publish, `published` returns the asset and its new body.
fn steps(
    scenario: &Scenario,
    chance: &mut ChaCha8Rng,
    published: impl Fn(&Happening, &mut ChaCha8Rng) -> Option<(String, Bytes)>,
) -> Vec<(f64, Step)> {
    let mut steps = Vec::new();
    for happens @ Happens { ends_after_minutes, what, .. } in &scenario.happens {
        let at_s = between(happens.begins_s(), chance);
        if let Some((asset, body)) = published(what, chance) {
            steps.push((at_s, Step::Publish { asset, body }));
            continue;
        }
        if let Some((from, to)) = ends_after_minutes {
            steps.push((at_s + between((from * 60.0, to * 60.0), chance), Step::End(what.clone())));
        }
        steps.push((at_s, Step::Begin(what.clone())));
    }
    steps.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    steps
}

fn first_of(happening: &Happening) -> Option<(String, Bytes)> {
    let Happening::Publish { assets, insert, replace } = happening else { return None };
    let asset = assets.first()?.clone();
    let text = inserted(&original(&asset), insert.first(), 0);
    Some((asset, replaced(text, replace.as_ref())))
}

fn any_of(happening: &Happening, chance: &mut ChaCha8Rng) -> Option<(String, Bytes)> {
    let Happening::Publish { assets, insert, replace } = happening else { return None };
    let asset = assets.choose(chance)?.clone();
    let (text, insert) = (original(&asset), insert.choose(chance));
    let gaps = text.split(|byte| *byte == b' ').skip(1).count().max(1);
    let text = inserted(&text, insert, chance.random_range(0..gaps));
    Some((asset, replaced(text, replace.as_ref())))
}

/// Innocent changes, in no order.
fn decoys(chance: &mut ChaCha8Rng, published: Option<&str>) -> Vec<(f64, Step)> {
    let mut steps = Vec::new();
    for _ in 0..chance.random_range(PUBLISHES) {
        steps.push(innocent_publish(chance, published));
    }
    if chance.random_bool(DRAFT_CHANCE) {
        let odd = ODD_IN_DRAFT.choose(chance).copied().unwrap_or_default();
        let (from_s, to_s) = PUBLISHED_BETWEEN_S;
        let begun_s = between((from_s, to_s / 4.0), chance);
        for (at_s, body) in
            [(begun_s, b"Soon".to_vec()), (begun_s + 120.0, [b"Soon", odd, b" more"].concat())]
        {
            steps.push((at_s, Step::Publish { asset: DRAFT.to_owned(), body: body.into() }));
        }
    }
    for _ in 0..chance.random_range(ANNOUNCED) {
        let system = SYSTEMS.choose(chance).copied().unwrap_or_default();
        steps.push(announced(system, ANNOUNCED_BETWEEN_S, chance));
    }
    for _ in 0..chance.random_range(OWN_ANNOUNCED) {
        let service = Service::ALL.choose(chance).copied().unwrap_or(Service::WebFront);
        steps.push(announced(service.name(), OWN_ANNOUNCED_BETWEEN_S, chance));
    }
    steps
}

fn innocent_publish(chance: &mut ChaCha8Rng, published: Option<&str>) -> (f64, Step) {
    let at_s = between(PUBLISHED_BETWEEN_S, chance);
    let assets = seed_assets();
    let drawn = chance.random_range(0..assets.len());
    let taken = usize::from(published == Some(assets[drawn].id.as_str()));
    let asset = assets[(drawn + taken) % assets.len()].id.to_string();
    let character = INNOCENT.choose(chance).copied().unwrap_or_default();
    let kind = chance.random_range(0..3);
    let text = original(&asset);
    // The shop reads a price list line by line. Text after the last line is no price and does no harm; changed punctuation would.
    let body = match kind {
        0 if asset != PRICES => String::from_utf8_lossy(&text).replacen('.', ",", 1).into_bytes(),
        1 => [&*text, b"\n", character.as_bytes()].concat(),
        _ => [&*text, b"\nNew this week."].concat(),
    };
    (at_s, Step::Publish { asset, body: body.into() })
}

fn announced(system: &str, times: (f64, f64), chance: &mut ChaCha8Rng) -> (f64, Step) {
    let story_s = between(times, chance);
    let change = if chance.random_bool(0.5) {
        SystemChange::Released {
            version: format!("{}.{}.{}", 1, chance.random_range(1..30), chance.random_range(0..10)),
        }
    } else {
        SystemChange::Configured { setting: SETTINGS.choose(chance).copied().unwrap_or_default().to_owned() }
    };
    (story_s, Step::Announce(Announced { story_s, system: system.to_owned(), change }))
}

/// The text with `insert` before its space number `gap`, or at its end if it has no such space.
fn inserted(text: &[u8], insert: Option<&Insert>, gap: usize) -> Vec<u8> {
    let mut text = text.to_vec();
    let place =
        text.iter().enumerate().filter(|(_, byte)| **byte == b' ').nth(gap).map_or(text.len(), |(at, _)| at);
    text.splice(place..place, insert.map_or(&[][..], Insert::bytes).iter().copied());
    text
}

fn replaced(text: Vec<u8>, replace: Option<&(String, Insert)>) -> Bytes {
    let Some((old, new)) = replace else { return text.into() };
    // Lossless: the shop's own texts are UTF-8. Only `insert` may hold other bytes, and no scenario combines it with `replace`.
    String::from_utf8_lossy(&text).replace(old, &String::from_utf8_lossy(new.bytes())).into_bytes().into()
}

/// The initial text of an asset of the shop; empty if the shop has no such asset.
pub fn original(asset: &str) -> Bytes {
    let found = seed_assets().into_iter().find(|seed| seed.id.as_str() == asset);
    found.map(|seed| seed.body).unwrap_or_default()
}

fn between((from, to): (f64, f64), chance: &mut ChaCha8Rng) -> f64 {
    if from < to { chance.random_range(from..to) } else { from }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::library;

    /// The decoys of one incident, without the exception for the asset that the scenario publishes.
    fn innocent(scenario: &Scenario, seed: u64) -> Vec<(f64, Step)> {
        decoys(&mut rng(seed, "decoys", &scenario.name), None)
    }

    #[test]
    fn a_seed_always_draws_the_same_and_decoys_are_no_copies() {
        for seed in 0..50 {
            for scenario in library() {
                assert_eq!(draw(&scenario, seed), draw(&scenario, seed));
            }
            let [one, other] = [0, 1].map(|place| innocent(&library()[place], seed));
            assert_ne!(one, other, "decoys of two scenarios with seed {seed}");
        }
    }

    #[test]
    fn decoys_do_not_know_the_scenario() {
        // For each scenario, the mean number of each kind over many seeds lies where chance puts it.
        let count = |scenario: &Scenario, is: fn(&Step) -> bool| {
            let of = |seed| draw(scenario, seed).steps.iter().filter(|(_, step)| is(step)).count();
            (0..200).map(of).sum::<usize>() as f64 / 200.0
        };
        for scenario in library() {
            let own =
                scenario.happens.iter().filter(|happens| matches!(happens.what, Happening::Publish { .. }));
            let publishes =
                count(&scenario, |step| matches!(step, Step::Publish { .. })) - own.count() as f64;
            assert!((7.0..9.2).contains(&publishes), "{}: {publishes} publishes", scenario.name);
            let announced = count(&scenario, |step| matches!(step, Step::Announce(_)));
            assert!((49.0..54.0).contains(&announced), "{}: {announced} announced", scenario.name);
        }
    }

    #[test]
    fn by_hand_the_first_thing_happens_at_once_and_the_rest_as_far_apart_as_in_the_story() {
        for scenario in library() {
            let (steps, again) = (by_hand(&scenario, 7), by_hand(&scenario, 7));
            assert_eq!(steps, again, "{}", scenario.name);
            assert!(steps[0].0 == 0.0 && steps.is_sorted_by_key(|(at_s, _)| *at_s), "{}", scenario.name);
        }
        let find = |name: &str| library().into_iter().find(|scenario| scenario.name == name).unwrap();
        let alarm = by_hand(&find("false-alarm"), 7);
        assert!(matches!(&alarm[0].1, Step::Begin(Happening::Monitor { .. })), "{alarm:?}");
        assert!(matches!(&alarm[1], (at_s, Step::Publish { .. }) if *at_s > 60.0), "{alarm:?}");
        let story = by_hand(&find("special-character"), 7);
        let (asset, body) = first_publish(&find("special-character")).unwrap();
        assert_eq!(story, [(0.0, Step::Publish { asset, body })]);
    }

    #[test]
    fn each_class_of_difference_is_published_innocently_too() {
        let edits = |is: fn(&str, &[u8]) -> bool| {
            let of = |seed: &u64| {
                innocent(&library()[0], *seed).iter().any(|(_, step)| match step {
                    Step::Publish { asset, body } => is(asset, body),
                    _ => false,
                })
            };
            (0..1_000).filter(of).count()
        };
        let unusual = edits(|_, body| std::str::from_utf8(body).is_ok_and(|text| !text.is_ascii()));
        let odd = edits(|asset, body| {
            asset == DRAFT && (std::str::from_utf8(body).is_err() || body.contains(&0x0b))
        });
        let commas = edits(|asset, body| {
            asset != DRAFT && body.len() == original(asset).len() && *body != original(asset)[..]
        });
        assert!(unusual > 600 && odd > 150 && commas > 500, "{unusual} unusual, {odd} odd, {commas} commas");
    }
}
