//! A real browser: Debian's Chromium, driven through its ChromeDriver.

use std::{
    os::unix::process::CommandExt,
    process::{Command, Stdio},
    time::Duration,
};

use chassis::{Peer, Wait};
use fantoccini::{Client, ClientBuilder, wd::Capabilities};
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    process::{Process, free_port, until_listening},
    up::peer,
};

/// How long a page may take to come to what a test waits for.
pub const WAIT: Duration = Duration::from_secs(20);

/// A browser window of its own, with an empty profile. Everything ends when it is dropped.
#[derive(Debug)]
pub struct Browser {
    /// The window.
    pub client: Client,
    peer: Peer,
    _driver: Driver,
    // Removed last, when nothing writes to it any longer.
    _profile: TempDir,
}

impl Browser {
    /// Opens a window of `width` by `height` points.
    ///
    /// # Panics
    ///
    /// When Chromium or ChromeDriver is missing (Debian's packages `chromium` and `chromium-driver`) or does not start.
    pub async fn open(width: u32, height: u32) -> Self {
        must_be_installed("chromium", "chromium");
        must_be_installed("chromedriver", "chromium-driver");
        let port = free_port();
        let profile = tempfile::tempdir().expect("a folder can be made");
        let driver = Driver::start(port);
        until_listening(port).await;
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ];
        let mut arguments: Vec<_> = arguments.map(str::to_owned).into();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        let mut capabilities = Capabilities::new();
        // The screen is emulated, as a headless window is never narrower than 500 points.
        let metrics = json!({ "width": width, "height": height, "pixelRatio": 1.0, "mobile": width < 600 });
        let emulation = json!({ "deviceMetrics": metrics });
        capabilities
            .insert("goog:chromeOptions".into(), json!({ "args": arguments, "mobileEmulation": emulation }));
        capabilities.insert("goog:loggingPrefs".into(), json!({ "browser": "ALL" }));
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("Chromium starts");
        Self { client, peer: peer(port), _driver: driver, _profile: profile }
    }

    /// The errors on the page's console since the last call: scripts that failed, and requests answered with an error.
    ///
    /// # Panics
    ///
    /// When the driver does not tell.
    pub async fn console_errors(&self) -> Vec<String> {
        let session = self.client.session_id().await.expect("the driver answers").expect("a window is open");
        // The log is ChromeDriver's own addition to WebDriver.
        let (path, wanted) = (format!("/session/{session}/se/log"), json!({ "type": "browser" }));
        let answer = self.peer.call(Method::POST, &path, wanted.to_string().into(), Wait::AtMost(WAIT)).await;
        let answer: Value = serde_json::from_slice(&answer.expect("the driver answers").body)
            .expect("the driver speaks JSON");
        let entries = answer["value"].as_array().expect("the log is a list").iter();
        let errors = entries.filter(|entry| entry["level"] == "SEVERE");
        errors.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

/// `ChromeDriver` and all that it starts, in a process group of their own: Chromium would survive its driver alone.
#[derive(Debug)]
struct Driver(Process);

impl Driver {
    fn start(port: u16) -> Self {
        let mut command = Command::new("chromedriver");
        Self(Process::start(command.arg(format!("--port={port}")).process_group(0)))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", self.0.id())]).status();
    }
}

fn must_be_installed(program: &str, package: &str) {
    let mut command = Command::new(program);
    let started = command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(
        started.is_ok_and(|status| status.success()),
        "{program} does not start: install Debian's package {package}"
    );
}
