//! Files that people supply: scenarios, incident records, reports, answers to cases, content. Also the pages of a shop elsewhere.

use std::{collections::BTreeSet, fs};

use content_store::characters::is_renderable;
use debrief::incident as debrief_incident;
use experiment::compare::board::board;
use glyphfall_tests::process::root;
use http::StatusCode;
use incident::{
    ClockKind, EventKind, IncidentRecord, LatentFault, Level, OperatingModel, Recorder, Remedy, Route, Rules,
    Run, Service, Story, Visits, outages, outcome,
};
use report::{chain::ChainReport, compare::CompareReport};
use room::free_answer::{FreeAnswer, graded};
use world::{
    hands::truth,
    judge::judge,
    scenario::{Scenario, ScenarioError, draw, library},
};

#[allow(dead_code, reason = "another crate's tests use the rest of it")]
#[path = "../../../harness/debrief/tests/sample/mod.rs"]
mod sample;

#[test]
fn scenario_file() {
    let folder = root().join("harness/world/scenarios");
    let files = fs::read_dir(folder).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap());
    let honest: Vec<Vec<u8>> = files.collect();
    target!("scenario-file", &honest, |input| {
        let Ok(text) = str::from_utf8(input) else { return };
        match Scenario::read("given", "given.toml", text) {
            Ok(scenario) => {
                let mut value = serde_json::to_value(&scenario).unwrap();
                // The name comes from the file's name, not from its content.
                value.as_object_mut().unwrap().remove("name");
                let again = serde_json::from_value::<Scenario>(value).unwrap();
                assert_eq!(Scenario { name: scenario.name.clone(), ..again }, scenario);
                for seed in [0, u64::MAX] {
                    let drawn = draw(&scenario, seed);
                    truth(&scenario, &drawn);
                }
            }
            Err(ScenarioError::Wrong { line, message, .. }) => {
                assert!((1..=text.lines().count() + 1).contains(&line), "line {line}: {message}");
                assert!(!message.is_empty());
            }
            Err(other) => panic!("{other}"),
        }
    });
}

/// A record of two minutes: loss, action, explanation.
fn record() -> IncidentRecord {
    let run = Run {
        seed: 7,
        scenario: "special-character".into(),
        level: Level::Dark,
        operating_model: OperatingModel::OpsRunIt,
        clock: ClockKind::Virtual,
        speed: 60.0,
        responder: "demo".into(),
        version: "0.1.0".into(),
        team: Some("<b>Owls</b>".into()),
        round: Some(1),
        order: None,
        story: Story::default(),
        faults_present: LatentFault::ALL.into(),
        rules: Rules { assumed: BTreeSet::new(), ..Rules::default() },
    };
    let mut recorder = Recorder::new(run, -900.0);
    let seconds = |from: u32, to: u32, failed| {
        (from..to).step_by(5).map(move |at_s| Visits {
            at_s,
            route: Route::Home,
            served: 30 - failed,
            degraded: 0,
            failed,
        })
    };
    recorder.visits(seconds(0, 20, 0).chain(seconds(20, 60, 30)).chain(seconds(60, 120, 0)));
    let published = EventKind::Published {
        asset: "promo-banner".into(),
        version: 2,
        by: "editor".into(),
        characters: vec!["U+000B".into()],
    };
    recorder.push(18.2, published);
    recorder.push(26.0, EventKind::CustomerComplaint { text: "the page never comes".into() });
    recorder.push(30.0, EventKind::Remedy(Remedy::Restart { service: Service::Cache }));
    recorder.push(58.0, EventKind::Remedy(Remedy::RollBack { asset: "promo-banner".into() }));
    recorder.finish()
}

#[test]
fn incident_record() {
    let record = record();
    let honest = [record.to_json().into_bytes(), serde_json::to_vec(&record).unwrap()];
    target!("incident-record", &honest, |input| {
        let Ok(text) = str::from_utf8(input) else { return };
        let Ok(record) = IncidentRecord::from_json(text) else { return };
        assert_eq!(IncidentRecord::from_json(&record.to_json()).unwrap(), record);
        outcome(&record);
        outages(&record);
        debrief_incident::finding(&record);
        // The record is either refused, or rendered completely.
        if let Ok(page) = debrief_incident::page(&record, None) {
            assert!(page.trim_end().ends_with("</html>"));
            debrief_incident::markdown(&record, None).unwrap();
        }
    });
}

#[test]
fn chain_report() {
    let honest = [include_bytes!("../../../harness/debrief/tests/chain.json").to_vec()];
    let record = record();
    target!("chain-report", &honest, |input| {
        let Ok(report) = serde_json::from_slice::<ChainReport>(input) else { return };
        let again: ChainReport = serde_json::from_slice(&serde_json::to_vec(&report).unwrap()).unwrap();
        assert_eq!(serde_json::to_value(&again).unwrap(), serde_json::to_value(&report).unwrap());
        debrief::chain::page(&report).unwrap();
        let _ = debrief_incident::page(&record, Some(&report));
        let _ = debrief_incident::markdown(&record, Some(&report));
    });
}

#[test]
fn comparison_report() {
    let honest = [serde_json::to_vec(&sample::quick()).unwrap()];
    let other: CompareReport = serde_json::from_value(sample::quick()).unwrap();
    target!("comparison-report", &honest, |input| {
        let Ok(report) = serde_json::from_slice::<CompareReport>(input) else { return };
        debrief::compare::page(&report).unwrap();
        let named = |name: &str, report: &CompareReport| (name.to_owned(), report.clone());
        if let Ok(board) = board(&[named("given.json", &report), named("other.json", &other)]) {
            debrief::board::page(&board).unwrap();
            serde_json::to_string(&board).unwrap();
        }
    });
}

#[test]
fn answer_to_a_case() {
    let honest = [
        r#"{"case":"case-1","cause":"a vertical tab in promo-banner","asset":"promo-banner","character":"U+000B","path":["content store","cache"],"factors":["invalid-rendering"]}"#,
        r#"{"case":"c","root_cause":"the cache was stopped","services":"store > cache > front","contributing_factors":"poor error handling; no health check"}"#,
        r#"{"case":"c","character":"\u000b","path":[],"factors":[]}"#,
    ];
    let honest = honest.map(|line| line.as_bytes().to_vec());
    let truths: Vec<_> =
        library().iter().step_by(8).map(|scenario| truth(scenario, &draw(scenario, 7))).collect();
    target!("answer-to-a-case", &honest, |input| {
        let Ok(answer) = serde_json::from_slice::<FreeAnswer>(input) else { return };
        for (truth, level) in truths.iter().zip(Level::ALL.into_iter().cycle()) {
            let grade = graded(&answer, truth, level);
            let (got, of): (f64, f64) =
                grade.parts.iter().fold((0.0, 0.0), |(got, of), part| (got + part.got, of + part.of));
            assert!((0.0..=1.0).contains(&grade.score) && got <= of, "{grade:?}");
        }
    });
}

#[test]
fn content() {
    let honest = [
        b"Spring sale\nfrom \xe2\x82\xac 5 \xf0\x9f\x8e\x89".to_vec(),
        b"a tab\t, a vertical one\x0b and a C1 one\xc2\x85".to_vec(),
        b"\xef\xbb\xbfWindows \x93quotes\x94 and a lone \xe2\x80".to_vec(),
    ];
    target!("content", &honest, |input| {
        let mut found = Vec::new();
        lint::lint(input, |finding| found.push(finding), || true).unwrap();
        // The linter finds something exactly if the repaired content store refuses the text, and each finding has a valid position.
        let refused = !is_renderable(input);
        assert_eq!(!found.is_empty(), refused);
        for finding in &found {
            assert!(finding.character.offset < input.len());
            finding.advice();
            finding.named();
        }
        for route in Route::ALL {
            judge(route, StatusCode::OK, input);
        }
    });
}
