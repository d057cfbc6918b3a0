//! The editor's page in a real browser: one pasted character takes the shop down.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use bytes::Bytes;
use chassis::Wait;
use fantoccini::Locator;
use glyphfall_tests::{
    browser::{Browser, WAIT},
    up::{Up, peer},
};
use http::{Request, StatusCode};
use serde_json::json;

/// Pastes as a person does: the text arrives in a paste event at the caret, and what the page lets through is typed.
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
        let field = page.find(Locator::Id("token")).await.unwrap();
        field.clear().await.unwrap();
        field.send_keys(token).await.unwrap();
        page.find(Locator::Css("#sign-in-form button")).await.unwrap().click().await.unwrap();
    };
    page.goto(&format!("http://127.0.0.1:{}/editor", up.ports.store)).await.unwrap();

    type_token("wrong").await;
    let refused = Locator::XPath("//*[@id='sign-in-error'][normalize-space()]");
    let refusal = page.wait().at_most(WAIT).for_element(refused).await.unwrap().text().await.unwrap();
    assert_eq!(refusal, "This token is not right. Copy all of it, and nothing else.");
    type_token(&up.editor_token).await;
    let banner = Locator::Css("#assets a[href='#promo-banner']");
    page.wait().at_most(WAIT).for_element(banner).await.unwrap().click().await.unwrap();
    let loaded = Locator::XPath("//*[@id='title'][contains(., 'promo-banner')]");
    page.wait().at_most(WAIT).for_element(loaded).await.unwrap();

    let pasted = "Spring in the kitchen\u{b}15 % off until Sunday";
    let kept = page.execute(PASTE, vec![json!(pasted)]).await.unwrap();
    assert_eq!(kept, json!(pasted), "the text area keeps the character");
    let named = Locator::XPath("//*[@id='inspection-rows']/tr[contains(., 'U+000B')]");
    let row = page.wait().at_most(WAIT).for_element(named).await.unwrap().text().await.unwrap();
    assert!(row.contains("LINE TABULATION") && row.contains("21"), "{row}");
    page.find(Locator::Id("publish")).await.unwrap().click().await.unwrap();
    until_published(page, 2).await;

    up.until_home_is(None).await;
    for port in [up.ports.front, up.ports.cache, up.ports.store] {
        let health = peer(port).get("/healthz", Wait::AtMost(std::time::Duration::from_secs(1))).await;
        assert_eq!(health.unwrap().status, StatusCode::OK, "health is green all the while");
    }

    roll_back(page).await;
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
async fn roll_back(page: &fantoccini::Client) {
    let button = Locator::XPath("//*[@id='history']//button[contains(., 'Roll back')]");
    page.wait().at_most(WAIT).for_element(button).await.unwrap().click().await.unwrap();
    let yes =
        page.wait().at_most(WAIT).for_element(Locator::Css("#question[open] #question-yes")).await.unwrap();
    yes.click().await.unwrap();
    until_published(page, 3).await;
}

async fn until_published(page: &fantoccini::Client, version: u32) {
    let said = format!("//*[@id='status'][.='Version {version} is published.']");
    page.wait().at_most(WAIT).for_element(Locator::XPath(&said)).await.unwrap();
}
