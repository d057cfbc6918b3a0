//! HTTP client of an evidence store, and its error messages when the store does not answer.

use std::time::Duration;

use anyhow::{Context, anyhow};
use bytes::Bytes;
use chassis::{Chassis, Clock, Network, Peer, Wait, address::at_port, plain};
use http::{HeaderValue, Request, StatusCode, Uri, header};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::EvidenceArgs;
use crate::ports::moved;

const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) struct Client {
    room: Peer,
    token: Option<HeaderValue>,
}

pub(super) struct Refused {
    pub(super) status: StatusCode,
    pub(super) words: String,
}

impl Client {
    pub(super) fn new(options: &EvidenceArgs) -> anyhow::Result<Self> {
        let port = moved(options.room_port, options.port_offset)?;
        let address = at_port(&options.target, port).map_err(anyhow::Error::msg)?;
        let caller = Chassis::of_caller("glyphfall", Network::tcp(0), Clock::real(), 0);
        let token = options.token.as_deref();
        let token = token.map(|token| HeaderValue::from_str(&format!("Bearer {token}")));
        Ok(Self {
            room: Peer::new(&caller, address),
            token: token.transpose().context(
                "the token holds characters that cannot be sent: copy it again from where it was printed",
            )?,
        })
    }

    /// Sends a query and decodes the answer. A refused query is an error.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        path: &str,
        parameters: &[(&str, Option<&str>)],
    ) -> anyhow::Result<T> {
        self.try_to_ask(path, parameters).await?.map_err(|refused| anyhow!("{}", refused.words))
    }

    pub(super) async fn try_to_ask<T: DeserializeOwned>(
        &self,
        path: &str,
        parameters: &[(&str, Option<&str>)],
    ) -> anyhow::Result<Result<T, Refused>> {
        let query = serde_urlencoded::to_string(parameters)?;
        let uri: Uri =
            format!("{path}?{query}").parse().context("the question cannot be written as a URL")?;
        let mut request = Request::get(uri).body(Bytes::new())?;
        request.headers_mut().extend(self.token.clone().map(|token| (header::AUTHORIZATION, token)));
        let answer = self.room.send(request, Wait::AtMost(ANSWER_TIMEOUT)).await.with_context(|| {
            format!("no evidence store answers at {}; 'glyphfall up' runs one", self.room.authority())
        })?;
        if answer.status == StatusCode::OK {
            let read = serde_json::from_slice(&answer.body);
            return Ok(Ok(read.with_context(|| {
                format!(
                    "the server at {} is not an evidence store: name its port with --room-port",
                    self.room.authority()
                )
            })?));
        }
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let detail = match body["detail"].as_str() {
            Some(detail) => detail.to_owned(),
            None => format!("the evidence store refused the question with {}", answer.status),
        };
        let words = match body["parameter"].as_str() {
            Some(parameter) if !detail.starts_with(parameter) => format!("{parameter}: {detail}"),
            _ => detail,
        };
        Ok(Err(Refused { status: answer.status, words: plain(&words) }))
    }
}
