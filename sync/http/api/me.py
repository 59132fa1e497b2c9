"""GET /api/me: who is asking, and what they may do."""

from __future__ import annotations

from engine.access.permissions import Permission
from sync.http.api.routing import new_router
from sync.http.api.session import Current
from sync.http.api.shapes.me import Me

router = new_router("me")


@router.get("/api/me", operation_id="me")
async def me(session: Current) -> Me:
    """Whose token this is, with the role it has now and what that role may do."""
    caller = session.caller
    return Me(
        id=caller.user_id,
        name=caller.name,
        role=caller.role,
        permissions=[permission for permission in Permission if caller.may(permission)],
    )
