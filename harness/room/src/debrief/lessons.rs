//! The lines of code that contain a latent fault on purpose, read at build time. Teaches that a lesson is best read where it applies: in the code
//! that a team would have changed.

use std::collections::BTreeSet;

use incident::ContributingFactor::{
    self, InadequateTelemetry, InvalidRendering, MissingHealthCheck, PoorErrorHandling,
};
use report::session::Lesson;

/// Every mark in the services' sources: file, line, the text of the comment, and the lines that follow.
const MARKS: &[(&str, u32, &str, &str)] = &include!(concat!(env!("OUT_DIR"), "/marks.rs"));

/// The latent fault that a mark belongs to, by its file and its first words.
const BELONGS: [(&str, &str, ContributingFactor); 15] = [
    ("content-store/src/rendering.rs", "whatever an editor sends is taken", InvalidRendering),
    ("content-store/src/rendering.rs", "JSON put together by hand", InvalidRendering),
    ("web-front/src/encoding.rs", "the text is taken for HTML", InvalidRendering),
    ("web-front/src/encoding.rs", "the escaping was written by hand", InvalidRendering),
    ("web-front/src/encoding.rs", "the markup is escaped", InvalidRendering),
    ("cache/src/fills.rs", "every request starts a fill of its own", PoorErrorHandling),
    ("cache/src/fills.rs", "an answer that can never be read", PoorErrorHandling),
    ("cache/src/fills.rs", "a deletion is believed", PoorErrorHandling),
    ("web-front/src/prices.rs", "a list that has outgrown its room", PoorErrorHandling),
    ("web-front/src/fragments.rs", "the fragment is waited for without limit", PoorErrorHandling),
    ("web-front/src/fragments.rs", "a page is all or nothing", PoorErrorHandling),
    ("web-front/src/admission.rs", "a request that finds no room waits", PoorErrorHandling),
    ("cache/src/fills.rs", "health means that the process runs", MissingHealthCheck),
    ("web-front/src/upstream.rs", "nobody asks the cache", MissingHealthCheck),
    ("chassis/src/telemetry/levels.rs", "at the poorest level", InadequateTelemetry),
];

/// The lessons of all latent faults among these factors, in the factors' order.
pub fn lessons(factors: &BTreeSet<ContributingFactor>) -> Vec<Lesson> {
    let of_factor = |factor: &ContributingFactor| {
        let factor = *factor;
        MARKS.iter().filter(move |mark| belongs(mark) == Some(factor)).map(
            move |(file, line, says, excerpt)| Lesson {
                factor,
                file: (*file).to_owned(),
                line: *line,
                says: (*says).to_owned(),
                excerpt: (*excerpt).to_owned(),
            },
        )
    };
    factors.iter().flat_map(of_factor).collect()
}

fn belongs((file, _, says, _): &(&str, u32, &str, &str)) -> Option<ContributingFactor> {
    let found =
        BELONGS.iter().find(|(of_file, begins, _)| file.ends_with(of_file) && says.starts_with(begins));
    found.map(|(.., factor)| *factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mark_belongs_to_one_latent_fault_and_each_entry_finds_its_mark() {
        let unknown: Vec<_> = MARKS.iter().filter(|mark| belongs(mark).is_none()).collect();
        assert!(unknown.is_empty(), "no latent fault for {unknown:?}");
        for (file, begins, _) in BELONGS {
            let marks =
                MARKS.iter().filter(|(of, _, says, _)| of.ends_with(file) && says.starts_with(begins));
            assert_eq!(marks.count(), 1, "{file}: {begins}");
        }
    }

    #[test]
    fn a_lesson_stands_on_the_line_that_it_names() {
        let all = lessons(&ContributingFactor::LATENT_FAULTS.into());
        assert_eq!(all.len(), MARKS.len());
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for lesson in all {
            let text = std::fs::read_to_string(root.join(&lesson.file)).unwrap();
            let line = text.lines().nth(lesson.line as usize - 1).unwrap();
            let first: String = lesson.says.chars().take(20).collect();
            assert!(line.contains(&first), "{}:{}: {line}", lesson.file, lesson.line);
            assert!(lesson.excerpt.lines().count() > 4, "{}", lesson.excerpt);
        }
        assert!(lessons(&[ContributingFactor::SlowStorage].into()).is_empty());
    }
}
