"""The door to the database that all services go through: who may, writes that run to their end, and one word for a lost database."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

import asyncpg

from engine.access.permissions import Permission, require
from engine.access.roles import Role
from engine.actors import SYSTEM, Actor
from engine.database.connection import Database
from engine.database.loss import is_lost
from engine.database.notify import CHANGED, Announcer
from engine.errors import Refused, Unreachable

T = TypeVar("T")

_CLOSING_SECONDS = 2.0


class Door:
    """Runs writes in tasks of their own and tells the daemons of them; `close()` waits for those under way."""

    def __init__(self, database: Database, actor: Actor = SYSTEM, role: Role = Role.ADMIN) -> None:
        self._database, self._actor, self._role = database, actor, role
        self._permission = Permission.ORDERS_CHANGE
        self._writes: set[asyncio.Task[Any]] = set()
        self._announcers = (Announcer(database), Announcer(database, CHANGED))

    def of(self, permission: Permission) -> Door:
        """The same door, for writes that need this permission."""
        door = Door.__new__(Door)
        door.__dict__ |= self.__dict__ | {"_permission": permission}
        return door

    async def close(self) -> None:
        """Wait for running writes, two seconds at most; then they are cancelled and the database rolls them back."""
        if self._writes:
            _, late = await asyncio.wait(self._writes, timeout=_CLOSING_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for announcer in self._announcers:
            await announcer.flush()

    async def require(self, permission: Permission) -> None:
        """Raises Refused where the person's role may not, after leaving a line of it in the audit."""
        try:
            require(self._role, permission)
        except Refused:
            from engine.access import refusals

            with lost_is_unreachable():
                await refusals.note(self._database, self._actor, self._role, permission.value)
            raise

    async def write(self, work: Coroutine[Any, Any, T], *, needs: Permission | None = None) -> T:
        """Run in a task of our own: a caller that is cancelled stops waiting, the write goes on. Raises Refused."""
        try:
            await self.require(needs or self._permission)
        except BaseException:
            work.close()
            raise
        task = asyncio.create_task(work)
        self._writes.add(task)
        task.add_done_callback(self._forget)
        with lost_is_unreachable():
            result = await asyncio.shield(task)
        for announcer in self._announcers:  # neither daemons nor other consoles need wait for their next look
            announcer.announce()
        return result

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._writes.discard(task)
        if not task.cancelled():
            task.exception()  # seen, when nobody waits for it any more


_DENIED = "The database refuses this to your login; nothing changed. Your role may have been changed since you began: start again."


@contextlib.contextmanager
def lost_is_unreachable() -> Iterator[None]:
    """A connection that is gone, or an answer that took too long, as `Unreachable` with a sentence for a person.

    What the database itself refuses to a login is `Refused`.
    """
    try:
        yield
    except (
        asyncpg.InsufficientPrivilegeError,
        asyncpg.UndefinedTableError,
    ) as error:  # to a stranger there is no schema
        raise Refused("access.denied", _DENIED) from error
    except asyncpg.QueryCanceledError as error:
        raise Unreachable(
            "database.slow", "The database took too long to answer; ask for less, or try again."
        ) from error
    except Exception as error:
        if not is_lost(error):
            raise
        raise Unreachable(
            "database.lost", "The database does not answer; what was asked may be tried again."
        ) from error
