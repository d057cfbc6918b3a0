//! The cache as a process of its own.

use cache::{Cache, CacheConfig, PORTS};
use chassis::{ChassisConfig, Environment};
use clap::Parser;

// A request is a dozen small pieces of memory, and its telemetry is freed by another thread than made it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Keeps fragments of pages in memory and fills them from the content store.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    #[command(flatten)]
    cache: CacheConfig,
    #[command(flatten)]
    chassis: ChassisConfig,
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let environment = Environment::of_process();
    let options: Options = environment.parse();
    chassis::exit_code(chassis::run(Cache::new(options.cache), options.chassis, PORTS, &environment).await)
}
