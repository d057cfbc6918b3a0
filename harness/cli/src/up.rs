//! `glyphfall up`: the shop and its customers, live, until Ctrl-C.

use std::{collections::BTreeMap, fs::OpenOptions, io::ErrorKind, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, anyhow};
use chassis::{Environment, Logs};
use console::style;
use evidence::Evidence;
use incident::{EventKind, Rules};
use tokio::time::interval;
use world::{Mix, World, observed::Observed};

use crate::{
    demo::{run_of, shop_options},
    doors::{self, Doors},
    options::{Format, UpOptions},
    output::{LogLines, plain},
    screen::{self, Screen},
    stop,
    target::Tokens,
};

/// How often the screen changes and the store is asked what was published.
const TICK: Duration = Duration::from_secs(1);

/// Ticks between two lines in a pipe.
const LINE_EVERY: u32 = 10;

/// Runs until it is told to stop, then says what happened.
pub(crate) async fn run(options: UpOptions, environment: &Environment) -> anyhow::Result<bool> {
    let screen = Screen::new(options.format);
    let seed = options.shop.seed();
    let tokens = Tokens::from_environment_or_new(environment)?;
    let addresses = options.shop.ports.on("127.0.0.1", Some(tokens.operator.clone()))?;
    let mut shop = shop_options(&options.shop, addresses, &tokens, seed)?;
    shop.data.clone_from(&options.data);
    shop.surroundings.logs = options.logs.as_deref().map(logs).transpose()?.unwrap_or_default();
    shop.surroundings.settings.hosts = options.doors.allowed_hosts.clone().and_this_machine();
    let clock = shop.surroundings.clock.clone();
    let evidence = Evidence::new(world::observed::limits(), move || clock.wall());
    shop.surroundings.sink = Some(Arc::new(Observed(evidence.clone())));
    let limits = shop.surroundings.settings.limits;
    let offset = options.shop.ports.port_offset;
    let doors = doors::open(&evidence, &options.doors, offset, limits).await.map_err(side_by_side)?;
    let run = run_of(&shop, seed, "live", "operator", options.speed, Rules::default());
    let world = World::start(shop, &Mix::of(options.shop.views), run, 0.0).await;
    let world = world.map_err(|error| side_by_side(error.into()))?;
    let left = tokens.leave(world.shop().addresses().content_store.port_u16().unwrap_or_default());
    if let Err(error) = &left {
        screen
            .say(&format!("(inject and restore must be given the tokens below: cannot leave them: {error})"));
    }
    screen.say(&welcome(&world, &tokens, seed, &doors));

    let mut known = BTreeMap::new();
    let mut ticks = interval(TICK);
    for tick in 0_u32.. {
        tokio::select! {
            biased;
            () = stop::told() => break,
            _ = ticks.tick() => {}
        }
        note_publishes(&world, &mut known, &screen).await;
        screen.show(&world, "");
        if tick % LINE_EVERY == LINE_EVERY - 1 {
            screen.show_line(&world);
        }
    }
    screen.clear();
    let record = world.finish().await;
    doors.close().await;
    match options.format {
        Format::Json => screen::line(&record.to_json()),
        Format::Text => {
            let outcome = &record.outcome;
            screen::line(&format!(
                "Closed. {} visits failed; {} of trade lost.",
                outcome.failed_visits, outcome.incident_financial_loss_usd
            ));
        }
    }
    Ok(true)
}

fn welcome(world: &World, tokens: &Tokens, seed: u64, doors: &Doors) -> String {
    let addresses = world.shop().addresses();
    let store = &addresses.content_store;
    let operators = addresses.operators.as_ref().map_or(String::new(), |operators| {
        format!("{}, {}, {}", operators.cache, operators.content_store, operators.web_front)
    });
    format!(
        "{}  seed {seed}; Ctrl-C closes the shop\n\n\
         shop            http://{}/\n\
         editor's page   http://{store}/editor\n\
         cache           http://{}/\n\
         operator ports  {operators}\n\
         evidence        http://{}/evidence/logs, /metrics for Prometheus\n\
         OTLP            {} (gRPC), {} (HTTP)\n\n\
         export GLYPHFALL_EDITOR_TOKEN={}\n\
         export GLYPHFALL_OPERATOR_TOKEN={}\n\n\
         Publish a file's bytes:\n  \
         curl -T FILE -H \"Authorization: Bearer $GLYPHFALL_EDITOR_TOKEN\" http://{store}/assets/promo-banner\n",
        style("The shop is open.").bold(),
        addresses.web_front,
        addresses.cache,
        doors.room,
        doors.otlp_grpc,
        doors.otlp_http,
        tokens.editor,
        tokens.operator,
    )
}

/// Says what helps where something else holds a port: most often another shop.
fn side_by_side(error: anyhow::Error) -> anyhow::Error {
    let is_taken = |error: &std::io::Error| error.kind() == ErrorKind::AddrInUse;
    if error.downcast_ref().is_some_and(is_taken) {
        return anyhow!("{error:#}; --port-offset 100 moves all ports of this shop");
    }
    error
}

/// Notes each publish that anybody made since the last look.
async fn note_publishes(world: &World, known: &mut BTreeMap<String, u64>, screen: &Screen) {
    // A store that is just being restarted is asked again at the next tick.
    let Ok(current) = world.editor().list().await else { return };
    let is_first_look = known.is_empty();
    for (asset, version) in current {
        if known.insert(asset.clone(), version) != Some(version) && !is_first_look {
            let (time, _) = screen::time_and_loss(world);
            screen.say(&format!("{time} published {} version {version}", plain(&asset)));
            world.note(EventKind::Published { asset, version, by: "editor".to_owned() });
        }
    }
}

fn logs(file: &Path) -> anyhow::Result<Logs> {
    if file == Path::new("-") {
        return Ok(Logs::to(LogLines));
    }
    let opened = OpenOptions::new().create(true).append(true).open(file);
    let name = || plain(&file.display().to_string());
    Ok(Logs::to(opened.with_context(|| format!("cannot write {}", name()))?))
}
