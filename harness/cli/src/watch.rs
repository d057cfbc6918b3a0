//! `glyphfall watch`: customers, evidence and record for a shop that runs elsewhere, such as in containers.

use std::{path::PathBuf, sync::Arc};

use anyhow::anyhow;
use chassis::{
    Clock, Level, address::host_and_port, logs::cause_chain, run::loopback, serve::Limits, token::usable,
};
use clap::Args;
use evidence::Evidence;
use http::{StatusCode, uri::Authority};
use incident::Rules;
use tokio::time::interval;
use world::{
    Addresses, EditorError, Elsewhere, Mix,
    addresses::Operators,
    elsewhere::{ElsewhereOptions, Stocking},
    observed::Observed,
};

use crate::{
    args::{Format, factor, new_seed, views},
    debrief,
    listeners::{self, EVIDENCE_LISTENERS},
    naming::RunName,
    output::plain,
    ports::ListenerArgs,
    record_keeper::{self, RecordKeeper, TICK, run_of},
    screen::Screen,
    stop,
};

#[derive(Clone, Debug, Args)]
pub(crate) struct WatchArgs {
    /// Address of the web front
    #[arg(long, env = "GLYPHFALL_WEB_FRONT", value_name = "HOST:PORT", default_value_t = loopback(8080), value_parser = host_and_port)]
    web_front: Authority,
    /// Address of the cache, whose health check is asked
    #[arg(long, env = "GLYPHFALL_CACHE", value_name = "HOST:PORT", default_value_t = loopback(8081), value_parser = host_and_port)]
    cache: Authority,
    /// Address of the content store
    #[arg(long, env = "GLYPHFALL_CONTENT_STORE", value_name = "HOST:PORT", default_value_t = loopback(8082), value_parser = host_and_port)]
    content_store: Authority,
    /// The editor's token: an empty store is filled, and what is published is noted. Give it in the environment: the list of processes shows a command line to everybody
    #[arg(long, env = "GLYPHFALL_EDITOR_TOKEN", value_name = "TOKEN", hide_env_values = true, value_parser = usable)]
    editor_token: String,
    /// The operators' token: what operators did is read from the services' operator ports and enters the record. Give it in
    /// the environment: the list of processes shows a command line to everybody
    #[arg(long, env = "GLYPHFALL_OPERATOR_TOKEN", value_name = "TOKEN", hide_env_values = true, value_parser = usable)]
    operator_token: Option<String>,
    /// Operator ports of cache, content store and web front, each on the host of its service
    #[arg(long, value_name = "PORT", num_args = 3, default_values_t = [8091, 8092, 8093])]
    operator_ports: Vec<u16>,
    /// Telemetry level at which customers and operations report
    #[arg(long, env = "GLYPHFALL_LEVEL", value_enum, default_value_t = Level::Dark)]
    level: Level,
    /// Page views a second, on average
    #[arg(long, env = "GLYPHFALL_VIEWS", value_name = "COUNT", default_value_t = 30.0, value_parser = views)]
    views: f64,
    /// Seed of all random choices [default: a new one for each run, which is printed]
    #[arg(long)]
    seed: Option<u64>,
    /// Story minutes per wall-clock minute
    #[arg(long, value_name = "FACTOR", default_value_t = 60.0, value_parser = factor)]
    speed: f64,
    /// Added to the ports of the evidence store
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    port_offset: u16,
    #[command(flatten)]
    listeners: ListenerArgs,
    /// Folder for the record and its debrief, written at the end [default: not written]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How the record is written when it ends
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(crate) async fn run(options: WatchArgs) -> anyhow::Result<()> {
    let screen = Screen::new(options.format);
    let seed = options.seed.unwrap_or_else(new_seed);
    screen.say(&format!("seed {seed}; waiting for the shop at http://{}/", options.web_front));
    let clock = Clock::real();
    let evidence = Evidence::new(world::observed::limits(), move || clock.wall());
    let (listeners, _) = listeners::open(
        &evidence,
        &options.listeners,
        options.port_offset,
        Limits::of_process(EVIDENCE_LISTENERS),
    )
    .await?;
    let mix = Mix::of(options.views);
    // The faults of a shop that others run are not known.
    let rules = Rules { hold_s: mix.hold_s(), ..Rules::default() };
    let run = run_of(options.level, Vec::new(), seed, ("live", "operator"), options.speed, rules);
    let opening = Elsewhere::open(elsewhere(&options, seed, evidence), &mix, run);
    let shop = tokio::select! {
        biased;
        () = stop::told() => return Ok(()),
        opened = opening => opened.map_err(|error| explain(&error))?,
    };
    screen.say("The customers have come.");

    let mut keeper = RecordKeeper::new(operators(&options).as_ref())?;
    let (mut ticks, mut stocking) = (interval(TICK), Stocking::default());
    loop {
        tokio::select! {
            biased;
            () = stop::told() => break,
            _ = ticks.tick() => {}
        }
        refill(&shop, &mut stocking, &screen).await;
        keeper.tick(&shop, shop.editor(), &screen).await;
        shop.report_at(keeper.level());
    }
    keeper.look(&shop, shop.editor(), &screen).await;
    screen.clear();
    shop.record().tell_outages();
    let record = shop.finish().await;
    listeners.close().await;
    let left = options.out.as_deref().map(|out| {
        let stem = RunName::new("watch", seed).free_in(out);
        debrief::leave(&record, out, &stem)
    });
    record_keeper::say_outcome(&record, options.format, &screen, left.transpose()?.as_ref());
    Ok(())
}

/// The operator ports, if there is a token for them. Each is on the host of its service.
fn operators(options: &WatchArgs) -> Option<Operators> {
    let token = options.operator_token.clone()?;
    let beside = |service: &Authority, place: usize| {
        let port = options.operator_ports.get(place)?;
        format!("{}:{port}", service.host()).parse().ok()
    };
    Some(Operators {
        cache: beside(&options.cache, 0)?,
        content_store: beside(&options.content_store, 1)?,
        web_front: beside(&options.web_front, 2)?,
        token,
    })
}

fn elsewhere(options: &WatchArgs, seed: u64, evidence: Evidence) -> ElsewhereOptions {
    let addresses = Addresses {
        web_front: options.web_front.clone(),
        cache: options.cache.clone(),
        content_store: options.content_store.clone(),
        operators: None,
    };
    let (editor_token, level) = (options.editor_token.clone(), options.level);
    ElsewhereOptions { addresses, editor_token, level, sink: Arc::new(Observed(evidence)), seed }
}

async fn refill(shop: &Elsewhere, stocking: &mut Stocking, screen: &Screen) {
    // A store that is restarting is asked again at the next tick.
    if let Err(error @ EditorError::Refused { .. }) = stocking.go_on(shop.editor()).await {
        screen.say(&format!(
            "the content store lacks its initial content, and cannot be filled: {}",
            plain(&cause_chain(&error))
        ));
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
