//! Scenario files that are none: each error names the file, the line and what was expected.

use std::{collections::BTreeSet, fs, path::Path};

use incident::ContributingFactor;
use world::scenario::{HINT_CHARACTERS_MAX, HINTS, Happening, Scenario, ScenarioError, library, scenario};

/// A file without fault, one thing a line.
const GOOD: &str = r#"title = "A title"
description = "What is so"
symptom = "every-page"
[[happens]]
between = ["08:00", "08:10"]
ends-after-minutes = [5, 10]
what = { publish = { assets = ["promo-banner"], insert = ["U+000B"] } }
[truth]
trigger = "Somebody does something"
path = ["cache"]
factors = ["invalid-rendering"]
[remedies]
right = [[{ remedy = "roll-back", asset = "published" }, { remedy = "restart", service = "cache" }]]
wrong = [[{ remedy = "flush-cache" }]]
"#;

fn read(text: &str) -> Result<Scenario, ScenarioError> {
    Scenario::read("mine", "mine.toml", text)
}

#[test]
fn a_file_without_fault_is_a_scenario() {
    assert_eq!(read(GOOD).unwrap().name, "mine");
}

#[test]
fn each_error_names_the_file_the_line_and_what_was_expected() {
    let check = |good: &str, bad: &str, line: usize, expected: &[&str]| {
        let text = GOOD.replacen(good, bad, 1);
        assert_ne!(text, GOOD, "{good:?} is not in the file");
        let error = read(&text).unwrap_err().to_string();
        assert!(error.starts_with(&format!("mine.toml, line {line}: ")), "{error}");
        for word in expected {
            assert!(error.contains(word), "{error} lacks {word:?}");
        }
    };
    check("symptom", "symptoms", 3, &["unknown field", "symptoms", "`symptom`"]);
    check("description = \"What is so\"\n", "", 1, &["missing field `description`"]);
    check("every-page", "all-pages", 3, &["all-pages", "every-page", "some-visits"]);
    check("publish =", "publsh =", 7, &["publsh", "publish", "surge"]);
    check("insert =", "inserts =", 7, &["inserts", "insert"]);
    check("U+000B", "U+D800", 7, &["U+D800", "is no character", "as in U+000B"]);
    check("flush-cache", "flush-the-cache", 14, &["flush-the-cache", "flush-cache", "restart"]);
    check("service = \"cache\"", "service = \"database\"", 13, &["database", "content-store"]);
    check("path = [\"cache\"]", "path = [\"checkout\"]", 10, &["checkout", "content-store", "web-front"]);
    check("invalid-rendering", "bad-luck", 11, &["bad-luck", "invalid-rendering"]);
    check("08:10", "25:10", 5, &["25:10", "08:00"]);
    check("08:10", "07:50", 5, &["08:00 lies after 07:50", "in order"]);
    check("\"08:10\"", "\"13:30\"", 5, &["13:30", "07:45 to before 13:00"]);
    check("[5, 10]", "[10, 5]", 6, &["10 to 5 minutes", "in order"]);
    check("[5, 10]", "[5, 1000]", 6, &["at most 300"]);
    check("title = \"A title\"", "title = \"A title", 1, &["string"]);
    check("right = [[", "right = [] #[[", 13, &["at least one sequence"]);
    check("\"promo-banner\"", "\"Promo Banner\"", 7, &["Promo Banner", "lower-case"]);
    check("[\"promo-banner\"]", "[]", 7, &["at least one asset"]);
    let happens = "publish = { assets = [\"promo-banner\"], insert = [\"U+000B\"] }";
    check(happens, "surge = { times = 2.0 }", 13, &["nothing is published"]);
    check(happens, "surge = { times = -3.0 }", 7, &["-3 times", "from 1 to 100"]);
    let link = "link = { from = \"cache\", to = \"content-store\", resets = 2.0 }";
    check(happens, link, 7, &["2", "between 0 and 1"]);
    let hints = |hints: &[&str]| format!("symptom = \"every-page\"\nhints = {hints:?}");
    let symptom = "symptom = \"every-page\"";
    check(symptom, &hints(&["Look.", "There.", "So."]), 4, &["a ladder of 3", "expected 4 hints, or none"]);
    let long = "x".repeat(HINT_CHARACTERS_MAX + 1);
    check(symptom, &hints(&["Look.", &long, "So.", "Do."]), 4, &["hint 2", "141 characters", "1 to 140"]);
    check(symptom, &hints(&["Look.", "There.", " ", "Do."]), 4, &["hint 3", "0 characters"]);
}

#[test]
fn each_scenario_has_a_ladder_of_hints_that_names_nothing_it_must_not() {
    let library = library();
    let forbidden = forbidden(&library);
    for Scenario { name, hints, happens, .. } in &library {
        assert_eq!(hints.len(), HINTS, "{name}");
        // What the seed chooses cannot be named.
        let drawn = happens.iter().filter_map(|happens| match &happens.what {
            Happening::Publish { assets, .. } if assets.0.len() > 1 => Some(&assets.0),
            _ => None,
        });
        let drawn: Vec<String> = drawn.flatten().flat_map(|asset| in_both_spellings(asset)).collect();
        for hint in hints {
            let found = named(hint, forbidden.iter().chain(&drawn));
            assert!(found.is_empty(), "{name}: {hint:?} names {found:?}");
        }
    }
}

#[test]
fn a_forbidden_word_is_found_however_it_is_written() {
    let forbidden = forbidden(&library());
    let check = |text: &str, expected: &[&str]| assert_eq!(named(text, &forbidden), expected, "{text}");
    check("Look at the slow disk.", &["slow disk"]);
    check("It is a False-Alarm!", &["false-alarm"]);
    check("Poor error handling", &["poor error handling"]);
    check("A default", &["fault"]);
    check("The character is U+000B, or 0x92.", &["0x", "u+"]);
    check("The disk is slow, and nobody did it.", &[]);
}

/// What nobody in an incident room may be told: the product, the scenarios, the latent faults, and that anything was staged.
/// A hint also names no character, which the seed draws.
fn forbidden(library: &[Scenario]) -> Vec<String> {
    let scenarios = library.iter().map(|scenario| scenario.name.as_str());
    let faults = ContributingFactor::LATENT_FAULTS.map(ContributingFactor::name);
    let words = ["glyphfall", "fault", "switch", "inject", "scenario", "u+", "0x"].map(str::to_owned);
    scenarios.chain(faults).flat_map(in_both_spellings).chain(words).collect()
}

/// As in a file, and as in a sentence.
fn in_both_spellings(name: &str) -> [String; 2] {
    [name.to_owned(), name.replace('-', " ")]
}

fn named<'a>(text: &str, words: impl IntoIterator<Item = &'a String>) -> Vec<&'a str> {
    let text = text.to_lowercase();
    let found: BTreeSet<&str> =
        words.into_iter().map(String::as_str).filter(|word| text.contains(word)).collect();
    found.into_iter().collect()
}

#[test]
fn a_file_is_played_by_its_path_and_a_wrong_name_lists_the_library() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.toml");
    fs::write(&file, GOOD).unwrap();
    assert_eq!(scenario(file.to_str().unwrap()).unwrap().name, "mine");
    let missing = folder.path().join("none.toml");
    assert!(scenario(missing.to_str().unwrap()).unwrap_err().to_string().contains("cannot be read"));
    fs::write(&file, vec![b'#'; 300_000]).unwrap();
    assert!(scenario(file.to_str().unwrap()).is_err(), "too large");
    fs::write(&file, b"title = \"\xff\"").unwrap();
    assert!(scenario(file.to_str().unwrap()).is_err(), "not UTF-8");
    let error = scenario("no-such").unwrap_err().to_string();
    assert!(error.contains("special-character") && error.contains("surge"), "{error}");
}

#[test]
fn every_file_of_the_folder_is_in_the_library() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut files: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    files.sort();
    assert_eq!(library().into_iter().map(|scenario| scenario.name).collect::<Vec<_>>(), files);
}
