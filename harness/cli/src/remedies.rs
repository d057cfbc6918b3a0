//! Remedies and repairs of a running shop by hand: `restart`, `roll-back`, `repair`, `level`. Each is one HTTP call that anybody could make
//! with curl. The shop may run in `glyphfall up` or in containers.

use chassis::{LatentFault, Level, operator::SwitchState};
use clap::Args;
use http::Method;
use incident::Service;
use serde_json::{Value, json};

use crate::{
    args::Format,
    operators::{Operator, refused},
    output::plain,
    screen,
    target::TargetArgs,
};

/// What every call of a running shop has.
#[derive(Clone, Debug, Args)]
pub(crate) struct CallArgs {
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
}

impl CallArgs {
    pub(crate) fn say(&self, text: &str, told: &Value) {
        match self.format {
            Format::Text => screen::line(text),
            Format::Json => screen::line(&told.to_string()),
        }
    }
}

#[derive(Clone, Debug, Args)]
pub(crate) struct RestartArgs {
    /// The service: cache, content-store or web-front
    #[arg(value_name = "SERVICE")]
    service: Service,
    #[command(flatten)]
    call: CallArgs,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct RollBackArgs {
    /// The asset, such as promo-banner: the text before its current one is published again
    #[arg(value_name = "ASSET")]
    asset: String,
    #[command(flatten)]
    call: CallArgs,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct RepairArgs {
    /// The latent fault; the repair also takes effect in work under way
    #[arg(value_enum, value_name = "FAULT")]
    fault: LatentFault,
    /// Brings the fault back
    #[arg(long)]
    undo: bool,
    #[command(flatten)]
    call: CallArgs,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct LevelArgs {
    /// The telemetry level
    #[arg(value_enum, value_name = "LEVEL")]
    level: Level,
    #[command(flatten)]
    call: CallArgs,
}

pub(crate) async fn restart(RestartArgs { service, call }: RestartArgs) -> anyhow::Result<()> {
    Operator::of(&call.target, service)?.tell("/restart").await?;
    call.say(&format!("The {} was restarted.", service.words()), &json!({ "restarted": service }));
    Ok(())
}

pub(crate) async fn roll_back(RollBackArgs { asset, call }: RollBackArgs) -> anyhow::Result<()> {
    let (editor, token) = call.target.editor()?;
    let version = editor.roll_back(&asset).await.map_err(|error| refused(&error, &token))?;
    let told = json!({ "rolled_back": asset, "version": version });
    call.say(&format!("Rolled {} back: its earlier text is version {version} now.", plain(&asset)), &told);
    Ok(())
}

pub(crate) async fn repair(RepairArgs { fault, undo, call }: RepairArgs) -> anyhow::Result<()> {
    for operator in Operator::of_services(&call.target)? {
        let wanted = if fault == LatentFault::InadequateTelemetry {
            // The telemetry fault has no switch of its own: the level sets it.
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
    let (name, is) = (fault.name(), if undo { "back" } else { "repaired" });
    call.say(&format!("{name} is {is} in all three services."), &json!({ "fault": name, "present": undo }));
    Ok(())
}

pub(crate) async fn level(LevelArgs { level, call }: LevelArgs) -> anyhow::Result<()> {
    for operator in Operator::of_services(&call.target)? {
        let wanted = SwitchState { level: Some(level), faults_present: None };
        operator.tell_with(Method::PUT, "/switches", &wanted).await?;
    }
    let name = level.name();
    let text = format!("All three services leave telemetry at the level {name}.");
    call.say(&text, &json!({ "level": name }));
    Ok(())
}
