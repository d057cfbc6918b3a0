//! Invalid scenario files: each error names the file, the line and what was expected.

use std::{collections::BTreeSet, fs, path::Path};

use incident::ContributingFactor;
use world::scenario::{
    HINT_CHARACTERS_MAX, HINTS, Happening, Scenario, ScenarioError, file_text, library, scenario,
};

/// A valid file, one item a line.
const GOOD: &str = r#"title = "A title"
description = "What is so"
symptom = "every-page"
[[happens]]
between = ["08:00", "08:10"]
what = { publish = { assets = ["promo-banner"], insert = ["U+000B"] } }
[[happens]]
between = ["09:00", "09:10"]
ends-after-minutes = [5, 10]
what = { link = { from = "cache", to = "content-store", delay-ms = 80 } }
[truth]
trigger = "Somebody does something"
path = ["cache"]
factors = ["invalid-rendering"]
[remedies]
right = [
    [{ remedy = "roll-back", asset = "published" }, { remedy = "restart", service = "cache" }],
]
wrong = [
    [{ remedy = "roll-back", asset = "home-intro" }],
    [{ remedy = "flush-cache" }],
]
"#;

fn read(text: &str) -> Result<Scenario, ScenarioError> {
    Scenario::read("mine", "mine.toml", text)
}

/// Checks the error for [`GOOD`] with `bad` in place of `good`.
fn check(good: &str, bad: &str, line: usize, expected: &[&str]) {
    let text = GOOD.replacen(good, bad, 1);
    assert_ne!(text, GOOD, "{good:?} is not in the file");
    let Err(error) = read(&text) else { panic!("{bad:?} is taken") };
    let error = error.to_string();
    assert!(error.starts_with(&format!("mine.toml, line {line}: ")), "{bad}: {error}");
    for word in expected {
        assert!(error.contains(word), "{error} lacks {word:?}");
    }
}

#[test]
fn a_file_without_fault_is_a_scenario() {
    assert_eq!(read(GOOD).unwrap().name, "mine");
}

#[test]
fn each_error_names_the_file_the_line_and_what_was_expected() {
    check("symptom", "symptoms", 3, &["unknown field", "symptoms", "`symptom`"]);
    check("description = \"What is so\"\n", "", 1, &["missing field `description`"]);
    check("every-page", "all-pages", 3, &["all-pages", "every-page", "some-visits"]);
    check("U+000B", "U+D800", 6, &["U+D800", "is no character", "as in U+000B"]);
    check("08:10", "25:10", 5, &["25:10", "08:00"]);
    check("08:10", "07:50", 5, &["08:00 lies after 07:50", "in order"]);
    check("[5, 10]", "[10, 5]", 9, &["10 to 5 minutes", "in order"]);
    check("[5, 10]", "[5, 1000]", 9, &["at most 300"]);
    check("title = \"A title\"", "title = \"A title", 1, &["string"]);
    check("\"promo-banner\"", "\"Promo Banner\"", 6, &["Promo Banner", "lower-case"]);
    check("[\"promo-banner\"]", "[]", 6, &["at least one asset"]);
    let hints = |hints: &[&str]| format!("symptom = \"every-page\"\nhints = {hints:?}");
    let symptom = "symptom = \"every-page\"";
    check(symptom, &hints(&["Look.", "There.", "So."]), 4, &["a ladder of 3", "expected 4 hints, or none"]);
    let long = "x".repeat(HINT_CHARACTERS_MAX + 1);
    check(symptom, &hints(&["Look.", &long, "So.", "Do."]), 4, &["hint 2", "141 characters", "1 to 140"]);
    check(symptom, &hints(&["Look.", "There.", " ", "Do."]), 4, &["hint 3", "0 characters"]);
}

#[test]
fn a_misspelt_name_is_answered_with_the_nearest() {
    let meant = |good: &str, bad: &str, line, nearest: &str| {
        check(good, bad, line, &[&format!("did you mean '{nearest}'?")]);
    };
    meant("description", "desription", 2, "description");
    meant("every-page", "evry-page", 3, "every-page");
    meant("between", "betwen", 5, "between");
    meant("publish", "publsh", 6, "publish");
    meant("assets", "asset", 6, "assets");
    meant("\"promo-banner\"", "\"promo-baner\"", 6, "promo-banner");
    meant("insert", "inserts", 6, "insert");
    meant("ends-after-minutes", "ends_after_minutes", 9, "ends-after-minutes");
    meant("link", "links", 10, "link");
    meant("\"cache\", to", "\"cahce\", to", 10, "cache");
    meant("\"content-store\"", "\"contentstore\"", 10, "content-store");
    meant("delay-ms", "delay_ms", 10, "delay-ms");
    meant("trigger", "triggers", 12, "trigger");
    meant("[\"cache\"]", "[\"web-font\"]", 13, "web-front");
    meant("invalid-rendering", "invalid-renderng", 14, "invalid-rendering");
    meant("right =", "rigth =", 16, "right");
    meant("\"published\"", "\"publishd\"", 17, "published");
    meant("restart", "restrat", 17, "restart");
    meant("service = \"cache\"", "servce = \"cache\"", 17, "service");
    meant("\"home-intro\"", "\"home-into\"", 20, "home-intro");
    meant("flush-cache", "flush-the-cache", 21, "flush-cache");
    // If no name is near, the error lists the known names.
    check("\"promo-banner\"", "\"zebra\"", 6, &["no asset 'zebra'", "price-list"]);
    check("service = \"cache\"", "service = \"database\"", 17, &["database", "content-store"]);
    check("path = [\"cache\"]", "path = [\"checkout\"]", 13, &["checkout", "content-store", "web-front"]);
    check("invalid-rendering", "bad-luck", 14, &["bad-luck", "invalid-rendering"]);
}

#[test]
fn what_could_not_happen_or_would_change_nothing_is_refused() {
    check("U+000B", "vertical tab", 6, &["'vertical tab' is the name of a character", "U+000B"]);
    check("U+000B", "u+000b", 6, &["'u+000b' is taken as text", "expected U+000B"]);
    check("[\"U+000B\"]", "[]", 6, &["would change nothing", "insert", "replace"]);
    let insert = "insert = [\"U+000B\"]";
    check(insert, "replace = [\"winter\", \"x\"]", 6, &["'winter' does not occur in promo-banner"]);
    // Times.
    check("\"08:10\"", "\"13:30\"", 5, &["13:30", "07:45 to before 13:00"]);
    check("[5, 10]", "[5, 240]", 9, &["as late as 13:10", "before 13:00"]);
    let publish = "what = { publish";
    let ends = "ends-after-minutes = [5, 10]\nwhat = { publish";
    check(
        publish,
        ends,
        6,
        &["publish lasts until somebody undoes it", "suspend, link, disk, surge and delete"],
    );
    // Numbers.
    let link = "link = { from = \"cache\", to = \"content-store\", delay-ms = 80 }";
    let what = |bad: &str, expected: &[&str]| check(link, bad, 10, expected);
    what("link = { from = \"cache\", to = \"content-store\", resets = 2.0 }", &["2", "between 0 and 1"]);
    what("link = { from = \"cache\", to = \"content-store\" }", &["would change nothing", "delay-ms"]);
    what(
        "link = { from = \"cache\", to = \"content-store\", delay-ms = 60001 }",
        &["60001", "at most 60000"],
    );
    what(
        "link = { from = \"customers\", to = \"cache\", delay-ms = 80 }",
        &["nobody calls from customers to cache", "customers to web-front"],
    );
    let unending = "ends-after-minutes = [5, 10]\nwhat = { link = { from = \"cache\", to = \"content-store\", delay-ms = 80 } }";
    let what = |bad: &str, expected: &[&str]| check(unending, &format!("what = {{ {bad} }}"), 9, expected);
    what("surge = { times = -3.0 }", &["-3 times", "from 1 to 100"]);
    what("disk = { seek-ms = 0 }", &["0", "from 1 to 60000 ms"]);
    what("uploads = { count = 0 }", &["0", "from 1 to 1000"]);
    what("uploads = { count = 1001 }", &["1001", "from 1 to 1000"]);
    let release = |more: &str| format!("release = {{ service = \"web-front\", {more} }}");
    what(&release("version = \" \""), &["0 characters", "from 1 to 40"]);
    what(&release("version = \"2\", fragment-timeout-ms = 0"), &["0", "from 1 to 60000 ms"]);
    what(&release("version = \"2\", checkout-notes = \"My Notes\""), &["no asset's id", "lower-case"]);
    what("monitor = { asset = \"home-into\" }", &["did you mean 'home-intro'?"]);
    what("suspend = { service = \"cache\", minutes = 3 }", &["minutes", "service"]);
}

#[test]
fn parts_that_do_not_fit_each_other_are_refused() {
    check("\"A title\"", "\" \"", 1, &["is empty"]);
    check("\"Somebody does something\"", "\"\"", 12, &["is empty"]);
    check("path = [\"cache\"]", "path = []", 13, &["at least one service", "control = true"]);
    check("[\"invalid-rendering\"]", "[]", 14, &["at least one contributing factor"]);
    let publish = "publish = { assets = [\"promo-banner\"], insert = [\"U+000B\"] }";
    check(publish, "surge = { times = 2.0 }", 17, &["nothing is published"]);
    let (right, wrong) = GOOD.split_once("right = ").unwrap().1.split_once("wrong = ").unwrap();
    check(right, "[]\n", 16, &["at least one sequence of remedies that restores", "control = true"]);
    check(wrong, "[]\n", 19, &["at least one sequence of remedies that does not restore", "control = true"]);
    check("[{ remedy = \"flush-cache\" }]", "[]", 21, &["is empty", "at least one remedy"]);
    let both = right.trim().trim_start_matches("[\n").trim_end_matches(",\n]").trim();
    check("[{ remedy = \"flush-cache\" }]", both, 21, &["the same remedies are also listed under right"]);
    check(
        "{ remedy = \"flush-cache\" }",
        "{ remedy = \"flush-cache\", service = \"cache\" }",
        21,
        &["service"],
    );
}

#[test]
fn each_scenario_has_a_ladder_of_hints_that_names_nothing_it_must_not() {
    let library = library();
    let forbidden = forbidden(&library);
    for Scenario { name, hints, happens, .. } in &library {
        assert_eq!(hints.len(), HINTS, "{name}");
        // A hint cannot name what the seed picks.
        let drawn = happens.iter().filter_map(|happens| match &happens.what {
            Happening::Publish { assets, .. } if assets.len() > 1 => Some(assets),
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

/// Words that nobody in an incident room may see: the product, the scenarios, the latent faults, and any sign that the incident was
/// staged. A hint also names no character, because the seed draws it.
fn forbidden(library: &[Scenario]) -> Vec<String> {
    let scenarios = library.iter().map(|scenario| scenario.name.as_str());
    let faults = ContributingFactor::LATENT_FAULTS.map(ContributingFactor::name);
    let words = ["glyphfall", "fault", "switch", "inject", "scenario", "u+", "0x"].map(str::to_owned);
    scenarios.chain(faults).flat_map(in_both_spellings).chain(words).collect()
}

/// With hyphens, as in a file, and with spaces, as in a sentence.
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
    assert_eq!(file_text(file.to_str().unwrap()).unwrap().unwrap(), GOOD);
    // Only what ends in .toml is a file: a folder, or a file, beside the program may be called like a scenario.
    for name in ["surge", folder.path().to_str().unwrap()] {
        assert!(file_text(name).unwrap().is_none(), "{name}");
    }
    let missing = folder.path().join("none.toml");
    assert!(scenario(missing.to_str().unwrap()).unwrap_err().to_string().contains("cannot be read"));
    fs::write(&file, vec![b'#'; 300_000]).unwrap();
    assert!(scenario(file.to_str().unwrap()).is_err(), "too large");
    fs::write(&file, b"title = \"\xff\"").unwrap();
    assert!(scenario(file.to_str().unwrap()).is_err(), "not UTF-8");
    let error = scenario("no-such").unwrap_err().to_string();
    assert!(error.contains("special-character") && error.contains("surge"), "{error}");
    let error = scenario("specal-character").unwrap_err().to_string();
    assert!(error.ends_with("did you mean 'special-character'?"), "{error}");
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
