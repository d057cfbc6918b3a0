//! `glyphfall scenarios`: the library.

use chassis::LatentFault;
use clap::Args;
use experiment::{
    factors::{REPAIRED, Replayed, replayed},
    rating::{EASY_MINUTES_MAX, MEDIUM_MINUTES_MAX, Rated, rated},
    remedies,
    year::measured::LEVELS,
};
use incident::{Remedy, Usd};
use serde_json::json;
use world::scenario::{Reach, Scenario, Symptom, library, scenario};

use crate::{args::Format, output::plain, screen, stop::Done, work::watched};

#[derive(Clone, Debug, Args)]
pub(crate) struct ScenariosArgs {
    /// The scenario to describe in full (a spoiler): a name of the library, or a file ending in .toml
    name: Option<String>,
    /// Plays it, or the library, and reports where the file is wrong: in its symptom, in what each remedy does, and in the factors, by playing it again with each of three latent faults repaired
    #[arg(long)]
    replay: bool,
    /// The seed of a replay
    #[arg(long, default_value_t = 1, requires = "replay")]
    seed: u64,
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(crate) fn run(options: &ScenariosArgs) -> anyhow::Result<Done> {
    if options.replay {
        return replay(options);
    }
    match (&options.name, options.format) {
        (None, Format::Text) => {
            for scenario in library() {
                let rating = rated(&scenario).rating.name();
                screen::line(&format!("{:<18} {rating:<6} {}", scenario.name, scenario.title));
            }
            screen::paragraph(&format!(
                "\nEach rating follows from the minutes that the model responder worked until customers were served, at the worst of {} \
                 telemetry levels: easy up to {EASY_MINUTES_MAX:.0}, medium up to {MEDIUM_MINUTES_MAX:.0}, otherwise hard.",
                LEVELS.len()
            ));
            screen::paragraph(&format!("\n{}", triggered()));
            screen::paragraph(
                "\n'glyphfall play NAME' plays one; 'glyphfall scenarios NAME' describes it in full.",
            );
        }
        (None, Format::Json) => {
            let list = library().iter().map(summary).collect::<Vec<_>>();
            screen::line(&json!({ "scenarios": list }).to_string());
        }
        (Some(name), Format::Text) => describe(&scenario(name)?),
        (Some(name), Format::Json) => screen::line(&serde_json::to_string(&scenario(name)?)?),
    }
    Ok(Done::Well)
}

/// Holds what scenarios say of their symptom, remedies and contributing factors against replays.
fn replay(options: &ScenariosArgs) -> anyhow::Result<Done> {
    let scenarios = match &options.name {
        Some(name) => vec![scenario(name)?],
        None => library(),
    };
    let seeds = [options.seed];
    let count = scenarios.len() * (REPAIRED.len() + 1) + remedies::plays(&scenarios, &seeds);
    let (rows, mut contradictions) = watched(count, "incidents", |watch| {
        let contradictions = remedies::contradictions(&scenarios, &seeds, watch)?;
        Ok((replayed(&scenarios, &seeds, watch)?, contradictions))
    })?;
    screen::line(&format!(
        "{:<20} {:>12}   without {}",
        "",
        "loss",
        REPAIRED.map(LatentFault::name).join(", ")
    ));
    for Replayed { scenario, loss_usd, without_usd, .. } in &rows {
        let without = without_usd.map(|usd| format!("{:>12}", Usd(usd).to_string())).join("");
        screen::line(&format!("{:<20} {:>12}{without}", plain(scenario), Usd(*loss_usd).to_string()));
    }
    contradictions.extend(rows.iter().flat_map(Replayed::contradictions));
    for sentence in &contradictions {
        screen::paragraph(&format!("\n{}.", plain(sentence)));
    }
    Ok(if rows.len() < scenarios.len() { Done::BrokenOff } else { contradictions.is_empty().into() })
}

fn summary(scenario: &Scenario) -> serde_json::Value {
    let Rated { rating, minutes } = rated(scenario);
    json!({
        "name": scenario.name, "title": scenario.title, "control": scenario.control, "rating": rating, "responder_minutes": minutes,
        "inject": places(scenario.reach())
    })
}

/// In which running shops a scenario can be triggered.
fn places(reach: Reach) -> &'static [&'static str] {
    match reach {
        Reach::AnyShop => &["any shop", "up", "up --sized"],
        Reach::WholeShop => &["up", "up --sized"],
        Reach::SizedShop => &["up --sized"],
    }
}

fn triggered() -> String {
    let named = |reach| {
        let all = library().into_iter().filter(|scenario| scenario.reach() == reach);
        all.map(|scenario| scenario.name).collect::<Vec<_>>().join(", ")
    };
    format!(
        "'glyphfall inject NAME' triggers one in a shop that 'glyphfall up' runs ({}: 'up --sized'), and in containers those that an editor's \
         publish triggers: {}.",
        named(Reach::SizedShop),
        named(Reach::AnyShop)
    )
}

/// The file may be anybody's: each of its texts is one paragraph, whatever it holds.
fn describe(scenario: &Scenario) {
    let Scenario { name, title, description, source, symptom, hints, truth, remedies, .. } = scenario;
    screen::paragraph(&format!(
        "{}: {}\n\nSpoiler: everything about it follows.\n",
        plain(name),
        plain(title)
    ));
    screen::paragraph(&plain(&description.replace('\n', " ")));
    if let Some(source) = source {
        screen::paragraph(&format!("\nA public report of a similar incident: {}", plain(source)));
    }
    screen::paragraph(&format!("\nTrigger: {}.", plain(&truth.trigger)));
    let path = truth.path.iter().map(|service| service.words()).chain(["the customers".to_owned()]);
    screen::paragraph(&format!("Path: {}.", plain(&path.collect::<Vec<_>>().join(", then "))));
    screen::line("Contributing factors:");
    for factor in &truth.factors {
        screen::paragraph(&format!("  {factor}: {}", factor.description()));
    }
    if library().iter().any(|known| known.name == *name) {
        screen::paragraph(&rated(scenario).to_string());
    }
    if remedies.right.is_empty() {
        screen::line(match symptom {
            Symptom::Nothing => "Needs no remedy: customers are served all the time.",
            Symptom::SomeVisits | Symptom::EveryPage => "No remedy inside the shop restores it.",
        });
    }
    list("Restored by:", &remedies.right);
    list("Not restored by:", &remedies.wrong);
    if !hints.is_empty() {
        screen::line("Hints for people who are stuck:");
    }
    for hint in hints {
        screen::paragraph(&format!("  {}", plain(hint)));
    }
}

fn list(heading: &str, sequences: &[Vec<Remedy>]) {
    if !sequences.is_empty() {
        screen::line(heading);
    }
    for sequence in sequences {
        let steps = sequence.iter().map(ToString::to_string).collect::<Vec<_>>().join(", and then ");
        screen::paragraph(&format!("  {}", plain(&steps.replace("published", "what was published"))));
    }
}
