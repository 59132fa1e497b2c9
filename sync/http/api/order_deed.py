"""One order, and who asks something of it: what every endpoint takes that changes one.

deed: Annotated[OrderDeed, on_order(Permission.ORDERS_CHANGE)]     # /api/orders/{order_id}/…
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from engine.access.permissions import Permission
from engine.actors import Actor
from engine.database.joined import Joined
from engine.identifiers import OrderId
from engine.named_requests import Answer
from sync.http.api.deeds import IdempotencyKey, IfMatch, Seen, Work, deeds_of, lock_seen
from sync.http.api.session import Session, needs


@dataclass(frozen=True, slots=True)
class OrderDeed:
    """What is asked of one order, at which version, and under which name."""

    request: Request
    session: Session
    order_id: OrderId
    seen: Seen
    key: str | None

    @property
    def actor(self) -> Actor:
        """As whom it is done."""
        return self.session.caller.actor

    async def do(self, work: Work) -> Response:
        """Do it while the order is held at the version that was seen, once however often it is asked. Raises what `work` raises."""

        async def held(connection: Any, joined: Joined) -> Answer:
            await lock_seen(connection, self.order_id, self.seen)
            return await work(connection, joined)

        return await deeds_of(self.request).do(self.request, self.session, self.key, held)


def on_order(permission: Permission) -> Any:
    """The deed of a caller who has this permission; who has not is refused before anything of the order is read."""
    allowed = needs(permission)

    async def deed(
        request: Request,
        order_id: UUID,
        session: Session = allowed,
        if_match: IfMatch = None,
        key: IdempotencyKey = None,
    ) -> OrderDeed:
        return OrderDeed(request, session, OrderId(order_id), Seen.read(if_match), key)

    deed.permission = permission  # type: ignore[attr-defined]
    return Depends(deed)
