//! Checks the documents for a class against the product. Teaches that a document is a claim, and that some claims can be checked: a path
//! exists, a marked line has its lesson, and a page for participants reveals no answer.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use glyphfall_tests::{pictures::Part, process::program, room::RunningRoom, slides};
use incident::ContributingFactor;
use room::{limits, plan};
use serde_json::Value;
use world::scenario::library;

/// Fewer marks than this, and the search has missed some.
const MARKS_MIN: usize = 10;

/// Fewer commands than this, and the search has missed some.
const COMMANDS_MIN: usize = 40;

/// Fewer threats than this, and the table was not found.
const THREATS_MIN: usize = 20;

/// Prefixes of the commands that finish within seconds.
const SECONDS: [&str; 5] =
    ["scenarios", "lint banner.txt", "characters U+", "play ./examples/", "export-case special-character"];

/// Limits for the README: five minutes of reading, and quick to load.
const README_LINES_MAX: usize = 120;
const README_BYTES_MAX: u64 = 1_500_000;
const RECORDING_BYTES_MAX: u64 = 1_000_000;

/// The marker of deliberate defects in comments. It is split in two, so that the search does not find this line.
const MARK: &str = concat!("FAULT", ":");

#[test]
fn the_syllabus_has_one_lesson_for_each_marked_line() {
    let syllabus = read("docs/syllabus.md");
    let rows = section(&syllabus, "The marked lines").lines().filter(|line| line.starts_with("| "));
    let mut lessons: BTreeMap<String, usize> = BTreeMap::new();
    for path in rows.filter_map(|row| {
        code_spans(row)
            .into_iter()
            .find(|span| Path::new(span).extension().is_some_and(|ending| ending == "rs"))
    }) {
        *lessons.entry(path.to_owned()).or_default() += 1;
    }
    let mut marked = BTreeMap::new();
    for folder in ["services", "harness"] {
        marks(&root().join(folder), &mut marked);
    }
    assert!(marked.values().sum::<usize>() >= MARKS_MIN, "too few marks were found: {marked:?}");
    assert_eq!(lessons, marked);
}

/// A search for the mark must find the deliberate defects, and nothing else.
#[test]
fn a_search_for_the_mark_finds_the_marked_lines_alone() {
    let mut found = Vec::new();
    let is_ours = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_hidden_folder = path.is_dir() && name.starts_with('.');
        !is_hidden_folder && !["target", "glyphfall-out"].contains(&name.as_str())
    };
    let mut open = vec![root()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let inside = fs::read_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            open.extend(
                inside
                    .map(|entry| entry.expect("the folder can be read").path())
                    .filter(|path| is_ours(path)),
            );
        } else if let Ok(text) = fs::read_to_string(&path) {
            let lines = text.lines().filter(|line| line.contains(MARK));
            found.extend(lines.map(|line| (path.display().to_string(), line.to_owned())));
        }
    }
    let others: Vec<_> = found.iter().filter(|(_, line)| !is_mark(line)).collect();
    assert!(found.len() >= MARKS_MIN && others.is_empty(), "{others:#?}");
}

/// A security claim that no test checks is only a wish.
#[test]
fn every_threat_is_answered_by_tests_that_exist() {
    let security = read("SECURITY.md");
    let rows = section(&security, "Threats").lines().filter(|line| line.starts_with("| ")).skip(1);
    let mut tests = BTreeSet::new();
    for folder in ["services", "harness", "tests", "xtask"] {
        tests_in(&root().join(folder), &mut tests);
    }
    let mut threats = 0;
    for row in rows {
        threats += 1;
        let named = row.trim_end_matches(['|', ' ']).rsplit('|').next().expect("a row has cells");
        let named = code_spans(named);
        assert!(!named.is_empty(), "no test: {row}");
        let gone: Vec<_> = named.into_iter().filter(|name| !tests.contains(*name)).collect();
        assert!(gone.is_empty(), "these tests do not exist: {gone:?}");
    }
    assert!(threats >= THREATS_MIN, "too few threats were found: {threats}");
}

/// The names of all test functions in Rust sources below a folder.
fn tests_in(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            tests_in(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path).expect("a source can be read");
            let after = text.split("#[test]").chain(text.split("#[tokio::test")).filter_map(|part| {
                // The first function after the attribute, with only the attribute's line and a lint reason in between.
                let (before, rest) = part.split_once("fn ")?;
                (before.lines().count() <= 4).then(|| rest.split('(').next().unwrap_or_default().to_owned())
            });
            found.extend(after);
        }
    }
}

#[test]
fn the_syllabus_says_what_each_scenario_is_good_for() {
    let syllabus = read("docs/syllabus.md");
    let named: BTreeSet<&str> = code_spans(section(&syllabus, "Which scenario")).into_iter().collect();
    let library = library();
    let known: BTreeSet<&str> = library.iter().map(|scenario| scenario.name.as_str()).collect();
    assert_eq!(named, known);
}

#[test]
fn every_path_that_a_document_names_exists() {
    for name in documents() {
        let document = read(&name);
        let is_path = |span: &&str| {
            let is_file = [".rs", ".md", ".toml", ".yml"].iter().any(|end| span.ends_with(end));
            is_file && span.contains('/') && !span.starts_with('.') && !span.contains([' ', '*'])
        };
        for path in code_spans(&document).into_iter().filter(is_path) {
            assert!(root().join(path).exists(), "{name} names {path}, which does not exist");
        }
        let folder = root().join(&name).parent().expect("a document lies in a folder").to_owned();
        for link in links(&document).filter(|link| !link.starts_with("https://")) {
            let (path, place) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { root().join(&name) } else { folder.join(path) };
            assert!(target.exists(), "{name} leads to {link}, which does not exist");
            let is_there = || {
                anchors(&fs::read_to_string(&target).expect("a document is text"))
                    .any(|anchor| anchor == place)
            };
            assert!(place.is_empty() || is_there(), "{name} leads to {link}: there is no such heading");
        }
    }
}

/// The program must know every command that a document names. A trailing `--help` keeps it from doing anything.
#[test]
fn the_program_knows_every_command_that_a_document_names() {
    let program = program("glyphfall");
    let mut tried = 0;
    for name in documents() {
        let document = read(&name);
        let lines = document.lines().map(|line| line.trim_start_matches("$ "));
        for command in lines.chain(code_spans(&document)).filter_map(arguments) {
            let line = format!("exec {} {command} --help", program.display());
            let output =
                Command::new("bash").args(["-c", &line]).current_dir(root()).output().expect("bash runs");
            let told = String::from_utf8_lossy(&output.stderr);
            // Placeholders are written in capitals.
            let is_placeholder = |word: &str| word.chars().all(|sign| sign.is_ascii_uppercase());
            let refused = told.split_once("invalid value '").and_then(|(_, rest)| rest.split('\'').next());
            assert!(
                output.status.success() || refused.is_some_and(is_placeholder),
                "{name}: glyphfall {command}: {told}"
            );
            tried += 1;
        }
    }
    assert!(tried >= COMMANDS_MIN, "only {tried} commands were found");
}

/// Each plan of the guide adds up to the duration in its heading, and the guide's figures about rounds match the room's.
#[test]
fn the_figures_of_the_guide_are_the_rooms() {
    let guide = read("docs/facilitator.md");
    for minutes in ["20", "45", "90"] {
        let plan = section(&guide, &format!("{minutes} minutes"));
        let begins: Vec<u32> =
            plan.lines().filter_map(|line| line.split('|').nth(1)?.trim().parse().ok()).collect();
        assert!(begins.len() > 3 && begins.is_sorted(), "{minutes}: {begins:?}");
        assert_eq!(begins.last().map(u32::to_string).as_deref(), Some(minutes));
    }
    let said = [
        format!("practice, {} minutes", plan::PRACTICE_MINUTES),
        format!("round 1, {} minutes", plan::MINUTES),
        format!("At speed {}, {} minutes reach the end", plan::SPEED, plan::MINUTES),
        format!("A team has {} seats", limits::SEATS_PER_TEAM_MAX),
        format!("may take {};", limits::SEATS_PER_CLIENT_MAX),
        format!("at\nleast {} characters", chassis::token::CHARACTERS_MIN),
    ];
    for words in said {
        assert!(guide.contains(&words), "the guide does not say {words:?}");
    }
    let tried =
        section(&guide, "While it runs").split("### ").find(|part| part.starts_with("What teams try"));
    let rows = tried.expect("there is such a part").lines().filter(|line| line.starts_with("| `"));
    for row in rows {
        let name = code_spans(row)[0];
        let scenario = library().into_iter().find(|scenario| scenario.name == name);
        assert!(scenario.is_some(), "{name} is no scenario");
    }
}

/// Pictures must be up to date: a page that changed needs a new picture. The test compares hashes of the pictures' sources, not pixels.
#[test]
fn pictures_were_made_of_the_pages_as_they_are() {
    for part in Part::ALL {
        let (name, noted) = (part.name(), part.noted());
        assert_eq!(noted, Some(part.made_of()), "what they show has changed: cargo xtask pictures {name}");
    }
}

/// Each slide of the source becomes one sheet with a heading, and its tables stay tables.
#[test]
fn every_slide_is_a_sheet_with_a_heading() {
    let page = slides::page();
    let sheets: Vec<&str> = page.split("<section").skip(1).collect();
    assert_eq!(sheets.len(), read("docs/slides.md").lines().filter(|line| *line == "---").count() + 1);
    assert!(sheets.iter().all(|sheet| sheet.contains("<h1>") || sheet.contains("<h2>")), "{page}");
    assert_eq!(sheets.iter().filter(|sheet| sheet.contains("<table>")).count(), 2);
}

/// Every document must be in both tables of contents: the one for readers, and the one for the site generator.
#[test]
fn the_tables_of_contents_name_every_document() {
    for (table, itself) in [("docs/README.md", "README.md"), ("docs/SUMMARY.md", "SUMMARY.md")] {
        let contents = read(table);
        for name in documents() {
            let Some(link) = name.strip_prefix("docs/") else { continue };
            let is_table = [itself, "SUMMARY.md"].contains(&link);
            assert!(is_table || contents.contains(&format!("]({link})")), "{name} is not in {table}");
        }
    }
}

/// A reference must be complete: for its reader, what it leaves out does not exist.
#[test]
fn the_references_leave_nothing_out() {
    let missing = |document: &str, of: Vec<String>, least: usize| {
        let text = read(document);
        assert!(of.len() >= least, "too few were found for {document}: {of:?}");
        let gone: Vec<_> = of.into_iter().filter(|name| !text.contains(&format!("`{name}`"))).collect();
        assert!(gone.is_empty(), "{document} does not name {gone:?}");
    };
    missing("docs/commands.md", commands(), 20);

    let schema: Value =
        serde_json::from_str(&read("harness/incident/schema/incident-1.json")).expect("it is JSON");
    let keys = |part: &Value| part.as_object().expect("it has parts").keys().cloned().collect::<Vec<_>>();
    let kinds = schema["$defs"]["Event"]["oneOf"].as_array().expect("events are of several kinds").iter();
    let kinds = kinds.filter_map(|event| event["properties"]["kind"]["const"].as_str().map(str::to_owned));
    let parts =
        keys(&schema["properties"]).into_iter().chain(keys(&schema["$defs"]["Outcome"]["properties"]));
    missing("docs/record.md", parts.chain(kinds).collect(), 40);

    let levels = ["dark", "logs", "metrics", "traces", "changes"];
    let contract: String = levels
        .iter()
        .map(|level| read(&format!("tests/tests/snapshots/telemetry__adds-{level}.snap")))
        .collect();
    let of = |signal: &str| -> BTreeSet<String> {
        let lines = contract.lines().filter_map(|line| line.split_once(signal));
        lines.filter_map(|(_, rest)| rest.split(['\'', ' ']).next().map(str::to_owned)).collect()
    };
    missing("docs/metrics.md", of(" metric ").into_iter().chain(of(" change '")).collect(), 15);
}

#[tokio::test]
async fn the_description_of_the_api_is_the_rooms() {
    let room = RunningRoom::example().await;
    let description = room.stranger().get("/api/openapi.json").await;
    let paths = description["paths"].as_object().expect("it has paths");
    let requests = |(path, item): (&String, &Value)| {
        let methods = item.as_object().expect("a path has methods").keys();
        methods.map(|method| format!("`{} {path}`", method.to_uppercase())).collect::<Vec<_>>()
    };
    let text = read("docs/api.md");
    let gone: Vec<_> = paths.iter().flat_map(requests).filter(|request| !text.contains(request)).collect();
    assert!(paths.len() > 40 && gone.is_empty(), "docs/api.md does not name {gone:?}");
}

/// Runs the documents' quick commands as written. Other commands take minutes or run until stopped; they have their own tests, and the test
/// above tries them with `--help`.
#[test]
fn commands_that_take_seconds_run_as_they_are_written() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    symlink(root().join("examples"), folder.path().join("examples")).expect("a link can be made");
    let all: Vec<String> = documents().iter().map(|name| read(name)).collect();
    let lines: BTreeSet<&str> = all.iter().flat_map(|text| text.lines()).collect();
    let run = |line: &str| {
        Command::new("bash").args(["-c", line]).current_dir(folder.path()).output().expect("bash runs")
    };
    for file in lines.iter().filter(|line| line.starts_with("printf ") && line.contains(" > ")) {
        assert!(run(file).status.success(), "{file}");
    }
    let commands: BTreeSet<&str> = lines.into_iter().filter_map(arguments).collect();
    let mut ran = Vec::new();
    for command in commands {
        if !SECONDS.iter().any(|begin| command.starts_with(begin)) {
            continue;
        }
        let output = run(&format!("exec {} {command}", program("glyphfall").display()));
        // The `lint` commands of the documents find something, and so end with 1.
        let expected = i32::from(command.starts_with("lint "));
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(expected), "glyphfall {command}: {told}");
        ran.push(command);
    }
    let has_run = |begin: &&str| ran.iter().any(|command| command.starts_with(begin));
    assert!(SECONDS.iter().all(has_run), "only {ran:?}");
}

/// The README's pictures load quickly, exist, and stand still for readers who prefer reduced motion.
#[test]
fn the_readme_is_short_and_its_pictures_are_light() {
    let readme = read("README.md");
    assert!(readme.lines().count() < README_LINES_MAX);
    let size =
        |path: &str| fs::metadata(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}")).len();
    let shown: BTreeSet<&str> = links(&readme).filter(|link| link.starts_with("docs/pictures/")).collect();
    let all: u64 = shown.iter().map(|path| size(path)).sum();
    assert!(shown.len() >= 10 && all + size("README.md") < README_BYTES_MAX, "{all} bytes: {shown:?}");
    let recording = "docs/pictures/demonstration.svg";
    let text = read(recording);
    assert!(size(recording) < RECORDING_BYTES_MAX && text.contains("prefers-reduced-motion"));
    assert!(!text.contains("<script") && !text.contains("href"), "a code host shows no such picture");
}

#[test]
fn what_participants_read_gives_nothing_away() {
    let page = read("docs/participant.md").to_lowercase();
    let scenarios = library().into_iter().map(|scenario| scenario.name);
    let faults = ContributingFactor::LATENT_FAULTS.iter().map(|fault| fault.name().to_owned());
    let others = ["glyphfall", "fault", "switch", "inject", "scenario"].map(str::to_owned);
    for name in scenarios.chain(faults).chain(others) {
        for word in [name.replace('-', " "), name] {
            assert!(!page.contains(&word), "docs/participant.md says {word:?}");
        }
    }
}

/// The commands in the program's help, by name.
fn commands() -> Vec<String> {
    let source = read("harness/cli/src/command.rs");
    let variants = source.split("enum Command {").nth(1).and_then(|rest| rest.split("\n}").next());
    let entries = variants.expect("there is the list").split("),\n");
    let shown = entries.filter(|entry| !entry.contains("hide = true"));
    let names = shown.filter_map(|entry| entry.lines().last()?.trim().split('(').next());
    let kebab = |name: &str| {
        let parts = name.chars().map(|sign| match sign {
            'A'..='Z' => format!("-{}", sign.to_lowercase()),
            _ => sign.to_string(),
        });
        format!("glyphfall {}", parts.collect::<String>().trim_start_matches('-'))
    };
    names.filter(|name| !name.is_empty()).map(kebab).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests is a folder of the workspace").to_owned()
}

/// Paths of the documents: those in `docs`, those for newcomers, and those of the scenario in a browser.
fn documents() -> Vec<String> {
    let inside = ["docs", "deploy/killercoda"].into_iter().flat_map(|folder| {
        let entries = fs::read_dir(root().join(folder)).expect("the folder is there");
        entries.map(move |entry| (folder, entry.expect("the folder can be read").path()))
    });
    let name = |(folder, path): (&str, PathBuf)| {
        let is_document = path.extension().is_some_and(|ending| ending == "md");
        is_document.then(|| format!("{folder}/{}", path.file_name().unwrap_or_default().to_string_lossy()))
    };
    let first = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"].map(str::to_owned);
    inside.filter_map(name).chain(first).collect()
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The section under the `##` heading that begins with these words.
fn section<'a>(document: &'a str, words: &str) -> &'a str {
    let mut parts = document.split("\n## ").skip(1);
    parts.find(|part| part.starts_with(words)).unwrap_or_else(|| panic!("there is no heading {words:?}"))
}

/// Text between backticks, outside fenced blocks.
fn code_spans(document: &str) -> Vec<&str> {
    let outside = document.split("```").step_by(2);
    outside.flat_map(|text| text.split('`').skip(1).step_by(2)).collect()
}

/// The arguments of a line or span that begins with `glyphfall`, without pipes, comments and optional parts.
fn arguments(command: &str) -> Option<&str> {
    let begins = ["glyphfall ", "cargo run --release -- ", "cargo run --release --quiet -- "];
    let rest = begins.iter().find_map(|begin| command.strip_prefix(begin))?;
    Some(rest[..rest.find(['|', '#', '>', '&', ';', '[']).unwrap_or(rest.len())].trim_end_matches([' ', '.']))
}

/// Targets of a document's links and pictures.
fn links(document: &str) -> impl Iterator<Item = &str> {
    [("](", ')'), (" src=\"", '"'), (" srcset=\"", '"')].into_iter().flat_map(move |(begins, ends)| {
        document.split(begins).skip(1).filter_map(move |rest| rest.split(ends).next())
    })
}

/// The anchors of a document's headings, as GitHub generates them.
fn anchors(document: &str) -> impl Iterator<Item = String> {
    let headings = document
        .lines()
        .filter_map(|line| line.strip_prefix('#'))
        .map(|line| line.trim_start_matches('#').trim());
    headings.map(|heading| {
        let kept = heading.chars().filter(|sign| sign.is_alphanumeric() || [' ', '-', '_'].contains(sign));
        kept.collect::<String>().to_lowercase().replace(' ', "-")
    })
}

/// The number of marks in each source below a folder, by its path from the root.
fn marks(folder: &Path, marked: &mut BTreeMap<String, usize>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            marks(&path, marked);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source is UTF-8");
            let count = text.lines().filter(|line| is_mark(line)).count();
            if count > 0 {
                let path = path.strip_prefix(root()).expect("below the root").display().to_string();
                marked.insert(path, count);
            }
        }
    }
}

/// Whether a line is a comment that begins with the mark. Text that only mentions the mark does not count.
fn is_mark(line: &str) -> bool {
    let comment = line.trim_start().strip_prefix("//");
    comment.is_some_and(|text| text.trim_start_matches('/').trim_start().starts_with(MARK))
}
