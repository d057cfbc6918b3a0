//! `glyphfall watch`: customers, evidence and record of a shop that runs elsewhere, such as in containers.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::anyhow;
use chassis::{
    Clock, Level, address::host_and_port, logs::cause_chain, run::loopback, serve::Limits, token::usable,
};
use clap::Args;
use evidence::Evidence;
use http::{StatusCode, uri::Authority};
use incident::{EventKind, OperatingModel, Rules, Run, Story, words::ClockKind};
use tokio::time::interval;
use world::{
    Addresses, EditorError, Elsewhere, Mix,
    elsewhere::{ElsewhereOptions, stock},
    observed::Observed,
};

use crate::{
    doors::{self, DOORS},
    options::{DoorPorts, Format, factor, views},
    output::plain,
    screen::{self, Screen},
    stop,
};

/// How often the screen changes and the store is asked what was published.
const TICK: Duration = Duration::from_secs(1);

/// Ticks between two lines in a pipe.
const LINE_EVERY: u32 = 10;

/// What can be asked of `glyphfall watch`.
#[derive(Clone, Debug, Args)]
pub(crate) struct WatchOptions {
    /// Address of the web front
    #[arg(long, env = "GLYPHFALL_WEB_FRONT", value_name = "HOST:PORT", default_value_t = loopback(8080), value_parser = host_and_port)]
    web_front: Authority,
    /// Address of the cache, whose health is asked
    #[arg(long, env = "GLYPHFALL_CACHE", value_name = "HOST:PORT", default_value_t = loopback(8081), value_parser = host_and_port)]
    cache: Authority,
    /// Address of the content store
    #[arg(long, env = "GLYPHFALL_CONTENT_STORE", value_name = "HOST:PORT", default_value_t = loopback(8082), value_parser = host_and_port)]
    content_store: Authority,
    /// The editor's token: an empty store is filled, and what is published is noted
    #[arg(long, env = "GLYPHFALL_EDITOR_TOKEN", value_name = "TOKEN", hide_env_values = true, value_parser = usable)]
    editor_token: String,
    /// How much customers and operations report
    #[arg(long, env = "GLYPHFALL_LEVEL", value_enum, default_value_t = Level::Dark)]
    level: Level,
    /// Page views a second, on average
    #[arg(long, env = "GLYPHFALL_VIEWS", value_name = "COUNT", default_value_t = 30.0, value_parser = views)]
    views: f64,
    /// Where all chance comes from [default: a new one each time, and said]
    #[arg(long)]
    seed: Option<u64>,
    /// Story minutes per wall-clock minute
    #[arg(long, value_name = "FACTOR", default_value_t = 60.0, value_parser = factor)]
    speed: f64,
    /// Moves the ports of the evidence store up by as many
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    port_offset: u16,
    #[command(flatten)]
    doors: DoorPorts,
    /// How the record is written when it ends
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Watches until it is told to stop, then says what happened.
pub(crate) async fn run(options: WatchOptions) -> anyhow::Result<()> {
    let screen = Screen::new(options.format);
    // Small enough to type again.
    let seed = options.seed.unwrap_or_else(|| rand::random_range(1..1_000_000));
    screen.say(&format!("seed {seed}; waiting for the shop at http://{}/", options.web_front));
    let clock = Clock::real();
    let evidence = Evidence::new(world::observed::limits(), move || clock.wall());
    let doors =
        doors::open(&evidence, &options.doors, options.port_offset, Limits::of_process(DOORS)).await?;
    let mix = Mix::of(options.views);
    let opening = Elsewhere::open(elsewhere(&options, seed, evidence), &mix, run_of(&options, seed));
    let shop = tokio::select! {
        biased;
        () = stop::told() => return Ok(()),
        opened = opening => opened.map_err(|error| explain(&error))?,
    };
    screen.say("The customers have come.");

    let mut known = BTreeMap::new();
    let mut ticks = interval(TICK);
    for tick in 0_u32.. {
        tokio::select! {
            biased;
            () = stop::told() => break,
            _ = ticks.tick() => {}
        }
        note_publishes(&shop, &mut known, &screen).await;
        screen.show(&shop, "");
        if tick % LINE_EVERY == LINE_EVERY - 1 {
            screen.show_line(&shop);
        }
    }
    screen.clear();
    let record = shop.finish().await;
    doors.close().await;
    match options.format {
        Format::Json => screen::line(&record.to_json()),
        Format::Text => {
            let (failed, loss) = (record.outcome.failed_visits, record.outcome.incident_financial_loss_usd);
            screen::line(&format!("{failed} visits failed; {loss} of trade lost."));
        }
    }
    Ok(())
}

fn elsewhere(options: &WatchOptions, seed: u64, evidence: Evidence) -> ElsewhereOptions {
    let addresses = Addresses {
        web_front: options.web_front.clone(),
        cache: options.cache.clone(),
        content_store: options.content_store.clone(),
        operators: None,
    };
    let (editor_token, level) = (options.editor_token.clone(), options.level);
    ElsewhereOptions { addresses, editor_token, level, sink: Arc::new(Observed(evidence)), seed }
}

/// What the record can say of a shop that others run: which faults it has is not known.
fn run_of(options: &WatchOptions, seed: u64) -> Run {
    Run {
        seed,
        scenario: "live".to_owned(),
        level: world::level(options.level),
        operating_model: OperatingModel::OpsRunIt,
        clock: ClockKind::Live,
        speed: options.speed,
        responder: "operator".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        team: None,
        round: None,
        order: None,
        story: Story::default(),
        faults_present: [].into(),
        rules: Rules::default(),
    }
}

/// Notes each publish that anybody made since the last look. A store that was emptied is filled again.
async fn note_publishes(shop: &Elsewhere, known: &mut BTreeMap<String, u64>, screen: &Screen) {
    // A store that is just being restarted is asked again at the next tick.
    let Ok(current) = shop.editor().list().await else { return };
    if current.is_empty() {
        known.clear();
        if let Err(error) = stock(shop.editor()).await {
            let reason = plain(&cause_chain(&error));
            screen.say(&format!("the content store is empty, and cannot be filled: {reason}"));
        }
        return;
    }
    let is_first_look = known.is_empty();
    for (asset, version) in current {
        if known.insert(asset.clone(), version) != Some(version) && !is_first_look {
            let (time, _) = screen::time_and_loss(shop);
            screen.say(&format!("{time} published {} version {version}", plain(&asset)));
            shop.note(EventKind::Published { asset, version, by: "editor".to_owned() });
        }
    }
}

fn explain(error: &EditorError) -> anyhow::Error {
    let advice = match error {
        EditorError::Refused { status: StatusCode::UNAUTHORIZED, .. } => {
            " (GLYPHFALL_EDITOR_TOKEN must be the content store's own)"
        }
        _ => "",
    };
    anyhow!("the shop cannot be opened: {}{advice}", plain(&cause_chain(error)))
}
