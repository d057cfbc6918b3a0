//! The content store on PostgreSQL as a process of its own: reads its options, connects, runs until it is told to stop.

use std::{io, process::ExitCode, sync::Arc};

use chassis::{ChassisConfig, Environment};
use clap::Parser;
use content_store::{ContentStore, PORTS, options::StoreOptions};
use content_store_postgres::PostgresStorage;

// A request is a dozen small pieces of memory, and its telemetry is freed by another thread than made it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Keeps versioned assets in PostgreSQL and serves them as JSON envelopes; editors work at /editor.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Database that keeps the assets, shared by all stores that name it. It holds a password. Give it in the
    /// environment: the list of processes shows a command line to everybody
    #[arg(long, env = "GLYPHFALL_POSTGRES", value_name = "URL", hide_env_values = true)]
    postgres: String,
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

async fn run(Options { postgres, store, chassis }: Options, environment: &Environment) -> io::Result<()> {
    let storage = Arc::new(PostgresStorage::connect(&postgres).await?);
    let config = store.config(storage, chassis.bind.as_ref())?;
    chassis::run(ContentStore::new(config), chassis, PORTS, environment).await
}
