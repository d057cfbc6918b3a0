//! The debrief of a session: pages and files are functions of the session report. `session.json` is the sample session of the room's own tests.

use debrief::session::{Reader, csv, facilitator_page, take_home_page, team_page};
use incident::Level;
use report::session::{
    Action, Computed, Feedback, Knowable, Known, Missing, Played, SessionReport, TeamRound,
};

const TEAM: Reader = Reader { is_facilitator: false, anyway: false };
const FACILITATOR: Reader = Reader { is_facilitator: true, anyway: false };

fn session() -> SessionReport {
    serde_json::from_str(include_str!("session.json")).expect("the room's test wrote it")
}

fn round_mut(session: &mut SessionReport, team: u32) -> &mut TeamRound {
    session.rounds.iter_mut().find(|round| (round.team, round.number) == (team, 1)).expect("it is there")
}

fn has(page: &str, words: &[&str]) {
    for words in words {
        assert!(page.contains(words), "{words} is not in {page}");
    }
}

/// Everything that is computed about a round, all of it ready.
fn computed(round: &TeamRound) -> Computed {
    let known = Known::After {
        minutes: 12.0,
        story_s: 1_200.0,
        by: Some("Which assets stand in errors?".to_owned()),
    };
    let at_levels = Level::ALL.iter().map(|level| (*level, known.clone())).collect::<Vec<_>>();
    let knowable = Knowable {
        lost_s: Some(480.0),
        complained_s: Some(900.0),
        alerted_s: Some(600.0),
        looked_at_minutes: vec![1.0, 8.0],
        of: round.facts.iter().map(|fact| fact.fact.clone()).collect(),
        facts: vec![at_levels; round.facts.len()],
    };
    let repaired = |mut played: Played| {
        (played.outcome.lost_s, played.outcome.incident_financial_loss_usd) = (None, incident::Usd(0.0));
        played
    };
    let played = round.played.clone();
    Computed {
        knowable: Ok(knowable),
        replays: Some(Ok([played.clone(), repaired(played.clone())])),
        combinations: None,
        model: Ok(played),
    }
}

#[test]
fn a_team_reads_its_own_rounds_and_no_others_name() {
    let page = team_page(&session(), 1, TEAM).unwrap();
    has(
        &page,
        &[
            "Debrief: Team &#60;1&#62;",
            "Your team restored the shop 6.9\u{a0}minutes after it failed (",
            "60 % sure: wrong",
            "The practice round, which counts for nothing",
            "You, at logs",
            "Another team, at changes",
            "another team</th>",
            "1. restart the cache ",
            "data-stamp=\"0-0-0\"",
        ],
    );
    assert!(!page.contains("&#60;2&#62;") && !page.contains("&lt;2&gt;"), "{page}");
}

#[test]
fn an_explanation_is_told_by_its_parts() {
    let page = team_page(&session(), 1, TEAM).unwrap();
    has(
        &page,
        &[
            "Of 8 facts you showed 5, said 1 without showing it, and missed 2",
            "Your explanation has 8.3 of 10 points. It is right from 8 on",
            "somebody saved a &#60;bad&#62; sign",
            "too little of it",
            "Nobody asked the cache",
            "<h4>What set it off</h4>",
            "<h4>The content store</h4>",
            "<h4>The customers</h4>",
            "Everywhere along the way",
        ],
    );
    assert!(!page.contains("<bad>"));
}

#[test]
fn the_first_screen_says_in_a_row_how_each_team_did_poorest_telemetry_on_top() {
    let mut session = session();
    (round_mut(&mut session, 1).hints, round_mut(&mut session, 1).level_at_the_end) = (2, Level::Metrics);
    let page = facilitator_page(&session, FACILITATOR).unwrap();
    let (standing, rest) = page.split_once("<article").expect("an incident follows");
    has(
        standing,
        &[
            "Incident 1</a>: 1 of 2 restored the shop, 1 of 2 found out why",
            "logs</strong>, then metrics</td><td class=\"number\">2</td><td>6.9\u{a0}min</td><td>right, 8.3 of\u{a0}10</td>",
            "changes</strong></td><td class=\"number\">0</td><td>no</td><td>no answer</td>",
        ],
    );
    assert!(standing.find("Team &#60;1&#62;") < standing.find("Team &#60;2&#62;"));
    // At `changes` inadequate telemetry is no part of the incident: the sign stands under that fact, not under another.
    has(rest, &["title=\"no part of it at this level\""]);
    has(rest, &["logs: Team &#60;1&#62;", "20 % sure: right, by luck", "not spent yet"]);
    assert_eq!(page.matches("<article").count(), 1, "the practice is folded away");
}

#[test]
fn steps_come_in_the_order_of_the_guide_and_are_folded_until_their_turn() {
    let session = session();
    for page in [facilitator_page(&session, FACILITATOR).unwrap(), team_page(&session, 1, TEAM).unwrap()] {
        let steps = ["told", "time", "known", "repair", "truth", "more"];
        let places = steps.map(|step| page.find(&format!("<details id=\"i1-{step}\" class=\"step\">")));
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}");
        let before = &page[..places[4].expect("it is there")];
        assert!(!before.contains("An editor pastes"), "what happened stands in its own step alone");
        assert!(!before.contains(">published<"), "no rule says before that something was published");
    }
}

#[test]
fn who_decided_and_what_was_told_outside_stands_beside_what_was_known() {
    let mut session = session();
    let page = facilitator_page(&session, FACILITATOR).unwrap();
    has(
        &page,
        &[
            "logs: Team &#60;1&#62;: Ada, then Bo commanded; the hand-over took 6\u{a0}s",
            "Ada offered command to Bo",
            "not accepted",
            "<q class=\"claim\">the &#60;cache&#62; hangs</q>",
            "2 remedies waited for a go, 20\u{a0}s at the longest.",
            "Ada said not now",
            "nobody decided",
            "Of 2 status updates 1 came late, 1 never came",
            "after 2.0\u{a0}min, Cy &#60;3: 0.5\u{a0}min late",
            "It is the &#60;cache&#62;.",
            "thought: it is the &#60;cache&#62;",
            "pinned: cache 08:20 &#60;not JSON&#62;",
            "0.0\u{a0}% served, $123,456 lost",
            "not written",
        ],
    );
    assert!(!page.contains("<cache>") && !page.contains("Cy <3"));
    // A team that used no command has no text about it.
    assert!(!team_page(&session, 2, TEAM).unwrap().contains("commanded"));
    let one = round_mut(&mut session, 1);
    (one.repair, one.computed) =
        (Some(incident::ContributingFactor::MissingHealthCheck), Some(computed(one)));
    one.argued = Some((4_000.0, "Bo".to_owned()));
    one.repair_expected = Some(report::session::Expected {
        outlook: report::session::Outlook::Back,
        words: Some("somebody <would> ask".to_owned()),
    });
    has(
        &team_page(&session, 1, TEAM).unwrap(),
        &[
            "You argued for it while the round went on, 5.4\u{a0}min (09:06), Bo:",
            "<blockquote>somebody &#60;would&#62; ask</blockquote>",
            "You expected that it prevents the outage: so it was.",
        ],
    );
}

#[test]
fn a_round_is_told_in_its_order_and_marked_moments_lead_there() {
    let mut session = session();
    session.marks = vec![report::session::Mark {
        round: 1,
        story: "08:31".to_owned(),
        text: "they <see> it".to_owned(),
        by: None,
    }];
    let page = facilitator_page(&session, FACILITATOR).unwrap();
    has(&page, &["data-seek=\"1860\">08:31</button> they &#60;see&#62; it", "data-kind=\"did\""]);
    let (heard, did) = (page.find("data-kind=\"heard\""), page.find("data-kind=\"did\""));
    assert!(heard < did, "a customer complains before anything is done");
    assert!(
        !page.contains("data-kind=\"published\"")
            && !team_page(&session, 1, TEAM).unwrap().contains("they &#60;see")
    );
}

#[test]
fn what_is_computed_is_shown_when_it_is_there_and_said_to_be_coming_before() {
    let mut session = session();
    let round = round_mut(&mut session, 1);
    let ready = computed(round);
    round.computed = Some(Computed {
        knowable: Err(Missing::Closed),
        replays: None,
        model: Err(Missing::Closed),
        ..ready.clone()
    });
    let page = team_page(&session, 1, TEAM).unwrap();
    has(
        &page,
        &["You saw 4 of 8 facts and said 4 of 8", "once the answers are open", "data-choice-of=\"1\""],
    );
    let round = round_mut(&mut session, 1);
    round.repair = Some(incident::ContributingFactor::InvalidRendering);
    round.computed = Some(ready);
    let page = team_page(&session, 1, TEAM).unwrap();
    has(
        &page,
        &[
            "8 of 8 facts could be known at logs; you saw 4 and said 4",
            "Your repair: Write text by the rules of its place.",
            "would have saved ",
            ": availability would never have been lost",
            "At logs the model responder finds the right explanation after ",
            "Which assets stand in errors?",
        ],
    );
    assert!(!page.contains("data-choice-of"), "it has been spent");
    has(&facilitator_page(&session, FACILITATOR).unwrap(), &["$0 instead of $"]);
}

#[test]
fn a_team_that_is_back_too_briefly_is_told_so() {
    let check = |seconds: Option<u32>, title: &str, cell: &str| {
        let mut session = session();
        round_mut(&mut session, 2).played.without_failure_at_the_end_s = seconds;
        has(&team_page(&session, 2, TEAM).unwrap(), &[title, cell]);
    };
    check(None, "Not restored before the round was over", "<td>no</td>");
    check(Some(20), "Back for the last 20 s; 60 s count as restored", "<td>no, back for 20\u{a0}s</td>");
    check(Some(300), "Back when the story was over", "<td>too late</td>");
}

#[test]
fn pages_hold_no_script_and_no_style_of_their_own() {
    let mut session = session();
    let computed = computed(round_mut(&mut session, 1));
    round_mut(&mut session, 1).computed = Some(computed);
    for page in [team_page(&session, 1, TEAM).unwrap(), facilitator_page(&session, FACILITATOR).unwrap()] {
        assert!(!page.contains("style=") && !page.contains("<style"), "inline style");
        let scripts: Vec<&str> = page.split("<script").skip(1).collect();
        assert!(
            scripts.len() == 2 && scripts.iter().all(|script| script.contains(" src=\"/pages/")),
            "only files"
        );
        assert!(!page.contains("onclick") && !page.contains("javascript:"));
    }
}

#[test]
fn each_team_and_round_has_its_row() {
    let text = csv::rounds(&session().rounds);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 1 + 4);
    let (head, one): (Vec<&str>, Vec<&str>) = (lines[0].split(',').collect(), lines[2].split(',').collect());
    let cell = |name: &str| one[head.iter().position(|column| *column == name).unwrap()];
    assert_eq!((cell("team"), cell("round"), cell("level")), ("1", "1", "logs"));
    // Availability is below the target one second after the first visit fails, at second 90.
    let lost: f64 = cell("lost_after_min").parse().unwrap();
    assert!((lost - 91.0 / 60.0).abs() < 0.01, "{lost}");
    assert_eq!((cell("explained_right"), cell("fixed"), cell("looks")), ("true", "true", "3"));
}

#[test]
fn a_round_is_shown_by_its_number_and_found_by_its_place() {
    let mut session = session();
    session.absent = vec![(3, "Nobody".to_owned(), 0), (3, "Nobody".to_owned(), 2)];
    let round = round_mut(&mut session, 1);
    round.computed = Some(computed(round));
    (round.place, round.repair, round.repair_expected) = (0, None, None);
    let page = team_page(&session, 1, TEAM).unwrap();
    has(&page, &["round 1: <a href=\"/api/team/debrief/records/0\"", "data-choice-of=\"0\""]);
    has(&facilitator_page(&session, FACILITATOR).unwrap(), &["Nobody, practice; Nobody, round 2."]);
}

#[test]
fn a_handover_is_told_with_what_it_lost() {
    let mut session = session();
    let lost = |what: &str, again_s| report::session::Lost { what: what.to_owned(), again_s };
    round_mut(&mut session, 1).handovers = vec![report::session::Handover {
        from: "L1".to_owned(),
        to: "L2".to_owned(),
        by: "A<da>".to_owned(),
        passed_s: 1_800.0,
        is_sent_back: false,
        text: "P1. Seen: no page comes".to_owned(),
        acknowledged: Some((1_890.0, "Bo".to_owned())),
        passed_on: vec!["p1: a line".to_owned()],
        lost: vec![lost("p2: a chart", Some(2_790.0)), lost("h3: the cache hangs", None)],
    }];
    let words = [
        "Handovers lost 2 of what lines had written down; 1 of it found again, which took 1.0\u{a0}min",
        "L1 handed over to L2, 3.0\u{a0}min (08:30), A&#60;da&#62;",
        "0.1\u{a0}min, then Bo",
        "p2: a chart <small>found again after 1.0\u{a0}min</small>",
        "h3: the cache hangs <small>never found again</small>",
    ];
    has(&team_page(&session, 1, TEAM).unwrap(), &words);
    let text = csv::rounds(&session.rounds);
    assert!(text.lines().nth(2).unwrap().ends_with(",1,0,0.10,2,1,1.00"), "{text}");
    let review = debrief::session::handovers(round_mut(&mut session, 1));
    let told = "acknowledged at 08:31 by Bo; not passed on: p2: a chart; h3: the cache hangs.";
    assert!(review[0].ends_with(told), "{review:?}");
}

#[test]
fn every_visit_is_there() {
    let rounds = session().rounds;
    let recorder = incident::Recorder::new(rounds[1].played.run.clone(), -900.0);
    let mut record = recorder.finish();
    record.availability.push(incident::Visits {
        at_s: 90,
        route: incident::Route::Home,
        served: 0,
        degraded: 0,
        failed: 10,
    });
    let text = csv::visits([(&rounds[1], &record)]);
    assert_eq!(text.lines().nth(1), Some("1,1,1,90,450.0,home,0,0,10"));
}

#[test]
fn what_is_taken_home_is_one_file_with_the_level_beside_every_comparison() {
    let action = Action {
        text: "Refuse \"bad\" <signs>".to_owned(),
        owner: Some("Kim & co".to_owned()),
        due: Some("2026-03-31".to_owned()),
    };
    let page = take_home_page(&session(), 1, Some("K<im>"), &[action]).unwrap();
    has(
        &page,
        &[
            "Team &#60;1&#62;: K&#60;im&#62;",
            "value=\"Refuse &#34;bad&#34; &#60;signs&#62;\"",
            "value=\"Kim &#38; co\"",
            "value=\"2026-03-31\"",
            "name=\"action-2\" value=\"\"",
            "<td><strong>logs</strong></td>",
            "<th scope=\"row\">another team</th><td><strong>changes</strong></td>",
            "at level logs · You Build It You Run It",
            "<h3 id=\"missing-health-check\">Missing cache health check</h3>",
        ],
    );
    for asked in ["invalid-rendering", "poor-error-handling", "missing-health-check", "inadequate-telemetry"]
    {
        assert!(page.contains(&format!("<h3 id=\"{asked}\">")), "{asked}");
    }
    assert_eq!(page.matches("<fieldset").count(), 16, "four questions a link");
    // The file loads nothing and links nowhere, and it names no other team.
    for outside in ["src=", "href=", "url(", "@import", "fetch(", "&#60;2&#62;"] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn what_people_said_is_for_the_facilitator_and_names_nobody() {
    let said =
        |learned, again, words: Option<&str>| Feedback { learned, again, words: words.map(str::to_owned) };
    let mut session = session();
    session.feedback =
        vec![said(false, true, None), said(true, false, Some("=less <talk>")), said(true, true, None)];
    let finding = "2 of 3 learned something new, 2 of 3 would come again";
    has(&facilitator_page(&session, FACILITATOR).unwrap(), &[finding, "<li>=less &#60;talk&#62;</li>"]);
    for page in [team_page(&session, 1, TEAM).unwrap(), team_page(&session, 1, FACILITATOR).unwrap()] {
        assert!(!page.contains("would come again"));
    }
    let text = csv::feedback(&session.feedback);
    assert_eq!(text.lines().nth(2), Some("true,false,'=less <talk>"), "{text}");
}
