//! `glyphfall verify` against running shops: the right card for each of the sixteen combinations of latent faults, at each telemetry level,
//! during and after an outage, without lasting changes to the shop. [`another_shop`]: the same for a foreign shop. [`exercises`]: exercises
//! in repairing.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod another_shop;
mod exercises;

use std::{collections::BTreeMap, process::Command, thread, time::Duration};

use bytes::Bytes;
use chassis::{Answer, LatentFault, Level, Peer, Wait};
use glyphfall_tests::{
    process::{Process, output, program},
    up::{Ports, Up, peer},
};
use http::{Request, StatusCode, header};
use serde_json::Value;
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

/// Timeout for a condition on the shop.
const COMES_WITHIN: Duration = Duration::from_secs(30);

/// More requests than the cache has permits.
const ALL_PERMITS: usize = 80;

const TOKENS: [&str; 2] = ["GLYPHFALL_EDITOR_TOKEN", "GLYPHFALL_OPERATOR_TOKEN"];

/// `glyphfall verify` without one of the tokens, or without both.
fn verify_without(up: &Up, tokens: &[&str]) -> (i32, String, String) {
    let mut command = verify(up, "text");
    for token in tokens {
        command.env_remove(token);
    }
    output(&mut command)
}

fn verify(up: &Up, format: &str) -> Command {
    let mut command = Command::new(program("glyphfall"));
    command.args(["verify", "--format", format, "--room-port", &up.ports.room.to_string()]);
    command.args(up.ports.options()).env(TOKENS[0], &up.editor_token).env(TOKENS[1], &up.operator_token);
    command
}

/// The exit code, and each fault's state with its explanation.
fn card(up: &Up) -> (i32, BTreeMap<String, (String, String)>) {
    let (code, text, error) = output(&mut verify(up, "json"));
    let card: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text} {error}"));
    let word = |fault: &Value, key: &str| fault[key].as_str().unwrap().to_owned();
    let faults = card["faults"].as_array().unwrap().iter();
    let card = faults.map(|fault| (word(fault, "fault"), (word(fault, "state"), word(fault, "found"))));
    (code, card.collect())
}

async fn assets(up: &Up) -> String {
    let answer = peer(up.ports.store).get("/assets", Wait::AtMost(COMES_WITHIN)).await.unwrap();
    String::from_utf8(answer.body.to_vec()).unwrap()
}

/// One of the sixteen shops: the faults that are repaired, and its level.
fn repairs(combination: usize) -> (Vec<LatentFault>, Level) {
    let is_repaired = |(place, _): &(usize, LatentFault)| combination >> place & 1 == 1;
    let repaired: Vec<_> = LatentFault::ALL.into_iter().enumerate().filter(is_repaired).collect();
    let repaired: Vec<_> = repaired.into_iter().map(|(_, fault)| fault).collect();
    let is_told = repaired.contains(&LatentFault::InadequateTelemetry);
    let level = if is_told { Level::Changes } else { Level::ALL[combination % 4] };
    (repaired, level)
}

#[tokio::test]
async fn each_of_the_sixteen_combinations_gets_its_card_and_stays_as_it_was() {
    let mut opening = JoinSet::new();
    for combination in 0..16 {
        let (repaired, level) = repairs(combination);
        let mut options = vec!["--views", "0.1", "--level", level.name()];
        options.extend(repaired.iter().flat_map(|fault| ["--repair", fault.name()]));
        let options: Vec<String> = options.into_iter().map(str::to_owned).collect();
        let ports = Ports::free();
        opening.spawn(async move {
            let options: Vec<&str> = options.iter().map(String::as_str).collect();
            (combination, Up::start_on(ports, &options).await)
        });
    }
    let mut shops = opening.join_all().await;
    shops.sort_by_key(|(combination, _)| *combination);
    let mut before = Vec::new();
    for (_, up) in &shops {
        before.push(assets(up).await);
    }
    let alone = |combination: usize| &shops[combination].1;
    let (cards, without_operator) = thread::scope(|scope| {
        let cards: Vec<_> = shops.iter().map(|(_, up)| scope.spawn(|| card(up))).collect();
        let without: Vec<_> = [0, 1, 15]
            .map(|combination| scope.spawn(move || verify_without(alone(combination), &TOKENS[1..])))
            .into();
        let cards: Vec<_> = cards.into_iter().map(|card| card.join().unwrap()).collect();
        let without: Vec<_> = without.into_iter().map(|told| told.join().unwrap()).collect();
        (cards, without)
    });
    for (combination, (code, card)) in cards.iter().enumerate() {
        let (repaired, level) = repairs(combination);
        assert_eq!(*code, i32::from(repaired.len() < 4), "{repaired:?}");
        for fault in LatentFault::ALL {
            let expected = if repaired.contains(&fault) { "repaired" } else { "present" };
            let (state, found) = &card[fault.name()];
            assert_eq!(state, expected, "{fault:?} with {repaired:?} repaired, at {level:?}: {found}");
        }
        let telemetry = &card["inadequate-telemetry"].1;
        let told = match level {
            Level::Dark => "nothing in the evidence names it",
            Level::Changes => "shows a responder what was published",
            Level::Logs | Level::Metrics | Level::Traces => "Log lines name the asset",
        };
        assert!(telemetry.contains(told), "{level:?}: {telemetry}");
        let is_tried = !repaired.contains(&LatentFault::InvalidRendering);
        let handling = &card["poor-error-handling"].1;
        assert_eq!(handling.contains("It was not tried"), !is_tried, "{repaired:?}: {handling}");
    }
    // A fault that could neither be tried nor read from a switch must not count as repaired.
    let [(code, all_present, _), (_, rendering_repaired, _), (all_code, all_repaired, error)] =
        without_operator.try_into().unwrap();
    assert_eq!((code, all_code), (1, 2), "{all_present} {all_repaired}");
    assert_eq!(all_present.lines().filter(|line| line.ends_with("  present")).count(), 4, "{all_present}");
    for words in [
        "--repair poor-error-handling",
        "(in containers GLYPHFALL_LEVEL=changes)",
        "answers 200 OK all the same",
    ] {
        assert!(unwrapped(&all_present).contains(words), "{words}: {all_present}");
    }
    for text in [&rendering_repaired, &all_repaired] {
        let lines: Vec<_> = text.lines().filter(|line| line.ends_with("unknown")).collect();
        assert_eq!(lines, ["poor-error-handling   unknown", "missing-health-check  unknown"], "{text}");
        assert!(unwrapped(text).contains("GLYPHFALL_OPERATOR_TOKEN"), "{text}");
    }
    assert!(error.contains("2 of 4 latent faults are unknown"), "{error}");
    for ((combination, up), before) in shops.iter().zip(&before) {
        assert_eq!(&assets(up).await, before, "{combination}");
    }
}

/// The text without line breaks.
fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn in_an_outage_it_says_what_cannot_be_told_and_afterwards_it_tells_again() {
    let up = Up::start(&["--views", "0.1", "--level", "changes"]).await;
    let before = assets(&up).await;
    broken_off_it_takes_its_asset_away(&up, &before).await;
    let (code, nothing_given, error) = verify_without(&up, &TOKENS);
    assert_eq!(code, 2, "{nothing_given}");
    assert_eq!(nothing_given.matches("unknown").count(), 4, "{nothing_given}");
    assert!(
        unwrapped(&nothing_given).contains("without an editor's token") && error.contains("4 of 4"),
        "{nothing_given}"
    );

    take_all_permits(&up).await;
    let (given, without) = thread::scope(|scope| {
        let given = scope.spawn(|| card(&up));
        let without = scope.spawn(|| verify_without(&up, &TOKENS[1..]));
        (given.join().unwrap(), without.join().unwrap())
    });
    let states = |card: &BTreeMap<String, (String, String)>| {
        LatentFault::ALL.map(|fault| card[fault.name()].0.clone())
    };
    let expected = ["present", "present", "present", "repaired"];
    assert_eq!((given.0, states(&given.1)), (1, expected.map(str::to_owned)), "{given:?}");
    let handling = &given.1["poor-error-handling"].1;
    assert!(
        handling.contains("The cache has no free permit") && handling.contains("not tried"),
        "{handling}"
    );
    let text = unwrapped(&without.1);
    for words in [
        "invalid-rendering present",
        "poor-error-handling unknown The cache has no free permit",
        "Restore the shop",
        "missing-health-check present No permit of the cache is free, and its readiness check answers 200 OK",
        "inadequate-telemetry repaired",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }

    let (code, _, error) = up.glyphfall(&["restore"]);
    assert_eq!(code, 0, "{error}");
    let (code, card) = card(&up);
    assert_eq!((code, states(&card)), (1, expected.map(str::to_owned)), "{card:?}");
    assert!(card.values().all(|(_, found)| !found.contains("not tried")), "{card:?}");
    assert!(!assets(&up).await.contains("probe-"));
}

/// Checks that Ctrl-C ends the program, and that the program deletes its asset first.
async fn broken_off_it_takes_its_asset_away(up: &Up, before: &str) {
    let mut probing = Process::start(&mut verify(up, "text"));
    let until_there = async {
        while !assets(up).await.contains("probe-") {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(COMES_WITHIN, until_there).await.unwrap();
    probing.signal("INT");
    assert!(!probing.ended(COMES_WITHIN).await, "it found nothing out");
    assert_eq!(assets(up).await, before);
}

/// Publishes an unreadable text, and requests it until the cache has no permit left.
async fn take_all_permits(up: &Up) {
    let request = Request::put("/assets/promo-banner");
    let request = request.header(header::AUTHORIZATION, format!("Bearer {}", up.editor_token));
    let published = peer(up.ports.store)
        .send(request.body(Bytes::from_static(b"Spring\x0bsale")).unwrap(), Wait::AtMost(COMES_WITHIN))
        .await;
    assert_eq!(published.unwrap().status, StatusCode::OK);
    let ask = |peer: Peer, path: String| async move {
        peer.get(&path, Wait::AtMost(Duration::from_secs(2))).await.ok().map(|Answer { status, .. }| status)
    };
    let until_none_is_left = async {
        for round in 0.. {
            let asking: JoinSet<_> = (0..ALL_PERMITS)
                .map(|_| ask(peer(up.ports.cache), "/fragments/promo-banner".to_owned()))
                .collect();
            asking.join_all().await;
            if ask(peer(up.ports.cache), format!("/fragments/no-such-asset-{round}")).await.is_none() {
                return;
            }
        }
    };
    timeout(COMES_WITHIN, until_none_is_left).await.unwrap();
}
