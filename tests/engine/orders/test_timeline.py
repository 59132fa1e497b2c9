"""One order's whole story: every kind of line, in one stable order, each with an id of its own, and any kind alone."""

from __future__ import annotations

import pytest

from engine.database.connection import Database
from engine.identifiers import DEFAULT_CREATOR, OrderId, new_id
from engine.orders.timeline import timeline
from engine.orders.views import TimelineEntry, TimelineKind
from engine.ports.outcomes import Failed, Postponed
from engine.words import EffectKind, TrackingStatus
from engine.workflow.failures import retry
from tests.engine.facts import an_order
from tests.engine.house import MIRA, House

BUY = EffectKind.BUY_LABEL


@pytest.fixture
async def order_id(house: House, store: Database) -> OrderId:
    """An order to which everything happened."""
    [order_id] = await house.arrive(an_order(house.shop_id))
    await house.settle(await house.claim_one(BUY), Postponed("carrier_down", "503.", 0.0))
    await store.pool.execute("UPDATE effects SET due_at = now()")
    await house.settle(await house.claim_one(BUY), Failed("no_rates", "No carrier goes there."))
    await retry(store, [order_id], actor=MIRA)
    await house.buy_labels()
    await house.tell_tiktok()
    await house.track(order_id, TrackingStatus.DELIVERED)
    await house.run()
    note_id = new_id()
    await store.pool.execute(
        "INSERT INTO holds (order_id, reason, placed_by, placed_at, released_at, released_by)"
        " VALUES ($1, 'fraud', 'mira', now() - interval '1 h', now(), 'mira')",
        order_id,
    )
    await store.pool.execute(
        "INSERT INTO notes (id, order_id, body, author) VALUES ($1, $2, $3, 'mira')",
        note_id, order_id, store.vault.seal_text(DEFAULT_CREATOR, "notes.body", note_id, "Ring twice."),
    )  # fmt: skip
    await store.pool.execute(
        "INSERT INTO rule_runs (rule_id, rule, order_id, event, done)"
        " VALUES (gen_random_uuid(), 'Rush', $1, 'order.created', '[\"tagged vip\"]')",
        order_id,
    )
    return order_id


async def story(store: Database, order_id: OrderId, *kinds: TimelineKind) -> tuple[TimelineEntry, ...]:
    async with store.pool.acquire() as connection:
        return await timeline(connection, store.vault, order_id, kinds or tuple(TimelineKind))


async def test_every_kind_is_in_one_line_of_time_with_an_id_of_its_own(store: Database, order_id: OrderId) -> None:
    entries = await story(store, order_id)
    assert {entry.kind for entry in entries} == set(TimelineKind)
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
    ids = [entry.entry_id for entry in entries]
    assert len(set(ids)) == len(ids)
    assert all(ids)
    assert await story(store, order_id) == entries, "the same again"


async def test_each_kind_can_be_read_alone(store: Database, order_id: OrderId) -> None:
    whole = await story(store, order_id)
    for kind in TimelineKind:
        alone = await story(store, order_id, kind)
        assert alone == tuple(entry for entry in whole if entry.kind is kind)
        assert alone
    two = await story(store, order_id, TimelineKind.NOTE, TimelineKind.RULE)
    assert [entry.text for entry in two] == ["Ring twice.", "Rule Rush: tagged vip"]


async def test_what_was_tried_and_what_became_of_it_are_both_told(store: Database, order_id: OrderId) -> None:
    texts = [entry.text for entry in await story(store, order_id, TimelineKind.EFFECT)]
    assert texts[:2] == [
        "Buy the label: try 1 went wrong: 503.",
        "Buy the label: try 2 went wrong: No carrier goes there.",
    ]
    assert "Label bought" in texts
    failures = [entry.text for entry in await story(store, order_id, TimelineKind.FAILURE)]
    assert failures == ["No carrier goes there.", "Failure resolved: retried"]
