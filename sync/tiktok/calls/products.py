"""Products as the shop lists them, and their stock: read, and set in absolute numbers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.errors import OrdersError, Retryable
from sync.tiktok.calls.paging import RawRow
from sync.tiktok.client import TikTokClient
from sync.tiktok.errors import refused_part
from sync.tiktok.reading import objects, text, whole

MOST_SKUS = 600
"""Of one reading of stock."""

_PAGE = 100


@dataclass(frozen=True, slots=True)
class SkuStock:
    """What TikTok has of one SKU in one warehouse; `committed` are sold and not part of `available`."""

    sku_id: str
    warehouse_id: str
    available: int
    committed: int


class ProductCalls:
    """The products of one shop."""

    def __init__(self, client: TikTokClient, cipher: str) -> None:
        self._client = client
        self._cipher = cipher

    async def search(self, *, update_time_ge: datetime, update_time_le: datetime) -> AsyncIterator[tuple[RawRow, ...]]:
        """Pages of the products changed in [ge, le], both ends included, in any status.

        Raises Terminal `tiktok.too_many_hits` where a narrower window has to be asked for, Retryable for a page that comes again.
        """
        query = {"page_size": str(_PAGE)}
        body: dict[str, object] = {
            "status": "ALL",
            "update_time_ge": int(update_time_ge.timestamp()),
            "update_time_le": int(update_time_le.timestamp()),
        }
        seen: set[str] = set()
        while True:
            data = await self._client.call("products.search", cipher=self._cipher, query=query, body=body)
            yield tuple(objects(data, "products"))
            token = text(data, "next_page_token")
            if not token:
                return
            if token in seen:
                raise Retryable(
                    "tiktok.repeated_page", "TikTok repeats the same page of products; the search starts again later."
                )
            seen.add(token)
            query = {**query, "page_token": token}

    async def stock_of(self, sku_ids: Sequence[str]) -> list[SkuStock]:
        """What TikTok has of these SKUs now; ids that it does not know are absent."""
        found: list[SkuStock] = []
        for start in range(0, len(sku_ids), MOST_SKUS):
            ids = list(sku_ids[start : start + MOST_SKUS])
            data = await self._client.call("inventory.search", cipher=self._cipher, body={"sku_ids": ids})
            for product in objects(data, "inventory"):
                for sku in objects(product, "skus"):
                    found += _stock(sku)
        return found

    async def set_stock(
        self, product_id: str, quantities: Mapping[str, Mapping[str, int]]
    ) -> dict[tuple[str, str], OrdersError]:
        """Set the available units of one product's SKUs in all of their warehouses: SKU → warehouse → units.

        Answers what was refused, by SKU and warehouse (empty: in all of them). There is no idempotency key, and none is needed: the
        numbers are absolute. After Ambiguous read them back.
        """
        skus = [
            {"id": sku, "inventory": [{"warehouse_id": place, "quantity": units} for place, units in stock.items()]}
            for sku, stock in quantities.items()
        ]
        data = await self._client.call(
            "inventory.update", cipher=self._cipher, path={"product_id": product_id}, body={"skus": skus}
        )
        refused: dict[tuple[str, str], OrdersError] = {}
        for error in objects(data, "errors"):
            detail = error.get("detail")
            where: dict[str, Any] = detail if isinstance(detail, dict) else {}
            sku = text(where, "sku_id")
            doing = f"set the stock of SKU {sku or 'unknown'}"
            extra = objects(where, "extra_errors")
            for each in extra:
                refused[sku, text(each, "warehouse_id")] = refused_part(
                    whole(each, "code") or whole(error, "code"), text(each, "message"), doing=doing
                )
            if not extra:
                refused[sku, ""] = refused_part(whole(error, "code"), text(error, "message"), doing=doing)
        return refused


def _stock(sku: RawRow) -> list[SkuStock]:
    return [
        SkuStock(
            text(sku, "id"),
            text(place, "warehouse_id"),
            whole(place, "available_quantity"),
            whole(place, "committed_quantity"),
        )
        for place in objects(sku, "warehouse_inventory")
    ]
