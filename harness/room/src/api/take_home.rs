//! Files to take home from a debrief, and one archive of all of them. The name of each file says whose it is, even in a folder with others.

use std::io::{Cursor, Write};

use axum::response::{IntoResponse, Response};
use chassis::Problem;
use http::header;
use unicode_normalization::UnicodeNormalization;
use zip::{CompressionMethod, ZipWriter, result::ZipError, write::SimpleFileOptions};

use crate::session::broken;

/// Most letters of a team's name in a file name: archive programs limit the length of the whole name.
const LETTERS_MAX: usize = 40;

/// A file to take home: its name, and what is in it.
pub(super) type File = (String, Vec<u8>);

/// How the names of a team's files begin, such as `team-2-the-owls`. It leaves out letters that a header or an old archive program cannot carry;
/// the number still distinguishes teams.
pub(super) fn stem(team: u32, name: &str) -> String {
    let plain = name.nfkd().filter(|c| !unicode_normalization::char::is_combining_mark(*c));
    let plain: String = plain.flat_map(char::to_lowercase).take(LETTERS_MAX).collect();
    let words = plain.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let words = words.collect::<Vec<_>>().join("-");
    let number = format!("team-{team}");
    if words.is_empty() || words == number { number } else { format!("{number}-{words}") }
}

pub(super) fn download(kind: &'static str, name: &str, content: impl IntoResponse) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], content)
        .into_response()
}

/// The files as one archive that every system opens.
pub(super) fn archive(name: &str, files: Vec<File>) -> Result<Response, Problem> {
    Ok(download("application/zip", &format!("{name}.zip"), zipped(files).map_err(broken)?))
}

fn zipped(files: Vec<File>) -> Result<Vec<u8>, ZipError> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, content) in files {
        archive.start_file(name, options)?;
        archive.write_all(&content)?;
    }
    Ok(archive.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_called_after_its_team() {
        let check = |name: &str, expected: &str| assert_eq!(stem(2, name), expected, "{name}");
        check("Team 2", "team-2");
        check("The Owls", "team-2-the-owls");
        check("Żółwie & co.", "team-2-zo-wie-co");
        check("梟", "team-2");
        check("../../etc/passwd\"", "team-2-etc-passwd");
        check("CON", "team-2-con");
    }
}
