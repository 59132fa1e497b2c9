"""Who asks, and the database as far as it is theirs.

An endpoint takes one of these:

    session: Annotated[Session, needs(Permission.ORDERS_READ)]     # refused before anything else is looked at
    session: Current                                               # anybody who is known

`session.database` is handed to the engine's functions as it is: every statement runs in the caller's own role and claims.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import Request

from engine.access import refusals
from engine.access.caller import Caller
from engine.access.permissions import Permission
from engine.database.connection import Database
from engine.errors import Refused


@dataclass(frozen=True, slots=True)
class Session:
    """One caller for the time of one request."""

    caller: Caller
    database: Database
    """Only what the caller may see; of the surface's own connections."""

    async def require(self, permission: Permission) -> None:
        """Raises Refused (403) when the caller may not, after leaving a line of it in the audit."""
        try:
            self.caller.require(permission)
        except Refused:
            await refusals.note(self.database, self.caller.actor, self.caller.role, permission.value)
            raise


async def _current(request: Request) -> Session:
    session: Session = request.state.session
    return session


Current = Annotated[Session, Depends(_current)]
"""Whoever asks; every endpoint has somebody."""


def needs(permission: Permission) -> Any:
    """The session of a caller who has this permission; the OpenAPI document says which one (`x-permission`)."""

    async def allowed(request: Request) -> Session:
        session: Session = request.state.session
        await session.require(permission)
        return session

    allowed.permission = permission  # type: ignore[attr-defined]
    return Depends(allowed)
