//! A running shop: where it listens, and the tokens that change it.
//!
//! `glyphfall up` leaves its tokens in a file that only its user can read, so that `inject` and `restore` in another
//! terminal need not be told. The environment wins over the file.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
};

use anyhow::{Context, anyhow};
use chassis::{
    Environment,
    address::at_port,
    token::{self, usable},
};
use clap::Args;
use http::uri::Authority;
use serde::{Deserialize, Serialize};
use world::{Addresses, addresses::Operators};

use crate::doors::moved;

/// The ports of a shop.
#[derive(Clone, Debug, Args)]
pub(crate) struct Ports {
    /// Port of the web front
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    pub(crate) web_front_port: u16,
    /// Port of the cache
    #[arg(long, value_name = "PORT", default_value_t = 8081)]
    pub(crate) cache_port: u16,
    /// Port of the content store
    #[arg(long, value_name = "PORT", default_value_t = 8082)]
    pub(crate) content_store_port: u16,
    /// First of the operator ports: cache, content store, web front, and what is around a shop of 'up'
    #[arg(long, value_name = "PORT", default_value_t = 8091)]
    pub(crate) operator_port: u16,
    /// Moves all ports up by as many, so that several shops run side by side
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub(crate) port_offset: u16,
}

impl Ports {
    /// The addresses of these ports on `host`, with operator ports if there is a token for them.
    pub(crate) fn on(&self, host: &str, operator_token: Option<String>) -> anyhow::Result<Addresses> {
        let operators = match operator_token {
            Some(token) => Some(Operators {
                cache: self.operator_on(host, 0)?,
                content_store: self.operator_on(host, 1)?,
                web_front: self.operator_on(host, 2)?,
                token,
            }),
            None => None,
        };
        Ok(Addresses {
            web_front: self.at(host, self.web_front_port)?,
            cache: self.at(host, self.cache_port)?,
            content_store: self.at(host, self.content_store_port)?,
            operators,
        })
    }

    /// The operator port of what is around a shop that `glyphfall up` runs.
    pub(crate) fn world_on(&self, host: &str) -> anyhow::Result<Authority> {
        self.operator_on(host, 3)
    }

    /// The options that name these ports, as far as they are not the standard ones; to be pasted into a shell.
    pub(crate) fn options(&self) -> String {
        let all = [
            ("--web-front-port", self.web_front_port, 8080),
            ("--cache-port", self.cache_port, 8081),
            ("--content-store-port", self.content_store_port, 8082),
            ("--operator-port", self.operator_port, 8091),
            ("--port-offset", self.port_offset, 0),
        ];
        let other = all.iter().filter(|(_, port, standard)| port != standard);
        other.map(|(name, port, _)| format!(" {name} {port}")).collect::<Vec<_>>().concat()
    }

    fn operator_on(&self, host: &str, offset: u16) -> anyhow::Result<Authority> {
        // Free ports are free ports: four of them need not stand in a row.
        let port = if self.operator_port == 0 { Some(0) } else { self.operator_port.checked_add(offset) };
        self.at(host, port.ok_or_else(|| anyhow!("--operator-port leaves no room for four ports"))?)
    }

    fn at(&self, host: &str, port: u16) -> anyhow::Result<Authority> {
        at_port(host, moved(port, self.port_offset)?).map_err(anyhow::Error::msg)
    }
}

/// Which running shop is meant.
#[derive(Clone, Debug, Args)]
pub(crate) struct Target {
    /// Host on which the shop runs
    #[arg(long, value_name = "HOST", default_value = "127.0.0.1")]
    pub(crate) target: String,
    #[command(flatten)]
    pub(crate) ports: Ports,
    /// The editor's token [default: that of the shop that `glyphfall up` runs here]
    #[arg(long, env = "GLYPHFALL_EDITOR_TOKEN", value_name = "TOKEN", hide_env_values = true, value_parser = usable)]
    pub(crate) editor_token: Option<String>,
    /// The operators' token [default: that of the shop that `glyphfall up` runs here]
    #[arg(long, env = "GLYPHFALL_OPERATOR_TOKEN", value_name = "TOKEN", hide_env_values = true, value_parser = usable)]
    pub(crate) operator_token: Option<String>,
}

/// A token, and where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    /// The token.
    pub(crate) value: String,
    variable: &'static str,
    is_given: bool,
}

impl Token {
    /// Why a shop may not take it, and what to do.
    pub(crate) fn refused(&self) -> String {
        let variable = self.variable;
        if self.is_given {
            format!(
                "{variable} holds the token of another shop, or of an earlier one, as 'glyphfall up' makes new tokens each time; unset \
                 it, or set it to what this shop printed when it started"
            )
        } else {
            format!(
                "it is the one that 'glyphfall up' left on this machine, and another shop answers there; set {variable} to that one's"
            )
        }
    }
}

impl Target {
    /// The editor's token, from the options, the environment or a shop that runs here.
    pub(crate) fn editor_token(&self) -> anyhow::Result<Token> {
        self.token(self.editor_token.as_ref(), "GLYPHFALL_EDITOR_TOKEN", |tokens| tokens.editor)
    }

    /// The operators' token, likewise.
    pub(crate) fn operator_token(&self) -> anyhow::Result<Token> {
        self.token(self.operator_token.as_ref(), "GLYPHFALL_OPERATOR_TOKEN", |tokens| tokens.operator)
    }

    fn token(
        &self,
        given: Option<&String>,
        variable: &'static str,
        pick: fn(Tokens) -> String,
    ) -> anyhow::Result<Token> {
        let given = given.cloned();
        let is_given = given.is_some();
        let port = moved(self.ports.content_store_port, self.ports.port_offset)?;
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
    /// What the cache asks of the content store, where they are processes of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) notification: Option<String>,
}

impl Tokens {
    /// From the environment, or new ones.
    ///
    /// # Errors
    ///
    /// When one of the environment cannot be used; the message names its variable.
    pub(crate) fn from_environment_or_new(environment: &Environment) -> io::Result<Self> {
        let token = |variable| environment.token(variable)?.map_or_else(token::make, Ok);
        Ok(Self {
            editor: token("GLYPHFALL_EDITOR_TOKEN")?,
            operator: token("GLYPHFALL_OPERATOR_TOKEN")?,
            notification: Some(token("GLYPHFALL_NOTIFICATION_TOKEN")?),
        })
    }

    /// Leaves the tokens for other commands of the same user, until the answer is dropped.
    pub(crate) fn leave(&self, content_store_port: u16) -> io::Result<LeftTokens> {
        let path = Self::path(content_store_port).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        fs::create_dir_all(path.parent().expect("the path ends with a file in a folder"))?;
        // An older file may have other rights: a new one is made.
        let _ = fs::remove_file(&path);
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        Ok(LeftTokens { path })
    }

    fn read(content_store_port: u16) -> Option<Self> {
        serde_json::from_slice(&fs::read(Self::path(content_store_port)?).ok()?).ok()
    }

    fn path(content_store_port: u16) -> Option<PathBuf> {
        let folder = dirs::runtime_dir().or_else(dirs::cache_dir)?;
        Some(folder.join("glyphfall").join(format!("up-{content_store_port}.json")))
    }
}

/// Takes the tokens away again.
#[derive(Debug)]
pub(crate) struct LeftTokens {
    path: PathBuf,
}

impl Drop for LeftTokens {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
