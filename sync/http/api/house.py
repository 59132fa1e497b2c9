"""Shops, workflows and the overview."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from engine.access.permissions import Permission
from engine.database.joined import Joined
from engine.errors import NotFound
from engine.identifiers import ShopId
from engine.named_requests import Answer
from engine.reports import overview
from engine.shops import policies
from engine.shops.views import Standing, read_standings
from engine.workflow import library
from sync.http.api.deeds import IdempotencyKey, deeds_of
from sync.http.api.routing import new_router
from sync.http.api.session import Session, needs
from sync.http.api.shapes.house import (
    Overview,
    PileShape,
    PoliciesAsked,
    PulseShape,
    ShopModeAsked,
    Shops,
    ShopShape,
    WorkflowEditionShape,
    Workflows,
)
from sync.http.api.writing import answer, fields_of, written

router = new_router("house")

Leading = Annotated[Session, needs(Permission.SHOPS_CHANGE)]


@router.get("/api/shops", operation_id="listShops", response_model=Shops)
async def list_shops(session: Annotated[Session, needs(Permission.SHOPS_READ)]) -> Response:
    """Every shop that was ever connected, by name."""
    return answer({"shops": [fields_of(ShopShape, shop) for shop in await read_standings(session.database)]})


@router.get("/api/shops/{shop_id}", operation_id="getShop", response_model=ShopShape)
async def get_shop(shop_id: UUID, session: Annotated[Session, needs(Permission.SHOPS_READ)]) -> Response:
    """One shop."""
    return answer(fields_of(ShopShape, await _shop(session.database, shop_id)))


@router.put("/api/shops/{shop_id}/mode", operation_id="setShopMode", response_model=ShopShape)
async def set_shop_mode(
    request: Request, shop_id: UUID, asked: ShopModeAsked, session: Leading, key: IdempotencyKey = None
) -> Response:
    """Work the shop's orders from now on, or only show them."""

    async def work(_: Any, joined: Joined) -> Answer:
        await _shop(joined, shop_id)
        await policies.set_import_mode(
            joined, ShopId(shop_id), asked.mode, actor=session.caller.actor, anyway=asked.anyway
        )
        return Answer(200, written(fields_of(ShopShape, await _shop(joined, shop_id))))

    return await deeds_of(request).do(request, session, key, work)


@router.put("/api/shops/{shop_id}/policies", operation_id="setShopPolicies", response_model=ShopShape)
async def set_shop_policies(
    request: Request, shop_id: UUID, asked: PoliciesAsked, session: Leading, key: IdempotencyKey = None
) -> Response:
    """Change how the shop's orders are worked."""

    async def work(_: Any, joined: Joined) -> Answer:
        await _shop(joined, shop_id)
        await policies.set_policies(joined, ShopId(shop_id), asked.policies, actor=session.caller.actor)
        return Answer(200, written(fields_of(ShopShape, await _shop(joined, shop_id))))

    return await deeds_of(request).do(request, session, key, work)


@router.get("/api/workflows", operation_id="listWorkflows", response_model=Workflows)
async def list_workflows(session: Annotated[Session, needs(Permission.WORKFLOWS_READ)]) -> Response:
    """Every edition of every workflow."""
    async with session.database.transaction() as connection:
        found = await library.list_workflows(connection)
    return answer({"workflows": [fields_of(WorkflowEditionShape, each) for each in found]})


@router.get("/api/overview", operation_id="overview", response_model=Overview)
async def glance(session: Annotated[Session, needs(Permission.HEALTH_READ)]) -> Response:
    """What needs a person, and how it goes."""
    piles, pulse = await overview.piles(session.database), await overview.pulse(session.database)
    shown = {"piles": [fields_of(PileShape, pile) for pile in piles], "pulse": fields_of(PulseShape, pulse)}
    return answer(shown)


async def _shop(database: Any, shop_id: UUID) -> Standing:
    for shop in await read_standings(database):
        if shop.shop_id == shop_id:
            return shop
    raise NotFound("shop.unknown", f"There is no shop {shop_id}.")
