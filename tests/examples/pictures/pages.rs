//! Pictures of pages, as a browser shows them.

use std::{fs, process::Command, time::Duration};

use glyphfall_tests::{
    browser::Browser,
    pictures::FOLDER,
    process::{output, program, root},
    room::RunningRoom,
};
use http::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::lost;

/// Large enough for a page in use, small enough for a document.
const SCREEN: (u32, u32) = (1440, 900);
const PHONE: (u32, u32) = (390, 844);

/// The seed of the comparison in `docs/programs.md`.
const COMPARED_SEED: &str = "1";

pub(crate) async fn take() {
    lost::take(SCREEN).await;
    at_work().await;
    example().await;
    comparison().await;
}

/// Desk and debrief of the recorded session.
async fn example() {
    let room = RunningRoom::example().await;
    let at = |path: &str| format!("http://127.0.0.1:{}{path}", room.port);
    let browser = Browser::open(SCREEN.0, SCREEN.1).await;
    browser.client.goto(&at(&format!("/desk#token={}", room.facilitator))).await.unwrap();
    browser.until("#team-rows tr").await;
    keep(&browser, "desk", "light").await;
    browser.client.goto(&at("/desk/debrief")).await.unwrap();
    browser.click("#i1-time > summary").await;
    keep_both(&browser, "debrief").await;
}

/// A team's page and the projector during the story's outage.
async fn at_work() {
    let room = RunningRoom::open(&["--teams", "2", "--seed", "3"]).await;
    let at = |path: &str| format!("http://127.0.0.1:{}{path}", room.port);
    let desk = room.desk();
    for place in [2, 1] {
        desk.status(Method::DELETE, &format!("/api/desk/plan/{place}"), None).await;
    }
    let teams =
        [1, 2].map(|team| json!({ "team": team, "scenario": "special-character", "level": "metrics" }));
    let round = json!({ "practice": false, "operating_model": "you-build-it", "speed": 15.0, "minutes": 12.0, "updates": null, "teams": teams });
    desk.status(Method::PUT, "/api/desk/plan/0", Some(&round)).await;
    let team = room.team(1).await;
    let code = desk.get("/api/desk").await["code"].as_str().unwrap().to_owned();
    let (screen, phone) = (Browser::open(SCREEN.0, SCREEN.1).await, Browser::open(PHONE.0, PHONE.1).await);
    for browser in [&screen, &phone] {
        browser.client.goto(&at(&format!("/#code={code}&team=1&as=Kim"))).await.unwrap();
        browser.until("#place h1").await;
    }
    let projector = Browser::open(SCREEN.0, SCREEN.1).await;
    projector.client.goto(&at(&format!("/desk#token={}", room.facilitator))).await.unwrap();
    projector.until("#code:not(:empty)").await;
    projector.client.goto(&at("/desk?projector")).await.unwrap();
    desk.post("/api/desk/start", &Value::Null).await;
    team.until("/api/team", |view| view["called"] == true && view["state"] == "lost").await;
    team.post("/api/team/guess", &json!({ "kind": "process", "confidence": 60 })).await;
    team.post("/api/team/hypotheses", &json!({ "text": "Something behind the cache has stopped" })).await;
    for browser in [&screen, &phone] {
        browser.until("#columns:not([hidden])").await;
    }
    screen.until("#evidence-tab-health").await;
    // Wait until the embedded page visibly hangs, and short messages have gone.
    screen.until_true("document.querySelector('#served').textContent === '0 %'").await;
    screen.click("#evidence-panel-health form button, #evidence-panel-health button").await;
    for scheme in ["light", "dark"] {
        screen
            .until_true(
                "!document.querySelector('.toast') && document.querySelector('.shop-waiting:not([hidden])')",
            )
            .await;
        keep(&screen, "room", scheme).await;
    }
    keep(&phone, "team-phone", "light").await;
    keep(&projector, "projector", "light").await;
}

/// The page of a comparison of telemetry levels.
async fn comparison() {
    let folder = tempfile::tempdir().unwrap();
    let mut compare = Command::new(program("glyphfall"));
    compare.args(["compare", "--quick", "--seed", COMPARED_SEED, "--out"]).arg(folder.path());
    let (code, _, told) = output(&mut compare);
    assert_eq!(code, 0, "{told}");
    let page = folder.path().join(format!("compare-quick-{COMPARED_SEED}.html"));
    let browser = Browser::open(SCREEN.0, SCREEN.1).await;
    browser.client.goto(&format!("file://{}", page.display())).await.unwrap();
    keep_both(&browser, "comparison").await;
}

async fn keep_both(browser: &Browser, name: &str) {
    for scheme in ["light", "dark"] {
        keep(browser, name, scheme).await;
    }
}

/// Saves the shown page under a name, which includes the colour scheme if it is not the default.
pub(crate) async fn keep(browser: &Browser, name: &str, scheme: &str) {
    browser.prefers(scheme).await;
    sleep(Duration::from_millis(300)).await; // until it is drawn anew
    let name = if scheme == "light" { format!("{name}.webp") } else { format!("{name}-{scheme}.webp") };
    fs::write(root().join(FOLDER).join(name), browser.webp().await).unwrap();
}
