//! `glyphfall agent`: lets an external program respond to one incident, over the Model Context Protocol.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    num::NonZeroU32,
    path::PathBuf,
    sync::Arc,
    thread,
    time::Duration,
};

use ::agent::{
    desk::Desk,
    incident::{Outcome, prepared},
    lines::Lines,
    server::Server,
    session::{CALLS, Charge, MINUTES, Terms},
    web,
};
use anyhow::anyhow;
use chassis::token;
use clap::{Args, ValueEnum};
use incident::{Level, Usd};
use rand::seq::IndexedRandom;
use tokio::select;
use tokio_util::sync::CancellationToken;
use world::{
    scenario::{Scenario, library, scenario},
    tape::sees_all,
};

use crate::{
    args::new_seed,
    debrief,
    listeners::listen,
    naming::RunName,
    output,
    stop::{self, Done, in_real_time},
    work,
};

/// Timeout for the program's next message. It is long because a person may be driving the program by hand.
const SILENT_MAX: Duration = Duration::from_secs(3_600);

/// Poll interval for the end of the incident.
const LOOKS_EVERY: Duration = Duration::from_millis(200);

#[derive(Clone, Debug, Args)]
pub(crate) struct AgentArgs {
    /// The incident: a name of the library, or a file ending in .toml [default: one that the seed draws]
    scenario: Option<String>,
    /// Telemetry level of the services
    #[arg(long, value_enum, default_value_t = Level::Dark)]
    level: Level,
    /// Seed of all random choices [default: a new one for each run, which is printed]
    #[arg(long)]
    seed: Option<u64>,
    /// Calls that the program has
    #[arg(long, value_name = "COUNT", default_value_t = CALLS)]
    calls: NonZeroU32,
    /// Minutes of the shop's clock that it has
    #[arg(long, value_name = "COUNT", default_value_t = MINUTES)]
    minutes: NonZeroU32,
    /// What moves the shop's clock
    #[arg(long, value_enum, default_value_t = ClockOf::Calls)]
    clock: ClockOf,
    /// Serves streamable HTTP at this port of loopback, in place of standard input and output
    #[arg(long, value_name = "PORT")]
    http: Option<u16>,
    /// Token that the program sends over HTTP. Give it in the environment: the list of processes shows a command line to everybody
    /// [default: a new one, which is printed]
    #[arg(long, env = "GLYPHFALL_AGENT_TOKEN", value_name = "TOKEN", hide_env_values = true, requires = "http", value_parser = token::usable)]
    token: Option<String>,
    /// Folder for the incident record and its debrief
    #[arg(long, value_name = "DIR", default_value = "glyphfall-out")]
    out: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ClockOf {
    /// Each call, by the table of costs; thinking takes no time
    Calls,
    /// The wall clock; looks take no more than that
    Wall,
}

pub(crate) fn run(args: &AgentArgs) -> anyhow::Result<Done> {
    let seed = args.seed.unwrap_or_else(new_seed);
    let scenario = match &args.scenario {
        Some(name) => scenario(name)?,
        None => drawn(seed),
    };
    anyhow::ensure!(
        sees_all(&scenario),
        "the events of '{}' are too far apart: a program is called out only once. 'glyphfall play' plays all of them",
        output::plain(&scenario.name)
    );
    let charge = if args.clock == ClockOf::Calls { Charge::Calls } else { Charge::Wall };
    let terms = Terms { level: args.level, calls: args.calls, minutes: args.minutes, charge };
    let stem = RunName::new(&format!("agent-{}", scenario.name), seed)
        .with("", &args.level.name(), &Level::Dark.name())
        .free_in(&args.out);
    debrief::can_leave(&args.out, &stem)?;
    // Standard output carries the protocol. A client may show standard error to its model, so nothing printed there may reveal the answer
    // before the end.
    output::error_line(&format!("seed {seed}, telemetry {}, virtual time", args.level.name()));
    let incident = prepared(&scenario, seed, terms, SILENT_MAX);
    let desk = incident.desk();
    let world =
        thread::Builder::new().name("world".to_owned()).spawn(move || incident.play(work::stalled))?;
    let served = in_real_time(served(args, &desk));
    desk.close();
    let outcome = world.join().map_err(|_| anyhow!("the world's thread failed for the reason above; start it again with the same --seed to reproduce the failure"))??;
    served?;
    tell(args, &outcome, &stem)
}

/// Draws a scenario of the library whose steps all happen within one call of the responder.
fn drawn(seed: u64) -> Scenario {
    let all: Vec<Scenario> = library().into_iter().filter(sees_all).collect();
    all.choose(&mut chassis::rng(seed, "which incident", "")).expect("the library is not empty").clone()
}

/// Serves the protocol until the program disconnects or finishes, or the user stops the command.
async fn served(args: &AgentArgs, desk: &Arc<Desk>) -> anyhow::Result<()> {
    let Some(port) = args.http else {
        let lines = Lines::over(io::stdin(), output::protocol())?;
        let server = Server::new(Arc::clone(desk));
        select! {
            served = lines.serve(server) => {
                return served.map_err(|error| anyhow!("{error}; standard input and output speak the Model Context Protocol"));
            }
            () = stop::told() => return Ok(()),
        }
    };
    let listener = listen("the program's door", SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    let token = args.token.clone().map_or_else(token::make, Ok)?;
    output::error_line(&format!("http://{}{}\ntoken {token}", listener.address()?, web::PATH));
    let stop = CancellationToken::new();
    let serving = web::serve(listener, Arc::clone(desk), token, stop.clone());
    let over = async {
        while !desk.is_over() {
            tokio::time::sleep(LOOKS_EVERY).await;
        }
    };
    let ends = async {
        select! {
            () = over => {}
            () = stop::told() => {}
        }
        stop.cancel();
    };
    tokio::join!(serving, ends);
    Ok(())
}

fn tell(args: &AgentArgs, outcome: &Outcome, stem: &str) -> anyhow::Result<Done> {
    let Outcome { record, told } = outcome;
    if told.called_s.is_none() {
        output::error_line(
            "Nobody was called: at this level nobody notices this incident. Choose another, or a richer level.",
        );
        return Ok(Done::BrokenOff);
    }
    let files = debrief::leave(record, &args.out, stem)?;
    let restored = match record.outcome.time_to_restore_s() {
        Some(after_s) => format!("restored after {:.0} story minutes", after_s / 60.0),
        None if record.outcome.lost_s.is_none() => "availability was never lost".to_owned(),
        None => "not restored".to_owned(),
    };
    let explained = match (outcome.is_right(), &told.given) {
        (Some(is_right), Some(given)) => {
            format!("explained {} (score {:.2})", if is_right { "right" } else { "wrong" }, given.score)
        }
        _ => "not explained".to_owned(),
    };
    output::error_line(&format!(
        "{restored}, {explained}; {} calls, {} looks, {} of trade lost",
        told.calls,
        told.looks,
        Usd(record.outcome.incident_financial_loss_usd.0)
    ));
    if let Some(budget) = told.used_up {
        output::error_line(&format!("Its {budget} were used up."));
    }
    output::error_line(&debrief::named(record, &files));
    Ok(if record.complete { Done::Well } else { Done::BrokenOff })
}
