//! Helpers for containers, whose image has no shell: shared tokens, and a health check request. Teaches that a secret is made where it is
//! used, and never shipped.

use std::{
    fs,
    io::{self, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, bail};
use chassis::{Chassis, Clock, Environment, Network, Peer, Wait};
use clap::Args;
use http::{StatusCode, Uri};
use tempfile::NamedTempFile;

use crate::{screen, target::Tokens};

const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);

/// The environment variables that pass the tokens to containers.
const VARIABLES: [&str; 3] =
    ["GLYPHFALL_EDITOR_TOKEN", "GLYPHFALL_OPERATOR_TOKEN", "GLYPHFALL_NOTIFICATION_TOKEN"];

#[derive(Clone, Debug, Args)]
pub(crate) struct TokensArgs {
    /// Folder that holds the tokens; those in the environment win
    #[arg(long, env = "GLYPHFALL_TOKENS", value_name = "DIR")]
    folder: PathBuf,
    /// Program to start with the tokens in its environment, in place of this one, and its arguments
    #[arg(trailing_var_arg = true, value_name = "PROGRAM")]
    program: Vec<String>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct HealthcheckArgs {
    /// What to ask, such as <http://127.0.0.1:8081/healthz>
    url: Uri,
}

/// Prints the tokens, or replaces this process with a program that gets them in its environment.
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
    // `exec` returns only on failure. On success the program takes over this process, with its id and its signals.
    let error = Command::new(program).args(arguments).envs(named).exec();
    Err(error).with_context(|| {
        format!("{program} cannot be started; give its full path, as containers have no shell")
    })
}

pub(crate) async fn healthcheck(options: &HealthcheckArgs) -> anyhow::Result<bool> {
    let Some(authority) = options.url.authority() else {
        bail!("{} names no host: give one such as http://127.0.0.1:8081/healthz", options.url)
    };
    let caller = Chassis::of_caller("health", Network::tcp(0), Clock::real(), 0);
    let peer = Peer::new(&caller, authority.clone());
    let answer = peer.get(options.url.path(), Wait::AtMost(HEALTH_TIMEOUT)).await?;
    screen::line(&answer.status.to_string());
    Ok(answer.status == StatusCode::OK)
}

/// Reads the folder's tokens; the first caller makes them.
fn shared(folder: &Path, environment: &Environment) -> anyhow::Result<Tokens> {
    let wanted = Tokens::from_environment_or_new(environment)?;
    let [editor, operator, notification] =
        VARIABLES.map(|variable| environment.token(variable).ok().flatten());
    if editor.is_some() && operator.is_some() && notification.is_some() {
        return Ok(wanted);
    }
    let file = folder.join("tokens.json");
    let kept = keep(&file, &wanted).with_context(|| {
        format!(
            "the tokens cannot be kept in {}: mount a folder there that may be written to, or set all of {}",
            folder.display(),
            VARIABLES.join(", ")
        )
    })?;
    Ok(Tokens {
        editor: editor.unwrap_or(kept.editor),
        operator: operator.unwrap_or(kept.operator),
        // A hand-written or older file may lack this token. The cache then requires none.
        notification: notification.or(kept.notification),
    })
}

/// Reads the tokens from the file. If there is none, writes `wanted` to a draft and renames it: of several processes that start at once one
/// wins, and the others read its tokens. Only this user may read the file.
fn keep(file: &Path, wanted: &Tokens) -> io::Result<Tokens> {
    if !file.exists() {
        let mut draft = NamedTempFile::new_in(file.parent().unwrap_or(Path::new(".")))?;
        draft.write_all(&serde_json::to_vec(wanted)?)?;
        match draft.persist_noclobber(file) {
            Err(refused) if refused.error.kind() != io::ErrorKind::AlreadyExists => return Err(refused.error),
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
