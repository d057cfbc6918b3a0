//! The three signals of OTLP as one trait, so that both receivers are written once.

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
use serde::de::DeserializeOwned;

use super::decode::{LOGS, METRICS, Shape, TRACES};
use crate::Evidence;
use crate::usage::Taken;

/// A request that brings one signal.
pub(crate) trait Signal: prost::Message + Default + DeserializeOwned + 'static {
    /// What it is answered with.
    type Answer: prost::Message + Default + Serialize + 'static;
    /// Its path over HTTP.
    const PATH: &'static str;
    /// Its path over gRPC.
    const CALL: &'static str;
    /// What it unfolds to.
    const SHAPE: &'static Shape;

    fn take(&self, evidence: &Evidence) -> Taken;

    /// Says what was refused; if nothing was, the answer says nothing at all.
    fn answer(taken: Taken) -> Self::Answer;
}

macro_rules! signal {
    (
        $request:ty, $answer:ident, $partial:ident, $rejected:ident,
        $take:ident, $shape:ident, $path:literal, $call:literal
    ) => {
        impl Signal for $request {
            type Answer = $answer;
            const PATH: &'static str = $path;
            const CALL: &'static str = $call;
            const SHAPE: &'static Shape = &$shape;

            fn take(&self, evidence: &Evidence) -> Taken {
                evidence.$take(self)
            }

            fn answer(taken: Taken) -> $answer {
                let partial_success = (taken.refused > 0).then(|| $partial {
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
    take_logs,
    LOGS,
    "/v1/logs",
    "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
);
signal!(
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
    ExportMetricsPartialSuccess,
    rejected_data_points,
    take_metrics,
    METRICS,
    "/v1/metrics",
    "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
);
signal!(
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
    ExportTracePartialSuccess,
    rejected_spans,
    take_traces,
    TRACES,
    "/v1/traces",
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
);
