//! What people said of the session itself, in counts and in their own words. Teaches that a measure which is asked once, without names and
//! at the end costs a minute, and is there for the next session.

use report::session::Feedback;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Said<'a> {
    pub(super) finding: String,
    pub(super) words: Vec<&'a str>,
}

impl<'a> Said<'a> {
    /// None as long as nobody has said anything.
    pub(super) fn of(all: &'a [Feedback]) -> Option<Self> {
        let of = all.len();
        let count = |is: fn(&Feedback) -> bool| all.iter().filter(|one| is(one)).count();
        let (learned, again) = (count(|one| one.learned), count(|one| one.again));
        (of > 0).then(|| Self {
            finding: format!("{learned} of {of} learned something new, {again} of {of} would come again"),
            words: all.iter().filter_map(|one| one.words.as_deref()).collect(),
        })
    }
}
