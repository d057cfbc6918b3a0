//! The story in containers: the real compose file on a real engine, and its security settings. Without an engine, the files are only read.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::{collections::BTreeSet, fs, process::Command, time::Duration};

use bytes::Bytes;
use chassis::{Peer, Wait};
use glyphfall_tests::{
    compose::{Project, compose, compose_2, docker, no_engine},
    process::{output, program, root, until_listening},
    room::Client,
    stage::{BANNER, VERTICAL_TAB},
    up::peer,
};
use http::{Request, StatusCode};
use serde_json::Value;
use serde_yaml_ng::Value as Yaml;
use tokio::time::{sleep, timeout};

const WAIT: Duration = Duration::from_secs(60);

/// The project's services, except the cache, which has no health check.
const CHECKED: [&str; 3] = ["content-store", "web-front", "harness"];

/// Nearly all visits: a few that were served before may still be counted.
const NEARLY_ALL: f64 = 0.95;

#[tokio::test(flavor = "multi_thread")]
async fn in_containers_only_roll_back_and_restart_together_restore() {
    if let Some(reason) = no_engine() {
        eprintln!("NOT RUN: no container engine answers ({reason})");
        return;
    }
    let project = Project::new();
    project.compose(&["up", "-d"]);
    project.until_open().await;
    for service in CHECKED {
        let is_healthy = async {
            while project.health(service) != "healthy" {
                sleep(Duration::from_millis(200)).await;
            }
        };
        timeout(WAIT, is_healthy).await.unwrap_or_else(|_| panic!("{service} becomes healthy"));
    }
    nothing_is_reachable_from_outside(&project);
    project.until_failed(|share| share == 0.0).await;

    let (editor_token, operator_token) = project.tokens();
    let store = peer(project.ports.store);
    let change = async |request: http::request::Builder, body: &'static str| {
        let request = request.header("authorization", format!("Bearer {editor_token}"));
        let answer =
            store.send(request.body(Bytes::from_static(body.as_bytes())).unwrap(), Wait::AtMost(WAIT)).await;
        assert!(answer.unwrap().status.is_success());
    };
    change(Request::put(format!("/assets/{BANNER}")), VERTICAL_TAB).await;
    project.until_failed(|share| share >= NEARLY_ALL).await;
    for service in CHECKED {
        assert_eq!(project.health(service), "healthy", "{service} in the outage");
    }
    project.kill_and_start("cache");
    project.until_failed(|share| share < NEARLY_ALL).await;
    project.until_failed(|share| share >= NEARLY_ALL).await;
    change(Request::post(format!("/assets/{BANNER}/rollback")), "").await;
    assert!(project.failed_share().await >= NEARLY_ALL, "a roll back alone restores");
    project.kill_and_start("cache");
    project.until_failed(|share| share == 0.0).await;

    the_command_line_reaches_the_containers(&project, &store, [&editor_token, &operator_token]).await;
    a_session_runs_in_a_container_and_outlives_it(&project).await;
    assert!(!project.remains().is_empty());
    project.compose(&["--profile", "room", "down", "-v"]);
    assert_eq!(project.remains(), [""; 0], "down -v leaves nothing");
}

/// Checks that a container can host a training session, and that the session outlives it.
async fn a_session_runs_in_a_container_and_outlives_it(project: &Project) {
    project.compose(&["--profile", "room", "up", "-d", "room"]);
    let (port, token) = project.session.clone();
    until_listening(port).await;
    let desk = Client::at(port, Some(token));
    desk.until_open("/api/desk").await;
    desk.post("/api/desk/start", &Value::Null).await;
    let code = desk.get("/api/desk").await["code"].clone();
    project.kill_and_start("room");
    until_listening(port).await;
    desk.until_open("/api/desk").await;
    let after = desk.get("/api/desk").await;
    assert_eq!((&after["phase"], &after["code"]), (&Value::from("paused"), &code));
}

/// Checks `verify`, `inject`, `evidence` and `restore` from outside the containers.
async fn the_command_line_reaches_the_containers(project: &Project, store: &Peer, tokens: [&str; 2]) {
    let glyphfall = |arguments: &[&str], ports: &[String]| {
        let mut command = Command::new(program("glyphfall"));
        command.args(arguments).args(ports);
        command.env("GLYPHFALL_EDITOR_TOKEN", tokens[0]).env("GLYPHFALL_OPERATOR_TOKEN", tokens[1]);
        output(&mut command)
    };
    let (ports, room) = (project.ports.options(), ["--room-port".to_owned(), project.ports.room.to_string()]);
    let all = [&ports[..], &room[..]].concat();
    let (code, text, error) = glyphfall(&["verify", "--format", "json"], &all);
    assert_eq!(code, 1, "{error}");
    let found: Value = serde_json::from_str(&text).unwrap();
    let states: Vec<_> =
        found["faults"].as_array().unwrap().iter().map(|fault| fault["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["present"; 4], "{text}");
    // At `metrics`, log lines name the asset, but no change event tells of the publish.
    assert!(text.contains("Log lines name the asset"), "{text}");
    let (code, text, error) = glyphfall(&["evidence", "metrics", "shop.cache.fill.permits.used"], &room);
    assert!(code == 0 && !text.is_empty(), "{error}");
    assert_eq!(glyphfall(&["inject"], &ports).0, 0);
    project.until_failed(|share| share >= NEARLY_ALL).await;
    let (code, _, error) = glyphfall(&["restore"], &ports);
    assert_eq!(code, 0, "{error}");
    project.until_failed(|share| share == 0.0).await;
    let assets = store.get("/assets", Wait::AtMost(WAIT)).await.unwrap();
    assert_eq!(assets.status, StatusCode::OK);
    let assets: Value = serde_json::from_slice(&assets.body).unwrap();
    let versions: BTreeSet<_> =
        assets.as_array().unwrap().iter().map(|asset| asset["version"].as_u64()).collect();
    assert_eq!(versions, [Some(1)].into(), "as at first");
}

/// Checks the containers' isolation: loopback ports only, no root, no capabilities, a read-only file system, and no unneeded files.
fn nothing_is_reachable_from_outside(project: &Project) {
    for service in ["content-store", "cache", "web-front", "harness"] {
        let container: Value =
            serde_json::from_str(&docker(&["inspect", &project.container(service)])).unwrap();
        let (host, config) = (&container[0]["HostConfig"], &container[0]["Config"]);
        assert_eq!(host["ReadonlyRootfs"], true, "{service}");
        assert_eq!(host["CapDrop"], serde_json::json!(["ALL"]), "{service}");
        assert_eq!(host["SecurityOpt"], serde_json::json!(["no-new-privileges:true"]), "{service}");
        assert_eq!(config["User"], "65532:65532", "{service}");
        assert_ne!(host["Memory"], 0, "{service}");
        for (port, bound) in host["PortBindings"].as_object().unwrap() {
            assert!(
                bound.as_array().unwrap().iter().all(|one| one["HostIp"] == "127.0.0.1"),
                "{service} {port}"
            );
        }
    }
    let container = project.container("cache");
    let export =
        Command::new("sh").args(["-c", &format!("docker export {container} | tar -t")]).output().unwrap();
    let files = String::from_utf8(export.stdout).unwrap();
    // Ignore files that the engine itself adds to every container.
    let by_engine = ["dev/", "etc/", "proc/", "sys/", ".dockerenv"];
    let ours: BTreeSet<_> =
        files.lines().filter(|file| !by_engine.iter().any(|start| file.starts_with(start))).collect();
    let expected =
        ["bin/", "bin/cache", "bin/content-store", "bin/glyphfall", "bin/web-front", "data/", "tokens/"];
    assert_eq!(ours, expected.into());
}

#[test]
fn the_compose_files_are_valid_and_keep_their_promises() {
    let cases = ["", "readiness", "postgres"].map(|over| [(over, compose()), (over, compose_2())]);
    for (over, mut command) in cases.into_iter().flatten() {
        if !over.is_empty() {
            command.args(["-f", "docker-compose.yml", "-f", &format!("docker-compose.{over}.yml")]);
        }
        command.env("GLYPHFALL_POSTGRES", "postgresql://shop:secret@postgres/shop");
        command.env("GLYPHFALL_REPAIR", "poor-error-handling");
        let profiles = ["--profile", "observability", "--profile", "room", "--profile", "postgres"];
        let (code, text, error) = output(command.args(profiles).arg("config"));
        assert_eq!(code, 0, "{error}");
        let config: Yaml = serde_yaml_ng::from_str(&text).unwrap();
        let services = config["services"].as_mapping().unwrap();
        assert_eq!(services.len(), if over == "postgres" { 10 } else { 9 });
        for (name, service) in services {
            let name = name.as_str().unwrap();
            assert_eq!(service["read_only"], Yaml::Bool(true), "{name}");
            assert_eq!(service["cap_drop"][0], "ALL", "{name}");
            assert!(
                !service["mem_limit"].is_null() && !service["logging"]["options"]["max-size"].is_null(),
                "{name}"
            );
            // This service's database may start later, so it restarts without limit. For others, repeated restarts do not help.
            let waits_for_its_server = over == "postgres" && ["content-store", "postgres"].contains(&name);
            let restart = if waits_for_its_server { "unless-stopped" } else { "on-failure:5" };
            assert_eq!(service["restart"], restart, "{name}");
            let image = service["image"].as_str().unwrap();
            // The project's own images can be built where they cannot be pulled, each from the right Dockerfile.
            let from = if image.contains("postgres:dev") { Some("Dockerfile.postgres") } else { None };
            let is_ours = image.contains("glyphfall");
            assert_eq!(service.get("build").is_some(), is_ours, "{name}");
            let file = service["build"]["dockerfile"].as_str().filter(|file| *file != "Dockerfile");
            assert_eq!(file, from, "{name}");
            assert!(service.get("pull_policy").is_none(), "{name}: without one, it is pulled or built");
            assert!(image.contains(':') && !image.ends_with(":latest"), "{name} is not pinned: {image}");
            for port in service["ports"].as_sequence().into_iter().flatten() {
                let is_loopback = port.as_str().is_some_and(|port| port.starts_with("127.0.0.1:"))
                    || port["host_ip"] == "127.0.0.1";
                assert!(is_loopback, "{name}: {port:?}");
            }
        }
        assert_eq!(services["cache"].get("healthcheck").is_some(), over == "readiness", "the latent fault");
        let repaired = &services["cache"]["environment"]["GLYPHFALL_REPAIR"];
        let both = if over == "readiness" { "missing-health-check," } else { "" };
        assert_eq!(
            *repaired,
            format!("{both}poor-error-handling").as_str(),
            "whatever else is repaired is kept"
        );
    }
}

#[test]
fn a_database_is_not_started_without_its_address() {
    let files = ["-f", "docker-compose.yml", "-f", "docker-compose.postgres.yml"];
    let mut command = compose();
    let (code, _, error) = output(command.env_remove("GLYPHFALL_POSTGRES").args(files).arg("config"));
    assert_ne!(code, 0);
    assert!(error.contains("GLYPHFALL_POSTGRES"), "{error}");
}

#[test]
fn both_images_hold_the_same() {
    let final_stage = |file: &str| {
        let text = fs::read_to_string(root().join(file)).unwrap();
        let stage = text.split("\nFROM scratch\n").nth(1).unwrap().to_owned();
        stage.replace(" --from=build", "").replace("/src/target/image/", "")
    };
    assert_eq!(final_stage("Dockerfile"), final_stage("Dockerfile.prebuilt"));
}
