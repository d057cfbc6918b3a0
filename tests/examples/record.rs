//! Records the session for `glyphfall room --example` and packs the room's folder: `cargo xtask example`.
//!
//! Four teams meet the story's incident at four telemetry levels, in real worlds and through the room's own API, as pages and programs use
//! it. The pauses here last as long as people's do, so the figures are realistic. The recording takes a quarter of an hour.
#![expect(clippy::unwrap_used, reason = "a recording that breaks off is played again")]

use std::{fs, io::Write, path::Path, time::Duration};

use glyphfall_tests::{
    process::root,
    room::{Client, RunningRoom, text},
};
use http::{Method, StatusCode, header};
use serde_json::{Value, json};
use tokio::time::sleep;
use zip::{ZipWriter, write::SimpleFileOptions};

const SCENARIO: &str = "special-character";

/// Teams by number from 1: name, level, and people.
const TEAMS: [(&str, &str, [&str; 2]); 4] = [
    ("Owls", "dark", ["Amber", "Blue"]),
    ("Larks", "logs", ["Coral", "Denim"]),
    ("Herons", "metrics", ["Ecru", "Fawn"]),
    ("Otters", "changes", ["Green", "Hazel"]),
];

/// A playing team. The first of its people acts for it.
struct Team {
    number: usize,
    people: [Client; 2],
}

#[tokio::main]
async fn main() {
    let mut room = RunningRoom::open(&["--teams", "4", "--seed", "3"]).await;
    let desk = room.desk();
    for place in [2, 1] {
        desk.status(Method::DELETE, &format!("/api/desk/plan/{place}"), None).await;
    }
    let assigned = |(number, (_, level, _)): (usize, &(_, &str, _))| json!({ "team": number + 1, "scenario": SCENARIO, "level": level });
    let round = json!({ "practice": false, "operating_model": "you-build-it", "speed": 15.0, "minutes": 12.0,
        "updates": null, "teams": TEAMS.iter().enumerate().map(assigned).collect::<Vec<_>>() });
    change(&desk, Method::PUT, "/api/desk/plan/0", &round).await;
    let mut teams = Vec::new();
    for (place, (name, _, people)) in TEAMS.iter().enumerate() {
        let number = place + 1;
        change(&desk, Method::PUT, &format!("/api/desk/teams/{number}"), &json!({ "name": name })).await;
        let people = [join(&room, number, people[0]).await, join(&room, number, people[1]).await];
        people[0].post("/api/team/ready", &json!({ "ready": true })).await;
        teams.push(Team { number, people });
    }
    let [owls, larks, herons, otters]: [Team; 4] =
        teams.try_into().unwrap_or_else(|_| unreachable!("there are four"));

    // One team uses roles.
    for (person, role) in larks.people.iter().zip(["commander", "communications"]) {
        change(person, Method::PUT, &format!("/api/team/roles/{role}"), &Value::Null).await;
    }

    desk.post("/api/desk/start", &Value::Null).await;
    tokio::join!(lead(&desk), by_hints(&owls), up_a_blind_alley(&larks), wrongly(&herons), quickly(&otters));
    desk.post("/api/desk/end", &Value::Null).await;
    sleep(Duration::from_secs(35)).await; // until the last visits have ended
    desk.post("/api/desk/reveal", &Value::Null).await;
    let repairs =
        ["missing-health-check", "poor-error-handling", "inadequate-telemetry", "invalid-rendering"];
    for (team, repair) in [&owls, &larks, &herons, &otters].into_iter().zip(repairs) {
        team.acts().post("/api/team/repair", &json!({ "repair": repair, "expects": "better" })).await;
        take_leave(team).await;
    }
    compute(&room, &[&owls, &larks, &herons, &otters]).await;

    room.process.signal("TERM");
    assert!(room.process.ended(Duration::from_secs(30)).await, "the room closes");
    let archive = root().join("harness/room/example/session.zip");
    pack(room.folder.path(), &archive);
    let bytes = fs::metadata(&archive).unwrap().len();
    eprintln!("{} holds the session, in {bytes} bytes", archive.display());
}

async fn change(who: &Client, method: Method, path: &str, body: &Value) {
    let answer = who.send(method, path, Some(body)).await;
    assert!(answer.status.is_success(), "{path}: {}", text(&answer));
}

async fn join(room: &RunningRoom, team: usize, alias: &str) -> Client {
    let code = room.desk().get("/api/desk").await["code"].clone();
    let joining = json!({ "code": code, "team": team, "alias": alias });
    let joined = room.stranger().send(Method::POST, "/api/join", Some(&joining)).await;
    assert_eq!(joined.status, StatusCode::OK, "{}", text(&joined));
    let cookie = joined.headers[header::SET_COOKIE].to_str().unwrap().to_owned();
    let seat = cookie.split(['=', ';']).nth(1).unwrap();
    Client::at(room.port, Some(seat.to_owned()))
}

/// The facilitator's actions during the round.
async fn lead(desk: &Client) {
    sleep(Duration::from_secs(200)).await;
    desk.post("/api/desk/mark", &json!({ "text": "One team restores, the others still look" })).await;
    let asks = json!({ "team": null, "text": "What do you know, and when will the shop be back?", "voice": "director", "kind": "update" });
    desk.post("/api/desk/message", &asks).await;
    for after_s in [20, 70, 70, 50] {
        sleep(Duration::from_secs(after_s)).await;
        desk.post("/api/desk/hint", &json!({ "team": 1 })).await;
    }
    sleep(Duration::from_secs(110)).await;
    desk.post("/api/desk/mark", &json!({ "text": "Restarts alone do not hold" })).await;
    desk.post(
        "/api/desk/message",
        &json!({ "team": null, "text": "A few minutes are left. Hand in your explanation as it stands." }),
    )
    .await;
    sleep(Duration::from_secs(60)).await;
}

impl Team {
    /// The person who acts for the team.
    fn acts(&self) -> &Client {
        &self.people[0]
    }

    fn other(&self) -> &Client {
        &self.people[1]
    }

    async fn called(&self, kind: Value, confidence: Value) {
        self.until_seen(|view| view["called"] == true).await;
        sleep(Duration::from_secs(12)).await;
        self.acts().post("/api/team/guess", &json!({ "kind": kind, "confidence": confidence })).await;
    }

    /// Waits, for as long as a round takes, until the team's view meets a condition.
    async fn until_seen(&self, is_seen: impl Fn(&Value) -> bool) -> Value {
        loop {
            let view = self.other().get("/api/team").await;
            assert_eq!(view["phase"], "running", "the round is over before it came to that: {view}");
            if is_seen(&view) {
                return view;
            }
            sleep(Duration::from_secs(1)).await;
        }
    }

    async fn thinks(&self, words: &str) -> String {
        self.other().post("/api/team/hypotheses", &json!({ "text": words })).await["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Reads these paths, with a reading pause after each.
    async fn looks(&self, paths: &[&str]) {
        for path in paths {
            self.other().get(path).await;
            sleep(Duration::from_secs(9)).await;
        }
    }

    async fn pins(&self, source: Value) -> Value {
        let pinned = self.acts().post("/api/team/pins", &source).await;
        sleep(Duration::from_secs(4)).await;
        pinned["id"].clone()
    }

    /// Carries out a remedy and waits until it is done.
    async fn does(&self, remedy: &str, asset: Option<&str>, expects: &str, because: &str) {
        let using = json!({ "remedy": remedy, "asset": asset, "expects": expects, "because": because });
        self.acts().post("/api/team/remedies", &using).await;
        // If the other person is the commander, the remedy is a proposal that waits for approval.
        if let Some(id) = self.proposed().await {
            sleep(Duration::from_secs(4)).await;
            self.other().post(&format!("/api/team/proposals/{id}"), &json!({ "go": true })).await;
        }
        self.until_seen(|view| view["pending"].is_null()).await;
        sleep(Duration::from_secs(8)).await;
    }

    /// The remedy that waits for approval.
    async fn proposed(&self) -> Option<String> {
        let view = self.other().get("/api/team").await;
        let waits = view["proposals"].as_array()?.iter().find(|one| one["go"].is_null())?;
        waits["id"].as_str().map(str::to_owned)
    }

    /// Makes a claim with pinned evidence, then matches it with the catalogue. The catalogue opens only for claims with evidence.
    async fn claims(&self, about: &str, words: &str, pins: &[&Value], choice: &str) {
        let claim = json!({ "about": about, "words": words, "pins": pins });
        let id = self.acts().post("/api/team/claims", &claim).await["id"].as_str().unwrap().to_owned();
        let list = match about {
            "cause" => Some("causes"),
            "factor" => Some("factors"),
            _ => None,
        };
        let choice = match list.filter(|_| !pins.is_empty()) {
            Some(list) => {
                let catalogue = self.acts().get("/api/team/catalogue").await;
                let entries = catalogue[list].as_array().unwrap();
                let found = entries.iter().find(|entry| entry["words"].as_str().unwrap().contains(choice));
                found.unwrap_or_else(|| panic!("no '{choice}' in {entries:?}"))["id"].clone()
            }
            None => json!(choice),
        };
        let matched = json!({ "words": words, "pins": pins, "choice": choice });
        change(self.acts(), Method::PUT, &format!("/api/team/claims/{id}"), &matched).await;
        sleep(Duration::from_secs(6)).await;
    }

    async fn hands_in(&self) {
        self.acts().post("/api/team/explanation", &Value::Null).await;
    }

    /// Hands command over to the other person.
    async fn hands_over(&self, words: &str) {
        let to = self.other().get("/api/team").await["seat"].clone();
        self.acts().post("/api/team/command/offer", &json!({ "to": to, "words": words })).await;
        sleep(Duration::from_secs(3)).await;
        self.other().post("/api/team/command/accept", &Value::Null).await;
    }

    /// Answers the director's question after some seconds.
    async fn answers(&self, words: &str) {
        let view = self.until_seen(|view| view["questions"] != json!([])).await;
        sleep(Duration::from_secs(5 * self.number as u64)).await;
        let id = view["questions"][0]["id"].as_str().unwrap();
        self.other().post(&format!("/api/team/questions/{id}/answer"), &json!({ "text": words })).await;
    }

    /// The first warning that names the asset, and the asset.
    async fn warning(&self) -> (Value, String) {
        let path = "/evidence/logs?severity=warn";
        let page = self.acts().until(path, |page| page.to_string().contains("promo-banner")).await;
        let lines = page["logs"].as_array().unwrap();
        let line = lines.iter().find(|line| line.to_string().contains("promo-banner")).unwrap();
        (line["sequence"].clone(), "promo-banner".to_owned())
    }
}

/// At `changes`: finds the change beside the failure and its character, then rolls back and restarts.
async fn quickly(team: &Team) {
    team.called(json!("text"), json!(60)).await;
    team.looks(&["/evidence/alerts", "/evidence/changes"]).await;
    let (line, asset) = team.warning().await;
    let warning = team.pins(json!({ "source": "log", "sequence": line })).await;
    let changes = team.acts().get("/evidence/changes").await;
    let is_ours =
        |change: &&Value| change["what"] == "shop.asset.published" && change["which"] == asset.as_str();
    let change = changes["changes"].as_array().unwrap().iter().rfind(is_ours).unwrap()["sequence"].clone();
    let change = team.pins(json!({ "source": "change", "sequence": change })).await;
    let versions = team.other().get(&format!("/api/team/assets/{asset}/versions")).await;
    let version = versions["versions"][0]["version"].clone();
    let inspected = team.other().get(&format!("/api/team/assets/{asset}/versions/{version}")).await;
    let character = inspected["characters"][0]["code_point"].as_str().unwrap().to_owned();
    let version = team.pins(json!({ "source": "version", "asset": asset, "version": version })).await;
    team.thinks("The banner was saved with a character that cannot be seen; the cache cannot read it and tries for ever").await;
    team.does("roll-back", Some(&asset), "better", "new requests read the old text").await;
    let health = team.pins(json!({ "source": "health", "service": "cache" })).await;
    team.does("restart-cache", None, "back", "what is stuck keeps the bad version").await;
    let traces = team.other().get("/evidence/traces?failed=true").await;
    let trace = traces["traces"][0]["trace_id"].as_str().unwrap().to_owned();
    let span = team.other().get(&format!("/evidence/traces/{trace}")).await["spans"][0]["span_id"].clone();
    let span = team.pins(json!({ "source": "span", "trace": trace, "span": span })).await;
    let page = team.pins(json!({ "source": "page", "route": "home" })).await;
    team.claims(
        "cause",
        "an editor saved the banner with a control character",
        &[&change, &version],
        "control character",
    )
    .await;
    team.claims("asset", "the promotional banner", &[&warning, &change], &asset).await;
    team.claims("character", "it stands in the new version", &[&version], &character).await;
    team.claims(
        "path",
        "store, cache, front: each waited for the one before",
        &[&warning, &change, &health, &span, &page],
        "content-store,cache,web-front",
    )
    .await;
    team.claims(
        "factor",
        "nothing checked or escaped what was saved",
        &[&version, &warning],
        "JSON, HTML, script",
    )
    .await;
    team.claims(
        "factor",
        "the cache said that it is well while it could do nothing",
        &[&health],
        "not that it can do its work",
    )
    .await;
    team.claims(
        "factor",
        "what can never be read was tried again and again",
        &[&warning],
        "retried, hidden or waited for",
    )
    .await;
    team.hands_in().await;
    team.answers("It is back; we watch whether it holds.").await;
    let asked = team.until_seen(|view| !view["question"].is_null()).await;
    assert!(asked["question"]["answer"].is_null());
    let words = "A check on saving, an end to the retries, and a health check that asks for work: each would have kept it small.";
    team.acts().post("/api/team/answer", &json!({ "text": words })).await;
}

/// At `logs`: suspects the network and the front first, then reads the log line that was there all the time.
async fn up_a_blind_alley(team: &Team) {
    team.called(json!("network"), json!(70)).await;
    let network =
        team.thinks("The network between front and cache hangs: pages wait and nothing answers").await;
    team.looks(&["/api/team/health", "/evidence/logs?service=web-front"]).await;
    let page = team.pins(json!({ "source": "page", "route": "home" })).await;
    team.does("repair-network", None, "back", "requests hang on the way").await;
    team.does("restart-web-front", None, "better", "connections are opened anew").await;
    team.acts().post(&format!("/api/team/hypotheses/{network}/strike"), &json!({})).await;
    team.answers("We do not know yet. A quarter of an hour?").await;
    team.hands_over("The network was not it. I read what the cache says; you decide.").await;
    team.looks(&["/evidence/logs?service=cache&severity=warn", "/evidence/logs?service=content-store"]).await;
    let (line, asset) = team.warning().await;
    let warning = team.pins(json!({ "source": "log", "sequence": line })).await;
    team.thinks("The cache cannot read the banner that the content store sends").await;
    team.does("flush-cache", None, "back", "the cache holds something broken").await;
    let current = team.other().get(&format!("/api/team/assets/{asset}")).await["version"].clone();
    let version = team.pins(json!({ "source": "version", "asset": asset, "version": current })).await;
    team.does("roll-back", Some(&asset), "back", "the text before it could be read").await;
    team.does("restart-cache", None, "back", "it still tries the text of before").await;
    let health = team.pins(json!({ "source": "health", "service": "cache" })).await;
    team.claims(
        "cause",
        "somebody saved a text that the cache cannot read",
        &[&warning, &version],
        "control character",
    )
    .await;
    team.claims("asset", "the banner, as the warning says", &[&warning], &asset).await;
    team.claims(
        "path",
        "from the store by the cache to the pages",
        &[&warning, &health, &page],
        "content-store,cache,web-front",
    )
    .await;
    team.claims(
        "factor",
        "the content store sent what nobody can parse",
        &[&warning, &version],
        "JSON, HTML, script",
    )
    .await;
    team.hands_in().await;
}

/// At `metrics`: sees that every worker is busy, and wrongly concludes that the load is the cause.
async fn wrongly(team: &Team) {
    team.called(json!("load"), json!(80)).await;
    team.looks(&[
        "/evidence/alerts",
        "/evidence/metrics",
        "/evidence/metrics/query?name=shop.customer.visits&function=rate",
    ])
    .await;
    let now = team.acts().get("/api/team").await["updated_unix_s"].as_f64().unwrap();
    let chart = json!({ "source": "chart", "query": "name=shop.customer.visits&function=rate", "from": now - 60.0, "to": now });
    let chart = team.pins(chart).await;
    team.thinks("All workers of the cache are busy: there are more customers than it can carry").await;
    team.does("add-capacity-cache", None, "back", "there are too few workers").await;
    team.answers("In half an hour, once there is more capacity.").await;
    let health = team.pins(json!({ "source": "health", "service": "web-front" })).await;
    team.does("add-capacity-web-front", None, "better", "pages wait for a place").await;
    team.looks(&["/evidence/metrics/query?name=shop.customer.visits&function=rate", "/api/team/health"])
        .await;
    team.does("restart-cache", None, "back", "then the queue is empty").await;
    team.thinks("It was back for a moment: the wave comes again").await;
    team.claims(
        "cause",
        "a newsletter or a robot brings more visits than usual",
        &[&chart],
        "six times as many customers",
    )
    .await;
    team.claims("path", "the front passes it on to the cache", &[&chart, &health], "web-front,cache").await;
    team.claims(
        "factor",
        "there is too little capacity for such a day",
        &[&chart, &health],
        "less capacity than",
    )
    .await;
    team.hands_in().await;
}

/// At `dark`: nothing names a cause, so the team follows hints.
async fn by_hints(team: &Team) {
    team.called(Value::Null, Value::Null).await;
    team.looks(&["/api/team/health", "/evidence/logs"]).await;
    let home = team.pins(json!({ "source": "page", "route": "home" })).await;
    team.does("restart-web-front", None, "back", "it is the part that people see").await;
    let health = team.pins(json!({ "source": "health", "service": "cache" })).await;
    team.does("restart-content-store", None, "better", "perhaps it sends nothing").await;
    team.thinks("Something hangs, and every check is green").await;
    team.answers("We cannot say.").await;
    team.until_seen(|view| view["log"].to_string().contains("Which pages went first")).await;
    team.looks(&["/api/team/health"]).await;
    let category = team.pins(json!({ "source": "page", "route": "category" })).await;
    team.does("restart-cache", None, "back", "the pages that went first come out of it").await;
    team.thinks("It comes back for some seconds after a restart: what it reads is bad, not the cache").await;
    team.until_seen(|view| view["log"].to_string().contains("First roll back")).await;
    team.does("roll-back", Some("promo-banner"), "better", "the hint says so").await;
    team.does("restart-cache", None, "back", "in this order").await;
    team.claims("cause", "a text was saved that cannot be read", &[&home, &category], "control character")
        .await;
    team.claims(
        "asset",
        "the banner, which stands on the pages that went first",
        &[&home, &category],
        "promo-banner",
    )
    .await;
    team.claims(
        "factor",
        "every check was green all the time",
        &[&health, &home],
        "not that it can do its work",
    )
    .await;
    team.hands_in().await;
}

/// The participants' feedback, and the action that they take home.
async fn take_leave(team: &Team) {
    let (learned, again, words) = [
        (true, true, Some("More time for the timeline, please.")),
        (true, true, None),
        (true, false, Some("We would have liked a second round.")),
        (false, true, Some("Good to see our own explanation beside the truth.")),
    ][team.number - 1];
    team.acts()
        .post("/api/team/feedback", &json!({ "learned": learned, "again": again, "words": words }))
        .await;
    team.other().post("/api/team/feedback", &json!({ "learned": true, "again": true, "words": null })).await;
    let action = json!({ "text": "Publish a control character in our test environment", "owner": "our team", "due": null });
    change(team.acts(), Method::PUT, "/api/team/parting", &json!({ "actions": [action] })).await;
}

/// Opens every page of the debrief, and waits until all its results are computed.
async fn compute(room: &RunningRoom, teams: &[&Team]) {
    let desk = room.desk();
    let pages = teams.iter().flat_map(|team| {
        let desk_page = format!("desk/debrief/teams/{}", team.number);
        [(team.acts(), "team/debrief".to_owned()), (&desk, desk_page)]
    });
    for (who, page) in pages.chain([(&desk, "desk/debrief".to_owned())]) {
        loop {
            assert_eq!(who.status(Method::GET, &format!("/{page}"), None).await, StatusCode::OK);
            let news = who.get(&format!("/api/{page}/news")).await;
            if news["of"].as_u64() > Some(0) && news["done"] == news["of"] {
                break;
            }
            sleep(Duration::from_secs(1)).await;
        }
    }
}

/// Packs the room's folder into one archive, and marks the session as an example.
fn pack(folder: &Path, archive: &Path) {
    let records = fs::read_dir(folder.join("records")).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> =
        records.chain(["session.json", "results.json"].map(|name| folder.join(name))).collect();
    files.sort();
    let mut zip = ZipWriter::new(fs::File::create(archive).unwrap());
    let options = SimpleFileOptions::default().compression_level(Some(9));
    for file in files {
        let mut bytes = fs::read(&file).unwrap();
        if file.ends_with("session.json") {
            let mut session: Value = serde_json::from_slice(&bytes).unwrap();
            session["purpose"] = json!("example");
            bytes = serde_json::to_vec(&session).unwrap();
        }
        zip.start_file(file.strip_prefix(folder).unwrap().to_str().unwrap(), options).unwrap();
        zip.write_all(&bytes).unwrap();
    }
    zip.finish().unwrap();
}
