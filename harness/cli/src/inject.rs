//! `glyphfall inject` and `glyphfall restore`: change a running shop from outside, whether `glyphfall up` or containers run it.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, bail};
use bytes::Bytes;
use clap::Args;
use http::Method;
use incident::Service;
use serde_json::{Value, json};
use tokio::time::timeout;
use world::{
    Editor,
    elsewhere::until_stocked,
    scenario::{
        Reach, Scenario,
        draw::{Step, by_hand},
        file_text, scenario,
    },
};

use crate::{
    args::Format,
    chaos_toolkit,
    operators::{Operator, refused},
    output::plain,
    remedies::CallArgs,
    screen,
    standard_input::read_file,
    stop::Done,
    target::{TargetArgs, caller},
};

/// How long a content store may take to accept its initial content: three times the time-out of one publish, as it may just restart.
const FILLED_WITHIN: Duration = Duration::from_secs(30);

#[derive(Clone, Debug, Args)]
pub(crate) struct InjectArgs {
    /// The scenario to trigger
    #[arg(default_value = "special-character", conflicts_with = "file")]
    scenario: String,
    /// The asset to publish, with --file
    #[arg(long, value_name = "ID", requires = "file")]
    asset: Option<String>,
    /// The file whose bytes are published as they are, with --asset; - for standard input
    #[arg(long, value_name = "FILE", requires = "asset")]
    file: Option<PathBuf>,
    /// Writes an experiment of the Chaos Toolkit that does it, in place of doing it; `chaos run` finds glyphfall on the PATH
    #[arg(long, conflicts_with = "file")]
    chaos_toolkit: bool,
    #[command(flatten)]
    call: CallArgs,
}

pub(crate) async fn inject(options: InjectArgs) -> anyhow::Result<Done> {
    if let (Some(asset), Some(file)) = (&options.asset, &options.file) {
        let Some(body) = read_file(file)? else { return Ok(Done::BrokenOff) };
        return publish(&options, asset, body.into()).await;
    }
    let scenario = scenario(&options.scenario)?;
    if options.chaos_toolkit {
        let experiment = chaos_toolkit::experiment(&scenario, &options.scenario, &options.call.target)?;
        screen::line(&serde_json::to_string_pretty(&experiment)?);
        return Ok(Done::Well);
    }
    let publishes: Vec<(String, Bytes)> = match scenario.reach() {
        Reach::AnyShop => by_hand(&scenario, 0).into_iter().filter_map(|(_, step)| published(step)).collect(),
        Reach::WholeShop | Reach::SizedShop => Vec::new(),
    };
    if let [(asset, body)] = &publishes[..] {
        return publish(&options, asset, body.clone()).await;
    }
    let world = Operator::of_world(&options.call.target)?;
    if !world.is_there().await {
        return without_a_world(&options, &scenario, publishes).await;
    }
    let wanted = json!({ "scenario": scenario.name, "text": file_text(&options.scenario)? });
    let answer = world.tell_with(Method::POST, "/inject", &wanted).await?;
    let told: Value = serde_json::from_slice(&answer)?;
    if options.call.format == Format::Json {
        screen::line(&told.to_string());
        return Ok(Done::Well);
    }
    for step in [&told["now"], &told["later"]].into_iter().filter_map(Value::as_array).flatten() {
        screen::paragraph(&format!("{}.", capital(step.as_str().unwrap_or_default())));
    }
    Ok(Done::Well)
}

/// Resets everything. If `glyphfall up` runs the shop, its world's operator port resets it all; otherwise each of the three services is
/// reset.
pub(crate) async fn restore(call: &CallArgs) -> anyhow::Result<()> {
    let target = &call.target;
    let world = Operator::of_world(target)?;
    if world.is_there().await {
        world.tell("/restore").await?;
    } else {
        for operator in Operator::of_services(target)? {
            operator.tell("/reset").await?;
            if operator.service == Some(Service::ContentStore) {
                fill(target).await?;
            }
        }
    }
    call.say("The shop is as it was at first.", &json!({ "restored": true }));
    Ok(())
}

/// Injects a scenario through the editor's API alone, for a shop that no `glyphfall up` runs. Only publishes work this way.
async fn without_a_world(
    options: &InjectArgs,
    scenario: &Scenario,
    publishes: Vec<(String, Bytes)>,
) -> anyhow::Result<Done> {
    if publishes.is_empty() {
        let target = &options.call.target;
        let (name, address) = (&scenario.name, target.ports.operator_on(&target.target, None)?);
        bail!(
            "'{name}' needs more than an editor: links, disks, processes or customers of a shop that 'glyphfall up' runs, and none \
             answers at {address} (containers have no such port). 'glyphfall play {name}' plays it in virtual time"
        );
    }
    for (asset, body) in publishes {
        publish(options, &asset, body).await?;
    }
    Ok(Done::Well)
}

async fn publish(options: &InjectArgs, asset: &str, body: Bytes) -> anyhow::Result<Done> {
    let (editor, token) = options.call.target.editor()?;
    let version = editor.publish(asset, body).await.map_err(|error| refused(&error, &token))?;
    let told = json!({ "published": asset, "version": version });
    options.call.say(&format!("Published {} version {version}.", plain(asset)), &told);
    Ok(Done::Well)
}

/// Fills the content store if it is empty, as one in its own process is after a reset.
async fn fill(target: &TargetArgs) -> anyhow::Result<()> {
    let content_store = target.ports.on(&target.target, None)?.content_store;
    let reader = Editor::new(&caller(), content_store, "");
    if reader.list().await?.is_empty() {
        let (editor, _) = target.editor()?;
        let filled = timeout(FILLED_WITHIN, until_stocked(&editor)).await;
        filled.context("the content store could not be filled in time; use restore again")?.context("the content store is empty, and cannot be filled; set GLYPHFALL_EDITOR_TOKEN to the token that it was started with")?;
    }
    Ok(())
}

fn published(step: Step) -> Option<(String, Bytes)> {
    if let Step::Publish { asset, body } = step { Some((asset, body)) } else { None }
}

fn capital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}
