//! A whole service on the chassis. `cargo run --example greeter`, and then `curl http://127.0.0.1:8070/ada`; `--help` shows its options.

use std::{io, process::ExitCode};

use axum::{Router, extract::Path, routing::get};
use chassis::{App, Chassis, ChassisConfig, Environment, Program, run::DefaultPorts};
use clap::Parser;

/// Greets whoever the path names.
#[derive(Parser)]
struct Options {
    #[command(flatten)]
    chassis: ChassisConfig,
}

pub(crate) struct Greeter;

impl Program for Greeter {
    fn name(&self) -> &'static str {
        "greeter"
    }

    async fn start(&self, _: Chassis) -> io::Result<App> {
        let greet = async |Path(name): Path<String>| format!("Hello, {name}.\n");
        Ok(Router::new().route("/{name}", get(greet)).into())
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let environment = Environment::of_process();
    let Options { chassis } = environment.parse();
    let ports = DefaultPorts { service: 8070, operator: 8071 };
    chassis::exit_code(chassis::run(Greeter, chassis, ports, &environment).await)
}
