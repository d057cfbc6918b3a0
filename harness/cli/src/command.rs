//! The commands, and the dispatch to each. A command's arguments stand in its own file; arguments that several commands share stand in
//! `args.rs`, `ports.rs` and `target.rs`.

use chassis::Environment;
use clap::{CommandFactory, Parser, Subcommand, builder::Styles};

use crate::{
    agent, cases, chain, characters, compare, completions, containers, debrief, demo, doctor,
    evidence_command, inject, lint, output, play, remedies, room, scenarios,
    screen::broken,
    stop::{Done, in_real_time, unless_told},
    train, up, verify, watch, year,
};

const ENDS: &str = "\
Exit codes: 0 success; 1 a measurement or a check fell short; 2 an error, with its reason; 128 plus the signal's number (Ctrl-C: \
130) stopped early, with partial results that say so. A command that runs until Ctrl-C ends with 0.";

const USERS: [(&str, &str); 4] = [
    (
        "See it",
        "demo up scenarios play debrief evidence inject restart roll-back repair level restore doctor",
    ),
    ("Teach it", "room"),
    ("Measure it", "chain compare year characters"),
    ("Build on it", "verify watch lint agent export-case grade completions"),
];

const NAME_COLUMNS: usize = 11;

/// Help text with the commands grouped by audience, for which clap has no headings. The text is wrapped here because clap prints a template
/// as it is.
fn help_by_user() -> String {
    let commands = Command::augment_subcommands(clap::Command::new(""));
    let header = Styles::styled().get_header().to_owned();
    let width = output::columns().saturating_sub(NAME_COLUMNS + 4);
    let line = |command: &clap::Command| {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        let about = broken(&about, width).join(&format!("\n{:1$}", "", NAME_COLUMNS + 4));
        format!("  {:NAME_COLUMNS$}  {about}\n", command.get_name())
    };
    let groups = USERS.map(|(user, names)| {
        let lines: String =
            names.split(' ').filter_map(|name| commands.find_subcommand(name)).map(line).collect();
        format!("{header}{user}{header:#}\n{lines}\n")
    });
    let groups = groups.concat();
    format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{groups}{header}Options of the demonstration{header:#}\n{{options}}{{after-help}}"
    )
}

/// An incident you can run on a laptop: one special character takes a whole shop down.
///
/// Without a command it tells the story, live on loopback, in less than a minute.
#[derive(Debug, Parser)]
#[command(name = "glyphfall", version, args_conflicts_with_subcommands = true, max_term_width = 80, help_template = help_by_user(), after_help = ENDS)]
pub(crate) struct Options {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) demo: demo::DemoArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Plays the story live, from start to end, and reports its figures
    Demo(demo::DemoArgs),
    /// Runs the shop and its customers until Ctrl-C
    Up(up::UpArgs),
    /// Runs a training session until Ctrl-C: a facilitator, and several teams with a shop each
    Room(room::RoomArgs),
    /// Sends customers to a shop that runs elsewhere, receives its telemetry and writes the record, until Ctrl-C
    Watch(watch::WatchArgs),
    /// Lists the scenarios; with a name, describes one in full (a spoiler)
    Scenarios(scenarios::ScenariosArgs),
    /// Plays one incident in virtual time, from the first customer to the end
    Play(play::PlayArgs),
    /// Lets a program from outside respond to one incident, over the Model Context Protocol
    Agent(agent::AgentArgs),
    /// Trains the model responder again, and writes what it learned
    #[command(hide = true)]
    Train(train::TrainArgs),
    /// Plays all sixteen combinations of the latent faults and reports each fault's share of the loss
    Chain(chain::ChainArgs),
    /// Compares telemetry levels on the same incidents: how much sooner is each explained and restored?
    Compare(compare::CompareArgs),
    /// Simulates a year of incidents for many teams: one central support line, or each team on call for what it builds?
    Year(year::YearArgs),
    /// Makes a page and Markdown from an incident record, with a post-incident review to fill in
    Debrief(debrief::DebriefArgs),
    /// Plays an incident and writes its evidence to files, with a question and a sealed answer, for programs that diagnose
    ExportCase(cases::export::ExportCaseArgs),
    /// Scores answers to exported cases
    Grade(cases::grade::GradeArgs),
    /// Measures what special characters break; for those that are named, explains why
    Characters(characters::CharactersArgs),
    /// Checks content before it is published, by the rules of the repaired content store
    Lint(lint::LintArgs),
    /// Queries the evidence of a running shop: logs, metrics, traces, changes and alerts
    Evidence(evidence_command::EvidenceArgs),
    /// Triggers a scenario in a running shop, or publishes a file's bytes
    Inject(inject::InjectArgs),
    /// Resets a running shop to how it was at the start, with its repairs and telemetry level
    Restore(remedies::CallArgs),
    /// Restarts one service of a running shop
    Restart(remedies::RestartArgs),
    /// Publishes an asset's earlier text again in a running shop
    RollBack(remedies::RollBackArgs),
    /// Repairs a latent fault in a running shop, or brings it back
    Repair(remedies::RepairArgs),
    /// Sets the telemetry level of a running shop
    Level(remedies::LevelArgs),
    /// Checks which of the four latent faults are present in a shop, over HTTP alone
    Verify(verify::VerifyArgs),
    /// Says what this machine has and lacks: ports, Docker, Chromium, disk, memory, clock
    Doctor(doctor::DoctorArgs),
    /// Prints a script that completes commands and options in a shell
    Completions(completions::CompletionsArgs),
    /// Prints the manual page
    #[command(hide = true)]
    Man,
    /// Prints the tokens of the shop in containers, making them if there are none; starts a program with them if one is named
    #[command(hide = true)]
    Tokens(containers::TokensArgs),
    /// Asks a health check; the exit code says what it answered
    #[command(hide = true)]
    Healthcheck(containers::HealthcheckArgs),
}

impl Command {
    /// The work that the command still finishes after Ctrl-C, if it can take a while.
    pub(crate) fn waits_for(&self) -> Option<&'static str> {
        match self {
            Self::Demo(_) => Some("closing the shop and writing the results so far"),
            Self::Up(_) | Self::Watch(_) => {
                Some("those who still wait for a page have ten seconds, then the record is written")
            }
            Self::Room(_) => Some("closing the room; its session is kept"),
            Self::Play(_) | Self::Agent(_) => Some("writing the results so far"),
            Self::ExportCase(_) => Some("leaving nothing behind"),
            Self::Chain(_) => Some("reporting what was complete"),
            Self::Compare(_) | Self::Train(_) => Some("what is being recorded is played to its end first"),
            Self::Characters(_) => Some("the character under way is measured to its end first"),
            Self::Lint(_) => Some("reporting what was found"),
            Self::Verify(_) => Some("taking back what was published"),
            _ => None,
        }
    }
}

pub(crate) fn run(command: Command, environment: &Environment) -> anyhow::Result<Done> {
    match command {
        Command::Demo(args) => demo::run(&args, environment),
        Command::Up(args) => in_real_time(up::run(args, environment)).map(Done::from),
        Command::Room(args) => in_real_time(room::run(args)).map(Done::from),
        Command::Play(args) => play::run(&args),
        Command::Agent(args) => agent::run(&args),
        Command::Scenarios(args) => scenarios::run(&args),
        Command::Train(args) => train::run(&args),
        Command::Chain(args) => chain::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Year(args) => year::run(&args),
        Command::Debrief(args) => debrief::run(&args),
        Command::ExportCase(args) => cases::export::run(&args),
        Command::Grade(args) => cases::grade::run(&args),
        Command::Characters(args) => characters::run(&args),
        Command::Lint(args) => lint::run(&args),
        Command::Evidence(args) => in_real_time(evidence_command::run(args)),
        Command::Inject(args) => unless_told(inject::inject(args)),
        Command::Restore(args) => unless_told(inject::restore(&args)),
        Command::Restart(args) => unless_told(remedies::restart(args)),
        Command::RollBack(args) => unless_told(remedies::roll_back(args)),
        Command::Repair(args) => unless_told(remedies::repair(args)),
        Command::Level(args) => unless_told(remedies::level(args)),
        Command::Watch(args) => in_real_time(watch::run(args)).map(Done::from),
        Command::Verify(args) => in_real_time(verify::run(args)),
        Command::Doctor(args) => Ok(doctor::run(&args)),
        Command::Completions(args) => completions::completions(&args, Options::command()).map(Done::from),
        Command::Man => completions::man(Options::command()).map(Done::from),
        Command::Tokens(args) => containers::tokens(&args, environment).map(Done::from),
        Command::Healthcheck(args) => unless_told(containers::healthcheck(&args)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_command_stands_once_beside_its_user() {
        let commands = Command::augment_subcommands(clap::Command::new(""));
        let shown: BTreeSet<_> = commands
            .get_subcommands()
            .filter(|command| !command.is_hide_set())
            .map(clap::Command::get_name)
            .collect();
        let named: Vec<_> = USERS.iter().flat_map(|(_, names)| names.split(' ')).collect();
        assert_eq!(
            (named.iter().copied().collect::<BTreeSet<_>>(), named.len()),
            (shown.clone(), shown.len())
        );
        assert_eq!(shown.iter().map(|name| name.len()).max(), Some(NAME_COLUMNS));
    }

    #[test]
    fn what_one_can_do_next_can_be_done_and_fits() {
        for (_, command, _) in demo::NEXT {
            let words = ["glyphfall"].into_iter().chain(command.split(' '));
            let told = Options::try_parse_from(words).map_or_else(|told| told.exit_code(), |_| 0);
            assert_eq!(told, 0, "{command}");
        }
        let next = demo::next();
        assert!(next.iter().all(|line| console::measure_text_width(line) <= 80), "{next:?}");
    }
}
