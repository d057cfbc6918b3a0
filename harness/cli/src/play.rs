//! `glyphfall play`: one incident in virtual time. The same services as live; hours pass in seconds.

use std::{sync::Arc, time::Duration};

use diagnosis::Knowledge;
use incident::{Event, EventKind, IncidentRecord, Story};
use indicatif::ProgressBar;
use world::{
    Mix,
    play::{PlayOptions, Played, Responder, STARTS_STORY_S, play},
    scenario::{Drawn, scenario},
    virtual_time::{self, STALLED_AFTER},
};

use crate::{
    debrief,
    options::{Format, PlayArgs, ResponderKind},
    screen::{self, Screen},
    work,
};

/// Columns of a line, as on the narrowest terminal.
const WIDTH: usize = 80;

/// How often the spinner turns.
const SPINS_EVERY: Duration = Duration::from_millis(120);

/// Plays it, writes its record, and says what came of it.
pub(crate) fn run(args: &PlayArgs) -> anyhow::Result<()> {
    let scenario = scenario(&args.scenario)?;
    let seed = args.seed.unwrap_or_else(|| rand::random_range(1..1_000_000));
    let options = PlayOptions {
        level: args.level,
        operating_model: args.model,
        repaired: args.repair.clone(),
        mix: Mix::of(args.views),
        with_evidence: true,
        fingerprints_evidence: true,
        responder: match args.responder {
            ResponderKind::Model => Responder::Model(Arc::new(Knowledge::built_in())),
            ResponderKind::StandIn => Responder::StandIn,
        },
        ends_story_s: Story::default().story_s(args.until),
        ..PlayOptions::new(seed)
    };
    let screen = Screen::new(args.format);
    screen.say(&format!(
        "{}  seed {seed}, {} page views/s, telemetry {}, virtual time",
        scenario.name,
        args.views,
        args.level.name()
    ));
    let spinner = ProgressBar::new_spinner().with_message("playing the morning");
    spinner.enable_steady_tick(SPINS_EVERY);
    let again = format!("glyphfall play {} --seed {seed} --level {}", args.scenario, args.level.name());
    let stalled = move || work::stalled(&again);
    let played = virtual_time::run(play(&scenario, &options), STALLED_AFTER, stalled)?;
    spinner.finish_and_clear();
    let Played { record, fingerprint, drawn, .. } = played?;
    let [file, page, _] = debrief::leave(&record, &args.out, &format!("{}-{seed}", record.run.scenario))?;
    match args.format {
        Format::Json => screen::line(&record.to_json()),
        Format::Text => tell(&record, &screen),
    }
    if let Some(missed) = missed(&record, &drawn) {
        for line in screen::broken(&missed, WIDTH) {
            screen.say(&line);
        }
    }
    screen.say(&format!(
        "\nRecord: {}\nDebrief: {}\nFingerprint of everything that happened: {fingerprint:016x}",
        file.display(),
        page.display()
    ));
    Ok(())
}

/// What the scenario would still have let happen after the end that was asked for.
fn missed(record: &IncidentRecord, drawn: &Drawn) -> Option<String> {
    let ended_s = STARTS_STORY_S + record.availability.last().map_or(0.0, |row| f64::from(row.at_s) + 1.0);
    let time = |story_s: f64| record.run.story.time_at(story_s);
    let missed: Vec<String> =
        drawn.begins[drawn.begun_until(ended_s)..].iter().map(|(at_s, _)| time(*at_s).to_string()).collect();
    (!missed.is_empty()).then(|| {
        format!(
            "It ended at {}, before everything happened: more was to begin at {}.",
            time(ended_s),
            missed.join(" and ")
        )
    })
}

fn tell(record: &IncidentRecord, screen: &Screen) {
    screen.say("");
    for event in &record.events {
        if let Some(what) = words(event) {
            let time = format!("  {}  ", record.run.story.time_at(event.story_s));
            let indent = " ".repeat(time.chars().count());
            for (place, line) in screen::broken(&what, WIDTH - indent.len()).iter().enumerate() {
                screen.say(&format!("{}{line}", if place == 0 { &time } else { &indent }));
            }
        }
    }
    let outcome = &record.outcome;
    let verdict = match (outcome.lost_s, outcome.time_to_restore_s()) {
        (None, _) => "Customers noticed nothing: availability was never lost.".to_owned(),
        (Some(_), None) => "Not restored by the end.".to_owned(),
        (Some(_), Some(restore_s)) => {
            let again = if outcome.fixed { "" } else { " Then it was lost again." };
            format!("Restored after {:.0} story minutes.{again}", restore_s / 60.0)
        }
    };
    screen.say(&format!(
        "\n{verdict} {} visits failed; {} of trade lost. Diagnosed by: {}.",
        outcome.failed_visits, outcome.incident_financial_loss_usd, record.run.responder
    ));
}

/// An event as a line; the clock's are for programs.
fn words(event: &Event) -> Option<String> {
    Some(match &event.kind {
        EventKind::Published { asset, version, by } => {
            format!("{asset} version {version} is published by the {by}")
        }
        EventKind::AvailabilityLost => "availability is lost".to_owned(),
        EventKind::AvailabilityRestored => "availability is restored".to_owned(),
        EventKind::Alerted { text } => format!("alert: {text}"),
        EventKind::CustomerComplaint { text } => format!("a customer complains: {text}"),
        EventKind::Remedy(remedy) => format!("remedy: {remedy}"),
        EventKind::Note { text } => text.clone(),
        EventKind::Hypothesis { text, .. } => format!("  thinks: {text}"),
        EventKind::Finding { check, text } => format!("found: {check}: {text}"),
        EventKind::Explained { explanation, score } => {
            let score = score.map(|score| format!(" (score {score})")).unwrap_or_default();
            let factors: Vec<&str> = explanation.factors.iter().map(|factor| factor.name()).collect();
            let path = explanation.path.join(" > ");
            format!("explains: {}. Path: {path}. Factors: {}{score}", explanation.trigger, factors.join(", "))
        }
        _ => return None,
    })
}
