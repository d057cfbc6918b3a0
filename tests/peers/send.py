"""Sends spans, logs and a metric with OpenTelemetry's own exporters: send.py grpc|http ENDPOINT COUNT."""

import logging
import sys

from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

protocol, endpoint, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
if protocol == "grpc":
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    options = {"insecure": True}
    paths = ["", "", ""]
else:
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    options = {}
    paths = ["/v1/traces", "/v1/logs", "/v1/metrics"]

resource = Resource.create({"service.name": f"peer-{protocol}"})
spans = TracerProvider(resource=resource)
spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint + paths[0], **options)))
logs = LoggerProvider(resource=resource)
logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(endpoint=endpoint + paths[1], **options)))
reader = PeriodicExportingMetricReader(OTLPMetricExporter(endpoint=endpoint + paths[2], **options))
metrics = MeterProvider(resource=resource, metric_readers=[reader])

log = logging.getLogger("peer")
log.setLevel(logging.INFO)
log.addHandler(LoggingHandler(logger_provider=logs))
tracer = spans.get_tracer("peer")
counter = metrics.get_meter("peer").create_counter("peer.things", unit="{thing}")
for number in range(count):
    with tracer.start_as_current_span("thing", attributes={"number": number}):
        log.info("a thing happened")
        counter.add(1)
for provider in (spans, logs, metrics):
    provider.shutdown()
