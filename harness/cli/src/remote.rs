//! `glyphfall inject` and `glyphfall restore`: a running shop changed from outside, ours or in containers.

use std::{fs, time::Duration};

use anyhow::{Context, bail};
use bytes::Bytes;
use chassis::{Chassis, Clock, Network, Peer, Wait, logs::cause_chain};
use http::{Request, StatusCode, header, uri::Authority};
use world::{
    Editor, EditorError,
    addresses::Operators,
    elsewhere::stock,
    scenario::{draw::first_publish, scenario},
};

use crate::{
    options::{InjectOptions, RestoreOptions},
    output::plain,
    screen,
    target::Target,
};

/// How long a service may take to put itself back.
const RESET_TIMEOUT: Duration = Duration::from_secs(10);

/// Publishes what a scenario or a file says.
pub(crate) async fn inject(options: InjectOptions) -> anyhow::Result<()> {
    let (asset, body) = if let (Some(asset), Some(file)) = (options.asset, options.file) {
        let body =
            fs::read(&file).with_context(|| format!("cannot read {}", plain(&file.display().to_string())))?;
        (asset, Bytes::from(body))
    } else {
        let scenario = scenario(&options.scenario)?;
        first_publish(&scenario).with_context(|| {
            format!("'{}' publishes nothing: it can be played, and not injected over HTTP", scenario.name)
        })?
    };
    let addresses = options.target.ports.on(&options.target.target, None)?;
    let editor = Editor::new(&caller(), addresses.content_store, &options.target.editor_token()?);
    match editor.publish(&asset, body).await {
        Ok(version) => screen::line(&format!("Published {} version {version}.", plain(&asset))),
        Err(error @ EditorError::Refused { status: StatusCode::UNAUTHORIZED, .. }) => {
            bail!("{} (GLYPHFALL_EDITOR_TOKEN holds the token)", plain(&error.to_string()))
        }
        Err(error) => bail!("{}", plain(&cause_chain(&error))),
    }
    Ok(())
}

/// Puts all three services back, through their operator ports.
pub(crate) async fn restore(options: &RestoreOptions) -> anyhow::Result<()> {
    let target = &options.target;
    let addresses = target.ports.on(&target.target, Some(target.operator_token()?))?;
    let Operators { cache, content_store, web_front, token } =
        addresses.operators.expect("a token was given, so there are operator ports");
    let caller = caller();
    // With the flow of the data: each comes back to what the one before already is.
    for (name, address) in [("content store", content_store), ("cache", cache), ("web front", web_front)] {
        let operator = Peer::new(&caller, address.clone());
        let request = Request::post("/reset").header(header::AUTHORIZATION, format!("Bearer {token}"));
        let request = request.body(Bytes::new()).context("the operators' token cannot be sent")?;
        let answer = operator.send(request, Wait::AtMost(RESET_TIMEOUT)).await.with_context(|| {
            format!("the {name}'s operator port at {address} does not answer; is the shop running, with a token set?")
        })?;
        match answer.status {
            StatusCode::NO_CONTENT => {}
            StatusCode::UNAUTHORIZED => {
                bail!(
                    "the {name} does not take this token; set GLYPHFALL_OPERATOR_TOKEN to the one it was started with"
                )
            }
            status => {
                bail!("the {name} answered {status}: {}", plain(&String::from_utf8_lossy(&answer.body)))
            }
        }
        if name == "content store" {
            fill(target, &caller, addresses.content_store.clone()).await?;
        }
    }
    screen::line("The shop is as it was at first.");
    Ok(())
}

/// A content store that runs alone begins empty: whoever opens the shop fills it.
async fn fill(target: &Target, caller: &Chassis, content_store: Authority) -> anyhow::Result<()> {
    let reader = Editor::new(caller, content_store.clone(), "");
    if reader.list().await?.is_empty() {
        let editor = Editor::new(caller, content_store, &target.editor_token()?);
        stock(&editor).await.context("the content store is empty, and cannot be filled")?;
    }
    Ok(())
}

fn caller() -> Chassis {
    Chassis::of_caller("glyphfall", Network::Tcp, Clock::real(), 0)
}
