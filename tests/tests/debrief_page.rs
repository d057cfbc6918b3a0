//! The debrief of the story's incident in a real browser: no errors, every plot drawn, no overlapping words, and nothing wider than a
//! phone.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::{path::Path, process::Command};

use glyphfall_tests::{
    browser::Browser,
    process::{output, program},
};
use serde_json::{Value, json};

/// For each visible plot: the number of its shapes, and its overlapping words.
const PLOTS: &str = r#"
    const shown = [...document.querySelectorAll("svg")].filter((svg) => svg.getBoundingClientRect().width > 0);
    return shown.map((svg) => {
        const words = [...svg.querySelectorAll("text")].map((text) => [text.textContent, text.getBoundingClientRect()]);
        const meet = ([, one], [, other]) => one.left < other.right - 0.5 && other.left < one.right - 0.5
            && one.top < other.bottom - 2 && other.top < one.bottom - 2;
        const frame = svg.getBoundingClientRect();
        return {
            shapes: [...svg.querySelectorAll("path, rect, circle")].filter((it) => it.getBoundingClientRect().width > 0).length,
            marks: [...svg.querySelectorAll(".mark-word")].map((text) => text.textContent.split(" ")[0]),
            met: words.flatMap((one, at) => words.slice(at + 1).filter((other) => meet(one, other)).map((other) => [one[0], other[0]])),
            outside: words.filter(([, box]) => box.left < frame.left - 1 || box.right > frame.right + 1).map(([text]) => text),
        };
    });
"#;

/// How much the page overflows the window, and which resources it loads from elsewhere.
const PAGE: &str = r#"
    return {
        overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        loaded: performance.getEntriesByType("resource").map((entry) => entry.name),
        rows: document.querySelectorAll(".steps tbody tr").length,
        review: [...document.querySelectorAll(".review h3")].map((heading) => heading.textContent),
    };
"#;

const REVIEW: [&str; 9] = [
    "What happened",
    "Impact",
    "Timeline",
    "Contributing factors",
    "One root cause, or contributing factors",
    "What went well",
    "What was hard to see",
    "Where we got lucky",
    "Actions",
];

#[tokio::test(flavor = "multi_thread")]
async fn the_debrief_of_the_story_can_be_read_on_a_desk_and_on_a_phone() {
    let folder = tempfile::tempdir().unwrap();
    let mut play = Command::new(program("glyphfall"));
    play.args(["play", "special-character", "--seed", "7", "--level", "logs", "--out"]).arg(folder.path());
    let (code, _, told) = output(&mut play);
    assert_eq!(code, 0, "{told}");
    let record = folder.path().join("special-character-7-logs.json");
    let mut debrief = Command::new(program("glyphfall"));
    debrief.arg("debrief").arg(&record).arg("--out").arg(folder.path());
    let (code, said, error) = output(&mut debrief);
    assert_eq!(code, 0, "{error}");
    assert!(said.contains("could not use the shop for") && said.contains("it cost $"), "{said}");
    assert!(record.with_extension("md").exists());

    for (width, height) in [(1440, 1000), (390, 844)] {
        read(&record.with_extension("html"), width, height).await;
    }
}

async fn read(page: &Path, width: u32, height: u32) {
    let browser = Browser::open(width, height).await;
    browser.client.goto(&format!("file://{}", page.display())).await.unwrap();
    let plots = browser.client.execute(PLOTS, Vec::new()).await.unwrap();
    let [availability, pages, times] = &plots.as_array().unwrap()[..] else {
        panic!("{width}: availability, pages and times: {plots}")
    };
    let marks: Vec<&Value> = availability["marks"].as_array().unwrap().iter().collect();
    for mark in ["published", "lost", "detected", "located", "explained", "restored"] {
        assert!(marks.contains(&&json!(mark)), "{width}: {mark} is not marked: {marks:?}");
    }
    for (plot, least) in [(availability, 4), (pages, 4 * 4), (times, 4)] {
        assert!(plot["shapes"].as_u64().unwrap() >= least, "{width}: {plot}");
        assert_eq!((&plot["met"], &plot["outside"]), (&json!([]), &json!([])), "{width}: words");
    }
    let told = browser.client.execute(PAGE, Vec::new()).await.unwrap();
    assert_eq!(told["overflow"], 0, "{width}: it scrolls sideways");
    assert_eq!(told["loaded"], json!([]), "{width}");
    assert_eq!(told["review"], json!(REVIEW), "{width}");
    assert!(told["rows"].as_u64().unwrap() >= 3, "{width}: what was believed when: {told}");
    let errors = browser.console_errors().await;
    assert!(errors.is_empty(), "{width}: {errors:?}");
}
