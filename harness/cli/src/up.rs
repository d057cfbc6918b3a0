//! `glyphfall up`: runs the shop and its customers, live, until Ctrl-C.

use std::{
    fs::OpenOptions,
    io::ErrorKind,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, anyhow};
use chassis::{Environment, Logs, serve::Protocol};
use clap::Args;
use evidence::Evidence;
use incident::{Rules, record::SECONDS_MAX};
use tokio::time::interval;
use world::{Mix, World, observed::Observed};

use crate::{
    args::{Format, ShopArgs, factor},
    debrief,
    injections::{self, Injections},
    listeners,
    naming::RunName,
    output::{LogLines, plain},
    ports::ListenerArgs,
    record_keeper::{self, RecordKeeper, TICK, run_of},
    screen::Screen,
    stop,
    target::Tokens,
    welcome::{Opened, quoted, welcome},
    work::shown,
};

#[derive(Clone, Debug, Args)]
pub(crate) struct UpArgs {
    #[command(flatten)]
    pub(crate) shop: ShopArgs,
    /// Story minutes per wall-clock minute
    #[arg(long, value_name = "FACTOR", default_value_t = 60.0, value_parser = factor)]
    speed: f64,
    #[command(flatten)]
    listeners: ListenerArgs,
    /// Folder in which the content store keeps its assets [default: in memory, gone at the end]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// File that the services' log lines are appended to; - for standard error
    #[arg(long, value_name = "FILE")]
    logs: Option<PathBuf>,
    /// Limits the front's workers and the disk's reads to what a shop for --views would have; otherwise both are as fast as this
    /// machine, and no surge overloads them
    #[arg(long)]
    sized: bool,
    /// Seconds of the shop for which availability must hold to count as restored [default: 60, or longer if --views is below 3.3]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=i64::from(SECONDS_MAX)))]
    hold: Option<u32>,
    /// Folder for the record of the run and its debrief, written when it ends
    #[arg(long, value_name = "DIR", default_value = "glyphfall-out")]
    out: PathBuf,
    /// How results are written: as text, or the record as JSON on standard output when it ends
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(crate) async fn run(mut options: UpArgs, environment: &Environment) -> anyhow::Result<bool> {
    let offset = options.shop.ports.port_offset;
    // Choose the ports before the shop opens: the printed lines name them.
    options.shop.ports = options.shop.ports.chosen()?;
    let screen = Screen::new(options.format);
    let seed = options.shop.seed();
    let tokens = Tokens::from_environment_or_new(environment)?;
    let addresses = options.shop.ports.on("127.0.0.1", Some(tokens.operator.clone()))?;
    let mut shop = options.shop.shop(addresses, &tokens, seed)?;
    shop.data.clone_from(&options.data);
    shop.surroundings.logs = options.logs.as_deref().map(logs).transpose()?.unwrap_or_default();
    shop.surroundings.settings.hosts = options.listeners.allowed_hosts.hosts();
    if options.sized {
        shop = shop.sized_for(options.shop.views);
    }
    let stem = RunName::new("up", seed).free_in(&options.out);
    debrief::can_leave(&options.out, &stem)?;
    let clock = shop.surroundings.clock.clone();
    let evidence = Evidence::new(world::observed::limits(), move || clock.wall());
    shop.surroundings.sink = Some(Arc::new(Observed(evidence.clone())));
    let limits = shop.surroundings.settings.limits;
    let (listeners, evidence_at) =
        listeners::open(&evidence, &options.listeners, offset, limits).await.map_err(side_by_side)?;
    let (router, mut orders) = injections::router(&tokens.operator);
    let around_address: SocketAddr = options.shop.ports.operator_on("127.0.0.1", None)?.as_str().parse()?;
    let around_address =
        listeners.serve("the operator port around the shop", around_address, Protocol::Http1, router).await;
    let around_address = around_address.map_err(side_by_side)?;
    let mix = Mix::of(options.shop.views);
    let rules = Rules { hold_s: options.hold.unwrap_or_else(|| mix.hold_s()), ..Rules::default() };
    let run = run_of(shop.level, shop.faults_present(), seed, ("live", "operator"), options.speed, rules);
    let world = World::start(shop, &mix, run, 0.0).await;
    let world = world.map_err(|error| side_by_side(error.into()))?;
    let left = tokens.leave(world.shop().addresses().content_store.port_u16().unwrap_or_default());
    if let Err(error) = &left {
        screen.say(&format!(
            "(pass the tokens below to each command, because they cannot be saved for them: {error})"
        ));
    }
    let file = options.out.join(format!("{stem}.json"));
    let file = std::path::absolute(&file).unwrap_or(file);
    if let Some(found) = &world.shop().found {
        screen.say(&plain(&format!("Content: {found}.")));
    }
    let opened = Opened {
        tokens: &tokens,
        around: around_address,
        evidence_at,
        record: quoted(&file.to_string_lossy()),
    };
    welcome(&screen, &world, &opened, (seed, &options.shop.ports));

    let mut keeper = RecordKeeper::new(world.shop().addresses().operators.as_ref())?;
    let mut injections = Injections::new(options.speed, options.sized, seed);
    let mut ticks = interval(TICK);
    loop {
        tokio::select! {
            biased;
            () = stop::told() => break,
            Some(order) = orders.recv() => injections.carry_out(order, &world, &screen).await,
            () = injections.next() => injections.happen(&world, &screen).await,
            _ = ticks.tick() => keeper.tick(&world, world.editor(), &screen).await,
        }
    }
    // Remove the token file first, so that no later error can leave it behind.
    drop(left);
    drop(orders);
    keeper.look(&world, world.editor(), &screen).await;
    screen.clear();
    screen.say(
        "Closing as soon as the customers who still wait have been answered or have given up (10 s at most).",
    );
    world.record().tell_outages();
    let record = world.finish().await;
    listeners.close().await;
    let files = debrief::leave(&record, &options.out, &stem)?;
    record_keeper::say_outcome(&record, options.format, &screen, Some(&files));
    Ok(true)
}

/// Adds advice to an error about a port in use: usually another shop holds it.
fn side_by_side(error: anyhow::Error) -> anyhow::Error {
    let is_taken = |error: &std::io::Error| error.kind() == ErrorKind::AddrInUse;
    if error.downcast_ref().is_some_and(is_taken) {
        return anyhow!("{error:#}; --port-offset 100 moves all ports of this shop");
    }
    error
}

fn logs(file: &Path) -> anyhow::Result<Logs> {
    if file == Path::new("-") {
        return Ok(Logs::to(LogLines));
    }
    let opened = OpenOptions::new().create(true).append(true).open(file);
    Ok(Logs::to(opened.with_context(|| {
        format!("cannot write {}; name another file with --logs, or - for standard error", shown(file))
    })?))
}
