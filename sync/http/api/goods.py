"""Stock and products: read page by page, booked and changed as the console does it."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Path, Query
from starlette.requests import Request
from starlette.responses import Response

from engine.access.permissions import Permission
from engine.access.roles import Role
from engine.database.joined import Joined
from engine.errors import NotFound
from engine.identifiers import DEFAULT_CREATOR, UserId
from engine.inventory import availability, ledger, product_master, stock_list
from engine.inventory.product_card import Component, ProductChange
from engine.inventory.stock_lines import Shown, StockFilter, StockKey
from engine.named_requests import Answer
from sync.http.api.deeds import IdempotencyKey, deeds_of
from sync.http.api.routing import new_router
from sync.http.api.session import Session, needs
from sync.http.api.shapes.goods import (
    AdjustAsked,
    AvailabilityAsked,
    AvailabilityShape,
    Booked,
    ProductAsked,
    Products,
    ProductShape,
    ReceiveAsked,
    StockLineShape,
    StockPageShape,
    StockRowShape,
)
from sync.http.api.writing import answer, fields_of, written

router = new_router("goods")

Search = Annotated[str, Query(max_length=200, description="The beginning of a SKU, a barcode, or words of a name.")]
SkuPath = Annotated[str, Path(min_length=1, max_length=100)]
Booking = Annotated[Session, needs(Permission.STOCK_CHANGE)]


@router.get("/api/inventory", operation_id="listStock", response_model=StockPageShape)
async def list_stock(
    session: Annotated[Session, needs(Permission.STOCK_READ)],
    search: Search = "",
    shown: Shown = Shown.EVERYTHING,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str, Query(max_length=600)] = "",
) -> Response:
    """Stock by SKU and location."""
    wanted = StockFilter(shown, search)
    after = _read_place(cursor) if cursor else None
    page = await stock_list.page(session.database, wanted, after=after, limit=limit)
    place = _write_place(page.rows[-1].key) if page.rows and page.more_after else None
    return answer({"lines": [fields_of(StockLineShape, line) for line in page.rows], "next_cursor": place})


@router.post("/api/inventory/availability", operation_id="checkAvailability", response_model=AvailabilityShape)
async def check_availability(
    asked: AvailabilityAsked, session: Annotated[Session, needs(Permission.STOCK_READ)]
) -> Response:
    """How it stands with these products and quantities; nothing is reserved."""
    items = [(item.sku, item.quantity) for item in asked.items]
    found = await availability.check_availability(session.database, items, location_code=asked.location)
    return answer(fields_of(AvailabilityShape, found))


@router.post("/api/inventory/adjustments", operation_id="adjustStock", response_model=Booked)
async def adjust_stock(request: Request, asked: AdjustAsked, session: Booking, key: IdempotencyKey = None) -> Response:
    """Book a difference."""

    async def work(_: Any, joined: Joined) -> Answer:
        adjusted = await ledger.adjust(
            joined,
            asked.sku,
            asked.delta,
            reason=asked.reason,
            actor=session.caller.actor,
            location_code=asked.location,
            from_held=asked.from_held,
            force=asked.force,
        )
        return Answer(200, written({"success": True, "stock": fields_of(StockRowShape, adjusted.row)}))

    return await deeds_of(request).do(request, session, key, work)


@router.post("/api/inventory/receipts", operation_id="receiveStock", response_model=Booked)
async def receive_stock(
    request: Request, asked: ReceiveAsked, session: Booking, key: IdempotencyKey = None
) -> Response:
    """Add goods that arrived; orders that wait for them go on."""

    async def work(_: Any, joined: Joined) -> Answer:
        row = await ledger.receive(
            joined, asked.sku, asked.quantity, actor=session.caller.actor, location_code=asked.location
        )
        return Answer(200, written({"success": True, "stock": fields_of(StockRowShape, row)}))

    return await deeds_of(request).do(request, session, key, work)


@router.get("/api/products", operation_id="listProducts", response_model=Products)
async def list_products(
    session: Annotated[Session, needs(Permission.PRODUCTS_READ)],
    search: Annotated[str, Query(max_length=100, description="The beginning of a SKU.")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """Products by SKU."""
    found = await product_master.list_products(session.database, search, limit=limit, owner=_owner(session))
    return answer({"products": [fields_of(ProductShape, product) for product in found]})


@router.get("/api/products/{sku}", operation_id="getProduct", response_model=ProductShape)
async def get_product(sku: SkuPath, session: Annotated[Session, needs(Permission.PRODUCTS_READ)]) -> Response:
    """The product with this SKU, or the one it is mapped to."""
    found = await product_master.show_product(session.database, sku, owner=_owner(session))
    return answer(fields_of(ProductShape, found))


@router.put("/api/products/{sku}", operation_id="setProduct", response_model=ProductShape)
async def set_product(
    request: Request,
    sku: SkuPath,
    asked: ProductAsked,
    session: Annotated[Session, needs(Permission.PRODUCTS_CHANGE)],
    key: IdempotencyKey = None,
) -> Response:
    """Add the product, or change what is given of it; failed orders that waited for it go on."""
    given = asked.model_dump(exclude={"components", "barcodes"})
    parts = (
        tuple(Component(each.sku, each.quantity) for each in asked.components) if asked.components is not None else None
    )
    barcodes = tuple(asked.barcodes) if asked.barcodes is not None else None
    change = ProductChange(**given, components=parts, barcodes=barcodes)

    async def work(_: Any, joined: Joined) -> Answer:
        product = await product_master.set_product(joined, sku, change, actor=session.caller.actor)
        return Answer(200, written(fields_of(ProductShape, product)))

    return await deeds_of(request).do(request, session, key, work)


def _owner(session: Session) -> UserId:
    caller = session.caller
    return caller.user_id if caller.role is Role.CREATOR else DEFAULT_CREATOR


def _write_place(key: StockKey) -> str:
    place = [key.part, key.sku, str(key.product_id), key.location, str(key.location_id) if key.location_id else None]
    return base64.urlsafe_b64encode(orjson.dumps(place)).decode()


def _read_place(word: str) -> StockKey:
    try:
        part, sku, product, location, location_id = orjson.loads(base64.b64decode(word, altchars=b"-_", validate=True))
        if not (type(part) is int and 0 <= part < 8 and isinstance(sku, str) and isinstance(location, str)):
            raise TypeError
        return StockKey(part, sku, UUID(product), location, UUID(location_id) if location_id is not None else None)
    except (binascii.Error, ValueError, TypeError, AttributeError):
        raise NotFound(
            "cursor.unknown", "This cursor was not given for this list: take the one of an answer."
        ) from None
