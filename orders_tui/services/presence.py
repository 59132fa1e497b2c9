"""Who is at work on what: said for one console, heard of the others."""

from __future__ import annotations

from engine.actors import Actor
from engine.database.connection import Database
from engine.fleet import presence
from engine.fleet.presence import AtWork, Present
from engine.identifiers import new_id
from orders_tui.services.door import lost_is_unreachable


class Presence:
    """One console among others. What is said here is not kept, and no daemon needs to know of it."""

    def __init__(self, database: Database, actor: Actor) -> None:
        self._database = database
        self._actor = actor
        self._console_id = new_id()

    async def beat(self, at: AtWork) -> None:
        """Say what the person is at."""
        with lost_is_unreachable():
            await presence.beat(self._database, self._console_id, self._actor.name, at)

    async def leave(self) -> None:
        """The person is at nothing any more."""
        with lost_is_unreachable():
            await presence.leave(self._database, self._console_id)

    async def others(self) -> list[Present]:
        """Everybody else who is at something."""
        with lost_is_unreachable():
            return await presence.others(self._database, self._console_id)
