"""Personal data: how long it is kept, and one customer's exported or erased."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.access.permissions import Permission
from engine.actors import Actor
from engine.database.connection import Database
from engine.errors import NotFound
from engine.identifiers import OrderId, UserId
from engine.privacy import creators, customers, policy, retention
from engine.privacy.customers import By, Erased, HeldOrder
from engine.privacy.terms import Policy
from engine.shops.shops import list_shops
from orders_tui.services.door import Door, lost_is_unreachable


@dataclass(frozen=True, slots=True)
class Policies:
    """What is set, and what counts for every shop."""

    said: tuple[policy.Said, ...]
    shops: tuple[policy.ShopPolicy, ...]
    configured: Policy


class Privacy:
    """What becomes of personal data. `configured` is what the configuration says of keeping it."""

    def __init__(self, database: Database, actor: Actor, door: Door) -> None:
        self._database = database
        self._actor = actor
        self._door = door

    async def policies(self, configured: Policy) -> Policies:
        """How long personal data is kept, and who said so."""
        with lost_is_unreachable():
            said = await policy.said(self._database)
            async with self._database.pool.acquire() as connection:
                shops = await policy.shop_policies(connection, configured)
        return Policies(tuple(said), tuple(shops), configured)

    async def place(self, *, creator: str = "", shop: str = "") -> policy.Place:
        """What a policy is for, by name. Raises NotFound, Refused."""
        with lost_is_unreachable():
            if creator:
                return policy.Place(creator=await creators.creator_named(self._database, creator))
            if not shop:
                return policy.Place()
            for each in await list_shops(self._database):
                if shop.strip().lower() in {each.name.lower(), each.tiktok_shop_id.lower(), str(each.shop_id)}:
                    return policy.Place(shop=each.shop_id)
        raise NotFound("shop.unknown", f"There is no shop {shop!r}: `orders-tui shop list` shows them.")

    async def set_policy(self, place: policy.Place, *, orders_days: int | None, payloads_days: int | None) -> None:
        """Set how long personal data of a place is kept. Raises Refused."""
        await self._door.write(
            policy.set_policy(
                self._database, place, orders_days=orders_days, payloads_days=payloads_days, actor=self._actor
            )
        )

    async def unset_policy(self, place: policy.Place) -> None:
        """Let the word above count. Raises NotFound."""
        await self._door.write(policy.unset_policy(self._database, place, actor=self._actor))

    async def preview(self, configured: Policy) -> list[retention.ShopPreview]:
        """What retention would forget now, shop by shop."""
        with lost_is_unreachable():
            return await retention.preview(self._database, configured)

    async def find(self, by: By, text: str) -> list[OrderId]:
        """The orders of one customer. Raises NotFound, Misconfigured, Refused."""
        await self._door.require(Permission.PRIVACY_EXPORT)
        with lost_is_unreachable():
            return await customers.find(self._database, by, text)

    async def listed(self, order_ids: list[OrderId]) -> list[HeldOrder]:
        """These orders, and why any of them cannot be erased now."""
        with lost_is_unreachable():
            return await customers.listed(self._database, order_ids)

    async def export(self, order_ids: list[OrderId], by: By) -> dict[str, Any]:
        """Everything that is held in these orders."""
        return await self._door.write(
            customers.export(self._database, order_ids, actor=self._actor, by=by), needs=Permission.PRIVACY_EXPORT
        )

    async def preview_erasure(self, order_ids: list[OrderId]) -> Erased:
        """What erasing these orders would clear."""
        with lost_is_unreachable():
            return await customers.preview_erasure(self._database, order_ids)

    async def erase(self, order_ids: list[OrderId], by: By) -> Erased:
        """Forget the person of these orders now. Raises Refused when none of them may be."""
        return await self._door.write(customers.erase(self._database, order_ids, actor=self._actor, by=by))

    async def creator_to_forget(self, name: str) -> tuple[UserId, str]:
        """The creator of this name. Raises NotFound; Refused as long as it cannot be forgotten."""
        with lost_is_unreachable():
            creator = await creators.creator_named(self._database, name)
            return creator, await creators.check_creator(self._database, creator)

    async def forget_creator(self, creator: UserId, *, on_progress: Callable[[int], None] | None = None) -> int:
        """Forget a creator's people and delete its keys; answers how many orders."""
        work = creators.forget_creator(self._database, creator, actor=self._actor, on_progress=on_progress)
        return await self._door.write(work)
