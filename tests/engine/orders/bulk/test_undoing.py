"""Undo puts back what nothing has built on since, and says of everything else why it stays."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.errors import NotFound, Refused
from engine.identifiers import BatchId, OrderId
from engine.orders.bulk import batches, journal, many
from engine.orders.bulk.requests import BulkKind, BulkRequest
from engine.orders.correction import correct_address
from engine.orders.views import BatchReport, OrderFilter
from engine.words import ChannelStatus
from engine.workflow.facts import Backorder
from tests.engine.facts import QUAY, a_unit, an_order
from tests.engine.house import MIRA, WORKING, House, Standing
from tests.factories import opened

CONFIRM = BulkRequest(BulkKind.STATUS, {"status": "confirmed"}, "paid by phone")
OUT_OF_STOCK = "BOWL-LG"


async def payable(house: House, count: int, *, sku: str) -> list[OrderId]:
    """Orders that could be validated, and have not been looked at."""
    ids = await house.arrive(
        *(
            an_order(house.shop_id, f"{sku}{place}", ChannelStatus.UNPAID, units=(a_unit(sku=sku),))
            for place in range(count)
        )
    )
    for order_id in ids:
        await correct_address(house.store, order_id, QUAY, actor=MIRA)
    await house.store.pool.execute("UPDATE orders SET channel_status = 'AWAITING_SHIPMENT', payment_status = 'paid'")
    return ids


async def confirmed(house: House, count: int = 3, *, sku: str = OUT_OF_STOCK) -> tuple[list[OrderId], BatchReport]:
    """Orders that a person confirmed; for want of stock they go no further."""
    await house.set_policies(replace(WORKING, backorder=Backorder.WAIT))
    await house.stock(OUT_OF_STOCK, 0)
    ids = await payable(house, count, sku=sku)
    return ids, await many.run(house.store, CONFIRM, ids, actor=MIRA)


def batch_of(report: BatchReport) -> BatchId:
    return BatchId(UUID(report.batch_id))


async def test_a_status_is_put_back_where_nothing_followed_from_it(house: House, store: Database) -> None:
    ids, report = await confirmed(house)
    assert report.changed == 3
    for order_id in ids:
        assert await house.standing(order_id) == Standing("validated", "confirmed", "running", "stock")
    assert (await batches.batch(store, batch_of(report))).undoable == 3
    undone = await many.undo(store, None, actor=MIRA, reason="called again")
    assert (undone.processed, undone.changed, undone.failed) == (3, 3, 0)
    for order_id in ids:
        assert await house.standing(order_id) == Standing("new", "pending", "running", "person")
        assert await house.history(order_id) == ["pending", "confirmed", "pending"]
        assert (await house.steps(order_id))[-2:] == ["validate", "undo"]
    row = await store.pool.fetchrow("SELECT kind, undoes, actor, request FROM batches ORDER BY created_at DESC LIMIT 1")
    assert (row["kind"], str(row["undoes"]), row["actor"], row["request"]["reason"]) == (
        "undo",
        report.batch_id,
        "mira",
        "called again",
    )
    assert await house.run() == 0, "an undone order sleeps until something happens"
    await house.assert_balanced()


async def test_an_undo_is_done_once_and_is_not_undone(house: House, store: Database) -> None:
    ids, report = await confirmed(house)
    undone = await many.undo(store, batch_of(report), actor=MIRA)
    counts = await house.row_counts()
    versions = [await house.version(order_id) for order_id in ids]
    with pytest.raises(Refused, match="is undone already"):
        await many.undo(store, batch_of(report), actor=MIRA)
    with pytest.raises(Refused, match="An undo is not undone"):
        await many.undo(store, batch_of(undone), actor=MIRA)
    with pytest.raises(NotFound, match="There is nothing of mira to undo"):
        await many.undo(store, None, actor=MIRA)
    assert (await house.row_counts(), [await house.version(order_id) for order_id in ids]) == (counts, versions)


async def test_two_undos_of_one_batch_put_each_order_back_once(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    ids, report = await confirmed(house, 8)
    async with opened(database) as other:
        undone = await asyncio.gather(
            *(many.undo(each, batch_of(report), actor=MIRA) for each in (store, other)), return_exceptions=True
        )
    reports = [each for each in undone if isinstance(each, BatchReport)]
    assert all(isinstance(each, BatchReport | Refused) for each in undone)
    assert sum(each.changed for each in reports) == 8
    assert sum(each.failed for each in reports) == 0
    assert await store.pool.fetchval("SELECT count(*) FROM order_workflow_steps WHERE trigger = 'undo'") == len(ids)
    await house.assert_balanced()


async def test_an_order_that_changed_since_is_left_alone_and_its_neighbours_are_put_back(
    house: House, store: Database
) -> None:
    ids, report = await confirmed(house)
    await correct_address(store, ids[1], QUAY, actor=MIRA)
    version = await house.version(ids[1])
    undone = await many.undo(store, batch_of(report), actor=MIRA)
    assert (undone.changed, undone.failed) == (2, 1)
    assert [(each.order_id, each.code, each.sentence) for each in undone.errors] == [
        (
            ids[1],
            "undo.changed_since",
            f"Order {OUT_OF_STOCK}1 was changed since by mira (order.address_corrected): change it by hand.",
        )
    ]
    assert (await house.standing(ids[1])).status == "confirmed"
    assert await house.version(ids[1]) == version
    await house.assert_balanced()


async def test_an_expired_change_stays(house: House, store: Database) -> None:
    ids, report = await confirmed(house, 2)
    await store.pool.execute("UPDATE journal SET expires_at = now() - interval '1 second'")
    versions = [await house.version(order_id) for order_id in ids]
    undone = await many.undo(store, batch_of(report), actor=MIRA)
    assert [each.code for each in undone.errors] == ["undo.expired", "undo.expired"]
    assert undone.changed == 0
    assert [await house.version(order_id) for order_id in ids] == versions
    assert {(await house.standing(order_id)).status for order_id in ids} == {"confirmed"}
    assert await store.pool.fetchval("SELECT count(*) FROM journal WHERE undone_at IS NOT NULL") == 0


async def test_a_status_from_which_stock_was_reserved_stays(house: House, store: Database) -> None:
    ids, report = await confirmed(house, 2, sku="MUG-BLU")
    assert {(await house.standing(order_id)).state for order_id in ids} == {"inventory_reserved"}
    level, versions = await house.level(), [await house.version(order_id) for order_id in ids]
    undone = await many.undo(store, batch_of(report), actor=MIRA)
    # A busy part is divided, and then its halves may be noted in either order.
    assert sorted((each.code, each.sentence) for each in undone.errors) == [
        ("undo.gone_on", f"Order MUG-BLU{place} has gone on to inventory reserved: cancel it, or hold it.")
        for place in range(2)
    ]
    assert (await house.level(), [await house.version(order_id) for order_id in ids]) == (level, versions)
    await house.assert_balanced()


async def test_a_status_that_somebody_outside_was_told_of_stays(house: House, store: Database) -> None:
    ids, report = await confirmed(house, 2)
    await store.pool.execute(
        "INSERT INTO effects (key, kind, dependency, order_id, head) VALUES ('told', 'notice', 'notices', $1, false)",
        ids[0],
    )
    version = await house.version(ids[0])
    undone = await many.undo(store, batch_of(report), actor=MIRA)
    assert [(each.order_id, each.code) for each in undone.errors] == [(ids[0], "undo.gone_on")]
    assert undone.errors[0].sentence == f"Order {OUT_OF_STOCK}0: somebody outside has been told of the change."
    assert (await house.standing(ids[0])).status == "confirmed"
    assert await house.version(ids[0]) == version
    assert (await house.standing(ids[1])).status == "pending"


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        (BulkRequest(BulkKind.CANCEL), "A cancelled order stays cancelled"),
        (BulkRequest(BulkKind.STATUS, {"status": "shipped"}), "A shipped order has left the house"),
        (BulkRequest(BulkKind.RETRY), "A retried order is at work already"),
    ],
)
async def test_what_cannot_be_undone_says_why(
    house: House, store: Database, request_: BulkRequest, sentence: str
) -> None:
    await house.arrive(an_order(house.shop_id))
    await house.buy_labels()
    report = await many.run(store, request_, OrderFilter(), actor=MIRA)
    counts = await house.row_counts()
    with pytest.raises(Refused, match=sentence) as refused:
        await many.undo(store, batch_of(report), actor=MIRA)
    assert refused.value.code == "undo.lasting"
    assert await house.row_counts() == counts
    assert await store.pool.fetchval("SELECT count(*) FROM journal") == 0


async def test_a_batch_that_changed_nothing_has_nothing_to_undo(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, "1", ChannelStatus.UNPAID))
    report = await many.run(store, CONFIRM, [order_id], actor=MIRA)
    assert report.failed == 1
    with pytest.raises(Refused, match="has changed nothing that is still noted"):
        await many.undo(store, batch_of(report), actor=MIRA)


async def test_the_journal_tells_nothing_without_the_key(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    ids, report = await confirmed(house, 1)
    before = await store.pool.fetchval("SELECT before FROM journal")
    assert b"pending" not in before
    async with opened(database, with_key=False) as keyless:
        undone = await many.undo(keyless, batch_of(report), actor=MIRA)
    assert [each.code for each in undone.errors] == ["undo.sealed"]
    assert (await house.standing(ids[0])).status == "confirmed"


async def test_long_expired_rows_are_swept_a_few_at_a_time(house: House, store: Database) -> None:
    await confirmed(house, 5)
    await store.pool.execute(
        "UPDATE journal SET expires_at = now() - interval '8 days' WHERE id IN (SELECT id FROM journal LIMIT 3)"
    )
    assert [await journal.sweep(store, 2), await journal.sweep(store, 2), await journal.sweep(store, 2)] == [2, 1, 0]
    assert await store.pool.fetchval("SELECT count(*) FROM journal") == 2
