//! A whole session in the incident room, in real browsers: a facilitator, a team with a keyboard and no mouse, and a team on a phone. Also
//! sessions with lines of support, and with roles.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "session/people.rs"]
mod people;

use std::time::Duration;

use fantoccini::{Locator, key::Key};
use glyphfall_tests::{
    browser::Browser,
    namespace::Namespace,
    room::{Client, RunningRoom, text},
};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::Instant;

/// The beginning of the catalogue's entry for the story's cause. Typing it selects the entry.
const CAUSE: &str = "An editor publishes a text with a control character";

#[tokio::test(flavor = "multi_thread")]
async fn a_session_from_joining_to_the_debrief() {
    let room = RunningRoom::open(&["--seed", "3"]).await;
    plan(&room).await;
    let at = |path: &str| format!("http://127.0.0.1:{}{path}", room.port);
    let (desk, keys, phone) =
        (Browser::open(1440, 1000).await, Browser::open(1440, 1000).await, Browser::open(390, 844).await);
    desk.client.goto(&at("/desk")).await.unwrap();
    sign_in(&desk, &room.facilitator).await;
    let code = desk.text("#code:not(:empty)").await;
    keys.client.goto(&at("/")).await.unwrap();
    join_by_keyboard(&keys, &code).await;
    phone.client.goto(&at(&format!("/?code={code}"))).await.unwrap();
    look_at(&phone, "phone-join").await;
    join_on_a_phone(&phone).await;
    look_at(&desk, "desk-lobby").await;
    look_at(&keys, "team-lobby").await;
    // Two programs also join, and only watch.
    let (one, two) = (room.team(1).await, room.team(2).await);

    start(&desk).await;
    guess_by_keyboard(&keys).await;
    one.until("/api/team", |view| view["state"] == "lost").await;
    do_by_keyboard(&keys, &one, "Restart the content store", None).await;
    one.until("/api/team", are_served).await;
    end(&desk).await;
    keys.until("#place h1").await;

    start(&desk).await;
    guess_by_keyboard(&keys).await;
    guess_on_a_phone(&phone).await;
    one.until("/api/team", |view| view["called"] == true && view["state"] == "lost").await;
    pin_a_log_line(&keys, &word_of_a_warning(&one).await).await;
    pin_a_stretch_of_a_chart(&keys).await;
    pin_a_span(&keys).await;
    one.until("/api/team", |view| view["pins"].as_array().unwrap().len() == 3).await;
    search_on_a_phone(&phone, &word_of_a_warning(&two).await).await;
    for (browser, name) in [(&keys, "team"), (&phone, "phone"), (&desk, "desk-teams")] {
        look_at(browser, name).await;
    }

    let answer = room.desk().get("/api/desk/answer/1").await;
    let asset = answer["asset"].as_str().unwrap();
    do_by_keyboard(&keys, &one, "Restart the cache", None).await;
    claim_by_keyboard(&keys, "What set it off", CAUSE).await;
    claim_by_keyboard(&keys, "Which asset", asset).await;
    keys.tab_to("#explain .hand-in button").await;
    keys.press(&(Key::Enter + "")).await;
    one.until("/api/team", |view| !view["explained"].is_null()).await;
    do_by_keyboard(&keys, &one, "Roll back an asset", Some(asset)).await;
    assert_eq!(one.get("/api/team").await["state"], "lost", "a roll back alone does not restore");
    do_by_keyboard(&keys, &one, "Restart the cache", None).await;
    one.until("/api/team", are_served).await;
    assert_eq!(two.get("/api/team").await["state"], "lost", "the other team has done nothing");
    let score = room.desk().get("/api/desk").await["teams"][0]["score"].as_f64().unwrap();
    assert!(score > 0.3, "cause and asset are right and rest on evidence: {score}");

    end(&desk).await;
    control(&desk, "reveal").await;
    confirm(&desk).await;
    replay_a_repair(&keys).await;
    desk.click("#debrief:not([hidden])").await;
    desk.until("article.round").await;
    present(&desk).await;
    phone.client.goto(&at("/team/debrief")).await.unwrap();
    phone.until("article.round").await;
    for (browser, name) in [(&keys, "team-debrief"), (&phone, "phone-debrief"), (&desk, "desk-debrief")] {
        look_at(browser, name).await;
        assert_eq!(browser.console_errors().await, Vec::<String>::new(), "{name}");
    }
}

/// Timeout for the example's first page.
const OPENS_WITHIN: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn the_example_opens_at_once_and_survives_every_click() {
    let began = Instant::now();
    let room = RunningRoom::example().await;
    let desk = room.desk();
    assert_eq!(desk.status(Method::GET, "/desk/debrief", None).await, StatusCode::OK);
    let took = began.elapsed();
    assert!(took < OPENS_WITHIN, "it took {took:?}");
    let shown = desk.get("/api/desk").await;
    let levels: Vec<&str> =
        shown["teams"].as_array().unwrap().iter().map(|team| team["level"].as_str().unwrap()).collect();
    assert_eq!(levels, ["dark", "logs", "metrics", "changes"]);
    // Without a running world, the desk takes its figures from the records.
    for team in 1..=4 {
        let record = desk.get(&format!("/api/desk/debrief/teams/{team}/records/0")).await;
        let row = &shown["teams"][team - 1];
        assert_eq!(row["loss_usd"], record["outcome"]["incident_financial_loss_usd"], "{row}");
        assert!(
            row["score"] == record["outcome"]["explanation_score"] && row["looks"].as_u64() > Some(0),
            "{row}"
        );
    }

    let browser = Browser::open(1440, 1000).await;
    let at = |path: &str| format!("http://127.0.0.1:{}{path}", room.port);
    let code = shown["code"].as_str().unwrap();
    browser.client.goto(&at(&format!("/desk#token={}", room.facilitator))).await.unwrap();
    browser.until("#team-rows tr").await;
    browser.client.goto(&at(&format!("/#code={code}&team=3&as=Visitor"))).await.unwrap();
    browser.until("#place a[href='/team/debrief']").await;
    for (path, ready) in [
        ("/desk", "#team-rows tr"),
        ("/team", "#place a[href='/team/debrief']"),
        ("/team/debrief", "#parting form"),
        ("/desk/debrief", "article.round"),
        ("/desk/debrief/teams/1", "article.round"),
    ] {
        browser.client.goto(&at(path)).await.unwrap();
        browser.until(ready).await;
        look_at(&browser, &format!("example{}", path.replace('/', "-"))).await;
        let (count, wrong) = browser.press_everything().await;
        assert!(count >= 3, "{path}: there is something to press");
        assert_eq!(wrong, Vec::<String>::new(), "{path}");
        assert_eq!(browser.console_errors().await, Vec::<String>::new(), "{path}");
        assert_eq!(browser.client.current_url().await.unwrap().path(), path, "nothing leads away by itself");
    }
    assert_eq!(desk.status(Method::POST, "/api/desk/start", None).await, StatusCode::CONFLICT);
    // All computed results are part of the example.
    for page in ["desk/debrief", "desk/debrief/teams/2"] {
        let news = desk.get(&format!("/api/{page}/news")).await;
        assert!(news["of"].as_u64() > Some(0) && news["done"] == news["of"], "{page}: {news}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn seven_tabs_of_a_second_device_stay_live() {
    let Some(device) = Namespace::lay() else {
        eprintln!("only the administrator may make a second device: not tested");
        return;
    };
    let room = RunningRoom::open(&["--seed", "3", "--bind", "0.0.0.0"]).await;
    plan(&room).await;
    let code = room.desk().get("/api/desk").await["code"].as_str().unwrap().to_owned();
    let phone = Browser::open_on(&device, 390, 844).await;
    let address = format!("http://{}:{}", device.here, room.port);
    // A phone that changes its network loses what is on its way; the page comes back by itself.
    phone.loses(&["*/pages/figures.js"]).await;
    phone.client.goto(&format!("{address}/?code={code}")).await.unwrap();
    phone
        .until_true(
            "performance.getEntriesByType('resource').some(({ name, responseStatus }) => name.endsWith('figures.js') && !responseStatus)",
        )
        .await;
    phone.loses(&[]).await;
    phone.until("#teams label").await;
    phone.until_true("!window.isSecureContext").await;
    join_on_a_phone(&phone).await;
    let reached = room.desk().get("/api/desk").await.to_string();
    assert!(reached.contains(&device.there.to_string()), "the facilitator sees who has reached the room");
    for _ in 1..7 {
        let tab = phone.client.new_window(true).await.unwrap();
        phone.client.switch_to_window(tab.handle).await.unwrap();
        phone.client.goto(&format!("{address}/team")).await.unwrap();
        phone.until("#place h1").await;
    }
    room.desk().post("/api/desk/start", &Value::Null).await;
    for tab in phone.client.windows().await.unwrap() {
        phone.client.switch_to_window(tab).await.unwrap();
        phone.until("#columns:not([hidden])").await;
        let shown = phone.text("#clock").await;
        phone.until_true(&format!("document.querySelector('#clock').textContent !== '{shown}'")).await;
        let asked =
            "const done = arguments[0]; fetch('/api/team').then(({ status }) => done(status), () => done(0))";
        assert_eq!(
            phone.client.execute_async(asked, Vec::new()).await.unwrap(),
            json!(200),
            "a request gets through"
        );
    }
    assert_eq!(phone.console_errors().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_goes_through_three_lines_and_is_sent_back_once() {
    let room = RunningRoom::open(&["--seed", "3", "--teams", "1"]).await;
    let desk = room.desk();
    let team = json!({ "team": 1, "scenario": "special-character", "level": "changes" });
    let round = json!({ "practice": false, "operating_model": "ops-run-it", "speed": 120.0, "minutes": 10.0, "teams": [team] });
    let planned = desk.send(Method::PUT, "/api/desk/plan/0", Some(&round)).await;
    assert_eq!(planned.status, StatusCode::NO_CONTENT, "{}", text(&planned));
    let code = desk.get("/api/desk").await["code"].as_str().unwrap().to_owned();
    let (one, two, three) =
        (Browser::open(1440, 1000).await, Browser::open(390, 844).await, Browser::open(1440, 1000).await);
    let mut people = Vec::new();
    for (browser, name, line) in [(&one, "Ada", 1), (&two, "Bo", 2), (&three, "Cy", 3)] {
        browser.client.goto(&format!("http://127.0.0.1:{}/?code={code}", room.port)).await.unwrap();
        browser.type_into("#alias", name).await;
        browser.click("#teams label").await;
        browser.click("#submit").await;
        browser.until("#place h1").await;
        if line > 1 {
            browser.click(&format!(".lines li:nth-child({line}) button")).await;
            browser.until(&format!(".lines li:nth-child({line}) button[aria-pressed='true']")).await;
        }
        let seat = browser.client.get_named_cookie("seat").await.unwrap().value().to_owned();
        people.push(Client::at(room.port, Some(seat)));
    }
    look_at(&three, "lines-lobby").await;
    let [ada, bo, cy] = people.try_into().unwrap();
    desk.post("/api/desk/start", &Value::Null).await;

    // L1: no logs, and only the front's dashboards.
    two.until_true("document.querySelector('#place h1').textContent === 'No ticket yet'").await;
    look_at(&two, "lines-waits-phone").await;
    ada.post("/api/team/guess", &json!({ "kind": null })).await;
    press(&one, "#evidence-panel-health .pin").await;
    one.until("#pins .pin-line").await;
    let refused = async |who: &Client, path: &str| who.status(Method::GET, path, None).await;
    assert_eq!(refused(&ada, "/evidence/logs").await, StatusCode::FORBIDDEN);
    let cache = ada.get("/evidence/metrics").await;
    assert!(!cache.to_string().contains("shop.cache"), "{cache}");
    assert_eq!(refused(&bo, "/evidence/logs").await, StatusCode::CONFLICT);
    assert_eq!(bo.get("/api/team").await["token"], "", "the team's token works at no line");
    let thinks = json!({ "text": "it is the cache" });
    assert_eq!(bo.status(Method::POST, "/api/team/hypotheses", Some(&thinks)).await, StatusCode::CONFLICT);
    ada.until("/api/team", |view| view["state"] == "lost").await;
    assert!(bo.get("/api/team").await["loss_usd"].is_null());

    // L2 returns the ticket, and L1 passes it on again with a pin.
    hand_over(&one, "no page comes", 0).await;
    two.until(".ticket .acknowledge").await;
    look_at(&two, "lines-queue-phone").await;
    press(&two, ".send-back button").await;
    one.until("#ticket .acknowledge").await;
    look_at(&one, "lines-sent-back").await;
    press(&one, "#ticket .acknowledge").await;
    press(&one, "#evidence-panel-health tr:nth-child(2) .pin").await;
    one.until("#pins .pin-line:nth-child(2)").await;
    hand_over(&one, "every page fails; the pin shows the health of one service", 1).await;
    press(&two, ".ticket .acknowledge").await;
    two.until("#columns:not([hidden])").await;
    assert_eq!(bo.get("/api/team").await["pins"].as_array().unwrap().len(), 1);
    assert_eq!(refused(&bo, "/evidence/logs").await, StatusCode::OK);

    // L2 repeats the same check, writes a hypothesis, and passes the ticket on with no attachment.
    bo.get("/api/team/health").await;
    bo.post("/api/team/hypotheses", &thinks).await;
    press(&two, "#tab-act").await;
    look_at(&two, "lines-ticket-phone").await;
    hand_over(&two, "the cache hangs", 0).await;
    three.until(".ticket .acknowledge").await;
    look_at(&three, "lines-queue").await;
    press(&three, ".ticket .acknowledge").await;
    three.until("#columns:not([hidden])").await;
    assert_eq!(cy.get("/api/team").await["hypotheses"], json!([]), "it was not attached");
    look_at(&three, "lines-ticket").await;

    desk.post("/api/desk/end", &Value::Null).await;
    desk.post("/api/desk/reveal", &Value::Null).await;
    for (browser, name) in [(&one, "lines-debrief"), (&two, "lines-debrief-phone")] {
        browser.client.goto(&format!("http://127.0.0.1:{}/team/debrief", room.port)).await.unwrap();
        press(browser, "#i1-time > summary").await;
        browser.until_true("document.querySelectorAll('.handovers tbody tr').length === 4").await;
        let shown = browser.text(".handovers tbody").await;
        assert!(shown.contains("L2 sent it back to L1") && shown.contains("found again after"), "{shown}");
        browser
            .client
            .execute("document.querySelector('.handovers').scrollIntoView()", Vec::new())
            .await
            .unwrap();
        look_at(browser, name).await;
        assert_eq!(browser.console_errors().await, Vec::<String>::new(), "{name}");
    }
}

/// Whether customers are served again. Whether this lasts shows only after a while.
fn are_served(view: &Value) -> bool {
    view["availability"]["now"].as_f64().is_some_and(|share| share > 0.99)
}

/// Plans a practice round, and the story at two levels.
async fn plan(room: &RunningRoom) {
    let desk = room.desk();
    let round = |practice: bool, scenario: &str, levels: [&str; 2]| {
        let team = |team: usize| json!({ "team": team, "scenario": scenario, "level": levels[team - 1] });
        json!({
            "practice": practice, "operating_model": "you-build-it", "speed": 120.0, "minutes": 10.0,
            "teams": [team(1), team(2)],
        })
    };
    desk.status(Method::DELETE, "/api/desk/plan/2", None).await;
    for (place, round) in [
        round(true, "stopped-store", ["metrics", "metrics"]),
        round(false, "special-character", ["changes", "logs"]),
    ]
    .iter()
    .enumerate()
    {
        let planned = desk.send(Method::PUT, &format!("/api/desk/plan/{place}"), Some(round)).await;
        assert_eq!(planned.status, StatusCode::NO_CONTENT, "{}", text(&planned));
    }
}

/// Waits for a warning, and returns a word of it to search for.
async fn word_of_a_warning(team: &Client) -> String {
    let page = team.until("/evidence/logs?severity=warn", |page| page["logs"] != json!([])).await;
    let line = page["logs"][0]["body"].as_str().unwrap();
    line.split(' ').next().unwrap().to_owned()
}

/// Writes the ticket, ticks the last `attached` of its possible attachments, and passes it on.
async fn hand_over(browser: &Browser, seen: &str, attached: usize) {
    browser.type_into("#ticket-priority", "P1").await;
    browser.type_into("#ticket-seen", seen).await;
    if attached > 0 {
        press(browser, ".ticket-form .pin-choices .check:last-child input").await;
    }
    press(browser, ".ticket-form button[type='submit']").await;
    browser.until_true("document.querySelector('.ticket-form').hidden").await;
}

/// Presses an element with the keyboard, because a short message may cover it.
async fn press(browser: &Browser, css: &str) {
    let key = if css.ends_with(" input") { " ".to_owned() } else { Key::Enter + "" };
    browser.until_true(&format!("document.querySelector({css:?})?.checkVisibility()")).await;
    browser.type_into(css, &key).await;
}

/// Takes pictures in the light and dark schemes, and runs axe on the page.
async fn look_at(browser: &Browser, name: &str) {
    for scheme in ["dark", "light"] {
        browser.prefers(scheme).await;
        browser.picture(&format!("{name}-{scheme}")).await;
        assert_eq!(browser.serious_findings().await, Vec::<String>::new(), "{name}, {scheme}");
    }
}

// ---- The facilitator ------------------------------------------------------------------------------------------------

async fn sign_in(desk: &Browser, token: &str) {
    desk.type_into("#token", token).await;
    desk.click("#sign-in-form button").await;
}

async fn control(desk: &Browser, name: &str) {
    desk.click(&format!("#{name}[aria-disabled='false']")).await;
}

async fn start(desk: &Browser) {
    control(desk, "start").await;
    desk.until("#pause[aria-disabled='false']").await;
}

async fn end(desk: &Browser) {
    control(desk, "end").await;
    desk.type_into("#end-after", "Now").await;
    confirm(desk).await;
    desk.until("#end[aria-disabled='true']").await;
}

/// Confirms a dialog.
async fn confirm(browser: &Browser) {
    browser.click("dialog[open] button[value='yes']").await;
    browser.until_true("!document.querySelector('dialog[open]')").await;
}

/// Steps through the debrief in presentation mode: a question, its answer after the next press, and a vote for a repair.
async fn present(desk: &Browser) {
    desk.click("#present").await;
    desk.until("#standing.is-shown").await;
    let next = async || desk.click(".presenter .primary").await;
    for _ in 0..7 {
        next().await;
    }
    desk.until_true("document.querySelector('.slide.is-shown #i1-repair:not([open])')").await;
    desk.click(".is-shown .vote .choice").await;
    desk.until_true("document.querySelector('.is-shown .vote b').textContent === '1'").await;
    next().await;
    desk.until("#i1-repair[open]").await;
    let shown =
        "[...document.querySelectorAll('.slide')].filter((slide) => slide.offsetHeight > 0).length === 1";
    desk.until_true(shown).await;
    desk.picture("desk-presenting").await;
    desk.click(".presenter .plain").await;
    desk.until_true("!document.body.classList.contains('presenting')").await;
}

// ---- The team with a keyboard ---------------------------------------------------------------------------------------

async fn join_by_keyboard(keys: &Browser, code: &str) {
    keys.until("input[name='team'][value='1']").await;
    keys.tab_to("#code").await;
    keys.press(code).await;
    keys.tab_to("#alias").await;
    keys.press("Keys").await;
    keys.tab_to("input[name='team']").await;
    keys.press(" ").await;
    keys.tab_to("#submit").await;
    keys.press(&(Key::Enter + "")).await;
    keys.until("#place h1").await;
}

async fn guess_by_keyboard(keys: &Browser) {
    keys.until("#evidence-closed form, #evidence-closed button").await;
    if keys.client.find(Locator::Id("guess-cause")).await.is_err() {
        keys.tab_to("#evidence-closed button").await;
        keys.press(&(Key::Enter + "")).await;
    }
    keys.tab_to("#guess-cause").await;
    keys.press("No idea").await;
    look_at(keys, "team-guess").await;
    keys.tab_to("#evidence-closed form button").await;
    keys.press(&(Key::Enter + "")).await;
    keys.until("#evidence-tab-health").await;
}

/// Opens an evidence tab by keyboard: Tab moves into the list, and the arrow keys move within it.
async fn open_tab(keys: &Browser, name: &str) {
    keys.tab_to("#evidence-tabs [role='tab']").await;
    keys.press(&(Key::Home + "")).await;
    for _ in 0..6 {
        let at = keys.client.execute("return document.activeElement.id", Vec::new()).await.unwrap();
        if at == json!(format!("evidence-tab-{name}")) {
            return;
        }
        keys.press(&(Key::Right + "")).await;
    }
    panic!("the arrows do not lead to {name}");
}

async fn pin_a_log_line(keys: &Browser, word: &str) {
    open_tab(keys, "logs").await;
    keys.until("#evidence-panel-logs .line-head").await;
    keys.tab_to("#logs-severity").await;
    keys.press("Warn").await;
    keys.tab_to("#logs-text").await;
    keys.press(word).await;
    keys.press(&(Key::Enter + "")).await;
    keys.until("#evidence-panel-logs .severity.warn, #evidence-panel-logs .severity.error").await;
    keys.tab_to("#evidence-panel-logs .line-head").await;
    keys.press(&(Key::Enter + "")).await;
    keys.tab_to("#evidence-panel-logs .line-all .pin").await;
    keys.press(&(Key::Enter + "")).await;
    keys.until("#pins .pin-line").await;
}

async fn pin_a_stretch_of_a_chart(keys: &Browser) {
    open_tab(keys, "metrics").await;
    keys.until("#evidence-panel-metrics .chart-line").await;
    keys.tab_to("#evidence-panel-metrics .chart").await;
    let moved =
        Key::Left + "" + &Key::Shift + &Key::Left + &Key::Left + &Key::Left + &Key::Null + &Key::Enter;
    keys.press(&moved).await;
    keys.until_true("[...document.querySelectorAll('#evidence-panel-metrics button')].some((button) => button.textContent === 'Show all of it' && !button.hidden)").await;
    keys.tab_to("#evidence-panel-metrics .pin").await;
    keys.press(&(Key::Enter + "")).await;
    keys.until("#pins .pin-line:nth-child(2)").await;
}

async fn pin_a_span(keys: &Browser) {
    open_tab(keys, "traces").await;
    keys.until("#evidence-panel-traces .trace-head").await;
    keys.tab_to("#evidence-panel-traces .trace-head").await;
    keys.press(&(Key::Enter + "")).await;
    keys.until("#evidence-panel-traces .waterfall .span-head").await;
    keys.tab_to("#evidence-panel-traces .span-head").await;
    keys.press(&(Key::Enter + "")).await;
    keys.tab_to("#evidence-panel-traces .span-all .pin").await;
    keys.press(&(Key::Enter + "")).await;
    keys.until("#pins .pin-line:nth-child(3)").await;
}

/// Carries out a remedy with an expectation, and waits until it is done.
async fn do_by_keyboard(keys: &Browser, team: &Client, words: &str, asset: Option<&str>) {
    keys.tab_to("#remedy").await;
    keys.press(words).await;
    if let Some(asset) = asset {
        keys.tab_to("#remedy-asset").await;
        keys.press(asset).await;
    }
    keys.tab_to("#remedy-expects").await;
    keys.press("all served").await;
    keys.tab_to("#remedies form button[type='submit']").await;
    let before = done(&team.get("/api/team").await);
    keys.press(&(Key::Enter + "")).await;
    team.until("/api/team", |view| view["pending"].is_null() && done(view) > before).await;
    keys.until("#remedies .came li").await;
}

fn done(view: &Value) -> usize {
    view["log"].as_array().unwrap().iter().filter(|line| line["kind"] == "remedy").count()
}

/// Makes a claim with evidence, then matches it with the catalogue, which opens for a part only after such a claim. Nothing covers the
/// evidence meanwhile.
async fn claim_by_keyboard(keys: &Browser, part: &str, choice: &str) {
    keys.tab_to(&format!("button[aria-label='Add a claim: {part}']")).await;
    keys.press(&(Key::Enter + "")).await;
    keys.tab_to("#claim-words").await;
    keys.press("as the line says that we pinned").await;
    keys.until_true(
        "!document.querySelector('dialog[open]') && document.querySelector('#evidence').offsetHeight > 0",
    )
    .await;
    keys.tab_to(".claim-form .pin-choices input").await;
    keys.press(" ").await;
    if keys.client.find(Locator::Id("claim-choice")).await.is_err() {
        keys.tab_to(".claim-form button[type='submit']").await;
        keys.press(&(Key::Enter + "")).await;
    }
    keys.tab_to("#claim-choice").await;
    keys.press(choice).await;
    keys.tab_to(".claim-form button[type='submit']").await;
    keys.press(&(Key::Enter + "")).await;
    keys.until_true("!document.querySelector('.claim-form')").await;
    keys.until(&format!("section[aria-label='{part}'] .claim-choice.muted")).await;
}

/// Uses the repair, and waits for the replay's result.
async fn replay_a_repair(keys: &Browser) {
    keys.until("#place a[href='/team/debrief']").await;
    keys.tab_to("#place a[href='/team/debrief']").await;
    keys.press(&(Key::Enter + "")).await;
    keys.tab_to("#i1-repair > summary").await;
    keys.press(&(Key::Enter + "")).await;
    keys.until("form[data-choice-of='1']").await;
    keys.tab_to("form[data-choice-of='1'] input").await;
    keys.press(" ").await;
    keys.tab_to("form[data-choice-of='1'] select").await;
    keys.press("It prevents").await;
    keys.tab_to("form[data-choice-of='1'] button").await;
    keys.press(&(Key::Enter + "")).await;
    keys.tab_to("dialog[open] button[value='yes']").await;
    keys.press(&(Key::Enter + "")).await;
    keys.until(".repair svg").await;
}

// ---- The team on a phone --------------------------------------------------------------------------------------------

async fn join_on_a_phone(phone: &Browser) {
    phone.type_into("#alias", "Phone").await;
    phone.until_true("document.querySelector('input[value=\"2\"]')").await;
    phone.click("#teams label:nth-child(2)").await;
    phone.until("#teams input[value='2']:checked").await;
    phone.click("#submit").await;
    phone.until("#place h1").await;
}

async fn guess_on_a_phone(phone: &Browser) {
    phone.click("#tab-evidence").await;
    phone.click("#evidence-closed button").await;
    phone.until("#guess-cause").await;
    let names = "document.querySelector('#evidence-closed form').textContent.includes('opens the evidence: health, logs, content.')";
    phone.until_true(names).await;
    look_at(phone, "phone-guess").await;
    phone.click("#evidence-closed form button[type='button']").await;
    phone.until("#evidence-tab-logs").await;
}

async fn search_on_a_phone(phone: &Browser, word: &str) {
    phone.click("#evidence-tab-logs").await;
    phone.type_into("#logs-text", &(word.to_owned() + &Key::Enter)).await;
    phone.until("#evidence-panel-logs .line-head").await;
    // Repeating a query must send it again, because the answer may have changed.
    let asked = "performance.getEntriesByType('resource').filter(({ name }) => name.includes('/evidence/logs?')).length";
    let before = phone.client.execute(&format!("return {asked}"), Vec::new()).await.unwrap();
    phone.click("#evidence-panel-logs button[type='submit']:not([aria-busy='true'])").await;
    phone.until_true(&format!("{asked} > {before}")).await;
}
