//! Whoever asks an evidence store over HTTP, and what it says when it does not answer.

use std::time::Duration;

use anyhow::{Context, anyhow};
use bytes::Bytes;
use chassis::{Chassis, Clock, Network, Peer, Wait, address::at_port, plain};
use http::{HeaderValue, Request, StatusCode, Uri, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::EvidenceArgs;
use crate::ports::moved;

/// How long the evidence store may take to answer.
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
        let caller = Chassis::of_caller("glyphfall", Network::Tcp, Clock::real(), 0);
        let token = options.token.as_deref();
        let token = token.map(|token| HeaderValue::from_str(&format!("Bearer {token}")));
        Ok(Self {
            room: Peer::new(&caller, address),
            token: token.transpose().context(
                "the token holds characters that cannot be sent: copy it again from where it was printed",
            )?,
        })
    }

    /// The answer; what is refused is an error.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        path: &str,
        parameters: &[(&str, Option<&str>)],
    ) -> anyhow::Result<T> {
        self.try_to_ask(path, parameters).await?.map_err(|refused| anyhow!("{}", refused.words))
    }

    /// The answer, or why there is none.
    pub(super) async fn try_to_ask<T: DeserializeOwned>(
        &self,
        path: &str,
        parameters: &[(&str, Option<&str>)],
    ) -> anyhow::Result<Result<T, Refused>> {
        let given = parameters.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
        let query = given
            .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)))
            .collect::<Vec<_>>()
            .join("&");
        let uri: Uri =
            format!("{path}?{query}").parse().context("the question cannot be asked in an address")?;
        let path = uri.path_and_query().map_or(path, http::uri::PathAndQuery::as_str);
        let mut request = Request::get(path).body(Bytes::new())?;
        request.headers_mut().extend(self.token.clone().map(|token| (header::AUTHORIZATION, token)));
        let answer = self.room.send(request, Wait::AtMost(ANSWER_TIMEOUT)).await.with_context(|| {
            format!("no evidence store answers at {}; 'glyphfall up' runs one", self.room.authority())
        })?;
        if answer.status == StatusCode::OK {
            let read = serde_json::from_slice(&answer.body);
            return Ok(Ok(read.with_context(|| {
                format!(
                    "what answers at {} is no evidence store: name its port with --room-port",
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
