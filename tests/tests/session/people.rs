//! Eight people in two teams: one with a commander, a deputy, a scribe and communications, one in which the deputy takes command by
//! themselves; a facilitator, and a note-taker beside them.

use fantoccini::Locator;
use glyphfall_tests::{
    browser::Browser,
    room::{Client, RunningRoom, text},
};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{look_at, press, sign_in};

/// Somebody at a page, and as whom a program would speak for them.
struct Person {
    page: Browser,
    seat: Client,
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_people_in_two_teams_with_roles_updates_and_a_hand_over_of_command() {
    let room = RunningRoom::open(&["--seed", "3", "--teams", "2"]).await;
    plan(&room).await;
    let desk = room.desk();
    let code = desk.get("/api/desk").await["code"].as_str().unwrap().to_owned();
    // Two of each team are on a phone.
    let sits = |name: &'static str, team: u32, width: u32| person(&room, &code, (name, team), width);
    let (ada, bo, cy, dee, eva, finn, gil, hana) = tokio::join!(
        sits("Ada", 1, 1440),
        sits("Bo", 1, 1440),
        sits("Cy", 1, 390),
        sits("Dee", 1, 390),
        sits("Eva", 2, 1440),
        sits("Finn", 2, 1440),
        sits("Gil", 2, 390),
        sits("Hana", 2, 390),
    );
    for (person, role) in [(&ada, 1), (&bo, 2), (&cy, 3), (&dee, 4), (&eva, 1), (&finn, 2)] {
        press(&person.page, "#place details:has(.roles) > summary").await;
        press(&person.page, &format!("#place .roles li:nth-child({role}) button")).await;
    }
    ada.seat.until("/api/team", |view| view["roles"]["holders"].as_array().unwrap().len() == 4).await;
    look_at(&ada.page, "people-lobby").await;
    let host = Browser::open(1440, 1000).await;
    host.client.goto(&at(&room, "/desk")).await.unwrap();
    sign_in(&host, &room.facilitator).await;
    let notes = note_taker(&room, &host).await;

    desk.post("/api/desk/start", &Value::Null).await;
    for person in [&ada, &eva] {
        person.seat.until("/api/team", |view| view["phase"] == "running").await;
        person.seat.post("/api/team/guess", &json!({ "kind": null })).await;
    }
    ada.seat.until("/api/team", |view| view["state"] == "lost").await;

    let team = [&ada, &bo, &cy, &dee];
    write_an_update(team).await;
    hand_command_over(team).await;

    // While that must hold: the other team's deputy takes command, somebody outside speaks, the note-taker marks, and the team explains.
    press(&finn.page, "#roles > summary").await;
    press(&finn.page, "#roles .roles li:nth-child(1) button").await;
    eva.seat.until("/api/team", |view| view["roles"]["holders"][0]["alias"] == "Finn").await;
    press(&host, "#message-prepared button[aria-label*='A journalist']").await;
    cy.page
        .until_true("[...document.querySelectorAll('#log b')].some((word) => word.textContent === 'Press')")
        .await;
    look_at(&cy.page, "people-scribe-phone").await;
    notes.until("#mark-text").await.send_keys("command went over in one sentence").await.unwrap();
    press(&notes, "#mark-form button").await;
    desk.until("/api/desk", |view| view["marks"][0]["by"] == "Noa").await;
    look_at(&notes, "people-notes").await;
    look_at(&host, "people-desk").await;
    argue(&ada, &bo).await;

    read_the_debrief(&room, &host, &dee.page).await;
    for person in [&ada, &bo, &cy, &dee, &eva, &finn, &gil, &hana] {
        assert_eq!(person.page.console_errors().await, Vec::<String>::new());
    }
}

fn at(room: &RunningRoom, path: &str) -> String {
    format!("http://127.0.0.1:{}{path}", room.port)
}

/// One round that counts, whose director wants to hear soon after the loss, and then hardly again.
async fn plan(room: &RunningRoom) {
    let desk = room.desk();
    let team = |team: usize| json!({ "team": team, "scenario": "stopped-store", "level": "metrics" });
    let round = json!({
        "practice": false, "operating_model": "you-build-it", "speed": 60.0, "minutes": 10.0,
        "updates": { "first_minutes": 1.0, "every_minutes": 300.0 }, "teams": [team(1), team(2)],
    });
    let planned = desk.send(Method::PUT, "/api/desk/plan/0", Some(&round)).await;
    assert_eq!(planned.status, StatusCode::NO_CONTENT, "{}", text(&planned));
}

async fn person(room: &RunningRoom, code: &str, (name, team): (&str, u32), width: u32) -> Person {
    let page = Browser::open(width, if width < 600 { 844 } else { 1000 }).await;
    page.client.goto(&at(room, &format!("/?code={code}"))).await.unwrap();
    page.until("#alias").await.send_keys(name).await.unwrap();
    page.until(&format!("#teams label:nth-child({team})")).await.click().await.unwrap();
    page.until("#submit").await.click().await.unwrap();
    page.until("#place .roles").await;
    let seat = page.client.get_named_cookie("seat").await.unwrap().value().to_owned();
    Person { page, seat: Client::at(room.port, Some(seat)) }
}

/// Invites a note-taker, who signs in with what the facilitator was shown, and can change nothing.
async fn note_taker(room: &RunningRoom, host: &Browser) -> Browser {
    press(host, "#tab-lobby").await;
    host.until("#helper-name").await.send_keys("Noa").await.unwrap();
    press(host, "#helper-form button").await;
    let token = host.until("dialog[open] .secret").await.text().await.unwrap();
    host.until("dialog[open] button[value='close']").await.click().await.unwrap();
    press(host, "#tab-teams").await;
    let notes = Browser::open(1440, 1000).await;
    notes.client.goto(&at(room, "/desk")).await.unwrap();
    sign_in(&notes, &token).await;
    notes.until_true("document.querySelector('#you')?.textContent === 'Noa takes notes'").await;
    press(&notes, "#tab-teams").await;
    assert!(notes.client.find_all(Locator::Css("#start")).await.unwrap().len() == 1);
    notes.until_true("!document.querySelector('#start').checkVisibility()").await;
    notes
}

/// What a team writes to the director.
const UPDATE: &str =
    "No page opens. We see that the content store does not answer, and are about to restart it.";

/// The director wants an update soon after the loss. Whoever speaks for the team writes it; the others are told who does.
async fn write_an_update([ada, bo, cy, dee]: [&Person; 4]) {
    let updates = |view: &Value| view["questions"].as_array().unwrap().clone();
    let asked = ada.seat.until("/api/team", |view| !updates(view).is_empty()).await;
    assert_eq!(
        (&asked["questions"][0]["voice"], &asked["questions"][0]["late"]),
        (&json!("director"), &Value::Null)
    );
    cy.page.until_true("document.querySelector('#questions .other:not([hidden])')?.textContent.startsWith('Dee writes it')").await;
    look_at(&dee.page, "people-update-phone").await;
    let health = bo.seat.get("/api/team/health").await;
    assert!(!health.is_null());
    press(&bo.page, "#evidence-panel-health tr:nth-child(1) .pin").await;
    bo.page.until("#hypothesis").await.send_keys("the content store does not run").await.unwrap();
    press(&bo.page, "#thoughts form button").await;
    ada.seat.until("/api/team", |view| view["hypotheses"] != json!([]) && view["pins"] != json!([])).await;
    ada.seat
        .until("/api/team", |view| view["availability"]["now"].as_f64().is_some_and(|share| share < 0.5))
        .await;
    dee.page.until("#questions .writing textarea").await.send_keys(UPDATE).await.unwrap();
    press(&dee.page, "#questions .writing button").await;
    let written = ada.seat.until("/api/team", |view| !view["questions"][0]["answer"].is_null()).await;
    assert_eq!(
        (&written["questions"][0]["late"], &written["questions"][0]["by"]),
        (&json!(false), &json!("Dee"))
    );
}

/// The scribe writes down what is decided, and proposes; nothing happens without a go. Command goes to the deputy in the midst of it, who
/// gives the go.
async fn hand_command_over([ada, bo, cy, dee]: [&Person; 4]) {
    press(&cy.page, "#tab-shop").await;
    cy.page.until("#note-text").await.send_keys("Ada: first restart, then look further").await.unwrap();
    press(&cy.page, "#note-form button").await;
    let restart =
        json!({ "remedy": "restart-content-store", "expects": "back", "because": "it does not answer" });
    let proposed = cy.seat.send(Method::POST, "/api/team/remedies", Some(&restart)).await;
    assert_eq!(proposed.status, StatusCode::ACCEPTED, "{}", text(&proposed));
    let go = json!({ "go": true });
    assert_eq!(
        dee.seat.status(Method::POST, "/api/team/proposals/r99", Some(&go)).await,
        StatusCode::FORBIDDEN
    );
    ada.page.until("#questions button[aria-label^='Go']").await;
    look_at(&ada.page, "people-proposal").await;

    // Command goes to the deputy in the midst of it, who gives the go.
    press(&ada.page, "#roles > summary").await;
    ada.page.until("#offer-to").await.send_keys("Bo").await.unwrap();
    ada.page
        .until("#offer-words")
        .await
        .send_keys("Cy proposes the restart; nothing else is under way.")
        .await
        .unwrap();
    press(&ada.page, ".offer button").await;
    bo.page
        .until_true(
            "document.querySelector('#questions')?.textContent.includes('Ada hands command over to you')",
        )
        .await;
    look_at(&bo.page, "people-offer").await;
    press(&bo.page, "#questions .primary").await;
    ada.seat.until("/api/team", |view| view["roles"]["holders"][0]["alias"] == "Bo").await;
    assert_eq!(
        ada.seat.status(Method::POST, "/api/team/proposals/r99", Some(&go)).await,
        StatusCode::FORBIDDEN
    );
    press(&bo.page, "#questions button[aria-label^='Go']").await;
    ada.seat.until("/api/team", super::are_served).await;
}

async fn read_the_debrief(room: &RunningRoom, host: &Browser, phone: &Browser) {
    let desk = room.desk();
    desk.post("/api/desk/end", &Value::Null).await;
    desk.post("/api/desk/reveal", &Value::Null).await;
    host.client.goto(&at(room, "/desk/debrief")).await.unwrap();
    phone.client.goto(&at(room, "/team/debrief")).await.unwrap();
    press(host, "#i1-time > summary").await;
    let told = host.until("#i1-time").await.text().await.unwrap().replace('\u{a0}', " ");
    for says in [
        "Ada, then Bo commanded; the hand-over took",
        "Ada handed command over to Bo",
        "Cy proposes the restart; nothing else is under way.",
        "Eva, then Finn commanded; once it was taken without being handed over",
        "Finn took command in place of Eva",
        "One remedy waited for a go",
        UPDATE,
        "thought: the content store does not run",
        " % served, $",
    ] {
        assert!(told.contains(says), "{says}: {told}");
    }
    let marked = host.until("#i1-told").await.html(true).await.unwrap();
    assert!(marked.contains("command went over in one sentence (Noa)"), "{marked}");
    press(phone, "#i1-time > summary").await;
    press(phone, "#i1-repair > summary").await;
    let repair = phone.until("#i1-repair blockquote").await.text().await.unwrap();
    assert!(repair.contains("nobody would have noticed"), "{repair}");
    for (page, name) in [(host, "people-debrief"), (phone, "people-debrief-phone")] {
        page.client
            .execute("document.querySelector('.handovers').scrollIntoView()", Vec::new())
            .await
            .unwrap();
        look_at(page, name).await;
    }
}

/// Hands an explanation in, and argues for a repair once the room offers it.
async fn argue(ada: &Person, bo: &Person) {
    let pin = ada.seat.get("/api/team").await["pins"][0]["id"].clone();
    let claim = json!({ "about": "factor", "words": "nobody asked whether it can work", "pins": [pin], "choice": null });
    ada.seat.post("/api/team/claims", &claim).await;
    bo.seat.post("/api/team/explanation", &Value::Null).await;
    ada.page.until("#more:not([hidden]) input[name='more-repair']").await;
    press(&ada.page, "#more label:nth-of-type(3) input").await;
    ada.page.until("#more-expects").await.send_keys("Less would").await.unwrap();
    ada.page
        .until("#more-because")
        .await
        .send_keys("we would have known at once, and nobody would have noticed")
        .await
        .unwrap();
    look_at(&ada.page, "people-more").await;
    press(&ada.page, "#more form button").await;
    ada.page.until_true("document.querySelector('#more-body').textContent.includes('You argue for: Ask services whether they can work')").await;
    let again = json!({ "repair": "x", "expects": "back", "because": "y" });
    let refused = bo.seat.status(Method::POST, "/api/team/argument", Some(&again)).await;
    assert!(refused.is_client_error(), "{refused}");
}
