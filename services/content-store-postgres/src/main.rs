//! The content store on PostgreSQL as a process of its own: reads its options, connects, runs until it is told to stop.

use std::{io, process::ExitCode, sync::Arc};

use chassis::{ChassisConfig, Environment, address::host_and_port, token::usable};
use clap::Parser;
use content_store::{ContentStore, ContentStoreConfig, PORTS};
use content_store_postgres::PostgresStorage;
use http::uri::Authority;

/// Keeps versioned assets in PostgreSQL and serves them as JSON envelopes; editors work at /editor.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Database that keeps the assets, shared by all stores that name it. It holds a password: better given in the
    /// environment
    #[arg(long, env = "GLYPHFALL_POSTGRES", value_name = "URL", hide_env_values = true)]
    postgres: String,
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
    let storage = Arc::new(PostgresStorage::connect(&options.postgres).await?);
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
