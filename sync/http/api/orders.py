"""GET /api/orders and GET /api/orders/{orderId}: lists of orders, and one with everything that belongs to it."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Header, Query
from starlette.requests import Request
from starlette.responses import Response

from engine.access.permissions import Permission
from engine.identifiers import OrderId
from engine.orders.records.pages import page_at, page_beside
from engine.orders.records.summary import Summary
from engine.orders.records.values import OrderRecord, ParcelRecord, RecordPage, WholeOrder
from engine.orders.records.whole import whole
from engine.orders.views import OrderFilter, OrderKey
from sync.http.api import cursors
from sync.http.api.cursors import Place
from sync.http.api.order_query import WhichPage
from sync.http.api.routing import new_router
from sync.http.api.session import Session, needs
from sync.http.api.shapes.orders import GetOrderResponse, GetOrdersResponse
from sync.http.api.summaries import Summaries
from sync.http.api.writing import answer, etag, written

router = new_router("orders")

_ORDER = tuple(field.name for field in dataclasses.fields(OrderRecord))


@router.get("/api/orders", operation_id="listOrders", response_model=GetOrdersResponse)
async def list_orders(
    request: Request,
    which: Annotated[WhichPage, Query()],
    session: Annotated[Session, needs(Permission.ORDERS_READ)],
) -> Response:
    """A page of orders with what all that match come to.

    The totals of a list that dates, a search or a filter narrow may be two to thirty seconds old; all others are exact.
    """
    wanted, digest = which.order_filter(session.caller.user_id), which.digest
    place = cursors.read(which.cursor, digest, wanted.sort) if which.cursor else None
    summaries: Summaries = request.app.state.summaries
    async with session.database.transaction() as connection:
        told = await summaries.of(session, connection, wanted, digest)
        found, page = await _page(connection, session, wanted, which, place, told)
    turned = _turned(found, digest, page)
    document = {
        "orders": found.orders,
        "pagination": {
            "page": page,
            "limit": which.limit,
            "total": told.total_orders,
            "total_pages": -(-told.total_orders // which.limit),
            "next_cursor": turned.get("next"),
            "previous_cursor": turned.get("prev"),
        },
        "summary": summary_document(told),
    }
    return answer(document, headers=_links(which, turned))


@router.get(
    "/api/orders/{order_id}",
    operation_id="getOrder",
    response_model=GetOrderResponse,
    response_model_exclude_unset=True,
    responses={304: {"description": "The order is as it was at the version that was named."}},
)
async def get_order(
    order_id: UUID,
    session: Annotated[Session, needs(Permission.ORDERS_READ)],
    if_none_match: Annotated[str | None, Header(alias="If-None-Match", max_length=200)] = None,
) -> Response:
    """One order, of one moment. Its `ETag` is its version: send it as `If-Match` with what is asked of it."""
    database = session.database
    async with (
        database.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        found = await whole(connection, database.vault, OrderId(order_id))
    tag = etag(found.order.version)
    headers = {"etag": tag, "cache-control": "private, no-cache"}
    if if_none_match is not None and tag in {part.strip().removeprefix("W/") for part in if_none_match.split(",")}:
        return Response(status_code=304, headers=headers)
    return Response(written({"order": whole_document(found)}), 200, headers, "application/json")


async def _page(
    connection: Any, session: Session, wanted: OrderFilter, which: WhichPage, place: Place | None, told: Summary
) -> tuple[RecordPage, int]:
    vault = session.database.vault
    if place is None:
        offset = (which.page - 1) * which.limit
        found = await page_at(connection, vault, wanted, offset=offset, limit=which.limit, total=told.total_orders)
        return found, which.page
    if place.before:
        found = await page_beside(connection, vault, wanted, limit=which.limit, before=place.key)
        return found, max(1, place.page - 1)
    found = await page_beside(connection, vault, wanted, limit=which.limit, after=place.key)
    return found, place.page + 1


def _turned(found: RecordPage, digest: bytes, page: int) -> dict[str, str]:
    """The cursors to the pages beside this one."""

    def word(key: OrderKey, *, before: bool) -> str:
        return cursors.write(Place(key, before, page), digest)

    turned = {}
    if found.last is not None and found.more_after:
        turned["next"] = word(found.last, before=False)
    if found.first is not None and found.more_before:
        turned["prev"] = word(found.first, before=True)
    return turned


def _links(which: WhichPage, turned: dict[str, str]) -> dict[str, str]:
    """The same as links (RFC 8288), from this address."""
    query = [*which.parameters(), ("limit", str(which.limit))]
    links = [f'<?{urlencode([*query, ("cursor", word)])}>; rel="{way}"' for way, word in turned.items()]
    return {"link": ", ".join(links)} if links else {}


def summary_document(told: Summary) -> dict[str, Any]:
    """A summary as the specification spells it."""
    return {
        "total_orders": told.total_orders,
        "total_amount": told.total_amount,
        "totals_by_currency": told.by_currency,
        "status_breakdown": told.by_status,
    }


def whole_document(found: WholeOrder) -> dict[str, Any]:
    """An order with its parts under the names the specification gives them; what there is none of is absent."""
    order = found.order
    document: dict[str, Any] = {field: getattr(order, field) for field in _ORDER} | {
        "items": found.items,
        "workflow": found.workflow,
        "status_history": found.status_history,
    }
    standing = [parcel for parcel in found.parcels if parcel.state != "voided"]
    if standing:
        document["shipping_info"] = _shipping(found, standing[-1])
    if tracked := [parcel for parcel in standing if parcel.tracking_number]:
        document["tracking_info"] = _tracking(found, tracked[-1])
    return document


def _shipping(found: WholeOrder, newest: ParcelRecord) -> dict[str, Any]:
    taken = ("carrier", "service", "label_cost", "label_currency", "labelled_at")
    return {
        "shipping_method": found.order.shipping_method,
        "shipping_cost": found.order.shipping_cost,
        **{name: getattr(newest, name) for name in taken},
        "parcels": found.parcels,
    }


def _tracking(found: WholeOrder, parcel: ParcelRecord) -> dict[str, Any]:
    return {
        "tracking_number": parcel.tracking_number,
        "carrier": parcel.carrier,
        "status": parcel.tracking_status,
        "detail": parcel.tracking_detail,
        "shipped_at": parcel.first_scan_at or parcel.handed_over_at or found.order.shipped_date,
        "delivered_at": parcel.delivered_at or found.order.delivered_date,
    }
