"""One order's pane: everything about it, opened, and its story in one line of time."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.errors import NotFound
from engine.identifiers import DEFAULT_CREATOR, OrderId, new_id
from engine.orders.detail import detail
from engine.orders.views import TimelineKind
from engine.privacy.cipher import MASK
from engine.words import ExecutionStatus, HoldReason, OrderStatus, WorkflowState
from tests.factories import BOWL, MUG, NOON, SOMEWHERE, Factory, insert, opened


async def test_the_whole_order_is_there(store: Database, factory: Factory) -> None:
    await factory.product(MUG)
    order_id = await factory.order(
        customer="Anna Lopez",
        lines=(MUG, BOWL),
        shipping_method="Standard",
        shipping_cost=Decimal("3.50"),
        state=WorkflowState.READY_TO_SHIP,
        status=OrderStatus.PROCESSING,
        waiting_for="handover",
    )
    package_id = await factory.package(order_id, "9400111")
    await store.pool.execute(
        "INSERT INTO effects (key, kind, dependency, order_id, package_id, state, attempt)"
        " VALUES ($1, 'buy_label', 'carrier', $2, $3, 'done', 1)",
        f"label:{package_id}:1",
        order_id,
        package_id,
    )
    seen = await detail(store, order_id)
    assert seen.why == "Waits to be handed to the carrier."
    assert (seen.row.customer_name, seen.email, seen.phone) == ("Anna Lopez", "ines@example.test", "+1 555 0100")
    assert seen.address == SOMEWHERE
    assert (seen.shipping_method, seen.shipping_cost, seen.buyer_message) == ("Standard", Decimal("3.50"), "")
    assert [(item.sku, item.quantity, item.known_product) for item in seen.items] == [
        ("MUG-BLU", 1, True),
        ("BOWL-LG", 1, False),
    ]
    [package] = seen.packages
    assert (package.package_id, package.tracking_number, package.label_cost, package.label_key) == (
        package_id,
        "9400111",
        Decimal("4.10"),
        f"label:{package_id}:1",
    )
    assert (seen.workflow.name, seen.workflow.state, seen.workflow.execution) == (
        "order",
        WorkflowState.READY_TO_SHIP,
        ExecutionStatus.RUNNING,
    )
    assert seen.workflow.states[:2] == ("new", "validated")
    assert seen.workflow.allowed[OrderStatus.SHIPPED] == ""
    assert seen.workflow.allowed[OrderStatus.CANCELLED] == ""
    assert "TikTok Shop" in seen.workflow.allowed[OrderStatus.RETURNED]
    assert seen.failure is None


async def test_without_the_master_key_only_personal_data_is_masked(
    database: EmbeddedServer, store: Database, factory: Factory
) -> None:
    order_id = await factory.order()
    async with opened(database, with_key=False) as keyless:
        seen = await detail(keyless, order_id)
    assert (seen.row.customer_name, seen.email, seen.phone) == (MASK, MASK, MASK)
    assert seen.address is not None
    assert seen.address.city == MASK
    assert seen.row.items_summary == "1× Stoneware mug, blue"  # noqa: RUF001


async def test_an_unknown_order_is_not_found(store: Database) -> None:
    with pytest.raises(NotFound, match="There is no order 00000000-0000-0000-0000-000000000001"):
        await detail(store, OrderId(UUID(int=1)))


async def test_a_failed_order_tells_cause_and_mend(store: Database, factory: Factory) -> None:
    seen = await detail(store, await factory.failed())
    assert seen.failure is not None
    assert seen.failure.evidence == {"sku": "MUG-BLU"}
    assert seen.why == "Failed: MUG-BLU is out of stock. Mend: Receive MUG-BLU, then retry."


async def test_missing_units_are_counted_beside_what_is_reserved_elsewhere(store: Database, factory: Factory) -> None:
    await factory.product(MUG, on_hand=5, reserved=4)
    three = type(MUG)(quantity=3)
    seen = await detail(store, await factory.order(lines=(three,), waiting_for="stock"))
    assert seen.why == "Waits for stock: MUG-BLU, 2 short."


async def test_a_closed_order_remembers_its_workflow(store: Database, factory: Factory) -> None:
    order_id = await factory.order(
        state=WorkflowState.COMPLETED, status=OrderStatus.DELIVERED, execution=ExecutionStatus.COMPLETED
    )
    seen = await detail(store, order_id)
    assert (seen.workflow.execution, seen.workflow.started_at) == (ExecutionStatus.COMPLETED, NOON)
    assert seen.why == "Done: delivered."
    assert all(seen.workflow.allowed.values())


async def test_the_story_is_told_oldest_first_from_every_source(store: Database, factory: Factory) -> None:
    order_id = await factory.failed(failed_at=NOON + timedelta(minutes=5))
    await factory.hold(order_id, HoldReason.FRAUD, note="two cards")
    vault = store.vault

    def at(minute: int) -> datetime:
        return NOON + timedelta(minutes=minute)

    note_id = new_id()
    async with store.transaction() as connection:
        await insert(
            connection,
            "order_status_history",
            {
                "id": new_id(),
                "order_id": order_id,
                "previous_status": "pending",
                "new_status": "confirmed",
                "status_reason": "paid",
                "change_source": "tiktok_shop",
                "created_at": at(1),
            },
        )
        await insert(
            connection,
            "effects",
            {
                "key": "notice:failure:x",
                "kind": "notice",
                "dependency": "notices",
                "order_id": order_id,
                "state": "failed",
                "attempt": 3,
                "request": {"template": "failure"},
                "error": "mailbox\x1b[31m full",
                "created_at": at(2),
                "settled_at": at(6),
            },
        )
        await insert(
            connection,
            "notes",
            {
                "id": note_id,
                "order_id": order_id,
                "body": vault.seal_text(DEFAULT_CREATOR, "notes.body", note_id, "call the buyer"),
                "author": "mira",
                "created_at": at(7),
            },
        )
        await insert(
            connection,
            "audit_log",
            {
                "subject": order_id,
                "sequence": 1,
                "action": "order.updated",
                "actor": "tiktok_shop",
                "source": "tiktok_shop",
                "before": vault.seal(DEFAULT_CREATOR, "audit_log.before", order_id, b'{"channel_status":"UNPAID"}'),
                "after": vault.seal(DEFAULT_CREATOR, "audit_log.after", order_id, b'{"channel_status":"ON_HOLD"}'),
                "previous_hash": b"",
                "hash": b"",
                "created_at": at(3),
            },
        )
        await connection.execute(
            "UPDATE failures SET resolved_at = $2, resolved_by = 'mira', resolution = 'retried' WHERE order_id = $1",
            order_id,
            at(8),
        )
    story = (await detail(store, order_id)).timeline
    assert [(entry.kind, entry.text, entry.actor) for entry in story] == [
        (TimelineKind.HOLD, "Held (fraud): two cards", "mira"),
        (TimelineKind.STEP, "failed", "system"),
        (TimelineKind.STATUS, "pending → confirmed: paid", "tiktok_shop"),
        (TimelineKind.AUDIT, "Changed by TikTok: TikTok status UNPAID → ON_HOLD", "tiktok_shop"),
        (TimelineKind.FAILURE, "MUG-BLU is out of stock.", "system"),
        (TimelineKind.EFFECT, "Send the notice (failure): failed, 3 tries: mailbox full", "notices"),
        (TimelineKind.NOTE, "call the buyer", "mira"),
        (TimelineKind.FAILURE, "Failure resolved: retried", "mira"),
    ]
    assert [entry.at for entry in story] == sorted(entry.at for entry in story)
