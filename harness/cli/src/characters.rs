//! `glyphfall characters`: what special characters break, measured while one waits.

use anyhow::bail;
use clap::Args;
use experiment::characters::{Specimen, run as measure, specimens};

use crate::{Done, options::Format, output, output::plain, screen, work::watched};

#[derive(Clone, Debug, Args)]
pub(crate) struct CharactersOptions {
    /// Only those whose name holds this text, such as 'vertical tab', in full and with the reasons
    pub(crate) name: Option<String>,
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// Measures the specimens and shows what each breaks.
pub(crate) fn run(options: &CharactersOptions) -> anyhow::Result<Done> {
    let chosen = chosen(options.name.as_deref())?;
    let all = chosen.len();
    let report = watched(all, "special characters measured", |watch| measure(chosen, watch))?;
    let is_whole = report.specimens.len() == all;
    match (options.format, &options.name) {
        (Format::Json, _) => screen::line(&serde_json::to_string(&report)?),
        (Format::Text, None) => screen::line(report.to_string().trim_end()),
        (Format::Text, Some(_)) => {
            let rows: Vec<_> = report.specimens.iter().map(ToString::to_string).collect();
            screen::paragraph(rows.join("\n").trim_end());
        }
    }
    if is_whole {
        return Ok(Done::Well);
    }
    output::error_line(&format!("PARTIAL: stopped early, after {} of {all}", report.specimens.len()));
    Ok(Done::BrokenOff)
}

fn chosen(name: Option<&str>) -> anyhow::Result<Vec<Specimen>> {
    let Some(name) = name else { return Ok(specimens()) };
    let wanted = name.to_lowercase();
    let is_wanted = |specimen: &Specimen| specimen.name.to_lowercase().contains(&wanted);
    let chosen: Vec<_> = specimens().into_iter().filter(is_wanted).collect();
    if chosen.is_empty() {
        bail!("no special character is called '{}'; 'glyphfall characters' lists them all", plain(name));
    }
    Ok(chosen)
}
