//! Parameters of a query. Each is taken once; a parameter left over is misspelt, and reported.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use crate::UnixTime;
use crate::limits::CONDITIONS_MAX;
use crate::problem::Problem;

/// The parameters that no handler has taken yet.
pub(super) struct Parameters {
    pairs: Vec<(String, String)>,
    now: UnixTime,
    /// The names that the handler asked for.
    known: Vec<String>,
}

impl Parameters {
    pub(super) fn new(pairs: Vec<(String, String)>, now: UnixTime) -> Self {
        Self { pairs, now, known: Vec::new() }
    }

    /// The last value of this name; an empty value counts as missing.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        self.all(name).pop().filter(|value| !value.is_empty())
    }

    pub(super) fn parsed<T: FromStr<Err: Display>>(&mut self, name: &str) -> Result<Option<T>, Problem> {
        let parse = |text: String| text.parse().map_err(|error| Problem::parameter(name, format!("{error}")));
        self.text(name).map(parse).transpose()
    }

    pub(super) fn time(&mut self, name: &str) -> Result<Option<UnixTime>, Problem> {
        let now = self.now;
        let parse = |text: String| {
            UnixTime::parse(&text, now).map_err(|error| Problem::parameter(name, error.to_string()))
        };
        self.text(name).map(parse).transpose()
    }

    pub(super) fn duration(&mut self, name: &str) -> Result<Option<Duration>, Problem> {
        let parse = |text: String| {
            let duration =
                text.parse::<jiff::SignedDuration>().ok().and_then(|span| Duration::try_from(span).ok());
            let positive = duration.filter(|duration| !duration.is_zero());
            positive.ok_or_else(|| Problem::parameter(name, "expected a duration as in 10s or 5m"))
        };
        self.text(name).map(parse).transpose()
    }

    /// All `key=value` pairs of this name.
    pub(super) fn pairs(&mut self, name: &str) -> Result<Vec<(String, String)>, Problem> {
        let split = |text: String| match text.split_once('=') {
            Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
            _ => Err(Problem::parameter(name, "expected key=value")),
        };
        let pairs = self.all(name);
        if pairs.len() > CONDITIONS_MAX {
            let detail = format!("{} conditions; {CONDITIONS_MAX} are the most in one question", pairs.len());
            return Err(Problem::parameter(name, detail));
        }
        pairs.into_iter().map(split).collect()
    }

    /// Names separated by commas; `None` if the parameter is missing, and no names if it is empty.
    pub(super) fn list(&mut self, name: &str) -> Result<Option<Vec<String>>, Problem> {
        let Some(text) = self.all(name).pop() else { return Ok(None) };
        let names: Vec<_> =
            text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
        if names.len() > CONDITIONS_MAX {
            let detail = format!("{} names; {CONDITIONS_MAX} are the most in one question", names.len());
            return Err(Problem::parameter(name, detail));
        }
        Ok(Some(names))
    }

    /// True if the parameter has no value, or `true`.
    pub(super) fn flag(&mut self, name: &str) -> Result<bool, Problem> {
        match self.all(name).pop().as_deref() {
            Some("" | "true") => Ok(true),
            None | Some("false") => Ok(false),
            Some(_) => Err(Problem::parameter(name, "expected true or false")),
        }
    }

    /// Fails if a parameter is left over.
    pub(super) fn done(self) -> Result<(), Problem> {
        match self.pairs.first() {
            None => Ok(()),
            Some((name, _)) => {
                let known = self.known.join(", ");
                Err(Problem::parameter(name, format!("there is no such parameter here; there are: {known}")))
            }
        }
    }

    fn all(&mut self, name: &str) -> Vec<String> {
        let (those, others) = self.pairs.drain(..).partition(|(own, _): &(String, String)| own == name);
        self.pairs = others;
        self.known.push(name.to_owned());
        let those: Vec<(String, String)> = those;
        those.into_iter().map(|(_, value)| value).collect()
    }
}
