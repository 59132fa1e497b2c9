"""Tags, holds, priority and people for many orders at once, and all of it put back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from engine.clock import database_now
from engine.database.connection import Database
from engine.errors import Refused
from engine.identifiers import BatchId, OrderId
from engine.orders.bulk import many, preview
from engine.orders.bulk.requests import BulkKind, BulkPreview, BulkRequest
from engine.orders.views import BatchReport
from tests.engine.facts import an_order
from tests.engine.house import MIRA, House

GIFT = BulkRequest(BulkKind.TAG, {"tags": ["Gift wrap"]}, "season")
FRAUD = BulkRequest(BulkKind.HOLD, {"hold": "fraud"}, "looks odd", note="Ines Falk rang about it")


@pytest.fixture
async def ids(house: House) -> list[OrderId]:
    """Three orders that wait for their label."""
    return await house.arrive(*(an_order(house.shop_id, str(place)) for place in range(3)))


async def marks(store: Database, ids: list[OrderId]) -> list[tuple[Any, ...]]:
    rows = await store.pool.fetch(
        "SELECT o.tags, o.priority_level, o.priority_override, k.priority, o.assigned_to FROM orders o"
        " JOIN work k ON k.order_id = o.id WHERE o.id = ANY($1::uuid[]) ORDER BY o.order_number",
        ids,
    )
    return [tuple(row) for row in rows]


async def standing_holds(store: Database) -> list[tuple[Any, ...]]:
    rows = await store.pool.fetch(
        "SELECT order_id, reason, note, placed_by, placed_at, until FROM holds WHERE released_at IS NULL ORDER BY order_id, reason"
    )
    return [tuple(row) for row in rows]


def batch_of(report: BatchReport) -> BatchId:
    return BatchId(UUID(report.batch_id))


async def test_tags_are_put_on_and_taken_back_from_those_that_got_them(
    house: House, store: Database, ids: list[OrderId]
) -> None:
    await many.run(store, GIFT, ids[:1], actor=MIRA)
    before = await marks(store, ids)
    report = await many.run(store, GIFT, ids, actor=MIRA)
    assert (report.changed, report.unchanged, report.failed) == (2, 1, 0)
    assert [row[0] for row in await marks(store, ids)] == [["gift-wrap"]] * 3
    undone = await many.undo(store, batch_of(report), actor=MIRA, reason="wrong season")
    assert (undone.processed, undone.changed) == (2, 2)
    assert await marks(store, ids) == before
    last = await store.pool.fetch(
        "SELECT DISTINCT ON (subject) subject, action FROM audit_log ORDER BY subject, sequence DESC"
    )
    assert {row["action"] for row in last if row["subject"] in ids[1:]} == {"order.undone"}
    await house.assert_balanced()


async def test_tags_are_taken_off_and_put_back(house: House, store: Database, ids: list[OrderId]) -> None:
    await many.run(store, BulkRequest(BulkKind.TAG, {"tags": ["vip", "gift"]}), ids[:2], actor=MIRA)
    report = await many.run(store, BulkRequest(BulkKind.UNTAG, {"tags": ["vip"]}), ids, actor=MIRA)
    assert (report.changed, report.unchanged) == (2, 1)
    await many.undo(store, None, actor=MIRA)
    assert [row[0] for row in await marks(store, ids)] == [["vip", "gift"], ["vip", "gift"], []]
    await house.assert_balanced()


async def test_a_priority_is_put_back_to_what_the_deadline_says(
    house: House, store: Database, ids: list[OrderId]
) -> None:
    await many.run(store, BulkRequest(BulkKind.PRIORITY, {"level": 3}), ids[:1], actor=MIRA)
    before = await marks(store, ids)
    report = await many.run(store, BulkRequest(BulkKind.PRIORITY, {"level": 5}), ids, actor=MIRA)
    assert report.changed == 3
    assert [row[1:4] for row in await marks(store, ids)] == [(5, 5, 5)] * 3
    await many.undo(store, batch_of(report), actor=MIRA)
    assert await marks(store, ids) == before
    await house.assert_balanced()


async def test_orders_are_handed_to_somebody_and_back(house: House, store: Database, ids: list[OrderId]) -> None:
    user_id = await store.pool.fetchval(
        "INSERT INTO users (display_name, role) VALUES ('Mira Holm', 'operator') RETURNING id"
    )
    request = BulkRequest(BulkKind.ASSIGN, {"user_id": str(user_id), "name": "Mira Holm"})
    shown = await preview.preview(store, request, ids, actor=MIRA)
    assert shown == BulkPreview(3, (("assigned to Mira Holm", 3),), 0, ())
    report = await many.run(store, request, ids, actor=MIRA)
    assert [row[4] for row in await marks(store, ids)] == [user_id] * 3
    nobody = await many.run(store, BulkRequest(BulkKind.ASSIGN, {"user_id": None, "name": ""}), ids[:1], actor=MIRA)
    undone = await many.undo(store, batch_of(report), actor=MIRA)
    assert [each.code for each in undone.errors] == ["undo.changed_since"]
    await many.undo(store, batch_of(nobody), actor=MIRA)
    assert [row[4] for row in await marks(store, ids)] == [user_id, None, None]
    await house.assert_balanced()


async def test_holds_are_lifted_again_and_the_note_is_read_by_nobody(
    house: House, store: Database, ids: list[OrderId]
) -> None:
    report = await many.run(store, FRAUD, ids, actor=MIRA)
    assert report.changed == 3
    assert [(row[0], row[1]) for row in await standing_holds(store)] == [
        (order_id, "fraud") for order_id in sorted(ids)
    ]
    await house.run()
    assert {(await house.standing(order_id)).waiting_for for order_id in ids} == {"hold"}
    assert await house.buy_labels() == []
    for table in ("batches", "batch_parts", "journal", "holds", "audit_log"):
        assert await store.pool.fetchval(f"SELECT count(*) FROM {table} t WHERE t::text LIKE '%Ines Falk%'") == 0  # noqa: S608
    undone = await many.undo(store, batch_of(report), actor=MIRA)
    assert undone.changed == 3
    assert await standing_holds(store) == []
    await house.run()
    assert {(await house.standing(order_id)).waiting_for for order_id in ids} == {"label"}
    await house.assert_balanced()


async def test_released_holds_stand_again_as_they_were(house: House, store: Database, ids: list[OrderId]) -> None:
    until = await database_now(store.pool) + timedelta(hours=3)
    dated = BulkRequest(BulkKind.HOLD, {"hold": "address", "until": until.isoformat()}, note="calls back at noon")
    await many.run(store, FRAUD, ids[:2], actor=MIRA)
    await many.run(store, dated, ids[1:], actor=MIRA)
    before = await standing_holds(store)
    assert len(before) == 4
    report = await many.run(store, BulkRequest(BulkKind.RELEASE), ids, actor=MIRA)
    assert (report.changed, await standing_holds(store)) == (3, [])
    await many.undo(store, batch_of(report), actor=MIRA)
    assert await standing_holds(store) == before
    await house.assert_balanced()


async def test_a_hold_placed_over_another_is_put_back_to_the_other(
    house: House, store: Database, ids: list[OrderId]
) -> None:
    await many.run(store, FRAUD, ids, actor=MIRA)
    before = await standing_holds(store)
    again = await many.run(
        store, BulkRequest(BulkKind.HOLD, {"hold": "fraud"}, note="cleared by the bank"), ids, actor=MIRA
    )
    assert await standing_holds(store) != before
    await many.undo(store, batch_of(again), actor=MIRA)
    assert await standing_holds(store) == before


async def test_a_released_order_that_went_on_is_not_held_again(
    house: House, store: Database, ids: list[OrderId]
) -> None:
    await many.run(store, FRAUD, ids, actor=MIRA)
    report = await many.run(store, BulkRequest(BulkKind.RELEASE, {"hold": "fraud"}), ids, actor=MIRA)
    await house.run()
    await house.buy_labels()
    versions = [await house.version(order_id) for order_id in ids]
    undone = await many.undo(store, batch_of(report), actor=MIRA)
    assert [each.code for each in undone.errors] == ["undo.changed_since"] * 3
    assert await standing_holds(store) == []
    assert [await house.version(order_id) for order_id in ids] == versions


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        (BulkRequest(BulkKind.TAG, {"tags": []}), "Give at least one tag"),
        (BulkRequest(BulkKind.UNTAG, {"tags": ["  "]}), "is no tag"),
        (BulkRequest(BulkKind.HOLD), "Give the reason of the hold"),
        (BulkRequest(BulkKind.HOLD, {"hold": "stock", "until": "2026-01-01T09:00+00:00"}), "cannot end in the past"),
        (BulkRequest(BulkKind.RELEASE, {"hold": "boredom"}), "Give the reason of the hold"),
        (BulkRequest(BulkKind.PRIORITY, {"level": 9}), "9 is no priority"),
    ],
)
async def test_marks_without_sense_are_refused_before_there_is_a_batch(
    house: House, store: Database, ids: list[OrderId], request_: BulkRequest, sentence: str
) -> None:
    counts = await house.row_counts()
    with pytest.raises(Refused, match=sentence):
        await many.run(store, request_, ids, actor=MIRA)
    assert await house.row_counts() == counts


async def test_previews_of_marks_write_nothing(house: House, store: Database, ids: list[OrderId]) -> None:
    counts = await house.row_counts()
    for request, words in (
        (GIFT, "tagged gift-wrap"),
        (FRAUD, "held (fraud)"),
        (BulkRequest(BulkKind.PRIORITY, {"level": 4}), "priority 4"),
    ):
        shown = await preview.preview(store, request, ids, actor=MIRA)
        assert shown == BulkPreview(3, ((words, 3),), 0, ())
    nothing = await preview.preview(store, BulkRequest(BulkKind.RELEASE), ids, actor=MIRA)
    assert nothing == BulkPreview(3, (), 3, ())
    assert await house.row_counts() == counts
