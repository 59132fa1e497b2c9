"""The keys a process has in its memory, and how it keeps up with the database while keys are made, retired and deleted.

A value under a key that this process has never seen makes it look at once, so no read fails for a key that is younger than the process.
What it seals with is looked after too: every process learns of a new key by a hint, else within seconds of its next write, and one that
could not look for long seals nothing more. That is what makes it safe to delete a retired key some time after nothing lies under it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import asyncpg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine.errors import Misconfigured
from engine.identifiers import UserId
from engine.privacy.key_loader import KeyLoader
from engine.privacy.wrapping import KEY_BYTES, Master, unwrap

LOOK_AGAIN_SECONDS = 10.0
"""A process that seals looks for new keys so often, beside what it does."""

LOOK_FIRST_SECONDS = 60.0
"""One that has not looked for so long looks before it seals."""

SEAL_LIMIT_SECONDS = 900.0
"""One that could not look for so long seals nothing: keys it knows may be about to go."""

_RETRY_SECONDS = 5.0

_KEYS = "SELECT id, user_id, wrapped, master, retired_at IS NOT NULL AS retired FROM data_keys ORDER BY id"
_INDEX_KEY = "SELECT wrapped, master FROM index_keys"
_NEW_INDEX_KEY = "INSERT INTO index_keys (wrapped, master) VALUES ($1, $2) ON CONFLICT DO NOTHING"
INDEX_BOUND = b"blind index"

# A key made by a transaction that is rolled back was never stored: it is trusted once another transaction reads it.
_CURRENT = """
SELECT id, wrapped, master, xmin::text <> pg_current_xact_id()::xid::text AS stored FROM data_keys
WHERE user_id = $1 AND retired_at IS NULL ORDER BY id DESC LIMIT 1
"""
NEW_KEY = """
INSERT INTO data_keys (user_id, wrapped, master)
SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT FROM index_keys WHERE master <> $3)
RETURNING id, wrapped, master, false AS stored
"""
"""A key wrapped by a master that is no longer in force is not stored."""


def _now() -> float:
    """Seconds that go on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.time()


class KeyRing:
    """Data keys by their numbers, which of them each creator seals with, and the key of the blind index."""

    def __init__(self, masters: Sequence[Master]) -> None:
        self.masters = tuple(masters)
        self.index_key = masters[0].first_index_key if masters else b""
        self._in_force: Master | None = self.masters[0] if masters else None
        self._ciphers: dict[int, AESGCM] = {}
        self._owners: dict[int, UserId] = {}
        self._current: dict[UserId, int] = {}
        self._stored: set[UserId] = set()
        self._unproven: dict[int, float] = {}
        self._gone: set[int] = set()
        self._looked_at = _now()
        self._tried_at = 0.0
        self._loader: KeyLoader | None = None
        self._refresh: Callable[[], Awaitable[None]] | None = None
        self._refreshing: asyncio.Task[None] | None = None

    # Learning

    def keep_up(self, loader: KeyLoader, refresh: Callable[[], Awaitable[None]]) -> None:
        """From now on look by `loader` where nothing can wait, and by `refresh` beside other work."""
        self._loader, self._refresh = loader, refresh

    def hint(self) -> None:
        """Something has changed about keys: look before the next value is sealed."""
        self._looked_at = min(self._looked_at, _now() - LOOK_FIRST_SECONDS - 1)
        self._tried_at = 0.0
        self._begin_refresh()

    async def read(self, connection: Any, *, opening: bool = False) -> None:
        """Read every key. When `opening`, Misconfigured for a master that is not the database's."""
        if not self.masters:
            return
        began = _now()
        keys, index = await connection.fetch(_KEYS), await connection.fetchrow(_INDEX_KEY)
        if index is None and opening:
            index = await self._make_index_key(connection, old=bool(keys))
        self._learn(keys, index, strict=opening)
        self._looked_at = began

    async def ensure(self, connection: Any, owner: UserId) -> None:
        """Make the creator's data key if there is none yet. Raises Misconfigured when this program's master is not in force any more."""
        if not self.masters or owner in self._stored:
            return
        await connection.execute("SELECT id FROM users WHERE id = $1 FOR UPDATE", owner)
        row = await connection.fetchrow(_CURRENT, owner) or await self.make(connection, owner)
        key = unwrap(self.masters, row["wrapped"], row["master"], owner.bytes)
        if key is None:
            raise _master_wrong()
        self._ciphers[row["id"]] = AESGCM(key)
        self._owners[row["id"]] = owner
        self._current[owner] = row["id"]
        if row["stored"]:
            self._stored.add(owner)
            self._unproven.pop(row["id"], None)
        else:
            self._unproven.setdefault(row["id"], _now())

    async def make(self, connection: Any, owner: UserId) -> Any:
        """Store a new data key, in the caller's transaction, which holds the creator's row."""
        for _ in range(2):
            if self._in_force is not None:
                wrapped = self._in_force.wrap(os.urandom(KEY_BYTES), owner.bytes)
                row = await connection.fetchrow(NEW_KEY, owner, wrapped, self._in_force.fingerprint)
                if row is not None:
                    return row
            await self.read(connection)
        raise Misconfigured(
            "keys.master_rotated",
            "The master key was rotated since this program started: give it the new one and start it again.",
        )

    def _learn(self, keys: Sequence[Any], index: Any, *, strict: bool) -> None:
        current: dict[UserId, int] = {}
        numbers = set()
        for row in keys:
            number, owner = row["id"], UserId(row["user_id"])
            if number not in self._ciphers or number in self._unproven:
                key = unwrap(self.masters, row["wrapped"], row["master"], owner.bytes)
                if key is None and strict:
                    raise _master_wrong()
                if key is None:
                    continue
                self._ciphers[number] = AESGCM(key)
                self._owners[number] = owner
                self._unproven.pop(number, None)
            numbers.add(number)
            if not row["retired"]:
                current[owner] = number
        # A transaction that makes a key is over by then, whatever became of it.
        self._unproven = {n: made for n, made in self._unproven.items() if made > _now() - SEAL_LIMIT_SECONDS}
        for number in self._ciphers.keys() - numbers - self._unproven.keys():
            del self._ciphers[number]
            self._gone.add(number)
        unproven = {owner: number for owner, number in self._current.items() if number in self._unproven}
        self._stored = set(current)
        self._current = unproven | current
        if index is not None:
            self._learn_index_key(index, strict=strict)

    def _learn_index_key(self, row: Any, *, strict: bool) -> None:
        key = unwrap(self.masters, row["wrapped"], row["master"], INDEX_BOUND)
        if key is None and strict:
            raise _master_wrong()
        self._in_force = next((each for each in self.masters if each.fingerprint == row["master"]), None)
        if key is not None:
            self.index_key = key

    async def _make_index_key(self, connection: Any, *, old: bool) -> Any:
        """The words of a database made before the index had a key of its own were made with one that its master implies."""
        master = self.masters[0]
        key = master.first_index_key if old else os.urandom(KEY_BYTES)
        with contextlib.suppress(asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError):
            await connection.execute(_NEW_INDEX_KEY, master.wrap(key, INDEX_BOUND), master.fingerprint)
        return await connection.fetchrow(_INDEX_KEY)

    # Using

    def cipher(self, number: int) -> AESGCM | None:
        """The key of this number, looked for in the database when it is not known here; None once it is deleted."""
        cipher = self._ciphers.get(number)
        if cipher is None and number not in self._gone and self._look_now():
            cipher = self._ciphers.get(number)
            if cipher is None:
                self._gone.add(number)
        return cipher

    def current(self, owner: UserId) -> tuple[int, AESGCM] | None:
        """What the creator's values are sealed with now; None without a key of theirs. Raises Misconfigured when it cannot be trusted."""
        age = _now() - self._looked_at
        if age > LOOK_AGAIN_SECONDS and self._loader is not None:
            self._freshen(age)
        number = self._current.get(owner)
        return None if number is None else (number, self._ciphers[number])

    def owner(self, number: int) -> UserId | None:
        """Whose key it is; None for one that is not here."""
        return self._owners.get(number) if self.cipher(number) is not None else None

    def has_current(self, owner: UserId) -> bool:
        return owner in self._current

    def _freshen(self, age: float) -> None:
        if age > LOOK_FIRST_SECONDS and _now() - self._tried_at > _RETRY_SECONDS:
            self._look_now()
        else:
            self._begin_refresh()
        if _now() - self._looked_at > SEAL_LIMIT_SECONDS:
            raise Misconfigured(
                "keys.stale", "The data keys could not be read for too long, so nothing personal is stored: try again."
            )

    def _look_now(self) -> bool:
        if self._loader is None:
            return False
        self._tried_at = began = _now()
        found = self._loader.read(_KEYS, _INDEX_KEY)
        if found is None:
            return False
        keys, index = found
        self._learn(keys, index[0] if index else None, strict=False)
        self._looked_at = began
        return True

    def _begin_refresh(self) -> None:
        if self._refresh is None or (self._refreshing is not None and not self._refreshing.done()):
            return
        with contextlib.suppress(RuntimeError):  # no loop is running: the next seal looks by itself
            self._refreshing = asyncio.get_running_loop().create_task(self._look_beside(self._refresh))

    @staticmethod
    async def _look_beside(refresh: Callable[[], Awaitable[None]]) -> None:
        with contextlib.suppress(Exception):  # whoever seals next looks again
            await refresh()

    def close(self) -> None:
        """Look no more."""
        self._loader = self._refresh = None
        if self._refreshing is not None:
            self._refreshing.cancel()


def _master_wrong() -> Misconfigured:
    return Misconfigured(
        "keys.master_wrong",
        "The master key is not the one this database was made with: give back the old one (ORDERS_TUI_MASTER_KEY).",
    )
