//! The command line as a newcomer sees it: real processes, real sockets.

use std::{fs, process::Command, time::Duration};

use bytes::Bytes;
use chassis::Wait;
use glyphfall_tests::{
    process::{Process, free_port, output, peer_program, program, root},
    up::{Ports, Up, peer},
};
use http::{Request, StatusCode};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

/// Checks a record against its schema with Python's validator. Copies with one error each must fail.
fn keeps_to_its_schema(record: &Value) {
    let broken = |(pointer, value): (&str, Value)| {
        let mut broken = record.clone();
        *broken.pointer_mut(pointer).expect(pointer) = value;
        broken
    };
    let broken = [
        ("/schema", "glyphfall.incident/2".into()),
        ("/level", "bright".into()),
        ("/story/starts", "8 o'clock".into()),
        ("/events/0/kind", "unheard_of".into()),
        ("/events/0/speed", Value::Null),
        ("/availability/0/served", (-1).into()),
        ("/outcome/censored", "no".into()),
        ("/rules", Value::Null),
        ("/outcome", json!({})),
    ]
    .map(broken);
    let schema =
        fs::read(root().join("harness/incident/schema/incident-1.json")).expect("the schema is there");
    let schema: Value = serde_json::from_slice(&schema).expect("a schema is JSON");
    let given = tempfile::NamedTempFile::new().expect("a file can be made");
    let documents = [&[record.clone()][..], &broken].concat();
    fs::write(given.path(), json!({ "schema": schema, "documents": documents }).to_string())
        .expect("it can be written");
    let mut validator = Command::new(peer_program("python"));
    validator.arg(root().join("tests/peers/schema.py")).arg(given.path());
    let (code, found, error) = output(&mut validator);
    assert_eq!(code, 0, "{error}");
    let found: Vec<Vec<String>> = serde_json::from_str(&found).expect("it answers in JSON");
    assert_eq!((found.len(), found[0].as_slice()), (broken.len() + 1, &[] as &[String]), "the record");
    for (errors, place) in found[1..].iter().zip(0..) {
        assert!(!errors.is_empty(), "broken copy {place} is found valid");
    }
}

#[tokio::test]
async fn the_demonstration_comes_out_as_told_and_prints_one_valid_record() {
    let folder = tempfile::tempdir().unwrap();
    let ports = Ports::free();
    let began = Instant::now();
    let mut command = Command::new(program("glyphfall"));
    command.args(["--format", "json", "--seed", "7", "--out"]).arg(folder.path()).args(ports.options());
    let (code, printed, told) = output(&mut command);
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    assert_eq!(code, 0, "{told}");
    let record: Value = serde_json::from_str(&printed).expect("exactly one JSON document");
    keeps_to_its_schema(&record);
    assert_eq!(record["seed"], 7);
    assert!(record["outcome"]["restored_s"].is_number() && record["outcome"]["fixed"] == true);
    let written = fs::read_to_string(folder.path().join("incident-special-character-7.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), record);
}

#[tokio::test]
async fn up_can_be_broken_with_a_file_and_plain_http_and_restored() {
    let up = Up::start(&["--seed", "3"]).await;
    up.until_home_is(Some(StatusCode::OK)).await;
    let store = peer(up.ports.store);
    let request =
        Request::put("/assets/promo-banner").header("authorization", format!("Bearer {}", up.editor_token));
    let request = request.body(Bytes::from_static(b"Spring\x0bsale")).unwrap();
    let answer = store.send(request, Wait::AtMost(Duration::from_secs(5))).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK, "the faulty store publishes anything");
    up.until_home_is(None).await;
    for port in [up.ports.front, up.ports.cache, up.ports.store] {
        let health = peer(port).get("/healthz", Wait::AtMost(Duration::from_secs(1))).await;
        assert_eq!(health.unwrap().status, StatusCode::OK);
    }
    let began = Instant::now();
    let (code, said, error) = up.glyphfall(&["restore"]);
    assert_eq!((code, said.as_str()), (0, "The shop is as it was at first.\n"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    up.until_home_is(Some(StatusCode::OK)).await;
    let (code, ..) = up.glyphfall(&["restore"]);
    assert_eq!(code, 0, "restoring twice changes nothing");
}

#[tokio::test]
async fn inject_triggers_a_scenario_or_publishes_a_file() {
    let up = Up::start(&[]).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), "Plain and harmless").unwrap();
    let path = file.path().to_str().unwrap();
    let (code, said, error) = up.glyphfall(&["inject", "--asset", "promo-banner", "--file", path]);
    assert_eq!((code, said.as_str()), (0, "Published promo-banner version 2.\n"), "{error}");
    let (code, said, error) = up.glyphfall(&["inject", "special-character"]);
    assert_eq!((code, said.as_str()), (0, "Published promo-banner version 3.\n"), "{error}");
    up.until_home_is(None).await;
    let (code, _, error) = up.glyphfall(&["inject", "no-such-scenario"]);
    assert!(
        code == 2 && error.contains("no-such-scenario") && error.contains("special-character"),
        "{code} {error}"
    );
    let (code, _, error) = up.glyphfall(&["inject", "--asset", "a", "--file", "/no/such/file"]);
    assert!(code == 2 && error.contains("cannot read /no/such/file"), "{code} {error}");
}

#[tokio::test]
async fn demonstrations_that_are_broken_off_leave_partial_records_and_one_does_not_take_the_place_of_another()
{
    let folder = tempfile::tempdir().unwrap();
    let begun = [&[][..], &["--repair", "invalid-rendering"]].map(|options| {
        let ports = Ports::free();
        let mut command = Command::new(program("glyphfall"));
        command.args(["--seed", "7", "--out"]).arg(folder.path()).args(ports.options()).args(options);
        (Process::start(&mut command), peer(ports.front))
    });
    for (mut demo, front) in begun {
        let is_open = async || front.get("/", Wait::AtMost(Duration::from_secs(1))).await.is_ok();
        let began = Instant::now();
        while !is_open().await {
            assert!(began.elapsed() < Duration::from_secs(20), "the shop does not open");
        }
        demo.signal("INT");
        assert!(!demo.ended(Duration::from_secs(20)).await, "broken off is not come out as told");
    }
    for (name, faults) in [
        ("incident-special-character-7.json", 4),
        ("incident-special-character-7-repaired-invalid-rendering.json", 3),
    ] {
        let record = fs::read_to_string(folder.path().join(name)).unwrap();
        let record: Value = serde_json::from_str(&record).unwrap();
        assert_eq!(record["complete"], false);
        assert_eq!(record["faults_present"].as_array().unwrap().len(), faults, "{name}");
    }
}

#[tokio::test]
async fn the_memory_of_a_shop_stays_small() {
    let up = Up::start(&[]).await;
    up.until_home_is(Some(StatusCode::OK)).await;
    sleep(Duration::from_secs(5)).await;
    let at_rest_mb = up.process.memory_mb();
    assert!(at_rest_mb < 60.0, "at rest: {at_rest_mb} MB");
}

#[test]
fn scenarios_are_listed_without_giving_anything_away() {
    let (code, list, _) = output(Command::new(program("glyphfall")).args(["scenarios", "--format", "json"]));
    let list: Value = serde_json::from_str(&list).unwrap();
    assert_eq!(code, 0);
    let listed = list["scenarios"].as_array().unwrap();
    assert!(listed.len() >= 12);
    assert!(
        listed.iter().any(|scenario| scenario["name"] == "special-character" && scenario["control"] == false)
    );
    for scenario in listed {
        assert_eq!(scenario.as_object().unwrap().len(), 6, "nothing is given away: {scenario}");
        assert!(["easy", "medium", "hard"].contains(&scenario["rating"].as_str().unwrap()), "{scenario}");
    }
    let (_, told, _) = output(Command::new(program("glyphfall")).args(["scenarios", "special-character"]));
    assert!(told.contains("Spoiler: everything about it follows.") && told.contains("U+000B"), "{told}");
    assert!(told.lines().all(|line| line.chars().count() <= 80), "{told}");
}

#[tokio::test]
async fn what_cannot_be_done_is_said_with_what_to_do() {
    let check = |arguments: &[&str], expected: &str| {
        let (code, _, error) = output(Command::new(program("glyphfall")).args(arguments));
        assert!(code == 2 && error.contains(expected), "{arguments:?}: {code} {error}");
    };
    check(&["scenarios", "nothing"], "there is no scenario 'nothing'");
    check(&["--level", "logs", "--repair", "inadequate-telemetry"], "give one of them");
    check(&["--level", "bright"], "possible values: dark, logs, metrics, traces, changes");
    check(&["up", "--speed", "0"], "must lie between");
    check(&["up", "--views", "many"], "not a number");
    let ports = Ports::free();
    let up = |ports: Ports, more: &[&str], expected: &str| {
        let own = [ports.options(), ports.doors()].concat();
        let own = own.iter().map(String::as_str);
        check(&["up"].into_iter().chain(own).chain(more.iter().copied()).collect::<Vec<_>>(), expected);
    };
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let helps = format!(
        "at 127.0.0.1:{port}: Address already in use (os error 98); another program holds that port: stop it, or choose another address; --port-offset 100 moves all ports of this shop"
    );
    up(Ports { front: port, ..ports }, &[], &helps);
    up(Ports { room: port, ..ports }, &[], &helps);
    up(Ports { operators: port, ..ports }, &[], &helps);
    up(ports, &["--port-offset", "65000"], "beyond 65535");
    let nobody = free_port().to_string();
    check(&["inject", "--editor-token", "x", "--content-store-port", &nobody], "could not be reached");
    check(&["restore", "--operator-token", "x", "--operator-port", &nobody], "does not answer");
    up(ports, &["--data", "/proc/nowhere"], "choose a folder that you may write to with --data");
}

#[tokio::test]
async fn evidence_is_asked_for_on_the_command_line() {
    let up = Up::start(&["--level", "changes", "--seed", "4"]).await;
    up.until_home_is(Some(StatusCode::OK)).await;
    let (code, ..) = up.glyphfall(&["inject"]);
    assert_eq!(code, 0);
    up.until_home_is(None).await;
    let room = up.ports.room.to_string();
    let ask = |arguments: &[&str]| {
        let mut command = Command::new(program("glyphfall"));
        output(command.arg("evidence").args(arguments).args(["--room-port", &room]))
    };
    let until_told = async |arguments: &[&str], wanted: &str| {
        let told = async {
            loop {
                let (code, told, error) = ask(arguments);
                assert_eq!(code, 0, "{error}");
                if told.contains(wanted) {
                    return told;
                }
                sleep(Duration::from_millis(200)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), told)
            .await
            .unwrap_or_else(|_| panic!("{arguments:?}: {wanted}"))
    };
    until_told(&["changes"], "shop.asset.published promo-banner version 2").await;
    until_told(&["logs", "could not fill"], "shop.asset.id=promo-banner").await;
    until_told(&["metrics"], "shop.customer.visits").await;
    until_told(&["metrics", "shop.cache.fill.permits.used"], "64.000 {permit}").await;
    let failed = until_told(&["traces", "failed"], "failed: ").await;
    let id = failed.split_whitespace().next().unwrap();
    let trace = until_told(&["traces", id], "waited for").await;
    assert!(trace.lines().all(|line| line.chars().count() <= 80), "{trace}");
    let json = until_told(&["changes", "--format", "json"], "shop.asset.published").await;
    assert!(json.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{json}");
    let (code, _, error) = ask(&["logs", "--from", "yesterday"]);
    assert!(code == 2 && error.contains("from: expected a time"), "{error}");
}

/// A user's own scenario: a slow disk, and an hour later a publish.
const OWN: &str = r#"title = "Two things"
description = "A disk becomes slow for a while, and later an editor publishes a text."
symptom = "some-visits"
[[happens]]
between = ["08:00", "08:00"]
ends-after-minutes = [5, 5]
what = { disk = { seek-ms = 400 } }
[[happens]]
between = ["09:00", "09:00"]
what = { publish = { assets = ["promo-banner"], insert = ["U+000B"] } }
[truth]
trigger = "A slow disk, and a vertical tab"
path = ["content-store", "cache", "web-front"]
factors = ["slow-storage", "invalid-rendering"]
[remedies]
right = [[{ remedy = "roll-back", asset = "published" }, { remedy = "restart", service = "cache" }]]
wrong = [[{ remedy = "flush-cache" }]]
"#;

#[test]
fn a_scenario_of_ones_own_is_played_to_its_end_or_says_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.toml");
    fs::write(&file, OWN).unwrap();
    let play = |options: &[&str]| {
        let mut command = Command::new(program("glyphfall"));
        command.arg("play").arg(&file).args(["--seed", "4", "--views", "0.5", "--responder", "stand-in"]);
        output(command.args(options).current_dir(folder.path()))
    };
    let (code, told, error) = play(&["--until", "09:10"]);
    assert_eq!(code, 0, "{error}");
    assert!(told.contains("promo-banner version 2 is published by the editor"), "{told}");
    assert!(!told.contains("It ended at"), "{told}");
    let (code, told, error) = play(&["--until", "08:30"]);
    assert_eq!(code, 0, "{error}");
    assert!(
        told.contains("It ended at 08:30, before everything happened: more would have begun at 09:00."),
        "{told}"
    );
    fs::write(&file, OWN.replace("promo-banner", "promo-baner")).unwrap();
    let (code, _, error) = play(&[]);
    assert_eq!(code, 2);
    assert!(
        error.contains("line 10: the shop has no asset 'promo-baner'")
            && error.contains("did you mean 'promo-banner'?"),
        "{error}"
    );
}
