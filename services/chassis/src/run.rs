//! A service as a process of its own: what its `main` calls.

use std::{io, sync::Arc, time::Duration};

use clap::Args;
use http::uri::Authority;
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    address::{self, host_and_port},
    clock::Clock,
    environment::Environment,
    faults::Switches,
    host::{Host, Program, Surroundings},
    logs::Logs,
    network::Network,
    serve::AllowedHosts,
    settings::Settings,
    telemetry::{TelemetrySink, export::Exporter},
    token::{random, strong, usable},
};
use words::{LatentFault, Level};

/// What listens in a process of its own: the service and its operator port.
const LISTENERS: usize = 2;

/// How long a process that ends waits for its last telemetry to leave.
const FLUSH_PATIENCE: Duration = Duration::from_secs(5);

/// What every service's command line takes.
#[derive(Clone, Debug, Args)]
pub struct ChassisConfig {
    /// Address to listen at [default: the service's port on loopback]
    #[arg(long, env = "GLYPHFALL_BIND", value_name = "HOST:PORT", value_parser = host_and_port)]
    pub bind: Option<Authority>,
    /// Address of the operator port, open only when a token is set [default: the service's operator port on loopback]
    #[arg(long, env = "GLYPHFALL_OPERATOR_BIND", value_name = "HOST:PORT", value_parser = host_and_port)]
    pub operator_bind: Option<Authority>,
    /// Token of the operator port. Give it in the environment: the list of processes shows a command line to everybody
    #[arg(long, env = "GLYPHFALL_OPERATOR_TOKEN", value_name = "TOKEN", hide_env_values = true, value_parser = usable)]
    pub operator_token: Option<String>,
    #[command(flatten)]
    pub allowed_hosts: AllowedHosts,
    /// Telemetry level of the service
    #[arg(long, env = "GLYPHFALL_LEVEL", value_enum, default_value_t = Level::Dark)]
    pub level: Level,
    /// Repairs a latent fault; may be given several times
    #[arg(long, env = "GLYPHFALL_REPAIR", value_enum, value_name = "FAULT", value_delimiter = ',')]
    pub repair: Vec<LatentFault>,
    /// Seed of all random choices in the service and of the ids in its telemetry. With the same one, two processes make the same ids
    /// [default: a new one for each process]
    #[arg(long, env = "GLYPHFALL_SEED")]
    pub seed: Option<u64>,
}

/// Runs `service` until it is told to stop (Ctrl-C or SIGTERM), then lets requests under way finish.
///
/// # Errors
///
/// When an address cannot be bound or the service cannot start; the message says which and what to do.
pub async fn run<P: Program>(
    service: P,
    config: ChassisConfig,
    ports: DefaultPorts,
    environment: &Environment,
) -> io::Result<()> {
    let settings = Settings::of_process(environment, config.allowed_hosts.hosts(), LISTENERS)?;
    let (seed, settings) = identity(config.seed, settings)?;
    let exporter = Exporter::from_environment(environment)?;
    let sink = exporter.clone().map(|exporter| Arc::new(exporter) as Arc<dyn TelemetrySink>);
    let logs = Logs::to(io::stderr());
    let alone = Surroundings::new(Network::tcp(seed), Clock::real(), seed);
    let surroundings = Surroundings { logs, sink, settings, ..alone };
    let present = LatentFault::ALL.into_iter().filter(|fault| !config.repair.contains(fault));
    let switches = Switches::new(present, config.level);
    if config.repair.contains(&LatentFault::InadequateTelemetry) {
        switches.set_level(Level::RICHEST);
    }
    let address = config.bind.unwrap_or_else(|| loopback(ports.service));
    let operator_address = config.operator_bind.unwrap_or_else(|| loopback(ports.operator));
    if let Some(token) = &config.operator_token {
        guard("GLYPHFALL_OPERATOR_TOKEN", token, &operator_address)?;
    }
    let host = Arc::new(Host::new(service, surroundings, switches, address.clone()));
    eprintln!("seed {seed}");
    let operator = config.operator_token.map(|token| (operator_address, token));
    let ran = run_until_told(&host, &address, operator).await;
    // Whichever way that ended: a service may have come up, and its operator port not.
    host.stop().await;
    if let Some(exporter) = exporter {
        let left = exporter.flush(FLUSH_PATIENCE).await;
        if left > 0 {
            eprintln!("{left} batches of telemetry could not be delivered within {FLUSH_PATIENCE:?}");
        }
    }
    ran
}

/// What this process draws from, and is told by. Two processes with the same seed make the same trace ids, and a store takes the spans of
/// one for duplicates; under the same name, their metrics are one series. Only someone who names a seed wants that.
fn identity(seed: Option<u64>, settings: Settings) -> io::Result<(u64, Settings)> {
    if let Some(seed) = seed {
        return Ok((seed, settings));
    }
    let process = Some(format!("{:016x}", u64::from_be_bytes(random()?)));
    Ok((u64::from_be_bytes(random()?), Settings { process, ..settings }))
}

/// Starts the service and its operator port, if it has a token, and waits until it is told to stop.
async fn run_until_told<P: Program>(
    host: &Arc<Host<P>>,
    address: &Authority,
    operator: Option<(Authority, String)>,
) -> io::Result<()> {
    let name = host.service().name();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let address = host.start().await.map_err(|error| explain(&error, name, address))?;
    eprintln!("{name} listens at http://{address}");
    if let Some((address, token)) = operator {
        let opened = host.open_operator_port(&address, &token).await;
        let address = opened.map_err(|error| explain(&error, "the operator port", &address))?;
        eprintln!("operator port at http://{address}");
    }
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

/// The ports that a service takes on loopback unless told otherwise.
#[derive(Clone, Copy, Debug)]
pub struct DefaultPorts {
    pub service: u16,
    pub operator: u16,
}

/// Says what could not be started, where, and what to do about it.
pub fn explain(error: &io::Error, what: &str, address: &Authority) -> io::Error {
    let advice = match error.kind() {
        io::ErrorKind::AddrInUse => "; another program holds that port: stop it, or choose another address",
        io::ErrorKind::AddrNotAvailable => "; that address is not one of this machine's",
        io::ErrorKind::PermissionDenied => "; ports below 1024 need rights that this process lacks",
        _ => "",
    };
    io::Error::new(error.kind(), format!("cannot start {what} at {address}: {error}{advice}"))
}

/// Refuses a token that can be guessed where others can try: at an address beyond loopback.
///
/// # Errors
///
/// When the token is too easy; the message names the variable it came from.
pub fn guard(variable: &str, token: &str, address: &Authority) -> io::Result<()> {
    if address::is_loopback(address) {
        return Ok(());
    }
    let strong = strong(token).map_err(|why| format!("{variable}: {why}"));
    strong.map(drop).map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))
}

pub fn loopback(port: u16) -> Authority {
    Authority::try_from(format!("127.0.0.1:{port}")).expect("an address and a port form an authority")
}

/// What a process ends with: 0 when done, 2 when its surroundings kept it from starting.
pub fn exit_code(result: io::Result<()>) -> std::process::ExitCode {
    match result {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            std::process::ExitCode::from(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_processes_are_told_apart_unless_a_seed_is_named() {
        let of = |seed| identity(seed, Settings::default()).unwrap();
        assert_eq!(of(Some(7)), (7, Settings::default()));
        let [one, other] = [of(None), of(None)];
        assert_ne!(one.0, other.0);
        assert!(one.1.process.is_some() && one.1.process != other.1.process, "{one:?} {other:?}");
    }
}
