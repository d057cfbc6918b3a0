//! The content store as a process of its own: reads its options, opens its storage, runs until it is told to stop.

use std::{io, path::PathBuf, process::ExitCode, sync::Arc};

use chassis::{Blocking, ChassisConfig, Environment, address::host_and_port, token::usable};
use clap::Parser;
use content_store::{ContentStore, ContentStoreConfig, PORTS, redb_storage::RedbStorage};
use http::uri::Authority;

/// Keeps versioned assets and serves them as JSON envelopes; editors work at /editor.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Folder that keeps the assets; made if it is missing
    #[arg(long, env = "GLYPHFALL_DATA", value_name = "DIR", default_value = "glyphfall-data")]
    data: PathBuf,
    /// Cache to notify of each publish [default: none]
    #[arg(long, env = "GLYPHFALL_CACHE", value_name = "HOST:PORT", value_parser = host_and_port)]
    cache: Option<Authority>,
    /// Token that the cache asks of whoever notifies it
    #[arg(long, env = "GLYPHFALL_NOTIFICATION_TOKEN", value_name = "TOKEN", hide_env_values = true, value_parser = usable)]
    notification_token: Option<String>,
    /// Token that editors sign in with; made and printed if there is none. Better given in the environment
    #[arg(long, env = "GLYPHFALL_EDITOR_TOKEN", value_name = "TOKEN", hide_env_values = true, value_parser = usable)]
    editor_token: Option<String>,
    /// Leaves out the list of a text's special characters
    #[arg(long)]
    no_inspection: bool,
    #[command(flatten)]
    chassis: ChassisConfig,
}

#[tokio::main]
async fn main() -> ExitCode {
    let environment = Environment::of_process();
    chassis::exit_code(run(environment.parse(), &environment).await)
}

async fn run(options: Options, environment: &Environment) -> io::Result<()> {
    let storage = Arc::new(RedbStorage::open_folder(&options.data, Blocking::Pool)?);
    let config = ContentStoreConfig {
        storage,
        seed: Vec::new(),
        editor_token: content_store::editor_token(options.editor_token, options.chassis.bind.as_ref())?,
        cache: options.cache,
        notification_token: options.notification_token,
        inspection: !options.no_inspection,
    };
    chassis::run(ContentStore::new(config), options.chassis, PORTS, environment).await
}
