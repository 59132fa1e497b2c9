"""What people give orders to tell them apart: tags, a person, notes, a priority."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from engine.actors import Actor
from engine.database.connection import Database
from engine.identifiers import OrderId
from engine.orders import notes
from engine.orders.bulk.requests import BulkKind, BulkRequest
from engine.orders.views import ChangeOutcome
from orders_tui.services.bulk import Bulk
from orders_tui.services.door import Door


class Marks:
    """Marks put on orders by one person, who may take them back, notes excepted.

    Refusals of single orders are in the outcomes; with `write` False nothing is written.
    """

    def __init__(self, database: Database, actor: Actor, door: Door, bulk: Bulk) -> None:
        self._database, self._actor, self._door, self._bulk = database, actor, door, bulk

    async def tag(
        self, order_ids: Sequence[OrderId], words: Sequence[str], *, write: bool = True
    ) -> list[ChangeOutcome]:
        """Give these orders these tags. Raises Refused for a word that is no tag."""
        return await self._bulk.do(BulkRequest(BulkKind.TAG, {"tags": list(words)}), order_ids, write=write)

    async def untag(
        self, order_ids: Sequence[OrderId], words: Sequence[str], *, write: bool = True
    ) -> list[ChangeOutcome]:
        """Take these tags off these orders."""
        return await self._bulk.do(BulkRequest(BulkKind.UNTAG, {"tags": list(words)}), order_ids, write=write)

    async def assign(
        self, order_ids: Sequence[OrderId], user: str | None, *, write: bool = True
    ) -> list[ChangeOutcome]:
        """Hand these orders to the user with this id, login or name, or with None to nobody. Raises NotFound, Refused."""
        parameters = await self._bulk.assignee(user)
        return await self._bulk.do(BulkRequest(BulkKind.ASSIGN, parameters), order_ids, write=write)

    async def prioritise(
        self, order_ids: Sequence[OrderId], level: int | None, *, write: bool = True
    ) -> list[ChangeOutcome]:
        """Set their priority, or with None leave it to their deadlines. Raises Refused for a level there is not."""
        return await self._bulk.do(BulkRequest(BulkKind.PRIORITY, {"level": level}), order_ids, write=write)

    async def note(
        self, order_ids: Sequence[OrderId], body: str, *, must_acknowledge: bool = False
    ) -> list[ChangeOutcome]:
        """Write a note on these orders. Raises Refused for an empty or an endless one."""
        add = functools.partial(notes.add_note, must_acknowledge=must_acknowledge)
        vault, actor = self._database.vault, self._actor
        return await self._door.write(
            self._database.run(lambda connection: add(connection, vault, order_ids, body, actor=actor))
        )

    async def acknowledge(self, order_ids: Sequence[OrderId], *, write: bool = True) -> list[ChangeOutcome]:
        """Take note of what must be acknowledged on these orders."""
        vault, actor = self._database.vault, self._actor
        return await self._door.write(
            self._database.run(
                lambda connection: notes.acknowledge(connection, vault, order_ids, actor=actor, write=write)
            )
        )
