//! `glyphfall watch`: customers, evidence and record of a shop that runs elsewhere, such as in containers.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::anyhow;
use chassis::{
    Clock, Level, address::host_and_port, logs::cause_chain, run::loopback, serve::Limits, token::usable,
};
use clap::Args;
use evidence::Evidence;
use http::{StatusCode, uri::Authority};
use incident::{OperatingModel, Rules, Run, Story, words::ClockKind};
use tokio::time::interval;
use world::{
    Addresses, EditorError, Elsewhere, Mix,
    addresses::Operators,
    elsewhere::{ElsewhereOptions, stock},
    observed::Observed,
};

use crate::{
    debrief,
    doors::{self, DOORS},
    keeping::{self, Keeper},
    naming::Stem,
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
    /// The operators' token: what they did is read from the services' operator ports, and enters the record
    #[arg(long, env = "GLYPHFALL_OPERATOR_TOKEN", value_name = "TOKEN", hide_env_values = true, value_parser = usable)]
    operator_token: Option<String>,
    /// Operator ports of cache, content store and web front, each on the host of its service
    #[arg(long, value_name = "PORT", num_args = 3, default_values_t = [8091, 8092, 8093])]
    operator_ports: Vec<u16>,
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
    /// Folder for the record and its debrief, written at the end [default: not written]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
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

    let mut keeper = Keeper::new(operators(&options).as_ref());
    let mut ticks = interval(TICK);
    for tick in 0_u32.. {
        tokio::select! {
            biased;
            () = stop::told() => break,
            _ = ticks.tick() => {}
        }
        refill(&shop, &screen).await;
        keeper.look(&shop, shop.editor(), &screen).await;
        shop.report_at(keeper.level());
        screen.show(&shop, "");
        if tick % LINE_EVERY == LINE_EVERY - 1 {
            screen.show_line(&shop);
        }
    }
    keeper.look(&shop, shop.editor(), &screen).await;
    screen.clear();
    shop.record().tell_outages();
    let record = shop.finish().await;
    doors.close().await;
    let left = options.out.as_deref().map(|out| {
        let stem = Stem::new("watch", seed).free_in(out);
        debrief::leave(&record, out, &stem)
    });
    let left = left.transpose()?;
    match options.format {
        Format::Json => screen::line(&record.to_json()),
        Format::Text => {
            for line in keeping::summary(&record) {
                screen.say(&line);
            }
            if let Some([file, page, _]) = left {
                let [file, page] = [file, page].map(|path| plain(&path.display().to_string()));
                screen.say_as_it_is(&format!("\nRecord:  {file}\nDebrief: {page}"));
            }
        }
    }
    Ok(())
}

/// The operator ports, if there is a token for them: they stand beside the services.
fn operators(options: &WatchOptions) -> Option<Operators> {
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
        level: options.level,
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

/// Fills a store that was emptied.
async fn refill(shop: &Elsewhere, screen: &Screen) {
    // A store that is just being restarted is asked again at the next tick.
    if let Err(error @ EditorError::Refused { .. }) = stock(shop.editor()).await {
        screen.say(&format!(
            "the content store is empty, and cannot be filled: {}",
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
