//! `glyphfall inject` and `glyphfall restore`: a running shop changed from outside, ours or in containers.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use bytes::Bytes;
use clap::Args;
use http::Method;
use incident::Service;
use serde_json::{Value, json};
use world::{
    Editor,
    elsewhere::stock,
    scenario::{
        Reach, Scenario,
        draw::{Step, by_hand},
        scenario,
    },
};

use crate::{
    args::Format,
    chaos_toolkit,
    done::Done,
    operators::{Operator, caller, refused},
    output::plain,
    remedies::say,
    screen,
    standard_input::read_file,
    target::TargetArgs,
};

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
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    target: TargetArgs,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct RestoreArgs {
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    target: TargetArgs,
}

pub(crate) async fn inject(options: InjectArgs) -> anyhow::Result<Done> {
    if let (Some(asset), Some(file)) = (&options.asset, &options.file) {
        let Some(body) = read_file(file)? else { return Ok(Done::BrokenOff) };
        return publish(&options, asset, body.into()).await;
    }
    let scenario = scenario(&options.scenario)?;
    if options.chaos_toolkit {
        let experiment = chaos_toolkit::experiment(&scenario, &options.scenario, &options.target)?;
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
    if !Operator::of_world(&options.target)?.is_there().await {
        return without_a_world(&options, &scenario, publishes).await;
    }
    let text = Path::new(&options.scenario).exists().then(|| fs::read_to_string(&options.scenario));
    let wanted = json!({ "scenario": scenario.name, "text": text.transpose()? });
    let answer = Operator::of_world(&options.target)?.tell_with(Method::POST, "/inject", &wanted).await?;
    let told: Value = serde_json::from_slice(&answer)?;
    let lines = |name: &str, ends: &str| {
        let all = told[name].as_array().cloned().unwrap_or_default().into_iter();
        all.filter_map(|line| line.as_str().map(|line| format!("{line}{ends}"))).collect::<Vec<_>>()
    };
    if options.format == Format::Json {
        screen::line(&told.to_string());
    } else {
        for line in lines("now", ".").into_iter().chain(lines("later", ".")) {
            screen::paragraph(&capital(&line));
        }
    }
    Ok(Done::Well)
}

/// Puts everything back: what is around the shop and the shop itself, or its three services where nothing is around them that we can
/// reach.
pub(crate) async fn restore(options: &RestoreArgs) -> anyhow::Result<()> {
    let target = &options.target;
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
    say(options.format, "The shop is as it was at first.", &json!({ "restored": true }));
    Ok(())
}

/// What an editor can still do where nobody answers for the world around the shop.
async fn without_a_world(
    options: &InjectArgs,
    scenario: &Scenario,
    publishes: Vec<(String, Bytes)>,
) -> anyhow::Result<Done> {
    if publishes.is_empty() {
        let (name, address) = (&scenario.name, options.target.ports.world_on(&options.target.target)?);
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
    let target = &options.target;
    let (token, addresses) = (target.editor_token()?, target.ports.on(&target.target, None)?);
    let editor = Editor::new(&caller(), addresses.content_store, &token.value);
    let version = editor.publish(asset, body).await.map_err(|error| refused(&error, &token))?;
    let told = json!({ "published": asset, "version": version });
    say(options.format, &format!("Published {} version {version}.", plain(asset)), &told);
    Ok(Done::Well)
}

/// A content store that runs alone begins empty: whoever opens the shop fills it.
async fn fill(target: &TargetArgs) -> anyhow::Result<()> {
    let content_store = target.ports.on(&target.target, None)?.content_store;
    let reader = Editor::new(&caller(), content_store.clone(), "");
    if reader.list().await?.is_empty() {
        let editor = Editor::new(&caller(), content_store, &target.editor_token()?.value);
        stock(&editor).await.context("the content store is empty, and cannot be filled; set GLYPHFALL_EDITOR_TOKEN to the token that it was started with")?;
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
