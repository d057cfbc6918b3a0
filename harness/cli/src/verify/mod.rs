//! `glyphfall verify`: finds the latent faults of a shop over HTTP alone. Teaches that a repair is proven by trying to break it: with every
//! class of special characters, in an asset that no page shows. The shop may be anybody's, in any language, as long as it keeps the
//! contract of `docs/contract.md`.
//!
//! - [`finding`]: the verdict on each fault, with advice.
//! - [`prober`]: tries each fault, and cleans up whatever happens.
//! - [`characters`]: how the content store handles each class of characters.

mod finding;
mod characters;
mod prober;

use std::path::PathBuf;

use anyhow::Context;
use chassis::{AssetId, LatentFault};
use clap::Args;
use serde::Deserialize;
use serde_json::json;

use self::{
    finding::{Finding, State},
    prober::{Customers, Prober},
};
use crate::{
    args::Format,
    output::{self, plain},
    screen,
    standard_input::read_file,
    stop::{self, Done},
    target::TargetArgs,
    work::shown,
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
    /// An asset that the home page shows: also tries how the page writes text. Customers see the trial until the earlier text is
    /// published again, at the end
    #[arg(long, value_name = "ASSET")]
    shown: Option<AssetId>,
    /// What an earlier run wrote with --format json, or - for standard input; may be given several times, the first wins. It counts for
    /// what can no longer be tried: once rendering is repaired nothing unreadable can be published
    #[arg(long, value_name = "CARD.json")]
    known: Vec<PathBuf>,
    /// How the findings are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(crate) async fn run(options: VerifyArgs) -> anyhow::Result<Done> {
    let mut known = Vec::new();
    for file in &options.known {
        let Some(card) = read_file(file)? else { return Ok(Done::BrokenOff) };
        known.extend(findings_of(&card).with_context(|| {
            format!(
                "{} is not what 'verify --format json' writes: leave it out, or write it again",
                shown(file)
            )
        })?);
    }
    let prober =
        Prober::new(&options.target, options.room_port, options.shown.map(|asset| asset.to_string()))?;
    prober.reach().await?;
    let mut customers = Customers::default();
    output::error_line(&format!(
        "watching how the shop handles {}; this takes up to half a minute",
        prober.asset()
    ));
    let found = tokio::select! {
        found = prober.probe() => Some(found),
        never = prober.customers_come(&mut customers) => match never {},
        () = stop::told() => None,
    };
    // Clean up the shop, however the probe ended.
    let cleared = prober.clear().await;
    let Some(findings) = found.transpose()? else {
        cleared?;
        output::error_line("stopped before anything was found out; the shop is as it was");
        return Ok(Done::BrokenOff);
    };
    cleared?;
    let findings: Vec<_> = findings.into_iter().map(|finding| finding.or_as_on(&known)).collect();
    match options.format {
        Format::Json => {
            screen::line(&json!({ "faults": findings, "customers": customers }).to_string());
        }
        Format::Text => {
            findings.iter().for_each(tell);
            let Customers { asked, served } = customers;
            screen::line(&format!("Customers meanwhile: {served} of {asked} home pages served."));
        }
    }
    Ok(verdict(&findings)?.into())
}

fn tell(finding: &Finding) {
    let Finding { fault, state, found, next, .. } = finding;
    screen::line(&format!("{:<22}{}", fault.name(), state.words()));
    screen::paragraph(&format!("  {}", plain(found)));
    if let Some(next) = next {
        screen::paragraph(&format!("  {}", plain(next)));
    }
}

fn findings_of(card: &[u8]) -> serde_json::Result<Vec<Finding>> {
    #[derive(Deserialize)]
    struct Card {
        faults: Vec<Finding>,
    }
    Ok(serde_json::from_slice::<Card>(card)?.faults)
}

/// Whether all four faults are repaired. An unknown state is an error if no fault is present.
fn verdict(findings: &[Finding]) -> anyhow::Result<bool> {
    let count = |state: State| findings.iter().filter(|finding| finding.state == state).count();
    if count(State::Present) > 0 {
        return Ok(false);
    }
    match count(State::Unknown) {
        0 => Ok(true),
        some => anyhow::bail!(
            "{some} of {} latent faults are unknown: the text beneath each says how to find out",
            LatentFault::ALL.len()
        ),
    }
}
