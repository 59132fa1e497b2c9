"""Who looks after an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.actors import Actor
from engine.errors import NotFound, Refused
from engine.identifiers import OrderId, UserId
from engine.orders.editing import Edit, Editable, changed, edit
from engine.orders.plain_text import plain
from engine.orders.views import ChangeOutcome
from engine.privacy.cipher import Vault

if TYPE_CHECKING:
    from engine.database.connection import Database

_PEOPLE = "SELECT id, display_name FROM users ORDER BY lower(display_name), id LIMIT $1"

_FIND = """
SELECT id, display_name FROM users
WHERE id::text = lower($1) OR login_role = $1 OR lower(display_name) = lower($1) ORDER BY id LIMIT 2
"""


@dataclass(frozen=True, slots=True)
class Assignee:
    """Somebody an order may be handed to."""

    user_id: UserId
    name: str


async def people(database: Database, *, limit: int = 200) -> list[Assignee]:
    """Everybody an order may be handed to, by name."""
    rows = await database.pool.fetch(_PEOPLE, limit)
    return [Assignee(UserId(row["id"]), plain(row["display_name"])) for row in rows]


async def find_user(database: Database, text: str) -> Assignee:
    """The user with this id, login or name. Raises NotFound, or Refused when two people have the name."""
    rows = await database.pool.fetch(_FIND, text.strip())
    if not rows:
        raise NotFound("user.unknown", f"There is no user {plain(text)!r}: give an id, a login or a display name.")
    if len(rows) > 1:
        raise Refused("user.ambiguous", f"More than one user is called {plain(text)!r}: give the login or the id.")
    return Assignee(UserId(rows[0]["id"]), plain(rows[0]["display_name"]))


async def assign(
    connection: Any,
    vault: Vault,
    order_ids: Sequence[OrderId],
    assignee: Assignee | None,
    *,
    actor: Actor,
    expected_versions: Mapping[OrderId, int] | None = None,
    write: bool = True,
) -> list[ChangeOutcome]:
    """Hand these orders to somebody, or with None to nobody; those that are theirs already say so."""
    user_id: UUID | None = assignee.user_id if assignee else None

    def decide(order: Editable) -> Edit | Refused:
        if order.assigned_to == user_id:
            whose = f"{assignee.name}'s" if assignee else "nobody's"
            return Refused("assign.unchanged", f"Order {order.order_number} is {whose} already.")
        return changed(order, "order.assigned", assigned_to=user_id)

    outcomes, _ = await edit(
        connection, vault, order_ids, decide, actor=actor, expected_versions=expected_versions, write=write
    )
    return outcomes
