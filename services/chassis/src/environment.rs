//! The variables of a process, read once, where it begins. Teaches that a variable which is set and empty was meant to be unset
//! (shells, compose files and CI can often do no better), and that whoever reads an error must learn which of the two named
//! the value: a variable or an option.

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error as _,
    ffi::{OsStr, OsString},
    io,
};

use clap::{
    Arg, Command, CommandFactory, Error, FromArgMatches,
    error::{ContextKind, ContextValue, ErrorKind},
};

use crate::token::usable;

/// The variables of a process, or of a test. Those that are empty or blank are left out.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
    blank: BTreeSet<OsString>,
}

impl Environment {
    /// This process's. Called by `main` and nobody else.
    #[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
    pub fn of_process() -> Self {
        std::env::vars_os().collect()
    }

    /// What a variable says, without blanks around it; nothing if it is not set, or empty.
    ///
    /// # Errors
    ///
    /// When it is not UTF-8; the message names it.
    pub fn text(&self, name: &str) -> io::Result<Option<String>> {
        Ok(self.raw(name)?.map(|text| text.trim().to_owned()))
    }

    /// A token.
    ///
    /// # Errors
    ///
    /// When it cannot be sent; the message names the variable.
    pub fn token(&self, name: &str) -> io::Result<Option<String>> {
        let Some(text) = self.raw(name)? else { return Ok(None) };
        let token = usable(text).map_err(|why| format!("{name}: {why}"));
        token.map(Some).map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))
    }

    fn raw(&self, name: &str) -> io::Result<Option<&str>> {
        let Some(value) = self.variables.get(OsStr::new(name)) else { return Ok(None) };
        value.to_str().map(Some).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, format!("{name} is not text in UTF-8"))
        })
    }

    /// Reads a command line, with this environment behind it. Ends the process with what is wrong, or with its help.
    pub fn parse<P: CommandFactory + FromArgMatches>(&self) -> P {
        self.try_parse_from(std::env::args_os()).unwrap_or_else(|error| error.exit())
    }

    /// Reads a command line, its program's name first.
    ///
    /// # Errors
    ///
    /// When it cannot be understood, or asks for help. Where a variable is to blame, the message begins with its name.
    pub fn try_parse_from<P: CommandFactory + FromArgMatches>(
        &self,
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Result<P, Error> {
        let arguments: Vec<OsString> = arguments.into_iter().collect();
        let mut command = self.without_blank(P::command());
        let parsed = command.try_get_matches_from_mut(&arguments).and_then(|m| P::from_arg_matches(&m));
        parsed.map_err(|error| explain(error, &command, &arguments))
    }

    /// Takes variables that are empty from all options: clap would take an empty one for a value.
    fn without_blank(&self, command: Command) -> Command {
        let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
        let command = command.mut_args(|argument| match argument.get_env() {
            Some(name) if self.blank.contains(name) => argument.env(None::<&str>),
            _ => argument,
        });
        names.into_iter().fold(command, |command, name| {
            command.mut_subcommand(name, |subcommand| self.without_blank(subcommand))
        })
    }
}

impl FromIterator<(OsString, OsString)> for Environment {
    fn from_iter<I: IntoIterator<Item = (OsString, OsString)>>(variables: I) -> Self {
        let is_blank = |value: &OsString| value.to_str().is_some_and(|text| text.trim().is_empty());
        let (blank, variables): (Vec<_>, Vec<_>) =
            variables.into_iter().partition(|(_, value)| is_blank(value));
        Self {
            variables: variables.into_iter().collect(),
            blank: blank.into_iter().map(|(name, _)| name).collect(),
        }
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Environment {
    fn from(variables: [(&str, &str); N]) -> Self {
        variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect()
    }
}

/// Names the variable that a wrong value came from, and leaves out a value that is secret.
fn explain(error: Error, command: &Command, arguments: &[OsString]) -> Error {
    let is_value = matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation);
    let Some(ContextValue::String(named)) = error.get(ContextKind::InvalidArg) else { return error };
    let option = named.split([' ', '=']).next().unwrap_or_default().to_owned();
    let Some(argument) = find(command, &option).filter(|_| is_value) else { return error };
    let is_given = arguments.iter().filter_map(|argument| argument.to_str()).any(|given| {
        given == option || given.strip_prefix(&option).is_some_and(|rest| rest.starts_with('='))
    });
    let variable = argument.get_env().filter(|_| !is_given).map(|name| name.to_string_lossy().into_owned());
    let name = variable.as_ref().unwrap_or(&option);
    let message = if argument.is_hide_env_values_set() {
        let reason = error.source().map_or_else(|| "it cannot be used".to_owned(), ToString::to_string);
        format!("{name}: {reason}\n")
    } else if variable.is_some() {
        let text = error.render().to_string();
        format!("{name}: {}", text.strip_prefix("error: ").unwrap_or(&text))
    } else {
        return error;
    };
    Error::raw(error.kind(), message)
}

fn find<'a>(command: &'a Command, option: &str) -> Option<&'a Arg> {
    let long = option.strip_prefix("--")?;
    let own = command.get_arguments().find(|argument| argument.get_long() == Some(long));
    own.or_else(|| command.get_subcommands().find_map(|subcommand| find(subcommand, option)))
}
