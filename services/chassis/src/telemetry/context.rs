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
        let (head, rest) = text.as_bytes().split_at_checked(TEXT_BYTES)?;
        let (mut version, mut trace_id, mut span_id, mut flags) = ([0], [0; 16], [0; 8], [0]);
        let parts: [(usize, &mut [u8]); 4] =
            [(0, &mut version), (3, &mut trace_id), (36, &mut span_id), (53, &mut flags)];
        for (place, bytes) in parts {
            const_hex::decode_to_slice(&head[place..place + 2 * bytes.len()], bytes).ok()?;
        }
        let is_small = !head.iter().any(u8::is_ascii_uppercase);
        let is_apart = [2, 35, 52].into_iter().all(|place| head[place] == b'-');
        // Later versions may say more.
        let ends = rest.first().is_none_or(|next| *next == b'-')
            && rest.iter().all(|byte| matches!(byte, b'-' | b'0'..=b'9' | b'a'..=b'f'));
        let is_some = trace_id != [0; 16] && span_id != [0; 8] && version != [0xff];
        (is_small && is_apart && ends && is_some).then_some(Self { trace_id, span_id })
    }

    pub fn inject(self, headers: &mut HeaderMap) {
        let value = HeaderValue::from_bytes(&self.text()).expect("hexadecimal digits and hyphens");
        headers.insert(TRACEPARENT, value);
    }

    fn text(self) -> [u8; TEXT_BYTES] {
        let mut text = *b"00-00000000000000000000000000000000-0000000000000000-01";
        for (from, id) in [(3, &self.trace_id[..]), (36, &self.span_id[..])] {
            let digits = &mut text[from..from + 2 * id.len()];
            const_hex::encode_to_slice(id, digits).expect("there is room for two digits for each byte");
        }
        text
    }
}

/// The length of a `traceparent` of version 00.
const TEXT_BYTES: usize = 55;

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&self.text()).map_err(|_| fmt::Error)?)
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
        let context = TraceContext { trace_id: 0x0123_4567_89ab_cdef_u128.to_be_bytes(), span_id: [0xfa; 8] };
        assert_eq!(context.to_string(), "00-00000000000000000123456789abcdef-fafafafafafafafa-01");
        assert_eq!(TraceContext::parse(&context.to_string()), Some(context));
    }
}
