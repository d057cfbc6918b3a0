//! `glyphfall lint` compared with the measurements of `glyphfall characters` in a shop: the same verdict, and the same breaking places.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use glyphfall_tests::process::{output, program};
use serde_json::Value;

/// Ordinary text around a special character.
const AROUND: [&[u8]; 2] = [b"Polished steel", b"for six small cups"];

/// The linter's names of the shop's places.
const PLACES: [(&str, &str); 4] =
    [("store_json", "json"), ("html", "html"), ("script", "script"), ("xml", "xml")];

fn lint(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    output(Command::new(program("glyphfall")).arg("lint").args(arguments).current_dir(folder))
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The places where a specimen broke in a shop with all latent faults: immediately, or once it got past the first obstacle.
fn broken(specimen: &Value) -> BTreeSet<&'static str> {
    let faulty = &specimen["faulty"];
    let is_broken = |place: &str| {
        [&faulty["met"], &faulty["let_through"]].iter().any(|met| met[place]["outcome"] == "broken")
    };
    PLACES.iter().filter(|(place, _)| is_broken(place)).map(|(_, name)| *name).collect()
}

#[test]
fn every_specimen_has_the_verdict_of_the_repaired_store() {
    let (code, measured, _) =
        output(Command::new(program("glyphfall")).args(["characters", "--format", "json"]));
    assert_eq!(code, 0);
    let measured = json(&measured);
    let specimens = measured["specimens"].as_array().unwrap();
    assert!(specimens.len() > 70, "{}", specimens.len());
    let folder = tempfile::tempdir().unwrap();
    for (place, specimen) in specimens.iter().enumerate() {
        let bytes = specimen["bytes"].as_str().unwrap().split(' ');
        let bytes: Vec<u8> = bytes.map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
        let text = [AROUND[0], &bytes, AROUND[1]].concat();
        fs::write(folder.path().join(place.to_string()), text).unwrap();
    }
    let (code, found, error) = lint(folder.path(), &["--format", "json", "."]);
    assert_eq!(code, 1, "{error}");
    let found = json(&found);
    assert_eq!(found["texts"], specimens.len());
    let mut breaks: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    for file in found["files"].as_array().unwrap() {
        let place = file["file"].as_str().unwrap().trim_start_matches("./").parse().unwrap();
        for finding in file["findings"].as_array().unwrap() {
            let names = finding["breaks"].as_array().unwrap().iter().map(|name| name.as_str().unwrap());
            breaks.entry(place).or_default().extend(names);
        }
    }
    for (place, specimen) in specimens.iter().enumerate() {
        let is_refused = specimen["repaired"]["publish"]["outcome"] == "refused";
        assert_eq!(breaks.contains_key(&place), is_refused, "{specimen}");
        if let Some(breaks) = breaks.get(&place) {
            assert_eq!(*breaks, broken(specimen), "{specimen}");
        }
    }
}

#[test]
fn the_original_content_is_clean() {
    let content = Path::new(env!("CARGO_MANIFEST_DIR")).join("../services/web-front/content");
    let (code, found, error) = lint(&content, &["."]);
    assert_eq!((code, found.as_str()), (0, ""), "{error}");
}

#[test]
fn files_folders_and_standard_input_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &[u8]| fs::write(folder.path().join(name), text).unwrap();
    fs::create_dir(folder.path().join("deep")).unwrap();
    write("banner.txt", b"one\r\n\ttwo\x0blines\n");
    write("deep/terms.txt", "harmless é".as_bytes());
    write("deep/.hidden", b"\0");
    write("picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    let (code, found, error) = lint(folder.path(), &["."]);
    assert_eq!(code, 1);
    assert_eq!(
        found,
        "./banner.txt:2:5: U+000B LINE TABULATION breaks JSON, HTML, script, XML; write a line feed (U+000A)\n"
    );
    assert_eq!(error, "1 character in 1 of 2 texts; 1 file is no text\n");

    let (code, _, error) = lint(folder.path(), &["deep", "gone.txt"]);
    assert_eq!(code, 2);
    assert!(error.contains("gone.txt") && error.contains("the others were"), "{error}");

    let (code, found, _) = lint(folder.path(), &["--format", "sarif", "deep", "banner.txt"]);
    let found = json(&found);
    let results = found["runs"][0]["results"].as_array().unwrap();
    assert_eq!((code, results.len()), (1, 1));
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "banner.txt");
    assert_eq!((&place["region"]["startLine"], &place["region"]["startColumn"]), (&2.into(), &5.into()));
    let rules = found["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(rules.iter().any(|rule| rule["id"] == results[0]["ruleId"]));

    let mut command = Command::new(program("glyphfall"));
    let mut child = command.args(["lint", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all("漢\u{85}".as_bytes()).unwrap();
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    let found = String::from_utf8(ended.stdout).unwrap();
    assert!(found.starts_with("standard input:1:2: U+0085 NEXT LINE"), "{found}");
}
