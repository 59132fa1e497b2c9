"""Bulk changes of everybody: how far they are, what was refused, whether they can be taken back."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from engine.identifiers import BatchId
from engine.orders.bulk.requests import BatchState, BatchView
from engine.orders.plain_text import plain
from orders_tui.formatting import fit, moment
from orders_tui.panes.summary import labelled
from orders_tui.part import Part
from orders_tui.state import Session, Viewer

SHOWN = 100
"""The latest so many are listed."""

REFUSALS_SHOWN = 50


class BulkPart(Part):
    """The latest bulk changes; one's refusals are read when it is under the cursor."""

    title = "bulk changes"
    heading = f"{'when':<14}{'what':<10}{'who':<14}{'orders':>8}{'refused':>9}   how it stands"
    empty = "No bulk change was made yet: mark orders in the table (F3, then space) and change them together."

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.batches: dict[str, BatchView] = {}

    async def read(self) -> None:
        found = await self.session.services.bulk.batches(limit=SHOWN)
        self.batches = {str(batch.batch_id): batch for batch in found}

    def lines(self, viewer: Viewer) -> Sequence[tuple[str, Content]]:
        return [(line_id, _line(batch, viewer)) for line_id, batch in self.batches.items()]

    async def detail(self, line_id: str, viewer: Viewer) -> Content:
        if line_id not in self.batches:
            return Content("")
        batch = await self.whole(line_id)
        facts = [
            ("asked", plain(", ".join(f"{name} {value}" for name, value in batch.request.items() if value))),
            ("orders", f"{batch.changed:,} changed, {batch.unchanged:,} as asked already, {batch.failed:,} refused"),
            ("undo", _undo_words(batch)),
            ("undoes", str(batch.undoes or "")),
            *(
                ("refused", f"{plain(e.order_number or e.order_id)}  {plain(e.error)}")
                for e in batch.errors[:REFUSALS_SHOWN]
            ),
        ]
        if len(batch.errors) > REFUSALS_SHOWN:
            facts.append(("", f"… and {len(batch.errors) - REFUSALS_SHOWN:,} more"))
        return labelled(facts)

    async def whole(self, line_id: str) -> BatchView:
        """The bulk change with all its refusals."""
        return await self.session.services.bulk.batch(BatchId(self.batches[line_id].batch_id))

    def refused(self, line_id: str) -> int:
        """How many orders it refused."""
        batch = self.batches.get(line_id)
        return batch.failed if batch else 0

    def command(self, line_id: str) -> str:
        return f"orders-tui batch show {line_id}" if line_id in self.batches else ""

    def bulk_state(self, line_id: str) -> str:
        batch = self.batches.get(line_id)
        return batch.state if batch else ""


def _line(batch: BatchView, viewer: Viewer) -> Content:
    refused = (f"{batch.failed:>9,}", "bold $text-error" if batch.failed else "$text-muted")
    return Content.assemble(
        f"{moment(batch.created_at, viewer):<14}",
        (f"{batch.kind:<10}", "bold"),
        f"{fit(batch.actor, 13)} {batch.total:>8,}",
        refused,
        f"   {standing(batch)}",
    )


def standing(batch: BatchView) -> str:
    """How a bulk change stands, in words."""
    if batch.state is BatchState.FINISHED:
        return f"finished, {batch.undoable:,} can be put back" if batch.undoable else "finished"
    share = f"{100 * batch.processed // max(1, batch.total)}%, {batch.processed:,} done"
    return f"{batch.state}, {share}"


def _undo_words(batch: BatchView) -> str:
    if batch.undoable:
        return f"{batch.undoable:,} orders can be put back to what they were: u"
    return "nothing of it can be put back any more" if batch.state is BatchState.FINISHED else ""
