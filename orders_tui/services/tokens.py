"""Tokens for services and people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from engine.access import people, tokens
from engine.access.tokens import Token
from engine.actors import Actor
from engine.database.connection import Database
from engine.errors import NotFound
from orders_tui.services.door import Door, lost_is_unreachable


class Tokens:
    """What opens the REST interface, issued and taken back by one person."""

    def __init__(self, database: Database, actor: Actor, door: Door) -> None:
        self._database, self._actor, self._door = database, actor, door

    async def list(self) -> Sequence[Token]:
        """All that were ever issued, newest first."""
        with lost_is_unreachable():
            return await tokens.listed(self._database)

    async def issue(self, name: str, *, holder: str | None, days: int) -> tuple[str, datetime]:
        """A token's text, told this once, and its end; for the service of that name where no holder is named."""
        return await self._door.write(self._issue(name, holder, days))

    async def _issue(self, name: str, holder: str | None, days: int) -> tuple[str, datetime]:
        tokens.check(name, days)
        if holder is None:
            user_id = await people.service(self._database, name.strip(), actor=self._actor)
        else:
            user_id = await people.named(self._database, holder)
        return await tokens.issue(self._database, self._actor, user_id, name, days)

    async def revoke(self, which: str) -> Token:
        """End a token, named by its id or its name, now. Raises NotFound; one that was revoked before stays so."""
        found = [token for token in await self.list() if which in {str(token.id), token.name}]
        living = [token for token in found if token.revoked_at is None] or found
        if not living:
            raise NotFound("token.unknown", f"There is no token {which!r}; `orders-tui token list` names them.")
        for token in living:
            await self._door.write(tokens.revoke(self._database, self._actor, UUID(str(token.id))))
        return living[0]
