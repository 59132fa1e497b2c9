"""Views that people keep: a filter in words, a sort and columns under a name, their own or everybody's, on the keys 1 to 9."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from typing import Any

from engine.actors import Actor
from engine.database.connection import Connection, Database
from engine.errors import NotFound, Refused
from engine.identifiers import UserId, new_id
from engine.orders.filter_language.reading import filter_of
from engine.orders.filters import OrderSort
from engine.orders.plain_text import plain

POSITIONS = range(1, 10)
LONGEST_NAME = 40
MOST_VIEWS = 200

# Purpose: a person's own views, then everybody's, each in the order of their keys.
_VIEWS = """
SELECT v.name, v.filter, v.position, v.user_id IS NULL AS shared FROM saved_views v
 WHERE v.user_id IS NULL OR v.user_id = $1
 ORDER BY v.user_id IS NULL, v.position NULLS LAST, v.name
"""

_OWNER = "SELECT u.id FROM users u WHERE u.login_role = $1"
_NEW_OWNER = """
INSERT INTO users (id, display_name, role, login_role) VALUES ($1, $2, 'admin', $2)
ON CONFLICT (login_role) DO UPDATE SET login_role = excluded.login_role RETURNING id
"""

# The one whose key it was gets the key that this one had, or none.
_LOCK = "SELECT v.id, v.name, v.position FROM saved_views v WHERE v.user_id IS NOT DISTINCT FROM $1 ORDER BY v.id FOR UPDATE"
_MOVE = "UPDATE saved_views SET position = $2, updated_at = now() WHERE id = $1"
_SAVE = """
INSERT INTO saved_views (id, user_id, name, filter, position) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (user_id, name) DO UPDATE SET filter = excluded.filter, position = excluded.position, updated_at = now()
"""
_DELETE = "DELETE FROM saved_views WHERE user_id IS NOT DISTINCT FROM $1 AND lower(name) = lower($2) RETURNING name"


@dataclass(frozen=True, slots=True)
class SavedView:
    """One view. `words` are a filter in the filter language; without `columns` it leaves them as they are."""

    name: str
    words: str = ""
    sort: OrderSort = OrderSort.ORDER_DATE
    ascending: bool = False
    columns: tuple[str, ...] = ()
    position: int | None = None
    shared: bool = False


def shared_from_the_start() -> list[SavedView]:
    """Everybody's views of a new database."""
    text = resources.files("engine.orders").joinpath("shared_views.toml").read_text("utf-8")
    return [SavedView(sort=OrderSort(entry.pop("sort")), shared=True, **entry) for entry in tomllib.loads(text)["view"]]


def stored(view: SavedView) -> dict[str, Any]:
    """What of a view is stored beside its name and its key."""
    return {"words": view.words, "sort": view.sort, "ascending": view.ascending, "columns": list(view.columns)}


async def saved_views(database: Database, actor: Actor) -> list[SavedView]:
    """One's own views, then everybody's."""
    async with database.pool.acquire() as connection:
        rows = await connection.fetch(_VIEWS, await _owner(connection, actor))
    return [_to_view(row) for row in rows]


def on_keys(views: Iterable[SavedView]) -> dict[int, SavedView]:
    """Which view each key opens: one's own before everybody's."""
    found: dict[int, SavedView] = {}
    for view in views:
        if view.position is not None:
            found.setdefault(view.position, view)
    return dict(sorted(found.items()))


def view_named(views: Iterable[SavedView], text: str) -> SavedView:
    """The view with this name or on this key, one's own before everybody's. Raises NotFound."""
    known = list(views)
    for view in known:
        if view.name.lower() == text.strip().lower():
            return view
    if text.isdecimal() and int(text) in (keyed := on_keys(known)):
        return keyed[int(text)]
    names = ", ".join(view.name for view in known) or "none yet"
    raise NotFound("view.unknown", f"There is no view {plain(text)!r}; there are {names}.")


async def save_view(connection: Connection, view: SavedView, *, actor: Actor) -> SavedView:
    """Keep a view under its name, in place of one that has it. Raises Refused for what cannot be kept.

    Another one that has its key takes the key it had before, or none.
    """
    name = " ".join(plain(view.name).split())
    if not 0 < len(name) <= LONGEST_NAME or name.isdecimal():
        raise Refused("view.name", f"A view's name has 1 to {LONGEST_NAME} characters and is no number.")
    if view.position is not None and view.position not in POSITIONS:
        raise Refused("view.key", f"There is no key {view.position}; views stand on the keys 1 to 9.")
    filter_of(view.words)
    owner = None if view.shared else await _owner(connection, actor, make=True)
    rows = await connection.fetch(_LOCK, owner)
    before = next((row for row in rows if row["name"].lower() == name.lower()), None)
    if before is None and len(rows) >= MOST_VIEWS:
        raise Refused("view.too_many", f"There are {MOST_VIEWS} views already; delete some first.")
    taken = next((row for row in rows if row["position"] == view.position and row["position"] is not None), None)
    if taken is not None and taken is not before:
        if before is not None:
            await connection.execute(_MOVE, before["id"], None)
        await connection.execute(_MOVE, taken["id"], before["position"] if before else None)
    if before is not None:
        name = before["name"]
    await connection.execute(_SAVE, new_id(), owner, name, stored(view), view.position)
    return SavedView(name, view.words, view.sort, view.ascending, view.columns, view.position, view.shared)


async def delete_view(connection: Connection, view: SavedView, *, actor: Actor) -> None:
    """Forget a view. Raises NotFound when it is gone already."""
    owner = None if view.shared else await _owner(connection, actor)
    if view.shared is (owner is not None) or not await connection.fetchval(_DELETE, owner, view.name):
        raise NotFound("view.unknown", f"There is no view {plain(view.name)!r} any more.")


async def _owner(connection: Connection, actor: Actor, *, make: bool = False) -> UserId | None:
    """Whose views they are. A login that is nobody's and may make people is the owner's, who is an administrator."""
    if actor.user_id is not None:
        return actor.user_id
    found = await connection.fetchval(_OWNER, actor.name)
    if found is None and make:
        found = await connection.fetchval(_NEW_OWNER, new_id(), actor.name)
    return UserId(found) if found is not None else None


def _to_view(row: Any) -> SavedView:
    kept = row["filter"]
    return SavedView(
        plain(row["name"]),
        kept.get("words", ""),
        OrderSort(kept.get("sort", OrderSort.ORDER_DATE)),
        bool(kept.get("ascending", False)),
        tuple(kept.get("columns", ())),
        row["position"],
        row["shared"],
    )
