//! `glyphfall room`: a training session for several teams, until Ctrl-C. The session is saved, and the same command resumes it. `--solo` is
//! a rehearsal for one person, `--example` a finished session to look at.

use std::{
    fmt::Write as _,
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};
use chassis::{address::authority, run::explain, serve::AllowedHosts, token::strong};
use clap::Args;
use console::style;
use http::uri::Authority;
use incident::Level;
use room::{
    Room, RoomOptions,
    join::{Reachable, reachable},
    plan::RICH,
    room::TEAMS_MAX,
    session::{Phase, Purpose, Session, Team},
    store, team_world,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use world::scenario::STORY;

use crate::{
    args::{Format, new_seed, views},
    screen::Screen,
    stop,
    work::{can_write, shown},
};

/// Default number of teams of a new session.
const TEAMS: u32 = 2;

#[derive(Clone, Debug, Args)]
pub(crate) struct RoomArgs {
    /// Teams of a new session [default: 2]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=i64::from(TEAMS_MAX)))]
    teams: Option<u32>,
    /// Address to listen at; 0.0.0.0 lets others on the network join
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    bind: IpAddr,
    /// Port of the room
    #[arg(long, value_name = "PORT", default_value_t = 9000)]
    room_port: u16,
    /// Seed of all random choices [default: a new one for each run, which is printed]
    #[arg(long)]
    seed: Option<u64>,
    /// Page views a second in each team's shop, on average
    #[arg(long, value_name = "COUNT", default_value_t = team_world::VIEWS_PER_SECOND, value_parser = views)]
    views: f64,
    /// Folder that keeps the session; a session that it already holds is continued, and a rehearsal begins anew [default:
    /// glyphfall-out/room, glyphfall-out/solo for a rehearsal]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Opens a finished session of four teams to look at: desk, team pages and debrief. It is kept in a temporary folder, which is
    /// removed at the end
    #[arg(long, conflicts_with_all = ["teams", "bind", "seed", "views", "out", "fresh", "seen", "solo"])]
    example: bool,
    /// Rehearsal of one person, with a clock, hints and a debrief, and without a facilitator [default scenario: special-character]
    #[arg(long, value_name = "SCENARIO", num_args = 0..=1, default_missing_value = STORY,
        conflicts_with_all = ["teams", "bind", "fresh", "seen"])]
    solo: Option<String>,
    /// Telemetry level of the rehearsal
    #[arg(long, requires = "solo", default_value_t = RICH)]
    level: Level,
    /// Begins a new session; an earlier one in the folder is moved aside, into a folder named by its time
    #[arg(long)]
    fresh: bool,
    /// Session file of an earlier day: scenarios that its people have seen are not proposed again
    #[arg(long = "continue", value_name = "FILE")]
    seen: Option<PathBuf>,
    /// Read the pages from this folder at each request, to edit them without a build; in the sources: harness/room/pages
    #[arg(long, value_name = "DIR", value_parser = pages)]
    pages: Option<PathBuf>,
    /// Token that the facilitator signs in with. Give it in the environment: the list of processes shows a command line to everybody
    /// [default: a new one, which is printed]
    #[arg(long, env = "GLYPHFALL_FACILITATOR_TOKEN", value_name = "TOKEN", hide_env_values = true, value_parser = strong)]
    facilitator_token: Option<String>,
    #[command(flatten)]
    allowed_hosts: AllowedHosts,
}

/// Checks that a folder holds the room's pages.
fn pages(folder: &str) -> Result<PathBuf, String> {
    let folder = PathBuf::from(folder);
    if folder.join("team.html").is_file() {
        return Ok(folder);
    }
    Err("there is no team.html in it; in the sources the pages are in harness/room/pages".to_owned())
}

impl RoomArgs {
    /// The session's folder, except for the example.
    fn folder(&self) -> PathBuf {
        let kind = if self.solo.is_some() { "solo" } else { "room" };
        self.out.clone().unwrap_or_else(|| Path::new("glyphfall-out").join(kind))
    }
}

pub(crate) async fn run(args: RoomArgs) -> anyhow::Result<()> {
    let screen = Screen::new(Format::Text);
    let seed = args.seed.unwrap_or_else(new_seed);
    // The temporary folder is removed when this function returns.
    let example = if args.example { Some(tempfile::tempdir()?) } else { None };
    let folder = example.as_ref().map_or_else(|| args.folder(), |folder| folder.path().to_owned());
    can_write(&folder, [])?;
    if args.example {
        room::example::unpack(&folder)
            .context("the example cannot be unpacked; name another folder with --out")?;
    }
    if let Some(scenario) = &args.solo {
        world::scenario::scenario(scenario)?;
    }
    let seen = args.seen.as_deref().map(store::scenarios_seen).transpose();
    let seen = seen.context("--continue takes the session file of an earlier room")?.unwrap_or_default();
    let address = SocketAddr::new(args.bind, args.room_port);
    // Bind before opening the session: resuming it must not disturb a room that still has it open.
    let listener = TcpListener::bind(address).await.map_err(|error| {
        let error = explain(&error, "the incident room", &authority(address));
        if error.kind() == ErrorKind::AddrInUse { anyhow!("{error}, with --room-port") } else { error.into() }
    })?;
    let address = listener.local_addr()?;
    let options = RoomOptions {
        teams: args.teams.unwrap_or(TEAMS),
        seed,
        folder: folder.clone(),
        address,
        facilitator_token: args.facilitator_token.clone(),
        seen,
        fresh: args.fresh || args.solo.is_some(),
        views: args.views,
        pages: args.pages.clone(),
    };
    let opened = match &args.solo {
        Some(scenario) => Room::rehearse(options, scenario, args.level).await,
        None => Room::open(options).await,
    };
    let room = opened.map_err(|error| {
        let advice = advice(error.kind());
        anyhow::Error::new(error)
            .context(format!("the session in {} cannot be opened; {advice}", shown(&folder)))
    })?;
    let session = room.read(Session::clone);
    screen.say(&match session.purpose {
        Purpose::Class => welcome(&room, &session, &args, &folder),
        Purpose::Solo => welcome_alone(&room, &session, &folder),
        Purpose::Example => welcome_to_look(&room, &session),
    });
    let closing = CancellationToken::new();
    let hosts = args.allowed_hosts.hosts();
    let told = async {
        stop::told().await;
        closing.cancel();
    };
    tokio::join!(room::serve(room.clone(), listener, hosts, closing.clone()), told);
    room.close()
        .await
        .context("the session could not be saved; free space on the disk, as what was saved last is kept")?;
    let kept = shown(&folder);
    screen.say(&match session.purpose {
        Purpose::Class => format!("Closed. The session is in {kept}; the same command continues it."),
        Purpose::Solo => {
            format!("Closed. The rehearsal is in {kept}; 'glyphfall room --out {kept}' opens it again.")
        }
        Purpose::Example => "Closed.".to_owned(),
    });
    Ok(())
}

/// Advice for an error on opening the session.
fn advice(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidData => "--fresh puts it aside and begins a new one",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "its disk is full: make room on it, or name another folder with --out"
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem | ErrorKind::NotADirectory => {
            "name a folder that can be written to with --out"
        }
        _ => "look at the folder, or name another with --out",
    }
}

/// The room's address as seen from this machine, where the facilitator sits.
fn at_desk(address: SocketAddr) -> Authority {
    let loopback = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    authority(SocketAddr::new(loopback, address.port()))
}

/// A link to a team's page. It carries everything that joining needs.
fn seat(room: &Room, session: &Session, team: u32, alias: &str) -> String {
    format!("http://{}/#code={}&team={team}&as={alias}", at_desk(room.address()), session.code)
}

/// A link to the facilitator's page, with the token.
fn desk(room: &Room, session: &Session) -> String {
    format!("http://{}/desk#token={}", at_desk(room.address()), session.facilitator_token)
}

fn welcome_alone(room: &Room, session: &Session, folder: &Path) -> String {
    format!(
        "{}  seed {}; Ctrl-C closes it\n\n  open     {}\n  kept in  {}\n",
        style("Your rehearsal is ready; the clock starts when you begin.").bold(),
        session.seed,
        seat(room, session, 1, "Me"),
        shown(folder),
    )
}

fn welcome_to_look(room: &Room, session: &Session) -> String {
    let team = |team: &Team| format!("  {:<12} {}\n", team.name, seat(room, session, team.number, "Visitor"));
    format!(
        "{}  Nothing in it changes; Ctrl-C closes it\n\n  {:<12} {}\n{}\nThe debrief of all teams is one click from the desk, each team's from its page.\n",
        style("A recorded session of four teams is open.").bold(),
        "facilitator",
        desk(room, session),
        session.teams.iter().map(team).collect::<String>(),
    )
}

fn named(session: &Session, place: usize) -> String {
    match session.number_of(place) {
        0 => "the practice round".to_owned(),
        number => format!("round {number}"),
    }
}

fn welcome(room: &Room, session: &Session, args: &RoomArgs, folder: &Path) -> String {
    let mut came_back = match (session.phase, session.current) {
        (Phase::Lobby, _) | (_, None) => String::new(),
        (Phase::Paused, Some(place)) => format!(
            "Continuing {}, which is paused until the facilitator resumes it.\n",
            named(session, place)
        ),
        (_, Some(place)) => {
            format!("Continuing after {}. --fresh begins a new session.\n", named(session, place))
        }
    };
    let kept = session.teams.len();
    if let Some(teams) = args.teams.filter(|teams| usize::try_from(*teams) != Ok(kept)) {
        let _ = writeln!(
            came_back,
            "This folder keeps a session of {kept} teams, and it continues with them. A session of {teams} begins with --fresh, which puts \
             this one aside, or in another folder with --out."
        );
    }
    if let Some(aside) = room.aside() {
        let _ = writeln!(came_back, "The earlier session is in {}.", shown(aside));
    }
    let reachable = reachable(room.address(), &session.code);
    let line = |reachable: &Reachable| format!("  {:<12} {}\n", reachable.interface, reachable.url);
    let addresses: String = reachable.iter().map(line).collect();
    let alone = if room.address().ip().is_loopback() {
        "  (only this machine reaches it; --bind 0.0.0.0 lets others join)\n"
    } else {
        ""
    };
    format!(
        "{}  seed {}; Ctrl-C closes it\n{came_back}\n\
         {} teams join at\n{addresses}{alone}\n\
         facilitator  {}\n\
         code         {}\n\
         token        {}\n\
         kept in      {}\n",
        style("The incident room is open.").bold(),
        session.seed,
        session.teams.len(),
        desk(room, session),
        session.code,
        session.facilitator_token,
        shown(folder),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_fits_what_went_wrong() {
        for (kind, helps) in [
            (ErrorKind::InvalidData, "--fresh"),
            (ErrorKind::ReadOnlyFilesystem, "--out"),
            (ErrorKind::PermissionDenied, "--out"),
            (ErrorKind::StorageFull, "full"),
        ] {
            assert!(advice(kind).contains(helps), "{kind:?}");
            assert_eq!(advice(kind).contains("--fresh"), helps == "--fresh", "{kind:?}");
        }
    }
}
