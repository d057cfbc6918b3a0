//! The session's owner: any code may read the session, and there is one way to change it. Teaches that a rule in a comment is forgotten, and that
//! the compiler enforces a rule in a type: a `&mut Session` exists only within a [`Change`], and each `for_...` method that hands one out records
//! whose pages show the change. So every change is announced, and every change is saved.

use std::{collections::BTreeSet, ops::Deref};

use crate::{room::Room, session::Session};

/// A change of the session that is being made. It dereferences to the session for reading, and only its methods change anything: see
/// [`seats`](crate::seats), [`changes`](crate::changes), [`work`](crate::work) and [`lines`](crate::lines).
#[derive(Debug)]
pub struct Change<'a> {
    session: &'a mut Session,
    concerns: Concerns,
}

/// The pages that show a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Concerns {
    pub(crate) everybody: bool,
    pub(crate) teams: BTreeSet<u32>,
    pub(crate) desk: bool,
}

impl Deref for Change<'_> {
    type Target = Session;

    fn deref(&self) -> &Session {
        self.session
    }
}

impl<'a> Change<'a> {
    pub(crate) fn of(session: &'a mut Session) -> Self {
        Self { session, concerns: Concerns::default() }
    }

    /// For changes that every page shows.
    pub(crate) fn for_everybody(&mut self) -> &mut Session {
        self.concerns.everybody = true;
        self.session
    }

    /// For changes that one team's pages and the facilitator's show: the other teams' pages are not woken.
    pub(crate) fn for_team(&mut self, team: u32) -> &mut Session {
        self.concerns.teams.insert(team);
        self.session
    }

    /// For changes that only the facilitator's pages show.
    pub(crate) fn for_desk(&mut self) -> &mut Session {
        self.concerns.desk = true;
        self.session
    }

    /// For changes that come with nearly every request: pages show them at the next tick of the clock, and a crash may lose as much of them as of
    /// the clocks themselves.
    pub(crate) fn for_next_tick(&mut self) -> &mut Session {
        self.session
    }
}

impl Room {
    /// Reads the session. A call of `read` or `change` inside `read` deadlocks.
    pub fn read<T>(&self, read: impl FnOnce(&Session) -> T) -> T {
        read(&self.inner.session.lock())
    }

    /// Changes the session, wakes the pages that show the change, and requests a save.
    pub fn change<T>(&self, change: impl FnOnce(&mut Change<'_>) -> T) -> T {
        let mut session = self.inner.session.lock();
        let mut changing = Change::of(&mut session);
        let outcome = change(&mut changing);
        let concerns = changing.concerns;
        drop(session);
        if concerns != Concerns::default() {
            self.feeds().announce(&concerns);
            self.saver().want();
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, net::Ipv4Addr, path::Path, pin::pin, time::Duration};

    use futures_util::poll;
    use incident::{Level, Remedy};
    use tokio::time::{Instant, sleep};

    use super::*;
    use crate::{
        RoomOptions,
        invitations::Rights,
        played::{Guess, Look, Moment},
        rate_limits::Client,
        roles::Role,
        seats::Newcomer,
        session::Phase,
        voices::Voice,
    };

    /// Whose pages show a change.
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum WhoSees {
        Everybody,
        Team,
        Desk,
        NextTick,
    }
    use WhoSees::{Desk, Everybody, NextTick, Team};

    type Method = (&'static str, WhoSees, fn(&mut Change<'_>));

    const NOW: Moment = Moment { at_s: 60.0, story_s: 900.0 };

    /// Each method that changes a session, the pages that must show the change, and a call of the method.
    #[rustfmt::skip]
    const METHODS: [Method; 42] = [
        ("begin_round", Everybody, |session| session.begin_round(2)),
        ("come_back", Everybody, |session| session.come_back(1, NOW)),
        ("pause", Everybody, |session| session.pause(true).unwrap()),
        ("extend", Everybody, |session| session.extend(5.0).unwrap()),
        ("end_round", Everybody, |session| { session.end_round().unwrap(); }),
        ("reveal", Everybody, |session| { session.end_round().unwrap(); session.reveal().unwrap(); }),
        ("add_round", Everybody, |session| { let round = session.plan[1].clone(); session.add_round(round).unwrap(); }),
        ("change_round", Everybody, |session| { let round = session.plan[1].clone(); session.change_round(2, round).unwrap(); }),
        ("remove_round", Everybody, |session| session.remove_round(2).unwrap()),
        ("hint", Team, |session| drop(session.hint(1, &["Look at the cache.".to_owned()], NOW).unwrap())),
        ("message", Team, |session| session.message(&[(1, NOW)], (Voice::Press, "How long?")).unwrap()),
        ("mark", Desk, |session| session.mark("09:00".to_owned(), "a good question".to_owned(), None).unwrap()),
        ("raise_level", Team, |session| assert!(session.raise_level(1, Level::Changes, NOW).unwrap())),
        ("rename", Team, |session| session.rename(1, "Owls".to_owned()).unwrap()),
        ("forward", Desk, |session| session.forward(1, Some("http://127.0.0.1:4318".to_owned())).unwrap()),
        ("tend", Team, |session| { session.tend(1, |played| played.tell(NOW, "note", "hello", None)); }),
        ("end_in", Everybody, |session| session.end_in(1.0, NOW).unwrap()),
        ("ready", Team, |session| { session.for_next_tick().phase = Phase::Over; session.ready(1, true).unwrap(); }),
        ("ask_from_outside", Team, |session| session.ask_from_outside(&[(1, NOW)], (Voice::Director, "How long?"), None).unwrap()),
        ("clocks", NextTick, |session| session.clocks(1, NOW)),
        ("spend_repair", Team, |session| session.spend_repair(1, Some(1), "missing-health-check", (None, None)).unwrap()),
        ("note_actions", Desk, |session| session.note_actions(1, &[report::session::Action::default()]).unwrap()),
        ("give_feedback", Desk, |session| session.give_feedback(1, report::session::Feedback { learned: true, again: false, words: None }).unwrap()),
        ("work", Team, |session| session.work(1, |played| played.guess(Guess { kind: None, confidence: None, by: "Kim".to_owned() })).unwrap()),
        ("look", NextTick, |session| assert!(session.look(1, Look { when: NOW, at: "logs".to_owned(), query: String::new(), named: BTreeSet::new(), line: None }))),
        ("join", Team, |session| drop(session.join(newcomer("Ada"), Instant::now()).unwrap())),
        ("sign_in", Desk, |session| drop(session.sign_in(None, Instant::now()))),
        ("invite", Desk, |session| drop(session.invite("Noa".to_owned(), Rights::NoteTaker).unwrap())),
        ("uninvite", Desk, |session| drop(session.uninvite(1).unwrap())),
        ("leave", Team, |session| { let token = session.seats[0].token.clone(); assert_eq!(session.leave(&[token]).len(), 1); }),
        ("renew_token", Team, |session| session.renew_token(1).unwrap()),
        ("open_joining", Desk, |session| session.open_joining(false)),
        ("renew_code", Desk, |session| session.renew_code()),
        ("hear", NextTick, |session| session.hear(1, Instant::now())),
        ("choose_lines", Team, |session| { session.for_next_tick().phase = Phase::Over; session.choose_lines(1, 1, &[diagnosis::operating::Line::Third].into()).unwrap(); }),
        ("take_role", Team, |session| session.take_role(1, 1, Role::Scribe, (Instant::now(), NOW)).unwrap()),
        ("note_role", Team, |session| session.note_role(1, Role::Scribe, (None, Some("Kim")), (NOW, "Kim")).unwrap()),
        ("put_down_role", Team, |session| session.put_down_role(1, 1, Role::Commander, NOW).unwrap()),
        ("offer_command", Team, |session| { session.let_in(2, None).unwrap(); session.offer_command(1, (1, 2), "over to you".to_owned(), NOW).unwrap(); }),
        ("accept_command", Team, |session| { session.let_in(2, None).unwrap(); session.offer_command(1, (1, 2), "over to you".to_owned(), NOW).unwrap(); session.accept_command(1, 2, NOW).unwrap(); }),
        ("let_in", Team, |session| { session.let_in(2, Some(1)).unwrap(); }),
        ("take_away", Team, |session| { session.take_away(1, None).unwrap(); }),
    ];

    fn newcomer(alias: &str) -> Newcomer<'static> {
        let client = Client::new(Ipv4Addr::LOCALHOST.into());
        Newcomer { team: 1, alias: alias.to_owned(), client, shown: None }
    }

    /// Two teams in the first round that counts: Kim is in and commands, Lee waits, and a remedy is under way.
    fn session() -> Session {
        let mut session = Session::new(3, 2, &BTreeSet::new());
        let mut change = Change::of(&mut session);
        change.join(newcomer("Kim"), Instant::now()).unwrap();
        change.take_role(1, 1, Role::Commander, (Instant::now(), NOW)).unwrap();
        change.invite("Mo".to_owned(), Rights::Facilitator).unwrap();
        change.begin_round(1);
        change.join(newcomer("Lee"), Instant::now()).unwrap();
        change
            .work(1, |played| played.begin(Remedy::FlushCache, None, (NOW, Some(0.2)), "Kim").map(drop))
            .unwrap();
        session
    }

    async fn open(folder: &Path) -> Room {
        let options = RoomOptions {
            teams: 2,
            seed: 3,
            folder: folder.to_owned(),
            address: ([127, 0, 0, 1], 0).into(),
            facilitator_token: None,
            seen: BTreeSet::default(),
            fresh: false,
            views: 1.0,
            pages: None,
        };
        Room::open(options).await.unwrap()
    }

    /// Whether a change wakes the pages of both teams and of the facilitator.
    fn told<T>(room: &Room, change: impl FnOnce(&mut Change<'_>) -> T) -> ([bool; 3], T) {
        let followed = [Some(1), Some(2), None].map(|team| room.feeds().of(team, None).unwrap().follow());
        let outcome = room.change(change);
        (followed.map(|feed| feed.has_changed().unwrap()), outcome)
    }

    #[tokio::test]
    async fn every_method_that_changes_a_session_is_announced_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (room, before) = (open(folder.path()).await, session());
        for (name, to, change) in METHODS {
            room.change(|session| *session.for_next_tick() = before.clone());
            let wanted = room.saver().wanted();
            let (told, ()) = told(&room, change);
            let after = room.read(Session::clone);
            assert_ne!(after, before, "{name} changes something");
            let expected = match to {
                Everybody => [true; 3],
                Team => [true, false, true],
                Desk => [false, false, true],
                NextTick => [false; 3],
            };
            assert_eq!(told, expected, "{name}: teams 1 and 2, and the facilitator");
            assert_eq!(room.saver().wanted() > wanted, to != NextTick, "{name}");
            let until = Instant::now() + Duration::from_secs(20);
            let json = |session: &Session| serde_json::to_value(session).unwrap();
            while to != NextTick && json(&room.store().session().unwrap().unwrap()) != json(&after) {
                assert!(Instant::now() < until, "{name} is not on disk");
                sleep(Duration::from_millis(5)).await;
            }
        }
        room.close().await.unwrap();
    }

    #[tokio::test]
    async fn the_plan_waits_while_a_round_begins() {
        let folder = tempfile::tempdir().unwrap();
        let room = open(folder.path()).await;
        let rounds = room.read(|session| session.plan.len());
        let begins = room.inner.turn.lock().await;
        let mut removed = pin!(room.plan(|session| session.remove_round(rounds - 1)));
        assert!(poll!(&mut removed).is_pending());
        assert_eq!(room.read(|session| session.plan.len()), rounds);
        drop(begins);
        removed.await.unwrap();
        assert_eq!(room.read(|session| session.plan.len()), rounds - 1);
        room.close().await.unwrap();
    }

    #[tokio::test]
    async fn what_is_refused_changes_nothing_and_wakes_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let (room, before) = (open(folder.path()).await, session());
        room.change(|session| *session.for_next_tick() = before.clone());
        let refused: [fn(&mut Change<'_>) -> bool; 5] = [
            |session| session.rename(9, "Owls".to_owned()).is_err(),
            |session| session.pause(false).is_err(),
            |session| session.let_in(1, None).is_err(),
            |session| session.hint(1, &[], NOW).unwrap().is_none(),
            |session| {
                let half_done = |played: &mut crate::played::Played| {
                    played.hints = 7;
                    played.strike("h99").map(drop)
                };
                session.work(1, half_done).is_err()
            },
        ];
        for (number, change) in refused.into_iter().enumerate() {
            assert_eq!(told(&room, change), ([false; 3], true), "{number}");
            assert_eq!(room.read(Session::clone), before, "{number}");
        }
    }

    /// Fails for a new method that is missing in the table above.
    #[test]
    fn the_table_names_every_method_that_changes_a_session() {
        let mut found = BTreeSet::new();
        for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() || path.ends_with("state.rs") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            for block in text
                .split(
                    "
impl Change<'_> {",
                )
                .skip(1)
            {
                let block = block
                    .split(
                        "
}
",
                    )
                    .next()
                    .unwrap();
                found.extend(block.split(" fn ").skip(1).filter_map(|rest| {
                    let (name, parameters) = rest.split_once('(')?;
                    let is_change = parameters.trim_start().starts_with("&mut self");
                    is_change.then(|| name.split('<').next().unwrap().to_owned())
                }));
            }
        }
        let named: BTreeSet<String> = METHODS.iter().map(|(name, ..)| (*name).to_owned()).collect();
        assert_eq!(found, named);
    }
}
