//! The operator ports of a running shop, and that of what is around it, as somebody with the token calls them. Teaches that whoever cannot
//! do something deserves the real reason: nothing runs there, or another shop does.

use std::time::Duration;

use anyhow::{Context, bail};
use bytes::Bytes;
use chassis::{Chassis, Clock, Network, Peer, Wait};
use http::{HeaderValue, Method, Request, StatusCode, header, uri::Authority};
use incident::Service;
use serde::{Serialize, de::DeserializeOwned};
use world::addresses::Operators;

use crate::{
    output::plain,
    target::{Target, Token},
};

/// How long a service may take to put itself back.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// One operator port.
pub(crate) struct Operator {
    peer: Peer,
    /// Whose it is, in a sentence.
    name: String,
    credentials: HeaderValue,
    token: Token,
}

impl Operator {
    /// The operator ports of content store, cache and web front: with the flow of the data, as each comes back to what the one before
    /// already is.
    pub(crate) fn of_services(target: &Target) -> anyhow::Result<Vec<(Service, Self)>> {
        let token = target.operator_token()?;
        let addresses = target.ports.on(&target.target, Some(token.value.clone()))?;
        let Operators { cache, content_store, web_front, .. } =
            addresses.operators.expect("a token was given, so there are operator ports");
        let services =
            [(Service::ContentStore, content_store), (Service::Cache, cache), (Service::WebFront, web_front)];
        services
            .into_iter()
            .map(|(service, address)| Ok((service, Self::new(service.words(), address, token.clone())?)))
            .collect()
    }

    /// The operator port of one service.
    pub(crate) fn of(target: &Target, wanted: Service) -> anyhow::Result<Self> {
        let all = Self::of_services(target)?;
        let found = all.into_iter().find(|(service, _)| *service == wanted).map(|(_, operator)| operator);
        Ok(found.expect("every service has an operator port"))
    }

    /// The operator port of what is around a shop that `glyphfall up` runs.
    pub(crate) fn of_world(target: &Target) -> anyhow::Result<Self> {
        let address = target.ports.world_on(&target.target)?;
        Self::new("world".to_owned(), address, target.operator_token()?)
    }

    fn new(name: String, address: Authority, token: Token) -> anyhow::Result<Self> {
        let credentials = HeaderValue::from_str(&format!("Bearer {}", token.value));
        let credentials = credentials.context("the operators' token holds characters that cannot be sent")?;
        Ok(Self { peer: Peer::new(&caller(), address), name, credentials, token })
    }

    /// Whether anything listens there at all.
    pub(crate) async fn is_there(&self) -> bool {
        self.peer.get("/", Wait::AtMost(ANSWER_TIMEOUT)).await.is_ok()
    }

    /// Asks, and reads the answer.
    pub(crate) async fn ask<A: DeserializeOwned>(&self, path: &str) -> anyhow::Result<A> {
        let answer = self.send(Method::GET, path, Bytes::new()).await?;
        Ok(serde_json::from_slice(&answer)?)
    }

    /// Tells it what to do, without more to say.
    pub(crate) async fn tell(&self, path: &str) -> anyhow::Result<Bytes> {
        self.send(Method::POST, path, Bytes::new()).await
    }

    /// Tells it what to do, and how.
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
        let (name, address) = (&self.name, self.peer.authority());
        let answer = self.peer.send(request, Wait::AtMost(ANSWER_TIMEOUT)).await.with_context(|| {
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
            status => bail!("the {name} answered {status}: {}", plain(&detail(&answer.body))),
        }
    }
}

/// What problem details say, or the body as it is.
fn detail(body: &[u8]) -> String {
    let problem: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    problem["detail"].as_str().map_or_else(|| String::from_utf8_lossy(body).into_owned(), str::to_owned)
}

/// Whoever calls from the command line.
pub(crate) fn caller() -> Chassis {
    Chassis::of_caller("glyphfall", Network::Tcp, Clock::real(), 0)
}
