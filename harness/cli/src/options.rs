//! What can be asked for on the command line.

use std::{net::IpAddr, path::PathBuf};

use chassis::{LatentFault, Level, serve::Hosts};
use clap::{Args, Parser, Subcommand, ValueEnum};
use incident::{OperatingModel, Rules, Story, TimeOfDay};

use crate::{
    chain::ChainArgs,
    characters::CharactersOptions,
    compare::CompareArgs,
    containers::{HealthcheckOptions, TokensOptions},
    debrief::DebriefArgs,
    evidence_command::EvidenceOptions,
    hand::{LevelOptions, RepairOptions, RestartOptions, RollBackOptions},
    room::RoomArgs,
    target::{Ports, Target},
    verify::VerifyOptions,
    watch::WatchOptions,
};

/// Story minutes a minute of the demonstration: the remedies of the story, tried one after the other, fill its morning.
pub(crate) const DEMO_SPEED: f64 = 270.0;

/// How every command ends.
const ENDS: &str = "\
Exit codes: 0 done; 1 what was measured or checked fell short; 2 it cannot be done, with the reason; 128 and the signal's number \
(Ctrl-C: 130) broken off, with what there was by then, marked as partial. What runs until Ctrl-C is then done.";

/// An incident you can run on a laptop: one special character takes a whole shop down.
///
/// Without a command it tells the story, live on loopback, in about a minute and a half.
#[derive(Debug, Parser)]
#[command(name = "glyphfall", version, args_conflicts_with_subcommands = true, max_term_width = 80, after_help = ENDS)]
pub(crate) struct Options {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) demo: DemoOptions,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Tells the story, live, start to end, and says what came of it
    Demo(DemoOptions),
    /// Runs the shop and its customers until Ctrl-C
    Up(UpOptions),
    /// A training session: a facilitator, and several teams with a world each, until Ctrl-C
    Room(RoomArgs),
    /// Sends customers to a shop that runs elsewhere, takes its telemetry and keeps the record, until Ctrl-C
    Watch(WatchOptions),
    /// Lists the scenarios; with a name, gives one away
    Scenarios(ScenariosOptions),
    /// Plays one incident in virtual time, from the first customer to the end
    Play(PlayArgs),
    /// Teaches the model responder anew, and writes what it learned
    #[command(hide = true)]
    Train(TrainArgs),
    /// Plays the sixteen combinations of the latent faults: what each contributed to the loss
    Chain(ChainArgs),
    /// Compares telemetry levels on the same incidents: how much sooner are they explained and restored?
    Compare(CompareArgs),
    /// Makes a page and Markdown of an incident record, with the review ready to fill in
    Debrief(DebriefArgs),
    /// Measures what special characters break; of those that are named, says why
    Characters(CharactersOptions),
    /// Asks what telemetry holds in a running shop
    Evidence(EvidenceOptions),
    /// Triggers a scenario, or publishes a file's bytes, in a running shop
    Inject(InjectOptions),
    /// Puts a running shop back as it was at first, whatever was done to it
    Restore(RestoreOptions),
    /// Restarts one service of a running shop
    Restart(RestartOptions),
    /// Publishes an asset's earlier text again, in a running shop
    RollBack(RollBackOptions),
    /// Repairs a latent fault in a running shop, or brings it back
    Repair(RepairOptions),
    /// Turns the telemetry level of a running shop
    Level(LevelOptions),
    /// Tells which of the four latent faults are present in a shop that is reached only over HTTP
    Verify(VerifyOptions),
    /// Prints the tokens of the shop in containers, made if there are none; with a program, starts it with them
    #[command(hide = true)]
    Tokens(TokensOptions),
    /// Asks a health check; the exit code says what it answered
    #[command(hide = true)]
    Healthcheck(HealthcheckOptions),
}

impl Command {
    /// What is still to be done after Ctrl-C, if that can take a while.
    pub(crate) fn waits_for(&self) -> Option<&'static str> {
        match self {
            Self::Demo(_) => Some("closing the shop and writing what there is"),
            Self::Up(_) | Self::Watch(_) => {
                Some("those who still wait for a page have ten seconds, then the record is written")
            }
            Self::Room(_) => Some("closing the room; its session is kept"),
            Self::Play(_) => Some("writing what there is"),
            Self::Chain(_) => Some("reporting what was complete"),
            Self::Compare(_) | Self::Train(_) => Some("what is being recorded is played to its end first"),
            Self::Characters(_) => Some("the character under way is measured to its end first"),
            Self::Verify(_) => Some("taking back what was published"),
            _ => None,
        }
    }
}

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs, on standard output alone
    Json,
}

/// What the shop is like.
#[derive(Clone, Debug, Args)]
pub(crate) struct ShopArgs {
    /// How much leaves the services as telemetry [default: dark]
    #[arg(long, value_enum)]
    pub(crate) level: Option<Level>,
    /// Repairs latent faults; may be given several times
    #[arg(long, value_enum, value_delimiter = ',', value_name = "FAULT,...")]
    pub(crate) repair: Vec<LatentFault>,
    /// Where all chance comes from [default: a new one each time, and said]
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Page views a second, on average
    #[arg(long, value_name = "COUNT", default_value_t = world::shop::VIEWS_PER_SECOND, value_parser = views)]
    pub(crate) views: f64,
    #[command(flatten)]
    pub(crate) ports: Ports,
}

impl ShopArgs {
    /// The level, after `--repair inadequate-telemetry` has had its say.
    pub(crate) fn level(&self) -> anyhow::Result<Level> {
        let repaired = self.repair.contains(&LatentFault::InadequateTelemetry);
        match (self.level, repaired) {
            (None, true) => Ok(Level::Changes),
            (Some(level), true) if level != Level::Changes => {
                anyhow::bail!(
                    "--repair inadequate-telemetry means --level changes, not {}: give one of them",
                    level.name()
                )
            }
            (level, _) => Ok(level.unwrap_or(Level::Dark)),
        }
    }

    /// The seed, or a new one.
    pub(crate) fn seed(&self) -> u64 {
        // Small enough to type again.
        self.seed.unwrap_or_else(|| rand::random_range(1..1_000_000))
    }
}

#[derive(Clone, Debug, Args)]
pub(crate) struct DemoOptions {
    #[command(flatten)]
    pub(crate) shop: ShopArgs,
    /// Story minutes per wall-clock minute. The default is chosen so that the remedies of the story, tried one after
    /// the other, fill its morning
    #[arg(long, value_name = "FACTOR", default_value_t = DEMO_SPEED, value_parser = factor)]
    pub(crate) speed: f64,
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Folder for the incident record and its debrief
    #[arg(long, value_name = "DIR", default_value = "glyphfall-out")]
    pub(crate) out: PathBuf,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct UpOptions {
    #[command(flatten)]
    pub(crate) shop: ShopArgs,
    /// Story minutes per wall-clock minute
    #[arg(long, value_name = "FACTOR", default_value_t = 60.0, value_parser = factor)]
    pub(crate) speed: f64,
    #[command(flatten)]
    pub(crate) doors: DoorPorts,
    /// Folder in which the content store keeps its assets [default: in memory, gone at the end]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// File that the services' log lines are appended to; - for standard error
    #[arg(long, value_name = "FILE")]
    pub(crate) logs: Option<PathBuf>,
    /// Counts the front's workers and the disk's reads, as the shop would have been bought for --views; otherwise both are as fast as
    /// this machine, and no surge is too much
    #[arg(long)]
    pub(crate) sized: bool,
    /// Seconds of the shop for which availability must hold to count as restored
    #[arg(long, value_name = "SECONDS", default_value_t = Rules::default().hold_s, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) hold: u32,
    /// Folder for the record of the run and its debrief, written when it ends
    #[arg(long, value_name = "DIR", default_value = "glyphfall-out")]
    pub(crate) out: PathBuf,
    /// How results are written: as text, or the record as JSON on standard output when it ends
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// The ports of the evidence store.
#[derive(Clone, Debug, Args)]
pub(crate) struct DoorPorts {
    /// Address at which evidence comes in and is asked for
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1")]
    pub(crate) bind: IpAddr,
    /// Names under which evidence is asked for and sent to, with commas between, beyond those of loopback and of this machine and all
    /// addresses; * for any
    #[arg(
        long,
        env = "GLYPHFALL_ALLOWED_HOSTS",
        value_name = "NAMES",
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) allowed_hosts: Hosts,
    /// Port of the incident room, where evidence is asked for
    #[arg(long, value_name = "PORT", default_value_t = 9000)]
    pub(crate) room_port: u16,
    /// Port that takes OTLP over gRPC
    #[arg(long, value_name = "PORT", default_value_t = 4317)]
    pub(crate) otlp_grpc_port: u16,
    /// Port that takes OTLP over HTTP
    #[arg(long, value_name = "PORT", default_value_t = 4318)]
    pub(crate) otlp_http_port: u16,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ScenariosOptions {
    /// The scenario to describe in full (a spoiler): a name of the library, or a file ending in .toml
    pub(crate) name: Option<String>,
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct PlayArgs {
    /// The scenario: a name of the library, or a file ending in .toml
    #[arg(default_value = world::scenario::STORY)]
    pub(crate) scenario: String,
    /// How much leaves the services as telemetry
    #[arg(long, value_enum, default_value_t = Level::Dark)]
    pub(crate) level: Level,
    /// Who restores service
    #[arg(long, value_name = "MODEL", default_value_t = OperatingModel::OpsRunIt)]
    pub(crate) model: OperatingModel,
    /// Who diagnoses
    #[arg(long, value_enum, default_value_t = ResponderKind::Model)]
    pub(crate) responder: ResponderKind,
    /// Repairs latent faults; may be given several times
    #[arg(long, value_enum, value_delimiter = ',', value_name = "FAULT,...")]
    pub(crate) repair: Vec<LatentFault>,
    /// Where all chance comes from [default: a new one each time, and said]
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Page views a second, on average; the shop is sized for them
    #[arg(long, value_name = "COUNT", default_value_t = world::play::VIEWS_PER_SECOND, value_parser = views)]
    pub(crate) views: f64,
    /// When to stop at the latest, in the story's time
    #[arg(long, value_name = "TIME", default_value_t = Story::default().ends)]
    pub(crate) until: TimeOfDay,
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Folder for the incident record and its debrief
    #[arg(long, value_name = "DIR", default_value = "glyphfall-out")]
    pub(crate) out: PathBuf,
}

/// Who diagnoses an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ResponderKind {
    /// The model responder: looks, thinks and acts by what it has learned
    Model,
    /// A table of assumed minutes, and then what restores
    StandIn,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct TrainArgs {
    /// Incidents of each scenario
    #[arg(long, value_name = "COUNT", default_value_t = experiment::training::INCIDENTS)]
    pub(crate) incidents: u64,
    /// The file to write
    #[arg(long, value_name = "FILE", default_value = "harness/diagnosis/knowledge/experience.json")]
    pub(crate) out: PathBuf,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct InjectOptions {
    /// The scenario to trigger
    #[arg(default_value = "special-character", conflicts_with = "file")]
    pub(crate) scenario: String,
    /// The asset to publish, with --file
    #[arg(long, value_name = "ID", requires = "file")]
    pub(crate) asset: Option<String>,
    /// The file whose bytes are published as they are, with --asset
    #[arg(long, value_name = "FILE", requires = "asset")]
    pub(crate) file: Option<PathBuf>,
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) target: Target,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct RestoreOptions {
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) target: Target,
}

pub(crate) fn views(text: &str) -> Result<f64, String> {
    number_within(text, 0.1, 1_000.0)
}

pub(crate) fn factor(text: &str) -> Result<f64, String> {
    number_within(text, 0.1, 100_000.0)
}

fn number_within(text: &str, least: f64, most: f64) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (least..=most).contains(&number) {
        Ok(number)
    } else {
        Err(format!("must lie between {least} and {most}"))
    }
}
