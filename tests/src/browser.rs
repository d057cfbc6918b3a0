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
    error::CmdError,
    key::Key,
    wd::Capabilities,
};
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::{
    namespace::Namespace,
    process::{Process, free_port, root, until_listening_at},
    up::peer_at,
};

/// WebP quality out of 100: text is as sharp as in a PNG at a third of its size.
const WEBP_QUALITY: u8 = 82;

/// Timeout for a condition on a page.
pub const WAIT: Duration = Duration::from_secs(60);

/// What Chromium says of a request that it drops when the machine's network changes.
const NETWORK_CHANGED: &str = "net::ERR_NETWORK_CHANGED";

/// Tab key presses that must suffice to go round a page.
const TABS_MAX: usize = 400;

/// Where an element lies relative to the focus: here, ahead or behind.
const WAY: &str = r"
    const [css] = arguments;
    const at = document.activeElement;
    if (at?.matches(css)) return 'there';
    const target = document.querySelector(css);
    if (!target || !at || at === document.body) return 'on';
    return at.compareDocumentPosition(target) & Node.DOCUMENT_POSITION_PRECEDING ? 'back' : 'on';
";

/// Runs axe's accessibility checks, and returns the serious findings.
const AXE: &str = r"
    const done = arguments[arguments.length - 1];
    axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => done(violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(' | ')}`)),
    (error) => done([String(error)]));
";

/// Presses everything, and leaves the result in `window.pressed`: how much was pressed, and what went wrong.
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
                // A press may open a dialog, which has to be handled first, or redraw the other elements.
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

/// A separate browser window with an empty profile. Dropping it ends the browser and its driver.
#[derive(Debug)]
pub struct Browser {
    /// The window.
    pub client: Client,
    peer: Peer,
    _driver: Driver,
    // Dropped last: by then no process writes to the profile.
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

    /// Opens a window on another device.
    ///
    /// # Panics
    ///
    /// As [`Browser::open`].
    pub async fn open_on(device: &Namespace, width: u32, height: u32) -> Self {
        // A fixed port suffices: nothing else listens in this namespace.
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

    /// Errors on the page's console since the last call: failed scripts, and requests with an error status. Requests that the browser dropped
    /// because another test added or removed a network are no error: a page has to cope with that.
    ///
    /// # Panics
    ///
    /// When the driver does not answer with a log.
    pub async fn console_errors(&self) -> Vec<String> {
        let answer = self.driver("se/log", &json!({ "type": "browser" })).await;
        let entries = answer["value"].as_array().expect("the log is a list").iter();
        let errors = entries.filter(|entry| entry["level"] == "SEVERE");
        let messages = errors.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned());
        messages.filter(|message| !message.contains(NETWORK_CHANGED)).collect()
    }

    /// Emulates a preference for a dark or a light scheme, and for reduced motion, so that no picture or contrast check falls into a colour
    /// transition.
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

    /// From now on no file arrives whose address matches one of these patterns, such as `*/figures.js`. With no pattern, all arrive.
    ///
    /// # Panics
    ///
    /// When the driver does not answer.
    pub async fn loses(&self, files: &[&str]) {
        let calls = [("Network.enable", json!({})), ("Network.setBlockedURLs", json!({ "urls": files }))];
        for (cmd, params) in calls {
            self.driver("goog/cdp/execute", &json!({ "cmd": cmd, "params": params })).await;
        }
    }

    /// Saves a picture of the page in `target/pictures`, for people to look at.
    ///
    /// # Panics
    ///
    /// When it cannot be saved.
    pub async fn picture(&self, name: &str) {
        let folder = root().join("target/pictures");
        fs::create_dir_all(&folder).expect("the folder for pictures can be made");
        let picture = self.client.screenshot().await.expect("the driver takes a picture");
        fs::write(folder.join(format!("{name}.png")), picture).expect("a picture can be kept");
    }

    /// A picture of the window's content, as WebP.
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

    /// Accessibility problems on the page that axe rates serious: contrast, labels, roles.
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
    pub async fn until(&self, css: &str) {
        self.at(css, async |_| Ok(())).await;
    }

    /// Clicks an element as soon as it is there.
    ///
    /// # Panics
    ///
    /// As [`Browser::until`], or when something covers it.
    pub async fn click(&self, css: &str) {
        self.at(css, async |element| element.click().await).await;
    }

    /// Types into an element as soon as it is there.
    ///
    /// # Panics
    ///
    /// As [`Browser::until`], or when it takes no keys.
    pub async fn type_into(&self, css: &str, keys: &str) {
        self.at(css, async |element| element.send_keys(keys).await).await;
    }

    /// An element's visible text, as soon as it is there.
    ///
    /// # Panics
    ///
    /// As [`Browser::until`].
    pub async fn text(&self, css: &str) -> String {
        self.at(css, async |element| element.text().await).await
    }

    /// Waits for an element and does something with it, again if the page replaced the element meanwhile. No [`Element`] leaves this function:
    /// a page that updates itself may replace it at any time.
    async fn at<T>(&self, css: &str, act: impl AsyncFn(Element) -> Result<T, CmdError>) -> T {
        let began = Instant::now();
        loop {
            let left = WAIT.saturating_sub(began.elapsed());
            let done = match self.client.wait().at_most(left).for_element(Locator::Css(css)).await {
                Ok(element) => act(element).await,
                Err(error) => Err(error),
            };
            match done {
                Ok(done) => return done,
                Err(error) if is_replaced(&error) && !left.is_zero() => {}
                Err(error) => self.fail(&format!("{css}: {error}")).await,
            }
        }
    }

    /// Waits until an expression of JavaScript is true.
    ///
    /// # Panics
    ///
    /// When the condition is not met in time.
    pub async fn until_true(&self, expression: &str) {
        let script = format!("return Boolean({expression})");
        let began = Instant::now();
        loop {
            // While the page changes to another, it runs no script.
            let is_true = self.client.execute(&script, Vec::new()).await;
            if matches!(is_true, Ok(Value::Bool(true))) {
                return;
            }
            if began.elapsed() > WAIT {
                self.fail(&format!("it does not come to {expression}: {is_true:?}")).await;
            }
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Fails the test with the page's text, because a reader of the log may not have the picture.
    async fn fail(&self, what: &str) -> ! {
        self.picture("missing").await;
        let page = self.client.execute("return `${location}: ${document.body.innerText}`", Vec::new()).await;
        let errors = self.console_errors().await;
        panic!("{what}; target/pictures/missing.png shows {page:?}, the console {errors:?}")
    }

    /// Presses, selects and fills in everything on the page, including dialogs, and requests every linked address. Returns the number of
    /// actions, and everything that went wrong: error messages, and responses with an error status.
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

    /// Moves the focus to an element with the Tab key alone, forwards or back, and stays there.
    ///
    /// # Panics
    ///
    /// When the tabulator does not lead there.
    pub async fn tab_to(&self, css: &str) {
        self.until(css).await;
        for _ in 0..TABS_MAX {
            let way = self.client.execute(WAY, vec![json!(css)]).await.expect("the page runs scripts");
            let keys = match way.as_str() {
                Some("there") => return,
                Some("back") => Key::Shift + &Key::Tab + &Key::Null,
                _ => Key::Tab + "",
            };
            self.press(&keys).await;
        }
        self.fail(&format!("the keyboard does not reach {css}")).await;
    }

    /// Presses keys at the focus.
    ///
    /// # Panics
    ///
    /// When nothing takes them.
    pub async fn press(&self, keys: &str) {
        // Send keys as a keyboard does, without looking up the element: the page may redraw it in between.
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

    /// Calls one of `ChromeDriver`'s extensions to the protocol.
    async fn driver(&self, path: &str, body: &Value) -> Value {
        let session = self.client.session_id().await.expect("the driver answers").expect("a window is open");
        let path = format!("/session/{session}/{path}");
        let answer = self.peer.call(Method::POST, &path, body.to_string().into(), Wait::AtMost(WAIT)).await;
        serde_json::from_slice(&answer.expect("the driver answers").body).expect("the driver speaks JSON")
    }
}

/// Whether an element is no longer there because the page has replaced it, or has changed to another page.
fn is_replaced(error: &CmdError) -> bool {
    error.is_stale_element_reference() || error.to_string().contains("aborted by navigation")
}

/// `ChromeDriver` and its child processes, in a process group of their own: Chromium would outlive the driver alone.
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
