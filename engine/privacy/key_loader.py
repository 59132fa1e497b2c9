"""Reading the keys from a place that cannot wait for a coroutine: in a thread, over a connection of its own.

Needed a few times in the life of a process: when it meets a key that is younger than itself, or seals after a long sleep.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Awaitable, Callable
from typing import Any

_ANSWER_SECONDS = 5.0


class KeyLoader:
    """Runs a few statements to their end while the caller stands still."""

    def __init__(self, connect: Callable[[], Awaitable[Any]]) -> None:
        self._connect = connect

    def read(self, *statements: str) -> list[list[Any]] | None:
        """The rows of each statement; None when the database does not answer in time."""
        answers: queue.SimpleQueue[list[list[Any]] | None] = queue.SimpleQueue()

        def ask() -> None:
            found = None
            with contextlib.suppress(Exception):
                found = asyncio.run(self._ask(statements))
            answers.put(found)

        threading.Thread(target=ask, name="key-loader", daemon=True).start()
        with contextlib.suppress(queue.Empty):
            return answers.get(timeout=_ANSWER_SECONDS)
        return None

    async def _ask(self, statements: tuple[str, ...]) -> list[list[Any]]:
        async with asyncio.timeout(_ANSWER_SECONDS):
            connection = await self._connect()
            try:
                return [await connection.fetch(statement) for statement in statements]
            finally:
                connection.terminate()
