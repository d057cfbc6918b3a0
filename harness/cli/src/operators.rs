//! Client of a running shop's operator ports, and of the one of its world. Teaches that an error should name the real reason: nothing runs
//! there, or another shop does.

use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use bytes::Bytes;
use chassis::{Peer, Wait, logs::cause_chain};
use http::{HeaderValue, Method, Request, StatusCode, header, uri::Authority};
use incident::Service;
use serde::{Serialize, de::DeserializeOwned};
use world::{EditorError, addresses::Operators};

use crate::{
    output::plain,
    target::{TargetArgs, Token, caller},
};

/// Timeout of a service's reset.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) struct Operator {
    peer: Peer,
    /// The service behind this port; `None` for the world.
    pub(crate) service: Option<Service>,
    credentials: HeaderValue,
    token: Token,
    patience: Duration,
}

impl Operator {
    /// The operator ports of content store, cache and web front, in the direction of the data: each service resets to the state that the
    /// one before it already has.
    pub(crate) fn all(operators: &Operators, token: &Token, patience: Duration) -> anyhow::Result<Vec<Self>> {
        let Operators { content_store: store, cache, web_front: front, .. } = operators;
        [(Service::ContentStore, store), (Service::Cache, cache), (Service::WebFront, front)]
            .into_iter()
            .map(|(service, address)| Self::new(Some(service), address.clone(), token.clone(), patience))
            .collect()
    }

    pub(crate) fn of_services(target: &TargetArgs) -> anyhow::Result<Vec<Self>> {
        let token = target.operator_token()?;
        let addresses = target.ports.on(&target.target, Some(token.value.clone()))?;
        let operators = addresses.operators.expect("a token was given, so there are operator ports");
        Self::all(&operators, &token, ANSWER_TIMEOUT)
    }

    pub(crate) fn of(target: &TargetArgs, wanted: Service) -> anyhow::Result<Self> {
        let found = Self::of_services(target)?.into_iter().find(|operator| operator.service == Some(wanted));
        Ok(found.expect("every service has an operator port"))
    }

    /// The operator port of a world that `glyphfall up` runs.
    pub(crate) fn of_world(target: &TargetArgs) -> anyhow::Result<Self> {
        let address = target.ports.operator_on(&target.target, None)?;
        Self::new(None, address, target.operator_token()?, ANSWER_TIMEOUT)
    }

    fn new(
        service: Option<Service>,
        address: Authority,
        token: Token,
        patience: Duration,
    ) -> anyhow::Result<Self> {
        let credentials = HeaderValue::from_str(&format!("Bearer {}", token.value));
        let credentials = credentials.context("the operators' token holds characters that cannot be sent: take the one that 'glyphfall up' printed")?;
        Ok(Self { peer: Peer::new(&caller(), address), service, credentials, token, patience })
    }

    pub(crate) async fn is_there(&self) -> bool {
        self.peer.get("/", Wait::AtMost(self.patience)).await.is_ok()
    }

    pub(crate) async fn ask<A: DeserializeOwned>(&self, path: &str) -> anyhow::Result<A> {
        let answer = self.send(Method::GET, path, Bytes::new()).await?;
        Ok(serde_json::from_slice(&answer)?)
    }

    pub(crate) async fn tell(&self, path: &str) -> anyhow::Result<Bytes> {
        self.send(Method::POST, path, Bytes::new()).await
    }

    pub(crate) async fn tell_with(
        &self,
        method: Method,
        path: &str,
        what: &impl Serialize,
    ) -> anyhow::Result<Bytes> {
        self.send(method, path, serde_json::to_vec(what)?.into()).await
    }

    async fn send(&self, method: Method, path: &str, body: Bytes) -> anyhow::Result<Bytes> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, self.credentials.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .body(body)?;
        let name = self.service.map_or("world".to_owned(), Service::words);
        let address = self.peer.authority();
        let answer = self.peer.send(request, Wait::AtMost(self.patience)).await.with_context(|| {
            format!(
                "the {name}'s operator port at {address} does not answer: no shop runs there, or one without a token for \
                 operators; 'glyphfall up' starts one"
            )
        })?;
        match answer.status {
            status if status.is_success() => Ok(answer.body),
            StatusCode::UNAUTHORIZED => {
                bail!("the {name} does not take this token: {}", self.token.refused())
            }
            status => bail!(
                "the {name} answered {status}: {}; 'glyphfall doctor' says who holds the port if another program does",
                plain(&detail(&answer.body))
            ),
        }
    }
}

/// Why an editor's request failed. If the token was refused, also what to do.
pub(crate) fn refused(error: &EditorError, token: &Token) -> anyhow::Error {
    match error {
        EditorError::Refused { status: StatusCode::UNAUTHORIZED, .. } => {
            anyhow!("{} ({})", plain(&error.to_string()), token.refused())
        }
        _ => anyhow!("{}", plain(&cause_chain(error))),
    }
}

fn detail(body: &[u8]) -> String {
    let problem: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    problem["detail"].as_str().map_or_else(|| String::from_utf8_lossy(body).into_owned(), str::to_owned)
}
