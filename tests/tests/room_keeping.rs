//! What a room preserves when it is killed as a round begins, has a full disk, is stopped for a while, or starts anew. Also that one team's
//! queries do not slow another team's shop. For kills at other moments, see `durability`.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::{
    fmt::Write as _,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use glyphfall_tests::{
    disk::SmallDisk,
    durability::room::{begin, hypotheses, whole_files as files},
    process::{free_port, output, program, until_listening},
    room::{BOUND, Client, RunningRoom, text},
};
use http::{Method, StatusCode};
use incident::Route;
use serde_json::{Value, json};
use tokio::{
    join, select,
    time::{Instant, sleep, timeout},
};
use world::{
    customers::any_page,
    judge::{Visit, judge},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_room_killed_as_a_round_begins_comes_back_with_none_or_with_one_that_stands_still() {
    for (wait_ms, answered) in [(0, false), (3, false), (15, false), (0, true)] {
        let mut room = RunningRoom::open(&["--seed", "3"]).await;
        let desk = room.desk();
        let starting = desk.send(Method::POST, "/api/desk/start", None);
        if answered {
            assert_eq!(starting.await.status, StatusCode::NO_CONTENT);
        } else {
            // Interrupt the start at an arbitrary point.
            select! { _ = timeout(BOUND, starting) => {}, () = sleep(Duration::from_millis(wait_ms)) => {} }
        }
        room.kill_and_open_again().await;
        let back = room.desk().get("/api/desk").await;
        let phase = back["phase"].as_str().unwrap();
        assert!(phase == "paused" || (phase == "lobby" && !answered), "after {wait_ms} ms: {phase}");
        if phase == "paused" {
            let one = room.team(1).await;
            let first = one.get("/api/team").await;
            let passed = |view: &Value| {
                view["updated_unix_s"].as_f64().unwrap() > first["updated_unix_s"].as_f64().unwrap() + 1.0
            };
            let later = one.until("/api/team", passed).await;
            assert_eq!(later["clock"]["story_s"], first["clock"]["story_s"], "the clock stands still");
            assert_eq!(later["loss_usd"], first["loss_usd"]);
            room.desk().post("/api/desk/resume", &Value::Null).await;
            let goes_on = |view: &Value| view["clock"]["story_s"] != first["clock"]["story_s"];
            one.until("/api/team", goes_on).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_said_and_what_happened_meanwhile_is_kept_when_there_is_room_again() {
    let folder = tempfile::tempdir().unwrap();
    let Some(_disk) = SmallDisk::mount(folder.path(), "size=4m") else {
        eprintln!("only the administrator may make a small disk: not tested");
        return;
    };
    let mut room = RunningRoom::open_in(folder, &["--seed", "3"]).await;
    let one = room.team(1).await;
    let desk = begin(&room, &["stopped-store", "stopped-store"], 60.0).await;
    one.until("/api/team", |view| view["state"] == "lost").await;
    let filler = room.folder.path().join("filler");
    {
        let mut file = File::create(&filler).unwrap();
        while file.write_all(&[1; 4_096]).is_ok() {}
    }
    for number in 0..5 {
        one.post("/api/team/hypotheses", &json!({ "text": format!("thought {number}") })).await;
    }
    desk.post("/api/desk/end", &Value::Null).await;
    let behind = desk.until("/api/desk", |view| !view["not_kept"].is_null()).await;
    assert!(behind["not_kept"].as_str().unwrap().contains("Not saved for"), "{behind}");
    let record = room.folder.path().join("records/round-0-team-1.json");
    fs::remove_file(&filler).unwrap();
    desk.until("/api/desk", |view| view["not_kept"].is_null()).await;
    assert!(files(room.folder.path()).iter().any(|(path, _)| *path == record), "the record is kept");

    room.kill_and_open_again().await;
    let back = room.desk().get("/api/desk").await;
    assert_eq!(back["phase"], "over");
    let back = one.get("/api/team").await;
    assert_eq!(hypotheses(&back).len(), 5, "{back}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_stood_still_leaves_that_time_out_and_pauses() {
    /// Longer than any delay of a running process, and longer than customers wait.
    const STOPPED: Duration = Duration::from_secs(14);
    let room = RunningRoom::open(&["--seed", "3"]).await;
    let one = room.team(1).await;
    // Nothing happens before 07:55, and the story clock runs slowly, so the shop stays healthy.
    let desk = begin(&room, &["false-alarm", "false-alarm"], 10.0).await;
    one.until("/api/team", |view| view["availability"]["now"] == json!(1.0)).await;
    let before = one.get("/api/team").await;
    room.process.signal("STOP");
    // The elapsed time itself is under test, so this sleep waits for no condition.
    sleep(STOPPED).await;
    room.process.signal("CONT");
    desk.until("/api/desk", |view| view["phase"] == "paused").await;
    let after = one.get("/api/team").await;
    let log = after["log"].as_array().unwrap();
    assert!(log.last().unwrap()["text"].as_str().unwrap().contains("stood still for"), "{log:?}");
    let story = |view: &Value| view["clock"]["story_s"].as_f64().unwrap();
    let passed_s = (story(&after) - story(&before)) / 10.0;
    // The clock continues from the room's last tick, half a second before the stop.
    assert!((-1.0..STOPPED.as_secs_f64() / 2.0).contains(&passed_s), "{passed_s} s passed in the story");
    assert_eq!(after["loss_usd"], json!(0.0));
    desk.post("/api/desk/resume", &Value::Null).await;
    one.until("/api/team", |view| story(view) > story(&after)).await;
    desk.post("/api/desk/end", &Value::Null).await;
    let record = room.folder.path().join("records/round-0-team-1.json");
    let failed = |record: &Value| record["outcome"]["failed_visits"].as_u64();
    let record = serde_json::from_slice(&fs::read(record).unwrap()).unwrap();
    assert_eq!(failed(&record), Some(0), "nobody's visit failed while nobody could come");
}

/// Runs `glyphfall room` until it prints the session's folder, and returns its output.
async fn said(folder: &Path, options: &[&str]) -> String {
    let (port, says) = (free_port(), tempfile::NamedTempFile::new().unwrap());
    let mut command = Command::new(program("glyphfall"));
    command.args(["room", "--room-port", &port.to_string(), "--out"]).arg(folder).args(options);
    let file = says.reopen().unwrap();
    command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
    let mut child = command.spawn().unwrap();
    until_listening(port).await;
    let speaks = async {
        loop {
            let text = fs::read_to_string(says.path()).unwrap();
            if text.contains("kept in") {
                return text;
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    let text = timeout(BOUND, speaks).await.unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_session_leaves_the_earlier_one_whole_and_takes_nothing_of_it() {
    let mut room = RunningRoom::open(&["--teams", "4", "--seed", "3"]).await;
    let one = room.team(1).await;
    let desk = begin(&room, &["stopped-store"; 4], 60.0).await;
    one.post("/api/team/hypotheses", &json!({ "text": "of the other class" })).await;
    desk.post("/api/desk/end", &Value::Null).await;
    room.process.kill();
    let folder = room.folder.path();

    // With a different number of teams, it says that it resumes with the existing ones.
    let text = said(folder, &["--teams", "2"]).await;
    assert!(text.contains("a session of 4 teams") && text.contains("--fresh"), "{text}");
    assert!(!said(folder, &["--teams", "4"]).await.contains("continues with them"));

    let text = said(folder, &["--teams", "2", "--fresh"]).await;
    let earlier: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("earlier-20"))
        .collect();
    assert_eq!(earlier.len(), 1, "{earlier:?}");
    assert!(text.contains(&earlier[0].display().to_string()), "{text}");
    let aside = files(&earlier[0]);
    assert_eq!(aside.len(), 5, "the session and a record of each team");
    assert!(aside.iter().any(|(_, file)| file.to_string().contains("of the other class")));
    let new = files(folder);
    assert_eq!(new.len(), 1, "{new:?}");
    assert!(!new[0].1.to_string().contains("of the other class"));
    assert_eq!(new[0].1["teams"].as_array().unwrap().len(), 2);
}

#[test]
fn a_folder_that_cannot_be_written_says_what_helps() {
    let folder = tempfile::tempdir().unwrap();
    let Some(_disk) = SmallDisk::mount(folder.path(), "size=1m,ro") else {
        eprintln!("only the administrator may make a small disk: not tested");
        return;
    };
    let mut command = Command::new(program("glyphfall"));
    command.args(["room", "--room-port", &free_port().to_string(), "--out"]).arg(folder.path());
    let (code, _, error) = output(&mut command);
    assert!(code == 2 && error.contains("--out") && !error.contains("--fresh"), "{code}: {error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_that_asks_for_too_much_costs_no_other_team_its_shop() {
    const SECONDS: u64 = 15;
    const SPEED: f64 = 120.0;
    let room = RunningRoom::open(&["--seed", "3"]).await;
    let neighbour = room.team(2).await;
    // The neighbour's shop stays healthy. The other shop is lost, and sends much telemetry.
    let desk = begin(&room, &["special-character", "false-alarm"], SPEED).await;
    let asks = room.team(1).await;
    asks.post("/api/team/guess", &json!({ "kind": null })).await;
    let too_many = format!("/evidence/logs?{}", "attribute=a=b&".repeat(1_600).trim_end_matches('&'));
    let refused = asks.send(Method::GET, &too_many, None).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", text(&refused));
    assert!(text(&refused).contains("32 are the most"), "{}", text(&refused));
    asks.until("/api/team", |view| view["state"] == "lost").await;

    let ends = Instant::now() + Duration::from_secs(SECONDS);
    // The most expensive query: every condition matches, so each is evaluated, and the text matches nothing, so all rows are scanned.
    let page = asks.get("/evidence/logs?limit=1").await;
    let service = page["logs"][0]["service"].as_str().unwrap();
    let mut attributes = page["logs"][0]["attributes"].as_object().unwrap().iter();
    let (key, value) = attributes.find_map(|(key, value)| Some((key, value.as_str()?))).unwrap();
    let mut encoded = String::new();
    value.bytes().for_each(|byte| write!(encoded, "%{byte:02X}").unwrap());
    let conditions = format!("service={service}&") + &format!("attribute={key}={encoded}&").repeat(32);
    let questions = [
        format!("/evidence/logs?text=nothing+says+this&limit=1&{}", conditions.trim_end_matches('&')),
        "/evidence/logs?text=nothing+says+this".to_owned(),
        "/evidence/traces?slowest&limit=1000".to_owned(),
        "/metrics".to_owned(),
    ];
    let ask = async |seat: &Client| {
        let mut statuses = Vec::new();
        for question in questions.iter().cycle() {
            if Instant::now() > ends {
                return statuses;
            }
            statuses.push(seat.status(Method::GET, question, None).await);
        }
        statuses
    };
    let (a, b, c, d) = join!(ask(&asks), ask(&asks), ask(&asks), ask(&asks));
    let asked = [a, b, c, d].concat();
    let odd: Vec<_> = asked
        .iter()
        .filter(|status| ![StatusCode::OK, StatusCode::TOO_MANY_REQUESTS].contains(status))
        .collect();
    assert!(odd.is_empty(), "{odd:?}");
    // The outcome of a visit is known once the customer's patience has passed.
    let story = |view: &Value| view["clock"]["story_s"].as_f64().unwrap();
    let asked_until = story(&neighbour.get("/api/team").await);
    neighbour.until("/api/team", |view| story(view) > asked_until + 12.0 * SPEED).await;
    let row = desk.get("/api/desk").await["teams"][1].clone();
    let history: Vec<f64> = row["history"].as_array().unwrap().iter().filter_map(Value::as_f64).collect();
    let mean = history.iter().sum::<f64>() / history.len() as f64;
    println!("{} questions in {SECONDS} s; the neighbour's availability was {mean:.4}", asked.len());
    assert!(row["state"] == "healthy" && mean > 0.99, "{mean}: {row}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_of_every_scenario_that_is_broken_off_leaves_every_shop_well_at_once() {
    let scenarios: Vec<String> =
        world::scenario::library().into_iter().map(|scenario| scenario.name).collect();
    let count = scenarios.len().to_string();
    // Few customers suffice: this test checks the shops' state.
    let room = RunningRoom::open(&["--seed", "3", "--teams", &count, "--views", "2"]).await;
    let names: Vec<&str> = scenarios.iter().map(String::as_str).collect();
    let desk = begin(&room, &names, 120.0).await;
    let one = room.team(1).await;
    // Every scenario has begun by 08:10, and takes effect soon after.
    one.until("/api/team", |view| view["clock"]["story_s"].as_f64().unwrap() > 900.0).await;
    let lost = |view: &Value| {
        view["teams"].as_array().unwrap().iter().filter(|team| team["state"] == "lost").count()
    };
    // Without losses the reset would have nothing to restore.
    let lost = lost(&desk.until("/api/desk", |view| lost(view) >= 8).await);
    let session = files(room.folder.path()).into_iter().find(|(path, _)| path.ends_with("session.json"));
    let (_, session) = session.unwrap();
    let keys = session["teams"].as_array().unwrap().iter();
    let keys: Vec<String> = keys.map(|team| team["shop_key"].as_str().unwrap().to_owned()).collect();

    desk.post("/api/desk/abort", &Value::Null).await;
    let (customer, mut pages) = (room.stranger(), 0);
    for (scenario, key) in scenarios.iter().zip(&keys) {
        for route in Route::ALL {
            let answer = customer.send(Method::GET, &format!("/s/{key}{}", any_page(route)), None).await;
            let visit = judge(route, answer.status, &answer.body);
            assert_eq!(visit, Visit::Served, "{scenario}, {route}: {}", text(&answer));
            pages += 1;
        }
    }
    let log = one.get("/api/team").await["log"].to_string();
    assert!(log.contains("Every shop is well again"), "{log}");
    println!("{lost} shops were lost; {pages} pages of {} shops at once after", keys.len());
}
