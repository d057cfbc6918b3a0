//! Slides: `docs/slides.md`, printed by Chromium, one slide a page.
//!
//! The Markdown is the original, and reads well as it is; a line `---` begins a slide. Colours are those of all pages.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};
use pulldown_cmark::{Options, Parser, html};

const SOURCE: &str = "docs/slides.md";

/// The colours that room and reports share.
const TOKENS: &str = "harness/debrief/templates/tokens.css";

const STYLE: &str = include_str!("slides.css");

/// What Chromium needs to run headless, in a container too, and to ask nobody for anything.
const CHROMIUM: [&str; 8] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// Prints the slides, and says where they are.
///
/// # Errors
/// When a file cannot be read or written, or Chromium does not print.
pub(crate) fn print(folder: &Path) -> Result<()> {
    let read = |path: &str| fs::read_to_string(path).with_context(|| format!("{path} cannot be read"));
    let page = page(&read(SOURCE)?, &read(TOKENS)?);
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let folder = folder.canonicalize()?;
    let html = folder.join("slides.html");
    fs::write(&html, page).with_context(|| format!("{} cannot be written", html.display()))?;
    let pdf = folder.join("slides.pdf");
    chromium(
        &folder,
        &[
            format!("--print-to-pdf={}", pdf.display()),
            "--no-pdf-header-footer".to_owned(),
            format!("file://{}", html.display()),
        ],
    )?;
    if !pdf.is_file() {
        bail!("Chromium printed nothing; open {} in a browser and print it there", html.display());
    }
    eprintln!("{}\n{}", html.display(), pdf.display());
    Ok(())
}

fn chromium(folder: &Path, arguments: &[String]) -> Result<()> {
    let profile: PathBuf = folder.join(".chromium");
    let status = Command::new("chromium")
        .args(CHROMIUM)
        .arg(format!("--user-data-dir={}", profile.display()))
        .args(arguments)
        .stderr(Stdio::null())
        .status()
        .context("chromium cannot be started; cargo xtask tools installs it or says how")?;
    fs::remove_dir_all(&profile).ok();
    if !status.success() {
        bail!("chromium failed ({status})");
    }
    Ok(())
}

/// All slides as one page.
fn page(markdown: &str, tokens: &str) -> String {
    let slides: String = markdown.split("\n---\n").map(slide).collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>One morning, one shop</title>\n\
         <style>\n{tokens}\n{STYLE}</style>\n{slides}</html>\n"
    )
}

/// One slide. Where there is only a heading, it opens a part.
fn slide(markdown: &str) -> String {
    let opens = if markdown.trim_start().starts_with("# ") { " class=\"part\"" } else { "" };
    let mut inside = String::new();
    html::push_html(&mut inside, Parser::new_ext(markdown, Options::ENABLE_TABLES));
    format!("<section{opens}>\n{inside}</section>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_slide_is_a_page_and_a_table_stays_a_table() {
        let page = page("# Rules\n\n---\n\n## One\n\n| a |\n|---|\n| b < c |\n", ":root {}");
        assert_eq!(page.matches("<section").count(), 2, "{page}");
        assert!(page.contains("<section class=\"part\">\n<h1>Rules</h1>"), "{page}");
        assert!(page.contains("<td>b &lt; c</td>"), "{page}");
    }
}
