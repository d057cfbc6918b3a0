//! `glyphfall up`: the shop and its customers, live, until Ctrl-C.

use std::{collections::BTreeMap, fs::OpenOptions, path::Path, sync::Arc, time::Duration};

use anyhow::Context;
use chassis::Logs;
use console::style;
use evidence::Evidence;
use incident::{EventKind, Rules};
use tokio::time::interval;
use world::{Mix, World, observed::Observed};

use crate::{
    demo::{run_of, shop_options},
    doors,
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
pub(crate) async fn run(options: UpOptions) -> anyhow::Result<bool> {
    let screen = Screen::new(options.format);
    let seed = options.shop.seed();
    let mut tokens = Tokens::from_environment_or_new();
    let addresses = options.shop.ports.on("127.0.0.1", Some(tokens.operator.clone()))?;
    let mut shop = shop_options(&options.shop, addresses.clone(), seed)?;
    shop.data.clone_from(&options.data);
    shop.surroundings.logs = options.logs.as_deref().map(logs).transpose()?.unwrap_or_default();
    tokens.editor.clone_from(&shop.editor_token);
    let clock = shop.surroundings.clock.clone();
    let evidence = Evidence::new(world::observed::limits(), move || clock.wall());
    shop.surroundings.sink = Some(Arc::new(Observed(evidence.clone())));
    let doors = doors::open(&evidence, &options.doors).await?;
    let run = run_of(&shop, seed, "live", "operator", options.speed, Rules::default());
    let world = World::start(shop, &Mix::of(options.shop.views), run, 0.0).await?;
    let left = tokens.leave(options.shop.ports.content_store_port);
    if let Err(error) = &left {
        screen
            .say(&format!("(inject and restore must be given the tokens below: cannot leave them: {error})"));
    }
    screen.say(&welcome(&world, &tokens, seed, &options));

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

fn welcome(world: &World, tokens: &Tokens, seed: u64, options: &UpOptions) -> String {
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
         evidence        http://127.0.0.1:{}/evidence/logs, /metrics for Prometheus\n\
         OTLP            127.0.0.1:{} (gRPC), 127.0.0.1:{} (HTTP)\n\n\
         export GLYPHFALL_EDITOR_TOKEN={}\n\
         export GLYPHFALL_OPERATOR_TOKEN={}\n\n\
         Publish a file's bytes:\n  \
         curl -T FILE -H \"Authorization: Bearer $GLYPHFALL_EDITOR_TOKEN\" http://{store}/assets/promo-banner\n",
        style("The shop is open.").bold(),
        addresses.web_front,
        addresses.cache,
        options.doors.room_port,
        options.doors.otlp_grpc_port,
        options.doors.otlp_http_port,
        tokens.editor,
        tokens.operator,
    )
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
