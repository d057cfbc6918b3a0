//! `glyphfall inject` and `glyphfall restore`: a running shop changed from outside, ours or in containers.

use std::{fs, path::Path};

use anyhow::{Context, bail};
use bytes::Bytes;
use chassis::logs::cause_chain;
use http::{Method, StatusCode};
use incident::Service;
use serde_json::{Value, json};
use world::{
    Editor, EditorError,
    elsewhere::stock,
    scenario::{
        Reach, Scenario,
        draw::{Step, by_hand},
        scenario,
    },
};

use crate::{
    hand::say,
    operators::{Operator, caller},
    options::{InjectOptions, RestoreOptions},
    output::plain,
    screen,
    target::Target,
};

/// Publishes a file, or lets happen what a scenario says.
pub(crate) async fn inject(options: InjectOptions) -> anyhow::Result<()> {
    if let (Some(asset), Some(file)) = (&options.asset, &options.file) {
        let body =
            fs::read(file).with_context(|| format!("cannot read {}", plain(&file.display().to_string())))?;
        return publish(&options, asset, body.into()).await;
    }
    let scenario = scenario(&options.scenario)?;
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
    if options.format == crate::options::Format::Json {
        screen::line(&told.to_string());
    } else {
        for line in lines("now", ".").into_iter().chain(lines("later", ".")) {
            screen::paragraph(&capital(&line));
        }
    }
    Ok(())
}

/// Puts everything back: what is around the shop and the shop itself, or its three services where nothing is around them that we can
/// reach.
pub(crate) async fn restore(options: &RestoreOptions) -> anyhow::Result<()> {
    let target = &options.target;
    let world = Operator::of_world(target)?;
    if world.is_there().await {
        world.tell("/restore").await?;
    } else {
        for (service, operator) in Operator::of_services(target)? {
            operator.tell("/reset").await?;
            if service == Service::ContentStore {
                fill(target).await?;
            }
        }
    }
    say(options.format, "The shop is as it was at first.", &json!({ "restored": true }));
    Ok(())
}

/// What an editor can still do where nobody answers for the world around the shop.
async fn without_a_world(
    options: &InjectOptions,
    scenario: &Scenario,
    publishes: Vec<(String, Bytes)>,
) -> anyhow::Result<()> {
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
    Ok(())
}

async fn publish(options: &InjectOptions, asset: &str, body: Bytes) -> anyhow::Result<()> {
    let target = &options.target;
    let (token, addresses) = (target.editor_token()?, target.ports.on(&target.target, None)?);
    let editor = Editor::new(&caller(), addresses.content_store, &token.value);
    match editor.publish(asset, body).await {
        Ok(version) => {
            let told = json!({ "published": asset, "version": version });
            say(options.format, &format!("Published {} version {version}.", plain(asset)), &told);
            Ok(())
        }
        Err(error @ EditorError::Refused { status: StatusCode::UNAUTHORIZED, .. }) => {
            bail!("{} ({})", plain(&error.to_string()), token.refused())
        }
        Err(error) => bail!("{}", plain(&cause_chain(&error))),
    }
}

/// A content store that runs alone begins empty: whoever opens the shop fills it.
async fn fill(target: &Target) -> anyhow::Result<()> {
    let content_store = target.ports.on(&target.target, None)?.content_store;
    let reader = Editor::new(&caller(), content_store.clone(), "");
    if reader.list().await?.is_empty() {
        let editor = Editor::new(&caller(), content_store, &target.editor_token()?.value);
        stock(&editor).await.context("the content store is empty, and cannot be filled")?;
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
