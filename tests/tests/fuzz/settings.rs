//! Values of environment variables, options and headers that this project's own code parses.

use std::{fmt::Display, str::FromStr};

use cache::CacheConfig;
use chassis::{
    AssetId, ChassisConfig, Conditions, Environment, Level, Settings, Version, address,
    problem::Problem,
    serve::Hosts,
    telemetry::{context::TraceContext, export::Exporter},
    token,
};
use clap::Parser;
use evidence::{SpanId, TraceId, UnixTime};
use http::{HeaderMap, HeaderName, HeaderValue};
use incident::TimeOfDay;
use web_front::WebFrontConfig;

/// A program with the options of all.
#[derive(Debug, Parser)]
struct Program {
    #[command(flatten)]
    _chassis: ChassisConfig,
    #[command(flatten)]
    _cache: CacheConfig,
}

#[derive(Debug, Parser)]
struct Front {
    #[command(flatten)]
    _front: WebFrontConfig,
}

/// Checks that a parsed value, printed and parsed again, stays the same.
fn reads_back<T: FromStr + Display + PartialEq + std::fmt::Debug>(text: &str) {
    if let Ok(read) = text.parse::<T>() {
        let written = read.to_string();
        let again = written.parse::<T>();
        assert!(again.is_ok_and(|again| again == read), "{text:?} is {read:?}, written {written:?}");
    }
}

#[test]
fn environment() {
    let honest = [
        "GLYPHFALL_BIND=127.0.0.1:8080\nGLYPHFALL_LEVEL=traces\nGLYPHFALL_REPAIR=invalid-rendering,missing-health-check\nGLYPHFALL_SEED=7",
        "GLYPHFALL_CONTENT_STORE=[::1]:8082\nGLYPHFALL_FILL_PERMITS=64\nGLYPHFALL_TIME_TO_LIVE_S=6\nGLYPHFALL_NOTIFICATION_TOKEN=a-token",
        "GLYPHFALL_BASE_PATH=/shop/\nGLYPHFALL_FRAGMENT_TIMEOUT_MS=500\nGLYPHFALL_CHECKOUT_NOTES=checkout-notes",
        "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318\nOTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf\nOTEL_EXPORTER_OTLP_HEADERS=a=b,c=d%20e",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://collector:4317/x\nOTEL_EXPORTER_OTLP_COMPRESSION=gzip\nOTEL_EXPORTER_OTLP_TIMEOUT=250",
        "OTEL_SERVICE_NAME=cache\nOTEL_RESOURCE_ATTRIBUTES=a=b,deployment.environment.name=x%2Cy\nOTEL_SDK_DISABLED=false",
        "OTEL_METRIC_EXPORT_INTERVAL=1000\nOTEL_PROPAGATORS=tracecontext,baggage\nOTEL_LOGS_EXPORTER=none",
        "GLYPHFALL_ALLOWED_HOSTS=shop.example,*.local",
    ];
    let honest = honest.map(|lines| lines.as_bytes().to_vec());
    target!("environment", &honest, |input| {
        let variables = input.split(|byte| *byte == b'\n').filter_map(|line| {
            use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
            let place = line.iter().position(|byte| *byte == b'=')?;
            let part = |bytes| OsStr::from_bytes(bytes).to_owned();
            Some((part(&line[..place]), part(&line[place + 1..])))
        });
        let environment: Environment = variables.collect();
        let wrong = |why: String| assert!(!why.trim().is_empty());
        if let Err(error) = environment.try_parse_from::<Program>(["program".into()]) {
            wrong(error.to_string());
        }
        if let Err(error) = environment.try_parse_from::<Front>(["program".into()]) {
            wrong(error.to_string());
        }
        let exporter = Exporter::from_environment(&environment).err().map(|error| error.to_string());
        let settings = Settings::of_process(&environment, Hosts::default(), 1).err();
        for error in exporter.into_iter().chain(settings.map(|error| error.to_string())) {
            wrong(error);
        }
    });
}

#[test]
fn words() {
    let honest = [
        "shop.example:8080",
        "[2001:db8::1]:443",
        "a-token-of-a-certain-length",
        "promo-banner",
        "18446744073709551615",
        "traces",
        "08:59",
        "2026-03-02T08:00:00.25Z",
        "-5m",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "0af7651916cd43dd8448eb211c80319c",
        "W/\"1\", \"2\" , *",
    ];
    let honest = honest.map(|word| word.as_bytes().to_vec());
    target!("words", &honest, |input| {
        let value = HeaderValue::from_bytes(input).ok();
        for name in ["if-match", "if-none-match", "traceparent", "authorization"] {
            let Some(value) = value.clone() else { break };
            let headers: HeaderMap = [(HeaderName::from_static(name), value)].into_iter().collect();
            let conditions = Conditions::of(&headers);
            conditions.allow(Some(Version(1)));
            let refused: [Option<Problem>; 2] =
                [conditions.answer(Version(2)).err(), Conditions::of_change(&headers).err()];
            assert!(refused.iter().flatten().all(|problem| problem.status().is_client_error()));
            TraceContext::of(&headers);
        }
        let Ok(text) = str::from_utf8(input) else { return };
        reads_back::<AssetId>(text);
        reads_back::<Version>(text);
        reads_back::<Level>(text);
        reads_back::<TimeOfDay>(text);
        reads_back::<UnixTime>(text);
        reads_back::<TraceId>(text);
        reads_back::<SpanId>(text);
        if let Ok(authority) = address::host_and_port(text) {
            assert_eq!(address::host_and_port(authority.as_str()).unwrap(), authority);
            assert!(authority.port_u16().is_some(), "{authority}");
        }
        for token in [token::usable(text), token::strong(text)].into_iter().flatten() {
            assert!(HeaderValue::from_str(&format!("Bearer {token}")).is_ok(), "{token:?} cannot be sent");
        }
        let shown = chassis::plain(text);
        assert!(
            !shown.chars().any(|character| character.is_control() && character != '\n' && character != '\t'),
            "{shown:?}"
        );
    });
}
