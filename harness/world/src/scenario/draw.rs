//! What the seed makes of a scenario: which asset, which character, where in the text, when, and which decoys around it.
//!
//! Decoys are innocent changes: what editors, pipelines and operators do on any morning. How many there are, which and when has
//! nothing to do with what the scenario lets happen, or they would give it away: they have a random stream of their own. One exception:
//! a decoy whose asset is the one that the scenario publishes moves to the next asset, or rolling back would no longer mean what it says.

use std::ops::RangeInclusive;

use bytes::Bytes;
use chassis::rng;
use incident::Service;
use rand::{RngExt, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

use super::{Happening, Scenario, insert::Insert};
use crate::shop::seed_assets;

/// In a file's remedies, the asset that the seed drew.
pub const PUBLISHED: &str = "published";

/// Innocent publishes between [`PUBLISHED_BETWEEN_S`]: up to ten an hour. Assumed.
const PUBLISHES: RangeInclusive<usize> = 3..=12;

/// When they happen, in story seconds: from just after the customers come until well into any incident.
const PUBLISHED_BETWEEN_S: (f64, f64) = (-840.0, 3_600.0);

/// Releases and settings that pipelines tell of in two hours: dozens an hour, as in a company of some size. Assumed.
const ANNOUNCED: RangeInclusive<usize> = 30..=70;

/// When they happen. A change feed holds what was before the customers came, too.
const ANNOUNCED_BETWEEN_S: (f64, f64) = (-3_600.0, 3_600.0);

/// Of these, what the shop's own services were: all of it before the customers came, and of no consequence.
const OWN_ANNOUNCED: RangeInclusive<usize> = 0..=3;
const OWN_ANNOUNCED_BETWEEN_S: (f64, f64) = (-3_600.0, -960.0);

/// How often editors work on a text that no page shows yet, and something odd gets into it. Assumed.
const DRAFT_CHANCE: f64 = 0.3;
/// The asset that is data, not text.
const PRICES: &str = "price-list";

const DRAFT: &str = "draft-summer-offer";
const ODD_IN_DRAFT: [&[u8]; 4] = [b"\x0b", b"\0", b"\x93", b"\xe9"];

/// Systems beside the shop.
const SYSTEMS: [&str; 8] =
    ["payment", "search", "newsletter", "warehouse", "accounts", "analytics", "recommendations", "vouchers"];

/// Settings that operators change in them.
const SETTINGS: [&str; 6] =
    ["timeout.ms", "workers.max", "log.level", "cache.ttl.s", "experiment.share", "pool.size"];

/// Characters that look unusual and harm nothing, anywhere in the shop: whoever searches for unusual characters finds these too.
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

/// A scenario as the seed has it: what happens, in order of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// What happens, and when in story seconds.
    pub steps: Vec<(f64, Step)>,
    /// When each thing begins that the scenario itself lets happen, in order, and the asset that it publishes.
    pub begins: Vec<(f64, Option<String>)>,
    /// The asset that is published, if any is; the last, if there are several.
    pub published: Option<String>,
    /// When the last thing begins that the scenario itself lets happen, in story seconds.
    pub begun_story_s: f64,
}

/// One thing that happens, with nothing left to choose.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// An editor publishes this.
    Publish {
        /// The asset.
        asset: String,
        /// The new version's body.
        body: Bytes,
    },
    /// Something else begins.
    Begin(Happening),
    /// It ends by itself.
    End(Happening),
    /// Somebody's pipeline tells of a change.
    Announce(Announced),
}

/// A change that a pipeline tells of.
#[derive(Clone, Debug, PartialEq)]
pub struct Announced {
    /// When it was, in story seconds: what was before the customers came is told when they do.
    pub story_s: f64,
    /// The system that was changed.
    pub system: String,
    /// What was changed about it.
    pub change: SystemChange,
}

/// What can be changed about a system.
#[derive(Clone, Debug, PartialEq)]
pub enum SystemChange {
    /// Another version runs.
    Released {
        /// Which.
        version: String,
    },
    /// A setting has another value.
    Configured {
        /// Which setting.
        setting: String,
    },
}

impl Drawn {
    /// The assets that are published, decoys included, and when in story seconds.
    pub fn published_assets(&self) -> Vec<(f64, String)> {
        let published = |(at_s, step): &(f64, Step)| match step {
            Step::Publish { asset, .. } => Some((*at_s, asset.clone())),
            Step::Begin(_) | Step::End(_) | Step::Announce(_) => None,
        };
        self.steps.iter().filter_map(published).collect()
    }

    /// How many things the scenario itself has let happen until then.
    pub fn begun_until(&self, story_s: f64) -> usize {
        self.begins.partition_point(|(at_s, _)| *at_s <= story_s)
    }

    /// The asset that the scenario itself has published last until then; before its first publish, the one that it will.
    pub fn published_until(&self, story_s: f64) -> Option<&str> {
        let published = |(_, asset): &'_ (f64, Option<String>)| asset.is_some();
        let begun = &self.begins[..self.begun_until(story_s)];
        let last = begun.iter().rev().find(|begin| published(begin));
        let (_, asset) = last.or_else(|| self.begins.iter().find(|begin| published(begin)))?;
        asset.as_deref()
    }
}

/// Draws a scenario. The same seed always gives the same.
pub fn draw(scenario: &Scenario, seed: u64) -> Drawn {
    let mut chance = rng(seed, "scenario", &scenario.name);
    let (mut steps, mut begins) = (Vec::new(), Vec::new());
    for happens in &scenario.happens {
        let at_s = between(happens.between.story_s(), &mut chance);
        if let Happening::Publish { assets, insert, replace } = &happens.what {
            let asset = assets.0.choose(&mut chance).cloned().unwrap_or_default();
            let body = edited(&asset, insert.choose(&mut chance), replace.as_ref(), &mut chance);
            begins.push((at_s, Some(asset.clone())));
            steps.push((at_s, Step::Publish { asset, body }));
            continue;
        }
        begins.push((at_s, None));
        if let Some(minutes) = happens.ends_after_minutes {
            steps.push((at_s + between(minutes.seconds(), &mut chance), Step::End(happens.what.clone())));
        }
        steps.push((at_s, Step::Begin(happens.what.clone())));
    }
    begins.sort_by(|(one, _), (other, _)| one.total_cmp(other));
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

/// What happens when somebody triggers a scenario by hand, in story seconds after the first of it: at once what can be at once, and as
/// far apart as in the story what is apart there. Nothing else is changed meanwhile, and of assets and characters the first are taken.
pub fn by_hand(scenario: &Scenario, seed: u64) -> Vec<(f64, Step)> {
    let mut chance = rng(seed, "by hand", &scenario.name);
    let mut steps = Vec::new();
    for happens in &scenario.happens {
        let at_s = between(happens.between.story_s(), &mut chance);
        if let Some((asset, body)) = first_of(&happens.what) {
            steps.push((at_s, Step::Publish { asset, body }));
            continue;
        }
        if let Some(minutes) = happens.ends_after_minutes {
            steps.push((at_s + between(minutes.seconds(), &mut chance), Step::End(happens.what.clone())));
        }
        steps.push((at_s, Step::Begin(happens.what.clone())));
    }
    steps.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let first_s = steps.first().map_or(0.0, |(at_s, _)| *at_s);
    steps.into_iter().map(|(at_s, step)| (at_s - first_s, step)).collect()
}

fn first_of(happening: &Happening) -> Option<(String, Bytes)> {
    let Happening::Publish { assets, insert, replace } = happening else { return None };
    let asset = assets.0.first()?.clone();
    let text = inserted(original(&asset), insert.first(), 0);
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
    // A price list is read line by line: what follows its last line is no price, and harms none. Its punctuation would.
    let body = match kind {
        0 if asset != PRICES => String::from_utf8_lossy(&text).replacen('.', ",", 1).into_bytes(),
        1 => [text.as_slice(), b"\n", character.as_bytes()].concat(),
        _ => [text.as_slice(), b"\nNew this week."].concat(),
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

fn edited(
    asset: &str,
    insert: Option<&Insert>,
    replace: Option<&(String, Insert)>,
    chance: &mut ChaCha8Rng,
) -> Bytes {
    let text = original(asset);
    let gaps = text.split(|byte| *byte == b' ').skip(1).count().max(1);
    replaced(inserted(text, insert, chance.random_range(0..gaps)), replace)
}

/// The text with `insert` before its space of this number; at its end if it has none.
fn inserted(mut text: Vec<u8>, insert: Option<&Insert>, gap: usize) -> Vec<u8> {
    let place =
        text.iter().enumerate().filter(|(_, byte)| **byte == b' ').nth(gap).map_or(text.len(), |(at, _)| at);
    text.splice(place..place, insert.map_or(&[][..], Insert::bytes).iter().copied());
    text
}

fn replaced(text: Vec<u8>, replace: Option<&(String, Insert)>) -> Bytes {
    let Some((old, new)) = replace else { return text.into() };
    // The shop's own texts are UTF-8; only what is inserted may not be, and the two are never written together.
    String::from_utf8_lossy(&text).replace(old, &String::from_utf8_lossy(new.bytes())).into_bytes().into()
}

/// The text of an asset that a shop begins with.
pub(crate) fn original(asset: &str) -> Vec<u8> {
    let found = seed_assets().into_iter().find(|seed| seed.id.as_str() == asset);
    found.map(|seed| seed.body.to_vec()).unwrap_or_default()
}

fn between((from, to): (f64, f64), chance: &mut ChaCha8Rng) -> f64 {
    if from < to { chance.random_range(from..to) } else { from }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::library;

    /// Innocent changes of one incident, those at the end left out that other scenarios could not have.
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
        // By scenario, over many seeds: the mean number of each kind lies where chance puts it.
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
