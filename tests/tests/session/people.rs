//! Eight people in two teams. One team has a commander, a deputy, a scribe and communications; in the other, the deputy takes command
//! unasked. There are also a facilitator and a note-taker.

use glyphfall_tests::{
    browser::Browser,
    room::{Client, RunningRoom, text},
};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{look_at, press, sign_in};

/// A person: a browser page, and an API client with the same seat.
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
    // Two people of each team use a phone.
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

    // While the restored availability must hold, the other team's deputy takes command, an outsider sends a message, the note-taker sets a
    // mark, and the team explains.
    press(&finn.page, "#roles > summary").await;
    press(&finn.page, "#roles .roles li:nth-child(1) button").await;
    eva.seat.until("/api/team", |view| view["roles"]["holders"][0]["alias"] == "Finn").await;
    press(&host, "#message-prepared button[aria-label*='A journalist']").await;
    cy.page
        .until_true("[...document.querySelectorAll('#log b')].some((word) => word.textContent === 'Press')")
        .await;
    look_at(&cy.page, "people-scribe-phone").await;
    notes.type_into("#mark-text", "command went over in one sentence").await;
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

/// Plans one scored round. Its director wants an update soon after the loss, and hardly any later.
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
    page.type_into("#alias", name).await;
    page.click(&format!("#teams label:nth-child({team})")).await;
    page.click("#submit").await;
    page.until("#place .roles").await;
    let seat = page.client.get_named_cookie("seat").await.unwrap().value().to_owned();
    Person { page, seat: Client::at(room.port, Some(seat)) }
}

/// Invites a note-taker, who signs in with the credentials that the facilitator sees, and can change nothing.
async fn note_taker(room: &RunningRoom, host: &Browser) -> Browser {
    press(host, "#tab-lobby").await;
    host.type_into("#helper-name", "Noa").await;
    press(host, "#helper-form button").await;
    let token = host.text("dialog[open] .secret").await;
    host.click("dialog[open] button[value='close']").await;
    press(host, "#tab-teams").await;
    let notes = Browser::open(1440, 1000).await;
    notes.client.goto(&at(room, "/desk")).await.unwrap();
    sign_in(&notes, &token).await;
    notes.until_true("document.querySelector('#you')?.textContent === 'Noa takes notes'").await;
    press(&notes, "#tab-teams").await;
    notes.until("#start").await;
    notes.until_true("!document.querySelector('#start').checkVisibility()").await;
    notes
}

/// A team's update for the director.
const UPDATE: &str =
    "No page opens. We see that the content store does not answer, and are about to restart it.";

/// The director wants an update soon after the loss. The team's spokesperson writes it; the others see who that is.
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
    bo.page.type_into("#hypothesis", "the content store does not run").await;
    press(&bo.page, "#thoughts form button").await;
    ada.seat.until("/api/team", |view| view["hypotheses"] != json!([]) && view["pins"] != json!([])).await;
    ada.seat
        .until("/api/team", |view| view["availability"]["now"].as_f64().is_some_and(|share| share < 0.5))
        .await;
    dee.page.type_into("#questions .writing textarea", UPDATE).await;
    press(&dee.page, "#questions .writing button").await;
    let written = ada.seat.until("/api/team", |view| !view["questions"][0]["answer"].is_null()).await;
    assert_eq!(
        (&written["questions"][0]["late"], &written["questions"][0]["by"]),
        (&json!(false), &json!("Dee"))
    );
}

/// The scribe writes down the decision and proposes a remedy, which waits for approval. Meanwhile command passes to the deputy, who
/// approves.
async fn hand_command_over([ada, bo, cy, dee]: [&Person; 4]) {
    press(&cy.page, "#tab-shop").await;
    cy.page.type_into("#note-text", "Ada: first restart, then look further").await;
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

    // Command passes to the deputy meanwhile, who approves.
    press(&ada.page, "#roles > summary").await;
    ada.page.type_into("#offer-to", "Bo").await;
    ada.page.type_into("#offer-words", "Cy proposes the restart; nothing else is under way.").await;
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
    let told = host.text("#i1-time").await.replace('\u{a0}', " ");
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
    let marked =
        "document.querySelector('#i1-told')?.textContent.includes('command went over in one sentence (Noa)')";
    host.until_true(marked).await;
    press(phone, "#i1-time > summary").await;
    press(phone, "#i1-repair > summary").await;
    let repair = phone.text("#i1-repair blockquote").await;
    assert!(repair.contains("nobody would have noticed"), "{repair}");
    for (page, name) in [(host, "people-debrief"), (phone, "people-debrief-phone")] {
        page.client
            .execute("document.querySelector('.handovers').scrollIntoView()", Vec::new())
            .await
            .unwrap();
        look_at(page, name).await;
    }
}

/// Submits an explanation, and argues for a repair once the room offers it.
async fn argue(ada: &Person, bo: &Person) {
    let pin = ada.seat.get("/api/team").await["pins"][0]["id"].clone();
    let claim = json!({ "about": "factor", "words": "nobody asked whether it can work", "pins": [pin], "choice": null });
    ada.seat.post("/api/team/claims", &claim).await;
    bo.seat.post("/api/team/explanation", &Value::Null).await;
    ada.page.until("#more:not([hidden]) input[name='more-repair']").await;
    press(&ada.page, "#more label:nth-of-type(3) input").await;
    ada.page.type_into("#more-expects", "Less would").await;
    ada.page.type_into("#more-because", "we would have known at once, and nobody would have noticed").await;
    look_at(&ada.page, "people-more").await;
    press(&ada.page, "#more form button").await;
    ada.page.until_true("document.querySelector('#more-body').textContent.includes('You argue for: Ask services whether they can work')").await;
    let again = json!({ "repair": "x", "expects": "back", "because": "y" });
    let refused = bo.seat.status(Method::POST, "/api/team/argument", Some(&again)).await;
    assert!(refused.is_client_error(), "{refused}");
}
