//! `glyphfall up`: the shop and its customers, live, until Ctrl-C.

use std::{fs::OpenOptions, io::ErrorKind, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, anyhow};
use chassis::{Environment, Logs, Network};
use evidence::Evidence;
use incident::Rules;
use tokio::time::interval;
use world::{Mix, World, observed::Observed};

use crate::{
    around::{self, Around},
    debrief,
    demo::{run_of, shop_options},
    doors,
    keeping::{self, Keeper},
    naming::Stem,
    options::{Format, UpOptions},
    output::{LogLines, plain},
    screen::{self, Screen},
    stop,
    target::Tokens,
    welcome::{Opened, quoted, welcome},
};

/// How often the screen changes and the journals are read.
const TICK: Duration = Duration::from_secs(1);

/// Ticks between two lines in a pipe.
const LINE_EVERY: u32 = 10;

/// Runs until it is told to stop, then writes down and says what happened.
pub(crate) async fn run(options: UpOptions, environment: &Environment) -> anyhow::Result<bool> {
    let screen = Screen::new(options.format);
    let seed = options.shop.seed();
    let tokens = Tokens::from_environment_or_new(environment)?;
    let addresses = options.shop.ports.on("127.0.0.1", Some(tokens.operator.clone()))?;
    let mut shop = shop_options(&options.shop, addresses, &tokens, seed)?;
    shop.surroundings.network = Network::tcp_with_links(seed);
    shop.data.clone_from(&options.data);
    shop.surroundings.logs = options.logs.as_deref().map(logs).transpose()?.unwrap_or_default();
    shop.surroundings.settings.hosts = options.doors.allowed_hosts.clone().and_this_machine();
    if options.sized {
        shop = shop.sized_for(options.shop.views);
    }
    let stem = Stem::new("up", seed).free_in(&options.out);
    debrief::can_leave(&options.out, &stem)?;
    let clock = shop.surroundings.clock.clone();
    let evidence = Evidence::new(world::observed::limits(), move || clock.wall());
    shop.surroundings.sink = Some(Arc::new(Observed(evidence.clone())));
    let limits = shop.surroundings.settings.limits;
    let offset = options.shop.ports.port_offset;
    let doors = doors::open(&evidence, &options.doors, offset, limits).await.map_err(side_by_side)?;
    let (router, mut orders) = around::router(&tokens.operator);
    let around_address: SocketAddr = options.shop.ports.world_on("127.0.0.1")?.as_str().parse()?;
    let around_address = doors.serve("the operator port around the shop", around_address, router).await;
    let around_address = around_address.map_err(side_by_side)?;
    let rules = Rules { hold_s: options.hold, ..Rules::default() };
    let run = run_of(&shop, seed, "live", "operator", options.speed, rules);
    let world = World::start(shop, &Mix::of(options.shop.views), run, 0.0).await;
    let world = world.map_err(|error| side_by_side(error.into()))?;
    let left = tokens.leave(world.shop().addresses().content_store.port_u16().unwrap_or_default());
    if let Err(error) = &left {
        screen.say(&format!(
            "(commands must be given the tokens below, as they cannot be left for them: {error})"
        ));
    }
    let file = options.out.join(format!("{stem}.json"));
    let file = std::path::absolute(&file).unwrap_or(file);
    let opened = Opened { world: &world, tokens: &tokens, doors: &doors, around: &around_address };
    welcome(&screen, &opened, (seed, &options), &quoted(&file.to_string_lossy()));

    let mut keeper = Keeper::new(world.shop().addresses().operators.as_ref());
    let mut around = Around::new(options.speed, options.sized, seed);
    let mut ticks = interval(TICK);
    let mut tick = 0_u32;
    loop {
        tokio::select! {
            biased;
            () = stop::told() => break,
            Some(order) = orders.recv() => around.carry_out(order, &world, &screen).await,
            () = around.next() => around.happen(&world, &screen).await,
            _ = ticks.tick() => {
                keeper.look(&world, world.editor(), &screen).await;
                screen.show(&world, "");
                tick += 1;
                if tick.is_multiple_of(LINE_EVERY) {
                    screen.show_line(&world);
                }
            }
        }
    }
    // Whatever happens from here on, the tokens are gone first.
    drop(left);
    drop(orders);
    keeper.look(&world, world.editor(), &screen).await;
    screen.clear();
    screen
        .say("Closing, as soon as those who still wait have been answered or have given up (10 s at most).");
    world.record().tell_outages();
    let record = world.finish().await;
    doors.close().await;
    let [file, page, _] = debrief::leave(&record, &options.out, &stem)?;
    match options.format {
        Format::Json => screen::line(&record.to_json()),
        Format::Text => {
            for line in keeping::summary(&record) {
                screen.say(&line);
            }
            let [file, page] = [file, page].map(|path| plain(&path.display().to_string()));
            screen.say_as_it_is(&format!("\nRecord:  {file}\nDebrief: {page}"));
        }
    }
    Ok(true)
}

/// Says what helps where something else holds a port: most often another shop.
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
    let name = || plain(&file.display().to_string());
    Ok(Logs::to(opened.with_context(|| format!("cannot write {}", name()))?))
}
