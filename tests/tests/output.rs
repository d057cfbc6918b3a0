//! The command line's output on a terminal, in a pipe without a reader, on a full disk, and when the program is told to stop. The tests run
//! real processes; each table has a row for each command.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::{
    fs::{self, File, OpenOptions},
    io::{BufRead, BufReader, Read},
    os::unix::process::ExitStatusExt,
    process::{Command, Stdio},
    time::Duration,
};

use glyphfall_tests::{
    listener::{Evidence, silent_shop, speaking_shop},
    process::{output, program},
    running::Running,
    up::Ports,
};
use tokio::time::Instant;

/// Timeout for refusing a folder, long before the command could have done its work.
const AT_THE_START: Duration = Duration::from_secs(5);

/// Timeout for a stopped command to end, or to say what it waits for.
const STOPS_WITHIN: Duration = Duration::from_secs(2);

/// Timeout for a command to start, or to finish what it waits for, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(180);

fn glyphfall(arguments: &[&str]) -> Command {
    let mut command = Command::new(program("glyphfall"));
    command.args(arguments);
    command
}

/// Checks that the text has no control sequence that a terminal obeys, and no forged line.
fn assert_harmless(what: &str, printed: &str) {
    let is_harmful = |c: &char| {
        (c.is_control() && *c != '\n')
            || matches!(c, '\u{200b}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let harmful: Vec<char> = printed.chars().filter(is_harmful).collect();
    assert!(harmful.is_empty(), "{what}: {harmful:?} in {printed}");
    assert!(!printed.lines().any(|line| line.starts_with("forged")), "{what}: {printed}");
}

/// Hostile text, as it may come from telemetry, error answers, files and the command line.
const HOSTILE: &str = "zz \u{1b}[2J\u{1b}]0;t\u{7}\u{9b}31mred\u{202e}der\u{7f}\rx\nforged line";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_from_outside_is_obeyed_by_a_terminal() {
    let store = Evidence::start().await;
    store.fill(HOSTILE).await;
    let port = store.port.to_string();
    let id = "0123456789abcdef0123456789abcdef";
    let folder = tempfile::tempdir().unwrap();
    let shop = speaking_shop(HOSTILE).await.to_string();
    let record = folder.path().join("record.json");
    fs::write(&record, "{\"schema\": \"zz \\u001b[2J\\nforged\"}").unwrap();
    let scenario = folder.path().join("mine.toml");
    let story = include_str!("../../harness/world/scenarios/special-character.toml");
    let title = "title = \"zz \\u001b[2J\\u0007\\u202e\\nforged title\"\n";
    fs::write(&scenario, story.replacen("title = ", &format!("{title}#"), 1)).unwrap();
    let missing = folder.path().join(HOSTILE.replace('/', "_"));
    let (record, scenario, missing) =
        (record.to_str().unwrap(), scenario.to_str().unwrap(), missing.to_str().unwrap());
    let out = folder.path().to_str().unwrap();
    for (arguments, shows) in [
        (&["evidence", "logs", "--room-port", &port][..], "\\u001b[2J"),
        (&["evidence", "logs", "--format", "json", "--room-port", &port], "\\u001b[2J"),
        (&["evidence", "metrics", "--room-port", &port], "\\u001b[2J"),
        (&["evidence", "metrics", HOSTILE, "--room-port", &port], "\\u001b[2J"),
        (&["evidence", "metrics", "--format", "json", "--room-port", &port], "\\u001b[2J"),
        (&["evidence", "metrics", "\u{1b}[2J", "--room-port", &port], "\\u001b[2J"),
        (&["evidence", "traces", "--room-port", &port], "\\u001b[2J"),
        (&["evidence", "traces", id, "--room-port", &port], "[2J"),
        (&["evidence", "traces", id, "--format", "json", "--room-port", &port], "\\u009b"),
        (&["evidence", "changes", "--room-port", &port], "\\u001b[2J"),
        (&["evidence", "logs", "--room-port", &shop], "\\u001b[2J"),
        (&["inject", "--editor-token", "x", "--content-store-port", &shop], "\\u001b[2J"),
        (
            &["verify", "--editor-token", "x", "--content-store-port", &shop, "--cache-port", &shop],
            "answered",
        ),
        (&["debrief", record, "--out", out], "\\u{1b}[2J"),
        (&["debrief", missing, "--out", out], "\\u001b[2J"),
        (&["debrief", record, "--out", "/proc/\u{1b}[2J"], "\\u001b[2J"),
        (&["scenarios", scenario], "\\u001b[2J"),
        (&["scenarios", scenario, "--format", "json"], "\\u001b[2J"),
        (&["scenarios", HOSTILE], "\\u001b[2J"),
        (&["characters", HOSTILE], "\\u001b[2J"),
        (&["play", HOSTILE], "\\u001b[2J"),
        (&["--level", HOSTILE], "\\u001b[2J"),
        (&["play", "--seed", HOSTILE], "\\u001b[2J"),
    ] {
        let (_, told, error) = output(&mut glyphfall(arguments));
        let printed = format!("{told}{error}");
        assert_harmless(&format!("{arguments:?}"), &printed);
        assert!(printed.contains(shows), "{arguments:?}: {printed}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_told_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("record.json");
    let in_the_way = folder.path().join("special-character-7.html");
    fs::create_dir(&in_the_way).unwrap();
    let (record, out) = (record.to_str().unwrap(), folder.path().to_str().unwrap());
    for arguments in [
        &["--out", "/proc/none"][..],
        &["demo", "--out", "/dev/null"],
        &["play", "--out", "/proc/none"],
        &["play", "special-character", "--seed", "7", "--out", out],
        &["chain", "--out", "/proc/none"],
        &["compare", "--quick", "--out", "/proc/none"],
        &["debrief", record, "--out", "/proc/none"],
        &["train", "--out", "/proc/none/experience.json"],
        &["year", "--out", "/proc/none"],
        &["year", "--measure", "/proc/none/outcomes.json"],
        &["room", "--room-port", "0", "--out", "/proc/none"],
    ] {
        let began = Instant::now();
        let (code, told, error) = output(&mut glyphfall(arguments));
        assert!(code == 2 && error.contains("cannot write"), "{arguments:?}: {code} {error}");
        assert!(error.contains("choose another folder with --out"), "{arguments:?}: {error}");
        assert!(began.elapsed() < AT_THE_START, "{arguments:?}: {:?}", began.elapsed());
        assert!(!told.contains("served"), "{arguments:?}: {told}");
    }
}

/// Commands that print much or little, early or late.
const PRINTING: [&[&str]; 11] = [
    &["--help"],
    &["completions", "zsh"],
    &["man"],
    &["--version"],
    &["evidence", "--help"],
    &["scenarios"],
    &["scenarios", "special-character"],
    &["scenarios", "--format", "json"],
    &["characters", "vertical tab"],
    &["play", "special-character", "--seed", "7", "--until", "07:50"],
    &["play", "special-character", "--seed", "7", "--until", "07:50", "--format", "json"],
];

#[test]
fn output_that_cannot_be_written_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in PRINTING {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = glyphfall(arguments);
        let ended = command.current_dir(folder.path()).stdout(full).stderr(Stdio::piped()).output().unwrap();
        let error = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains("standard output cannot be written"), "{arguments:?}: {error}");
    }
}

#[test]
fn a_reader_who_goes_away_ends_a_program_quietly() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in PRINTING {
        let mut command = glyphfall(arguments);
        command.current_dir(folder.path()).stdin(Stdio::null());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut error = String::new();
        child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
        let status = child.wait().unwrap();
        assert_eq!((status.code(), status.signal()), (Some(0), None), "{arguments:?}: {error}");
        assert!(!error.contains("error") && !error.contains("panicked"), "{arguments:?}: {error}");
    }
}

#[tokio::test]
async fn a_shop_closes_when_nobody_reads_what_it_says_and_leaves_no_token() {
    let (folder, ports) = (tempfile::tempdir().unwrap(), Ports::free());
    let mut command = glyphfall(&["up"]);
    command.args(ports.options()).args(ports.doors()).env("XDG_RUNTIME_DIR", folder.path());
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.contains("The shop is open"), "{first}");
    let mut running = Running::of(child, &folder);
    assert_eq!(running.exit_code(PATIENCE).await, Some(0));
    let left = folder.path().join("glyphfall");
    assert_eq!(fs::read_dir(left).map_or(0, Iterator::count), 0, "no token is left behind");
}

/// A command's reaction to Ctrl-C: its arguments, a text that it prints while at work, its exit code, and its last words.
struct Broken<'a>(&'a [&'a str], &'a str, i32, &'a str);

fn words(all: &[String]) -> Vec<&str> {
    all.iter().map(String::as_str).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_ends_every_command_in_the_same_way() {
    let (store, silent) = (Evidence::start().await, silent_shop().await);
    // Operator ports are consecutive, and commands call the second one first. Start them one lower, so that the silent server is that
    // second one.
    let (silent, before) = (silent.to_string(), (silent - 1).to_string());
    store.fill("an ordinary text").await;
    let (port, ports) = (store.port.to_string(), Ports::free());
    let nobody = format!("127.0.0.1:{silent}");
    let (shop, doors) = (ports.options(), ports.doors());
    let with = |arguments: &[&'static str], options: &[&[String]]| -> Vec<String> {
        let given = arguments.iter().map(|argument| (*argument).to_owned());
        given.chain(options.concat()).collect()
    };
    let demo = with(&["--seed", "7"], &[&shop]);
    let up = with(&["up"], &[&shop, &doors]);
    let watch = with(&["watch", "--editor-token", "x"], &[&doors, &["--web-front".to_owned(), nobody]]);
    for Broken(arguments, begun, code, says) in [
        Broken(&words(&demo), "The shop is open", 130, "Partial record"),
        Broken(&["play", "slow-disk", "--seed", "7", "--views", "60"], "virtual time", 130, "Partial record"),
        Broken(&["play", "--views", "60", "--format", "json"], "virtual time", 130, "\"complete\": false"),
        Broken(&["chain", "--seeds", "9"], "virtual time", 130, "PARTIAL"),
        Broken(&["compare", "--quick"], "virtual time", 130, "no scenario was complete"),
        Broken(&["train"], "", 130, "nothing was written"),
        Broken(&["year", "--seeds", "1000"], "simulated years", 130, "nothing was written"),
        Broken(&["characters"], "", 130, "PARTIAL"),
        Broken(&["inject", "--editor-token", "x", "--content-store-port", &silent], "", 130, "broken off"),
        Broken(&["restore", "--operator-token", "x", "--operator-port", &before], "", 130, "broken off"),
        Broken(&["evidence", "logs", "--room-port", &silent], "", 130, "broken off"),
        Broken(&["evidence", "logs", "--follow", "--room-port", &port], "an ordinary text", 0, ""),
        Broken(&["evidence", "metrics", "visits", "--follow", "--room-port", &port], "7.000", 0, ""),
        Broken(&["evidence", "alerts", "--follow", "--room-port", &port], "fast-burn", 0, ""),
        Broken(&words(&up), "The shop is open", 0, "Record:"),
        Broken(&words(&watch), "waiting for the shop", 0, ""),
        Broken(&["room", "--room-port", "0"], "incident room is open", 0, "Closed"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = glyphfall(arguments);
        command.current_dir(folder.path()).env("XDG_RUNTIME_DIR", folder.path());
        let mut running = Running::start(&mut command, &folder);
        running.until_said(begun, PATIENCE).await;
        running.until_it_catches_signals(PATIENCE).await;
        running.signal("INT");
        let what_it_waits_for = running.ended_or_said("stopping: ", STOPS_WITHIN).await;
        assert!(what_it_waits_for, "{arguments:?}: {}", running.said());
        let ended = running.exit_code(PATIENCE).await;
        assert_eq!(ended, Some(code), "{arguments:?}: {}", running.said());
        assert!(running.said().contains(says), "{arguments:?}: {}", running.said());
        assert_eq!(running.said().contains("broken off"), code == 130, "{arguments:?}: {}", running.said());
    }
}

/// Runs a command in a pseudo-terminal with `columns` columns, and returns all its output.
fn on_a_terminal(columns: usize, terminal: &str, arguments: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let written = folder.path().join("written");
    let inside = format!("stty cols {columns} rows 50; exec {} {arguments}", program("glyphfall").display());
    let mut script = Command::new("script");
    script.args(["-qec", &inside]).arg(&written).env("TERM", terminal).current_dir(folder.path());
    // With `CI` set, colours are forced on, and their codes would count as letters.
    script.env_remove("CI");
    let ran = script.stdin(File::open("/dev/null").unwrap()).stdout(Stdio::null()).status().unwrap();
    assert!(ran.success(), "{arguments}: {ran}");
    let text = String::from_utf8(fs::read(written).unwrap()).unwrap();
    let own = |line: &&str| !line.starts_with("Script ");
    text.replace("\r\n", "\n").lines().filter(own).collect::<Vec<_>>().join("\n")
}

#[test]
fn prose_is_wrapped_to_the_width_of_the_terminal() {
    let play = "play special-character --seed 7 --until 08:20";
    for (columns, arguments, widest) in [
        (60, "scenarios special-character", 60),
        (60, "--help", 60),
        (60, play, 60),
        (80, "scenarios special-character", 80),
        (200, "scenarios special-character", 80),
        (200, "evidence --help", 80),
    ] {
        let told = on_a_terminal(columns, "dumb", arguments);
        let is_folder = |line: &&str| line.contains('/');
        let widths = told.lines().filter(|line| !is_folder(line)).map(|line| line.chars().count());
        let width = widths.max().unwrap_or_default();
        assert!(width <= widest && width > widest / 2, "{columns} {arguments}: {width} in {told}");
    }
}

#[tokio::test]
async fn long_work_tells_its_progress_in_plain_lines_where_nothing_can_be_drawn() {
    // This run takes far longer than the test watches it.
    let long = ["play", "special-character", "--seed", "7", "--views", "60"];
    for (terminal, tells) in [("dumb", true), ("xterm", false)] {
        let folder = tempfile::tempdir().unwrap();
        let inside = format!("exec {} {}", program("glyphfall").display(), long.join(" "));
        let mut script = Command::new("script");
        script.args(["-qfec", &inside, "/dev/null"]).env("TERM", terminal).current_dir(folder.path());
        let running = Running::start(&mut script, &folder);
        running.until_said(if tells { "playing the morning, 2 s so far" } else { "\u{1b}[" }, PATIENCE).await;
        assert_eq!(running.said().contains("so far"), tells, "{terminal}: {}", running.said());
        if tells {
            assert_harmless(terminal, &running.said().replace("\r\n", "\n"));
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(glyphfall(&long).current_dir(folder.path()), &folder);
    running.until_said("2 s so far", PATIENCE).await;
    assert_eq!(running.said().lines().count(), 2, "a line now and then: {}", running.said());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn evidence_says_what_there_is() {
    let (store, empty) = (Evidence::start().await, Evidence::start().await);
    store.fill("an ordinary text").await;
    let check = |store: &Evidence, arguments: &[&str], expected_code: i32, expected: &str| {
        let port = store.port.to_string();
        let (code, told, error) =
            output(glyphfall(&["evidence"]).args(arguments).args(["--room-port", &port]));
        let printed = format!("{told}{error}");
        assert!(printed.contains(expected), "{arguments:?}: {printed}");
        assert_eq!(code, expected_code, "{arguments:?}: {printed}");
    };
    let unknown = "fedcba9876543210fedcba9876543210";
    check(&store, &["metrics", "duration"], 0, "count 80  sum 12.500 s  p50 0.100 s  p90 0.");
    check(&store, &["metrics", "visits"], 0, "7.000 {visit}  ");
    check(&store, &["metrics", "visit"], 2, "there is no metric 'visit'; did you mean 'visits'?");
    check(
        &store,
        &["metrics", "zz"],
        2,
        "there is no metric 'zz'; there are: an ordinary text, duration, visits",
    );
    check(&store, &["metrics", "--service", "web-fornt"], 2, "did you mean 'web-front'?");
    check(&store, &["metrics", "--follow"], 2, "--follow needs a metric's name");
    check(&store, &["logs", "--service", "cachee"], 2, "there is no service 'cachee'; there are: web-front");
    check(&store, &["logs", "nobody wrote this"], 0, "No log line like this. There are others");
    check(&store, &["traces", "faild"], 2, "did you mean 'failed'?");
    check(&store, &["traces", "an ordinary tex"], 2, "did you mean 'an ordinary text'?");
    check(&store, &["traces", "failed"], 0, "No trace that failed. There are others");
    check(&store, &["traces", unknown], 2, "there are: 0123456789abcdef0123456789abcdef");
    check(&store, &["traces", &unknown[..20]], 2, "has 32 hexadecimal digits, and this has 20");
    check(&store, &["traces", "--follow"], 2, "a trace arrives complete");
    check(&store, &["alerts"], 0, "fast-burn  page   never fired; burn rate ");
    check(&empty, &["traces", "failed"], 0, "No traces. Services send them at the level 'traces' and above");
    check(&empty, &["metrics", "visits"], 2, "no metric is known yet");
    check(&empty, &["logs"], 0, "No log lines. They appear as services write them.");
    check(&empty, &["alert"], 2, "similar value exists: 'alerts'");
}

#[test]
fn a_list_of_repairs_may_have_commas() {
    let repaired = ["play", "--seed", "7", "--until", "07:50", "--format", "json", "--repair"];
    let folder = tempfile::tempdir().unwrap();
    let (code, told, error) =
        output(glyphfall(&repaired).arg("invalid-rendering,poor-error-handling").current_dir(folder.path()));
    assert_eq!(code, 0, "{error}");
    let record: serde_json::Value = serde_json::from_str(&told).unwrap();
    let present = serde_json::json!(["missing-health-check", "inadequate-telemetry"]);
    assert_eq!(record["faults_present"], present);
}
