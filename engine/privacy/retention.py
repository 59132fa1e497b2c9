"""The retention errand: closed orders past their age forget their person, and what came and went for orders is cleared, day by day.

It goes through tables by their keys in small transactions, by one daemon at a time, and goes on where another one stopped. What it would
do now is counted by the same statements (`preview`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.actors import SYSTEM, Actor
from engine.audit import chain
from engine.identifiers import DEFAULT_CREATOR, OrderId
from engine.privacy.forgetting import KEPT_FOR, count_rows, forget_orders
from engine.privacy.policy import house_policy, shop_policies
from engine.privacy.terms import FOR_EVER, Policy

if TYPE_CHECKING:
    from engine.database.connection import Database

LEASE = "retention"
WINDOW = 2000
"""Rows looked at in one statement."""
TOGETHER = 50
"""Orders forgotten in one transaction."""
_PASS_HOURS = 24

# A closed order's age counts from when it was closed. Index: orders_pkey, order_status_history_order_index.
_WINDOW = f"""
WITH looked AS (SELECT * FROM orders WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $4), judged AS (
    SELECT o.id, p.days IS NOT NULL AND o.forgotten_at IS NULL AND o.order_status IN ('delivered', 'cancelled', 'returned')
           AND coalesce((SELECT max(h.created_at) FROM order_status_history h WHERE h.order_id = o.id), o.order_date)
               < now() - make_interval(days => p.days)
           AND ({KEPT_FOR}) = '' AS due
    FROM looked o LEFT JOIN unnest($2::uuid[], $3::int[]) AS p(shop_id, days) ON p.shop_id = o.shop_id)
SELECT count(*) AS looked_at, array_agg(id ORDER BY id) FILTER (WHERE due) AS due, (array_agg(id ORDER BY id DESC))[1] AS reached
FROM judged
"""  # noqa: S608
_SWEEP_WORDS = """
DELETE FROM order_search_words s USING orders o WHERE o.id = s.order_id AND o.forgotten_at >= $1::timestamptz
"""

# What belongs to no shop is kept as the house says. Index: the primary keys.
_PAYLOADS = """
WITH looked AS (SELECT id, shop_id, payload IS NOT NULL AND state <> 'new' AS there, received_at FROM inbox
                WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $4)
SELECT count(*) AS looked_at, (array_agg(l.id ORDER BY l.id DESC))[1] AS reached,
       array_agg(l.id ORDER BY l.id) FILTER (WHERE l.there AND l.received_at < now() - make_interval(days => p.days)) AS due
FROM looked l LEFT JOIN unnest($2::uuid[], $3::int[]) AS p(shop_id, days) ON p.shop_id = coalesce(l.shop_id, $5)
"""
_CLEAR_PAYLOADS = """
UPDATE inbox SET payload = NULL WHERE id IN (SELECT id FROM inbox WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE SKIP LOCKED)
"""

_MANIFESTS_DUE = """
m.body IS NOT NULL AND m.made_at < now() - make_interval(days => $1)
"""
_MANIFESTS = f"UPDATE manifests m SET body = NULL WHERE {_MANIFESTS_DUE}"  # noqa: S608
_COUNT_MANIFESTS = f"SELECT count(*) FROM manifests m WHERE {_MANIFESTS_DUE}"  # noqa: S608
_BATCHES_DUE = """
finished_at < now() - make_interval(days => $1) AND (note IS NOT NULL OR request ->> 'reason' <> '')
"""
_BATCHES = f'UPDATE batches SET note = NULL, request = request || \'{{"reason": ""}}\' WHERE {_BATCHES_DUE}'  # noqa: S608
_COUNT_BATCHES = f"SELECT count(*) FROM batches WHERE {_BATCHES_DUE}"  # noqa: S608

_ERRAND = """
INSERT INTO privacy_errands (errand) VALUES ($1) ON CONFLICT (errand) DO UPDATE
SET reached = NULL, looked_at = 0, changed = 0, passed_over = 0, began_at = now(), progressed_at = now(), finished_at = NULL
WHERE privacy_errands.finished_at < now() - make_interval(hours => $2)
"""
_READ = "SELECT reached, changed, began_at FROM privacy_errands WHERE errand = $1 AND finished_at IS NULL"
_MOVED = """
UPDATE privacy_errands SET reached = $2, looked_at = looked_at + $3, changed = changed + $4, passed_over = passed_over + $5,
       progressed_at = now(), finished_at = CASE WHEN $6 THEN now() END
WHERE errand = $1
"""
_FINISHED = "SELECT changed FROM privacy_errands WHERE errand = $1"
_LOCK_SUBJECT = "SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE"

_NO_SHOP = UUID(int=0)


@dataclass(frozen=True, slots=True)
class ShopPreview:
    """What retention would do to one shop now: orders, and rows by table."""

    name: str
    policy: Policy
    counts: Mapping[str, int]


async def preview(database: Database, configured: Policy) -> list[ShopPreview]:
    """What the errand would forget and clear now, shop by shop, the house's own last; nothing changes."""
    async with database.pool.acquire() as connection:
        shops = await shop_policies(connection, configured)
        house = await house_policy(connection, configured)
        found = []
        for shop in shops:
            orders = _days({shop.shop_id: shop.policy.orders_days})
            counts = await _count(connection, orders, _days({shop.shop_id: shop.policy.payloads_days}))
            found.append(ShopPreview(shop.name, shop.policy, counts))
        counts = await _count(connection, ([], []), _days({_NO_SHOP: house.payloads_days}))
        if house.payloads_days != FOR_EVER:
            counts["manifests"] += await connection.fetchval(_COUNT_MANIFESTS, house.payloads_days)
            counts["batches"] += await connection.fetchval(_COUNT_BATCHES, house.payloads_days)
        return [*found, ShopPreview("", house, +counts)]


async def step(database: Database, configured: Policy, *, pass_hours: int = _PASS_HOURS) -> int | None:
    """Do the next small part; answers how many rows were looked at, None when there is nothing to do until tomorrow."""
    async with database.pool.acquire() as connection:
        shops = await shop_policies(connection, configured)
        house = await house_policy(connection, configured)
    payloads = _days({shop.shop_id: shop.policy.payloads_days for shop in shops} | {_NO_SHOP: house.payloads_days})
    orders = _days({shop.shop_id: shop.policy.orders_days for shop in shops})
    if (looked := await _orders_step(database, orders, pass_hours)) is not None:
        return looked
    return await _payloads_step(database, payloads, house, pass_hours)


async def _orders_step(database: Database, days: tuple[list[UUID], list[int]], pass_hours: int) -> int | None:
    errand = "retention orders"
    state = await _begin(database, errand, pass_hours) if days[0] else None
    if state is None:
        return None
    window = await database.pool.fetchrow(_WINDOW, _reached(state), *days, WINDOW)
    due = window["due"] or []
    counts: Counter[str] = Counter()
    for start in range(0, len(due), TOGETHER):
        part = [OrderId(each) for each in due[start : start + TOGETHER]]
        done, _ = await forget_orders(database, part, actor=SYSTEM, why="retention")
        counts += done
    last = window["looked_at"] < WINDOW
    if last and (counts or state["changed"]):
        await database.pool.execute(_SWEEP_WORDS, state["began_at"])
    await _moved(database, errand, window, counts["orders"], last=last)
    return int(window["looked_at"])


async def _payloads_step(
    database: Database, days: tuple[list[UUID], list[int]], house: Policy, pass_hours: int
) -> int | None:
    errand = "retention inbox"
    state = await _begin(database, errand, pass_hours) if days[0] else None
    if state is None:
        return None
    window = await database.pool.fetchrow(_PAYLOADS, _reached(state), *days, WINDOW, _NO_SHOP)
    cleared = 0
    if due := window["due"]:
        cleared = int((await database.pool.execute(_CLEAR_PAYLOADS, due)).split()[-1])
    last = window["looked_at"] < WINDOW
    if last and house.payloads_days != FOR_EVER:
        await database.pool.execute(_MANIFESTS, house.payloads_days)
        await database.pool.execute(_BATCHES, house.payloads_days)
    await _moved(database, errand, window, cleared, last=last)
    return int(window["looked_at"])


async def _begin(database: Database, errand: str, pass_hours: int) -> Any:
    await database.pool.execute(_ERRAND, errand, pass_hours)
    return await database.pool.fetchrow(_READ, errand)


async def _moved(database: Database, errand: str, window: Any, changed: int, *, last: bool) -> None:
    due = len(window["due"] or [])
    reached = [str(window["reached"])] if window["reached"] else None

    async def move(connection: Any) -> None:
        await connection.execute(_MOVED, errand, reached, window["looked_at"], changed, due - changed, last)
        total = await connection.fetchval(_FINISHED, errand) if last else 0
        if total:
            await note(connection, database, "privacy.retained", SYSTEM, {"errand": errand, "rows": total})

    await database.run(move)


async def note(connection: Any, database: Database, action: str, actor: Actor, after: Mapping[str, Any]) -> None:
    """An entry in the house's own chain: what was done to how many, and nobody's name."""
    await connection.execute(_LOCK_SUBJECT, DEFAULT_CREATOR)
    await chain.append(connection, database.vault, DEFAULT_CREATOR, DEFAULT_CREATOR, action, actor, None, dict(after))


async def _count(
    connection: Any, orders: tuple[list[UUID], list[int]], payloads: tuple[list[UUID], list[int]]
) -> Counter[str]:
    counts: Counter[str] = Counter()
    reached = None
    while orders[0]:
        window = await connection.fetchrow(_WINDOW, reached, *orders, WINDOW)
        counts += await count_rows(connection, window["due"] or [])
        reached = window["reached"]
        if window["looked_at"] < WINDOW:
            break
    reached = None
    while payloads[0]:
        window = await connection.fetchrow(_PAYLOADS, reached, *payloads, WINDOW, _NO_SHOP)
        counts["inbox"] += len(window["due"] or [])
        reached = window["reached"]
        if window["looked_at"] < WINDOW:
            break
    return counts


def _days(days: Mapping[Any, int]) -> tuple[list[UUID], list[int]]:
    """Shops where something is forgotten at all, and after how many days."""
    chosen = {shop: number for shop, number in days.items() if number != FOR_EVER}
    return list(chosen), list(chosen.values())


def _reached(state: Any) -> UUID | None:
    return UUID(state["reached"][0]) if state["reached"] else None


def rows_of(previews: Sequence[ShopPreview]) -> Counter[str]:
    """All shops together."""
    return sum((Counter(each.counts) for each in previews), Counter())
