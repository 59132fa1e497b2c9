"""Many orders, a transaction for each few hundred, so that none waits for all."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Sequence
from typing import Any, Protocol

from engine.database.connection import Database
from engine.identifiers import OrderId
from engine.orders.views import ChangeOutcome
from orders_tui.services.door import Door

SIZE = 200
"""As many as the engine itself takes at once."""


class Work(Protocol):
    """What is done with some of the orders, on a connection inside a transaction of its own."""

    def __call__(self, connection: Any, order_ids: Sequence[OrderId]) -> Awaitable[list[ChangeOutcome]]: ...


async def in_batches(database: Database, door: Door, order_ids: Sequence[OrderId], work: Work) -> list[ChangeOutcome]:
    """What `work` made of each order, in their order."""

    async def all_of_them() -> list[ChangeOutcome]:
        outcomes: list[ChangeOutcome] = []
        for start in range(0, len(order_ids), SIZE):
            outcomes += await database.run(functools.partial(work, order_ids=order_ids[start : start + SIZE]))
        return outcomes

    return await door.write(all_of_them())
