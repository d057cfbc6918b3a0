//! The content store as a process of its own: reads its options, opens its storage, runs until it is told to stop.

use std::{
    fs::File,
    io::{self, Read},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
};

use chassis::{Blocking, ChassisConfig};
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
    let storage = Arc::new(RedbStorage::open_folder(&options.data, Blocking::Pool)?);
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
