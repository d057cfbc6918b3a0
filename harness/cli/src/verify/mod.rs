//! `glyphfall verify`: which latent faults are present in a shop that is reached only over HTTP. Teaches that a repair is proven by
//! trying to break it: the same character as in the story, in an asset that no page shows.
//!
//! - [`finding`]: what is said of each fault, and what to do.
//! - [`prober`]: how it is tried, and put back, whatever happens.

mod finding;
mod prober;

use chassis::LatentFault;
use clap::Args;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use self::{
    finding::{Finding, State},
    prober::Prober,
};
use crate::{options::Format, screen, target::Target};

/// What can be asked of `glyphfall verify`.
///
/// Exit code 0: all four are repaired. 1: at least one is present. 2: none is present as far as could be told.
#[derive(Clone, Debug, Args)]
pub(crate) struct VerifyOptions {
    #[command(flatten)]
    target: Target,
    /// Port of the incident room, where evidence is asked for
    #[arg(long, value_name = "PORT", default_value_t = 9000)]
    room_port: u16,
    /// How the findings are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Probes, puts everything back, and says what was found. False when some fault is present.
pub(crate) async fn run(options: VerifyOptions) -> anyhow::Result<bool> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let prober = Prober::new(&options.target, options.room_port)?;
    prober.reach().await?;
    eprintln!("watching what the shop makes of {}; up to half a minute", prober.asset());
    let found = tokio::select! {
        found = prober.probe() => found,
        _ = interrupt.recv() => Err(anyhow::anyhow!("stopped by Ctrl-C before anything was found out")),
        _ = terminate.recv() => Err(anyhow::anyhow!("told to stop before anything was found out")),
    };
    // Neither signal ends the program while it puts the shop back: both are still listened to.
    let cleared = prober.clear().await;
    let findings = found?;
    cleared?;
    match options.format {
        Format::Json => screen::line(&json!({ "faults": findings }).to_string()),
        Format::Text => findings.iter().for_each(tell),
    }
    verdict(&findings)
}

fn tell(finding: &Finding) {
    let Finding { fault, state, found, next } = finding;
    screen::line(&format!("{:<22}{}", fault.name(), state.words()));
    screen::paragraph(&format!("  {found}"));
    if let Some(next) = next {
        screen::paragraph(&format!("  {next}"));
    }
}

/// Whether all four are repaired. What cannot be told is neither: it is an error of its own.
fn verdict(findings: &[Finding]) -> anyhow::Result<bool> {
    let count = |state: State| findings.iter().filter(|finding| finding.state == state).count();
    if count(State::Present) > 0 {
        return Ok(false);
    }
    match count(State::CannotBeTold) {
        0 => Ok(true),
        some => anyhow::bail!("{some} of {} latent faults cannot be told", LatentFault::ALL.len()),
    }
}
