//! A first day by hand: playing the story by pasting the lines that `glyphfall up` prints, every change of a running shop from the command
//! line, and the resulting record.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::{process::Command, time::Duration};

use bytes::Bytes;
use chassis::Wait;
use glyphfall_tests::{
    process::{Process, free_port, output, program},
    shell::{SHELLS, Shell},
    up::{Ports, Up, peer},
};
use http::{Request, StatusCode};
use incident::{EventKind, IncidentRecord, counted_visits, outages, outcome};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

/// Timeout for an action on the shop.
const PATIENCE: Duration = Duration::from_secs(30);

/// Options that let the system choose every port of a shop and of its evidence store.
const ANY_PORTS: [&str; 14] = [
    "--web-front-port",
    "0",
    "--cache-port",
    "0",
    "--content-store-port",
    "0",
    "--operator-port",
    "0",
    "--room-port",
    "0",
    "--otlp-grpc-port",
    "0",
    "--otlp-http-port",
    "0",
];

/// Seconds for which availability must hold to count as restored: few, to keep the tests fast.
const HOLD: &str = "3";

async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let so = async {
        while !is_so().await {
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(PATIENCE, so).await.unwrap_or_else(|_| panic!("it never came to that: {what}"));
}

/// The lines printed for pasting, from the one that contains `from` to the one that contains `to`.
fn printed<'a>(told: &'a str, from: &str, to: &str) -> Vec<&'a str> {
    let lines: Vec<&str> = told.lines().filter_map(|line| line.strip_prefix("  ")).collect();
    let at = |text: &str| {
        lines.iter().position(|line| line.contains(text)).unwrap_or_else(|| panic!("no {text}: {told}"))
    };
    let first = at(from);
    let last = first + lines[first..].iter().position(|line| line.contains(to)).unwrap();
    lines[first..=last].to_vec()
}

/// The actions in the record, in order, as the record words them.
fn deeds(record: &IncidentRecord) -> Vec<String> {
    let is_deed = |kind: &EventKind| !matches!(kind, EventKind::Clock { .. });
    let deeds = record.events.iter().filter(|event| is_deed(&event.kind));
    deeds.map(|event| format!("{}{}", event.kind, event.by())).collect()
}

/// The debrief of a record as Markdown.
fn debriefed(up: &Up) -> (String, String) {
    let folder = up.folder.path();
    let record = std::fs::read_dir(folder.join("out")).unwrap().map(|file| file.unwrap().path());
    let record =
        record.into_iter().find(|file| file.extension().is_some_and(|ending| ending == "json")).unwrap();
    let mut command = Command::new(program("glyphfall"));
    let (code, told, error) =
        output(command.arg("debrief").arg(&record).arg("--out").arg(folder.join("again")));
    assert_eq!(code, 0, "{error}");
    let markdown = folder.join("again").join(record.with_extension("md").file_name().unwrap());
    (told, std::fs::read_to_string(markdown).unwrap())
}

#[tokio::test]
async fn a_shop_on_free_ports_prints_lines_that_find_it_and_leaves_no_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(program("glyphfall"));
    command.arg("up").args(ANY_PORTS).args(["--views", "1"]).arg("--out").arg(folder.path().join("out"));
    let mut up = Process::start(command.env("XDG_RUNTIME_DIR", folder.path()));
    until("the lines are printed", async || up.said().contains(" debrief ")).await;
    let told = up.said();
    let mut shell = Shell::start(SHELLS[0], folder.path());
    let said = shell.paste(&printed(&told, "GLYPHFALL_EDITOR_TOKEN", "promo-banner")).await;
    assert!(said.contains(r#""version":2"#), "{said}");
    for (words, expected) in
        [(" restart cache", "The cache was restarted."), (" restore", "as it was at first")]
    {
        let said = shell.paste(&printed(&told, words, words)).await;
        assert!(said.contains(expected), "{said}");
    }
    let tokens = || std::fs::read_dir(folder.path().join("glyphfall")).unwrap().count();
    assert_eq!(tokens(), 1);
    // The second signal may come before the first is handled. Then the shop does not close its record, but the tokens are removed all the
    // same.
    up.signal("INT");
    up.signal("INT");
    let _is_well = up.ended(PATIENCE).await;
    assert_eq!(tokens(), 0, "{}", up.said());
}

#[tokio::test]
async fn the_story_is_lived_by_pasting_the_printed_lines_and_the_debrief_tells_it() {
    // With this many customers the cache runs out of permits within a second or two.
    let mut up = Up::start(&["--seed", "3", "--hold", HOLD, "--views", "120"]).await;
    up.until_home_is(Some(StatusCode::OK)).await;
    until("the lines are printed", async || up.told().contains(" debrief ")).await;
    let told = up.told();
    let opening = printed(&told, "GLYPHFALL_EDITOR_TOKEN", "promo-banner");
    let (looking, healthy) = (printed(&told, "-m 10", "-m 10"), printed(&told, "/healthz", "/healthz"));
    let (restart, roll_back) =
        (printed(&told, " restart cache", " restart cache"), printed(&told, " roll-back ", " roll-back "));
    let restore = printed(&told, " restore", " restore");

    let mut shells = SHELLS.map(|shell| Shell::start(shell, up.folder.path()));
    for (shell, version) in shells.iter_mut().zip(2..) {
        let said = shell.paste(&opening).await;
        assert!(said.contains(&format!(r#""version":{version}"#)), "{said}");
    }
    up.until_home_is(None).await;
    let [bash, zsh, dash] = &mut shells;
    let said = dash.paste(&looking).await;
    assert!(said.contains("timed out"), "{said}");
    let said = zsh.paste(&healthy).await;
    assert!(said.contains("ok"), "{said}");
    let said = bash.paste(&restart).await;
    assert!(said.contains("The cache was restarted."), "{said}");
    up.until_home_is(None).await;
    // Publish again: two other shells have published since.
    let said = bash.paste(&[&opening[..2], &roll_back].concat()).await;
    assert!(said.contains("its earlier text is version 5 now"), "{said}");
    let said = bash.paste(&restore).await;
    assert!(said.contains("The shop is as it was at first."), "{said}");
    up.until_home_is(Some(StatusCode::OK)).await;
    until("the first recovery is told", async || up.told().contains("availability is restored")).await;

    // Play the story once more, as printed.
    zsh.paste(&opening[2..]).await;
    up.until_home_is(None).await;
    for line in [&restart, &roll_back] {
        zsh.paste(line).await;
        up.until_home_is(None).await;
    }
    zsh.paste(&restart).await;
    up.until_home_is(Some(StatusCode::OK)).await;
    let recoveries = || up.told().matches("availability is restored").count();
    until("the second recovery is told", async || recoveries() == 2).await;
    up.process.signal("INT");
    assert!(up.process.ended(PATIENCE).await);

    let record = up.record();
    let expected = [
        "editor published promo-banner version 2, by the editor",
        "availability lost",
        "editor published promo-banner version 3, by the editor",
        "editor published promo-banner version 4, by the editor",
        "restart the cache, by the operator",
        "roll back promo-banner, by the editor",
        "responder published promo-banner version 5, by the editor",
        "put everything back as it was, by the operator",
        "availability restored",
        "editor published promo-banner version 2, by the editor",
        "availability lost",
        "restart the cache, by the operator",
        "roll back promo-banner, by the editor",
        "responder published promo-banner version 3, by the editor",
        "restart the cache, by the operator",
        "availability restored",
    ];
    // The record dates restoration by the first served visit, which may precede the remedy, and the loss by the first failed visit.
    let sorted = |mut deeds: Vec<String>| {
        deeds.sort();
        deeds
    };
    let told = deeds(&record);
    assert_eq!(sorted(told.clone()), sorted(expected.map(String::from).to_vec()), "{told:#?}");
    let place = |text: &str| told.iter().position(|deed| deed.contains(text)).unwrap();
    assert!(place("version 2") < place("availability lost"), "causes come first: {told:#?}");
    let lost = outages(&record);
    assert!(lost.len() == 2 && lost.iter().all(|outage| outage.restored_s.is_some()), "{lost:?}");

    let (finding, markdown) = debriefed(&up);
    assert!(finding.contains("could not use the shop twice"), "{finding}");
    for text in [
        "Put everything back as it was, by the operator | ",
        "Availability came back with it.",
        "availability was lost again.",
        "Roll back promo-banner, by the editor",
        "of them restored availability, in 2 outages",
        &format!("Of {}, so", counted_visits(&record).visits()),
    ] {
        assert!(markdown.replace(',', "").contains(&text.replace(',', "")), "{text}: {markdown}");
    }
    // The console's last figures count the same visits.
    let counts = format!("{} of {} visits", outcome(&record).failed_visits, counted_visits(&record).visits());
    assert!(up.told().contains(&counts), "{counts}: {}", up.told());
}

#[tokio::test]
async fn after_the_end_of_the_story_nothing_counts_and_that_is_said() {
    // At this speed five story hours take ten seconds.
    let mut up = Up::start(&["--seed", "5", "--speed", "1800"]).await;
    until("the end is said", async || up.told().contains("The story has ended")).await;
    let (code, ..) = up.glyphfall(&["inject"]);
    assert_eq!(code, 0);
    up.until_home_is(None).await;
    up.process.signal("TERM");
    assert!(up.process.ended(PATIENCE).await);
    let record = up.record();
    assert!(outages(&record).is_empty() && outcome(&record).failed_visits == 0, "{:?}", record.outcome);
    assert!(up.told().contains("Figures count until 13:00"), "{}", up.told());
    let (_, markdown) = debriefed(&up);
    assert!(markdown.contains("The story ended at 13:00"), "{markdown}");
}

#[tokio::test]
async fn every_way_to_end_takes_the_tokens_away_and_leaves_the_record() {
    let mut ended = Vec::new();
    for signal in ["INT", "TERM", "HUP"] {
        ended.push((signal, Up::start(&["--seed", "9"]).await));
    }
    for (signal, up) in &mut ended {
        let tokens = up.folder.path().join("glyphfall").join(format!("up-{}.json", up.ports.store));
        until("the tokens are left", async || tokens.exists()).await;
        up.process.signal(signal);
        assert!(up.process.ended(PATIENCE).await, "{signal}");
        assert!(!tokens.exists(), "{signal}");
        assert_eq!(up.record().run.seed, 9, "{signal}");
    }
    // The reader closes the pipe after one line, as in `glyphfall up | head -1`.
    let (folder, ports) = (tempfile::tempdir().unwrap(), Ports::free());
    let mut command = Command::new(program("glyphfall"));
    command.arg("up").args(ports.options()).args(ports.doors()).arg("--out").arg(folder.path().join("out"));
    let mut unread = Process::start_and_leave(command.env("XDG_RUNTIME_DIR", folder.path()));
    assert!(unread.ended(PATIENCE).await);
    assert_eq!(std::fs::read_dir(folder.path().join("glyphfall")).unwrap().count(), 0, "no token is left");
}

#[tokio::test]
async fn what_is_done_by_hand_is_told_in_json_too_and_what_cannot_be_done_with_its_reason() {
    let up = Up::start(&["--seed", "4"]).await;
    up.until_home_is(Some(StatusCode::OK)).await;
    let told = |arguments: &[&str]| -> Value {
        let (code, told, error) = up.glyphfall(&[arguments, &["--format", "json"]].concat());
        assert_eq!(code, 0, "{arguments:?}: {error}");
        serde_json::from_str(&told).unwrap_or_else(|_| panic!("{arguments:?}: {told}"))
    };
    let switches = async |port: u16| {
        let request =
            Request::get("/switches").header("authorization", format!("Bearer {}", up.operator_token));
        let answer =
            peer(port).send(request.body(Bytes::new()).unwrap(), Wait::AtMost(PATIENCE)).await.unwrap();
        serde_json::from_slice::<Value>(&answer.body).unwrap()
    };
    assert_eq!(told(&["restart", "web-front"]), json!({ "restarted": "web-front" }));
    assert_eq!(told(&["level", "logs"]), json!({ "level": "logs" }));
    let repaired = json!({ "fault": "poor-error-handling", "present": false });
    assert_eq!(told(&["repair", "poor-error-handling"]), repaired);
    for port in [up.ports.operators, up.ports.operators + 1, up.ports.operators + 2] {
        let now = switches(port).await;
        assert_eq!(now["level"], "logs");
        assert_eq!(now["faults_present"].as_array().unwrap().len(), 3, "{now}");
    }
    told(&["repair", "poor-error-handling", "--undo"]);
    assert_eq!(switches(up.ports.operators).await["faults_present"].as_array().unwrap().len(), 4);
    told(&["repair", "inadequate-telemetry"]);
    assert_eq!(switches(up.ports.operators).await["level"], "changes");
    told(&["inject", "special-character"]);
    let rolled_back = json!({ "rolled_back": "promo-banner", "version": 3 });
    assert_eq!(told(&["roll-back", "promo-banner"]), rolled_back);
    // Changes appear in the evidence at levels that include them.
    let changes = |()| {
        let mut command = Command::new(program("glyphfall"));
        output(command.args(["evidence", "changes", "--room-port", &up.ports.room.to_string()])).1
    };
    until("the changes are told", async || changes(()).contains("promo-banner version 3 by editor")).await;
    told(&["restart", "cache"]);
    until("the restart is told", async || {
        changes(()).contains("service.started cache") && changes(()).contains("by operator")
    })
    .await;
    assert_eq!(told(&["restore"]), json!({ "restored": true }));
    assert_eq!(switches(up.ports.operators).await["level"], "dark");

    let refused = |arguments: &[&str], tokens: bool, expected: &str| {
        let mut command = Command::new(program("glyphfall"));
        command.args(arguments).env("XDG_RUNTIME_DIR", up.folder.path());
        for token in ["GLYPHFALL_EDITOR_TOKEN", "GLYPHFALL_OPERATOR_TOKEN"] {
            if tokens {
                command.env(token, "of-yesterday")
            } else {
                command.env_remove(token)
            };
        }
        let (code, _, error) = output(&mut command);
        assert!(code == 2 && error.contains(expected), "{arguments:?}: {code} {error}");
    };
    let ports = up.ports.options();
    let here: Vec<&str> = ports.iter().map(String::as_str).collect();
    let with = |words: &[&'static str]| [words, &here].concat();
    refused(
        &with(&["restore"]),
        true,
        "GLYPHFALL_OPERATOR_TOKEN holds the token of another shop, or of an earlier one",
    );
    refused(
        &with(&["inject"]),
        true,
        "GLYPHFALL_EDITOR_TOKEN holds the token of another shop, or of an earlier one",
    );
    refused(&with(&["roll-back", "promo-banner"]), true, "GLYPHFALL_EDITOR_TOKEN holds the token of another");
    refused(&with(&["restart", "cash"]), false, "a similar value exists: 'cache'");
    refused(&with(&["roll-back", "no-such-asset"]), false, "There is no such asset");
    refused(&with(&["repair", "everything"]), false, "possible values: invalid-rendering");
    refused(&with(&["inject", "surge"]), false, "glyphfall up --sized");
    let (nobody, elsewhere) = (free_port().to_string(), free_port().to_string());
    let nowhere = ["--content-store-port", &nobody, "--operator-port", &elsewhere];
    refused(&[&["restore"], &nowhere[..]].concat(), false, "no shop of 'glyphfall up' runs here");
    refused(&[&["restore"], &nowhere[..]].concat(), true, "no shop runs there");
    refused(&[&["inject", "slow-disk"], &nowhere[..]].concat(), true, "'glyphfall play slow-disk' plays it");
}

/// A service's reaction on its port, which shows whether its process runs, is stopped, or has ended.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Port {
    Answers,
    Silent,
    Closed,
}

async fn port(port: u16) -> Port {
    let listens = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok();
    match peer(port).get("/healthz", Wait::AtMost(Duration::from_millis(500))).await {
        Ok(_) => Port::Answers,
        Err(_) if listens => Port::Silent,
        Err(_) => Port::Closed,
    }
}

#[tokio::test]
async fn every_scenario_can_be_triggered_in_a_sized_shop_and_put_right_again() {
    let mut up = Up::start(&["--seed", "6", "--sized", "--views", "10"]).await;
    up.until_home_is(Some(StatusCode::OK)).await;
    let do_it = |arguments: &[&str]| {
        let (code, told, error) = up.glyphfall(arguments);
        assert_eq!(code, 0, "{arguments:?}: {error}");
        told
    };
    let shown = [
        ("suspended-cache", up.ports.cache, Port::Silent, "restart cache"),
        ("suspended-store", up.ports.store, Port::Silent, "restart content-store"),
        ("suspended-front", up.ports.front, Port::Silent, "restart web-front"),
        ("stopped-store", up.ports.store, Port::Closed, "restart content-store"),
    ];
    for (scenario, at, expected, remedy) in shown {
        do_it(&["inject", scenario]);
        assert_eq!(port(at).await, expected, "{scenario}");
        do_it(&remedy.split(' ').collect::<Vec<_>>());
        assert_eq!(port(at).await, Port::Answers, "{scenario}: {remedy}");
    }
    let conditions = async || {
        let asked =
            Request::get("/conditions").header("authorization", format!("Bearer {}", up.operator_token));
        let answer = peer(up.ports.operators + 3)
            .send(asked.body(Bytes::new()).unwrap(), Wait::AtMost(PATIENCE))
            .await;
        let answer = answer.unwrap();
        assert_eq!(answer.status, StatusCode::OK);
        answer.body
    };
    do_it(&["restore"]);
    let (at_first, mut changed) = (conditions().await, 0);
    for scenario in world::scenario::library() {
        let told = do_it(&["inject", &scenario.name]);
        assert!(told.ends_with(".\n"), "{}: {told}", scenario.name);
        changed += usize::from(conditions().await != at_first);
        do_it(&["restore"]);
        assert_eq!(conditions().await, at_first, "{}", scenario.name);
        for at in [up.ports.front, up.ports.cache, up.ports.store] {
            assert_eq!(port(at).await, Port::Answers, "{}", scenario.name);
        }
        up.until_home_is(Some(StatusCode::OK)).await;
    }
    assert!(changed > world::scenario::library().len() / 2, "only {changed} show in the conditions");
    // Check from the customers' side: this link breaks nearly every connection of the services that depend on it.
    do_it(&["inject", "broken-link"]);
    do_it(&["restart", "cache"]);
    let home = async || peer(up.ports.front).get("/", Wait::AtMost(Duration::from_secs(1))).await.ok();
    until("pages fail", async || home().await.is_none_or(|answer| answer.status != StatusCode::OK)).await;
    do_it(&["restore"]);
    up.until_home_is(Some(StatusCode::OK)).await;
    up.process.signal("INT");
    assert!(up.process.ended(PATIENCE).await);
    let told = deeds(&up.record());
    for text in [
        "the process of the cache stands still, by the operator",
        "6 times as many customers come, by the operator",
        "the link from the cache to the content store becomes worse, by the operator",
    ] {
        assert!(told.iter().any(|deed| deed == text), "{text}: {told:#?}");
    }
}
