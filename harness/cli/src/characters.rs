//! `glyphfall characters`: measures what special characters break.

use anyhow::bail;
use clap::Args;
use experiment::characters::{Specimen, find, run as measure, specimens};
use incident::did_you_mean;

use crate::{args::Format, output, output::plain, screen, stop::Done, work::watched};

#[derive(Clone, Debug, Args)]
pub(crate) struct CharactersArgs {
    /// Only these, in full and with the reasons: code points (U+000B), bytes (0x93), characters themselves, names or parts of
    /// them ('vertical tab')
    #[arg(value_name = "CHARACTER")]
    pub(crate) characters: Vec<String>,
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

pub(crate) fn run(options: &CharactersArgs) -> anyhow::Result<Done> {
    let chosen = chosen(&options.characters)?;
    let all = chosen.len();
    let report = watched(all, "special characters measured", |watch| measure(chosen, watch))?;
    let is_whole = report.specimens.len() == all;
    match (options.format, options.characters.is_empty()) {
        (Format::Json, _) => screen::line(&serde_json::to_string(&report)?),
        (Format::Text, true) => screen::line(report.to_string().trim_end()),
        (Format::Text, false) => {
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

fn chosen(asked: &[String]) -> anyhow::Result<Vec<Specimen>> {
    if asked.is_empty() {
        return Ok(specimens());
    }
    let mut chosen: Vec<Specimen> = Vec::new();
    for asked in asked {
        let found = find(asked);
        if found.is_empty() {
            let known = specimens();
            let nearest = did_you_mean(asked, known.iter().map(|specimen| &*specimen.name));
            bail!(
                "'{}' is no special character: give a code point as in U+000B, bytes as in 0x93, the character itself, or a name; \
                 'glyphfall characters' lists them all{nearest}",
                plain(asked)
            );
        }
        chosen.extend(found.into_iter().filter(|specimen| !chosen.contains(specimen)).collect::<Vec<_>>());
    }
    Ok(chosen)
}
