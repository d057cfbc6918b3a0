//! The page about a comparison: what its sentences say must be what the figures say, whichever sign they have.

mod sample;

use report::compare::CompareReport;
use sample::{LEVELS, full, quick};
use serde_json::{Value, json};

/// A page with spaces at which lines may break.
fn text(document: &Value) -> String {
    let report: CompareReport = serde_json::from_value(document.clone()).expect("it is a comparison");
    debrief::compare::page(&report).expect("it can be drawn").replace('\u{a0}', " ")
}

fn has(page: &str, sentences: &[&str]) {
    for sentence in sentences {
        assert!(page.contains(sentence), "{sentence}");
    }
}

#[test]
fn the_title_names_every_step_with_its_sign() {
    has(
        &text(&quick()),
        &[
            "The model responder, each level against the one before it, finds the right explanation sooner with logs (by 56 min) and traces \
             (by 25 min); later with changes (by 2.2 min); metrics (",
            "later) is not shown to help</h1>",
            "Step by step, the right explanation comes sooner with logs (by 56 min)",
            "Against dark, the right explanation comes sooner with logs",
            "Availability is back sooner with logs",
            "The trade lost is less with logs (by $280,000)",
            "Half of the incidents are explained right within 107 min at dark",
            "Of 6 scenarios, the right explanation comes sooner with logs in 4, metrics in 1, traces in 5 and changes in 0",
        ],
    );
}

#[test]
fn nothing_shown_and_harm_are_findings_too() {
    let mut document = quick();
    for paired in document["paired"].as_array_mut().unwrap() {
        paired["interval"] = json!([-60.0, 60.0]);
    }
    has(&text(&document), &["finds the right explanation not clearly sooner: logs ("]);
    for paired in document["paired"].as_array_mut().unwrap() {
        (paired["difference"], paired["interval"]) = (json!(300.0), json!([60.0, 600.0]));
    }
    let page = text(&document);
    has(
        &page,
        &[
            "finds the right explanation later with logs (by 5 min), metrics (by 5 min)",
            "The trade lost is more with logs (by $300)",
        ],
    );
    assert!(!page.contains("sooner with logs ("));
}

#[test]
fn scenarios_without_help_or_with_harm_are_named() {
    has(
        &text(&quick()),
        &[
            "Logs after dark: later in wrong-timeout (+1 min); less than a minute in broken-link.",
            "Metrics after logs: later in bad-release (+4 min); less than a minute in surge, slow-disk, wrong-timeout and broken-link.",
            "No level is sooner than dark in broken-link.",
            "Never explained right, at dark, logs, metrics, traces and changes alike: broken-link.",
        ],
    );
}

#[test]
fn each_control_stands_against_a_doubt() {
    let page = text(&quick());
    has(
        &page,
        &[
            "Extra checks showing the wrong incident are not shown to help (most at ",
            "Without one look, “roll back the newest publish, then restart every service” restores 60 % of the incidents",
            "Against the better blind runbook, availability is back sooner with traces (by 40 min) and changes (by 38 min); later with dark (by 15 min); logs (",
            "later) are not shown to help</",
            "Who is told the truth when called restores 100 % in 14 min on average",
            "is given a cause all the same: in 3 of 20 at dark",
            "is explained by nobody from within; it is said to be not ours in 13 of 20 at dark",
            "Ops Run It restores later than You Build It You Run It at dark, logs, metrics, traces and changes",
            "In no figure, as nobody was called in any of its incidents: windows-1252.",
        ],
    );
    assert_eq!(page.matches("Against the doubt that ").count(), 8, "seven controls, and the freeze");
}

#[test]
fn a_control_that_fails_is_said_to_fail() {
    let mut document = full();
    document["controls"]["placebo"][0]["interval"] = json!([-600.0, -60.0]);
    document["controls"]["doubts"]["before_trigger"][3]["interval"] = json!([0.3, 0.6]);
    document["controls"]["doubts"]["before_trigger_classifier"]["right_share"] = json!(0.9);
    document["checks"]["hash"] = json!("aaaa");
    has(
        &text(&document),
        &[
            "Extra checks showing the wrong incident also gained ",
            "it is right more often than chance at traces: something leaks",
            "does better than chance: something leaks",
            "no longer the list that was frozen: its hash is aaaa, frozen was 5f2c9a",
        ],
    );
}

#[test]
fn a_full_run_has_every_doubt() {
    let page = text(&full());
    has(
        &page,
        &[
            "Choosing looks by what they tell is sooner than random checks at 5 of 5 levels and than fixed checklist at 5 of 5 levels. Of 3 steps",
            "With 12 looks at every level, the right explanation comes sooner with logs (by 15 min)",
            "Under 200 draws of every cost, each level is sooner than the one before it: logs in 100 %, metrics in 47 %, traces in 99 % and changes in 2 %",
            "Of 3 steps that show a difference, they go the same way: 3 with random checks and 3 with fixed checklist",
            "Other odds beforehand: of 3 steps",
            "Never taught the scenario, it gives the cause of another in 50 % at dark",
            "The last of 3 incidents of training changes the mean by",
            "Taught with shuffled labels, it is right no more often than chance at any level",
            "Shown only what was there before the trigger, it is right no more often than chance at any level",
            "evidence from before the trigger is at chance",
            "Averaged over all orders of adding them, traces brings most: 22 min sooner",
            "Of the 16 subsets of signals the quickest from the call is logs + metrics + traces + changes",
            "Too sure of itself: most at",
            "With at most 5 % explained wrong, the right explanation takes 104 min at logs, 104 min at metrics, 79 min at traces and 81 min at changes; no threshold errs so little at dark",
            ">×16<",
            "On the scenarios written after the freeze",
        ],
    );
    assert_eq!(page.matches("Against the doubt that ").count(), 20);
    assert!(!page.contains("A quick run"));
}

#[test]
fn a_quick_run_shows_what_it_has_and_says_so() {
    let page = text(&quick());
    has(&page, &["A quick run: ", "What stands between these figures and doubt", "<td>70 to never</td>"]);
    for absent in ["What else could have made them", "Brier", "threshold", "gain gone", "NaN"] {
        assert!(!page.contains(absent), "{absent}");
    }
    let mut less = quick();
    for (name, list) in less["controls"].as_object_mut().unwrap() {
        if name != "oracle" {
            *list = json!([]);
        }
    }
    assert_eq!(text(&less).matches("Against the doubt that ").count(), 2, "the oracle and the freeze alone");
}

#[test]
fn two_levels_are_one_step() {
    let mut document = quick();
    document["levels"].as_array_mut().unwrap().truncate(2);
    for list in ["paired", "dots"] {
        let rows = document[list].as_array_mut().unwrap();
        rows.retain(|row| LEVELS[..2].iter().any(|level| row["level"] == *level));
    }
    document["controls"]["models"].as_array_mut().unwrap().truncate(2);
    let page = text(&document);
    has(
        &page,
        &[
            "finds the right explanation sooner with logs (by 56 min)</h1>",
            "Never explained right, at dark and logs alike",
        ],
    );
    assert!(
        !page.contains("Against dark, ") && !page.contains("Ops Run It restores") && !page.contains("NaN")
    );
}

#[test]
fn every_plot_says_who_diagnosed_how_many() {
    let page = text(&full());
    let subtitles: Vec<&str> = page
        .split("<section class=\"chart\">")
        .skip(1)
        .map(|chart| chart.split("class=\"subtitle\">").nth(1).unwrap().split("</p>").next().unwrap())
        .collect();
    assert_eq!(subtitles.len(), 6);
    for subtitle in subtitles {
        assert!(subtitle.contains("model responder, 12 incidents of 6 scenarios"), "{subtitle}");
    }
    assert_eq!(page.matches("<svg").count(), page.matches("role=\"img\" aria-label=\"").count());
    for level in LEVELS {
        assert!(page.contains(&format!("<circle class=\"dot of-{level}\"")), "{level}");
    }
}

#[test]
fn nothing_is_said_that_must_never_be_said() {
    let page = text(&full()).to_lowercase();
    for never in ["people", "worth", "lower bound", "% faster", "five hours", "p-value", "significant", "nan"]
    {
        assert!(!page.contains(never), "{never}");
    }
}

#[test]
fn the_page_needs_nothing_from_elsewhere() {
    let page = text(&full());
    for foreign in ["http:", "https:", "<script", "@import", "url(", "<link"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    for address in page.split("href=\"").skip(1) {
        assert!(address.starts_with("data:text/csv"), "{}", &address[..40]);
    }
    let mut document = quick();
    document["command"] = json!("<b>A & B</b>");
    assert!(!text(&document).contains("<b>A"));
}

#[test]
fn other_json_is_refused() {
    let read = serde_json::from_str::<CompareReport>;
    assert!(read("{}").is_err() && read("").is_err());
    let mut other = full();
    other["controls"]["doubts"]["signals"] = json!("another shape");
    assert!(read(&other.to_string()).is_err(), "a section in another shape is no section that is missing");
}
