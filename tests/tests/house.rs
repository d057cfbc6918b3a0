//! The rules of the house, as far as a program can check them.
//!
//! An unchecked rule is only a wish: documents drift from the code, and crates gain dependencies on each other. Each test here reads the
//! sources as text, or the members from `cargo metadata`, and reports which file breaks which rule. No test counts lines: files are split
//! or joined by meaning.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use cargo_metadata::{Metadata, MetadataCommand, Package};

/// Allowed dependencies by folder name. Dependencies of tests and build scripts count too, so that each crate can be tested alone. A member
/// without a row fails; a row may exist before its crate. `tests` and `xtask` may depend on anything, and nothing may depend on them.
const ALLOWED_EDGES: [(&str, &[&str]); 18] = [
    ("words", &[]),
    ("chassis", &["words"]),
    ("content-store", &["chassis", "words"]),
    ("content-store-postgres", &["content-store", "chassis"]),
    ("cache", &["chassis", "words"]),
    ("web-front", &["chassis", "words"]),
    ("incident", &["words"]),
    ("lint", &["content-store"]),
    ("evidence", &[]),
    ("diagnosis", &["evidence", "incident"]),
    ("report", &["incident"]),
    ("debrief", &["report", "incident"]),
    ("world", &["chassis", "content-store", "cache", "web-front", "incident", "evidence", "diagnosis"]),
    ("faults", &["world", "incident", "diagnosis", "chassis", "content-store", "cache", "web-front"]),
    ("experiment", &["world", "report", "incident", "evidence", "diagnosis", "chassis"]),
    ("room", &["experiment", "report", "world", "incident", "evidence", "diagnosis", "debrief", "chassis"]),
    ("agent", &["room", "experiment", "report", "world", "incident", "evidence", "diagnosis", "chassis"]),
    (
        "cli",
        &[
            "agent",
            "room",
            "experiment",
            "report",
            "world",
            "incident",
            "evidence",
            "diagnosis",
            "debrief",
            "lint",
            "chassis",
        ],
    ),
];

/// Fewer paths than this do not map the repository.
const DOCUMENT_PATHS_MIN: usize = 10;

#[test]
fn every_path_that_the_architecture_names_exists() {
    let document = architecture();
    let paths: BTreeSet<_> =
        code_spans(&document).into_iter().filter(|span| looks_like_a_path(span)).collect();
    assert!(paths.len() >= DOCUMENT_PATHS_MIN, "ARCHITECTURE.md names too few paths: {paths:?}");
    let gone: Vec<_> = paths.into_iter().filter(|path| !root().join(path).exists()).collect();
    assert!(gone.is_empty(), "ARCHITECTURE.md names what does not exist: {gone:?}");
}

#[test]
fn the_code_map_names_every_member() {
    let document = architecture();
    let map = section(&document, "code map").expect("ARCHITECTURE.md has a heading `## Code map`");
    let named: BTreeSet<_> = code_spans(map).into_iter().map(|span| span.trim_end_matches('/')).collect();
    let missing: Vec<_> = members().into_values().filter(|folder| !named.contains(folder.as_str())).collect();
    assert!(missing.is_empty(), "the code map of ARCHITECTURE.md does not name {missing:?}");
}

#[test]
fn every_edge_between_crates_is_allowed() {
    let allowed = BTreeMap::from(ALLOWED_EDGES);
    let mut wrong = Vec::new();
    for (name, edges) in edges().iter().filter(|(name, _)| !["tests", "xtask"].contains(&name.as_str())) {
        match allowed.get(name.as_str()) {
            None => wrong.push(format!("{name} has no row")),
            Some(row) => {
                let others = edges.iter().filter(|edge| !row.contains(&edge.as_str()));
                wrong.extend(others.map(|edge| format!("{name} > {edge}")));
            }
        }
    }
    assert!(wrong.is_empty(), "not allowed between crates: {wrong:?}");
}

/// The table above is easy to edit in passing. These lines hold the rules that no edit may break.
#[test]
fn what_must_not_see_each_other_does_not() {
    let edges = edges();
    for (name, folder) in members() {
        let reached = reached_from(&name, &edges);
        let mut allowed = reached.clone();
        match (folder.as_str(), name.as_str()) {
            // Every crate may use the words, which use nothing.
            (_, "words") => allowed.clear(),
            // A leaf depends on no other member: not the chassis on a service, not the record on a world.
            (_, "chassis" | "incident") => allowed.retain(|other| other == "words"),
            // An alternative storage depends on its service.
            (_, "content-store-postgres") => {
                allowed.retain(|other| ["content-store", "chassis", "words"].contains(&other.as_str()));
            }
            // A service depends neither on the harness nor on the other services.
            (folder, _) if folder.starts_with("services/") => {
                allowed.retain(|other| ["chassis", "words"].contains(&other.as_str()));
            }
            // A responder that cannot see the world cannot read the truth.
            (_, "diagnosis") => allowed.retain(|other| other != "world"),
            _ => {}
        }
        let hidden: Vec<_> = reached.difference(&allowed).collect();
        assert!(hidden.is_empty(), "{name} must not reach {hidden:?}");
    }
}

/// Imports between the command line's modules form no cycle, so that a reader can understand a command without its callers.
#[test]
fn no_modules_of_the_command_line_import_each_other_in_a_circle() {
    let root = root().join("harness/cli/src");
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in rust_files(&root) {
        let name = module_of(&root, &file);
        imports
            .entry(name.clone())
            .or_default()
            .extend(imported(&read(&file)).filter(|other| *other != name));
    }
    assert!(imports["up"].contains("welcome"), "imports are read: {:?}", imports["up"]);
    let all: BTreeSet<String> = imports.keys().cloned().collect();
    let unknown: Vec<_> = imports.values().flatten().filter(|name| !all.contains(*name)).collect();
    assert!(unknown.is_empty(), "main.rs holds nothing that others import: {unknown:?}");
    let circular: Vec<_> =
        all.iter().filter(|name| reached_from(name, &imports).contains(name.as_str())).collect();
    assert!(circular.is_empty(), "these import each other in a circle: {circular:?}");
}

/// The exports in the chassis's `lib.rs` are for services. Its own modules import from the defining file.
#[test]
fn no_module_of_the_chassis_imports_from_its_root() {
    let root = root().join("services/chassis/src");
    let modules: BTreeSet<String> = rust_files(&root).iter().map(|file| module_of(&root, file)).collect();
    let mut upwards = Vec::new();
    for file in rust_files(&root) {
        let names = imported(&read(&file)).filter(|name| !modules.contains(name));
        upwards.extend(names.map(|name| format!("{} imports {name}", file.display())));
    }
    assert!(upwards.is_empty(), "{upwards:?}");
}

#[test]
fn imports_are_read_as_the_compiler_reads_them() {
    let check = |source: &str, expected: &[&str]| assert_eq!(imported(source).collect::<Vec<_>>(), expected);
    check("use crate::stop;\nuse std::io;", &["stop"]);
    check("use crate::{\n    a::{b, c},\n    d,\n    e::{self, f::{g}},\n};", &["a", "d", "e"]);
    check("fn f() { crate::work::stalled() } // crate::not_this", &["work"]);
    check("/// See crate::neither.\npub(crate) fn f() {}", &[]);
}

#[test]
fn every_member_inherits_the_lints() {
    for folder in members().values() {
        let manifest = read(&root().join(folder).join("Cargo.toml"));
        assert!(manifest.contains("[lints]\nworkspace = true\n"), "{folder} does not inherit the lints");
    }
}

/// Targets without tests are excluded from test builds. A target that gains a test must be included.
#[test]
fn what_is_not_built_as_tests_has_none() {
    let mut left_out = 0;
    for package in metadata().packages {
        for target in
            package.targets.iter().filter(|target| !target.test && (target.is_lib() || target.is_bin()))
        {
            left_out += 1;
            let source = target.src_path.as_std_path();
            let files = if target.is_lib() {
                rust_files(source.parent().expect("a file lies in a folder"))
            } else {
                vec![source.to_owned()]
            };
            for file in files {
                let text = read(&file);
                let has_one = text.lines().any(|line| {
                    ["#[test]", "#[tokio::test"].iter().any(|mark| line.trim().starts_with(mark))
                });
                assert!(!has_one, "{} has a test: take 'test = false' out of its Cargo.toml", file.display());
            }
        }
    }
    assert!(left_out > 0, "some targets are left out");
}

#[test]
fn every_file_says_what_it_is_for() {
    let files = rust_files(&root());
    assert!(!files.is_empty(), "no source was found");
    let mut wrong = Vec::new();
    for file in files {
        let text = read(&file);
        if !text.starts_with("//! ") {
            wrong.push(format!("{} does not open with `//!`", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Running examples in comments would require a documentation build of every crate, so examples are programs in `examples/`.
#[test]
fn code_in_comments_is_a_drawing() {
    let mut examples = Vec::new();
    for file in rust_files(&root()) {
        let text = read(&file);
        let comments = text.lines().map(str::trim_start).filter(|line| line.starts_with("//"));
        let fences = comments.filter_map(|line| line.split_once("```")).map(|(_, language)| language);
        let opening = fences.step_by(2).filter(|language| *language != "text");
        examples.extend(opening.map(|language| format!("{}: {language:?}", file.display())));
    }
    assert!(examples.is_empty(), "put these into `examples/`, or mark them `text`: {examples:?}");
}

/// A terminal must not obey text from outside, and a failed write is an error. One file ensures both.
#[test]
fn the_command_line_prints_in_one_place() {
    let folder = root().join("harness/cli/src");
    let mut wrong = Vec::new();
    for file in rust_files(&folder).iter().filter(|file| !file.ends_with("output.rs")) {
        let text = read(file);
        let ways = ["println!(", "print!(", "io::stdout()", "io::stderr()"];
        wrong.extend(
            ways.iter()
                .filter(|way| text.contains(**way))
                .map(|way| format!("{} uses {way}", file.display())),
        );
    }
    assert!(wrong.is_empty(), "print through harness/cli/src/output.rs: {wrong:?}");
}

#[test]
fn paths_are_told_from_other_code() {
    fn check(document: &str, expected: &[&str]) {
        let paths: Vec<_> = code_spans(document).into_iter().filter(|span| looks_like_a_path(span)).collect();
        assert_eq!(paths, expected, "{document}");
    }
    check("the `xtask/src/main.rs` and `README.md`", &["xtask/src/main.rs", "README.md"]);
    check("`services/cache/` holds `moka`", &["services/cache/"]);
    check("run `cargo xtask test`, open `/editor` or `http://localhost/`", &[]);
    check("as `application/problem+json`, `MIT/*`, `PUT /assets/<id>`", &[]);
    check("```text\n`no/path` in a drawing\n```\nbut `one/here`", &["one/here"]);
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests is a folder of the workspace").to_owned()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn architecture() -> String {
    read(&root().join("ARCHITECTURE.md"))
}

fn metadata() -> Metadata {
    MetadataCommand::new().current_dir(root()).no_deps().exec().expect("the workspace can be read")
}

/// A crate's name without the product's prefix.
fn short(name: &str) -> &str {
    name.strip_prefix("glyphfall-").unwrap_or(name)
}

/// The folder of each member, from the root, by short name.
fn members() -> BTreeMap<String, String> {
    let metadata = metadata();
    let entry = |package: &Package| {
        let manifest = package.manifest_path.strip_prefix(&metadata.workspace_root).expect("a member");
        let folder = manifest.parent().expect("a manifest stands in a folder");
        (short(&package.name).to_owned(), folder.to_string())
    };
    metadata.packages.iter().map(entry).collect()
}

/// The dependencies among members, of any kind.
fn edges() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = metadata();
    let ours = |package: &Package| {
        let paths = package.dependencies.iter().filter(|dependency| dependency.path.is_some());
        paths.map(|dependency| short(&dependency.name).to_owned()).collect()
    };
    metadata.packages.iter().map(|package| (short(&package.name).to_owned(), ours(package))).collect()
}

/// The module of a file: the first folder or file below the crate's root.
fn module_of(root: &Path, file: &Path) -> String {
    let below = file.strip_prefix(root).expect("the file lies there");
    let first = below.components().next().expect("it has a name");
    first.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()
}

/// The modules that a source imports from its crate's root: `a` and `d` of `use crate::{a::{b, c}, d}`, and `a` of `crate::a::b()`.
fn imported(source: &str) -> impl Iterator<Item = String> + use<> {
    let code = source.lines().map(|line| line.split("//").next().unwrap_or_default());
    let code = code.collect::<Vec<_>>().join("\n");
    let mut names = Vec::new();
    for after in code.split("crate::").skip(1) {
        let Some(list) = after.strip_prefix('{') else {
            names.push(first_name(after));
            continue;
        };
        let (mut depth, mut is_start) = (0, true);
        for (place, letter) in list.char_indices() {
            match letter {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => is_start = true,
                letter if is_start && !letter.is_whitespace() => {
                    names.push(first_name(&list[place..]));
                    is_start = false;
                }
                _ => {}
            }
        }
    }
    names.into_iter()
}

fn first_name(code: &str) -> String {
    code.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

fn reached_from(name: &str, edges: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut open = vec![name];
    while let Some(next) = open.pop() {
        open.extend(edges[next].iter().filter(|other| reached.insert((*other).clone())).map(String::as_str));
    }
    reached
}

/// Every Rust source below a folder, except cargo's build output.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.expect("the folder can be read").path();
        let name = path.file_name().expect("an entry has a name").to_string_lossy();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            files.extend(rust_files(&path));
        } else if name.ends_with(".rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Text between backticks, outside fenced blocks.
fn code_spans(document: &str) -> Vec<&str> {
    let outside = document.split("```").step_by(2);
    outside.flat_map(|text| text.split('`').skip(1).step_by(2)).collect()
}

/// Excludes other code spans: a route begins with a slash, a command contains a space, a pattern contains special characters.
fn looks_like_a_path(span: &str) -> bool {
    let is_other = span.starts_with('/')
        || span.starts_with("application/")
        || span.starts_with("text/")
        || span.contains(|sign: char| sign.is_whitespace() || "<>*{}:=".contains(sign));
    let has_ending = [".rs", ".md", ".toml", ".yml"].iter().any(|ending| span.ends_with(ending));
    !is_other && (span.contains('/') || has_ending)
}

/// The section under the `##` heading that contains these words, including smaller headings.
fn section<'a>(document: &'a str, words: &str) -> Option<&'a str> {
    let mut parts = document.split("\n## ").skip(1);
    parts.find(|part| part.lines().next().is_some_and(|heading| heading.to_lowercase().contains(words)))
}
