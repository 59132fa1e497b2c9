"""Units of orders that came from a seller-centre file, which knows no line ids: whoever tells of the order next means the same units.

A unit from a file bears a placeholder made of its SKU and a number. TikTok's own line takes the place of one of its SKU; what TikTok has
beyond them is added, what it does not have was never there. A file that tells of known units means them by SKU, in order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from engine.database.rows import insert_rows
from engine.identifiers import OrderId, new_id
from engine.ports.facts import OrderFact, UnitFact
from engine.words import ChannelStatus

PLACEHOLDER = "import:"
IMPORT = "import"
"""The source of an order that only a file has told of."""
TIKTOK_SHOP = "tiktok_shop"

_UNITS = """
SELECT u.id, u.order_id, u.tiktok_line_id, u.channel_status, u.order_item_id, i.tiktok_sku_id, i.product_sku
FROM order_item_units u JOIN order_items i ON i.id = u.order_item_id
WHERE u.order_id = ANY($1::uuid[])
ORDER BY u.order_id, length(u.tiktok_line_id), u.tiktok_line_id
"""

_NAME = """
UPDATE order_item_units u SET tiktok_line_id = d.line, price = d.price, is_gift = d.gift
FROM unnest($1::uuid[], $2::text[], $3::numeric[], $4::bool[]) AS d(id, line, price, gift) WHERE u.id = d.id
"""

_NAME_ITEMS = """
UPDATE order_items i SET tiktok_product_id = d.product, tiktok_sku_id = d.sku, updated_at = now(),
       unit_price = coalesce(s.price, i.unit_price), total_price = coalesce(s.total, i.total_price)
FROM unnest($1::uuid[], $2::text[], $3::text[]) AS d(id, product, sku),
     LATERAL (SELECT max(price) AS price, sum(price) AS total FROM order_item_units u WHERE u.order_item_id = d.id) s
WHERE i.id = d.id
"""

_GROW = """
UPDATE order_items i SET quantity = i.quantity + d.units, total_price = i.total_price + d.price, updated_at = now()
FROM unnest($1::uuid[], $2::int[], $3::numeric[]) AS d(id, units, price) WHERE i.id = d.id
"""

_KNOWN_PRODUCTS = """
UPDATE order_items i SET product_id = p.id FROM orders o, products p
WHERE i.id = ANY($1::uuid[]) AND o.id = i.order_id AND p.user_id = o.user_id AND p.sku = i.product_sku
"""

_TOLD = "UPDATE orders SET order_source = 'tiktok_shop' WHERE id = ANY($1::uuid[])"

# What was reserved and packed for fewer units must not leave before a person has looked.
_HOLD_GROWN = """
INSERT INTO holds (id, order_id, reason, placed_by)
SELECT gen_random_uuid(), o.id, 'other', 'tiktok_shop' FROM orders o
WHERE o.id = ANY($1::uuid[]) AND EXISTS (SELECT FROM stock_reservations r WHERE r.order_id = o.id AND r.state = 'active')
ON CONFLICT DO NOTHING
"""


@dataclass(slots=True)
class _Unit:
    """One unit as the database has it."""

    unit_id: Any
    line_id: str
    item_id: Any
    cancelled: bool
    sku_id: str
    sku: str
    taken: bool = False

    def is_of(self, unit: UnitFact) -> bool:
        """Whether both are of one SKU; TikTok's own id for it decides where both have one."""
        if self.sku_id and unit.tiktok_sku_id:
            return self.sku_id == unit.tiktok_sku_id
        return self.sku == unit.seller_sku


def placeholder_line_id(sku: str, number: int) -> str:
    """The id of the n-th unit of a SKU in a file."""
    return f"{PLACEHOLDER}{sku}:{number}"


async def fit_units(
    connection: Any, facts: Mapping[OrderId, OrderFact], sources: Mapping[OrderId, str]
) -> dict[OrderId, tuple[UnitFact, ...]]:
    """The units of these facts by the line ids that the database has for them from now on.

    The caller holds the orders' locks. Only facts are given that came from a file or meet an order that did.
    """
    known: dict[OrderId, list[_Unit]] = defaultdict(list)
    for row in await connection.fetch(_UNITS, sorted(facts)):
        cancelled = row["channel_status"] == ChannelStatus.CANCELLED
        known[OrderId(row["order_id"])].append(
            _Unit(
                row["id"],
                row["tiktok_line_id"],
                row["order_item_id"],
                cancelled,
                row["tiktok_sku_id"],
                row["product_sku"],
            )
        )
    fitted: dict[OrderId, tuple[UnitFact, ...]] = {}
    named: list[tuple[_Unit, UnitFact]] = []
    added: list[tuple[OrderId, Any, UnitFact]] = []
    for order_id, fact in facts.items():
        units = known[order_id]
        from_file = sources[order_id] == IMPORT
        pairs, extra = _pair(units, fact)
        result = [replace(unit, tiktok_line_id=there.line_id) if fact.imported else unit for there, unit in pairs]
        if not fact.imported:
            named += [(there, unit) for there, unit in pairs if there.line_id != unit.tiktok_line_id]
        if from_file:
            result += [_gone(there) for there in units if not there.taken and not there.cancelled]
            numbers = {there.line_id for there in units}
            for unit in extra:
                fresh = _numbered(unit, numbers) if fact.imported else unit
                numbers.add(fresh.tiktok_line_id)
                added.append((order_id, _item_of(units, unit), fresh))
                result.append(fresh)
        fitted[order_id] = tuple(result)
    told = [order_id for order_id, fact in facts.items() if not fact.imported]
    if told:
        await connection.execute(_TOLD, told)
    if named:
        await _name(connection, named)
    if added:
        await _add(connection, added)
    return fitted


def _pair(units: Sequence[_Unit], fact: OrderFact) -> tuple[list[tuple[_Unit, UnitFact]], list[UnitFact]]:
    """Each unit of the fact with the one it is: by its id, else one of its SKU that is alike in being cancelled, else any of its SKU."""
    by_id = {unit.line_id: unit for unit in units} if not fact.imported else {}
    pairs: list[tuple[_Unit, UnitFact]] = []
    waiting: list[UnitFact] = []
    for unit in fact.units:
        there = by_id.get(unit.tiktok_line_id)
        if there is None:
            waiting.append(unit)
        else:
            there.taken = True
            pairs.append((there, unit))
    for alike in (True, False):
        still: list[UnitFact] = []
        for unit in waiting:
            cancelled = unit.channel_status is ChannelStatus.CANCELLED
            match = next(
                (
                    there
                    for there in units
                    if not there.taken and there.is_of(unit) and (not alike or there.cancelled == cancelled)
                    and (fact.imported or there.line_id.startswith(PLACEHOLDER))
                ),
                None,
            )  # fmt: skip
            if match is None:
                still.append(unit)
            else:
                match.taken = True
                pairs.append((match, unit))
        waiting = still
    return pairs, waiting


def _gone(there: _Unit) -> UnitFact:
    return UnitFact(there.line_id, "", there.sku_id, there.sku, "", "", Decimal(0), ChannelStatus.CANCELLED)


def _numbered(unit: UnitFact, taken: set[str]) -> UnitFact:
    """The unit with the next placeholder that is free."""
    sku, number = unit.tiktok_sku_id or unit.seller_sku, 1
    while placeholder_line_id(sku, number) in taken:
        number += 1
    return replace(unit, tiktok_line_id=placeholder_line_id(sku, number))


def _item_of(units: Sequence[_Unit], unit: UnitFact) -> Any:
    return next((there.item_id for there in units if there.is_of(unit)), None)


async def _name(connection: Any, named: Sequence[tuple[_Unit, UnitFact]]) -> None:
    await connection.execute(
        _NAME,
        [there.unit_id for there, _ in named],
        [unit.tiktok_line_id for _, unit in named],
        [unit.unit_price for _, unit in named],
        [unit.is_gift for _, unit in named],
    )
    items = {there.item_id: unit for there, unit in named}
    await connection.execute(
        _NAME_ITEMS,
        list(items),
        [unit.tiktok_product_id for unit in items.values()],
        [unit.tiktok_sku_id for unit in items.values()],
    )


async def _add(connection: Any, added: Sequence[tuple[OrderId, Any, UnitFact]]) -> None:
    """Write units that nobody knew of, in their SKU's line or in one of their own."""
    lines: dict[tuple[OrderId, str, str], Any] = {}
    grown: dict[Any, list[UnitFact]] = defaultdict(list)
    rows: list[tuple[Any, ...]] = []
    new_items: dict[Any, tuple[OrderId, list[UnitFact]]] = {}
    for order_id, item_id, unit in added:
        if item_id is not None:
            grown[item_id].append(unit)
            place = item_id
        else:
            place = lines.setdefault((order_id, unit.tiktok_sku_id, unit.seller_sku), new_id())
            new_items.setdefault(place, (order_id, []))[1].append(unit)
        rows.append(
            (new_id(), order_id, place, unit.tiktok_line_id, unit.channel_status, unit.unit_price, unit.is_gift)
        )
    await insert_rows(
        connection,
        "order_items",
        (
            "id",
            "order_id",
            "tiktok_product_id",
            "tiktok_sku_id",
            "product_name",
            "product_sku",
            "variant_name",
            "quantity",
            "unit_price",
            "total_price",
        ),
        [
            (
                item_id,
                order_id,
                units[0].tiktok_product_id,
                units[0].tiktok_sku_id,
                units[0].product_name,
                units[0].seller_sku,
                units[0].variant_name,
                len(units),
                units[0].unit_price,
                sum((unit.unit_price for unit in units), Decimal(0)),
            )
            for item_id, (order_id, units) in new_items.items()
        ],
    )
    if new_items:
        await connection.execute(_KNOWN_PRODUCTS, list(new_items))
    if grown:
        await connection.execute(
            _GROW,
            list(grown),
            [len(units) for units in grown.values()],
            [sum((unit.unit_price for unit in units), Decimal(0)) for units in grown.values()],
        )
    columns = ("id", "order_id", "order_item_id", "tiktok_line_id", "channel_status", "price", "is_gift")
    await insert_rows(connection, "order_item_units", columns, rows)
    await connection.execute(_HOLD_GROWN, sorted({order_id for order_id, _, _ in added}))
