//! The table of characters: its specimens, and its text.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::{collections::BTreeSet, sync::atomic::AtomicBool};

use experiment::{
    characters::{Group, Outcome, Report, Specimen, run, specimens},
    sweep::Watch,
};

/// The least number of specimens in the table.
const SPECIMENS_MIN: usize = 40;

/// Columns of a terminal.
const COLUMNS: usize = 80;

fn measured(names: &[&str]) -> Report {
    let chosen: Vec<_> =
        specimens().into_iter().filter(|specimen| names.contains(&specimen.name.as_ref())).collect();
    assert_eq!(chosen.len(), names.len(), "{names:?}");
    all(chosen)
}

fn all(chosen: Vec<Specimen>) -> Report {
    let stop = AtomicBool::new(false);
    run(chosen, Watch { stop: &stop, done: &|| (), stalled: |what| panic!("{what} stands still") }).unwrap()
}

fn assert_fits(text: &str) {
    let wide: Vec<_> = text.lines().filter(|line| line.chars().count() > COLUMNS).collect();
    assert!(wide.is_empty(), "{wide:#?}");
}

#[test]
fn there_are_specimens_of_every_group_each_with_a_name_of_its_own() {
    let all = specimens();
    assert!(all.len() >= SPECIMENS_MIN, "{}", all.len());
    let names: BTreeSet<_> = all.iter().map(|specimen| &*specimen.name).collect();
    assert_eq!(names.len(), all.len());
    let bytes: BTreeSet<_> = all.iter().map(|specimen| &specimen.bytes).collect();
    assert_eq!(bytes.len(), all.len(), "no specimen stands in the table twice");
    for group in Group::ALL {
        assert!(all.iter().filter(|specimen| specimen.group == group).count() >= 3, "{group:?}");
    }
}

#[test]
fn a_vertical_tab_hangs_the_faulty_shop_and_is_refused_by_the_repaired_one() {
    let report = measured(&["vertical tab"]);
    let measured = &report.specimens[0].measured;
    assert_eq!(measured.faulty.publish, Outcome::Fine, "the store says that all is well");
    let met = measured.faulty.met.as_ref().unwrap();
    assert!(matches!(met.store_json, Outcome::Broken { .. }), "{met:?}");
    for place in [&met.cache, &met.html, &met.script, &met.xml] {
        assert_eq!(*place, Outcome::Hangs);
    }
    let Outcome::Refused { why } = &measured.repaired.publish else { panic!("{measured:?}") };
    assert!(why.contains("U+000B LINE TABULATION") && why.contains("offset 14"), "{why}");
    assert_eq!(measured.repaired.met, None);
    assert!(!measured.repaired.let_through.as_ref().unwrap().worst().is_breakage());
    insta::assert_snapshot!(report.specimens[0]);
}

#[test]
fn each_place_breaks_on_something_that_the_others_bear() {
    let report = measured(&["delete", "end of CDATA", "script in a comment", "entity", "line feed"]);
    let check = |name: &str, html: &str, script: &str, xml: &str| {
        let row = report.specimens.iter().find(|row| row.name == name).unwrap();
        let met = row.measured.faulty.met.as_ref().unwrap();
        assert_eq!([met.html.word(), met.script.word(), met.xml.word()], [html, script, xml], "{row}");
        assert_eq!((met.store_json.word(), met.cache.word()), ("fine", "fine"), "{row}");
    };
    check("delete", "broken", "fine", "fine");
    check("end of CDATA", "fine", "fine", "broken");
    check("script in a comment", "broken", "broken", "fine");
    check("entity", "changed", "fine", "fine");
    check("line feed", "fine", "fine", "fine");
}

#[test]
fn the_table_reads_like_this() {
    let report = all(specimens());
    assert_eq!(report.summary.specimens, specimens().len());
    assert_eq!(report.summary.break_the_repaired, 0);
    let text = report.to_string();
    assert_fits(&text);
    insta::assert_snapshot!(text);
}

#[test]
fn programs_read_the_same() {
    let json = serde_json::to_value(measured(&["vertical tab", "overlong slash"])).unwrap();
    let summary = &json["summary"];
    assert_eq!(
        (&summary["specimens"], &summary["hang"], &summary["refused"]),
        (&2.into(), &2.into(), &2.into())
    );
    let [tab, slash] = json["specimens"].as_array().unwrap().as_slice() else { panic!("{json:#}") };
    assert_eq!((&tab["code_points"][0], &tab["bytes"]), (&"U+000B".into(), &"0B".into()));
    assert_eq!(tab["faulty"]["met"]["cache"]["outcome"], "hangs");
    assert_eq!(tab["repaired"]["publish"]["outcome"], "refused");
    assert_eq!((&slash["code_points"], &slash["group"]), (&serde_json::Value::Null, &"broken-utf8".into()));
}

#[test]
fn who_is_stopped_keeps_the_characters_that_were_measured() {
    let stop = AtomicBool::new(false);
    let after_one = || stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let watch = Watch { stop: &stop, done: &after_one, stalled: |what| panic!("{what} stands still") };
    let report = run(specimens(), watch).unwrap();
    assert_eq!((report.specimens.len(), report.summary.specimens), (1, 1));
}
