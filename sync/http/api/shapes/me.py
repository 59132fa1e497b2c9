"""Who is asking."""

from __future__ import annotations

from uuid import UUID

from engine.access.permissions import Permission
from engine.access.roles import Role
from sync.http.api.shapes.shape import Told


class Me(Told):
    """`role` is what the database says now, not what the token was issued with."""

    id: UUID
    name: str
    role: Role
    permissions: list[Permission]
