//! The incident room, played by programs: a whole round, hidden information, recovery from a crash, and a client generated from the API's
//! own description.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::{process::Command, time::Duration};

use glyphfall_tests::{
    collector::Collector,
    process::{output, program, root},
    room::{BOUND, Client, FORBIDDEN, RunningRoom, text},
};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

/// A round with the story's incident, at a level for each team.
fn story(levels: [&str; 2]) -> Value {
    let team =
        |team: usize| json!({ "team": team, "scenario": "special-character", "level": levels[team - 1] });
    json!({
        "practice": false, "operating_model": "you-build-it", "speed": 120.0, "minutes": 10.0,
        "teams": [team(1), team(2)],
    })
}

async fn begin(room: &RunningRoom, levels: [&str; 2]) -> Client {
    let desk = room.desk();
    let planned = desk.send(Method::PUT, "/api/desk/plan/0", Some(&story(levels))).await;
    assert_eq!(planned.status, StatusCode::NO_CONTENT, "{}", text(&planned));
    desk.post("/api/desk/start", &Value::Null).await;
    desk
}

/// The id of the catalogue entry that contains these words.
async fn entry(team: &Client, list: &str, words: &str) -> String {
    let catalogue = team.get("/api/team/catalogue").await;
    let entries = catalogue[list].as_array().unwrap();
    let found = entries.iter().find(|entry| entry["words"].as_str().unwrap().contains(words));
    found.unwrap_or_else(|| panic!("no {words} in {entries:?}"))["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "a whole round, told in its order")]
async fn a_team_looks_explains_and_restores_and_sees_nothing_of_the_others() {
    let room = RunningRoom::open(&["--seed", "3"]).await;
    let (one, two) = (room.team(1).await, room.team(2).await);
    let desk = begin(&room, ["changes", "logs"]).await;
    let round = one.get("/api/team").await["round"].clone();
    assert_eq!((&round["number"], &round["place"]), (&json!(1), &json!(0)), "the first that counts: {round}");

    // The evidence opens after a guess, and only within the level. The kinds of evidence are shown before.
    assert_eq!(two.get("/api/team").await["tabs"], json!(["health", "logs"]));
    assert_eq!(one.status(Method::GET, "/evidence/logs", None).await, StatusCode::CONFLICT);
    for team in [&one, &two] {
        team.post("/api/team/guess", &json!({ "kind": null })).await;
    }
    let again = json!({ "kind": null });
    assert_eq!(one.status(Method::POST, "/api/team/guess", Some(&again)).await, StatusCode::CONFLICT);
    assert_eq!(one.get("/api/team").await["tabs"].as_array().unwrap().len(), 5);
    assert_eq!(two.get("/api/team").await["tabs"], json!(["health", "logs"]));
    for path in ["/metrics", "/evidence/metrics", "/evidence/traces", "/evidence/changes", "/evidence/usage"]
    {
        assert_eq!(two.status(Method::GET, path, None).await, StatusCode::NOT_FOUND, "{path}");
    }

    one.until("/api/team", |view| view["called"] == true && view["state"] == "lost").await;
    let answer = desk.get("/api/desk/answer/1").await;
    let (asset, character) = (answer["asset"].as_str().unwrap(), answer["character"].as_str().unwrap());

    // Investigate: an error that names the asset, the change, the version with its character, a trace, a metric, health, a page.
    let logs = one.until("/evidence/logs?severity=warn", |page| page["logs"] != json!([])).await;
    let sequence = logs["logs"][0]["sequence"].clone();
    let changes = one.get("/evidence/changes").await;
    let published = changes["changes"]
        .as_array()
        .unwrap()
        .iter()
        .rfind(|change| change["what"] == "shop.asset.published" && change["which"] == asset);
    let change = published.unwrap()["sequence"].clone();
    let version =
        one.get(&format!("/api/team/assets/{asset}/versions")).await["versions"][0]["version"].clone();
    let inspected = one.get(&format!("/api/team/assets/{asset}/versions/{version}")).await;
    assert!(
        inspected["characters"].as_array().unwrap().iter().any(|c| c["code_point"] == character),
        "{inspected}"
    );
    assert!(
        inspected["difference"].as_array().unwrap().iter().any(|run| run["kind"] == "added"),
        "{inspected}"
    );
    let traces = one.until("/evidence/traces?failed=true", |list| list["traces"] != json!([])).await;
    let trace = traces["traces"][0]["trace_id"].as_str().unwrap().to_owned();
    let span = one.get(&format!("/evidence/traces/{trace}")).await["spans"][0]["span_id"].clone();
    assert!(
        one.get("/api/team/health").await["services"].as_array().unwrap().iter().all(|s| s["healthz"] == 200)
    );
    let now = one.get("/api/team").await["updated_unix_s"].as_f64().unwrap();

    let mut pins = Vec::new();
    for source in [
        json!({ "source": "log", "sequence": sequence }),
        json!({ "source": "change", "sequence": change }),
        json!({ "source": "version", "asset": asset, "version": version }),
        json!({ "source": "span", "trace": trace, "span": span }),
        json!({ "source": "chart", "query": "name=shop.customer.visits&function=rate", "from": now - 60.0, "to": now }),
        json!({ "source": "health", "service": "cache" }),
        json!({ "source": "page", "route": "home" }),
    ] {
        pins.push(one.post("/api/team/pins", &source).await["id"].clone());
    }
    // An error names the missing item, and what exists.
    for (invented, said) in [
        (json!({ "source": "log", "sequence": 999_999_999_u64 }), "log line 999999999"),
        (json!({ "source": "change", "sequence": 999_999_999_u64 }), "change 999999999"),
        (json!({ "source": "span", "trace": trace, "span": "00000000000000ff" }), "step 00000000000000ff"),
        (json!({ "source": "page", "route": "/c/coffee" }), "home, category, product, checkout"),
        (json!({ "source": "health", "service": "shop" }), "content-store, cache, web-front"),
        (json!({ "source": "version", "asset": "nothing", "version": 1 }), "no such asset"),
        (json!({ "source": "log" }), "sequence"),
    ] {
        let refused = one.send(Method::POST, "/api/team/pins", Some(&invented)).await;
        assert!(refused.status.is_client_error() && text(&refused).contains(said), "{}", text(&refused));
    }

    // A team sees nothing of the other team's work.
    let other = two.get("/api/team").await;
    assert!(other["pins"] == json!([]) && other["shop"] != one.get("/api/team").await["shop"]);
    let stolen = json!({ "about": "cause", "words": "theirs", "pins": [pins[0]] });
    assert_eq!(
        two.status(Method::POST, "/api/team/claims", Some(&stolen)).await,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(
        two.status(Method::GET, &format!("/evidence/traces/{trace}"), None).await,
        StatusCode::NOT_FOUND
    );
    assert_eq!(one.status(Method::GET, "/api/desk", None).await, StatusCode::UNAUTHORIZED);

    // A team cannot pin what its level hides, such as an asset's earlier version or the change itself.
    for beyond in [
        json!({ "source": "version", "asset": asset, "version": 1 }),
        json!({ "source": "change", "sequence": change }),
        json!({ "source": "span", "trace": trace, "span": span }),
        json!({ "source": "chart", "query": "name=shop.customer.visits", "from": now - 60.0, "to": now }),
    ] {
        let refused = two.send(Method::POST, "/api/team/pins", Some(&beyond)).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{beyond}: {}", text(&refused));
    }
    let current = two.get(&format!("/api/team/assets/{asset}")).await["version"].clone();
    assert!(current.as_u64().unwrap() > 1, "{asset} has been published again");
    let before = two.get("/api/team").await["clock"]["story_s"].as_f64().unwrap();
    let source = json!({ "source": "version", "asset": asset, "version": current });
    let kept = two.post("/api/team/pins", &source).await;
    assert!(kept["shows_story_s"].as_f64().unwrap() >= before, "{kept}");

    // Explain: claims in free text with evidence, then matched. The catalogue opens part by part, and nothing reveals which answer is
    // right.
    let closed = one.get("/api/team/catalogue").await;
    assert!(closed["causes"] == json!([]) && closed["factors"] == json!([]) && !closed["opens"].is_null());
    let claims = [
        ("cause", "control character", vec![2]),
        ("asset", asset, vec![0]),
        ("character", character, vec![0]),
        ("path", "content-store,cache,web-front", vec![0, 2, 5, 6]),
        ("factor", "JSON, HTML, script", vec![2]),
        ("factor", "not that it can do its work", vec![5]),
    ];
    let mut ids = Vec::new();
    for (about, choice, on) in &claims {
        let on: Vec<&Value> = on.iter().map(|place| &pins[*place]).collect();
        let claim = json!({ "about": about, "words": format!("our {about}"), "pins": on });
        let id = one.post("/api/team/claims", &claim).await["id"].as_str().unwrap().to_owned();
        let choice = match *about {
            "cause" => entry(&one, "causes", choice).await,
            "factor" => entry(&one, "factors", choice).await,
            _ => (*choice).to_owned(),
        };
        let matched = json!({ "words": format!("our {about}"), "pins": on, "choice": choice });
        let put = one.send(Method::PUT, &format!("/api/team/claims/{id}"), Some(&matched)).await;
        assert_eq!(put.status, StatusCode::OK, "{}", text(&put));
        ids.push((id, matched));
    }
    // The log line names the asset but not the character, so the claim lacks evidence for it until the version is pinned to it.
    let submitted = one.post("/api/team/explanation", &Value::Null).await;
    let warnings = submitted["warnings"].to_string();
    assert!(warnings.contains(&format!("No pin shows {character}")), "{submitted}");
    let before = desk.get("/api/desk").await["teams"][0]["score"].as_f64().unwrap();
    let (id, mut matched) = ids[2].clone();
    matched["pins"] = json!([pins[2]]);
    assert_eq!(one.get("/api/team").await["explained"]["outdated"], false);
    let put = one.send(Method::PUT, &format!("/api/team/claims/{id}"), Some(&matched)).await;
    assert_eq!(put.status, StatusCode::OK, "{}", text(&put));
    assert_eq!(one.get("/api/team").await["explained"]["outdated"], true, "the change is not submitted");
    let submitted = one.post("/api/team/explanation", &Value::Null).await;
    assert_eq!(submitted["counting"], 6, "{submitted}");
    let score = desk.get("/api/desk").await["teams"][0]["score"].as_f64().unwrap();
    assert!(score > 0.9 && score > before, "{score} after {before}");

    // Act: the wrong order first, one thing at a time.
    one.post("/api/team/remedies", &json!({ "remedy": "restart-cache" })).await;
    let hasty = json!({ "remedy": "flush-cache" });
    assert_eq!(one.status(Method::POST, "/api/team/remedies", Some(&hasty)).await, StatusCode::CONFLICT);
    one.until("/api/team", |view| view["pending"].is_null()).await;
    one.post("/api/team/remedies", &json!({ "remedy": "roll-back", "asset": asset, "expects": "back" }))
        .await;
    one.until("/api/team", |view| view["pending"].is_null()).await;
    let judged = one.until("/api/team", |view| !view["expectations"][1]["came"].is_null()).await;
    let expectation = &judged["expectations"][1];
    assert_eq!(expectation["as_expected"], expectation["came"] == "back", "{judged}");
    assert_eq!(one.get("/api/team").await["state"], "lost", "a roll back alone does not restore");
    one.post("/api/team/remedies", &json!({ "remedy": "restart-cache" })).await;
    let view = one.until("/api/team", |view| view["state"] == "restored").await;
    assert!(!view["question"].is_null(), "who restores early is asked what else contributed");
    one.post("/api/team/answer", &json!({ "text": "nobody asked the cache how it was" })).await;
    assert_eq!(two.get("/api/team").await["state"], "lost");

    // The facilitator gives a hint, sets a mark, and ends the round.
    desk.post("/api/desk/hint", &json!({ "team": 2 })).await;
    desk.post("/api/desk/message", &json!({ "team": null, "text": "How long?" })).await;
    desk.post(
        "/api/desk/message",
        &json!({ "team": 1, "text": "When?", "voice": "director", "kind": "question" }),
    )
    .await;
    let question = one.get("/api/team").await["questions"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/team/questions/{question}/answer");
    let answered = one.post(&path, &json!({ "text": "in ten minutes" })).await;
    assert!(answered["took_s"].as_f64().unwrap() >= 0.0, "{answered}");
    let again = json!({ "text": "now" });
    assert_eq!(one.status(Method::POST, &path, Some(&again)).await, StatusCode::CONFLICT);
    desk.post("/api/desk/mark", &json!({ "text": "they asked the right question" })).await;
    desk.post("/api/desk/level", &json!({ "team": 2, "level": "metrics" })).await;
    let kinds: Vec<Value> =
        two.get("/api/team").await["log"].as_array().unwrap().iter().map(|l| l["kind"].clone()).collect();
    assert!(["hint", "message", "level"].iter().all(|kind| kinds.contains(&json!(kind))), "{kinds:?}");
    assert_eq!(two.get("/api/team").await["tabs"], json!(["health", "logs", "metrics"]));
    desk.post("/api/desk/end", &Value::Null).await;
    assert_eq!(
        one.status(Method::POST, "/api/team/hypotheses", Some(&json!({ "text": "too late" }))).await,
        StatusCode::CONFLICT
    );

    // No data for the teams contains a forbidden word.
    for path in [
        "/",
        "/team",
        "/api/open",
        "/api/openapi.json",
        "/tokens.css",
        "/pages/team.js",
        "/pages/lib.js",
        "/nothing",
    ] {
        one.send(Method::GET, path, None).await;
    }
    let shop = view["shop"].as_str().unwrap().to_owned();
    one.send(Method::GET, &shop, None).await;
    for heard in [&one, &two].iter().flat_map(|team| team.heard.lock().unwrap().clone()) {
        let lower = heard.to_lowercase();
        let found: Vec<_> = FORBIDDEN.iter().filter(|word| lower.contains(*word)).collect();
        assert!(found.is_empty(), "{found:?} in {}", heard.chars().take(2_000).collect::<String>());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_and_file_keeps_the_secrets_and_carries_its_headers() {
    let room = RunningRoom::open(&[]).await;
    let stranger = room.stranger();
    let files = std::fs::read_dir(root().join("harness/room/pages")).unwrap();
    let files = files.map(|file| format!("/pages/{}", file.unwrap().file_name().to_string_lossy()));
    for path in files
        .chain(["/", "/team", "/desk", "/api/openapi.json", "/s/nothing/", "/api/team"].map(str::to_owned))
    {
        let answer = stranger.send(Method::GET, &path, None).await;
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{path}");
        let page = text(&answer);
        let lower = page.to_lowercase();
        // The facilitator's static files are as public as all others, so they are checked too.
        let found: Vec<_> = FORBIDDEN.iter().filter(|word| lower.contains(*word)).collect();
        assert!(found.is_empty(), "{found:?} in {path}");
        let is_inline = page.contains("<script>") || page.contains(" style=\"") || page.contains(" onclick=");
        assert!(!is_inline, "{path} has what the policy forbids");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_room_comes_back_with_session_teams_clocks_and_records() {
    let mut room = RunningRoom::open(&["--seed", "3"]).await;
    let one = room.team(1).await;
    let desk = begin(&room, ["logs", "logs"]).await;
    one.post("/api/team/guess", &json!({ "kind": null })).await;
    one.post("/api/team/hypotheses", &json!({ "text": "it is the cache" })).await;
    one.until("/api/team", |view| view["state"] == "lost").await;
    desk.post("/api/desk/hint", &json!({ "team": 1 })).await;
    // The session is saved within a few seconds. A crash may lose that much of the clock.
    sleep(Duration::from_secs(7)).await;
    let asked = Instant::now();
    let before = one.get("/api/team").await;
    let died = room.kill_and_open_again().await;

    let after = one.get("/api/team").await;
    assert_eq!(after["phase"], "paused");
    for same in ["team", "members", "guess", "hypotheses", "shop", "token", "tabs"] {
        assert_eq!(after[same], before[same], "{same}");
    }
    let story = |view: &Value| view["clock"]["story_s"].as_f64().unwrap();
    // The clock went on until the room died.
    let died_story_s = story(&before) + (died - asked).as_secs_f64() * 120.0;
    assert!(story(&after) <= died_story_s && story(&after) > story(&before) - 15.0 * 120.0, "{after}");
    let log = after["log"].as_array().unwrap();
    assert!(log.len() > 1 && log.last().unwrap()["text"].as_str().unwrap().contains("restarted"));
    sleep(Duration::from_millis(1_500)).await;
    assert_eq!(
        story(&one.get("/api/team").await).to_bits(),
        story(&after).to_bits(),
        "the clock stands still"
    );

    // The crash undoes nothing: the outage continues, and so does its record.
    desk.post("/api/desk/resume", &Value::Null).await;
    let lost = before["loss_usd"].as_f64().unwrap();
    one.until("/api/team", |view| view["state"] == "lost" && view["loss_usd"].as_f64().unwrap() > lost).await;
    desk.post("/api/desk/abort", &Value::Null).await;
    let view = one.until("/api/team", |view| view["phase"] == "over").await;
    assert!(
        view["log"].as_array().unwrap().iter().any(|line| line["text"].as_str().unwrap().contains("broken"))
    );
    // An aborted round resets the shop immediately: it serves again.
    let shop = view["shop"].as_str().unwrap();
    let began = Instant::now();
    while one.status(Method::GET, shop, None).await != StatusCode::OK {
        assert!(began.elapsed() < BOUND, "the shop is not well");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_made_of_the_description_finds_no_error_and_reaches_no_other_team() {
    let room = RunningRoom::open(&["--seed", "3"]).await;
    let (one, two) = (room.team(1).await, room.team(2).await);
    begin(&room, ["changes", "changes"]).await;
    for team in [&one, &two] {
        team.post("/api/team/guess", &json!({ "kind": null })).await;
    }
    let kept = ["guess", "pins", "claims", "hypotheses", "members", "token", "shop"];
    let before = two.get("/api/team").await;
    explore(&room, one.token.as_ref().unwrap(), "/api/openapi.json", "^/api/team");
    let after = two.get("/api/team").await;
    for same in kept {
        assert_eq!(after[same], before[same], "{same}");
    }
    explore(&room, &room.facilitator, "/api/openapi.json", "^/api/(open|join|seat)");
    explore(&room, &room.facilitator, "/api/desk/openapi.json", "^/api/desk");
    assert!(one.status(Method::GET, "/api/open", None).await.is_success(), "the room still answers");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_uses_tools_of_its_own_and_only_at_its_level() {
    let room = RunningRoom::open(&["--seed", "3"]).await;
    let (one, two) = (room.team(1).await, room.team(2).await);
    let desk = begin(&room, ["changes", "logs"]).await;
    for team in [&one, &two] {
        team.post("/api/team/guess", &json!({ "kind": null })).await;
    }
    let backend = Collector::start().await;
    let forwarding = json!({ "endpoint": backend.http() });
    desk.post("/api/desk/teams/2/forward", &forwarding).await;
    one.until("/evidence/logs?severity=warn", |page| page["logs"] != json!([])).await;

    let ask = |team: &Client, kind: &str| {
        let mut command = Command::new(program("glyphfall"));
        command.args(["evidence", kind, "--format", "json", "--room-port", &room.port.to_string()]);
        output(command.env("GLYPHFALL_TEAM_TOKEN", team.token.as_ref().unwrap()))
    };
    let lines = |team, kind| {
        let (code, out, error) = ask(team, kind);
        assert!(code == 0 && !out.is_empty(), "{kind}: {error}");
        out.lines().count()
    };
    for kind in ["logs", "metrics", "traces", "changes"] {
        assert!(lines(&one, kind) > 0, "{kind}");
    }
    assert!(lines(&two, "logs") > 0);
    let (code, out, error) = ask(&two, "traces");
    assert!(code == 2 && out.is_empty() && error.contains("the tabs of your page"), "{code}: {out} {error}");
    let scraped = text(&one.send(Method::GET, "/metrics", None).await);
    assert!(scraped.contains("http_server_request_duration_seconds_bucket{"), "{scraped}");

    // A team's own backend receives only the telemetry of its level.
    // Wait for two batches, as spans may follow the first log lines.
    let began = Instant::now();
    for _ in 0..2 {
        let held = backend.evidence.usage().logs.held;
        while backend.evidence.usage().logs.held == held {
            assert!(began.elapsed() < BOUND, "nothing more reaches the team's own backend");
            sleep(Duration::from_millis(200)).await;
        }
    }
    assert_eq!(backend.evidence.usage().spans.held, 0, "no traces at this level");
}

/// Sends the requests that Schemathesis generates from an API description.
fn explore(room: &RunningRoom, token: &str, description: &str, paths: &str) {
    let program = root().join("target/peers/bin/schemathesis");
    assert!(program.exists(), "{} is missing: 'cargo xtask tools' makes it", program.display());
    let mut command = Command::new(program);
    command.current_dir(room.folder.path()).env("NO_COLOR", "1").args([
        "run",
        &format!("http://127.0.0.1:{}{description}", room.port),
        "--header",
        &format!("Authorization: Bearer {token}"),
        "--include-path-regex",
        paths,
        "--exclude-path-regex",
        "events$",
        "--checks",
        "not_a_server_error,content_type_conformance,response_schema_conformance,status_code_conformance",
        "--phases",
        "examples,coverage,fuzzing",
        "--max-examples",
        "25",
        "--seed",
        "7",
        "--request-timeout",
        "20",
    ]);
    let (code, out, error) = output(&mut command);
    assert_eq!(code, 0, "{out}\n{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_rehearses_without_a_facilitator_and_ends_in_the_debrief() {
    let room = RunningRoom::open(&["--solo", "slow-disk", "--level", "metrics"]).await;
    let me = room.team(1).await;
    let lead = async |step: &str| me.post("/api/team/lead", &json!({ "step": step })).await;
    let view = me.get("/api/team").await;
    assert_eq!((&view["purpose"], &view["next_minutes"]), (&json!("solo"), &json!(10.0)));
    assert_eq!(
        me.status(Method::GET, "/api/team/parting", None).await,
        StatusCode::CONFLICT,
        "not before the end"
    );
    lead("begin").await;
    me.until("/api/team", |view| view["starts_in_s"].as_f64().is_some_and(|left| left < 5.0)).await;
    let view = me.until("/api/team", |view| view["phase"] == "running").await;
    assert_eq!(view["round"]["level"], "metrics");
    let left = view["hints_left"].as_u64().unwrap();
    lead("hint").await;
    let view = me.get("/api/team").await;
    assert!(view["log"].to_string().contains("\"hint\"") && view["hints_left"] == left - 1, "{view}");
    lead("pause").await;
    assert_eq!(me.get("/api/team").await["phase"], "paused");
    lead("resume").await;
    for _ in 1..left {
        lead("hint").await;
    }
    let step = json!({ "step": "hint" });
    assert_eq!(me.status(Method::POST, "/api/team/lead", Some(&step)).await, StatusCode::CONFLICT);
    lead("end").await;
    let view = me.get("/api/team").await;
    assert!(view["phase"] == "debrief" && view["revealed"] == true, "{view}");
    let result = me.get("/api/team/debrief/results/0").await;
    assert!(
        result["facts"].as_array().unwrap().len() > 1
            && result["help"].as_array().unwrap().len() as u64 == left
    );
    let page = me.send(Method::GET, "/team/debrief", None).await;
    assert!(page.status == StatusCode::OK && text(&page).contains("What happened"));

    // In a session with a facilitator, participants cannot lead.
    let class = RunningRoom::open(&["--teams", "1"]).await;
    let begin = json!({ "step": "begin" });
    assert_eq!(
        class.team(1).await.status(Method::POST, "/api/team/lead", Some(&begin)).await,
        StatusCode::FORBIDDEN
    );
}
