"""At a million rows' statistics no claim, hot write or hot read walks a table that grows, and none looks at more as orders are closed.

The crowd is made of orders that the engine itself worked, copied; sizes are real, and then the statistics are those of a million orders.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping

import pytest

from engine.database.connection import Database
from engine.identifiers import DEFAULT_LOCATION
from engine.inventory.locations import set_address
from engine.words import EffectKind, TrackingStatus
from tests.bench import filling
from tests.engine.facts import QUAY, a_unit, an_order
from tests.engine.house import MIRA, House
from tests.engine.plans.calls import A_MILLION, BATCH, CLAIMS, READS, SAMPLES, WRITES, Call, Scene
from tests.engine.plans.recording import Explained, explaining

GROWING = frozenset(
    {
        "audit_log",
        "documents",
        "effects",
        "failures",
        "inbox",
        "inbox_keys",
        "notes",
        "order_item_units",
        "order_items",
        "order_search_words",
        "order_status_history",
        "order_workflow_steps",
        "order_workflows",
        "orders",
        "package_items",
        "packages",
        "pick_lines",
        "stock_movements",
        "stock_reservations",
        "work",
    }
)
"""Tables with a row, or several, for every order."""

OPEN = frozenset({"work", "failures"})
"""Of these the ones that hold open orders only: a screen that counts what is open reads them whole."""

DONE_TEMPLATES, PARKED_TEMPLATES = 30, 20

# What has been understood, and what is put off: neither is due.
_PUT_OFF = """
INSERT INTO inbox (source, kind, state, due_at)
SELECT 'poll', 'order', CASE WHEN n % 4 = 0 THEN 'new' ELSE 'done' END, now() + interval '1 day' FROM generate_series(1, $1::int) n
"""
_PUT_OFF_EFFECTS = """
INSERT INTO effects (key, kind, dependency, due_at)
SELECT 'put off ' || gen_random_uuid(), 'notice', 'notices', now() + interval '1 day' FROM generate_series(1, $1::int) n
"""

_AS_OF_A_MILLION = """
UPDATE pg_class SET reltuples = reltuples * $2::float4
WHERE reltuples > 0 AND (oid = $1::text::regclass OR oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = $1::text::regclass))
"""


class Crowd:
    """Orders that are closed and orders that are parked, as many as asked for."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.copies = {"done": 0, "parked": 0}

    async def open(self) -> None:
        """Work a few orders as far as they go; the copies are made of them."""
        await self.house.stock("MUG-BLU", 9_000)
        await set_address(self.house.store, DEFAULT_LOCATION, QUAY, actor=MIRA)
        facts = [
            an_order(self.house.shop_id, f"57{place:05d}", units=[a_unit()])
            for place in range(DONE_TEMPLATES + PARKED_TEMPLATES)
        ]
        orders = await self.house.arrive(*facts)
        await self.house.buy_labels()
        await self.house.tell_tiktok()
        for order_id in orders[:DONE_TEMPLATES]:
            await self.house.track(order_id, TrackingStatus.IN_TRANSIT)
            await self.house.track(order_id, TrackingStatus.DELIVERED, minute=90)
        # A few that fail, and stay the same few.
        await self.house.arrive(*(an_order(self.house.shop_id, f"56{n}", units=[a_unit(sku="NONE")]) for n in range(5)))
        await filling.keep_templates(self.house.store, "done", "workflow_status = 'completed'", DONE_TEMPLATES)
        await filling.keep_templates(self.house.store, "parked", "workflow_status = 'ready_to_ship'", PARKED_TEMPLATES)

    async def grow(self, name: str, copies: int) -> None:
        done = self.copies[name]
        # Copies of the two kinds must not share the beginnings of their ids.
        first = (1 if name == "done" else 50_000) + done
        await filling.fill(self.house.store, name, range(first, first + copies))
        self.copies[name] = done + copies
        if name == "parked":
            await self.house.store.pool.execute(_PUT_OFF, copies * PARKED_TEMPLATES)
            await self.house.store.pool.execute(_PUT_OFF_EFFECTS, copies * PARKED_TEMPLATES)
            await self.house.store.pool.execute("ANALYZE")


async def _explain(
    house: House, calls: Mapping[str, Call], scene: Scene, *, generic: bool = False
) -> dict[str, list[Explained]]:
    answers: dict[str, list[Explained]] = {}
    for name, call in calls.items():
        # The daemon's statements are planned once, without looking at their values.
        async with explaining(house.store, generic=generic and (name in WRITES or name in CLAIMS)) as explained:
            await call(scene)
        answers[name] = explained
    return answers


def _pages(answers: Mapping[str, list[Explained]]) -> dict[tuple[str, str], int]:
    """The most pages that a statement of a call looked at."""
    pages: dict[tuple[str, str], int] = {}
    for name, explained in answers.items():
        for each in explained:
            key = (name, each.statement)
            pages[key] = max(pages.get(key, 0), each.pages)
    return pages


def _risen(before: Mapping[str, list[Explained]], after: Mapping[str, list[Explained]]) -> list[str]:
    """The statements that look at more than deeper trees and a few pages for each order of the batch explain."""
    pages = _pages(before)
    return [
        f"{name}: {pages[name, statement]} pages, then {now}: {statement[:300]}"
        for (name, statement), now in _pages(after).items()
        if (name, statement) in pages and now > 2 * pages[name, statement] + 6 * BATCH
    ]


@pytest.fixture
async def crowd(house: House) -> AsyncIterator[Crowd]:
    async with _still(house.store):
        crowd = Crowd(house)
        await crowd.open()
        yield crowd


@contextlib.asynccontextmanager
async def _still(store: Database) -> AsyncIterator[None]:
    """No vacuum of its own accord puts the statistics right meanwhile."""
    for table in GROWING:
        await store.pool.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
    try:
        yield
    finally:
        await store.pool.execute("DROP SCHEMA IF EXISTS done, parked CASCADE")
        for table in GROWING:
            await store.pool.execute(f"ALTER TABLE {table} RESET (autovacuum_enabled)")
        await store.pool.execute("ANALYZE")


async def test_what_is_asked_costs_what_is_due_however_much_is_parked_or_closed(house: House, crowd: Crowd) -> None:
    await crowd.grow("parked", 5)
    await crowd.grow("done", 10)
    everything = {**WRITES, **CLAIMS, **READS}
    small = await _explain(house, everything, Scene(house, 1))

    await crowd.grow("done", 90)
    closed = await _explain(house, everything, Scene(house, 2))
    assert not _risen(small, closed), "\n".join(_risen(small, closed))

    await crowd.grow("parked", 50)
    parked = await _explain(house, {**WRITES, **CLAIMS}, Scene(house, 3))
    assert not _risen(small, parked), "\n".join(_risen(small, parked))

    claims = await house.claim(EffectKind.NOTICE, limit=500)
    assert claims
    assert not [claim.key for claim in claims if claim.key.startswith("put off")]

    orders = await house.store.pool.fetchval("SELECT count(*) FROM orders")
    for table in sorted(GROWING):
        await house.store.pool.execute(_AS_OF_A_MILLION, f"orders.{table}", A_MILLION / orders)
    million = await _explain(house, {**everything, **SAMPLES}, Scene(house, 4), generic=True)
    walked = [
        f"{name} walks {', '.join(sorted(tables))}: {each.statement[:300]}"
        for name, explained in million.items()
        for each in explained
        if (tables := each.walked() & (GROWING if name in WRITES or name in CLAIMS else GROWING - OPEN))
    ]
    assert not walked, "\n".join(walked)
    used = {index for explained in million.values() for each in explained for index in each.indexes()}
    missing = NAMED - used
    assert not missing, f"nothing uses {sorted(missing)}"


NAMED = frozenset(
    {
        "effects_open_index",
        "failures_open_index",
        "inbox_asking_index",
        "inbox_open_index",
        "order_items_sku_index",
        "order_search_words_pkey",
        "orders_changed_index",
        "orders_due_index",
        "orders_newest_index",
        "orders_ship_by_index",
        "orders_state_index",
        "orders_status_index",
        "orders_tags_index",
        "orders_tiktok_order_id_key",
        "orders_total_index",
        "packages_track_due_index",
        "pick_lines_open_index",
        "stock_reservations_going_back_index",
        "work_due_index",
        "work_ready_index",
        "work_waiting_index",
    }
)
"""Indexes that exist for one of these questions."""
