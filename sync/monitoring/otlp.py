"""Traces sent as OTLP over HTTP by OpenTelemetry, which only this module knows; a thread of its own sends them in batches."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator, Mapping
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span as OtelSpan
from opentelemetry.trace import SpanKind as OtelKind
from opentelemetry.trace import StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from engine.errors import OrdersError
from sync.monitoring.traces import SpanKind, Value

_KINDS: Final[Mapping[SpanKind, OtelKind]] = {
    "server": OtelKind.SERVER,
    "client": OtelKind.CLIENT,
    "internal": OtelKind.INTERNAL,
}
_SEND_SECONDS = 5.0
_LAST_MILLISECONDS = 2_000


class OtlpTraces:
    """One process's spans."""

    def __init__(self, url: str, *, share: float, token: str, about: Mapping[str, str]) -> None:
        # A collector that is away is no news of ours: spans are dropped meanwhile, and the work goes on.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self._provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(share)),
            resource=Resource({"service.name": "orders-tui"} | {_dotted(name): each for name, each in about.items()}),
            shutdown_on_exit=False,
        )
        exporter = OTLPSpanExporter(endpoint=url, timeout=_SEND_SECONDS, headers=headers)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("orders-tui")
        self._propagator = TraceContextTextMapPropagator()

    @contextlib.contextmanager
    def span(self, name: str, kind: SpanKind = "internal", *, parent: str = "", **attributes: Value) -> Iterator[_Span]:
        """A span around what is done inside."""
        context = self._propagator.extract({"traceparent": parent}) if parent else None
        with self._tracer.start_as_current_span(
            name,
            context,
            _KINDS[kind],
            {_dotted(each): value for each, value in attributes.items()},
            record_exception=False,
            set_status_on_exception=False,
        ) as opened:
            span = _Span(opened)
            try:
                yield span
            except BaseException as error:
                # The kind alone: what it says may be about somebody.
                span.failed(error.code if isinstance(error, OrdersError) else type(error).__name__)
                raise

    def past(self, name: str, seconds: float, **attributes: Value) -> None:
        """A span that has just ended."""
        now = time.time_ns()
        told = {_dotted(each): value for each, value in attributes.items()}
        self._tracer.start_span(name, attributes=told, start_time=now - round(seconds * 1e9)).end(now)

    def close(self) -> None:
        """Send what is left, for two seconds at most."""
        self._provider.force_flush(_LAST_MILLISECONDS)
        self._provider.shutdown()


class _Span:
    def __init__(self, span: OtelSpan) -> None:
        self._span = span

    def name(self, name: str) -> None:
        self._span.update_name(name)

    def tell(self, **attributes: Value) -> None:
        self._span.set_attributes({_dotted(name): value for name, value in attributes.items()})

    def failed(self, kind: str) -> None:
        self._span.set_attribute("error.type", kind)
        self._span.set_status(StatusCode.ERROR)


def _dotted(name: str) -> str:
    """`http_response_status_code` as the conventions write it: the last words belong together."""
    return _NAMES.get(name, name.replace("_", ".", 1))


_NAMES: Final = {
    "http_request_method": "http.request.method",
    "http_response_status_code": "http.response.status_code",
    "service_instance_id": "service.instance.id",
}
