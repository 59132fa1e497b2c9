"""Forgetting a whole creator: its orders' people one by one, then its data keys, without which nothing sealed for it opens anywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.errors import NotFound, Refused
from engine.identifiers import DEFAULT_CREATOR, OrderId, UserId
from engine.privacy.forgetting import forget_orders
from engine.privacy.retention import note
from engine.privacy.rotation import tell

if TYPE_CHECKING:
    from engine.database.connection import Database

TOGETHER = 50

_CREATOR = """
SELECT u.id, u.display_name,
       (SELECT count(*) FROM orders o WHERE o.user_id = u.id AND (EXISTS (SELECT FROM work k WHERE k.order_id = o.id)
            OR o.order_status NOT IN ('delivered', 'cancelled', 'returned'))) AS open_orders,
       (SELECT count(*) FROM shops s WHERE s.user_id = u.id AND s.state IN ('connected', 'paused')) AS shops
FROM users u WHERE u.id = $1
"""
_NAMED = """
SELECT u.id FROM users u
WHERE (lower(u.display_name) = lower($1) OR u.id::text = lower($1))
  AND (u.role = 'creator' OR u.id = $2 OR EXISTS (SELECT FROM data_keys k WHERE k.user_id = u.id))
ORDER BY u.id
"""
_NEXT = "SELECT id FROM orders WHERE user_id = $1 AND forgotten_at IS NULL AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3"
_LOCK = "SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE"
_WORDS = "DELETE FROM order_search_words WHERE order_id IN (SELECT id FROM orders WHERE user_id = $1)"
_CLOSE = "UPDATE orders SET forgotten_at = now() WHERE user_id = $1 AND forgotten_at IS NULL"
_DELETE_KEYS = "DELETE FROM data_keys WHERE user_id = $1 RETURNING id"


async def creator_named(database: Database, name: str) -> UserId:
    """The creator of this name or id. Raises NotFound, Refused."""
    found = await database.pool.fetch(_NAMED, name.strip(), DEFAULT_CREATOR)
    if not found:
        raise NotFound("creator.unknown", f"There is no creator {name!r}: `orders-tui keys status` lists them.")
    if len(found) > 1:
        raise Refused("creator.ambiguous", f"Several creators are called {name!r}: give the id of one.")
    return UserId(found[0]["id"])


async def check_creator(database: Database, creator: UserId) -> str:
    """The creator's name. Raises Refused, saying why, as long as it cannot be forgotten."""
    row = await database.pool.fetchrow(_CREATOR, creator)
    if row is None:
        raise NotFound("creator.unknown", f"There is no creator {creator}.")
    _refuse(row)
    return str(row["display_name"])


async def forget_creator(
    database: Database, creator: UserId, *, actor: Actor, on_progress: Callable[[int], None] | None = None
) -> int:
    """Forget a creator for good; answers how many orders. Raises Refused when it still sells; then nothing has changed."""
    await check_creator(database, creator)
    reached, orders = None, 0
    while rows := await database.pool.fetch(_NEXT, creator, reached, TOGETHER):
        ids = [OrderId(row["id"]) for row in rows]
        counts, _ = await forget_orders(database, ids, actor=actor, why="creator forgotten")
        orders, reached = orders + counts["orders"], ids[-1]
        if on_progress is not None:
            on_progress(orders)

    async def shred(connection: Any) -> None:
        await connection.execute(_LOCK, creator)
        _refuse(await connection.fetchrow(_CREATOR, creator))
        await connection.execute(_WORDS, creator)
        await connection.execute(_CLOSE, creator)
        keys = [row["id"] for row in await connection.fetch(_DELETE_KEYS, creator)]
        after = {"creator": str(creator), "orders": orders, "keys": keys}
        await note(connection, database, "privacy.creator_forgotten", actor, after)

    await database.run(shred)
    await tell(database)
    return orders


def _refuse(row: Any) -> None:
    name = row["display_name"]
    if row["id"] == DEFAULT_CREATOR:
        raise Refused(
            "privacy.default_creator",
            f"{name} is the house's own creator, whose key the house's records lie under: set a retention policy instead.",
        )
    if row["shops"]:
        raise Refused("privacy.shop_connected", f"{name} has {row['shops']} connected shops: disconnect them first.")
    if row["open_orders"]:
        raise Refused("privacy.orders_open", f"{name} has {row['open_orders']} open orders: close them first.")
