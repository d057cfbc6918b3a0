//! Makes one list of the pages' files, so that a new file needs no other change; one of the defects that the services' sources mark
//! as made on purpose, so that the debrief shows the lines as they are; and the participant's page of what the documentation says.

use std::{
    env,
    error::Error,
    fmt::Write,
    fs, io,
    path::{Path, PathBuf},
};

use pulldown_cmark::{Options, Parser, html};

/// What marks a defect in a comment.
const MARK: &str = concat!("FAULT", ": ");

/// Lines of code that are shown below such a comment.
const LINES_BELOW: usize = 12;

fn main() -> Result<(), Box<dyn Error>> {
    #[expect(
        clippy::disallowed_methods,
        reason = "cargo tells a build script where to write in no other way"
    )]
    let out = PathBuf::from(env::var("OUT_DIR")?);
    // Cargo runs this in the package's folder, wherever the checkout lies now.
    let room = env::current_dir()?;
    fs::write(out.join("pages.rs"), pages(&room.join("pages"))?)?;
    fs::write(out.join("marks.rs"), marks(&room.join("../..").canonicalize()?)?)?;
    fs::write(out.join("participant.html"), participant(&room.join("../../docs/participant.md"))?)?;
    Ok(())
}

fn pages(folder: &Path) -> Result<String, Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    files.sort_by_key(fs::DirEntry::file_name);
    let mut list = String::from("[\n");
    for file in files {
        let (name, path) = (file.file_name(), file.path());
        writeln!(list, "    ({:?}, include_str!({:?})),", name.to_string_lossy(), path.to_string_lossy())?;
    }
    list.push(']');
    Ok(list)
}

fn participant(document: &Path) -> io::Result<String> {
    println!("cargo::rerun-if-changed={}", document.display());
    let mut page = String::new();
    html::push_html(&mut page, Parser::new_ext(&fs::read_to_string(document)?, Options::ENABLE_TABLES));
    Ok(page)
}

/// File, line, what the comment says, and the lines from there on.
fn marks(root: &Path) -> Result<String, Box<dyn Error>> {
    let services = root.join("services");
    println!("cargo::rerun-if-changed={}", services.display());
    let mut list = String::from("[\n");
    for file in sources(&services)? {
        let text = fs::read_to_string(&file)?;
        let lines: Vec<&str> = text.lines().collect();
        for (place, line) in lines.iter().enumerate() {
            let Some((says, comment_lines)) = comment(line, &lines[place..]) else { continue };
            let end = lines.len().min(place + comment_lines + LINES_BELOW);
            let (path, excerpt) = (file.strip_prefix(root)?.to_string_lossy(), shown(&lines[place..end]));
            writeln!(list, "    ({path:?}, {}, {says:?}, {excerpt:?}),", place + 1)?;
        }
    }
    list.push(']');
    Ok(list)
}

fn sources(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(sources(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// What a comment says that begins with the mark, and how many lines it has.
fn comment(first: &str, from: &[&str]) -> Option<(String, usize)> {
    let text = |line: &str| {
        let line = line.trim_start();
        line.strip_prefix("/// ").or_else(|| line.strip_prefix("// ")).map(str::to_owned)
    };
    let begins = text(first)?.strip_prefix(MARK)?.to_owned();
    let rest: Vec<String> = from.iter().skip(1).map_while(|line| text(line)).collect();
    let says: Vec<String> = std::iter::once(begins).chain(rest).collect();
    Some((says.join(" "), says.len()))
}

/// Lines without the blanks that all of them begin with.
fn shown(lines: &[&str]) -> String {
    let blanks = |line: &&&str| line.len() - line.trim_start().len();
    let common =
        lines.iter().filter(|line| !line.trim().is_empty()).map(|line| blanks(&line)).min().unwrap_or(0);
    let cut: Vec<&str> = lines.iter().map(|line| line.get(common..).unwrap_or_default()).collect();
    cut.join("\n").trim_end().to_owned()
}
