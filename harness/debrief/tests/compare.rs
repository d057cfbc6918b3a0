//! The page about a comparison: its sentences must agree with its figures, whichever sign those have.

mod sample;

use report::compare::CompareReport;
use sample::{LEVELS, full, quick};
use serde_json::{Value, json};

/// A page with plain spaces in place of no-break spaces.
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
fn the_page_opens_with_what_can_be_said_aloud_and_the_doubts_come_last() {
    let page = text(&full());
    let place = |words: &str| page.find(words).unwrap_or_else(|| panic!("{words} is not in {page}"));
    let order = [
        "<p>The model responder found the right explanation in 67 % of the incidents at dark.</p>",
        "<p>The step that helps most is logs.</p>",
        "Step by step, ",
        "What else could explain these figures",
        "The doubt: ",
        "What this rests on",
    ];
    assert!(order.map(place).is_sorted(), "{:?}", order.map(place));
    assert!(page.rfind("The doubt: ") > page.rfind("<section class=\"doubts\">"));
}

#[test]
fn every_step_is_named_with_its_sign() {
    has(
        &text(&quick()),
        &[
            "<h1>With logs and traces the model responder finds the right explanation sooner; with changes the model responder finds the right explanation later; metrics made no \
             clear difference</h1>",
            "Step by step, the right explanation comes sooner with logs (by 56 min)",
            "each level minus the one before it, then each level minus dark",
            ">dark to changes: ",
            "Availability is back sooner with logs",
            "The trade lost is less with logs (by $280,000)",
            "The right explanation is found for half of the incidents within 107 min at dark",
            "Of 6 scenarios, the right explanation comes sooner with logs in 4, metrics in 1, traces in 5 and changes in 0",
        ],
    );
}

#[test]
fn nothing_shown_and_harm_are_findings_too() {
    let mut document = quick();
    for paired in document["paired"].as_array_mut().unwrap() {
        (paired["interval"], paired["median_interval"]) = (json!([-60.0, 60.0]), json!(null));
    }
    has(
        &text(&document),
        &[
            "<h1>Logs, metrics, traces and changes made no clear difference</h1>",
            "the right explanation comes not clearly sooner: logs (",
        ],
    );
    document["paired"][1]["median_interval"] = json!([-60.0, -10.0]);
    has(
        &text(&document),
        &[
            "<h1>With metrics the model responder finds the right explanation sooner in most scenarios; logs, traces and changes made no clear \
           difference</h1>",
        ],
    );
    for paired in document["paired"].as_array_mut().unwrap() {
        (paired["difference"], paired["interval"]) = (json!(300.0), json!([60.0, 600.0]));
    }
    let page = text(&document);
    has(
        &page,
        &[
            "<h1>With logs, metrics, traces and changes the model responder finds the right explanation later</h1>",
            "the right explanation comes later with logs (by 5 min), metrics (by 5 min)",
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
            "The right explanation is found at none of dark, logs, metrics, traces and changes in broken-link.",
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
            "Not everywhere better than the baselines: it is restored sooner by “roll back the newest publish, then restart every service” at dark",
            "Cases in which an incident cost more than at the level below: 1 (0 at logs, 0 at metrics, 0 at traces and 1 at changes), 1 of them by 10 minutes or more",
            "When nothing is wrong with the shop, the responder gives a cause all the same: in 3 of 20 at dark",
            "it recognises an outage outside the shop in 13 of 20 at dark",
            "Ops Run It restores later at dark, logs, metrics, traces and changes than You Build It You Run It",
            "Left out of all figures, because nobody was called in any of its incidents: windows-1252.",
        ],
    );
    assert_eq!(page.matches("The doubt: ").count(), 5, "four controls, and the freeze");
    assert!(page.find("Not everywhere better").unwrap() < page.find("Step by step, ").unwrap());
}

#[test]
fn a_control_that_fails_is_said_to_fail() {
    let mut document = full();
    document["controls"]["placebo"][0]["interval"] = json!([-600.0, -60.0]);
    document["controls"]["doubts"]["classifiers"][0]["right_share"] = json!(0.9);
    document["controls"]["doubts"]["classifiers"][1]["right_share"] = json!(0.1);
    document["checks"]["hash"] = json!("aaaa");
    has(
        &text(&document),
        &[
            "Extra checks showing the wrong incident also gained ",
            "just before the trigger, it does better than chance: something gives the scenario away",
            "soon after the call, it is at chance: it could not have found that anything gives it away",
            "but for one change: fewer looks (hash aaaa, frozen as 5f2c9a)",
        ],
    );
}

#[test]
fn a_full_run_has_every_doubt() {
    let page = text(&full());
    has(
        &page,
        &[
            "How often a level is sooner than the one before it, in 200 draws of every cost: logs in 100 %, metrics in 47 %, traces in 99 % and changes in 2 %",
            "Of 3 steps that show a difference, this many keep their direction: 3 if skewed and 3 if wrong by ten",
            "never taught the scenario, in 50 % at dark",
            "never taught its family, in 50 % at dark",
            "just before the trigger, it is at chance, as it must be; soon after the call, it does better than chance, as it must",
            "With the checks of dark at 1/8 of their cost, it would be as quick as logs",
            "Averaged over all orders in which signals can be added, traces brings most: 22 min sooner",
            "adding changes, mean over all orders",
            "Of the 16 subsets of signals the quickest from the call is logs + metrics + traces + changes",
            "The responder is too sure of itself, most at",
            ">×16<",
            "On the scenarios written after the freeze",
        ],
    );
    assert_eq!(page.matches("The doubt: ").count(), 12);
    assert!(!page.contains("A quick run"));
}

#[test]
fn a_quick_run_shows_what_it_has_and_says_so() {
    let page = text(&quick());
    has(&page, &["A quick run: ", "What else could explain these figures", "<td>70 to never</td>"]);
    for absent in ["Brier", "no gain left", "NaN"] {
        assert!(!page.contains(absent), "{absent}");
    }
    let mut less = quick();
    less["controls"].as_object_mut().unwrap().values_mut().for_each(|list| *list = json!([]));
    assert_eq!(text(&less).matches("The doubt: ").count(), 2, "no violation is a finding, and the freeze");
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
            "<h1>With logs the model responder finds the right explanation sooner</h1>",
            "The right explanation is found at none of dark and logs in",
        ],
    );
    assert!(
        !page.contains(">dark to metrics:") && !page.contains("Ops Run It restores") && !page.contains("NaN")
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
    assert_eq!(subtitles.len(), 3);
    for subtitle in subtitles {
        assert!(subtitle.contains("model responder, 12 incidents of 6 scenarios"), "{subtitle}");
    }
    assert_eq!(page.matches("<svg").count(), page.matches("role=\"img\" aria-label=\"").count());
    for level in LEVELS {
        assert!(page.contains(&format!("<circle class=\"dot level-{level}\"")), "{level}");
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

#[test]
fn teams_stand_apart_from_the_model_each_session_on_an_axis_of_its_own() {
    let mut document = quick();
    let round = |level: &str, explained_s: Value, is_right: bool, restored_s: Value| {
        json!({
            "team": "Team <1>", "round": 1, "scenario": "surge", "seed": 3, "level": level, "is_helped": !is_right, "over_s": 9000.0,
            "explained_s": explained_s, "is_right": is_right, "restored_s": restored_s,
        })
    };
    let session = |folder: &str| {
        let rounds = [
            round("logs", json!(1800.0), false, json!(null)),
            round("changes", json!(600.0), true, json!(1200.0)),
        ];
        json!({ "folder": folder, "rounds": rounds, "idle": 1, "is_balanced": false })
    };
    document["teams"] =
        json!({ "may_be_concluded": "nothing at all", "sessions": [session("monday"), session("tuesday")] });
    let page = text(&document);
    has(
        &page,
        &[
            "What may be concluded: nothing at all.",
            "<h3>monday: availability was lost in 2 of 2 rounds</h3>",
            "<h3>tuesday: availability",
            "logs: Team &#60;1&#62;, round 1, surge, helped",
            "Nothing but the section about teams was measured with a team",
            "Left out, because nobody did anything in them: 1 round of a team.",
        ],
    );
    let teams = &page[page.find("What teams did").unwrap()..page.find("What this rests on").unwrap()];
    // Two sessions, each drawn for wide and for narrow pages: right, not right, restored, not restored.
    assert_eq!(teams.matches("<svg").count(), 4);
    assert_eq!((teams.matches("class=\"dot\"").count(), teams.matches("class=\"open\"").count()), (8, 8));
    for word in ["median", "restricted", "interval", "model responder"] {
        assert!(!teams.contains(word), "{word}");
    }
    assert!(!text(&quick()).contains("What teams did"));
}
