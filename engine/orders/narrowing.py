"""From a filter to what it means in this database now: names become ids, a search becomes orders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine.database.connection import Connection
from engine.errors import NotFound
from engine.identifiers import ShopId
from engine.orders import search
from engine.orders.filters import NOBODY, OrderFilter, Sets
from engine.orders.plain_text import plain
from engine.orders.predicate import NamedIds, Predicate, predicate_for
from engine.orders.probing import add_candidates
from engine.orders.search import as_uuid
from engine.privacy.cipher import Vault

_MOST_NAMED = 8

# Purpose: all shops and all users, who are few, in one round trip.
_NAMES = """
SELECT 'shop' AS kind, s.id, s.user_id, s.name, ARRAY[lower(s.name), lower(s.tiktok_shop_id), s.id::text] AS names FROM shops s
UNION ALL
SELECT u.role, u.id, u.id, u.display_name, ARRAY[lower(u.display_name), lower(coalesce(u.login_role, '')), u.id::text] FROM users u
 ORDER BY name
"""


async def narrowed(
    connection: Connection, vault: Vault, order_filter: OrderFilter, *, in_order: bool, bound: int | None = None
) -> tuple[Predicate, bool]:
    """The filter as a predicate, and whether it holds all that match (see `add_search`). Raises NotFound for a name nobody has."""
    without = order_filter.without
    if _is_named(order_filter) or _is_named(without):
        known = await connection.fetch(_NAMES)
        wanted = predicate_for(order_filter, _ids(order_filter, known), _ids(without, known))
    else:
        wanted = predicate_for(order_filter)
    await add_candidates(connection, order_filter, wanted)
    whole = await search.add_search(connection, vault, order_filter.search, wanted, in_order=in_order, bound=bound)
    return wanted, whole


async def shops_named(connection: Connection, order_filter: OrderFilter) -> frozenset[ShopId]:
    """The shops that the filter names; none when it names none. Raises NotFound for a name nobody has."""
    if not order_filter.shops:
        return frozenset()
    return frozenset(ShopId(shop) for shop in _ids(order_filter, await connection.fetch(_NAMES)).shops)


def _is_named(sets: Sets) -> bool:
    return bool(sets.shops or sets.creators or sets.assigned)


def _ids(sets: Sets, known: Sequence[Any]) -> NamedIds:
    def is_shop(row: Any) -> bool:
        return bool(row["kind"] == "shop")

    def is_creator(row: Any) -> bool:
        return bool(row["kind"] == "creator")

    creators = frozenset(row["id"] for row in _found("creator", sets.creators, is_creator, known))
    return NamedIds(
        shops=frozenset(row["id"] for row in _found("shop", sets.shops, is_shop, known)),
        creators=creators,
        creators_shops=frozenset(row["id"] for row in known if is_shop(row) and row["user_id"] in creators),
        assigned=frozenset(
            row["id"] for row in _found("user", sets.assigned - {NOBODY}, lambda row: not is_shop(row), known)
        ),
        nobody=NOBODY in sets.assigned,
    )


def _found(what: str, names: frozenset[str], fits: Callable[[Any], bool], known: Sequence[Any]) -> list[Any]:
    """The rows that these names name; two of one name are both meant."""
    candidates = [row for row in known if fits(row)]
    found = []
    for name in sorted(names):
        same = [row for row in candidates if name.strip().lower() in row["names"]]
        if not same and as_uuid(name) is None:  # an id says what it means, also where nobody has it
            there = ", ".join(plain(row["name"]) for row in candidates[:_MOST_NAMED]) or "none yet"
            more = f" and {len(candidates) - _MOST_NAMED} more" if len(candidates) > _MOST_NAMED else ""
            raise NotFound(f"filter.{what}", f"There is no {what} called {plain(name)!r}; there are {there}{more}.")
        found += same
    return found
