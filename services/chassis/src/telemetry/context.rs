//! Trace and span ids, and how they travel (W3C Trace Context, level 1: the `traceparent` header).

use std::fmt;

use ::http::{HeaderMap, HeaderValue};
use tracing::Span;
use tracing_subscriber::{Registry, registry::LookupSpan};

use super::layer::OpenSpan;

/// The header that carries a context to the next hop.
pub const TRACEPARENT: &str = "traceparent";

/// Which trace a piece of work belongs to, and which span it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    pub trace_id: [u8; 16],
    pub span_id: [u8; 8],
}

impl TraceContext {
    /// The context of the span that is entered now; none outside of spans, or without telemetry.
    pub fn current() -> Option<Self> {
        Self::of_span(&Span::current())
    }

    /// The context of a span; none without telemetry.
    pub fn of_span(span: &Span) -> Option<Self> {
        span.with_subscriber(|(id, dispatch)| {
            let registry = dispatch.downcast_ref::<Registry>()?;
            registry.span(id)?.extensions().get::<OpenSpan>().map(|open| open.context)
        })?
    }

    /// The context that a request brought along. A malformed header counts as none, as the recommendation demands.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        Self::parse(headers.get(TRACEPARENT)?.to_str().ok()?)
    }

    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (version, trace_id, span_id) = (parts.next()?, parts.next()?, parts.next()?);
        let is_known = version.len() == 2 && version != "ff" && parts.next()?.len() == 2;
        let is_lower_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-'));
        if !is_known || !is_lower_hex || trace_id.len() != 32 || span_id.len() != 16 {
            return None;
        }
        let trace_id = u128::from_str_radix(trace_id, 16).ok().filter(|id| *id != 0)?.to_be_bytes();
        let span_id = u64::from_str_radix(span_id, 16).ok().filter(|id| *id != 0)?.to_be_bytes();
        Some(Self { trace_id, span_id })
    }

    pub fn inject(self, headers: &mut HeaderMap) {
        let value = HeaderValue::try_from(self.to_string()).expect("hexadecimal digits and hyphens");
        headers.insert(TRACEPARENT, value);
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (trace_id, span_id) = (u128::from_be_bytes(self.trace_id), u64::from_be_bytes(self.span_id));
        write!(f, "00-{trace_id:032x}-{span_id:016x}-01")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_is_read_as_the_recommendation_says() {
        let check =
            |text: &str, valid: bool| assert_eq!(TraceContext::parse(text).is_some(), valid, "{text}");
        check("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true);
        check("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", true);
        check("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-later", false);
        check("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false);
        check("00-00000000000000000000000000000000-00f067aa0ba902b7-01", false);
        check("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false);
        check("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false);
        check("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7", false);
        check("00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false);
        check("", false);
    }

    #[test]
    fn a_context_survives_the_journey() {
        let context = TraceContext { trace_id: [7; 16], span_id: [9; 8] };
        let mut headers = HeaderMap::new();
        context.inject(&mut headers);
        assert_eq!(TraceContext::of(&headers), Some(context));
    }
}
