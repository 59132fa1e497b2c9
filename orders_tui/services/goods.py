"""Sheets of stock and of products, taken in or tried, row by row: a bad row is named and changes nothing."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path

from engine.database.connection import Database
from engine.errors import NotFound, OrdersError, Refused, Unreachable
from engine.identifiers import DEFAULT_CREATOR
from engine.inventory import booking
from engine.inventory.product_card import ProductChange, ProductView
from engine.words import StockReason
from orders_tui.services.door import lost_is_unreachable
from orders_tui.services.inventory import Inventory
from orders_tui.services.products import Products
from sync.seller_center.goods import SheetRow, goods_rows, read_product, read_stock


class GoodsVerdict(StrEnum):
    """What a row does, or did."""

    ADD = "add"
    CHANGE = "change"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class GoodsOutcome:
    """One row; `detail` says what changes, `reason` why it is refused."""

    row: int
    sku: str
    outcome: GoodsVerdict
    detail: str = ""
    code: str = ""
    reason: str = ""


class Goods:
    """Reads sheets for one person."""

    def __init__(self, database: Database, inventory: Inventory, products: Products) -> None:
        self._database, self._inventory, self._products = database, inventory, products

    async def stock(
        self,
        path: Path,
        *,
        location: str | None = None,
        delta: bool = False,
        reason: StockReason = StockReason.RECEIVED,
        force: bool = False,
        dry_run: bool = False,
    ) -> AsyncIterator[GoodsOutcome]:
        """What each row counted becomes what is on hand; with `delta` it is booked, once however often the file is given.

        Raises Refused for a file that cannot be read as a whole.
        """
        digest = await asyncio.to_thread(_digest, path) if delta else ""
        seen: dict[tuple[str, str], int] = {}
        for row in goods_rows(path, "stock"):
            try:
                sku, quantity, code = read_stock(row, signed=delta)
                code = code or location
                if not delta and (first := seen.setdefault((sku, code or ""), row.number)) != row.number:
                    raise Refused("import.twice", f"{sku} is in row {first} already")
                before = await self._on_hand(sku, code)
                after = before.on_hand + quantity if delta else quantity
                if dry_run:
                    if not force and after < before.promised:
                        raise Refused("stock.promised", f"{before.promised} of it are promised or held")
                elif delta:
                    key = f"sheet:{digest}:{row.number}"
                    adjusted = await self._inventory.adjust(
                        sku, quantity, reason=reason, location_code=code, force=force, idempotency_key=key
                    )
                    after = adjusted.row.on_hand
                else:
                    adjusted = await self._inventory.set_counted(sku, quantity, location_code=code, force=force)
                    after = adjusted.row.on_hand
            except Unreachable:
                raise
            except OrdersError as error:
                yield _refused(row, error)
                continue
            verdict = GoodsVerdict.CHANGE if after != before.on_hand else GoodsVerdict.UNCHANGED
            yield GoodsOutcome(row.number, sku, verdict, f"{before.on_hand} → {after} on hand")

    async def products(self, path: Path, *, dry_run: bool = False) -> AsyncIterator[GoodsOutcome]:
        """Add each row's product, or change what the row gives of it; empty cells change nothing.

        Raises Refused for a file that cannot be read as a whole.
        """
        seen: dict[str, int] = {}
        for row in goods_rows(path, "product"):
            try:
                sku, change = read_product(row)
                if (first := seen.setdefault(sku, row.number)) != row.number:
                    raise Refused("import.twice", f"{sku} is in row {first} already")
                known = await self._known(sku)
                changed = _changed(known, change)
                if not dry_run and (known is None or changed):
                    await self._products.set(sku, change)
            except Unreachable:
                raise
            except OrdersError as error:
                yield _refused(row, error)
                continue
            verdict = GoodsVerdict.ADD if known is None else GoodsVerdict.CHANGE if changed else GoodsVerdict.UNCHANGED
            yield GoodsOutcome(row.number, sku, verdict, ", ".join(changed))

    async def _on_hand(self, sku: str, location: str | None) -> _Level:
        with lost_is_unreachable():
            async with self._database.pool.acquire() as connection:
                place = await booking.find_place(connection, DEFAULT_CREATOR, sku, location)
                level = (await booking.read_levels(connection, [place])).get(place)
        return _Level(level.on_hand, level.reserved + level.held) if level else _Level(0, 0)

    async def _known(self, sku: str) -> ProductView | None:
        try:
            known = await self._products.show(sku)
        except NotFound:
            return None
        if known.sku != sku:
            raise Refused("product.alias", f"{sku} is mapped to {known.sku}: give that one, or unmap it first")
        return known


@dataclass(frozen=True, slots=True)
class _Level:
    on_hand: int
    promised: int


def _digest(path: Path) -> str:
    """What names the file by what is in it; reading it says what is wrong with one that is not there."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.is_file() else ""


def _changed(known: ProductView | None, change: ProductChange) -> list[str]:
    """The names of what a change gives anew."""
    given = {field.name: getattr(change, field.name) for field in fields(change)}
    wanted = {name: value for name, value in given.items() if value is not None}
    if known is None:
        return sorted(wanted)
    return sorted(name for name, value in wanted.items() if getattr(known, name) != value)


def _refused(row: SheetRow, error: OrdersError) -> GoodsOutcome:
    return GoodsOutcome(row.number, row.sku, GoodsVerdict.REFUSED, code=error.code, reason=error.sentence)
