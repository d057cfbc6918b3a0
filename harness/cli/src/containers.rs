//! What a container needs and its image has no shell for: tokens that all of them share, and asking a health check. Teaches
//! that a secret is made where it is used, and never shipped.

use std::{
    fs,
    io::{self, Write},
    os::unix::{fs::OpenOptionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, bail};
use chassis::{Chassis, Clock, Environment, Network, Peer, Wait};
use clap::Args;
use http::{StatusCode, Uri};

use crate::{screen, target::Tokens};

const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);

/// The variables in which containers are given the tokens.
const VARIABLES: [&str; 3] =
    ["GLYPHFALL_EDITOR_TOKEN", "GLYPHFALL_OPERATOR_TOKEN", "GLYPHFALL_NOTIFICATION_TOKEN"];

/// The tokens of one shop, shared by its containers.
#[derive(Clone, Debug, Args)]
pub(crate) struct TokensArgs {
    /// Folder that holds the tokens; those in the environment win
    #[arg(long, env = "GLYPHFALL_TOKENS", value_name = "DIR")]
    folder: PathBuf,
    /// Program to start with the tokens in its environment, in place of this one, and its arguments
    #[arg(trailing_var_arg = true, value_name = "PROGRAM")]
    program: Vec<String>,
}

/// One health check.
#[derive(Clone, Debug, Args)]
pub(crate) struct HealthcheckArgs {
    /// What to ask, such as <http://127.0.0.1:8081/healthz>
    url: Uri,
}

/// Prints the tokens, or becomes the program that is given them.
pub(crate) fn tokens(options: &TokensArgs, environment: &Environment) -> anyhow::Result<()> {
    let Tokens { editor, operator, notification } = shared(&options.folder, environment)?;
    let tokens = [Some(editor), Some(operator), notification];
    let named: Vec<_> =
        VARIABLES.into_iter().zip(tokens).filter_map(|(name, token)| Some((name, token?))).collect();
    let Some((program, arguments)) = options.program.split_first() else {
        for (name, token) in &named {
            screen::line(&format!("export {name}={token}"));
        }
        return Ok(());
    };
    // Only a failure comes back: the program takes this one's place, and with it its process id and its signals.
    let error = Command::new(program).args(arguments).envs(named).exec();
    Err(error).with_context(|| {
        format!("{program} cannot be started; give its full path, as containers have no shell")
    })
}

/// Whether the answer was 200.
pub(crate) async fn healthcheck(options: &HealthcheckArgs) -> anyhow::Result<bool> {
    let Some(authority) = options.url.authority() else {
        bail!("{} names no host: give one such as http://127.0.0.1:8081/healthz", options.url)
    };
    let caller = Chassis::of_caller("health", Network::Tcp, Clock::real(), 0);
    let peer = Peer::new(&caller, authority.clone());
    let answer = peer.get(options.url.path(), Wait::AtMost(HEALTH_TIMEOUT)).await?;
    screen::line(&answer.status.to_string());
    Ok(answer.status == StatusCode::OK)
}

/// The tokens of the folder; the first who asks makes them.
fn shared(folder: &Path, environment: &Environment) -> anyhow::Result<Tokens> {
    let wanted = Tokens::from_environment_or_new(environment)?;
    let [editor, operator, notification] = VARIABLES.map(|variable| environment.token(variable));
    let (editor, operator, notification) = (editor?, operator?, notification?);
    if editor.is_some() && operator.is_some() && notification.is_some() {
        return Ok(wanted);
    }
    let file = folder.join("tokens.json");
    let kept = keep(&file, &wanted);
    let kept = kept.with_context(|| {
        format!(
            "the tokens cannot be kept in {}: mount a folder there that may be written to, or set all of {}",
            folder.display(),
            VARIABLES.join(", ")
        )
    })?;
    Ok(Tokens {
        editor: editor.unwrap_or(kept.editor),
        operator: operator.unwrap_or(kept.operator),
        // A file that has none was written by hand, or before there was one: the cache then asks for none.
        notification: notification.or(kept.notification),
    })
}

/// What the file holds. Without a file, `wanted` is written whole before it gets its name: of several who start at once one
/// wins, and the others read what it wrote.
fn keep(file: &Path, wanted: &Tokens) -> io::Result<Tokens> {
    if !file.exists() {
        let draft = file.with_extension(format!("{:08x}", rand::random::<u32>()));
        let mut opened = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        opened.write_all(&serde_json::to_vec(wanted)?)?;
        let named = fs::hard_link(&draft, file);
        fs::remove_file(&draft)?;
        match named {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    Ok(serde_json::from_slice(&fs::read(file)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_who_start_at_once_share_the_tokens_of_one() {
        let folder = std::env::temp_dir().join(format!("tokens-{:016x}", rand::random::<u64>()));
        fs::create_dir(&folder).unwrap();
        let file = folder.join("tokens.json");
        let kept: Vec<_> = std::thread::scope(|scope| {
            let one = || {
                keep(&file, &Tokens::from_environment_or_new(&Environment::default()).unwrap())
                    .unwrap()
                    .editor
            };
            let all: Vec<_> = (0..8).map(|_| scope.spawn(one)).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert!(kept.iter().all(|editor| *editor == kept[0]), "{kept:?}");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(folder).unwrap();
    }
}
