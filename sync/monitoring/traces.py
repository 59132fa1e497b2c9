"""Traces, where somebody wants them: spans around requests, calls to the outside, messages and batches. Without them nothing is loaded.

A span says what kind of thing was done, how long it took and how it ended: routes, kinds, codes and counts. Addresses that were asked for,
bodies, names and what exceptions say are never in one, and nothing of a trace is sent to the other side.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Final, Literal, Protocol, Self

from engine.errors import Misconfigured

SpanKind = Literal["server", "client", "internal"]
Value = str | int | float | bool


class Span(Protocol):
    """One span while it is open."""

    def name(self, name: str) -> None: ...

    def tell(self, **attributes: Value) -> None:
        """More about it, in the words of OpenTelemetry's conventions with `_` for the dots."""

    def failed(self, kind: str) -> None: ...


class Traces(Protocol):
    """Where spans go."""

    def span(
        self, name: str, kind: SpanKind = "internal", *, parent: str = "", **attributes: Value
    ) -> AbstractContextManager[Span]:
        """A span around what is done inside; `parent` is a caller's `traceparent`. What is raised inside marks it as failed."""

    def past(self, name: str, seconds: float, **attributes: Value) -> None:
        """A span that has just ended, of so long."""

    def close(self) -> None:
        """Send what is left; may block for seconds."""


class _NoSpan:
    def name(self, name: str) -> None: ...

    def tell(self, **attributes: Value) -> None: ...

    def failed(self, kind: str) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None: ...


_NO_SPAN: Final = _NoSpan()


class NoTraces:
    """Nobody wants any."""

    def span(
        self, name: str, kind: SpanKind = "internal", *, parent: str = "", **attributes: Value
    ) -> AbstractContextManager[Span]:
        return _NO_SPAN

    def past(self, name: str, seconds: float, **attributes: Value) -> None: ...

    def close(self) -> None: ...


NO_TRACES: Final = NoTraces()


def open_traces(url: str, *, share: float, token: str, about: dict[str, str]) -> Traces:
    """Spans to this collector, or none without an address. Raises Misconfigured where the libraries for it are missing."""
    if not url:
        return NO_TRACES
    try:
        from sync.monitoring.otlp import OtlpTraces
    except ImportError as error:
        raise Misconfigured(
            "telemetry.not_installed",
            "telemetry.traces_url is set, and what sends traces is not installed: pip install 'orders-tui[telemetry]'.",
        ) from error
    return OtlpTraces(url, share=share, token=token, about=about)
