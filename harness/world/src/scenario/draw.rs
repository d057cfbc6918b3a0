//! What the seed makes of a scenario: which asset, which character, where in the text, when, and which decoys around it.
//!
//! Decoys are innocent changes. They are drawn from the seed alone, never from the scenario: the same seed brings the same
//! decoys to every scenario, or they would give it away. One exception: a decoy whose asset is the one that the
//! scenario publishes moves to the next asset, or rolling back would no longer mean what it says.

use bytes::Bytes;
use chassis::rng;
use rand::{RngExt, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

use super::{Happening, Scenario, insert::Insert};
use crate::shop::seed_assets;

/// In a file's remedies, the asset that the seed drew.
pub const PUBLISHED: &str = "published";

/// Decoys at most; fewer as the seed says.
const DECOYS_MAX: usize = 3;

/// When decoys happen, in story seconds: from just after the customers come until well into any incident.
const DECOYS_BETWEEN_S: (f64, f64) = (-840.0, 3_600.0);

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
    /// Whether a decoy publishes an unusual character.
    pub has_unusual_decoy: bool,
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
}

impl Drawn {
    /// The assets that are published, decoys included, and when in story seconds.
    pub fn published_assets(&self) -> Vec<(f64, String)> {
        let published = |(at_s, step): &(f64, Step)| match step {
            Step::Publish { asset, .. } => Some((*at_s, asset.clone())),
            Step::Begin(_) | Step::End(_) => None,
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
    let (decoys, has_unusual_decoy) = decoys(seed, published.as_deref());
    steps.extend(decoys);
    steps.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    Drawn { steps, begins, published, begun_story_s, has_unusual_decoy }
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

fn decoys(seed: u64, published: Option<&str>) -> (Vec<(f64, Step)>, bool) {
    let mut chance = rng(seed, "scenario", "decoys");
    let assets: Vec<String> = seed_assets().iter().map(|asset| asset.id.to_string()).collect();
    let mut has_unusual = false;
    let count = chance.random_range(0..=DECOYS_MAX);
    let steps = (0..count).map(|_| {
        let at_s = between(DECOYS_BETWEEN_S, &mut chance);
        let drawn = chance.random_range(0..assets.len());
        let is_unusual = chance.random_bool(0.5);
        let character = INNOCENT.choose(&mut chance).copied().unwrap_or_default();
        let taken = usize::from(published == Some(assets[drawn].as_str()));
        let asset = assets[(drawn + taken) % assets.len()].clone();
        // A price list is read line by line: what follows its last line is no price, and harms none.
        let addition = if is_unusual { format!("\n{character}") } else { "\nNew this week.".to_owned() };
        has_unusual |= is_unusual;
        let body = [original(&asset).as_slice(), addition.as_bytes()].concat();
        (at_s, Step::Publish { asset, body: body.into() })
    });
    (steps.collect(), has_unusual)
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

fn original(asset: &str) -> Vec<u8> {
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

    #[test]
    fn a_seed_always_draws_the_same_and_decoys_do_not_know_the_scenario() {
        for seed in 0..50 {
            let drawn: Vec<Drawn> = library().iter().map(|scenario| draw(scenario, seed)).collect();
            for (scenario, drawn) in library().iter().zip(&drawn) {
                assert_eq!(draw(scenario, seed), *drawn);
                assert_eq!(drawn.has_unusual_decoy, decoys(seed, None).1);
                let times =
                    |decoys: Vec<(f64, Step)>| decoys.into_iter().map(|(at_s, _)| at_s).collect::<Vec<_>>();
                let own = times(decoys(seed, drawn.published.as_deref()).0);
                assert_eq!(own, times(decoys(seed, None).0), "{} {seed}", scenario.name);
            }
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
    fn unusual_characters_are_published_innocently_about_as_often_as_not() {
        let unusual = (0..1_000).filter(|seed| decoys(*seed, None).1).count();
        assert!((400..700).contains(&unusual), "{unusual} of 1,000");
        // While something else fails: that is what makes them decoys.
        let seed = (0..1_000).find(|seed| decoys(*seed, None).1).expect("half of all seeds have one");
        let innocent = |drawn: &Drawn| drawn.has_unusual_decoy && drawn.published.is_none();
        let scenarios = library().iter().filter(|scenario| innocent(&draw(scenario, seed))).count();
        assert!(scenarios >= 3, "{scenarios}");
    }
}
