//! `glyphfall play`: one incident in virtual time, with the same services as live. Hours pass in seconds.

use std::{num::NonZeroUsize, path::PathBuf, sync::Arc};

use chassis::{LatentFault, Level};
use clap::{Args, ValueEnum};
use diagnosis::Knowledge;
use incident::{Event, EventKind, IncidentRecord, OperatingModel, Story, TimeOfDay};
use world::{
    Mix,
    play::{PlayOptions, Played, Responder, STARTS_STORY_S},
    scenario::{Drawn, scenario},
};

use crate::{
    args::{Format, new_seed, not_of_training, views},
    debrief,
    naming::RunName,
    output::{self, plain},
    screen::{self, Screen},
    stop::Done,
    work::played,
};

#[derive(Clone, Debug, Args)]
pub(crate) struct PlayArgs {
    /// The scenario: a name of the library, or a file ending in .toml
    #[arg(default_value = world::scenario::STORY)]
    scenario: String,
    /// Telemetry level of the services
    #[arg(long, value_enum, default_value_t = Level::Dark)]
    level: Level,
    /// Who restores service
    #[arg(long, value_name = "MODEL", default_value_t = OperatingModel::OpsRunIt)]
    model: OperatingModel,
    /// Who diagnoses the incident
    #[arg(long, value_enum, default_value_t = ResponderKind::Model)]
    responder: ResponderKind,
    /// Repairs latent faults; may be given several times
    #[arg(long, value_enum, value_delimiter = ',', value_name = "FAULT,...")]
    repair: Vec<LatentFault>,
    /// Seed of all random choices; the model responder takes none above a thousand million, which are kept for training [default: a new one for each
    /// run, which is printed]
    #[arg(long)]
    seed: Option<u64>,
    /// Page views a second, on average; the shop is sized for them
    #[arg(long, value_name = "COUNT", default_value_t = world::play::VIEWS_PER_SECOND, value_parser = views)]
    views: f64,
    /// When to stop at the latest, in the story's time
    #[arg(long, value_name = "TIME", default_value_t = Story::default().ends)]
    until: TimeOfDay,
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Folder for the incident record and its debrief
    #[arg(long, value_name = "DIR", default_value = "glyphfall-out")]
    out: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ResponderKind {
    /// The model responder: looks, thinks and acts by what it has learned
    Model,
    /// A table of assumed minutes, after which the shop is restored
    StandIn,
}

pub(crate) fn run(args: &PlayArgs) -> anyhow::Result<Done> {
    let scenario = scenario(&args.scenario)?;
    let seed = args.seed.unwrap_or_else(new_seed);
    if args.responder == ResponderKind::Model {
        not_of_training(seed, NonZeroUsize::MIN)?;
    }
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
    let responder = args.responder.to_possible_value().expect("no kind of responder is hidden");
    let stem = RunName::new(&scenario.name, seed)
        .with("", &args.level.name(), &Level::Dark.name())
        .with("", &args.model, &OperatingModel::OpsRunIt)
        .with("", &responder.get_name(), &"model")
        .with("views", &args.views, &world::play::VIEWS_PER_SECOND)
        .with("until", &args.until, &Story::default().ends)
        .repaired(&args.repair)
        .into_name();
    debrief::can_leave(&args.out, &stem)?;
    let screen = Screen::new(args.format);
    screen.say(&format!(
        "{}  seed {seed}, {} page views/s, telemetry {}, virtual time",
        plain(&scenario.name),
        args.views,
        args.level.name()
    ));
    let again =
        format!("glyphfall play {} --seed {seed} --level {}", plain(&args.scenario), args.level.name());
    let Played { record, fingerprint, drawn, .. } = played(&scenario, &options, &again)?;
    let files = debrief::leave(&record, &args.out, &stem)?;
    match args.format {
        Format::Json => screen::line(&record.to_json()),
        Format::Text => tell(&record, &screen),
    }
    if let Some(missed) = missed(&record, &drawn).filter(|_| record.complete) {
        for line in screen::broken(&missed, output::columns()) {
            screen.say(&line);
        }
    }
    screen.say(&debrief::named(&record, &files));
    screen.say(&format!("Fingerprint of everything that happened: {fingerprint:016x}"));
    Ok(if record.complete { Done::Well } else { Done::BrokenOff })
}

/// Steps of the scenario that would have happened after the requested end.
fn missed(record: &IncidentRecord, drawn: &Drawn) -> Option<String> {
    let ended_s = STARTS_STORY_S + record.availability.last().map_or(0.0, |row| f64::from(row.at_s) + 1.0);
    let time = |story_s: f64| record.run.story.time_at(story_s);
    let missed: Vec<String> =
        drawn.begins[drawn.begun_until(ended_s)..].iter().map(|(at_s, _)| time(*at_s).to_string()).collect();
    (!missed.is_empty()).then(|| {
        format!(
            "It ended at {}, before everything happened: more would have begun at {}.",
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
            let columns = output::columns().saturating_sub(indent.len());
            for (place, line) in screen::broken(&plain(&what), columns).iter().enumerate() {
                screen.say(&format!("{}{line}", if place == 0 { &time } else { &indent }));
            }
        }
    }
    let outcome = &record.outcome;
    let verdict = match (outcome.lost_s, outcome.time_to_restore_s()) {
        (None, _) if record.complete => "Customers noticed nothing: availability was never lost.".to_owned(),
        (None, _) => "PARTIAL: stopped early. Availability was not lost by then.".to_owned(),
        (Some(_), None) if record.complete => "Not restored by the end.".to_owned(),
        (Some(_), None) => "PARTIAL: stopped early. Not restored by then.".to_owned(),
        (Some(_), Some(restore_s)) => {
            let again = if outcome.fixed { "" } else { " Then it was lost again." };
            format!("Restored after {:.0} story minutes.{again}", restore_s / 60.0)
        }
    };
    screen.say(&format!(
        "\n{verdict} {} visits failed; {} of trade lost ({}).",
        outcome.failed_visits,
        outcome.incident_financial_loss_usd,
        record.run.response()
    ));
}

/// An event as a line; `None` for clock events, which only programs need.
fn words(event: &Event) -> Option<String> {
    Some(match &event.kind {
        EventKind::Published { asset, version, by, characters } => {
            format!("{asset} version {version} is published by the {by}{}", incident::event::with(characters))
        }
        EventKind::AvailabilityLost => "availability is lost".to_owned(),
        EventKind::AvailabilityRestored => "availability is restored".to_owned(),
        EventKind::Alerted { text } => format!("alert: {text}"),
        EventKind::CustomerComplaint { text } => format!("a customer complains: {text}"),
        EventKind::Remedy(remedy) => format!("remedy: {remedy}"),
        EventKind::Note { text } => text.clone(),
        ticket @ EventKind::Ticket { .. } => ticket.to_string(),
        EventKind::Hypothesis { text, .. } => format!("  thinks: {text}"),
        EventKind::Finding { check, text } => format!("found: {check}: {text}"),
        EventKind::Explained { explanation, score } => {
            let score = score.map(|score| format!(" (score {score})")).unwrap_or_default();
            let factors: Vec<&str> = explanation.factors.iter().map(|factor| factor.name()).collect();
            let part = |title: &str, words: String| {
                if words.is_empty() { words } else { format!(". {title}: {words}") }
            };
            let (path, factors) = (explanation.path.join(" > "), factors.join(", "));
            format!(
                "explains: {}{}{}{score}",
                explanation.trigger,
                part("Path", path),
                part("Factors", factors)
            )
        }
        _ => return None,
    })
}
