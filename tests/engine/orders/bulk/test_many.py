"""Many orders at once: fixed when the batch begins, each part whole or not at all, stopped, killed, continued, never twice."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.errors import NotFound, Refused
from engine.identifiers import BatchId, OrderId, new_id
from engine.orders import status
from engine.orders.bulk import batches, many, preview
from engine.orders.bulk.requests import BatchError, BatchState, BulkKind, BulkPreview, BulkRequest, Refusals
from engine.orders.views import BatchReport, ChangeOutcome, OrderFilter
from engine.words import ChannelStatus, OrderStatus
from engine.workflow import advance
from engine.workflow.facts import OrderFacts
from tests.engine.facts import an_order
from tests.engine.house import MIRA, House
from tests.factories import environment_for, opened

PROJECT = Path(__file__).parents[4]
SHIP = BulkRequest(BulkKind.STATUS, {"status": "shipped"}, "van")
CANCEL = BulkRequest(BulkKind.CANCEL, reason="sold out")


async def reserved(house: House, count: int, *, first: int = 0) -> list[OrderId]:
    """Orders whose stock is reserved and whose label is wanted."""
    await house.receive("MUG-BLU", count)
    return await house.arrive(*(an_order(house.shop_id, f"{first + place:04}") for place in range(count)))


async def test_a_bulk_change_answers_for_every_order_once(house: House, store: Database) -> None:
    ids = await house.arrive(
        *(an_order(house.shop_id, str(place)) for place in range(5)), an_order(house.shop_id, "9", ChannelStatus.UNPAID)
    )
    await house.buy_labels()
    await status.change(store, ids[:1], OrderStatus.SHIPPED, actor=MIRA, reason="first van")
    nobody = OrderId(new_id())
    progress: list[tuple[int, int]] = []
    report = await many.run(
        store,
        SHIP,
        [*ids, nobody, *ids[:3]],
        actor=MIRA,
        part_size=4,
        on_progress=lambda done, total: progress.append((done, total)),
    )
    unready = "Order 9 is not validated yet; it cannot become shipped from there."
    assert report == BatchReport(
        report.batch_id,
        processed=7,
        failed=2,
        errors=(
            ChangeOutcome(ids[5], "9", OrderStatus.PENDING, OrderStatus.PENDING, "status.not_yet", unready),
            ChangeOutcome(
                nobody,
                "",
                OrderStatus.PENDING,
                OrderStatus.PENDING,
                "order.unknown",
                f"There is no order {nobody}.",
            ),
        ),
        unchanged=1,
    )
    assert report.changed == 4
    assert max(progress) == (7, 7)
    assert len(progress) == 2
    [batch_id] = await store.pool.fetchrow("SELECT id FROM batches")
    seen = await batches.batch(store, BatchId(batch_id))
    assert (seen.state, seen.actor, seen.total, seen.processed, seen.failed, seen.unchanged, seen.changed) == (
        BatchState.FINISHED,
        "mira",
        7,
        7,
        2,
        1,
        4,
    )
    assert (seen.kind, seen.request) == (BulkKind.STATUS, {"status": "shipped", "reason": "van"})
    assert seen.errors == (
        BatchError(str(ids[5]), "9", "status.not_yet", unready),
        BatchError(str(nobody), "", "order.unknown", f"There is no order {nobody}."),
    )
    assert await store.pool.fetchval("SELECT count(*) FROM batch_parts") == 0
    assert str(batch_id) == report.batch_id
    assert {(await house.standing(order_id)).state for order_id in ids[:5]} == {"shipped"}
    await house.assert_balanced()


async def test_a_bulk_cancel_frees_the_stock_and_sends_no_label(house: House, store: Database) -> None:
    ids = await reserved(house, 12)
    assert await house.level() == (22, 12)
    report = await many.run(store, CANCEL, OrderFilter(), actor=MIRA, part_size=5)
    assert (report.processed, report.changed, report.failed, report.finished) == (12, 12, 0, True)
    assert await house.level() == (22, 0)
    for order_id in ids:
        assert (await house.standing(order_id)).execution == "cancelled"
        assert (await house.steps(order_id))[-1] == "cancel"
        assert (await house.history(order_id))[-1] == "cancelled"
        assert ("buy_label", "voided") in await house.effects(order_id)
    again = await many.run(store, CANCEL, ids, actor=MIRA)
    assert (again.processed, again.changed, again.unchanged, again.failed) == (12, 0, 12, 0)
    await house.assert_balanced()


async def test_all_that_match_is_fixed_when_the_batch_begins(house: House, store: Database) -> None:
    before = await reserved(house, 7)
    batch_id = await many.begin(
        store, CANCEL, OrderFilter(statuses=frozenset({OrderStatus.PROCESSING})), actor=MIRA, part_size=3
    )
    later = await reserved(house, 4, first=100)
    # One of the chosen matches no more; it was chosen all the same, and says how it stands.
    await many.run(store, CANCEL, before[:1], actor=MIRA)
    assert (await batches.batch(store, batch_id)).total == 7
    report = await many.work(store, batch_id, actor=MIRA)
    assert (report.processed, report.changed, report.unchanged) == (7, 6, 1)
    assert {(await house.standing(order_id)).execution for order_id in before} == {"cancelled"}
    assert {(await house.standing(order_id)).execution for order_id in later} == {"running"}
    await house.assert_balanced()


async def test_a_filter_that_matches_nothing_is_a_finished_batch_of_nothing(house: House, store: Database) -> None:
    report = await many.run(store, CANCEL, OrderFilter(search="nobody"), actor=MIRA)
    assert (report.processed, report.errors, report.finished) == (0, (), True)


async def test_more_than_was_confirmed_is_refused_and_leaves_no_trace(house: House, store: Database) -> None:
    await reserved(house, 6)
    counts = await house.row_counts()
    with pytest.raises(Refused, match="6 orders would be changed, more than 5: confirm it") as refused:
        await many.run(store, CANCEL, OrderFilter(), actor=MIRA, at_most=5)
    assert refused.value.code == "bulk.too_many"
    assert await house.row_counts() == counts
    assert await house.level() == (16, 6)


async def test_parameters_without_sense_are_refused_before_there_is_a_batch(house: House, store: Database) -> None:
    [order_id] = await reserved(house, 1)
    counts = await house.row_counts()
    with pytest.raises(Refused, match="Give the status: one of pending, confirmed"):
        await many.run(store, BulkRequest(BulkKind.STATUS, {"status": "sent"}), [order_id], actor=MIRA)
    assert await house.row_counts() == counts


async def test_orders_that_changed_since_a_person_looked_are_left_alone(house: House, store: Database) -> None:
    first, second = await reserved(house, 2)
    seen = {order_id: await house.version(order_id) for order_id in (first, second)}
    await house.buy_labels()
    now_seen = seen | {second: await house.version(second)}
    report = await many.run(store, SHIP, [first, second], actor=MIRA, expected_versions=now_seen)
    assert [(each.order_id, each.code) for each in report.errors] == [(first, "order.changed_meanwhile")]
    assert (await house.standing(first)).state == "ready_to_ship"
    assert (await house.standing(second)).state == "shipped"
    await house.assert_balanced()


async def test_two_batches_over_the_same_orders_cancel_each_once(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    ids = await reserved(house, 30)
    async with opened(database) as other:
        reports = await asyncio.gather(
            many.run(store, CANCEL, ids, actor=MIRA, part_size=4),
            many.run(other, CANCEL, list(reversed(ids)), actor=MIRA, part_size=7),
        )
    assert [report.processed for report in reports] == [30, 30]
    assert sum(report.changed for report in reports) == 30
    assert sum(report.unchanged for report in reports) == 30
    assert await house.level() == (40, 0)
    assert await store.pool.fetchval("SELECT count(*) FROM order_workflow_steps WHERE trigger = 'cancel'") == 30
    assert await store.pool.fetchval("SELECT count(*) FROM stock_movements WHERE kind = 'release'") == 30
    await house.assert_balanced()


async def test_two_programs_share_one_batch_and_do_each_part_once(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    await reserved(house, 30)
    batch_id = await many.begin(store, CANCEL, OrderFilter(), actor=MIRA, part_size=2)
    async with opened(database) as other:
        await asyncio.gather(*(many.work(each, batch_id, actor=MIRA) for each in (store, other)))
    ended = await batches.batch(store, batch_id)
    assert (ended.state, ended.processed, ended.changed, ended.unchanged) == (BatchState.FINISHED, 30, 30, 0)
    await house.assert_balanced()


async def test_a_stopped_batch_ends_between_parts_and_goes_on_when_asked(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    ids = await reserved(house, 10)
    batch_id = await many.begin(store, CANCEL, ids, actor=MIRA, part_size=2)
    enough = asyncio.Event()

    def progress(done: int, total: int) -> None:
        if done >= 4:
            enough.set()

    async with opened(database) as other:
        # The third part waits until the batch has been asked to stop.
        async with other.transaction() as held:
            await held.fetch("SELECT 1 FROM work WHERE order_id = $1 FOR UPDATE", ids[4])
            working = asyncio.create_task(many.work(store, batch_id, actor=MIRA, workers=1, on_progress=progress))
            await enough.wait()
            await batches.ask_to_stop(other, batch_id)
        report = await working
    assert report.finished is False
    assert report.processed in (4, 6)
    assert report.failed == 0
    stopped = await batches.batch(store, batch_id)
    assert (stopped.state, stopped.finished_at, stopped.processed) == (BatchState.STOPPED, None, report.processed)
    still = [order_id for order_id in ids if (await house.standing(order_id)).execution == "running"]
    assert len(still) == 10 - report.processed
    ended = await many.go_on(store, batch_id, actor=MIRA)
    assert (ended.processed, ended.changed, ended.finished) == (10, 10, True)
    with pytest.raises(Refused, match="has ended already"):
        await batches.ask_to_stop(store, batch_id)
    with pytest.raises(Refused, match="has ended already"):
        await many.go_on(store, batch_id, actor=MIRA)
    with pytest.raises(NotFound, match="There is no batch"):
        await batches.ask_to_stop(store, BatchId(new_id()))
    await house.assert_balanced()


async def test_a_batch_whose_program_was_killed_is_continued_by_another(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    await reserved(house, 20)
    batch_id = await many.begin(store, CANCEL, OrderFilter(), actor=MIRA, part_size=3)
    environment = os.environ | dict(environment_for(database))
    killed = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "tests.engine.orders.bulk.bulk_program", str(batch_id), "6"],
        cwd=PROJECT,
        env=environment,
        timeout=60,
    )
    assert killed.returncode == -signal.SIGKILL
    await store.pool.execute("UPDATE batches SET progressed_at = now() - interval '2 minutes'")
    left = await batches.batch(store, batch_id)
    assert left.state is BatchState.INTERRUPTED
    assert 6 <= left.processed < 20
    assert left.processed == await store.pool.fetchval("SELECT count(*) FROM orders WHERE order_status = 'cancelled'")
    report = await many.go_on(store, batch_id, actor=MIRA)
    assert (report.processed, report.changed, report.unchanged, report.finished) == (20, 20, 0, True)
    assert await house.level() == (30, 0)
    assert await store.pool.fetchval("SELECT count(*) FROM order_workflow_steps WHERE trigger = 'cancel'") == 20
    await house.assert_balanced()


async def test_a_poison_order_is_reported_and_its_neighbours_are_changed(
    house: House, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await reserved(house, 11)
    poison = ids[6]
    whole = advance.decide

    def broken(workflow: Any, order: OrderFacts, push: Any) -> Any:
        if order.order_id == poison:
            raise ZeroDivisionError
        return whole(workflow, order, push)

    sentence = "Changing order 0006 broke (ZeroDivisionError); nothing of it changed."
    with monkeypatch.context() as patched:
        patched.setattr(advance, "decide", broken)
        looked = await preview.preview(store, CANCEL, ids, actor=MIRA)
        report = await many.run(store, CANCEL, ids, actor=MIRA, part_size=11)
    assert looked == BulkPreview(11, (("processing → cancelled", 10),), 0, (Refusals("internal_error", 1, sentence),))
    assert [(each.order_id, each.code, each.sentence) for each in report.errors] == [
        (poison, "internal_error", sentence)
    ]
    assert (report.processed, report.failed, report.changed) == (11, 1, 10)
    for order_id in ids:
        assert (await house.standing(order_id)).execution == ("running" if order_id == poison else "cancelled")
    assert await house.level() == (21, 1)
    again = await many.run(store, CANCEL, [poison], actor=MIRA)
    assert again.changed == 1
    await house.assert_balanced()


async def test_an_order_that_somebody_holds_is_reported_and_its_neighbours_are_changed(
    house: House, store: Database, database: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await reserved(house, 9)
    monkeypatch.setattr("engine.database.connection._RETRIES", 1)
    async with opened(database) as other, other.transaction() as connection:
        await connection.fetch("SELECT 1 FROM work WHERE order_id = $1 FOR UPDATE", ids[4])
        report = await many.run(store, CANCEL, ids, actor=MIRA)
    assert [(each.order_id, each.code) for each in report.errors] == [(ids[4], "order.busy")]
    assert (report.changed, report.failed) == (8, 1)
    assert (await house.standing(ids[4])).execution == "running"
    await house.assert_balanced()


async def test_a_preview_counts_what_would_happen_and_writes_nothing(house: House, store: Database) -> None:
    ready = await reserved(house, 3)
    await house.buy_labels()
    unpaid = await house.arrive(*(an_order(house.shop_id, f"9{place}", ChannelStatus.UNPAID) for place in range(2)))
    [gone] = await reserved(house, 1, first=50)
    await many.run(store, CANCEL, [gone], actor=MIRA)
    counts, level = await house.row_counts(), await house.level()
    told: list[tuple[int, int]] = []
    everything = OrderFilter(ascending=True)
    shown = await preview.preview(
        store, SHIP, everything, actor=MIRA, on_progress=lambda done, total: told.append((done, total))
    )
    assert shown == BulkPreview(
        6,
        (("processing → shipped", 3),),
        0,
        (
            Refusals("status.not_yet", 2, "Order 90 is not validated yet; it cannot become shipped from there."),
            Refusals("order.closed", 1, "Order 0050 is closed (cancelled)."),
        ),
    )
    assert (shown.refused, told) == (3, [(6, 6)])
    listed = await preview.preview(store, CANCEL, [*ready, *unpaid, gone, gone], actor=MIRA)
    assert listed == BulkPreview(6, (("processing → cancelled", 3), ("pending → cancelled", 2)), 1, ())
    assert (await house.row_counts(), await house.level()) == (counts, level)
    assert {(await house.standing(order_id)).state for order_id in ready} == {"ready_to_ship"}
    # What was shown is what happens.
    report = await many.run(store, SHIP, everything, actor=MIRA)
    assert (report.changed, report.failed) == (3, 3)
    await house.assert_balanced()


async def test_a_preview_of_a_large_set_goes_part_by_part(
    house: House, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview, "PREVIEW_PART", 4)
    await reserved(house, 10)
    sizes = [len(outcomes) async for outcomes in preview.preview_parts(store, CANCEL, OrderFilter(), actor=MIRA)]
    assert sizes == [4, 4, 2]


async def test_the_latest_batches_come_first(house: House, store: Database) -> None:
    ids = await reserved(house, 2)
    first = await many.run(store, CANCEL, ids[:1], actor=MIRA)
    second = await many.begin(store, CANCEL, ids[1:], actor=MIRA)
    listed = await batches.recent(store, limit=5)
    assert [(str(each.batch_id), each.state) for each in listed] == [
        (str(second), BatchState.RUNNING),
        (first.batch_id, BatchState.FINISHED),
    ]
    assert [len(each) for each in (await batches.recent(store, limit=1), listed)] == [1, 2]
