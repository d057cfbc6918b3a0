//! The content store on PostgreSQL as a process of its own: reads its options, connects, runs until it is told to stop.

use std::{
    fs::File,
    io::{self, Read},
    process::ExitCode,
    sync::Arc,
};

use chassis::ChassisConfig;
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
    #[arg(long, env = "GLYPHFALL_CACHE", value_name = "HOST:PORT")]
    cache: Option<Authority>,
    /// Token that editors sign in with; made and printed if there is none. Better given in the environment
    #[arg(long, env = "GLYPHFALL_EDITOR_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    editor_token: Option<String>,
    /// Leaves out the list of a text's special characters
    #[arg(long)]
    no_inspection: bool,
    #[command(flatten)]
    chassis: ChassisConfig,
}

#[tokio::main]
async fn main() -> ExitCode {
    chassis::exit_code(run(Options::parse()).await)
}

async fn run(options: Options) -> io::Result<()> {
    let storage = Arc::new(PostgresStorage::connect(&options.postgres).await?);
    let editor_token = match options.editor_token.filter(|token| !token.is_empty()) {
        Some(token) => token,
        None => make_token()?,
    };
    let inspection = !options.no_inspection;
    let config =
        ContentStoreConfig { storage, seed: Vec::new(), editor_token, cache: options.cache, inspection };
    chassis::run(ContentStore::new(config), options.chassis, PORTS).await
}

/// A token of 128 random bits from the system, printed for the editor to sign in with.
fn make_token() -> io::Result<String> {
    let mut bits = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bits)?;
    let token = format!("{:032x}", u128::from_be_bytes(bits));
    eprintln!("editor's token: {token}");
    Ok(token)
}
