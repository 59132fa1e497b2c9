"""Bulk changes as lines of text and as JSON, for people and for scripts."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

from engine.errors import Misconfigured
from engine.identifiers import BatchId
from engine.orders.bulk.requests import BatchState, BatchView, BulkPreview
from engine.orders.views import BatchReport
from orders_tui.cli.exits import Exit
from orders_tui.cli.output import emit, emit_json, narrate


def batch_named(text: str) -> BatchId:
    """The batch a person typed. Raises Misconfigured for what is no id."""
    try:
        return BatchId(UUID(text))
    except ValueError:
        raise Misconfigured("usage.batch", f"{text!r} is no batch: `orders-tui batch list` shows their ids.") from None


def tell_preview(shown: BulkPreview, *, json: bool) -> Exit:
    """Print what would happen; answers the exit code."""
    if json:
        emit_json(dataclasses.asdict(shown) | {"moves": [{"change": each, "orders": n} for each, n in shown.moves]})
    else:
        for change, orders in shown.moves:
            emit(f"{orders:>7,}  {change}")
        if shown.unchanged:
            emit(f"{shown.unchanged:>7,}  as asked already")
        for refusal in shown.refusals:
            emit(f"{refusal.orders:>7,}  refused ({refusal.code}): {refusal.example}")
        narrate(f"{shown.total:,} orders looked at; nothing was changed.")
    return Exit.REFUSED if shown.refused else Exit.OK


def tell_report(report: BatchReport, *, json: bool) -> Exit:
    """Print how it ended; answers the exit code."""
    if json:
        emit_json(report)
    else:
        for outcome in report.errors:
            emit(f"{outcome.order_number or outcome.order_id}  refused: {outcome.sentence}")
        narrate(
            f"{report.changed:,} changed, {report.unchanged:,} as asked already, {report.failed:,} refused."
            f" Batch {report.batch_id}."
        )
        if not report.finished:
            narrate(f"It is not finished: `orders-tui batch continue {report.batch_id}` goes on with it.")
    return Exit.REFUSED if report.failed or not report.finished else Exit.OK


def batch_line(batch: BatchView) -> str:
    """One batch in columns that line up."""
    undo = f"  {batch.undoable:,} can be undone" if batch.undoable else ""
    return (
        f"{batch.batch_id}  {_minute(batch.created_at)}  {batch.kind:<8} {batch.state:<11} {batch.processed:>7,} of"
        f" {batch.total:>7,}  {batch.failed:>5,} refused  {batch.actor}{undo}"
    )


def batch_story(batch: BatchView) -> Iterator[str]:
    """One batch on as many lines as it takes."""
    yield f"Batch {batch.batch_id}: {batch.kind}, {batch.state}, by {batch.actor}"
    yield f"Begun      {_minute(batch.created_at)}"
    yield f"Asked      {', '.join(f'{name} {value}' for name, value in batch.request.items() if value)}"
    if batch.undoes:
        yield f"Undoes     {batch.undoes}"
    yield (
        f"Orders     {batch.processed:,} of {batch.total:,} done: {batch.changed:,} changed,"
        f" {batch.unchanged:,} as asked already, {batch.failed:,} refused"
    )
    if batch.undoable:
        yield f"Undo       {batch.undoable:,} can be put back: orders-tui orders undo {batch.batch_id}"
    if batch.state in {BatchState.STOPPED, BatchState.INTERRUPTED}:
        yield f"Go on      orders-tui batch continue {batch.batch_id}"
    for error in batch.errors:
        yield f"  {error.order_number or error.order_id}  {error.error}"


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"
