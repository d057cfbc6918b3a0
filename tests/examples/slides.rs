//! Prints the slides for a class, as a page and as PDF: `cargo xtask slides`.
#![expect(clippy::unwrap_used, reason = "slides that cannot be printed are printed again")]

use std::fs;

use fantoccini::wd::{PrintConfiguration, PrintMargins, PrintSize};
use glyphfall_tests::{browser::Browser, process::root, slides::page};

/// A sheet of 16:9 in centimetres. The style sheet has the same size in inches.
const SHEET: PrintSize = PrintSize { width: 33.867, height: 19.05 };
const NO_MARGINS: PrintMargins = PrintMargins { top: 0.0, bottom: 0.0, left: 0.0, right: 0.0 };

#[tokio::main]
async fn main() {
    let folder = root().join("glyphfall-out/slides");
    fs::create_dir_all(&folder).unwrap();
    let (html, pdf) = (folder.join("slides.html"), folder.join("slides.pdf"));
    fs::write(&html, page()).unwrap();
    let browser = Browser::open(1280, 720).await;
    browser.prefers("light").await;
    browser.client.goto(&format!("file://{}", html.display())).await.unwrap();
    let printing = PrintConfiguration::builder().background(true).size(SHEET).margins(NO_MARGINS);
    fs::write(&pdf, browser.client.print(printing.build().unwrap()).await.unwrap()).unwrap();
    eprintln!("{}\n{}", html.display(), pdf.display());
}
