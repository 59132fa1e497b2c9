"""Who may use this, and as what."""

from __future__ import annotations

from collections.abc import Sequence

from engine.access import people
from engine.access.people import NewPerson, Person
from engine.access.permissions import Permission
from engine.access.roles import Role
from engine.actors import Actor
from engine.database.connection import Database
from engine.identifiers import UserId
from orders_tui.services.door import Door, lost_is_unreachable


class People:
    """People, their roles and their logins."""

    def __init__(self, database: Database, actor: Actor, door: Door) -> None:
        self._database, self._actor, self._door = database, actor, door

    async def list(self) -> Sequence[Person]:
        """Everybody, by name."""
        await self._door.require(Permission.USERS_READ)
        with lost_is_unreachable():
            return await people.everybody(self._database)

    async def add(self, new: NewPerson) -> UserId:
        """Make somebody known. Raises Refused, Conflict."""
        myself = self._actor.user_id is None and new.login == self._actor.name
        return await self._door.write(people.add(self._database, new, actor=self._actor, alone=myself))

    async def give_role(self, who: str, role: Role) -> Person:
        """Make somebody something else, and known again if disabled. Raises NotFound, Refused."""
        return await self._door.write(people.give_role(self._database, who, role, actor=self._actor))

    async def set_password(self, who: str, verifier: str) -> Person:
        """Give somebody's login another password. Raises NotFound, Refused."""
        return await self._door.write(people.set_password(self._database, who, verifier, actor=self._actor))

    async def disable(self, who: str) -> Person:
        """Shut somebody out at once. Raises NotFound, Refused."""
        return await self._door.write(people.disable(self._database, who, actor=self._actor))
