"""Parcels to be labelled, made up or made from the simulator's orders."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from engine.identifiers import OrderId, PackageId, new_id
from engine.ports.facts import Address
from engine.ports.requests import ParcelItem, ParcelRequest
from sync.tiktok.mapping import order_fact
from sync.tiktok.payloads import read_order
from tests.sync.recorded_desk import SHOP

DOCK = Address("Dock", "775-555-0100", "1 Dock Rd", "", "Reno", "NV", "89501", "US")
BUYER = Address("Robin Tester", "+1 555 010 0100", "12 Sample Rd", "Apt 4", "Exampleton", "Oregon", "97000", "US")
SHIP_BY = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def parcel(
    *, tiktok_order_id: str = "577000000000000001", ship_to: Address = BUYER, weight_grams: int = 400
) -> ParcelRequest:
    return ParcelRequest(
        package_id=PackageId(new_id()),
        order_id=OrderId(new_id()),
        shop_id=SHOP,
        tiktok_order_id=tiktok_order_id,
        ship_from=DOCK,
        ship_to=ship_to,
        weight_grams=weight_grams,
        size_millimetres=(230, 160, 60),
        ship_by=SHIP_BY,
        currency="USD",
        items=(ParcelItem("MUG-BLU", "Stoneware mug", 1, weight_grams),),
    )


def parcel_of(raw_order: dict[str, Any]) -> ParcelRequest:
    fact = order_fact(SHOP, read_order(raw_order))
    assert fact.address is not None
    return replace(
        parcel(tiktok_order_id=fact.tiktok_order_id, ship_to=fact.address),
        ship_by=fact.ship_by,
        shipping_type=fact.shipping_type,
        tiktok_line_ids=tuple(unit.tiktok_line_id for unit in fact.units),
    )
