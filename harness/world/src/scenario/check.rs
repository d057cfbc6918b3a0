//! Checks what types cannot: whether the things that a scenario file names exist in the shop, whether its happenings are possible,
//! and whether its parts fit each other. Teaches to look names up early: otherwise a customer is the first to find one missing.

use chassis::AssetId;
use http::uri::PathAndQuery;
use incident::{Remedy, Service, Story, did_you_mean};

use super::{
    HINT_CHARACTERS_MAX, HINTS, Happening, Happens, Scenario,
    draw::{PUBLISHED, original},
    happening::{Otherwise, Party},
};
use crate::{play::STARTS_STORY_S, shop::seed_assets};

/// The slowest link and the slowest disk. A step that takes longer than a minute is a stop, and a happening of its own covers that.
const DELAY_MS_MAX: u64 = 60_000;

/// The longest that a release may let a page wait for a fragment: customers leave long before.
const FRAGMENT_TIMEOUT_MS_MAX: u64 = 60_000;

/// The largest surge. No machine can carry more customers than that.
const TIMES_MAX: f64 = 100.0;

/// The most uploads at once: a few times what the content store takes.
const UPLOADS_MAX: usize = 1_000;

/// The longest version of a release, in characters: people read it as part of a line.
const VERSION_CHARACTERS_MAX: usize = 40;

/// Who calls whom in the shop. Any other link carries no traffic, so a worse network there changes nothing.
const LINKS: [(Party, Service); 5] = [
    (Party::Customers, Service::WebFront),
    (Party::WebFront, Service::Cache),
    (Party::WebFront, Service::ContentStore),
    (Party::Cache, Service::ContentStore),
    (Party::ContentStore, Service::Cache),
];

/// What is wrong, and the path to it in the file, such as `happens/0/what`.
#[derive(Debug)]
pub(super) struct Misfit {
    pub(super) way: String,
    pub(super) message: String,
}

type Checked = Result<(), Misfit>;

/// Fails with `message` at `way` unless `holds`.
fn expect(holds: bool, way: &str, message: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(Misfit { way: way.to_owned(), message: message() }) }
}

/// Checks the whole scenario.
pub(super) fn check(scenario: &Scenario) -> Checked {
    let Scenario { title, description, truth, hints, happens, .. } = scenario;
    for (text, way) in [(title, "title"), (description, "description"), (&truth.trigger, "truth/trigger")] {
        expect(!text.trim().is_empty(), way, || "is empty: expected a text".to_owned())?;
    }
    check_hints(hints)?;
    expect(!happens.is_empty(), "happens", || {
        "nothing happens: expected at least one [[happens]]".to_owned()
    })?;
    for (place, happens) in happens.iter().enumerate() {
        check_happens(happens, &format!("happens/{place}"))?;
    }
    expect(!truth.factors.is_empty(), "truth/factors", || {
        "expected at least one contributing factor".to_owned()
    })?;
    expect(scenario.control || !truth.path.is_empty(), "truth/path", || {
        "expected at least one service, unless control = true".to_owned()
    })?;
    check_remedies(scenario)
}

fn check_hints(hints: &[String]) -> Checked {
    let count = hints.len();
    expect([0, HINTS].contains(&count), "hints", || {
        format!("a ladder of {count}: expected {HINTS} hints, or none")
    })?;
    for (place, hint) in hints.iter().enumerate() {
        let characters = hint.trim().chars().count();
        let fits = (1..=HINT_CHARACTERS_MAX).contains(&characters);
        expect(fits, &format!("hints/{place}"), || {
            let expected = format!("expected from 1 to {HINT_CHARACTERS_MAX}");
            format!("hint {} has {characters} characters: {expected}", place + 1)
        })?;
    }
    Ok(())
}

fn check_happens(happens: &Happens, way: &str) -> Checked {
    let (kind, story, (from, to)) = (happens.what.kind(), Story::default(), happens.between);
    let (earliest_s, latest_s) = happens.begins_s();
    let between = format!("{way}/between");
    expect(from <= to, &between, || format!("{from} lies after {to}: expected two times in order"))?;
    expect(STARTS_STORY_S <= earliest_s && latest_s < story.ends_s(), &between, || {
        format!("{from} to {to} is not within the story: expected times from 07:45 to before 13:00")
    })?;
    if let Some((from, to)) = happens.ends_after_minutes {
        let ends = format!("{way}/ends-after-minutes");
        expect(0.0 < from && from <= to && to <= 300.0, &ends, || {
            format!("{from} to {to} minutes: expected two numbers in order, above 0 and at most 300")
        })?;
        expect(happens.what.ends_by_itself(), &ends, || {
            format!(
                "{kind} lasts until somebody undoes it: only suspend, link, disk, surge and delete end by themselves"
            )
        })?;
        let latest_s = latest_s + to * 60.0;
        expect(latest_s < story.ends_s(), &ends, || {
            format!(
                "it would end as late as {}: expected an end before {}",
                story.time_at(latest_s),
                story.ends
            )
        })?;
    }
    let what = format!("{way}/what/{kind}");
    let at = |key: &str| format!("{what}/{key}");
    let within = |number: u64, most: u64, key, unit: &str| {
        expect((1..=most).contains(&number), &at(key), || {
            format!("{number}: expected from 1 to {most}{unit}")
        })
    };
    match &happens.what {
        Happening::Publish { assets, insert, replace } => {
            expect(!assets.is_empty(), &at("assets"), || {
                "no asset: expected at least one asset's id".to_owned()
            })?;
            for (place, asset) in assets.iter().enumerate() {
                let way = format!("{what}/assets/{place}");
                is_id(asset, &way)?;
                is_known(asset, &way, &[])?;
            }
            expect(!insert.is_empty() || replace.is_some(), &what, || {
                "would change nothing: expected something to insert, or to replace".to_owned()
            })?;
            let Some((old, _)) = replace else { return Ok(()) };
            for asset in assets {
                expect(
                    !old.is_empty() && String::from_utf8_lossy(&original(asset)).contains(old),
                    &at("replace"),
                    || format!("'{old}' does not occur in {asset}: nothing would be replaced"),
                )?;
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
            // The asset need not exist: a release that names an unpublished asset can be the very cause.
            checkout_notes.as_ref().map_or(Ok(()), |asset| is_id(asset, &at("checkout-notes")))
        }
        Happening::Link { from, to, delay_ms, resets } => {
            is_link(*from, *to, &what)?;
            expect((0.0..=1.0).contains(resets), &at("resets"), || {
                format!("{resets}: expected a share between 0 and 1")
            })?;
            expect(*delay_ms > 0 || *resets > 0.0, &what, || {
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
        Happening::Surge { times } => expect((1.0..=TIMES_MAX).contains(times), &at("times"), || {
            format!("{times} times as many: expected a number from 1 to {TIMES_MAX}")
        }),
        _ => Ok(()),
    }
}

fn is_link(from: Party, to: Service, way: &str) -> Checked {
    expect(LINKS.contains(&(from, to)), way, || {
        let known = LINKS.map(|(from, to)| format!("{from} to {to}")).join(", ");
        format!("nobody calls from {from} to {to}: expected one of {known}")
    })
}

fn check_remedies(scenario: &Scenario) -> Checked {
    let publishes = scenario.happens.iter().any(|happens| matches!(happens.what, Happening::Publish { .. }));
    let (right, wrong) = (&scenario.remedies.right, &scenario.remedies.wrong);
    for (sequences, key) in [(right, "right"), (wrong, "wrong")] {
        let way = format!("remedies/{key}");
        expect(scenario.control || !sequences.is_empty(), &way, || {
            let does = if key == "right" { "restores" } else { "does not restore" };
            format!("expected at least one sequence of remedies that {does}, unless control = true")
        })?;
        for (nth, sequence) in sequences.iter().enumerate() {
            let way = format!("{way}/{nth}");
            expect(!sequence.is_empty(), &way, || "is empty: expected at least one remedy".to_owned())?;
            expect(key == "right" || !right.contains(sequence), &way, || {
                "the same remedies are also listed under right: expected them under right or wrong, not both"
                    .to_owned()
            })?;
            for (place, remedy) in sequence.iter().enumerate() {
                let Remedy::RollBack { asset } = remedy else { continue };
                let way = format!("{way}/{place}/asset");
                expect(asset != PUBLISHED || publishes, &way, || {
                    "rolls back what was published, and nothing is published".to_owned()
                })?;
                is_known(asset, &way, &[PUBLISHED])?;
            }
        }
    }
    Ok(())
}

fn is_id(asset: &str, way: &str) -> Checked {
    let parsed = asset.parse::<AssetId>();
    parsed.map(drop).map_err(|error| Misfit {
        way: way.to_owned(),
        message: format!("'{asset}' is no asset's id: {error}"),
    })
}

/// Whether the shop has this asset, or it is one of `others`.
fn is_known(asset: &str, way: &str, others: &[&'static str]) -> Checked {
    let known = seed_assets();
    let known = || known.iter().map(|asset| asset.id.as_str()).chain(others.iter().copied());
    expect(known().any(|id| id == asset), way, || {
        let list = known().collect::<Vec<_>>().join(", ");
        format!("the shop has no asset '{asset}'; there are: {list}{}", did_you_mean(asset, known()))
    })
}
