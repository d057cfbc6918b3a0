//! A running shop: its addresses, and the tokens that authorize changes.
//!
//! `glyphfall up` leaves its tokens in a file that only its user can read, so that `inject` and `restore` in another terminal find them.
//! The environment takes precedence over the file.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
};

use anyhow::Context;
use chassis::{
    Chassis, Clock, Environment, Network,
    token::{self, usable},
};
use clap::Args;
use serde::{Deserialize, Serialize};
use world::Editor;

use crate::{
    ports::{Ports, moved, one_address},
    signals::LeftFile,
};

const OPERATOR_TOKEN: &str = "GLYPHFALL_OPERATOR_TOKEN";

#[derive(Clone, Debug, Args)]
pub(crate) struct TargetArgs {
    /// Host on which the shop runs, or the URL of one whose parts all answer there, as in `http://127.0.0.1:8000`
    #[arg(long, value_name = "HOST", default_value = "127.0.0.1")]
    pub(crate) target: String,
    #[command(flatten)]
    pub(crate) ports: Ports,
    /// The editor's token. Give it in the environment: the list of processes shows a command line to everybody [default: that of the shop
    /// that `glyphfall up` runs here]
    #[arg(long, env = "GLYPHFALL_EDITOR_TOKEN", value_name = "TOKEN", hide_env_values = true, value_parser = usable)]
    pub(crate) editor_token: Option<String>,
    /// The operators' token. Give it in the environment: the list of processes shows a command line to everybody [default: that of the shop
    /// that `glyphfall up` runs here]
    #[arg(long, env = "GLYPHFALL_OPERATOR_TOKEN", value_name = "TOKEN", hide_env_values = true, value_parser = usable)]
    pub(crate) operator_token: Option<String>,
}

/// The command line's identity as an HTTP client.
pub(crate) fn caller() -> Chassis {
    Chassis::of_caller("glyphfall", Network::tcp(0), Clock::real(), 0)
}

#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) value: String,
    variable: &'static str,
    is_given: bool,
}

impl Token {
    /// The operators' token of a shop that this program runs, or that was passed to it.
    pub(crate) fn given(value: &str) -> Self {
        Self { value: value.to_owned(), variable: OPERATOR_TOKEN, is_given: true }
    }

    /// Why a shop may refuse the token, and what to do.
    pub(crate) fn refused(&self) -> String {
        let variable = self.variable;
        if self.is_given {
            format!(
                "{variable} holds the token of another shop, or of an earlier one, as 'glyphfall up' makes new tokens each time; unset \
                 it, or set it to what this shop was started with, or printed"
            )
        } else {
            format!(
                "it is the one that 'glyphfall up' left on this machine, and another shop answers there; set {variable} to that one's"
            )
        }
    }
}

impl TargetArgs {
    /// The editor's token: from the options, the environment, or the file of a shop that runs here.
    pub(crate) fn editor_token(&self) -> anyhow::Result<Token> {
        self.token(self.editor_token.as_ref(), "GLYPHFALL_EDITOR_TOKEN", |tokens| tokens.editor)
    }

    /// A client with the editor's token, and the token itself.
    pub(crate) fn editor(&self) -> anyhow::Result<(Editor, Token)> {
        let (token, store) = (self.editor_token()?, self.ports.on(&self.target, None)?.content_store);
        Ok((Editor::new(&caller(), store, &token.value), token))
    }

    pub(crate) fn operator_token(&self) -> anyhow::Result<Token> {
        self.token(self.operator_token.as_ref(), OPERATOR_TOKEN, |tokens| tokens.operator)
    }

    fn token(
        &self,
        given: Option<&String>,
        variable: &'static str,
        pick: fn(Tokens) -> String,
    ) -> anyhow::Result<Token> {
        let given = given.cloned();
        let is_given = given.is_some();
        let port = match one_address(&self.target)? {
            Some(address) => address.port_u16().unwrap_or_default(),
            None => moved(self.ports.content_store_port, self.ports.port_offset)?,
        };
        let value = given.or_else(|| Tokens::read(port).map(pick)).with_context(|| {
            format!(
                "no shop of 'glyphfall up' runs here with its content store on port {port}: it would have left its tokens. For a shop \
                 elsewhere or in containers, set {variable} to the token that it was started with"
            )
        })?;
        Ok(Token { value, variable, is_given })
    }
}

/// The tokens of a shop that runs on this machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Tokens {
    pub(crate) editor: String,
    pub(crate) operator: String,
    /// The token that the cache requires from the content store, where the two are separate processes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) notification: Option<String>,
}

impl Tokens {
    /// Takes the tokens from the environment, or makes new ones.
    pub(crate) fn from_environment_or_new(environment: &Environment) -> io::Result<Self> {
        let token = |variable| environment.token(variable)?.map_or_else(token::make, Ok);
        Ok(Self {
            editor: token("GLYPHFALL_EDITOR_TOKEN")?,
            operator: token(OPERATOR_TOKEN)?,
            notification: Some(token("GLYPHFALL_NOTIFICATION_TOKEN")?),
        })
    }

    /// Writes the tokens to a file for other commands of the same user. Dropping the returned value removes the file.
    pub(crate) fn leave(&self, content_store_port: u16) -> io::Result<LeftFile> {
        let path = Self::path(content_store_port).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        fs::create_dir_all(path.parent().expect("the path ends with a file in a folder"))?;
        // An older file may have looser permissions, so make a new one.
        let _ = fs::remove_file(&path);
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        let left = LeftFile::new(path);
        file.write_all(&serde_json::to_vec(self)?)?;
        Ok(left)
    }

    fn read(content_store_port: u16) -> Option<Self> {
        serde_json::from_slice(&fs::read(Self::path(content_store_port)?).ok()?).ok()
    }

    fn path(content_store_port: u16) -> Option<PathBuf> {
        let folder = dirs::runtime_dir().or_else(dirs::cache_dir)?;
        Some(folder.join("glyphfall").join(format!("up-{content_store_port}.json")))
    }
}
