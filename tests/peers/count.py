"""Counts the records of OTLP messages with Python's own reader: a line for each message in, a line for each out.

In: {"signal": "logs", "encoding": "json" or "protobuf", "body": hexadecimal}. Out: {"sent": records, "bad": those that
cannot be read by themselves or because of what holds them}, or {"sent": null} for protobuf that cannot be read as a whole.
"""

import base64
import json
import re
import sys

from google.protobuf import json_format, message_factory
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

REQUESTS = {
    "logs": logs_service_pb2.ExportLogsServiceRequest,
    "metrics": metrics_service_pb2.ExportMetricsServiceRequest,
    "traces": trace_service_pb2.ExportTraceServiceRequest,
}
RECORDS = {
    "LogRecord",
    "Span",
    "NumberDataPoint",
    "HistogramDataPoint",
    "ExponentialHistogramDataPoint",
    "SummaryDataPoint",
}
HOLDERS = {
    "ResourceLogs",
    "ScopeLogs",
    "ResourceSpans",
    "ScopeSpans",
    "ResourceMetrics",
    "ScopeMetrics",
    "Metric",
    "Gauge",
    "Sum",
    "Histogram",
    "ExponentialHistogram",
    "Summary",
}
IDS = {"traceId", "spanId", "parentSpanId"}


class Wrong(Exception):
    """A value that protobuf's or OTLP's JSON does not have."""


def as_protobuf_has_it(value, kind):
    """OTLP's own rules, and those that Python's reader lets pass: ids are hexadecimal, enums numbers, messages objects."""
    if not isinstance(value, dict):
        raise Wrong
    out = {}
    for name, inner in value.items():
        field = kind.fields_by_camelcase_name.get(name)
        if field is None or inner is None:
            continue
        many = field.is_repeated
        if many and not isinstance(inner, list):
            raise Wrong
        each = inner if many else [inner]
        if field.message_type:
            each = [as_protobuf_has_it(one, field.message_type) for one in each]
        elif name in IDS:
            if not isinstance(inner, str) or not re.fullmatch("([0-9a-fA-F]{2})*", inner):
                raise Wrong
            each = [base64.b64encode(bytes.fromhex(inner)).decode()]
        elif name == "bytesValue":
            if not isinstance(inner, str) or not re.fullmatch("[A-Za-z0-9+/_-]*={0,2}", inner):
                raise Wrong
        elif field.enum_type and not re.fullmatch("-?[0-9]+([.]0)?", str(inner)):
            raise Wrong
        out[name] = each if many else each[0]
    return out


def is_good(value, kind):
    try:
        message = message_factory.GetMessageClass(kind)()
        json_format.ParseDict(as_protobuf_has_it(value, kind), message, ignore_unknown_fields=True)
        return True
    except (Wrong, json_format.ParseError):
        return False


def count_json(value, kind):
    sent, bad, own = 0, 0, {}
    for name, inner in value.items():
        field = kind.fields_by_camelcase_name.get(name)
        held = field and field.message_type and field.message_type.name
        if held not in RECORDS | HOLDERS:
            own[name] = inner
            continue
        each = inner if field.is_repeated else [inner]
        for one in each if isinstance(each, list) else []:
            if held in RECORDS:
                sent, bad = sent + 1, bad + (not is_good(one, field.message_type))
            elif isinstance(one, dict):
                more = count_json(one, field.message_type)
                sent, bad = sent + more[0], bad + more[1]
    return sent, bad if is_good(own, kind) else sent


def count_protobuf(message):
    sent = 0
    for field, value in message.ListFields():
        held = field.message_type and field.message_type.name
        each = value if field.is_repeated else [value]
        if held in RECORDS:
            sent += len(each)
        elif held in HOLDERS:
            sent += sum(count_protobuf(one) for one in each)
    return sent


for line in sys.stdin:
    case = json.loads(line)
    request, body = REQUESTS[case["signal"]], bytes.fromhex(case["body"])
    if case["encoding"] == "json":
        sent, bad = count_json(json.loads(body), request.DESCRIPTOR)
    else:
        try:
            sent, bad = count_protobuf(request.FromString(body)), 0
        except DecodeError:
            sent, bad = None, None
    print(json.dumps({"sent": sent, "bad": bad}))
