//! The editor's page with the text to publish, and the shop before and after, side by side: the same address, and the health checks at that
//! time.

use std::{fmt::Write, fs, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use chassis::Wait;
use glyphfall_tests::{
    browser::Browser,
    up::{Up, peer},
};
use http::{Request, StatusCode};
use serde_json::json;

use crate::pages::keep;

/// Timeout of a customer's page request.
const PATIENCE: Duration = Duration::from_secs(10);

/// The frame around both pictures.
const PAGE: &str = include_str!("lost.html");

/// The editor's pasted text, with a soft line break from a word processor.
const BANNER: &str = "Spring\u{b}sale";

pub(crate) async fn take(screen: (u32, u32)) {
    let up = Up::start(&["--seed", "5"]).await;
    up.until_home_is(Some(StatusCode::OK)).await;
    let browser = Browser::open(screen.0, screen.1).await;
    let home = format!("http://127.0.0.1:{}/", up.ports.front);
    let mut served = Vec::new();
    for scheme in ["light", "dark"] {
        browser.prefers(scheme).await;
        browser.client.goto(&home).await.unwrap();
        served.push((scheme, BASE64_STANDARD.encode(browser.webp().await)));
    }
    editor(&up, &browser).await;
    let publish =
        Request::put("/assets/promo-banner").header("authorization", format!("Bearer {}", up.editor_token));
    let publish = publish.body(Bytes::from_static(BANNER.as_bytes())).unwrap();
    let published = peer(up.ports.store).send(publish, Wait::AtMost(PATIENCE)).await.unwrap();
    assert_eq!(published.status, StatusCode::OK, "the store takes it");
    up.until_home_is(None).await;
    assert!(
        peer(up.ports.front).get("/", Wait::AtMost(PATIENCE)).await.is_err(),
        "no page comes while a customer waits"
    );
    let mut health = String::new();
    for (name, port) in
        [("content store", up.ports.store), ("cache", up.ports.cache), ("web front", up.ports.front)]
    {
        let answer = peer(port).get("/healthz", Wait::AtMost(PATIENCE)).await.unwrap();
        let _ = write!(health, "<li>{name} <b>{}</b></li>", answer.status.as_u16());
    }
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("lost.html");
    let framed = Browser::open(screen.0, screen.1 * 2 / 3).await;
    for (scheme, picture) in served {
        let whole = PAGE.replace("{picture}", &picture).replace("{health}", &health);
        fs::write(&page, whole.replace("{seconds}", &PATIENCE.as_secs().to_string())).unwrap();
        framed.client.goto(&format!("file://{}", page.display())).await.unwrap();
        framed.until_true("document.images[0].complete").await;
        keep(&framed, "lost", scheme).await;
    }
}

/// The pasted text, and the page's comment on it.
async fn editor(up: &Up, browser: &Browser) {
    browser.client.goto(&format!("http://127.0.0.1:{}/editor#promo-banner", up.ports.store)).await.unwrap();
    browser.type_into("#token", &up.editor_token).await;
    browser.click("#sign-in-form button").await;
    browser.until("#assets a[aria-current]").await;
    let paste = "const text = document.getElementById('text'); text.value = arguments[0]; text.dispatchEvent(new Event('input'))";
    browser.client.execute(paste, vec![json!(BANNER)]).await.unwrap();
    browser.until("#inspection-rows tr").await;
    for scheme in ["light", "dark"] {
        keep(browser, "editor", scheme).await;
    }
}
