//! The web front as a process of its own.

use chassis::{ChassisConfig, Environment};
use clap::Parser;
use web_front::{PORTS, WebFront, WebFrontConfig};

// A request is a dozen small pieces of memory, and its telemetry is freed by another thread than made it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Composes the shop's pages from fragments that the cache serves.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    #[command(flatten)]
    web_front: WebFrontConfig,
    #[command(flatten)]
    chassis: ChassisConfig,
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let environment = Environment::of_process();
    let options: Options = environment.parse();
    chassis::exit_code(
        chassis::run(WebFront::new(options.web_front), options.chassis, PORTS, &environment).await,
    )
}
