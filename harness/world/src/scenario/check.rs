//! What no single value of a scenario file can tell: whether what it names exists in the shop, whether what happens can happen,
//! and whether its parts fit each other. Teaches that a name that is not looked up is found missing by a customer.

use chassis::AssetId;
use http::uri::PathAndQuery;
use incident::{Remedy, Service, Story, did_you_mean};

use super::{
    HINT_CHARACTERS_MAX, HINTS, Happening, Happens, Scenario,
    draw::PUBLISHED,
    happening::{Otherwise, Party},
};
use crate::shop::seed_assets;

/// The slowest link and the slowest disk: a minute for a single step is a stop, and there is a happening for that.
const DELAY_MS_MAX: u64 = 60_000;

/// The longest that a page may be told to wait for a fragment: customers leave long before.
const FRAGMENT_TIMEOUT_MS_MAX: u64 = 60_000;

/// The most uploads at once: a few times what the content store takes.
const UPLOADS_MAX: usize = 1_000;

/// The longest name of a release, in characters: it stands in a line of people's.
const VERSION_CHARACTERS_MAX: usize = 40;

/// Who calls whom in the shop. On any other way a worse network changes nothing.
const LINKS: [(Party, Service); 5] = [
    (Party::Customers, Service::WebFront),
    (Party::WebFront, Service::Cache),
    (Party::WebFront, Service::ContentStore),
    (Party::Cache, Service::ContentStore),
    (Party::ContentStore, Service::Cache),
];

/// One step of the way to a value in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The member of a table.
    Key(&'static str),
    /// The member of a list.
    Nth(usize),
}

/// What is wrong, and where: as far along the way as the file goes.
#[derive(Debug)]
pub(super) struct Misfit {
    pub(super) way: Vec<Step>,
    pub(super) message: String,
}

type Checked = Result<(), Misfit>;

/// Fails with `message` at `way` unless `holds`.
fn expect(holds: bool, way: &[Step], message: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(Misfit { way: way.to_vec(), message: message() }) }
}

/// Checks the whole scenario.
pub(super) fn check(scenario: &Scenario) -> Checked {
    use Step::{Key, Nth};
    let Scenario { title, description, truth, hints, happens, .. } = scenario;
    let trigger = [Key("truth"), Key("trigger")];
    for (text, way) in
        [(title, &[Key("title")][..]), (description, &[Key("description")]), (&truth.trigger, &trigger)]
    {
        expect(!text.trim().is_empty(), way, || "is empty: expected a text".to_owned())?;
    }
    check_hints(hints)?;
    expect(!happens.is_empty(), &[Key("happens")], || {
        "nothing happens: expected at least one [[happens]]".to_owned()
    })?;
    for (place, happens) in happens.iter().enumerate() {
        check_happens(happens, &[Key("happens"), Nth(place)])?;
    }
    expect(!truth.factors.is_empty(), &[Key("truth"), Key("factors")], || {
        "expected at least one contributing factor".to_owned()
    })?;
    expect(scenario.control || !truth.path.is_empty(), &[Key("truth"), Key("path")], || {
        "expected at least one service, unless control = true".to_owned()
    })?;
    check_remedies(scenario)
}

fn check_hints(hints: &[String]) -> Checked {
    let way = [Step::Key("hints")];
    let count = hints.len();
    expect([0, HINTS].contains(&count), &way, || {
        format!("a ladder of {count}: expected {HINTS} hints, or none")
    })?;
    for (place, hint) in hints.iter().enumerate() {
        let characters = hint.trim().chars().count();
        let fits = (1..=HINT_CHARACTERS_MAX).contains(&characters);
        expect(fits, &[way[0], Step::Nth(place)], || {
            let expected = format!("expected from 1 to {HINT_CHARACTERS_MAX}");
            format!("hint {} has {characters} characters: {expected}", place + 1)
        })?;
    }
    Ok(())
}

fn check_happens(happens: &Happens, way: &[Step]) -> Checked {
    use Step::Key;
    if let Some(minutes) = happens.ends_after_minutes {
        let ends = [way, &[Key("ends-after-minutes")]].concat();
        expect(happens.what.ends_by_itself(), &ends, || {
            let kind = happens.what.kind();
            format!(
                "{kind} lasts until somebody undoes it: only suspend, link, disk, surge and delete end by themselves"
            )
        })?;
        let (story, latest_s) = (Story::default(), happens.between.story_s().1 + minutes.seconds().1);
        expect(latest_s < story.ends_s(), &ends, || {
            format!(
                "it would end as late as {}: expected an end before {}",
                story.time_at(latest_s),
                story.ends
            )
        })?;
    }
    let what = [way, &[Key("what"), Key(happens.what.kind())]].concat();
    let at = |key| [&what[..], &[Key(key)]].concat();
    let within = |number: u64, most: u64, key, unit: &str| {
        expect((1..=most).contains(&number), &at(key), || {
            format!("{number}: expected from 1 to {most}{unit}")
        })
    };
    match &happens.what {
        Happening::Publish { assets, insert, replace } => {
            for (place, asset) in assets.0.iter().enumerate() {
                is_known(asset, &[&at("assets")[..], &[Step::Nth(place)]].concat(), &[])?;
            }
            expect(!insert.is_empty() || replace.is_some(), &what, || {
                "would change nothing: expected something to insert, or to replace".to_owned()
            })?;
            let Some((old, _)) = replace else { return Ok(()) };
            for asset in &assets.0 {
                expect(!old.is_empty() && text_of(asset).contains(old), &at("replace"), || {
                    format!("'{old}' does not occur in {asset}: nothing would be replaced")
                })?;
            }
            Ok(())
        }
        Happening::Release { version, fragment_timeout_ms, checkout_notes, .. } => {
            let characters = version.trim().chars().count();
            expect((1..=VERSION_CHARACTERS_MAX).contains(&characters), &at("version"), || {
                format!("{characters} characters: expected from 1 to {VERSION_CHARACTERS_MAX}")
            })?;
            if let Some(timeout_ms) = fragment_timeout_ms {
                within(*timeout_ms, FRAGMENT_TIMEOUT_MS_MAX, "fragment-timeout-ms", " ms")?;
            }
            // An asset that nobody has published yet is what such a release may be about.
            match checkout_notes.as_ref().map(|asset| asset.parse::<AssetId>()) {
                Some(Err(error)) => {
                    expect(false, &at("checkout-notes"), || format!("is no asset's id: {error}"))
                }
                _ => Ok(()),
            }
        }
        Happening::Link { from, to, delay_ms, resets } => {
            is_link(*from, *to, &what)?;
            expect(*delay_ms > 0 || resets.0 > 0.0, &what, || {
                "would change nothing: expected delay-ms, resets or both, above 0".to_owned()
            })?;
            expect(*delay_ms <= DELAY_MS_MAX, &at("delay-ms"), || {
                format!("{delay_ms}: expected at most {DELAY_MS_MAX} ms")
            })
        }
        Happening::Disk { seek_ms } => within(*seek_ms, DELAY_MS_MAX, "seek-ms", " ms"),
        Happening::Uploads { count } => within(*count as u64, UPLOADS_MAX as u64, "count", ""),
        Happening::Monitor { asset } | Happening::Delete { asset } => is_known(asset, &at("asset"), &[]),
        Happening::Certificate { from, to } => is_link(*from, *to, &what),
        Happening::HealthCheck { service, path, otherwise } => {
            expect(path.parse::<PathAndQuery>().is_ok() && path.starts_with('/'), &at("path"), || {
                format!("'{path}' is no path: expected one such as /checkout")
            })?;
            let is_possible = *otherwise == Otherwise::Restart || *service == Service::WebFront;
            expect(is_possible, &at("otherwise"), || {
                format!(
                    "customers are not sent to the {}: only the web front can be withdrawn",
                    service.words()
                )
            })
        }
        Happening::FullDisk {}
        | Happening::LostTelemetry {}
        | Happening::Stop { .. }
        | Happening::Suspend { .. }
        | Happening::Surge { .. } => Ok(()),
    }
}

fn is_link(from: Party, to: Service, way: &[Step]) -> Checked {
    expect(LINKS.contains(&(from, to)), way, || {
        let known = LINKS.map(|(from, to)| format!("{} to {to}", from.name())).join(", ");
        format!("nobody calls from {} to {to}: expected one of {known}", from.name())
    })
}

fn check_remedies(scenario: &Scenario) -> Checked {
    use Step::{Key, Nth};
    let publishes = scenario.happens.iter().any(|happens| matches!(happens.what, Happening::Publish { .. }));
    let (right, wrong) = (&scenario.remedies.right, &scenario.remedies.wrong);
    for (sequences, key) in [(right, "right"), (wrong, "wrong")] {
        let way = [Key("remedies"), Key(key)];
        expect(scenario.control || !sequences.is_empty(), &way, || {
            let does = if key == "right" { "restores" } else { "does not restore" };
            format!("expected at least one sequence of remedies that {does}, unless control = true")
        })?;
        for (nth, sequence) in sequences.iter().enumerate() {
            let way = [&way[..], &[Nth(nth)]].concat();
            expect(!sequence.is_empty(), &way, || "is empty: expected at least one remedy".to_owned())?;
            expect(key == "right" || !right.contains(sequence), &way, || {
                "the same remedies are said to restore: expected them under right or wrong".to_owned()
            })?;
            for (place, remedy) in sequence.iter().enumerate() {
                let Remedy::RollBack { asset } = remedy else { continue };
                let way = [&way[..], &[Nth(place), Key("asset")]].concat();
                expect(asset != PUBLISHED || publishes, &way, || {
                    "rolls back what was published, and nothing is published".to_owned()
                })?;
                is_known(asset, &way, &[PUBLISHED])?;
            }
        }
    }
    Ok(())
}

/// Whether the shop has this asset, or it is one of `others`.
fn is_known(asset: &str, way: &[Step], others: &[&'static str]) -> Checked {
    let known = seed_assets();
    let known = || known.iter().map(|asset| asset.id.as_str()).chain(others.iter().copied());
    expect(known().any(|id| id == asset), way, || {
        let list = known().collect::<Vec<_>>().join(", ");
        format!("the shop has no asset '{asset}'; there are: {list}{}", did_you_mean(asset, known()))
    })
}

fn text_of(asset: &str) -> String {
    let found = seed_assets().into_iter().find(|seed| seed.id.as_str() == asset);
    found.map(|seed| String::from_utf8_lossy(&seed.body).into_owned()).unwrap_or_default()
}
