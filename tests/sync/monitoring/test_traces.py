"""Traces reach a collector as spans of kinds, codes and counts; without a collector nothing is loaded."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from engine.database.connection import Database
from engine.errors import Retryable
from engine.identifiers import new_id
from engine.words import EffectKind
from sync.delivery import Deliveries, DeliverySettings
from sync.monitoring.traces import NO_TRACES, open_traces
from sync.resilience import Guard, GuardSettings
from sync.waking import Bell
from tests.sync.connected import beating
from tests.sync.http.calling import listening
from tests.sync.outside import Gates

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Collector:
    """An OTLP collector on this machine."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, ExportTraceServiceRequest]] = []
        told = self.requests

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                told.append((self.headers.get("authorization", ""), ExportTraceServiceRequest.FromString(body)))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1/traces"

    def spans(self) -> dict[str, Any]:
        return {
            span.name: span
            for _, request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        }


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    thread = threading.Thread(target=collector.server.serve_forever, daemon=True)
    thread.start()
    yield collector
    collector.server.shutdown()
    collector.server.server_close()
    thread.join()


def attributes(span: Any) -> dict[str, object]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in span.attributes}


async def test_requests_calls_messages_and_batches_are_spans_of_kinds_and_codes(
    store: Database, collector: Collector
) -> None:
    traces = open_traces(collector.url, share=1.0, token="collect-me", about={"service_version": "1.2.3"})
    async with listening(store, traces=traces) as called:
        asked = f"{called.url}/nowhere/ines.falk@post.example?access_token=ROW_pQ7xZk3mN9vB2cL5"
        assert (await called.http.get(asked, headers={"traceparent": CALLER})).status_code == 404
        assert await called.tiktok(b"{}", "forged") == 401

    guard = Guard("carrier", GuardSettings(calls_per_second=0), Gates(), traces=traces)

    async def refused() -> None:
        raise Retryable("carrier.no_answer", "EasyPost gave no answer about ines.falk@post.example.")

    with suppress(Retryable):
        await guard.write(refused)

    async def broken(*_: object) -> None:
        raise KeyError("Ines Falk")

    await store.pool.execute(
        "INSERT INTO effects (id, key, kind, dependency) VALUES ($1, 'notice:x', 'notice', 'notices')", new_id()
    )
    deliveries = Deliveries(
        store, await beating(store), {EffectKind.NOTICE: broken}, DeliverySettings(), Bell(), traces=traces
    )
    assert await deliveries.run_once(EffectKind.NOTICE) == 1
    traces.past("workflow batch", 0.25, workflow_orders=40)
    await asyncio.to_thread(traces.close)

    spans = collector.spans()
    assert set(spans) == {"GET none", "POST /webhooks/tiktok", "carrier", "deliver notice", "workflow batch"}
    asked_for = spans["GET none"]
    assert (asked_for.trace_id.hex(), asked_for.parent_span_id.hex()) == tuple(CALLER.split("-")[1:3])
    assert attributes(asked_for) == {
        "http.request.method": "GET",
        "http.route": "none",
        "http.response.status_code": 404,
    }
    assert attributes(spans["carrier"]) == {"peer.service": "carrier", "error.type": "carrier.no_answer"}
    assert attributes(spans["deliver notice"]) == {
        "effect.kind": "notice",
        "effect.claims": 1,
        "error.type": "KeyError",
    }
    batch = spans["workflow batch"]
    assert batch.end_time_unix_nano - batch.start_time_unix_nano == 250_000_000
    assert attributes(batch) == {"workflow.orders": 40}
    assert {authorization for authorization, _ in collector.requests} == {"Bearer collect-me"}
    sent = "".join(str(request) for _, request in collector.requests)
    assert "service.version" in sent
    assert not [word for word in ("Ines", "ines", "ROW_", "collect-me", "127.0.0.1") if word in sent]


async def test_a_collector_that_is_away_costs_the_work_nothing(store: Database, collector: Collector) -> None:
    collector.server.server_close()
    traces = open_traces(collector.url, share=1.0, token="", about={})
    async with listening(store, traces=traces) as called:
        assert await called.tiktok(b"{}", "forged") == 401
    await asyncio.to_thread(traces.close)
    assert collector.requests == []


def test_without_a_collector_nothing_is_loaded() -> None:
    assert open_traces("", share=1.0, token="", about={}) is NO_TRACES
    program = "import sys, sync.daemon; print([name for name in sys.modules if name.startswith('opentelemetry')])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
