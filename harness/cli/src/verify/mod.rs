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

use self::{
    finding::{Finding, State},
    prober::Prober,
};
use crate::{
    args::Format,
    done::Done,
    output::{self, plain},
    screen, stop,
    target::TargetArgs,
};

/// What can be asked of `glyphfall verify`.
///
/// Exit code 0: all four are repaired. 1: at least one is present. 2: none is present as far as could be told.
#[derive(Clone, Debug, Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// Port at which evidence is queried
    #[arg(long, value_name = "PORT", default_value_t = 9000)]
    room_port: u16,
    /// How the findings are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(crate) async fn run(options: VerifyArgs) -> anyhow::Result<Done> {
    let prober = Prober::new(&options.target, options.room_port)?;
    prober.reach().await?;
    output::error_line(&format!("watching what the shop makes of {}; up to half a minute", prober.asset()));
    let found = tokio::select! {
        found = prober.probe() => Some(found),
        () = stop::told() => None,
    };
    // However it ended, the shop is put back.
    let cleared = prober.clear().await;
    let Some(findings) = found.transpose()? else {
        cleared?;
        output::error_line("stopped before anything was found out; the shop is as it was");
        return Ok(Done::BrokenOff);
    };
    cleared?;
    match options.format {
        Format::Json => screen::line(&json!({ "faults": findings }).to_string()),
        Format::Text => findings.iter().for_each(tell),
    }
    Ok(verdict(&findings)?.into())
}

fn tell(finding: &Finding) {
    let Finding { fault, state, found, next } = finding;
    screen::line(&format!("{:<22}{}", fault.name(), state.words()));
    screen::paragraph(&format!("  {}", plain(found)));
    if let Some(next) = next {
        screen::paragraph(&format!("  {}", plain(next)));
    }
}

/// Whether all four are repaired. A fault whose state is unknown is an error of its own.
fn verdict(findings: &[Finding]) -> anyhow::Result<bool> {
    let count = |state: State| findings.iter().filter(|finding| finding.state == state).count();
    if count(State::Present) > 0 {
        return Ok(false);
    }
    match count(State::Unknown) {
        0 => Ok(true),
        some => anyhow::bail!("{some} of {} latent faults are unknown", LatentFault::ALL.len()),
    }
}
