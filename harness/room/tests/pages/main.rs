//! The pages' files. A compiler and a linter check the scripts against types generated from the API's own descriptions, so that it is an error
//! if a page uses a field that the room does not send. And pages that somebody edits while the room runs.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod types;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use axum::{
    Router,
    body::{Body, to_bytes},
};
use http::{Request, StatusCode, header};
use room::{Room, RoomOptions};
use serde_json::json;
use tower::ServiceExt;

/// Debian's folder for the linter's modules. A Node.js from elsewhere does not look there.
const DEBIAN_MODULES: &str = "/usr/share/nodejs";

/// A script with a mistake for each checker. A checker that does not find its mistake has not run.
const PROBE: &str = "import { state } from \"PAGES/state.js\";\nconst unused = state().no_such_field;\n";

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The mistakes that a checker finds in the pages' scripts, one a line. Asserts that it finds the one in the probe.
fn mistakes(command: &mut Command, mark: &str) -> Vec<String> {
    let output = command.output().expect("the checker runs; `cargo xtask tools` says how to get it");
    let text = String::from_utf8(output.stdout).unwrap();
    let (probe, others): (Vec<&str>, _) =
        text.lines().filter(|line| line.contains(mark)).partition(|line| line.contains("probe.js"));
    assert_eq!(probe.len(), 1, "{text}{}", String::from_utf8_lossy(&output.stderr));
    others.into_iter().map(str::to_owned).collect()
}

fn probe(to: &Path) -> PathBuf {
    let probe = to.join("probe.js");
    fs::write(&probe, PROBE.replace("PAGES", folder("pages").to_str().unwrap())).unwrap();
    probe
}

#[test]
fn scripts_fit_each_other_and_what_the_room_sends() {
    let checked = tempfile::tempdir().unwrap();
    let types = checked.path().join("api.d.ts");
    fs::write(&types, types::declarations(&room::api::descriptions())).unwrap();
    let project = json!({
        "compilerOptions": {
            "allowJs": true, "checkJs": true, "noEmit": true, "types": [],
            "target": "esnext", "module": "esnext", "lib": ["esnext", "dom", "dom.iterable"],
        },
        "include": [folder("pages/*.js"), folder("tests/pages/more.d.ts"), types, probe(checked.path())],
    });
    fs::write(checked.path().join("tsconfig.json"), project.to_string()).unwrap();
    let found = mistakes(Command::new("tsc").arg("--project").arg(checked.path()), "error TS");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_linter_finds_nothing_in_the_scripts() {
    // The linter checks only files in the folder in which it runs.
    let checked = tempfile::tempdir().unwrap();
    for file in fs::read_dir(folder("pages")).unwrap().map(|file| file.unwrap().path()) {
        fs::copy(&file, checked.path().join(file.file_name().unwrap())).unwrap();
    }
    probe(checked.path());
    let mut command = Command::new("eslint");
    command.current_dir(checked.path()).env("NODE_PATH", DEBIAN_MODULES);
    command
        .args(["--format", "unix", "--no-eslintrc", "--config"])
        .arg(folder("tests/pages/eslint.json"))
        .arg(".");
    let found = mistakes(&mut command, "[Error/");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

async fn open(kept: &Path, pages: Option<PathBuf>) -> (Room, Router) {
    let options = RoomOptions {
        teams: 1,
        seed: 1,
        folder: kept.to_owned(),
        address: ([127, 0, 0, 1], 0).into(),
        facilitator_token: None,
        seen: BTreeSet::new(),
        fresh: false,
        views: 1.0,
        pages,
    };
    let room = Room::open(options).await.unwrap();
    (room.clone(), room::router(room))
}

async fn get(router: &Router, path: &str) -> (StatusCode, String, String) {
    let answer = router.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
    let kind = answer.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
    let status = answer.status();
    let bytes = to_bytes(answer.into_body(), 1_024 * 1_024).await.unwrap();
    (status, kind, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn pages_that_somebody_edits_are_as_they_stand_at_each_request() {
    let (kept, edited) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let pages = edited.path().join("pages");
    fs::create_dir(&pages).unwrap();
    for name in ["team.html", "team.js", "room.css", "desk.js"] {
        fs::copy(folder("pages").join(name), pages.join(name)).unwrap();
    }
    fs::write(edited.path().join("secret.js"), "a secret").unwrap();
    fs::write(pages.join(".hidden.js"), "a secret").unwrap();
    let (room, router) = open(kept.path(), Some(pages.clone())).await;
    let (status, kind, before) = get(&router, "/pages/team.js").await;
    assert_eq!((status, kind.as_str()), (StatusCode::OK, "text/javascript; charset=utf-8"));
    assert_eq!(before, fs::read_to_string(folder("pages/team.js")).unwrap());
    for text in ["// edited once", "// edited twice"] {
        fs::write(pages.join("team.js"), text).unwrap();
        assert_eq!(get(&router, "/pages/team.js").await.2, text);
    }
    fs::write(pages.join("team.html"), "<p>edited</p>").unwrap();
    assert_eq!(get(&router, "/team").await.2, "<p>edited</p>");
    assert_eq!(get(&router, "/pages/desk.js").await.0, StatusCode::UNAUTHORIZED, "the facilitator's alone");
    for path in ["/pages/..%2fsecret.js", "/pages/.hidden.js", "/pages/%2fetc%2fpasswd", "/pages/lib.js"] {
        let (status, _, text) = get(&router, path).await;
        assert!(status == StatusCode::NOT_FOUND && !text.contains("secret"), "{path}: {status} {text}");
    }
    room.close().await.unwrap();
}

#[tokio::test]
async fn every_file_of_the_pages_is_built_in() {
    let kept = tempfile::tempdir().unwrap();
    let (room, router) = open(kept.path(), None).await;
    for file in fs::read_dir(folder("pages")).unwrap().map(|file| file.unwrap().path()) {
        let name = file.file_name().unwrap().to_str().unwrap();
        let (status, _, text) = get(&router, &format!("/pages/{name}")).await;
        if name.starts_with("desk") {
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{name}");
        } else {
            assert_eq!((status, text), (StatusCode::OK, fs::read_to_string(&file).unwrap()), "{name}");
        }
    }
    room.close().await.unwrap();
}
