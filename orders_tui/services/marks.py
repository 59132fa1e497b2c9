"""What people give orders to tell them apart: tags, a person, notes, a priority."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from engine.actors import Actor
from engine.database.connection import Database
from engine.identifiers import OrderId
from engine.orders import assignment, notes, priority, tags
from engine.orders.views import ChangeOutcome
from orders_tui.services.batches import in_batches
from orders_tui.services.door import Door, lost_is_unreachable

Write = Callable[..., Awaitable[list[ChangeOutcome]]]


class Marks:
    """Marks put on orders by one person. Refusals of single orders are in the outcomes; with `write` False nothing is written."""

    def __init__(self, database: Database, actor: Actor, door: Door) -> None:
        self._database, self._actor, self._door = database, actor, door

    async def tag(
        self, order_ids: Sequence[OrderId], words: Sequence[str], *, write: bool = True
    ) -> list[ChangeOutcome]:
        """Give these orders these tags. Raises Refused for a word that is no tag."""
        return await self._each(order_ids, tags.add_tags, words, write=write)

    async def untag(
        self, order_ids: Sequence[OrderId], words: Sequence[str], *, write: bool = True
    ) -> list[ChangeOutcome]:
        """Take these tags off these orders."""
        return await self._each(order_ids, tags.remove_tags, words, write=write)

    async def assign(
        self, order_ids: Sequence[OrderId], user: str | None, *, write: bool = True
    ) -> list[ChangeOutcome]:
        """Hand these orders to the user with this id, login or name, or with None to nobody. Raises NotFound, Refused."""
        assignee = None
        if user is not None:
            with lost_is_unreachable():
                assignee = await assignment.find_user(self._database, user)
        return await self._each(order_ids, assignment.assign, assignee, write=write)

    async def prioritise(
        self, order_ids: Sequence[OrderId], level: int | None, *, write: bool = True
    ) -> list[ChangeOutcome]:
        """Set their priority, or with None leave it to their deadlines. Raises Refused for a level there is not."""
        return await self._each(order_ids, priority.prioritise, level, write=write)

    async def note(
        self, order_ids: Sequence[OrderId], body: str, *, must_acknowledge: bool = False
    ) -> list[ChangeOutcome]:
        """Write a note on these orders. Raises Refused for an empty or an endless one."""
        return await self._each(order_ids, notes.add_note, body, must_acknowledge=must_acknowledge)

    async def acknowledge(self, order_ids: Sequence[OrderId], *, write: bool = True) -> list[ChangeOutcome]:
        """Take note of what must be acknowledged on these orders."""
        return await self._each(order_ids, notes.acknowledge, write=write)

    async def _each(
        self, order_ids: Sequence[OrderId], write_part: Write, *values: Any, **options: Any
    ) -> list[ChangeOutcome]:
        return await in_batches(
            self._database,
            self._door,
            order_ids,
            lambda connection, order_ids: write_part(
                connection, self._database.vault, order_ids, *values, actor=self._actor, **options
            ),
        )
