//! Environment variables of every program: an empty one counts as unset, an error names a wrong one, and an unusable token is refused with
//! a clear message.

use std::{collections::BTreeSet, net::TcpListener, process::Command};

use glyphfall_tests::process::{free_port, output, program};

/// Each program, with arguments that make it fail early: a port that is taken, or a server that does not exist.
const PROGRAMS: [(&str, &[&str], &str); 8] = [
    ("content-store", &["--bind", "{taken}", "--data", "{folder}"], "another program holds that port"),
    ("cache", &["--bind", "{taken}"], "another program holds that port"),
    ("web-front", &["--bind", "{taken}"], "another program holds that port"),
    ("content-store-postgres", &["--postgres", "postgresql://me@127.0.0.1:{nobody}/shop"], "database"),
    (
        "glyphfall",
        &["watch", "--editor-token", "any", "--room-port", "{port}"],
        "another program holds that port",
    ),
    (
        "glyphfall",
        &["room", "--room-port", "{port}", "--out", "{folder}/room"],
        "another program holds that port",
    ),
    ("glyphfall", &["up", "--room-port", "{port}"], "another program holds that port"),
    ("glyphfall", &["evidence", "logs", "--room-port", "{nobody}"], ""),
];

/// Variables that have no command-line option.
const OTHERS: [&str; 9] = [
    "OTEL_SDK_DISABLED",
    "OTEL_PROPAGATORS",
    "OTEL_METRIC_EXPORT_INTERVAL",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TIMEOUT",
    "OTEL_LOGS_EXPORTER",
    "OTEL_RESOURCE_ATTRIBUTES",
    "OTEL_SERVICE_NAME",
    "GLYPHFALL_OPERATOR_TOKEN",
];

/// The variables that a program's help names.
fn variables(name: &str, command: Option<&str>) -> BTreeSet<String> {
    let (_, help, _) = output(Command::new(program(name)).args(command).arg("--help"));
    let named = help.split("[env: ").skip(1).filter_map(|rest| rest.split(['=', ']']).next());
    named.map(str::to_owned).collect()
}

#[test]
fn an_empty_variable_is_as_if_unset() {
    let (held, folder) = (TcpListener::bind("127.0.0.1:0").unwrap(), tempfile::tempdir().unwrap());
    let taken = held.local_addr().unwrap();
    let nobody = free_port().to_string();
    let mut seen = BTreeSet::new();
    for (name, arguments, says) in PROGRAMS {
        let filled = arguments.iter().map(|argument| {
            argument
                .replace("{taken}", &taken.to_string())
                .replace("{nobody}", &nobody)
                .replace("{port}", &taken.port().to_string())
                .replace("{folder}", folder.path().to_str().unwrap())
        });
        let filled: Vec<_> = filled.collect();
        let command = (name == "glyphfall").then_some(arguments[0]);
        let variables = variables(name, command);
        let all = variables.iter().map(String::as_str).chain(OTHERS);
        let run = |blank: Option<&str>| {
            let mut command = Command::new(program(name));
            command.args(&filled).env("XDG_RUNTIME_DIR", folder.path());
            command.envs(blank.into_iter().flat_map(|blank| all.clone().map(move |name| (name, blank))));
            let (code, _, error) = output(&mut command);
            // Compare only the error lines: a new seed or token is random.
            let error: Vec<_> =
                error.lines().filter(|line| line.starts_with("error")).map(str::to_owned).collect();
            (code, error)
        };
        let unset = run(None);
        assert!(unset.0 == 2 && unset.1.concat().contains(says), "{name} {arguments:?}: {unset:?}");
        assert_eq!(run(Some("")), unset, "{name} {arguments:?}");
        assert_eq!(run(Some("  ")), unset, "{name} {arguments:?}");
        seen.extend(variables.iter().cloned());
    }
    assert!(seen.len() > 15, "the help of each program names its variables: {seen:?}");
}

#[test]
fn a_wrong_variable_is_named_and_a_secret_is_not_told() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    for (name, arguments, variable, value, says) in [
        ("cache", &[][..], "GLYPHFALL_LEVEL", "loud", "possible values"),
        ("cache", &[], "GLYPHFALL_REPAIR", "missing-health-check,all", "'all'"),
        ("cache", &[], "GLYPHFALL_BIND", "::1", "[::1]:8080"),
        ("cache", &[], "GLYPHFALL_CONTENT_STORE", "content-store", "HOST:PORT"),
        ("cache", &[], "GLYPHFALL_FILL_PERMITS", "many", "invalid"),
        ("cache", &[], "GLYPHFALL_FILL_PERMITS", "0", "1..=65536"),
        ("cache", &[], "GLYPHFALL_FILL_PERMITS", "65537", "1..=65536"),
        ("cache", &[], "GLYPHFALL_TIME_TO_LIVE_S", "0", "1.."),
        ("cache", &[], "GLYPHFALL_OPERATOR_TOKEN", "abc ", "a blank at its beginning or end"),
        ("cache", &["--operator-bind", "0.0.0.0:0"], "GLYPHFALL_OPERATOR_TOKEN", "1", "others can reach"),
        ("cache", &[], "GLYPHFALL_NOTIFICATION_TOKEN", "a\tb", "letters, digits"),
        ("cache", &[], "OTEL_PROPAGATORS", "bogus", "tracecontext"),
        ("cache", &[], "OTEL_METRIC_EXPORT_INTERVAL", "soon", "milliseconds"),
        ("cache", &[], "OTEL_SDK_DISABLED", "perhaps", "true, false"),
        (
            "content-store",
            &["--data", data],
            "GLYPHFALL_EDITOR_TOKEN",
            "abc ",
            "a blank at its beginning or end",
        ),
        (
            "content-store",
            &["--data", data, "--bind", "0.0.0.0:0"],
            "GLYPHFALL_EDITOR_TOKEN",
            "editor",
            "others can reach",
        ),
        ("web-front", &[], "GLYPHFALL_CACHE", "http://cache:8081", "HOST:PORT"),
        ("glyphfall", &["up"], "GLYPHFALL_EDITOR_TOKEN", "abc ", "a blank at its beginning or end"),
        ("glyphfall", &["up"], "GLYPHFALL_OPERATOR_TOKEN", "g\u{e9}", "letters, digits"),
        ("glyphfall", &["inject"], "GLYPHFALL_EDITOR_TOKEN", " abc", "a blank at its beginning or end"),
        ("glyphfall", &["watch"], "GLYPHFALL_EDITOR_TOKEN", "abc ", "a blank at its beginning or end"),
        ("glyphfall", &["room", "--out", data], "GLYPHFALL_FACILITATOR_TOKEN", "1", "others can reach"),
        (
            "glyphfall",
            &["room", "--out", data],
            "GLYPHFALL_FACILITATOR_TOKEN",
            "abc ",
            "a blank at its beginning or end",
        ),
        ("glyphfall", &["tokens"], "GLYPHFALL_OPERATOR_TOKEN", "abc ", "a blank at its beginning or end"),
    ] {
        let mut command = Command::new(program(name));
        command
            .args(arguments)
            .env("GLYPHFALL_TOKENS", data)
            .env("XDG_RUNTIME_DIR", data)
            .env(variable, value);
        let (code, _, error) = output(&mut command);
        let is_named = error.starts_with(&format!("error: {variable}"));
        assert!(code == 2 && is_named && error.contains(says), "{name} {variable}={value:?}: {code} {error}");
        assert!(
            !variable.ends_with("TOKEN") || !error.contains(&format!("'{value}'")),
            "a secret is told: {error}"
        );
    }
    // The error names the option if the value came from it.
    let (code, _, error) =
        output(Command::new(program("cache")).args(["--level", "loud"]).env("GLYPHFALL_LEVEL", "dark"));
    assert!(code == 2 && error.contains("'loud' for '--level"), "{error}");
    let (code, _, error) = output(Command::new(program("cache")).args(["--operator-token", "abc "]));
    assert!(
        code == 2 && error.starts_with("error: --operator-token: ") && !error.contains("'abc '"),
        "{error}"
    );
}

/// Commands of `glyphfall` that take a secret.
const SECRETIVE: [&str; 9] =
    ["agent", "room", "watch", "inject", "restore", "restart", "roll-back", "repair", "verify"];

#[test]
fn whoever_may_give_a_secret_on_the_command_line_is_told_who_sees_it() {
    let services = ["content-store", "content-store-postgres", "cache", "web-front"].map(|name| (name, None));
    let commands = SECRETIVE.map(|command| ("glyphfall", Some(command)));
    let mut secrets = 0;
    for (name, command) in services.into_iter().chain(commands) {
        let (_, help, _) = output(Command::new(program(name)).args(command).arg("--help"));
        let mut options =
            help.split("\n      --").map(|option| option.split_whitespace().collect::<Vec<_>>().join(" "));
        let is_secret = |option: &String| {
            let name = option.split_whitespace().next().unwrap_or_default();
            name.ends_with("token") || name == "postgres"
        };
        for option in options.by_ref().filter(is_secret) {
            secrets += 1;
            assert!(option.contains("the list of processes shows"), "{name} {command:?}: {option}");
            assert!(option.contains("[env: "), "{name} {command:?}: {option}");
        }
    }
    assert!(secrets >= 20, "too few were found: {secrets}");
}
