"""Previews, progress and reports of bulk changes as text, and what has to be typed before one begins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from textual.content import Content

from engine.identifiers import OrderId
from engine.orders.bulk.requests import BatchError, BatchView, BulkKind, BulkPreview
from engine.orders.changes import CHANGED_MEANWHILE
from engine.orders.plain_text import plain
from engine.orders.views import OrderRow
from orders_tui.formatting import what_changed

ASKED_AGAIN_ABOVE = 500
"""More orders than this are changed only when their number is typed."""

SHOWN = 200
"""How many refused orders are listed; the heading always counts all."""

_DONE: Mapping[BulkKind, str] = {
    BulkKind.STATUS: "changed",
    BulkKind.RETRY: "sent on",
    BulkKind.HOLD: "held",
    BulkKind.RELEASE: "released",
    BulkKind.TAG: "tagged",
    BulkKind.UNTAG: "untagged",
    BulkKind.ASSIGN: "handed over",
    BulkKind.PRIORITY: "prioritised",
    BulkKind.CANCEL: "cancelled",
    BulkKind.UNDO: "put back",
}


def changing(preview: BulkPreview) -> int:
    """How many orders would change."""
    return sum(orders for _, orders in preview.moves)


def preview_lines(preview: BulkPreview) -> Content:
    """How many go from where to where, how many stay, and how many are refused for which reason, with an example."""
    lines = [Content(f"{orders:>7,}  {plain(change)}") for change, orders in preview.moves]
    if preview.unchanged:
        lines.append(Content.styled(f"{preview.unchanged:>7,}  as asked already", "$text-muted"))
    if preview.refused:
        lines.append(Content.styled(f"{preview.refused:>7,}  refused:", "bold $text-error"))
        lines.extend(Content(f"{each.orders:>7,}  {plain(each.example)}") for each in preview.refusals)
    return Content("\n").join(lines)


def to_type(word: str, preview: BulkPreview) -> str:
    """What has to be typed before it begins: the number of many orders, the word of what has no way back, or nothing."""
    number = changing(preview)
    return str(number) if number > ASKED_AGAIN_ABOVE else word


def report_heading(batch: BatchView) -> str:
    """`12 held, 3 refused, 2 as asked already`."""
    already = f", {batch.unchanged:,} as asked already" if batch.unchanged else ""
    return f"{batch.changed:,} {_DONE[batch.kind]}, {batch.failed:,} refused{already}"


def done_sentence(batch: BatchView, what: str) -> str:
    """One sentence for a change that met nothing in its way."""
    way_back = "  u takes it back." if batch.undoable else ""
    return f"{what[:1].upper()}{what[1:]} {_DONE[batch.kind]}.{way_back}"


def report_lines(batch: BatchView, errors: Sequence[BatchError]) -> Content:
    """The end of a change: how many, what is left, and the refused by reason, then one by one."""
    lines = [Content.styled(report_heading(batch), "bold")]
    if left := batch.total - batch.processed:
        lines.append(
            Content(f"{left:,} of {batch.total:,} are left: c goes on, or orders-tui batch continue {batch.batch_id}")
        )
    reasons = Counter(error.code for error in batch.errors)
    if len(reasons) > 1:
        examples = {error.code: error.error for error in reversed(batch.errors)}
        lines.extend(
            Content.assemble((f"{orders:>7,}  ", "bold $text-error"), plain(examples[code]))
            for code, orders in reasons.most_common()
        )
        lines.append(Content(""))
    lines.extend(
        Content.assemble((plain(error.order_number), "bold $text-error"), f"  {plain(error.error)}") for error in errors
    )
    if len(batch.errors) > len(errors):
        lines.append(Content.styled(f"… and {len(batch.errors) - len(errors):,} more", "$text-muted"))
    return Content("\n").join(lines)


def stale_words(preview: BulkPreview, seen: OrderRow, present: OrderRow) -> BulkPreview:
    """The preview of one order, which says what changed since the person looked, where that stands in the way."""
    sentence = f"Changed since you looked: {what_changed(seen, present)}."
    return replace(
        preview,
        refusals=tuple(
            replace(each, example=f"{sentence} {each.example}") if each.code == CHANGED_MEANWHILE else each
            for each in preview.refusals
        ),
    )


def in_words(
    errors: Sequence[BatchError], seen: Mapping[OrderId, OrderRow], present: Mapping[str, OrderRow]
) -> list[BatchError]:
    """The refusals, those of stale rows saying what changed since the person looked."""
    rows = {str(order_id): row for order_id, row in seen.items()}
    spoken = []
    for error in errors:
        before, now = rows.get(error.order_id), present.get(error.order_id)
        if error.code == CHANGED_MEANWHILE and before is not None and now is not None:
            sentence = f"Changed since you looked: {what_changed(before, now)}. {error.error}"
            spoken.append(BatchError(error.order_id, error.order_number, error.code, sentence))
        else:
            spoken.append(error)
    return spoken
