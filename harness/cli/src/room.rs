//! `glyphfall room`: a training session for several teams, until Ctrl-C. What happened is kept; the same command goes on with it.

use std::{
    fmt::Write as _,
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
};

use anyhow::{Context, anyhow};
use chassis::{address::authority, run::explain, serve::AllowedHosts, token::strong};
use clap::Args;
use console::style;
use http::uri::Authority;
use room::{
    Room, RoomOptions,
    join::{Reachable, reachable},
    room::TEAMS_MAX,
    session::{Phase, Session},
    store, team_world,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    args::{Format, new_seed, views},
    output::plain,
    screen::Screen,
    stop,
    work::can_write,
};

/// Teams of a new session, unless told otherwise.
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
    /// Folder that keeps the session; a session that it already holds is continued
    #[arg(long, value_name = "DIR", default_value = "glyphfall-out/room")]
    out: PathBuf,
    /// Begins a new session; an earlier one in the folder is moved aside, into a folder named by its time
    #[arg(long)]
    fresh: bool,
    /// Session file of an earlier day: scenarios that its people have seen are not proposed again
    #[arg(long = "continue", value_name = "FILE")]
    seen: Option<PathBuf>,
    /// Read the pages from this folder at each request, to edit them without a build; in the sources: harness/room/pages
    #[arg(long, value_name = "DIR", value_parser = pages)]
    pages: Option<PathBuf>,
    /// Token that the facilitator signs in with [default: a new one, which is printed]
    #[arg(long, env = "GLYPHFALL_FACILITATOR_TOKEN", value_name = "TOKEN", hide_env_values = true, value_parser = strong)]
    facilitator_token: Option<String>,
    #[command(flatten)]
    allowed_hosts: AllowedHosts,
}

/// A folder of pages.
fn pages(folder: &str) -> Result<PathBuf, String> {
    let folder = PathBuf::from(folder);
    if folder.join("team.html").is_file() {
        return Ok(folder);
    }
    Err("there is no team.html in it; in the sources the pages are in harness/room/pages".to_owned())
}

pub(crate) async fn run(args: RoomArgs) -> anyhow::Result<()> {
    let screen = Screen::new(Format::Text);
    let seed = args.seed.unwrap_or_else(new_seed);
    can_write(&args.out, [])?;
    let seen = args.seen.as_deref().map(store::scenarios_seen).transpose();
    let seen = seen.context("--continue takes the session file of an earlier room")?.unwrap_or_default();
    let address = SocketAddr::new(args.bind, args.room_port);
    // Bound first: whoever goes on with a session must not disturb the room that still has it open.
    let listener = TcpListener::bind(address).await.map_err(|error| {
        let error = explain(&error, "the incident room", &authority(address));
        if error.kind() == ErrorKind::AddrInUse { anyhow!("{error}, with --room-port") } else { error.into() }
    })?;
    let address = listener.local_addr()?;
    let options = RoomOptions {
        teams: args.teams.unwrap_or(TEAMS),
        seed,
        folder: args.out.clone(),
        address,
        facilitator_token: args.facilitator_token.clone(),
        seen,
        fresh: args.fresh,
        views: args.views,
        pages: args.pages.clone(),
    };
    let room = Room::open(options).await.map_err(|error| {
        let advice = advice(error.kind());
        anyhow::Error::new(error).context(format!(
            "the session in {} cannot be opened; {advice}",
            plain(&args.out.display().to_string())
        ))
    })?;
    screen.say(&welcome(&room, &args));
    let closing = CancellationToken::new();
    let hosts = args.allowed_hosts.hosts();
    let told = async {
        stop::told().await;
        closing.cancel();
    };
    tokio::join!(room::serve(room.clone(), listener, hosts, closing.clone()), told);
    room.close().await.context("the session could not be saved")?;
    screen.say(&format!(
        "Closed. The session is in {}; the same command goes on with it.",
        plain(&args.out.display().to_string())
    ));
    Ok(())
}

/// Advice for a session that cannot be opened.
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

/// Where the facilitator, at this machine, finds the room.
fn at_desk(address: SocketAddr) -> Authority {
    let loopback = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    authority(SocketAddr::new(loopback, address.port()))
}

fn welcome(room: &Room, args: &RoomArgs) -> String {
    let session = room.read(Session::clone);
    let mut came_back = match (session.phase, session.current) {
        (Phase::Lobby, _) | (_, None) => String::new(),
        (Phase::Paused, Some(round)) => {
            format!("Going on with round {round}, which stands still until the facilitator resumes it.\n")
        }
        (_, Some(round)) => format!("Going on after round {round}. --fresh begins a new session.\n"),
    };
    let kept = session.teams.len();
    if let Some(teams) = args.teams.filter(|teams| usize::try_from(*teams) != Ok(kept)) {
        let _ = writeln!(
            came_back,
            "This folder keeps a session of {kept} teams, and it goes on with them. A session of {teams} begins with --fresh, which puts \
             this one aside, or in another folder with --out."
        );
    }
    if let Some(aside) = room.aside() {
        let _ = writeln!(came_back, "The earlier session is in {}.", plain(&aside.display().to_string()));
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
         facilitator  http://{}/desk#token={}\n\
         code         {}\n\
         token        {}\n\
         kept in      {}\n",
        style("The incident room is open.").bold(),
        session.seed,
        session.teams.len(),
        at_desk(room.address()),
        session.facilitator_token,
        session.code,
        session.facilitator_token,
        plain(&args.out.display().to_string()),
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
