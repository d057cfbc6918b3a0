//! The content store as a process of its own: reads its options, opens its storage, runs until it is told to stop.

use std::{io, path::PathBuf, process::ExitCode, sync::Arc};

use chassis::{Blocking, ChassisConfig, Environment};
use clap::Parser;
use content_store::{ContentStore, PORTS, options::StoreOptions, redb_storage::RedbStorage};

// A request is a dozen small pieces of memory, and its telemetry is freed by another thread than made it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Keeps versioned assets and serves them as JSON envelopes; editors work at /editor.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Folder that keeps the assets; made if it is missing
    #[arg(long, env = "GLYPHFALL_DATA", value_name = "DIR", default_value = "glyphfall-data")]
    data: PathBuf,
    #[command(flatten)]
    store: StoreOptions,
    #[command(flatten)]
    chassis: ChassisConfig,
}

#[tokio::main]
async fn main() -> ExitCode {
    let environment = Environment::of_process();
    chassis::exit_code(run(environment.parse(), &environment).await)
}

async fn run(Options { data, store, chassis }: Options, environment: &Environment) -> io::Result<()> {
    let storage = Arc::new(RedbStorage::open_folder(&data, Blocking::Pool)?);
    let found = storage.found(&data).map_err(io::Error::other)?;
    let config = store.config(storage, chassis.bind.as_ref())?;
    eprintln!("{found}");
    chassis::run(ContentStore::new(config), chassis, PORTS, environment).await
}
