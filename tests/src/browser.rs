//! A real browser: Debian's Chromium, driven through its ChromeDriver.

use std::{process::Command, time::Duration};

use fantoccini::{Client, ClientBuilder, wd::Capabilities};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use tempfile::TempDir;

use crate::process::{Process, free_port, until_listening};

/// How long a page may take to come to what a test waits for.
pub const WAIT: Duration = Duration::from_secs(20);

/// A browser window of its own, with an empty profile. Everything ends when it is dropped.
#[derive(Debug)]
pub struct Browser {
    /// The window.
    pub client: Client,
    _driver: Process,
    _profile: TempDir,
}

impl Browser {
    /// Opens a window of `width` by `height` points.
    ///
    /// # Panics
    ///
    /// When Chromium or ChromeDriver is missing (Debian's packages `chromium` and `chromium-driver`) or does not start.
    pub async fn open(width: u32, height: u32) -> Self {
        let port = free_port();
        let driver = Process::start(Command::new("chromedriver").arg(format!("--port={port}")));
        until_listening(port).await;
        let profile = tempfile::tempdir().expect("a folder can be made");
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
            .expect("Chromium starts (Debian's packages chromium and chromium-driver)");
        Self { client, _driver: driver, _profile: profile }
    }

    /// Closes the window.
    pub async fn close(self) {
        // Whatever is left is killed with the driver.
        let _ = self.client.close().await;
    }
}
