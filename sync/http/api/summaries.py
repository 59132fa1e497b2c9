"""What filtered lists come to, kept for a moment, so that a page turned by many is added up once."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from engine.access.roles import Role
from engine.identifiers import UserId
from engine.orders.predicate import is_tallied
from engine.orders.records.summary import Summary, summary
from engine.orders.views import OrderFilter
from sync.http.api.session import Session

KEPT_SECONDS: Final = 2.0
MOST_KEPT_SECONDS: Final = 30.0
"""How old the totals of a filtered list may be. Its rows are always of now."""

_RESTS = 100.0
"""Times as long as it took to add it up, a list is left alone: one hundredth of a processor for each list, however long it is."""

_MOST = 512
_AT_ONCE = 2

_Key = tuple[UserId | None, bytes]


@dataclass(slots=True)
class _Kept:
    summary: Summary
    until: float


class Summaries:
    """Of one process. Each list is added up by one request at a time, the others wait for it; few are at all."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        self._locks: dict[_Key, asyncio.Lock] = {}
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def of(self, session: Session, connection: Any, wanted: OrderFilter, digest: bytes) -> Summary:
        """What the list comes to for this caller."""
        vault = session.database.vault
        if is_tallied(wanted):
            return await summary(connection, vault, wanted)
        creator = session.caller.user_id if session.caller.role is Role.CREATOR else None
        key = (creator, digest)
        if (kept := self._fresh(key)) is not None:
            return kept
        lock = self._locks.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                if (kept := self._fresh(key)) is not None:
                    return kept
                async with self._room:
                    began = self._clock()
                    found = await summary(connection, vault, wanted)
                    took = self._clock() - began
                self._kept[key] = _Kept(found, began + min(max(_RESTS * took, KEPT_SECONDS), MOST_KEPT_SECONDS))
                while len(self._kept) > _MOST:
                    self._kept.popitem(last=False)
                return found
        finally:
            if not lock.locked():
                self._locks.pop(key, None)

    def _fresh(self, key: _Key) -> Summary | None:
        kept = self._kept.get(key)
        if kept is None:
            return None
        if self._clock() > kept.until:
            del self._kept[key]
            return None
        return kept.summary
