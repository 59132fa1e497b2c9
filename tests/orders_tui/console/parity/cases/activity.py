"""Activity: its parts, and stopping, going on with and undoing a bulk change."""

from __future__ import annotations

from engine.actors import Actor
from engine.database.connection import Database
from engine.orders.bulk.requests import BulkKind, BulkRequest
from engine.words import ChangeSource, OrderStatus, WorkflowState
from orders_tui.services import Services
from tests.factories import Factory
from tests.orders_tui.console.parity.case import Case, Command, Scene


async def half_a_bulk_change(factory: Factory) -> None:
    """An order was refused another status; two were to get a tag, of which one has it and the other is left to a program."""
    done, left = await factory.order(number="ORD-0"), await factory.order(number="ORD-1")
    gone = await factory.order(number="ORD-GONE", status=OrderStatus.SHIPPED, state=WorkflowState.SHIPPED)
    services = Services(factory.database, Actor("mira", ChangeSource.USER))
    await services.change_status([gone], OrderStatus.PENDING, reason="typo")
    report = await services.bulk.run(BulkRequest(BulkKind.TAG, {"tags": ["gift"]}, "season"), [done])
    await services.close()
    pool = factory.database.pool
    await pool.execute(
        "INSERT INTO batch_parts (batch_id, first, order_ids) VALUES ($1, 1, ARRAY[$2::uuid])", report.batch_id, left
    )
    await pool.execute(
        "UPDATE batches SET total = 2, finished_at = NULL, progressed_at = now() + interval '1 hour' WHERE id = $1",
        report.batch_id,
    )


def _of_the_batch(*words: str) -> Command:
    async def command(database: Database) -> list[str]:
        return [*words, str(await database.pool.fetchval("SELECT id FROM batches WHERE kind = 'tag'"))]

    return command


SCENES = (
    Scene(
        "bulk changes",
        (
            Case("go.activity", ("f9",), ("audit", "list"), shows="Nothing was changed from this console"),
            Case("activity.next", ("f9", "right"), shows="order ORD-0"),
            Case("activity.open", ("f9", "enter"), shows="Timeline"),
            Case("activity.filter", ("f9", "slash", "type:who:mira", "enter"), shows="who:mira"),
            Case("activity.back", ("f9", "escape"), shows="people only"),
            Case("activity.copy", ("f9", "right", "y"), shows="orders-tui batch show"),
            Case("activity.stop", ("f9", "x"), _of_the_batch("batch", "stop"), shows="stopped"),
            Case("activity.continue", ("f9", "c"), _of_the_batch("batch", "continue"), shows="finished"),
            Case("activity.undo", ("f9", "u", "enter"), _of_the_batch("orders", "undo"), shows="undo"),
            Case("activity.previous", ("f9", "left"), shows="order: undone"),
            Case("activity.refused", ("f9", "right", "down", "down", "r"), shows="ORD-GONE"),
        ),
        half_a_bulk_change,
    ),
)
