"""Where a victim may be struck: every commit it sends and every call it makes, counted by name. The product knows nothing of it.

A commit is named by the function of ours whose transaction it ends (`engine.orders.inbox.store`), a call by its method and address
(`POST /v2/shipments/*/buy`). At the chosen occurrence the victim is struck before it is sent, when it is sent and its answer is not
yet read, or after its answer.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from weakref import WeakSet

import asyncpg.connection
import asyncpg.transaction
import httpx

from sync import http_client
from sync.notices.folder import FolderOutbox

ROOT = Path(__file__).parents[2]
OURS = tuple(f"{ROOT / package}/" for package in ("engine", "sync"))
_DOOR = str(ROOT / "engine" / "database" / "connection.py")
_FLUSH_SECONDS = 0.02

LETTERS = "letters in the outbox"
"""The one call that goes to no server."""


class Moment(StrEnum):
    """When, seen from the victim."""

    BEFORE = "before it is sent"
    SENT = "sent, its answer unread"
    AFTER = "after its answer"


class Blow(StrEnum):
    """What happens then."""

    KILL = "kill"
    FREEZE = "freeze"
    LOSE = "lost reply"
    RESTART = "database restart"


@dataclass(frozen=True, slots=True)
class Strike:
    """One blow at one point: the `occurrence`-th time that `boundary` is reached."""

    boundary: str
    occurrence: int
    moment: Moment
    blow: Blow


Struck = Callable[[Strike], Awaitable[None]]


class Interception:
    """Counts boundaries, and does at one of them what it was told to."""

    def __init__(self, strikes: Sequence[Strike], struck: Struck) -> None:
        self.commits: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self._to_fall = list(strikes)
        self._struck = struck
        self._written: WeakSet[Any] = WeakSet()
        """Connections whose transaction has changed rows."""

    def install(self) -> None:
        """Stand between the product and asyncpg, and between it and its HTTP transport, for the rest of this process."""
        self._around_transactions()
        self._around_single_statements()
        self._around_calls()

    def _around_transactions(self) -> None:
        commit = asyncpg.transaction.Transaction._Transaction__commit

        async def counted(transaction: Any) -> None:
            connection = transaction._connection
            if transaction._nested or connection not in self._written:
                await commit(transaction)
                return
            self._written.discard(connection)
            await self._commit(connection, lambda: commit(transaction))

        asyncpg.transaction.Transaction._Transaction__commit = counted

    def _around_single_statements(self) -> None:
        connection = asyncpg.connection.Connection

        def wrap(name: str, *, counts: Callable[[tuple[Any, ...]], bool]) -> None:
            plain = getattr(connection, name)

            async def counted(self_: Any, *values: Any, **named: Any) -> Any:
                if not counts(values):
                    return await plain(self_, *values, **named)
                if self_._top_xact is None:
                    return await self._commit(self_, lambda: plain(self_, *values, **named))
                result = await plain(self_, *values, **named)
                if moved(result):
                    self._written.add(self_)
                return result

            setattr(connection, name, counted)

        wrap("execute", counts=lambda values: len(values) == 1 and writes(values[0]))
        wrap("_execute", counts=lambda values: writes(values[0]))
        wrap("_executemany", counts=lambda values: writes(values[0]))
        wrap("copy_records_to_table", counts=lambda _: True)

    def _around_calls(self) -> None:
        request = http_client._Client.request
        leave = FolderOutbox.deliver

        async def sent(client: Any, method: str, url: httpx.URL | str, **options: Any) -> Any:
            return await self._call(call_name(method, url), lambda: request(client, method, url, **options))

        async def left(outbox: FolderOutbox, letters: Any) -> Any:
            return await self._call(LETTERS, lambda: leave(outbox, letters))

        http_client._Client.request = sent  # type: ignore[method-assign, assignment]
        FolderOutbox.deliver = left  # type: ignore[method-assign, assignment]

    async def _commit(self, connection: Any, send: Callable[[], Awaitable[Any]]) -> Any:
        """One commit. A statement that found nothing to do is none, which shows only in its answer."""
        name = committer()
        strike = self._due(name, self.commits[name] + 1)
        if strike is None:
            result = await send()
        elif strike.blow is Blow.LOSE:
            result = await self._cut(connection, send, strike)
        else:
            result = await self._struck_around(send, strike)
        self.commits[name] += moved(result)
        return result

    async def _call(self, name: str, send: Callable[[], Awaitable[Any]]) -> Any:
        self.calls[name] += 1
        strike = self._due(name, self.calls[name])
        return await (send() if strike is None else self._struck_around(send, strike))

    def _due(self, name: str, occurrence: int) -> Strike | None:
        """The blow that falls here, if it is one's turn."""
        if self._to_fall and (self._to_fall[0].boundary, self._to_fall[0].occurrence) == (name, occurrence):
            return self._to_fall[0]
        return None

    async def _fall(self, strike: Strike) -> bool:
        """Let the blow fall. False when it fell already: on another commit of the same name, that was under way with this one."""
        if strike not in self._to_fall[:1]:
            return False
        await self._struck(self._to_fall.pop(0))
        return True

    async def _struck_around(self, send: Callable[[], Awaitable[Any]], strike: Strike) -> Any:
        if strike.moment is Moment.BEFORE:
            await self._fall(strike)
            return await send()
        sending = asyncio.ensure_future(send())
        await asyncio.wait({sending}, timeout=_FLUSH_SECONDS if strike.moment is Moment.SENT else None)
        if not (sending.done() and not sending.exception() and not moved(sending.result())):
            await self._fall(strike)
        return await sending

    async def _cut(self, connection: Any, send: Callable[[], Awaitable[Any]], strike: Strike) -> Any:
        """The connection breaks: before the server heard of it, or when the server has done it and the answer is under way."""
        if strike.moment is Moment.BEFORE:
            if not await self._fall(strike):
                return await send()
            connection._transport.abort()
            await asyncio.sleep(0)
            return await send()
        done = await send()
        if not moved(done) or not await self._fall(strike):
            return done
        # The driver waits for an answer when its connection breaks, and says so in its own words.
        waiting = asyncio.ensure_future(connection.execute("SELECT pg_sleep(9)"))
        await asyncio.sleep(_FLUSH_SECONDS)
        connection._transport.abort()
        return await waiting


def committer() -> str:
    """The innermost function of ours, the door to the database left out, that waits for this statement."""
    frame = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(OURS) and file != _DOOR:
            module = Path(file).relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
            return f"{module}.{frame.f_code.co_qualname.partition('.<locals>')[0]}"
        frame = frame.f_back  # type: ignore[assignment]
    return "not ours"


_LOCKS = re.compile(r"FOR (NO KEY )?UPDATE", re.IGNORECASE)
_WRITES = re.compile(r"\b(INSERT\s+INTO|UPDATE\s+\w|DELETE\s+FROM|TRUNCATE\s)", re.IGNORECASE)


def writes(query: str) -> bool:
    """Whether a statement changes rows, so that its end is a commit when it stands alone."""
    return _WRITES.search(_LOCKS.sub("", query)) is not None


def moved(result: Any) -> bool:
    """Whether a statement's answer tells of any row."""
    match result:
        case str():
            return not result.endswith(" 0")
        case (_, bytes() as status, *_):
            return not status.endswith(b" 0")
        case list():
            return bool(result)
        case _:
            return True


_WORDS = frozenset({"shipping_providers", "shipping_info", "return_refund"})
"""Parts of addresses that are no ids, though they look like them."""


def call_name(method: str, url: httpx.URL | str) -> str:
    """Method and address, without the version and with every id replaced."""
    path = httpx.URL(url).path
    parts = [part for part in path.split("/") if part and not re.fullmatch(r"20\d{4}", part)]
    named = ["*" if re.search(r"\d{3}|_", part) and part not in _WORDS else part for part in parts]
    return f"{method} /{'/'.join(named)}"
