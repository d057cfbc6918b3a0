//! Round after round with ten teams in one room: people come and go, investigate, act, explain, see the answers and go on.

use std::{cell::RefCell, fmt, time::Duration};

use glyphfall_tests::room::{RunningRoom, text};
use http::{Method, StatusCode, header};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::{Instant, sleep, sleep_until, timeout_at},
};
use world::scenario::library;

use crate::samples::{Caller, EVIDENCE, ask};

/// Teams of the room, with two people each.
pub(crate) const TEAMS: usize = 10;
/// The most rounds that a session can have.
const ROUNDS_MAX: usize = 12;
/// The shortest round with its debrief, in seconds: waiting visits take up to half a minute to end.
const ROUND_S_MIN: f64 = 75.0;
/// Time for the answers of a round, in seconds.
const DEBRIEF_S: f64 = 25.0;
/// Time for a round's last visits to end, in seconds: the patience of the most patient customer.
const LAST_VISITS_S: f64 = 33.0;
/// Reading time of a person between two steps.
const READS: Duration = Duration::from_secs(2);

/// Paths that a team reads beside the evidence.
const LOOKS: [&str; 3] = ["/api/team", "/api/team/health", "/api/team/assets/promo-banner/versions"];
const LEVELS: [&str; 5] = ["dark", "logs", "metrics", "traces", "changes"];
const REMEDIES: [&str; 7] = [
    "restart-cache",
    "roll-back",
    "restart-web-front",
    "repair-network",
    "flush-cache",
    "replace-disk",
    "add-capacity-web-front",
];

/// Counts of the actions, and failures.
#[derive(Default)]
pub(crate) struct Played {
    rounds: usize,
    joins: usize,
    looks: usize,
    remedies: usize,
    notes: usize,
    reveals: usize,
    /// Requests that the room failed to serve, with its answers.
    failed: Vec<String>,
}

struct Team {
    number: usize,
    people: [Caller; 2],
}

struct Playing<'a> {
    room: &'a RunningRoom,
    desk: Caller,
    played: RefCell<Played>,
}

pub(crate) async fn play(room: &RunningRoom, until: Instant) -> Played {
    let desk = Caller::at(room.port, Some(room.facilitator.clone()));
    let playing = Playing { room, desk, played: RefCell::default() };
    let desk = &playing.desk;
    let left_s = until.duration_since(Instant::now()).as_secs_f64();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few rounds at most")]
    let rounds = ((left_s / ROUND_S_MIN) as usize).clamp(1, ROUNDS_MAX);
    let round_s = left_s / rounds as f64;
    playing.plan(desk, rounds, round_s).await;
    let mut teams = Vec::new();
    for number in 1..=TEAMS {
        let people = [playing.join(number, "Amber").await, playing.join(number, "Blue").await];
        teams.push(Team { number, people });
    }
    for round in 0..rounds {
        let ends = Instant::now() + Duration::from_secs_f64(round_s);
        playing.round(desk, &mut teams, round, ends).await;
    }
    playing.played.into_inner()
}

impl Playing<'_> {
    async fn plan(&self, desk: &Caller, rounds: usize, round_s: f64) {
        for place in [2, 1] {
            self.tell(desk, Method::DELETE, &format!("/api/desk/plan/{place}"), &Value::Null).await;
        }
        let names: Vec<String> = library().into_iter().map(|scenario| scenario.name).collect();
        for round in 0..rounds {
            let assigned = |team: usize| {
                let place = round * TEAMS + team;
                json!({ "team": team + 1, "scenario": names[place % names.len()], "level": LEVELS[place % LEVELS.len()] })
            };
            let planned = json!({ "operating_model": "you-build-it", "speed": 60.0, "minutes": (round_s / 60.0).max(1.0),
                "updates": null, "teams": (0..TEAMS).map(assigned).collect::<Vec<_>>() });
            let (method, path) =
                if round == 0 { (Method::PUT, "/api/desk/plan/0") } else { (Method::POST, "/api/desk/plan") };
            self.tell(desk, method, path, &planned).await;
        }
    }

    async fn round(&self, desk: &Caller, teams: &mut [Team], round: usize, ends: Instant) {
        // In each round a new person replaces one of each team's two.
        for team in &mut *teams {
            let seat = ask(&team.people[1], Method::GET, "/api/team", &Value::Null).await.1["seat"].clone();
            self.tell(desk, Method::DELETE, &format!("/api/desk/seats/{seat}"), &Value::Null).await;
            team.people[1] = self.join(team.number, "Coral").await;
        }
        self.tell(desk, Method::POST, "/api/desk/start", &Value::Null).await;
        let mut followers = JoinSet::new();
        for person in teams.iter().flat_map(|team| &team.people) {
            followers.spawn(follow(self.room.port, person.token.clone().unwrap()));
        }
        let play_until = ends - Duration::from_secs_f64(LAST_VISITS_S + DEBRIEF_S);
        let work = teams.iter().map(|team| self.team(team, round, play_until));
        futures_util::future::join_all(work).await;
        sleep_until(play_until).await;
        self.tell(desk, Method::POST, "/api/desk/mark", &json!({ "text": "The round ends" })).await;
        self.tell(
            desk,
            Method::POST,
            "/api/desk/message",
            &json!({ "team": null, "text": "Come to an end, please." }),
        )
        .await;
        // Every fourth round is aborted, which resets every shop.
        let is_broken_off = round % 4 == 3;
        let end = if is_broken_off { "/api/desk/abort" } else { "/api/desk/end" };
        self.tell(desk, Method::POST, end, &Value::Null).await;
        sleep(Duration::from_secs_f64(LAST_VISITS_S)).await;
        self.tell(desk, Method::POST, "/api/desk/reveal", &Value::Null).await;
        self.played.borrow_mut().reveals += 1;
        let one = &teams[round % teams.len()].people[0];
        while Instant::now() < ends {
            for (who, path) in
                [(one, "/team/debrief"), (desk, "/desk/debrief"), (one, "/api/team/debrief/news")]
            {
                self.tell(who, Method::GET, path, &Value::Null).await;
            }
            sleep(READS).await;
        }
        followers.shutdown().await;
        self.played.borrow_mut().rounds += 1;
    }

    async fn team(&self, team: &Team, round: usize, until: Instant) {
        let [acts, looks] = &team.people;
        self.try_to(acts, Method::POST, "/api/team/guess", &json!({ "kind": "load", "confidence": 60 }))
            .await;
        let mut step = round + team.number;
        while Instant::now() < until {
            let asked = 1 + step % (LOOKS.len() + EVIDENCE.len());
            for path in LOOKS.iter().chain(&EVIDENCE).take(asked) {
                self.try_to(looks, Method::GET, path, &Value::Null).await;
            }
            self.played.borrow_mut().looks += asked;
            let remedy = REMEDIES[step % REMEDIES.len()];
            let using = json!({ "remedy": remedy, "asset": "promo-banner", "expects": "better", "because": "it may help" });
            self.try_to(acts, Method::POST, "/api/team/remedies", &using).await;
            let thought = json!({ "text": format!("Perhaps it was number {step}") });
            self.try_to(looks, Method::POST, "/api/team/hypotheses", &thought).await;
            self.try_to(acts, Method::POST, "/api/team/pins", &json!({ "source": "page", "route": "home" }))
                .await;
            let claim = json!({ "about": "cause", "words": "a text that cannot be read", "pins": [] });
            self.try_to(acts, Method::POST, "/api/team/claims", &claim).await;
            {
                let mut played = self.played.borrow_mut();
                played.remedies += 1;
                played.notes += 3;
            }
            step += 1;
            let _ = timeout_at(until, sleep(READS * 4)).await;
        }
        self.try_to(acts, Method::POST, "/api/team/explanation", &Value::Null).await;
    }

    async fn join(&self, team: usize, alias: &str) -> Caller {
        let (_, state) = ask(&self.desk, Method::GET, "/api/desk", &Value::Null).await;
        let joining = json!({ "code": state["code"], "team": team, "alias": alias });
        let joined = self.room.stranger().send(Method::POST, "/api/join", Some(&joining)).await;
        assert_eq!(joined.status, StatusCode::OK, "{}", text(&joined));
        self.played.borrow_mut().joins += 1;
        let cookie = joined.headers[header::SET_COOKIE].to_str().unwrap().to_owned();
        Caller::at(self.room.port, Some(cookie.split(['=', ';']).nth(1).unwrap().to_owned()))
    }

    /// Sends a request that must succeed.
    async fn tell(&self, who: &Caller, method: Method, path: &str, what: &Value) {
        let (status, said) = ask(who, method, path, what).await;
        if !status.is_success() {
            self.played.borrow_mut().failed.push(format!("{status} {path}: {said}"));
        }
    }

    /// Sends a request that may be refused because of the level, a remedy under way or a full notebook. Only a server error counts as a
    /// failure.
    async fn try_to(&self, who: &Caller, method: Method, path: &str, what: &Value) {
        let (status, said) = ask(who, method, path, what).await;
        if status.is_server_error() {
            self.played.borrow_mut().failed.push(format!("{status} {path}: {said}"));
        }
    }
}

/// Follows a team's state as an open page does.
async fn follow(port: u16, token: String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let request = format!(
        "GET /api/team/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut buffer = vec![0; 64 * 1_024];
    while stream.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
}

impl Played {
    pub(crate) fn is_good(&self) -> bool {
        self.rounds > 0 && self.failed.is_empty()
    }
}

impl fmt::Display for Played {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rounds, joins, looks, remedies, notes, reveals, failed } = self;
        write!(
            f,
            "room: {rounds} rounds of {TEAMS} teams, {joins} joins, {looks} looks, {remedies} remedies, {notes} notes, {reveals} reveals; \
             {} failed",
            failed.len()
        )?;
        failed.iter().take(20).try_for_each(|line| write!(f, "\n      {line}"))
    }
}
