//! `glyphfall lint`: finds in files, before they are published, what the repaired content store would refuse.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use ignore::WalkBuilder;
use lint::{Finding, SPECIAL_CHARACTERS_MAX, lint, sarif};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use crate::{
    output::{self, plain},
    standard_input::{STANDARD_INPUT, StandardInput},
    stop::{self, Done},
    work::Progress,
};

const BEGINNING_BYTES: u64 = 512;

/// Characters of a path that a URL must escape.
const NOT_IN_ADDRESSES: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_').remove(b'~');

#[derive(Clone, Debug, Args)]
pub(crate) struct LintArgs {
    /// Files to check, folders to check with all that is in them, or - for standard input. In folders, hidden files, what
    /// .gitignore names, and pictures, archives and the like are left out
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people, and for editors: each line begins with file, line and column
    Text,
    /// For programs, on standard output alone
    Json,
    /// For code hosts: SARIF 2.1.0
    Sarif,
}

#[derive(Default)]
struct Report {
    /// Findings by file.
    files: Vec<(String, Vec<Finding>)>,
    findings: usize,
    not_text: usize,
    unreadable: usize,
}

pub(crate) fn run(args: &LintArgs) -> anyhow::Result<Done> {
    let progress = Progress::begin(None, "checking")?;
    let mut report = Report::default();
    for path in &args.files {
        if path.as_os_str() == STANDARD_INPUT {
            report.check("standard input", BufReader::new(StandardInput::read_aside()?), args.format);
        } else {
            report.below(path, args.format);
        }
    }
    drop(progress);
    report.tell(args.format)
}

impl Report {
    fn below(&mut self, path: &Path, format: Format) {
        let mut walk = WalkBuilder::new(path);
        walk.sort_by_file_path(Path::cmp);
        for found in walk.build() {
            if stop::is_told() {
                return;
            }
            let found = match found {
                Ok(found) if found.file_type().is_some_and(|kind| kind.is_dir()) => continue,
                Ok(found) => found.into_path(),
                Err(error) => {
                    self.cannot(&error.to_string());
                    continue;
                }
            };
            if let Err(error) = self.file(&found, found == path, format) {
                self.cannot(&format!("{error:#}"));
            }
        }
    }

    fn file(&mut self, path: &Path, is_asked_for: bool, format: Format) -> anyhow::Result<()> {
        let name = path.to_string_lossy();
        let cannot = || format!("'{name}' cannot be read; name a file that is there and that you may read");
        let mut file = BufReader::new(File::open(path).with_context(cannot)?);
        let mut beginning = Vec::new();
        file.by_ref().take(BEGINNING_BYTES).read_to_end(&mut beginning).with_context(cannot)?;
        let is_text =
            infer::get(&beginning).is_none_or(|kind| kind.matcher_type() == infer::MatcherType::Text);
        if is_text || is_asked_for {
            self.check(&name, beginning.chain(file), format);
        } else {
            self.not_text += 1;
        }
        Ok(())
    }

    fn check(&mut self, name: &str, text: impl BufRead, format: Format) {
        let mut findings = Vec::new();
        let mut count = 0;
        let found = |finding: Finding| {
            count += 1;
            if count > SPECIAL_CHARACTERS_MAX {
                return;
            }
            if format == Format::Text {
                let Finding { line, column, .. } = finding;
                let what = format!("{} {}", finding.named(), finding.advice());
                output::line(&format!("{}:{line}:{column}: {what}", plain(name)));
            }
            findings.push(finding);
        };
        let read = lint(text, found, || !stop::is_told());
        if count > SPECIAL_CHARACTERS_MAX {
            let more = count - SPECIAL_CHARACTERS_MAX;
            output::error_line(&format!("{}: {more} more: is it a text at all, in UTF-8?", plain(name)));
        }
        if let Err(error) = read {
            self.cannot(&format!("'{name}' cannot be read: {error}"));
        }
        self.findings += count;
        self.files.push((name.to_owned(), findings));
    }

    /// Reports an unreadable file. The run goes on, because other files may be readable.
    fn cannot(&mut self, why: &str) {
        output::error_line(&format!("error: {}", plain(why)));
        self.unreadable += 1;
    }

    fn tell(self, format: Format) -> anyhow::Result<Done> {
        let bad = self.files.iter().filter(|(_, findings)| !findings.is_empty()).count();
        match format {
            Format::Text => {
                let Self { findings, not_text, files, .. } = &self;
                let skipped = match *not_text {
                    0 => String::new(),
                    1 => "; 1 file is no text".to_owned(),
                    more => format!("; {more} files are no texts"),
                };
                let all = files.len();
                output::error_line(&format!(
                    "{} in {bad} of {}{skipped}",
                    counted(*findings, "character"),
                    counted(all, "text")
                ));
            }
            Format::Json => output::line(&self.json().to_string()),
            Format::Sarif => {
                let all = self.files.iter().flat_map(|(name, findings)| {
                    let address = utf8_percent_encode(name, NOT_IN_ADDRESSES).to_string();
                    findings.iter().map(move |finding| (address.clone(), finding))
                });
                output::line(&sarif::report(env!("CARGO_PKG_VERSION"), all).to_string());
            }
        }
        if stop::is_told() {
            output::error_line("PARTIAL: stopped early");
            return Ok(Done::BrokenOff);
        }
        let (files, name) = match self.unreadable {
            0 => return Ok(Done::from(self.findings == 0)),
            1 => ("one file".to_owned(), "a file that is there"),
            more => (format!("{more} files"), "files that are there"),
        };
        bail!(
            "{files} could not be checked, the others were; the messages above say why. Name {name} and that you may read"
        )
    }

    fn json(&self) -> serde_json::Value {
        let files = self.files.iter().filter(|(_, findings)| !findings.is_empty());
        let files: Vec<_> =
            files.map(|(name, findings)| json!({ "file": name, "findings": findings })).collect();
        json!({
            "texts": self.files.len(), "not_text": self.not_text, "unreadable": self.unreadable,
            "findings": self.findings, "files": files,
        })
    }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
