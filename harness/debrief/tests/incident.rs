//! The debrief of invented incidents: whole, partial, never lost, never restored, without a responder, and with texts
//! that would break a page.

use debrief::incident::{DebriefError, markdown, page};
use incident::{
    ContributingFactor, EventKind, Explanation, IncidentRecord, LatentFault, Recorder, Remedy, Route, Rules,
    Run, Service, Story, ToleratedIn, Visits, words::ClockKind,
};
use report::chain::ChainReport;

fn run(responder: &str) -> Run {
    Run {
        seed: 7,
        scenario: "special-character".into(),
        level: incident::Level::Dark,
        operating_model: incident::OperatingModel::OpsRunIt,
        clock: ClockKind::Virtual,
        speed: 1.0,
        responder: responder.into(),
        version: "0.1.0".into(),
        team: None,
        round: None,
        order: None,
        story: Story::default(),
        faults_present: LatentFault::ALL.into(),
        rules: Rules::default(),
    }
}

/// An hour from 08:00 in which every visit fails during `[600, until_s)`.
fn recorder(responder: &str, until_s: u32) -> Recorder {
    let mut recorder = Recorder::new(run(responder), 0.0);
    recorder.visits((0..3_600).flat_map(|at_s| {
        let fails = (600..until_s).contains(&at_s);
        let (served, failed) = if fails { (0, 3) } else { (3, 0) };
        [Route::Home, Route::Checkout].map(|route| Visits { at_s, route, served, degraded: 0, failed })
    }));
    recorder
}

/// Published, lost, noticed, looked at, explained, restored.
fn whole() -> IncidentRecord {
    let mut recorder = recorder("model responder", 2_400);
    let factors = [ContributingFactor::InvalidRendering, ContributingFactor::PoorErrorHandling].into();
    let path = ["content-store", "cache", "web-front"].map(String::from).into();
    let trigger = "A special character: <b>promo-banner</b>, U+000B".to_owned();
    for (at_s, kind) in [
        (
            598.0,
            EventKind::Published {
                asset: "promo-banner".into(),
                version: 2,
                by: "editor".into(),
                characters: Vec::new(),
            },
        ),
        (900.0, EventKind::CustomerComplaint { text: "I cannot get into your shop".into() }),
        (
            900.0,
            EventKind::Hypothesis {
                text: "surge 7 %, slow-disk 7 %; next ask-store: why? 0.5 bits".into(),
                locates: false,
            },
        ),
        (900.0, EventKind::Check { name: "ask-store".into(), cost_story_s: 900.0 }),
        (1_800.0, EventKind::Finding { check: "ask-store".into(), text: "control (a | \u{b})".into() }),
        (
            1_800.0,
            EventKind::Hypothesis {
                text: "special-character 95 %; next restart the cache".into(),
                locates: true,
            },
        ),
        (2_100.0, EventKind::Remedy(Remedy::FlushCache)),
        (2_350.0, EventKind::Hypothesis { text: "next restart the cache".into(), locates: true }),
        (2_405.0, EventKind::Remedy(Remedy::Restart { service: Service::Cache })),
        (
            2_500.0,
            EventKind::Explained { explanation: Explanation { trigger, path, factors }, score: Some(1.0) },
        ),
    ] {
        recorder.push(at_s, kind);
    }
    recorder.finish()
}

fn shares() -> ChainReport {
    serde_json::from_str(include_str!("chain.json")).expect("the run wrote JSON")
}

fn contains(text: &str, expected: &[&str]) {
    let text = text.replace('\u{a0}', " ");
    for part in expected {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
}

#[test]
fn the_page_tells_what_happened_and_what_it_cost() {
    let page = page(&whole(), None).unwrap();
    contains(
        &page,
        &[
            "<h1>Customers could not use the shop for 30 min; it cost $150,000</h1>",
            "At 08:09 an editor published promo-banner, version 2.",
            "A customer&#39;s complaint reported it 5 min later.",
            "The model responder explained it at 08:41 after 1 check of 15 min together",
            "with these remedies, in order: flush the cache, restart the cache.",
            "96.7 % of visits failed between 08:10 and 08:40",
            "Every kind of page failed",
            "Detected after 5 min, located after 20 min, restored after 30 min, explained after 32 min",
            "1 check in 15 min; the right place was suspected at 08:30",
            "model responder believed",
            "2 things tried, 1 of them in vain",
            "Availability did not rise with it.",
            "2 contributing factors are named; also present: missing health check and inadequate telemetry",
        ],
    );
    // Availability, pages and times, each for wide pages and for phones.
    assert_eq!(page.matches("<svg").count(), 6);
    assert_eq!(page.matches("role=\"img\" aria-label=\"").count(), 6);
    for word in ["published 08:09", "lost 08:10", "detected 08:15", "located 08:30", "restored 08:40"] {
        assert!(page.contains(&format!(">{word}</text>")), "{word}");
    }
    assert!(page.contains("&#60;b&#62;promo-banner") && !page.contains("<b>promo-banner"));
    assert!(page.contains("control (a | U+000B)") && !page.contains('\u{b}'));
}

#[test]
fn the_page_needs_nothing_from_elsewhere() {
    let page = page(&whole(), Some(&shares())).unwrap();
    for foreign in ["http:", "https:", "<script", "@import", "url(", "<link"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    for address in page.split("href=\"").skip(1) {
        assert!(address.starts_with("data:text/csv"), "{}", &address[..40]);
    }
}

#[test]
fn the_markdown_is_a_review_ready_to_fill_in() {
    let text = markdown(&whole(), None).unwrap();
    contains(
        &text,
        &[
            "# Customers could not use the shop for 30 min; it cost $150,000\n",
            "| detected | 08:15 | 5 min | 5 min |",
            "| 08:15 to 08:30 | Ask store (15 min) | control (a \\| U+000B) | \u{25cf} special-character 95 % |",
            "| 08:35 | Flush the cache | 0.0 % | 0.0 % | Availability did not rise with it. |",
            "### What happened\n",
            "### Impact\n\n- Availability was lost at 08:10 and restored at 08:40: 30 min.\n- 10,800 visits failed.\n",
            "### Timeline\n\n| time | what |\n| --- | --- |\n| 08:09 | The editor published promo-banner, version 2. |\n",
            "- **Invalid rendering** (named in the answer, a latent fault at the start).",
            "- **Missing health check** (not named in the answer, a latent fault at the start).",
            "### What went well\n\n- The explanation is right.\n",
            "### What was hard to see\n\n- No alert reported it: a customer complained 5 min after the loss.\n",
            "### Where we got lucky\n\n- *What would have made it worse?*\n",
            "### Actions\n\n| action | answers | owner | by |\n| --- | --- | --- | --- |\n|  | Invalid rendering |  |  |\n",
        ],
    );
    assert!(!text.contains('<') || text.matches("\\<").count() == text.matches('<').count());
}

#[test]
fn shares_of_the_loss_stand_beside_the_factors() {
    let page = page(&whole(), Some(&shares())).unwrap();
    contains(
        &page,
        &["35.6 %", "share of the loss", "Shapley share", "Not of this incident but of the same scenario"],
    );
    let text = markdown(&whole(), Some(&shares())).unwrap();
    contains(&text, &["a latent fault at the start, 35.6 % of the loss)"]);

    // One root cause beside the contributing factors, with the loss that repairing one alone would leave.
    let rows = |text: &str| -> Vec<String> {
        let below = text.split("### One root cause, or contributing factors").nth(1).expect("it is there");
        let rows = below.lines().filter(|line| line.starts_with('|')).take(9);
        rows.map(str::to_owned).collect()
    };
    let played = rows(&text);
    let named = "| what is named | A special character: \\<b\\>promo-banner\\</b\\>, U+000B | Invalid rendering, poor error handling, missing health check and inadequate telemetry |";
    assert_eq!(played[2], named);
    assert!(played[4..].iter().all(|row| row.matches('$').count() == 2), "{played:#?}");
    let alone = |row: &str| row.split(" | ").nth(1).map(str::to_owned);
    assert_ne!(alone(&played[4]), alone(&played[5]), "the trigger taken back, and rendering repaired");
    let unplayed = rows(&markdown(&whole(), None).unwrap());
    assert!(unplayed[4..].iter().all(|row| row.matches("not played").count() == 2), "{unplayed:#?}");

    let other = ChainReport { scenario: "surge".to_owned(), ..shares() };
    assert!(matches!(markdown(&whole(), Some(&other)), Err(DebriefError::OtherScenario { .. })));
}

#[test]
fn every_kind_of_record_has_a_debrief() {
    let check = |record: &IncidentRecord, expected: &[&str], charts: usize| {
        let page = page(record, None).unwrap();
        contains(&page, expected);
        assert_eq!(page.matches("<section class=\"chart\">").count(), charts, "{expected:?}");
        assert!(!page.contains("NaN") && !page.contains("inf"), "{expected:?}");
        assert!(markdown(record, None).unwrap().contains("## Post-incident review"));
    };
    check(
        &recorder("nobody", 3_600).finish(),
        &[
            "from 08:10 on, and it was not restored by 09:00",
            "holds no alert and no complaint",
            "Nothing was tried",
        ],
        3,
    );
    check(
        &recorder("nobody", 0).finish(),
        &["<h1>Customers noticed nothing</h1>", "Availability was never lost"],
        2,
    );
    let mut partial = recorder("model responder", 3_600);
    partial.push(3_600.0, EventKind::Aborted { text: "stopped by Ctrl-C".into() });
    check(&partial.finish(), &["Partial: it was broken off (stopped by Ctrl-C)", "until 09:00 alone"], 3);
    check(&Recorder::new(run("demo"), 0.0).finish(), &["Customers noticed nothing"], 0);

    let mut gave_up = recorder("model responder", 3_600);
    let explanation = Explanation { trigger: "Not enough evidence".into(), ..Explanation::default() };
    gave_up.push(1_200.0, EventKind::Explained { explanation, score: Some(0.0) });
    check(&gave_up.finish(), &["The model responder gave up", ">gave up 08:20</text>"], 3);
}

#[test]
fn effectiveness_names_its_basis_and_an_older_one_says_so() {
    let record = recorder("nobody", 0).finish();
    let older = IncidentRecord {
        run: Run {
            rules: Rules {
                tolerable_unavailability_s: 2_592.0,
                tolerated_in: ToleratedIn::ThirtyDays,
                ..Rules::default()
            },
            ..run("nobody")
        },
        ..record.clone()
    };
    contains(&markdown(&record, None).unwrap(), &["tolerates 10 min of outage in a week."]);
    contains(
        &markdown(&older, None).unwrap(),
        &["tolerates 43 min of outage in 30 days. This record is on that older basis"],
    );
    contains(&page(&older, None).unwrap(), &["not compared with one on the basis of a week"]);
}

/// Three outages with remedies by different people. The watch ends twenty seconds after the third is over.
fn several(speed: f64) -> Recorder {
    let mut recorder = Recorder::new(Run { speed, ..run("operator") }, 0.0);
    recorder.visits((0..1_000).map(|at_s| {
        let fails =
            [(100, 200), (400, 450), (900, 980)].iter().any(|(from, to)| (*from..*to).contains(&at_s));
        let (served, failed) = if fails { (0, 3) } else { (3, 0) };
        Visits { at_s, route: Route::Home, served, degraded: 0, failed }
    }));
    let published = |version| EventKind::Published {
        asset: "promo-banner".into(),
        version,
        by: "editor".into(),
        characters: Vec::new(),
    };
    recorder.push_by(99.0, "editor", published(2));
    recorder.push_by(150.0, "operator", EventKind::Remedy(Remedy::Restart { service: Service::Cache }));
    recorder.push_by(200.0, "operator", EventKind::Remedy(Remedy::Restore));
    recorder.push_by(399.0, "editor", published(2));
    recorder.push_by(450.0, "editor", EventKind::Remedy(Remedy::RollBack { asset: "promo-banner".into() }));
    recorder.push_by(
        975.0,
        "whoever runs it",
        EventKind::Remedy(Remedy::Restart { service: Service::Cache }),
    );
    recorder.tell_outages();
    recorder
}

#[test]
fn every_outage_and_every_recovery_is_told_and_who_did_what() {
    let record = several(1.0).finish();
    let text = markdown(&record, None).unwrap();
    contains(
        &text,
        &[
            "# Many customers could not use the shop 3 times, for 4 min together, and in the end it was not restored;",
            "these remedies, in order: restart the cache, by the operator; put everything back as it was, by the operator.",
            "At 08:06 an editor published promo-banner, version 2. At 08:06 availability was lost again.",
            "with this remedy: roll back promo-banner, by the editor.",
            "It was not restored before the story ended.",
            "no visit had failed for 20 seconds: too few for the 60 that restoring takes.",
            "4 things tried; 2 of them restored availability, in 3 outages",
            "| 08:16 | Tried: restart the cache, by whoever runs it. |",
        ],
    );
    assert_eq!(text.matches("Availability was lost. |").count(), 3, "{text}");
    assert_eq!(
        text.matches("Availability was restored: from here on visits succeeded. |").count(),
        2,
        "{text}"
    );
    assert!(page(&record, None).unwrap().contains("of visits failed in 3 outages"));
}

#[test]
fn what_comes_after_the_end_of_the_story_is_in_no_figure_and_that_is_said() {
    // 13:00 comes after 450 seconds: the last outage is beyond it.
    let record = several(40.0).finish();
    assert_eq!(record.outcome.failed_visits, 3 * 150);
    let text = markdown(&record, None).unwrap();
    contains(
        &text,
        &[
            "The story ended at 13:00; the shop was watched until 19:06, but no figure includes that time.",
            "Of 1,350, so 33.3 %",
            "What happened after 13:00 costs nothing and enters no figure",
        ],
    );
}

#[test]
fn a_record_whose_figures_do_not_follow_is_told_from_one_whose_do() {
    let mut record = whole();
    assert!(!page(&record, None).unwrap().contains("The figures in the file disagree"));
    record.outcome.incident_financial_loss_usd = incident::Usd(1.0);
    let page = page(&record, None).unwrap();
    contains(&page, &["The figures in the file disagree", "it cost $150,000"]);
}
