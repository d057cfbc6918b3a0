//! Log lines for a console, by telemetry level. Teaches how much the same line tells with and without its fields.
//!
//! Services log once: a generic message, and everything specific as fields. The level is read at the sink, so turning
//! it changes what leaves a service and never what the service does.

use std::{io::Write, sync::Arc};

use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value as Recorded};
use parking_lot::Mutex;
use serde_json::{Map, Value};
use tracing::{Dispatch, Event, Level as Severity, Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
    registry,
};

use crate::{
    clock::Clock,
    faults::Switches,
    plain::plain,
    telemetry::{
        Telemetry,
        layer::{Fields, RecordsLayer},
        levels::{self, Kind},
    },
};

#[derive(Clone, Default)]
pub struct Logs {
    sink: Option<Arc<Mutex<dyn Write + Send>>>,
}

impl Logs {
    pub fn off() -> Self {
        Self::default()
    }

    pub fn to(sink: impl Write + Send + 'static) -> Self {
        Self { sink: Some(Arc::new(Mutex::new(sink))) }
    }

    /// The dispatcher that all tasks of one service report to: lines for a console, records for `telemetry`.
    pub fn dispatch(
        &self,
        service: &'static str,
        switches: Switches,
        clock: Clock,
        telemetry: &Telemetry,
    ) -> Dispatch {
        if self.sink.is_none() && !telemetry.is_on() {
            return Dispatch::none();
        }
        let sink = self.sink.clone();
        let lines = sink.map(|sink| Lines { service, switches, clock, sink });
        let records = telemetry.is_on().then(|| RecordsLayer::new(telemetry.clone()));
        Dispatch::new(registry().with(LevelFilter::INFO).with(lines).with(records))
    }
}

struct Lines {
    service: &'static str,
    switches: Switches,
    clock: Clock,
    sink: Arc<Mutex<dyn Write + Send>>,
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::with_capacity(event.metadata().fields().len(), true);
        event.record(&mut fields);
        let line = self.line(*event.metadata().level(), event.metadata().target(), fields);
        // A log that cannot be written must not harm the service that writes it.
        let _ = self.sink.lock().write_all(line.as_bytes());
    }
}

impl Lines {
    fn line(&self, severity: Severity, target: &str, fields: Fields) -> String {
        let since_epoch = self.clock.wall().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let time_s = since_epoch.as_millis() as f64 / 1_000.0;
        let (service, message) = (self.service, fields.message.unwrap_or_default());
        if !levels::leaves(self.switches.level(), Kind::LogDetail) {
            return format!("{time_s:.3} {severity:>5} {service}: {}\n", plain(&message));
        }
        let mut line = Map::new();
        line.insert("time_unix_s".into(), time_s.into());
        line.insert("severity".into(), severity.as_str().into());
        line.insert("service.name".into(), service.into());
        line.insert("target".into(), target.into());
        line.insert("body".into(), message.into());
        line.extend(fields.event_name.map(|name| ("event.name".into(), name.into())));
        line.extend(fields.attributes.into_iter().map(|KeyValue { key, value, .. }| (key, json(value))));
        format!("{}\n", plain(&Value::Object(line).to_string()))
    }
}

/// A value of one of the kinds that fields have.
fn json(value: Option<AnyValue>) -> Value {
    match value.and_then(|value| value.value) {
        Some(Recorded::StringValue(text)) => text.into(),
        Some(Recorded::IntValue(integer)) => integer.into(),
        Some(Recorded::DoubleValue(double)) => double.into(),
        Some(Recorded::BoolValue(bool)) => bool.into(),
        _ => Value::Null,
    }
}

/// An error and everything that led to it, outermost first.
pub fn cause_chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
