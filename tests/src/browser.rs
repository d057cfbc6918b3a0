//! A real browser: Debian's Chromium, driven through its ChromeDriver.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr},
    os::unix::process::CommandExt,
    process::{Command, Stdio},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use chassis::{Peer, Wait};
use fantoccini::{
    Client, ClientBuilder, Locator,
    actions::{InputSource, KeyAction, KeyActions},
    elements::Element,
    key::Key,
    wd::Capabilities,
};
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    namespace::Namespace,
    process::{Process, free_port, root, until_listening_at},
    up::peer_at,
};

/// Of a hundred: where words are as sharp as in a PNG at a third of its weight.
const WEBP_QUALITY: u8 = 82;

/// How long a page may take to come to what a test waits for.
pub const WAIT: Duration = Duration::from_secs(60);

/// Presses of the tabulator until a page must have been gone round.
const TABS_MAX: usize = 400;

/// Whether the focus is on an element, or where from there.
const WAY: &str = r"
    const [css] = arguments;
    const at = document.activeElement;
    if (at?.matches(css)) return 'there';
    const target = document.querySelector(css);
    if (!target || !at || at === document.body) return 'on';
    return at.compareDocumentPosition(target) & Node.DOCUMENT_POSITION_PRECEDING ? 'back' : 'on';
";

/// Runs the accessibility checks, and answers with those that a person would be stopped by.
const AXE: &str = r"
    const done = arguments[arguments.length - 1];
    axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => done(violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(' | ')}`)),
    (error) => done([String(error)]));
";

/// Leaves `pressed` behind: how much was pressed, and what went wrong.
const EVERYTHING: &str = r"
    const wrong = new Set(), pressed = new Set();
    const ask = window.fetch;
    window.fetch = async (...asked) => {
        const answer = await ask(...asked);
        if (answer.status >= 400) wrong.add(`${asked[0]}: ${answer.status}`);
        return answer;
    };
    const place = (node) => (node.parentElement ? `${place(node.parentElement)} ${[...node.parentElement.children].indexOf(node)}` : '');
    const key = (node) => `${place(node)} ${node.id} ${node.textContent.slice(0, 60)}`;
    const isShown = (node) => node.getClientRects().length > 0 && !node.disabled && !pressed.has(key(node));
    const soon = (ms) => new Promise((go) => setTimeout(go, ms));
    const use = async (node) => {
        if (node.matches('a')) return node.origin === location.origin && window.fetch(node.href);
        if (node.matches('select')) for (const { value } of node.options) { node.value = value; node.dispatchEvent(new Event('change', { bubbles: true })); await soon(5); }
        else if (node.matches('textarea, input:not([type=radio], [type=checkbox], [type=range], [type=date])')) {
            node.value = node.type === 'number' ? node.min || 1 : 'something';
            node.dispatchEvent(new Event('input', { bubbles: true }));
        } else node.click();
        return null;
    };
    (async () => {
        let count = 0;
        const top = () => [...document.querySelectorAll('dialog[open]')].at(-1);
        while (count < 3000) {
            const dialog = top();
            const all = [...(dialog ?? document).querySelectorAll('input, textarea, select, summary, button, a[href]')].filter(isShown);
            if (all.length === 0 && !dialog) break;
            if (all.length === 0) dialog.close();
            for (const node of all) {
                // What is pressed may open a dialog, which comes first, or draw the others anew.
                if (top() !== dialog) break;
                if (!node.isConnected || !isShown(node)) continue;
                pressed.add(key(node));
                count += 1;
                await use(node);
                await soon(node.matches('[data-seek]') ? 0 : 20);
                for (const { textContent } of document.querySelectorAll('.toast.problem, .error:not(:empty)')) wrong.add(textContent);
            }
        }
        await soon(500);
        window.pressed = [count, [...wrong]];
    })();
";

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
        let port = free_port();
        let driver = Driver::start(Command::new("chromedriver").arg(format!("--port={port}")));
        Self::opened(width, height, driver, IpAddr::V4(Ipv4Addr::LOCALHOST), port).await
    }

    /// The same on another device.
    ///
    /// # Panics
    ///
    /// As [`Browser::open`].
    pub async fn open_on(device: &Namespace, width: u32, height: u32) -> Self {
        // Nothing else listens there.
        let port = 9515;
        let mut command = device.command("chromedriver");
        command
            .arg(format!("--port={port}"))
            .args([format!("--allowed-ips={}", device.here), "--allowed-origins=*".to_owned()]);
        Self::opened(width, height, Driver::start(&mut command), device.there, port).await
    }

    async fn opened(width: u32, height: u32, driver: Driver, host: IpAddr, port: u16) -> Self {
        let profile = tempfile::tempdir().expect("a folder can be made");
        until_listening_at((host, port)).await;
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
            .connect(&format!("http://{host}:{port}"))
            .await
            .expect("Chromium starts");
        Self { client, peer: peer_at((host, port)), _driver: driver, _profile: profile }
    }

    /// The errors on the page's console since the last call: scripts that failed, and requests answered with an error.
    ///
    /// # Panics
    ///
    /// When the driver does not tell.
    pub async fn console_errors(&self) -> Vec<String> {
        let answer = self.driver("se/log", &json!({ "type": "browser" })).await;
        let entries = answer["value"].as_array().expect("the log is a list").iter();
        let errors = entries.filter(|entry| entry["level"] == "SEVERE");
        errors.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Shows pages as a person sees them who has asked for a dark screen, or for a light one; and for little motion, so that no
    /// picture and no contrast is taken in the middle of a change of colour.
    ///
    /// # Panics
    ///
    /// When the driver does not answer.
    pub async fn prefers(&self, scheme: &str) {
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        let asked = json!({ "cmd": "Emulation.setEmulatedMedia", "params": { "features": features } });
        self.driver("goog/cdp/execute", &asked).await;
    }

    /// Keeps a picture of the page under `target/pictures`, for people to look at.
    ///
    /// # Panics
    ///
    /// When it cannot be kept.
    pub async fn picture(&self, name: &str) {
        let folder = root().join("target/pictures");
        fs::create_dir_all(&folder).expect("the folder for pictures can be made");
        let picture = self.client.screenshot().await.expect("the driver takes a picture");
        fs::write(folder.join(format!("{name}.png")), picture).expect("a picture can be kept");
    }

    /// A picture of what the window shows, as WebP.
    ///
    /// # Panics
    ///
    /// When the driver takes none.
    pub async fn webp(&self) -> Vec<u8> {
        let params = json!({ "format": "webp", "quality": WEBP_QUALITY });
        let asked = json!({ "cmd": "Page.captureScreenshot", "params": params });
        let answer = self.driver("goog/cdp/execute", &asked).await;
        let picture = answer["value"]["data"].as_str().expect("the driver takes a picture");
        BASE64_STANDARD.decode(picture).expect("it is in Base64")
    }

    /// What on the page keeps people out: contrast, labels, roles, as far as axe finds it serious.
    ///
    /// # Panics
    ///
    /// When axe is missing (`cargo xtask tools` brings it) or does not run.
    pub async fn serious_findings(&self) -> Vec<String> {
        let folder = root().join("target/peers/lib");
        let pythons = fs::read_dir(&folder).expect("'cargo xtask tools' makes target/peers");
        let mut places = pythons.map(|python| {
            python
                .expect("a folder can be read")
                .path()
                .join("site-packages/axe_playwright_python/axe.min.js")
        });
        let axe = places.find(|place| place.exists()).expect("'cargo xtask tools' brings axe");
        let axe = fs::read_to_string(axe).expect("axe can be read");
        self.client.execute(&axe, Vec::new()).await.expect("axe can be loaded");
        let found = self.client.execute_async(AXE, Vec::new()).await.expect("axe runs");
        serde_json::from_value(found).expect("it answers with a list")
    }

    /// Waits for an element.
    ///
    /// # Panics
    ///
    /// When it does not come.
    pub async fn until(&self, css: &str) -> Element {
        let began = tokio::time::Instant::now();
        loop {
            let left = WAIT.saturating_sub(began.elapsed());
            match self.client.wait().at_most(left).for_element(Locator::Css(css)).await {
                Ok(element) => return element,
                // The page gave way to the next one while it was asked.
                Err(error) if error.to_string().contains("aborted by navigation") && !left.is_zero() => {}
                Err(error) => {
                    self.picture("missing").await;
                    panic!("{css} did not come (target/pictures/missing.png): {error}")
                }
            }
        }
    }

    /// Waits until an expression of JavaScript is true.
    ///
    /// # Panics
    ///
    /// When it does not come to that.
    pub async fn until_true(&self, expression: &str) {
        let script = format!("return Boolean({expression})");
        let began = tokio::time::Instant::now();
        while self.client.execute(&script, Vec::new()).await.expect("the page runs scripts") != json!(true) {
            if began.elapsed() > WAIT {
                self.picture("missing").await;
                panic!("it does not come to {expression} (target/pictures/missing.png)");
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Presses, chooses and fills in everything that the page shows, dialogs too, and asks for every address that it links to. Answers with how
    /// much that was, and with what went wrong: messages of failure, and answers with an error.
    ///
    /// # Panics
    ///
    /// When the page does not come to an end with it.
    pub async fn press_everything(&self) -> (u64, Vec<String>) {
        self.client.execute(EVERYTHING, Vec::new()).await.expect("the page runs scripts");
        self.until_true("window.pressed").await;
        let pressed = self.client.execute("return window.pressed", Vec::new()).await;
        serde_json::from_value(pressed.expect("the page runs scripts")).expect("it is a count and a list")
    }

    /// Goes to an element with the keyboard alone, forwards or back, and stays there.
    ///
    /// # Panics
    ///
    /// When the tabulator does not lead there.
    pub async fn tab_to(&self, css: &str) -> Element {
        self.until(css).await;
        for _ in 0..TABS_MAX {
            let way = self.client.execute(WAY, vec![json!(css)]).await.expect("the page runs scripts");
            let keys = match way.as_str() {
                Some("there") => return self.client.active_element().await.expect("something has the focus"),
                Some("back") => Key::Shift + &Key::Tab + &Key::Null,
                _ => Key::Tab + "",
            };
            self.press(&keys).await;
        }
        self.picture("missing").await;
        panic!("the keyboard does not reach {css} (target/pictures/missing.png)")
    }

    /// Presses keys where the focus is.
    ///
    /// # Panics
    ///
    /// When nothing takes them.
    pub async fn press(&self, keys: &str) {
        // As a keyboard does, without asking for the element first: a page may draw it anew in between.
        let mut actions = KeyActions::new("keyboard".to_owned());
        let mut held = Vec::new();
        for value in keys.chars() {
            if value == char::from(Key::Null) {
                actions =
                    held.drain(..).fold(actions, |actions, value| actions.then(KeyAction::Up { value }));
                continue;
            }
            actions = actions.then(KeyAction::Down { value });
            if value == char::from(Key::Shift) {
                held.push(value);
            } else {
                actions = actions.then(KeyAction::Up { value });
            }
        }
        let actions = held.into_iter().fold(actions, |actions, value| actions.then(KeyAction::Up { value }));
        self.client.perform_actions(actions).await.expect("keys can be pressed");
    }

    /// What is `ChromeDriver`'s own addition to the protocol.
    async fn driver(&self, path: &str, body: &Value) -> Value {
        let session = self.client.session_id().await.expect("the driver answers").expect("a window is open");
        let path = format!("/session/{session}/{path}");
        let answer = self.peer.call(Method::POST, &path, body.to_string().into(), Wait::AtMost(WAIT)).await;
        serde_json::from_slice(&answer.expect("the driver answers").body).expect("the driver speaks JSON")
    }
}

/// `ChromeDriver` and all that it starts, in a process group of their own: Chromium would survive its driver alone.
#[derive(Debug)]
struct Driver(Process);

impl Driver {
    fn start(command: &mut Command) -> Self {
        must_be_installed("chromium", "chromium");
        must_be_installed("chromedriver", "chromium-driver");
        Self(Process::start(command.process_group(0)))
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
