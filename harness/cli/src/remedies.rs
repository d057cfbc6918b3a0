//! The remedies and repairs of a running shop by hand: `restart`, `roll-back`, `repair`, `level`. Each is one call that anybody could make
//! with curl; the shop may be ours or run in containers.

use chassis::{LatentFault, Level, operator::SwitchState};
use clap::Args;
use http::Method;
use incident::Service;
use serde_json::{Value, json};
use world::Editor;

use crate::{
    args::Format,
    operators::{Operator, caller, refused},
    output::plain,
    screen,
    target::TargetArgs,
};

#[derive(Clone, Debug, Args)]
pub(crate) struct RestartArgs {
    /// The service: cache, content-store or web-front
    #[arg(value_name = "SERVICE")]
    service: Service,
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    target: TargetArgs,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct RollBackArgs {
    /// The asset, such as promo-banner: the text before its current one is published again
    #[arg(value_name = "ASSET")]
    asset: String,
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    target: TargetArgs,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct RepairArgs {
    /// The latent fault; the repair also takes effect in work under way
    #[arg(value_enum, value_name = "FAULT")]
    fault: LatentFault,
    /// Brings the fault back
    #[arg(long)]
    undo: bool,
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    target: TargetArgs,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct LevelArgs {
    /// The telemetry level
    #[arg(value_enum, value_name = "LEVEL")]
    level: Level,
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    target: TargetArgs,
}

pub(crate) async fn restart(options: RestartArgs) -> anyhow::Result<()> {
    let RestartArgs { service, format, target } = options;
    Operator::of(&target, service)?.tell("/restart").await?;
    say(format, &format!("The {} was restarted.", service.words()), &json!({ "restarted": service }));
    Ok(())
}

pub(crate) async fn roll_back(options: RollBackArgs) -> anyhow::Result<()> {
    let RollBackArgs { asset, format, target } = options;
    let token = target.editor_token()?;
    let store = target.ports.on(&target.target, None)?.content_store;
    let editor = Editor::new(&caller(), store, &token.value);
    let version = editor.roll_back(&asset).await.map_err(|error| refused(&error, &token))?;
    let told = json!({ "rolled_back": asset, "version": version });
    say(format, &format!("Rolled {} back: its earlier text is version {version} now.", plain(&asset)), &told);
    Ok(())
}

pub(crate) async fn repair(options: RepairArgs) -> anyhow::Result<()> {
    let RepairArgs { fault, undo, format, target } = options;
    for operator in Operator::of_services(&target)? {
        let wanted = if fault == LatentFault::InadequateTelemetry {
            // Telemetry is turned by its level.
            let level = if undo { Level::Dark } else { Level::RICHEST };
            SwitchState { level: Some(level), faults_present: None }
        } else {
            let now: SwitchState = operator.ask("/switches").await?;
            let mut present = now.faults_present.unwrap_or_default();
            present.retain(|known| *known != fault);
            present.extend(undo.then_some(fault));
            SwitchState { level: None, faults_present: Some(present) }
        };
        operator.tell_with(Method::PUT, "/switches", &wanted).await?;
    }
    let name = fault.name();
    let said = if undo {
        format!("{name} is back in all three services.")
    } else {
        format!("{name} is repaired in all three services.")
    };
    say(format, &said, &json!({ "fault": name, "present": undo }));
    Ok(())
}

pub(crate) async fn level(options: LevelArgs) -> anyhow::Result<()> {
    let LevelArgs { level, format, target } = options;
    for operator in Operator::of_services(&target)? {
        let wanted = SwitchState { level: Some(level), faults_present: None };
        operator.tell_with(Method::PUT, "/switches", &wanted).await?;
    }
    let name = level.name();
    say(
        format,
        &format!("All three services leave telemetry at the level {name}."),
        &json!({ "level": name }),
    );
    Ok(())
}

pub(crate) fn say(format: Format, text: &str, told: &Value) {
    match format {
        Format::Text => screen::line(text),
        Format::Json => screen::line(&told.to_string()),
    }
}
