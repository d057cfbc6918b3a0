//! The standard variables of OpenTelemetry, also those that the SDK leaves to others. Teaches that a setting which cannot be
//! understood must be named at the start: a default in its place would be found during the next incident.
//!
//! Read are `OTEL_SDK_DISABLED`, `OTEL_{LOGS,TRACES,METRICS}_EXPORTER`,
//! `OTEL_EXPORTER_OTLP_{ENDPOINT,PROTOCOL,HEADERS,TIMEOUT,COMPRESSION}` and the same by signal, `OTEL_SERVICE_NAME`,
//! `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_METRIC_EXPORT_INTERVAL`, `OTEL_PROPAGATORS`.

use std::{io, time::Duration};

use ::http::{HeaderName, HeaderValue, Uri};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use percent_encoding::percent_decode_str;

use super::{METRICS_INTERVAL, records::text_attribute};
use crate::environment::Environment;

/// How long one attempt may take, unless `OTEL_EXPORTER_OTLP_TIMEOUT` says otherwise (the specification's default).
pub const EXPORT_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Clone, Debug)]
pub(crate) struct Destination {
    pub(crate) protocol: Protocol,
    pub(crate) uri: Uri,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) timeout: Duration,
    pub(crate) is_compressed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Grpc,
    Http,
}

pub(crate) fn is_disabled(environment: &Environment) -> io::Result<bool> {
    let name = "OTEL_SDK_DISABLED";
    let value = environment.text(name)?.unwrap_or_default();
    match value.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" | "" => Ok(false),
        _ => Err(wrong(name, &value, "there are: true, false")),
    }
}

/// Where a signal goes, such as `LOGS`, whose path over HTTP ends in `path`; none if nothing names an endpoint, or the signal
/// is switched off.
pub(crate) fn destination(
    environment: &Environment,
    signal: &str,
    path: &str,
) -> io::Result<Option<Destination>> {
    let exporter = format!("OTEL_{signal}_EXPORTER");
    match environment.text(&exporter)?.as_deref() {
        Some("none") => return Ok(None),
        None | Some("otlp") => {}
        Some(other) => return Err(wrong(&exporter, other, "there are: otlp, none")),
    }
    let Some(endpoint) = Setting::of(environment, signal, "ENDPOINT")? else { return Ok(None) };
    if !endpoint.value.starts_with("http://") {
        return Err(endpoint.wrong("it must begin with http://; put a collector beside the service for TLS"));
    }
    let protocol = Setting::of(environment, signal, "PROTOCOL")?;
    let protocol = match protocol.as_ref().map(|setting| (setting, &*setting.value)) {
        None | Some((_, "grpc")) => Protocol::Grpc,
        Some((_, "http/protobuf")) => Protocol::Http,
        Some((setting, _)) => return Err(setting.wrong("there are: grpc, http/protobuf")),
    };
    let uri = if protocol == Protocol::Http && !endpoint.is_own {
        // A signal's own endpoint is taken as it is; the common one is the base of all three.
        format!("{}/v1/{path}", endpoint.value.trim_end_matches('/')).parse()
    } else {
        endpoint.value.parse()
    };
    let compression = Setting::of(environment, signal, "COMPRESSION")?;
    let is_compressed = match compression.as_ref().map(|setting| (setting, &*setting.value)) {
        None | Some((_, "none")) => false,
        Some((_, "gzip")) => true,
        Some((setting, _)) => return Err(setting.wrong("there are: gzip, none")),
    };
    let timeout = match Setting::of(environment, signal, "TIMEOUT")? {
        None => EXPORT_TIMEOUT,
        Some(setting) => {
            let timeout_ms = setting.value.parse();
            Duration::from_millis(timeout_ms.map_err(|_| setting.wrong("it counts milliseconds"))?)
        }
    };
    Ok(Some(Destination {
        protocol,
        uri: uri.map_err(|error| endpoint.wrong(&format!("{error}")))?,
        headers: Setting::of(environment, signal, "HEADERS")?
            .map_or(Ok(Vec::new()), |setting| headers(&setting))?,
        timeout,
        is_compressed,
    }))
}

/// Where a signal goes whose path ends in `path`, at a backend that somebody names while the process runs.
pub(crate) fn over_http(endpoint: &str, path: &str) -> io::Result<Destination> {
    let wrong = |why: &str| io::Error::new(io::ErrorKind::InvalidInput, format!("'{endpoint}': {why}"));
    if !endpoint.starts_with("http://") {
        return Err(wrong("it must begin with http://"));
    }
    let uri = format!("{}/v1/{path}", endpoint.trim_end_matches('/')).parse();
    Ok(Destination {
        protocol: Protocol::Http,
        uri: uri.map_err(|error| wrong(&format!("{error}")))?,
        headers: Vec::new(),
        timeout: EXPORT_TIMEOUT,
        is_compressed: false,
    })
}

/// What `OTEL_RESOURCE_ATTRIBUTES` adds to the resource of a process, and the name that `OTEL_SERVICE_NAME` gives it, which
/// wins.
pub(crate) fn resource_attributes(environment: &Environment) -> io::Result<Vec<KeyValue>> {
    let name = "OTEL_RESOURCE_ATTRIBUTES";
    let text = environment.text(name)?.unwrap_or_default();
    let pairs = pairs(&text).ok_or_else(|| wrong(name, &text, PAIRS))?;
    let own_name = environment.text("OTEL_SERVICE_NAME")?.map(|value| ("service.name".to_owned(), value));
    Ok(pairs.into_iter().chain(own_name).map(|(name, value)| text_attribute(&name, value)).collect())
}

pub(crate) fn metrics_interval(environment: &Environment) -> io::Result<Duration> {
    let name = "OTEL_METRIC_EXPORT_INTERVAL";
    let Some(text) = environment.text(name)? else { return Ok(METRICS_INTERVAL) };
    let interval_ms = text.parse().ok().filter(|ms| *ms > 0);
    interval_ms.map(Duration::from_millis).ok_or_else(|| wrong(name, &text, "it counts milliseconds"))
}

/// Whether contexts travel from hop to hop: `OTEL_PROPAGATORS` can take `tracecontext`, the only kind here, off the list.
pub(crate) fn propagates(environment: &Environment) -> io::Result<bool> {
    let name = "OTEL_PROPAGATORS";
    let Some(text) = environment.text(name)? else { return Ok(true) };
    let kinds: Vec<&str> = text.split(',').map(str::trim).collect();
    if let Some(unknown) = kinds.iter().find(|kind| !PROPAGATORS.contains(kind)) {
        let known = PROPAGATORS.join(", ");
        return Err(wrong(
            name,
            &text,
            &format!("'{unknown}' is none of {known}; only tracecontext is spoken"),
        ));
    }
    Ok(kinds.contains(&"tracecontext"))
}

/// The kinds that the specification knows.
const PROPAGATORS: [&str; 8] =
    ["tracecontext", "baggage", "b3", "b3multi", "jaeger", "xray", "ottrace", "none"];

const PAIRS: &str = "write name=value, with commas between and other signs as %20";

/// A variable of the exporter: the signal's own, or the one for all signals.
struct Setting {
    name: String,
    value: String,
    is_own: bool,
}

impl Setting {
    fn of(environment: &Environment, signal: &str, what: &str) -> io::Result<Option<Self>> {
        let own = format!("OTEL_EXPORTER_OTLP_{signal}_{what}");
        if let Some(value) = environment.text(&own)? {
            return Ok(Some(Self { name: own, value, is_own: true }));
        }
        let name = format!("OTEL_EXPORTER_OTLP_{what}");
        Ok(environment.text(&name)?.map(|value| Self { name, value, is_own: false }))
    }

    fn wrong(&self, expected: &str) -> io::Error {
        wrong(&self.name, &self.value, expected)
    }
}

fn headers(setting: &Setting) -> io::Result<Vec<(HeaderName, HeaderValue)>> {
    let pairs = pairs(&setting.value).ok_or_else(|| setting.wrong(PAIRS))?;
    let headers = pairs.iter().map(|(name, value)| Some((name.parse().ok()?, value.parse().ok()?)));
    headers.collect::<Option<_>>().ok_or_else(|| setting.wrong("that is no header"))
}

/// Names and values with percent signs decoded, as in the baggage of W3C; none if a pair cannot be read.
fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let decode = |text: &str| Some(percent_decode_str(text.trim()).decode_utf8().ok()?.into_owned());
    let pairs = text.split(',').filter(|pair| !pair.trim().is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=')?;
        Some((decode(name)?, decode(value)?))
    });
    pairs.collect()
}

fn wrong(name: &str, value: &str, expected: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("{name} is '{value}': {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_read_as_the_specification_says() {
        let check = |text: &str, expected: Option<&[(&str, &str)]>| {
            let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            assert_eq!(pairs(text), expected.map(|pairs| pairs.iter().map(owned).collect()), "{text}");
        };
        check("", Some(&[]));
        check("a=b, c = d ,", Some(&[("a", "b"), ("c", "d")]));
        check("a=b%20c%2Cd%3De", Some(&[("a", "b c,d=e")]));
        check("a=b=c", Some(&[("a", "b=c")]));
        check("a", None);
        check("a=%FF", None);
    }

    #[test]
    fn what_cannot_be_understood_is_named() {
        let all = |name: &str, value: &str| {
            let environment = Environment::from([(name, value)]);
            let interval = metrics_interval(&environment)?;
            let disabled = is_disabled(&environment)?;
            resource_attributes(&environment)?;
            Ok::<_, io::Error>((interval, propagates(&environment)?, disabled))
        };
        for (name, value) in [
            ("OTEL_SDK_DISABLED", "perhaps"),
            ("OTEL_PROPAGATORS", "bogus"),
            ("OTEL_PROPAGATORS", "tracecontext,bogus"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "soon"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "0"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "-1"),
            ("OTEL_RESOURCE_ATTRIBUTES", "a"),
        ] {
            let error = all(name, value).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{name} is '{value}': ")), "{error}");
        }
        let usual = (METRICS_INTERVAL, true, false);
        assert_eq!(all("OTEL_SDK_DISABLED", "").unwrap(), usual);
        assert_eq!(all("OTEL_PROPAGATORS", " ").unwrap(), usual);
        assert_eq!(all("OTEL_METRIC_EXPORT_INTERVAL", "500").unwrap().0, Duration::from_millis(500));
        assert!(!all("OTEL_PROPAGATORS", "none").unwrap().1);
        assert!(all("OTEL_PROPAGATORS", "baggage, tracecontext").unwrap().1);
        assert!(all("OTEL_SDK_DISABLED", "TRUE").unwrap().2);
    }
}
