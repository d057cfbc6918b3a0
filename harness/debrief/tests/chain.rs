//! The page about the sixteen combinations, made from the output of a real run (thinned to every fifteenth minute).

use report::chain::ChainReport;
use serde_json::{Value, json};

fn document() -> Value {
    serde_json::from_str(include_str!("chain.json")).expect("the run wrote JSON")
}

fn page(document: &Value) -> String {
    let report: ChainReport = serde_json::from_value(document.clone()).expect("it is a chain's report");
    debrief::chain::page(&report).expect("it can be drawn")
}

#[test]
fn the_page_says_what_the_figures_say() {
    let page = page(&document());
    for finding in [
        "With all four latent faults $1,480,481 is lost",
        "Something is lost in 4 of the sixteen combinations",
        "4 faults contributed; invalid rendering and poor error handling have most, 35.6\u{a0}% each",
        "Telemetry\u{2019}s share is 0 to 28\u{a0}%, depending on how well people use it (assumed)",
        "Repaired alone, 2 of 4 faults keep every page up: invalid rendering and poor error handling",
        "The four savings add up to 3.0 times the loss",
        "Invalid rendering and poor error handling need each other most: $870,713",
        "Either of two repairs alone prevents it",
        "It held.",
        "percentiles of 2,000 draws of the seeds",
    ] {
        assert!(page.contains(finding), "{finding}");
    }
    assert_eq!(page.matches("<td class=\"heat-").count(), 16);
    assert_eq!(page.matches("<svg").count(), 7);
    assert_eq!(page.matches("role=\"img\" aria-label=\"").count(), 7);
}

#[test]
fn what_was_known_beforehand_is_held_against_the_losses() {
    let check = |pointer: &str, value: Value, expected: &str| {
        let mut document = document();
        *document.pointer_mut(pointer).expect("the report has it") = value;
        let page = page(&document);
        assert!(page.contains(expected), "{pointer}: {expected}");
        assert!(!page.contains("It held."), "{pointer}");
    };
    let first = || json!(["invalid-rendering"]);
    check("/necessary/found", first(), "It did not hold: something is lost without poor error handling.");
    check("/shares/1/share", json!(0.3), "It did not hold: their shares are 30.0\u{a0}% and 35.6\u{a0}%.");
    let outside = "It did not hold: outside its bounds is the share of missing health check.";
    check("/shares/2/share", json!(0.4), outside);
    check(
        "/decrease_max_usd",
        json!(12.0),
        "one more fault saves up to $12, so that the bounds need not hold; they did.",
    );
    check("/necessary/expected", json!([]), "The scenario\u{2019}s truth sets no bounds");
}

#[test]
fn the_page_needs_nothing_from_elsewhere() {
    let page = page(&document());
    for foreign in ["http:", "https:", "<script", "@import", "url(", "<link"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    for address in page.split("href=\"").skip(1) {
        assert!(address.starts_with("data:text/csv"), "{}", &address[..40]);
    }
}

#[test]
fn text_from_a_scenario_is_text() {
    let mut document = document();
    document["title"] = json!("<b>A & B</b>");
    let page = page(&document);
    assert!(page.contains("&#60;b&#62;A &#38; B") && !page.contains("<b>A"));
}

#[test]
fn partial_results_and_results_without_loss_have_a_page_too() {
    let mut partial = document();
    partial["complete"] = json!(false);
    assert!(page(&partial).contains("Partial: it was stopped early"));

    let mut nothing = document();
    for share in nothing["shares"].as_array_mut().unwrap() {
        (share["share"], share["interval"], share["usd"]) = (Value::Null, Value::Null, json!(0.0));
    }
    for saving in nothing["savings"].as_array_mut().unwrap() {
        saving["repaired_alone_usd"] = json!(0.0);
    }
    let page = page(&nothing);
    assert!(page.contains("No single repair saves anything") && !page.contains("Shapley share"));
}
