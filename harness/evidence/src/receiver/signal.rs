//! The three signals of OTLP as one trait, so that each receiver is written once.

use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use serde::Serialize;

use super::RequestError;
use super::decode::Decoded;
use super::schema::{LOGS, METRICS, Message, TRACES};
use crate::Evidence;
use crate::refusals::{Taken, Unread};

/// An export request of one signal.
pub(crate) trait Signal: prost::Message + Default + 'static {
    /// The response.
    type Answer: prost::Message + Default + Serialize + 'static;
    /// Its path over HTTP.
    const PATH: &'static str;
    /// Its path over gRPC.
    const CALL: &'static str;
    const SCHEMA: &'static Message;

    /// Ingests the readable records, and counts the unreadable ones.
    fn take(&self, unread: &Unread, evidence: &Evidence) -> Taken;

    /// The response, which reports refusals and warnings. Without any, it is empty.
    fn answer(taken: Taken) -> Self::Answer;
}

/// Ingests the readable records. Fails if something was unreadable and no record was readable.
pub(super) fn take<S: Signal>(decoded: &Decoded<S>, evidence: &Evidence) -> Result<Taken, RequestError> {
    let taken = decoded.message.take(&decoded.unread, evidence);
    if decoded.unread.is_everything() {
        Err(RequestError::Malformed(decoded.unread.words()))
    } else {
        Ok(taken)
    }
}

macro_rules! signal {
    (
        $request:ty, $answer:ident, $partial:ident, $rejected:ident,
        $take:ident, $schema:ident, $path:literal, $call:literal
    ) => {
        impl Signal for $request {
            type Answer = $answer;
            const PATH: &'static str = $path;
            const CALL: &'static str = $call;
            const SCHEMA: &'static Message = &$schema;

            fn take(&self, unread: &Unread, evidence: &Evidence) -> Taken {
                evidence.$take(self, unread)
            }

            fn answer(taken: Taken) -> $answer {
                let partial_success = (!taken.reasons.is_empty()).then(|| $partial {
                    $rejected: i64::try_from(taken.refused).unwrap_or(i64::MAX),
                    error_message: taken.reasons,
                });
                $answer { partial_success }
            }
        }
    };
}

signal!(
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
    ExportLogsPartialSuccess,
    rejected_log_records,
    receive_logs,
    LOGS,
    "/v1/logs",
    "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
);
signal!(
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
    ExportMetricsPartialSuccess,
    rejected_data_points,
    receive_metrics,
    METRICS,
    "/v1/metrics",
    "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
);
signal!(
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
    ExportTracePartialSuccess,
    rejected_spans,
    receive_traces,
    TRACES,
    "/v1/traces",
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
);
