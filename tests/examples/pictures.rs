//! Takes the pictures of the documents from the running product: `cargo xtask pictures`. It takes two minutes.
//!
//! Seeds are fixed; what a team's page shows is a practice round that is played for the picture, all else the recorded example.
#![expect(clippy::unwrap_used, reason = "a picture that cannot be taken is taken again")]

use std::fs;

use glyphfall_tests::{
    browser::Browser,
    pictures::{FOLDER, MADE_OF, made_of},
    process::root,
    room::RunningRoom,
};
use serde_json::{Value, json};

/// Wide and high enough for a page at work, small enough for a document.
const SCREEN: (u32, u32) = (1440, 900);
const PHONE: (u32, u32) = (390, 844);

#[tokio::main]
async fn main() {
    let folder = root().join(FOLDER);
    fs::create_dir_all(&folder).unwrap();
    example().await;
    at_work().await;
    fs::write(folder.join(MADE_OF), made_of()).unwrap();
    eprintln!("{} holds the pictures", folder.display());
}

/// Desk, projector and debrief of the recorded session.
async fn example() {
    let room = RunningRoom::example().await;
    let at = |path: &str| format!("http://127.0.0.1:{}{path}", room.port);
    let browser = Browser::open(SCREEN.0, SCREEN.1).await;
    browser.client.goto(&at(&format!("/desk#token={}", room.facilitator))).await.unwrap();
    browser.until("#team-rows tr").await;
    take(&browser, "desk").await;
    browser.client.goto(&at("/desk/debrief")).await.unwrap();
    browser.until("article.round").await;
    take(&browser, "debrief").await;
}

/// A team's page and the projector while a shop is lost.
async fn at_work() {
    let room = RunningRoom::open(&["--teams", "2", "--seed", "3"]).await;
    let at = |path: &str| format!("http://127.0.0.1:{}{path}", room.port);
    let desk = room.desk();
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
    take(&screen, "team").await;
    take(&phone, "team-phone").await;
    take(&projector, "projector").await;
}

async fn take(browser: &Browser, name: &str) {
    browser.prefers("light").await;
    let picture = browser.client.screenshot().await.unwrap();
    fs::write(root().join(FOLDER).join(format!("{name}.png")), picture).unwrap();
}
