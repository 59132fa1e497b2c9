"""Group commit: what many tasks want written at the same moment is written together.

A lone item is written at once. While one write is under way the next gathers, and as long as writes hold several items each waits a
moment for company: a transaction costs nearly the same for one item as for twenty, so a burst ends in few of them.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar
from uuid import UUID

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Gathering(Generic[Item, Answer]):
    """Gathers items for `write`, which answers by the items' ids. An item without an answer gets `absent`."""

    def __init__(
        self,
        write: Callable[[Sequence[Item]], Awaitable[Mapping[UUID, Answer]]],
        name: Callable[[Item], UUID],
        *,
        absent: Answer,
        most: int = 250,
        company_seconds: float = 0.02,
    ) -> None:
        self._write = write
        self._name = name
        self._absent = absent
        self._most = most
        self._company_seconds = company_seconds
        self._last = 1
        self._waiting: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._writer: asyncio.Task[None] | None = None
        # What is logged of a write is about no single item, so not what the first of them was about.
        self._context = contextvars.copy_context()

    async def add(self, item: Item) -> Answer:
        """Write the item, with whatever else waits, and give its answer. Raises what the write raised."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_all(), context=self._context.copy())
        return await future

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                # Also a lone item lets the tasks that finished in this very turn of the loop come along.
                await asyncio.sleep(self._company_seconds if self._last > 1 else 0)
                part, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                self._last = len(part)
                await self._write_part(part)
        finally:
            self._writer = None

    async def _write_part(self, part: Sequence[tuple[Item, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._write([item for item, _ in part])
        except Exception as error:  # noqa: BLE001  # it is raised where each item was added
            for _, future in part:
                if not future.done():
                    future.set_exception(error)
            return
        for item, future in part:
            if not future.done():
                future.set_result(answers.get(self._name(item), self._absent))
