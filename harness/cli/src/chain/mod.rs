//! `glyphfall chain`: each latent fault's contribution to the loss. [`text`]: the report on a terminal.

mod text;

use std::num::NonZeroUsize;

use clap::Args;
use experiment::{
    chain::{ChainOptions, SEEDS, VIEWS_PER_SECOND, chain},
    compare::SEED_MAX,
};
use incident::{Route, Story};
use world::{Mix, play::STARTS_STORY_S, scenario::scenario};

use crate::{
    args::{new_seed, not_of_training, views},
    naming::RunName,
    output::plain,
    stop::Done,
    work::{Publisher, ReportArgs, watched},
};

/// Tolerance on the sum of a mix's shares: people type them with a few digits.
const ROUNDING: f64 = 0.005;

#[derive(Clone, Debug, Args)]
pub(crate) struct ChainArgs {
    /// The incident: a scenario of the library, or a file ending in .toml
    #[arg(default_value = world::scenario::STORY)]
    scenario: String,
    /// How many seeds each combination is played with
    #[arg(long, value_name = "COUNT", default_value_t = SEEDS)]
    seeds: NonZeroUsize,
    /// The first seed; those above a thousand million are kept for training [default: a new one for each run, which is printed]
    #[arg(long, value_parser = clap::value_parser!(u64).range(..=SEED_MAX))]
    seed: Option<u64>,
    /// Page views a second, on average; the shop is sized for them
    #[arg(long, value_name = "COUNT", default_value_t = VIEWS_PER_SECOND, value_parser = views)]
    views: f64,
    /// The share of each kind of page, such as home=0.3,category=0.25,product=0.35,checkout=0.1
    #[arg(long, value_name = "PAGE=SHARE,...", value_parser = mix)]
    mix: Option<Shares>,
    #[command(flatten)]
    report: ReportArgs,
}

/// Shares of kinds of pages that add up to 1.
#[derive(Clone, Debug, PartialEq)]
struct Shares(Vec<(Route, f64)>);

pub(crate) fn run(args: &ChainArgs) -> anyhow::Result<Done> {
    let seed = args.seed.unwrap_or_else(new_seed);
    not_of_training(seed, args.seeds)?;
    let mut options =
        ChainOptions { seeds: args.seeds, ..ChainOptions::new(scenario(&args.scenario)?, seed) };
    options.mix = Mix::of(args.views);
    if let Some(Shares(shares)) = &args.mix {
        options.mix.shares = shares.iter().copied().collect();
    }
    let shares = args.mix.as_ref().map(|Shares(shares)| {
        shares.iter().map(|(route, share)| format!("{route}-{share}")).collect::<Vec<_>>().join("-")
    });
    let name = RunName::new(&format!("chain-{}", options.scenario.name), seed)
        .with("seeds", &args.seeds, &SEEDS)
        .with("views", &args.views, &VIEWS_PER_SECOND)
        .with("mix", &shares.unwrap_or_default(), &"")
        .into_name();
    let (publisher, story) = (Publisher::new(&args.report, name)?, Story::default());
    publisher.say(&format!(
        "{}  {} incidents: 16 combinations, {} seeds from {seed}, views {}/s, {} to {}, virtual time",
        plain(&options.scenario.name),
        options.incidents(),
        options.seeds,
        args.views,
        story.time_at(STARTS_STORY_S),
        story.time_at(options.ends_story_s)
    ));
    let report = watched(options.incidents(), "incidents", |watch| chain(&options, watch))?;
    let page = debrief::chain::page(&report)?;
    publisher.publish(&report, &text::lines(&report), &page, Some(&report.command))?;
    Ok(if report.complete { Done::Well } else { Done::BrokenOff })
}

fn mix(text: &str) -> Result<Shares, String> {
    let mut shares: Vec<(Route, f64)> = Vec::new();
    for part in text.split(',') {
        let (page, share) = part.split_once('=').ok_or_else(|| format!("'{part}' is not PAGE=SHARE"))?;
        let route: Route = page.trim().parse().map_err(|error: incident::UnknownWord| error.to_string())?;
        let share: f64 = share.trim().parse().map_err(|_| format!("'{share}' is not a number"))?;
        if !(0.0..=1.0).contains(&share) {
            return Err(format!("{page}={share}: a share lies between 0 and 1"));
        }
        if shares.iter().any(|(other, _)| *other == route) {
            return Err(format!("{page} is given twice"));
        }
        shares.push((route, share));
    }
    let sum: f64 = shares.iter().map(|(_, share)| share).sum();
    if (sum - 1.0).abs() > ROUNDING {
        return Err(format!("the shares add up to {sum:.3}, not 1"));
    }
    for (_, share) in &mut shares {
        *share /= sum;
    }
    Ok(Shares(shares))
}

#[cfg(test)]
mod tests {
    use super::*;
    use experiment::{
        attribution::COALITIONS,
        chain::{Played, report_of},
        played::IncidentResult,
    };
    use report::chain::ChainReport;

    /// A report in which rendering and error handling together cause the loss, and each other fault doubles it.
    fn report(seeds: usize) -> ChainReport {
        let story = scenario(world::scenario::STORY).unwrap();
        let options = ChainOptions { seeds: NonZeroUsize::new(2).unwrap(), ..ChainOptions::new(story, 7) };
        let played = |seed: usize| -> Played {
            std::array::from_fn(|present| {
                let doubled = 2.0_f64.powi(i32::from(present & 4 != 0) + i32::from(present & 8 != 0));
                let loss_usd =
                    if present & 3 == 3 { (1_000_000.0 + 90_000.0 * seed as f64) * doubled } else { 0.0 };
                let lost_s = (loss_usd > 0.0).then_some(300.0);
                Some(IncidentResult {
                    loss_usd,
                    loss_so_far_usd: loss_usd / 4.0,
                    loss_with_model_usd: loss_usd / 2.0,
                    begun_s: 290.0,
                    lost_s,
                    remedies: 0,
                    watched_until_s: 18_000.0,
                    restored_s: None,
                    routes: Vec::new(),
                })
            })
        };
        report_of(&options, &(0..seeds).map(played).collect::<Vec<_>>())
    }

    #[test]
    fn the_page_is_made_of_the_report_and_holds_what_it_says() {
        let report = report(2);
        assert!(report.complete);
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["combinations"].as_array().unwrap().len(), COALITIONS);
        assert_eq!(json["combinations"][0]["loss_usd"], 4_180_000.0);
        assert_eq!(json["shares"][0]["fault"], "invalid-rendering");
        assert!(
            (json["shares"]
                .as_array()
                .unwrap()
                .iter()
                .map(|share| share["share"].as_f64().unwrap())
                .sum::<f64>()
                - 1.0)
                .abs()
                < 1e-12
        );
        let page = debrief::chain::page(&report).unwrap();
        for text in [
            "$4,180,000",
            "stand-in (assumed)",
            "35.4\u{a0}%",
            "glyphfall chain special-character --seed 7 --seeds 2",
        ] {
            assert!(page.contains(text), "{text}");
        }
        assert!(
            !page.contains("src=\"http") && !page.contains("<script"),
            "the page needs nothing from elsewhere"
        );
    }

    #[test]
    fn every_line_fits_and_partial_results_say_so() {
        for (seeds, is_partial) in [(2, false), (1, true), (0, true)] {
            let report = report(seeds);
            let lines = text::lines(&report);
            assert_eq!(lines.iter().any(|line| line.contains("PARTIAL")), is_partial, "{seeds}");
            let tables = lines
                .iter()
                .flat_map(|line| line.split('\n'))
                .filter(|line| line.starts_with("  ") && line.contains("   "));
            tables.for_each(|line| assert!(line.chars().count() <= 80, "{line}"));
            assert!(debrief::chain::page(&report).is_ok());
        }
    }

    #[test]
    fn a_mix_adds_up() {
        let check = |text: &str, expected: Result<&[(Route, f64)], &str>| match expected {
            Ok(shares) => assert_eq!(mix(text), Ok(Shares(shares.to_vec())), "{text}"),
            Err(part) => assert!(mix(text).unwrap_err().contains(part), "{text}"),
        };
        check("home=0.5,checkout=0.5", Ok(&[(Route::Home, 0.5), (Route::Checkout, 0.5)]));
        check("home=1", Ok(&[(Route::Home, 1.0)]));
        check("home=0.5", Err("add up to 0.500"));
        check("home=0.5,home=0.5", Err("twice"));
        check("basket=1", Err("`basket` is none of home"));
        check("home", Err("not PAGE=SHARE"));
        check("home=NaN", Err("between 0 and 1"));
    }
}
