"""How orders flow: created a minute and an hour, the pace of each step, how long the work takes, how often it goes wrong."""

from __future__ import annotations

from textual.content import Content

from engine.orders.views import OrderFilter, Pile
from engine.words import WorkflowState
from orders_tui.drawing import condensed, spark
from orders_tui.overview.figure import LABEL, Figure
from orders_tui.services.glance import Movement, Results

_WORDS = 27
"""Cells kept for the words after a sparkline."""


def flow_figures(moves: Movement, results: Results | None, width: int) -> list[Figure]:
    """The panel's lines."""
    room = max(8, width - LABEL - _WORDS)
    minutes = [span.created for span in moves.hour]
    hours = [span.created for span in moves.day]
    begins = moves.day[0].at if moves.day else None
    lines = [
        Figure(
            "hour",
            _spark("last hour", condensed(minutes, room), f"{minutes[-1]:,} this minute, most {max(minutes):,}"),
            OrderFilter(ordered_from=moves.hour[0].at),
            "ordered within an hour",
        ),
        Figure(
            "day",
            _spark("last day", condensed(hours, room), f"{hours[-1]:,} this hour, most {max(hours):,}"),
            OrderFilter(ordered_from=begins),
            "ordered within a day",
        ),
        Figure("pace", _pace(moves)),
    ]
    if results is not None:
        lines.append(Figure("latency", _latency(results)))
    created, failed = sum(hours), sum(span.failed for span in moves.day)
    rate = f"{failed / created:.1%}" if created else "none"
    words = f"{failed:,} failed of {created:,} created in a day"
    style = "bold $text-error" if failed else ""
    lines.append(
        Figure(
            "errors",
            Content.assemble((f"{'error rate':<{LABEL}}{rate}", style), (f"  {words}", "$text-muted")),
            OrderFilter(pile=Pile.FAILED),
            "failed",
        )
    )
    return lines


def _spark(label: str, values: list[int], words: str) -> Content:
    return Content.assemble(f"{label:<{LABEL}}", (spark(values), "$text-accent"), f"  {words}")


def _pace(moves: Movement) -> Content:
    steps = moves.steps_a_minute
    told = (
        ("created", WorkflowState.NEW),
        ("validated", WorkflowState.VALIDATED),
        ("shipped", WorkflowState.SHIPPED),
        ("completed", WorkflowState.COMPLETED),
    )
    words = " · ".join(f"{word} {steps[state]:,}" for word, state in told)
    return Content.assemble(f"{'a minute':<{LABEL}}", words)


def _latency(results: Results) -> Content:
    took = results.latency
    if took.median_seconds is None or took.p95_seconds is None:
        return Content.assemble(f"{'latency':<{LABEL}}", ("no order became ready within a day", "$text-muted"))
    words = f"p50 {seconds(took.median_seconds)} · p95 {seconds(took.p95_seconds)}"
    return Content.assemble(
        f"{'latency':<{LABEL}}", words, (f"  of our own work, newest {took.orders:,}", "$text-muted")
    )


def seconds(length: float) -> str:
    """A length of time as briefly as its size allows: `80 ms`, `1.4 s`, `3 min`."""
    if length < 1:
        return f"{length * 1000:.0f} ms"
    return f"{length:.1f} s" if length < 120 else f"{length / 60:.0f} min"
