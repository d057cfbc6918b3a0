//! What a content store that is a process of its own is told, wherever it keeps its assets.

use std::{io, sync::Arc};

use chassis::{
    address::host_and_port,
    run::guard,
    token::{self, usable},
};
use clap::Args;
use http::uri::Authority;

use crate::{ContentStoreConfig, storage::Storage};

#[derive(Clone, Debug, Args)]
pub struct StoreOptions {
    /// Cache to notify of each publish [default: none]
    #[arg(long, env = "GLYPHFALL_CACHE", value_name = "HOST:PORT", value_parser = host_and_port)]
    cache: Option<Authority>,
    /// Token that the content store shows when it notifies the cache. Give it in the environment: the list of processes shows a command line to everybody
    #[arg(long, env = "GLYPHFALL_NOTIFICATION_TOKEN", value_name = "TOKEN", hide_env_values = true, value_parser = usable)]
    notification_token: Option<String>,
    /// Token that editors sign in with; made and printed if there is none. Give it in the environment: the list of processes shows a command line to everybody
    #[arg(long, env = "GLYPHFALL_EDITOR_TOKEN", value_name = "TOKEN", hide_env_values = true, value_parser = usable)]
    editor_token: Option<String>,
    /// Hides the list of a text's special characters
    #[arg(long)]
    no_inspection: bool,
}

impl StoreOptions {
    /// A store on `storage` that will listen at `bind`, with a new editor's token, which is printed, if none was given.
    ///
    /// # Errors
    ///
    /// When the token that was given can be guessed, and others reach the store; when none can be made.
    pub fn config(
        self,
        storage: Arc<dyn Storage>,
        bind: Option<&Authority>,
    ) -> io::Result<ContentStoreConfig> {
        let editor_token = match (self.editor_token, bind) {
            (Some(token), Some(bind)) => guard("GLYPHFALL_EDITOR_TOKEN", &token, bind).map(|()| token)?,
            (Some(token), None) => token,
            (None, _) => {
                let token = token::make()?;
                eprintln!("editor's token: {token}");
                token
            }
        };
        Ok(ContentStoreConfig {
            storage,
            seed: Vec::new(),
            editor_token,
            cache: self.cache,
            notification_token: self.notification_token,
            inspection: !self.no_inspection,
        })
    }
}
