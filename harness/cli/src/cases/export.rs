//! `glyphfall export-case`: writes one incident's evidence to files.

use std::path::PathBuf;

use chassis::Level;
use clap::Args;
use incident::{Event, EventKind, IncidentRecord};
use room::catalogue::{Catalogue, truth_at};
use serde_json::{Value, json};
use world::{
    Mix,
    observed::Lines,
    play::{PlayOptions, Responder},
    scenario::{draw, scenario},
};

use super::{
    CASES, KEYS, QUESTION,
    seal::{Key, SealedAnswer},
};
use crate::{
    args::{Format, new_seed},
    output::plain,
    screen,
    stop::Done,
    work::{can_write, played, write},
};

/// How long the shop is recorded after the scenario's last step, in story seconds: twice the time in which every fragment expires, alarms
/// fire and customers complain.
const RECORDED_S: f64 = 1_200.0;

/// Page views a second. With the five of `play`, a case with traces would take 120 MB.
const VIEWS_PER_SECOND: f64 = 1.0;

const QUESTION_WORDS: &str = "These are the logs, metrics and traces that left a web shop on one morning, up to now, as far as its telemetry \
    level grants. Somebody raised the alarm. What set it off, in which asset and by which character if a text did it, along which services \
    did it reach the customers, and what contributed? Or was nothing wrong in the shop?";

#[derive(Clone, Debug, Args)]
pub(crate) struct ExportCaseArgs {
    /// The scenario: a name of the library, or a file ending in .toml
    scenario: String,
    /// Seed of all random choices [default: a new one; the key's file holds it]
    #[arg(long)]
    seed: Option<u64>,
    /// Telemetry level of the services
    #[arg(long, value_enum, default_value_t = Level::Logs)]
    level: Level,
    /// Folder in which the case's own folder is created
    #[arg(long, value_name = "DIR", default_value = CASES)]
    out: PathBuf,
    /// Folder for the key with the answer: keep it away from the program that answers
    #[arg(long, value_name = "DIR", default_value = KEYS)]
    keys: PathBuf,
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(crate) fn run(args: &ExportCaseArgs) -> anyhow::Result<Done> {
    let scenario = scenario(&args.scenario)?;
    let seed = args.seed.unwrap_or_else(new_seed);
    // The name reveals neither scenario nor seed, because the answering program sees it.
    let case = format!("case-{:016x}", rand::random::<u64>());
    let (folder, key_file) = (args.out.join(&case), args.keys.join(format!("{case}.json")));
    can_write(&folder, [QUESTION])?;
    can_write(&args.keys, [format!("{case}.json").as_str()])?;

    let drawn = draw(&scenario, seed);
    let lines = Lines::default();
    let options = PlayOptions {
        level: args.level,
        mix: Mix::of(VIEWS_PER_SECOND),
        responder: Responder::Nobody,
        lines: Some(lines.clone()),
        ends_story_s: drawn.begun_story_s + RECORDED_S,
        ..PlayOptions::new(seed)
    };
    let played = played(&scenario, &options, "glyphfall export-case")?;
    if !played.record.complete {
        return Ok(Done::BrokenOff);
    }

    let answer = truth_at(args.level, &scenario, &drawn);
    let key =
        Key::new(&case, SealedAnswer { scenario: scenario.name.clone(), seed, level: args.level, answer });
    let mut signals = Vec::new();
    for (signal, text) in lines.by_signal() {
        if !text.is_empty() {
            let file = folder.join(format!("{signal}.jsonl"));
            write(&file, text.as_bytes())?;
            signals.push(format!("{signal}.jsonl"));
        }
    }
    let question = question(&case, args.level, &signals, &key.seal(), alarm(&played.record).as_ref());
    write(&folder.join(QUESTION), &serde_json::to_vec_pretty(&question)?)?;
    write(&key_file, &serde_json::to_vec_pretty(&key)?)?;
    let (folder, key_file) = (folder.display().to_string(), key_file.display().to_string());
    match args.format {
        Format::Json => screen::line(&json!({ "case": case, "folder": folder, "key": key_file }).to_string()),
        Format::Text => {
            screen::line(&format!("Case: {}\nKey:  {}", plain(&folder), plain(&key_file)));
        }
    }
    Ok(Done::Well)
}

fn question(case: &str, level: Level, signals: &[String], seal: &str, alarm: Option<&Value>) -> Value {
    let Catalogue { causes, factors, services, .. } = Catalogue::whole();
    let assets: Vec<String> = world::shop::seed_assets().iter().map(|asset| asset.id.to_string()).collect();
    json!({
        "format": "glyphfall.case/1",
        "case": case,
        "question": QUESTION_WORDS,
        "level": level,
        "evidence": signals,
        "alarm": alarm,
        "answer": {
            "case": case,
            "cause": "one of the causes, or your own words; leave out what you do not know",
            "asset": "one of the assets, or another that the evidence names",
            "character": "as in U+000B or 0x93",
            "path": ["services, from where it began to the customers"],
            "factors": ["factors, or your own words"],
        },
        "causes": causes.iter().map(|entry| &entry.words).collect::<Vec<_>>(),
        "factors": factors,
        "services": services,
        "assets": assets,
        "seal": { "method": "HMAC-SHA-256", "value": seal },
    })
}

/// The event that called the responder, with its time.
fn alarm(record: &IncidentRecord) -> Option<Value> {
    let calls = |event: &&Event| {
        matches!(
            event.kind,
            EventKind::Alerted { .. } | EventKind::CustomerComplaint { .. } | EventKind::AvailabilityLost
        )
    };
    let event = record.events.iter().find(calls)?;
    let words = match &event.kind {
        EventKind::AvailabilityLost => "Customers are not served.".to_owned(),
        called => called.to_string(),
    };
    Some(json!({ "seconds": event.at_s, "words": words }))
}
