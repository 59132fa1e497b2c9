"""Who asks, once it is known."""

from __future__ import annotations

from dataclasses import dataclass

from engine.access.permissions import Permission, may, require
from engine.access.roles import Role
from engine.actors import Actor
from engine.identifiers import UserId
from engine.words import ChangeSource


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who is known here, and what he is."""

    user_id: UserId
    role: Role
    name: str

    @property
    def actor(self) -> Actor:
        """As whom he stands in history and audit."""
        return Actor(self.name, ChangeSource.USER, self.user_id)

    def may(self, permission: Permission) -> bool:
        """Whether he has the permission."""
        return may(self.role, permission)

    def require(self, permission: Permission) -> None:
        """Raises Refused where he has not."""
        require(self.role, permission)
