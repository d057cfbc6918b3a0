//! The editor's page in a real browser: one pasted character takes the shop down.

use bytes::Bytes;
use chassis::Wait;
use glyphfall_tests::{
    browser::Browser,
    up::{Up, peer},
};
use http::{Request, StatusCode};
use serde_json::json;

/// Pastes as a person does: a paste event delivers the text at the caret, and the text is inserted unless the page prevents it.
const PASTE: &str = r#"
    const [text] = arguments;
    const area = document.getElementById("text");
    area.focus();
    area.select();
    const data = new DataTransfer();
    data.setData("text/plain", text);
    const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
    if (area.dispatchEvent(event)) document.execCommand("insertText", false, text);
    return area.value;
"#;

#[tokio::test(flavor = "multi_thread")]
async fn one_pasted_character_takes_the_shop_down() {
    let up = Up::start(&["--seed", "5"]).await;
    up.until_home_is(Some(StatusCode::OK)).await;
    let browser = Browser::open(1440, 1000).await;
    let page = &browser.client;
    let type_token = async |token: &str| {
        browser.until("#token").await;
        page.execute("document.getElementById('token').value = ''", Vec::new()).await.unwrap();
        browser.type_into("#token", token).await;
        browser.click("#sign-in-form button").await;
    };
    page.goto(&format!("http://127.0.0.1:{}/editor", up.ports.store)).await.unwrap();

    type_token("wrong").await;
    assert_eq!(
        browser.text("#sign-in-error:not(:empty)").await,
        "This token is not right. Copy all of it, and nothing else."
    );
    type_token(&up.editor_token).await;
    browser.click("#assets a[href='#promo-banner']").await;
    browser.until_true("document.getElementById('title').textContent.includes('promo-banner')").await;

    let pasted = "Spring in the kitchen\u{b}15 % off until Sunday";
    let kept = page.execute(PASTE, vec![json!(pasted)]).await.unwrap();
    assert_eq!(kept, json!(pasted), "the text area keeps the character");
    browser.until_true("document.querySelector('#inspection-rows tr')?.textContent.includes('U+000B')").await;
    let row = browser.text("#inspection-rows tr").await;
    assert!(row.contains("LINE TABULATION") && row.contains("21"), "{row}");
    browser.click("#publish").await;
    until_published(&browser, 2).await;

    up.until_home_is(None).await;
    for port in [up.ports.front, up.ports.cache, up.ports.store] {
        let health = peer(port).get("/healthz", Wait::AtMost(std::time::Duration::from_secs(1))).await;
        assert_eq!(health.unwrap().status, StatusCode::OK, "health is green all the while");
    }

    roll_back(&browser).await;
    let restart = Request::post("/restart").header("authorization", format!("Bearer {}", up.operator_token));
    let restart = restart.body(Bytes::new()).unwrap();
    let restarted = peer(up.ports.operators).send(restart, Wait::Forever).await.unwrap();
    assert_eq!(restarted.status, StatusCode::NO_CONTENT);
    up.until_home_is(Some(StatusCode::OK)).await;

    let errors = browser.console_errors().await;
    let [refused] = &errors[..] else { panic!("one request was refused, and nothing failed: {errors:?}") };
    assert!(refused.contains("/session") && refused.contains("401"), "{refused}");
}

/// Rolls back to version 1 through the page's own controls.
async fn roll_back(browser: &Browser) {
    browser.click("#history button[aria-label='Roll back to version 1']").await;
    browser.click("#question[open] #question-yes").await;
    until_published(browser, 3).await;
}

async fn until_published(browser: &Browser, version: u32) {
    let said = format!("document.getElementById('status').textContent === 'Version {version} is published.'");
    browser.until_true(&said).await;
}
