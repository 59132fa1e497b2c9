"""The stock list: one line a product and location, by SKU, read by keyset; what narrows it, and what it shows of the channels.

A page's products are picked first, from the index of the SKUs or of what is sought; only its own lines are looked up further: what the
channels were told, what a kit could be packed of.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never
from uuid import UUID

from engine.database.connection import Connection, Database
from engine.inventory.stock_lines import Shown, StockFilter, StockId, StockKey, StockLine, StockPage
from engine.inventory.waited import Shelf, Waited
from engine.orders.plain_text import plain
from engine.orders.predicate import Predicate
from engine.orders.views import Count

SHORTEST_NAME_WORD = 3
"""Names are searched from so many characters on: fewer are the beginning of a SKU."""

_HIGHEST = "\U0010ffff"
_NAME_WORD = re.compile(r"\w+")
_SKU = 'lower(p.sku) COLLATE "C"'

# Indexes: products_sku_order_index, products_barcodes_index, products_name_words_index.
_BEGINS = f"{_SKU} >= {{begins}} AND {_SKU} < {{ends}}"
_BARCODE = "p.barcodes @> ARRAY[{barcode}]"
_NAMED = "to_tsvector('simple', p.name) @@ to_tsquery('simple', {words})"

# What one line is, and further what the shops that list it were told; $1 the products and $2 the locations of the page's lines.
_LOOKED_UP = """
SELECT p.id, s.location_id, p.sku, p.name, coalesce(l.code, '') AS location, coalesce(s.on_hand, 0) AS on_hand,
       coalesce(s.reserved, 0) AS reserved, coalesce(s.held, 0) AS held,
       coalesce(kit.free, s.on_hand - s.reserved - s.held, 0) AS available, p.components IS NOT NULL AS kit,
       p.weight_grams, p.bin, p.stock_buffer, p.low_stock_at, lower(p.sku) AS sort_value,
       told.lowest, told.highest, told.told_at, told.state,
       ARRAY(SELECT x.kind FROM stock_alarms x WHERE x.product_id = p.id AND x.cleared_at IS NULL
              AND x.kind IN ('low_stock', 'oversold', 'push') ORDER BY x.kind) AS alarms
  FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS d(product_id, location_id, place)
  JOIN products p ON p.id = d.product_id
  LEFT JOIN stock_levels s ON s.product_id = d.product_id AND s.location_id = d.location_id
  LEFT JOIN locations l ON l.id = d.location_id
  LEFT JOIN LATERAL (
    SELECT sum(here.free)::int AS free FROM (
        SELECT min(coalesce(c.on_hand - c.reserved - c.held, 0) / part.quantity) AS free
          FROM jsonb_to_recordset(p.components) AS part(sku text, quantity int)
         CROSS JOIN locations place
          LEFT JOIN products m ON m.user_id = p.user_id AND m.sku = part.sku
          LEFT JOIN stock_levels c ON c.product_id = m.id AND c.location_id = place.id
         GROUP BY place.id) here) kit ON p.components IS NOT NULL
  LEFT JOIN LATERAL (
    SELECT min(t.pushed) AS lowest, max(t.pushed) AS highest, max(t.pushed_at) AS told_at,
           CASE WHEN NOT bool_or(h.push_stock) THEN 'off'
                WHEN bool_or(i.refusal <> '') THEN 'refused'
                WHEN bool_or(t.mismatches > 2) THEN 'differs'
                WHEN bool_or(t.error <> '') THEN 'failing'
                WHEN bool_or(t.pushed_at IS NULL) THEN 'not told'
                WHEN bool_or(t.check_at IS NOT NULL OR t.mismatches > 0) THEN 'told'
                ELSE 'in step' END AS state
      FROM shops h JOIN listings i ON i.shop_id = h.id AND i.status <> 'GONE'
       AND i.seller_sku = ANY(ARRAY(SELECT a.sku FROM product_aliases a
                                     WHERE a.user_id = p.user_id AND a.product_sku = p.sku) || p.sku)
      JOIN listing_stock t ON t.listing_id = i.id
      LEFT JOIN warehouses w ON w.shop_id = h.id AND w.warehouse_id = t.warehouse_id
     WHERE h.user_id = p.user_id AND (w.location_id = s.location_id OR s.location_id IS NULL)
    HAVING count(*) > 0) told ON true
 ORDER BY d.place
"""


# Low and oversold are what the alarms' rounds last found: they weigh all locations and all demand. Index: stock_alarms_open_key.
_ALARMED = "p.id IN (SELECT x.product_id FROM stock_alarms x WHERE x.kind = '{kind}' AND x.cleared_at IS NULL)"


NOTHING_WAITED: Mapping[Shelf, Waited] = {}


async def page(
    database: Database,
    wanted: StockFilter,
    waited: Mapping[Shelf, Waited] = NOTHING_WAITED,
    *,
    after: StockKey | None = None,
    before: StockKey | None = None,
    limit: int,
) -> StockPage:
    """Up to `limit` lines right after or right before a key; the first ones without a key."""
    forwards = before is None
    async with database.pool.acquire() as connection:
        keys = await _keys(connection, _parts(wanted, waited), after or before, forwards=forwards, limit=limit + 1)
        more = len(keys) > limit
        keys = keys[:limit]
        if not forwards:
            keys.reverse()
        lines = await _look_up(connection, wanted, keys, waited)
    return StockPage(tuple(lines), after is not None if forwards else more, more if forwards else True)


async def rows(
    database: Database, wanted: StockFilter, ids: Sequence[StockId], waited: Mapping[Shelf, Waited] = NOTHING_WAITED
) -> list[StockLine]:
    """These lines as they are now; those that are gone are left out."""
    async with database.pool.acquire() as connection:
        return await _look_up(connection, wanted, ids, waited)


async def count(
    database: Database, wanted: StockFilter, waited: Mapping[Shelf, Waited] = NOTHING_WAITED, *, cap: int | None
) -> Count:
    """How many lines match: at most `cap` are counted, all when None."""
    async with database.pool.acquire() as connection:
        number = 0
        for part in _parts(wanted, waited):
            bound = None if cap is None else cap + 1 - number
            limit = "" if bound is None else f"LIMIT {bound:d}"
            number += await connection.fetchval(
                f"SELECT count(*) FROM (SELECT FROM {part.lines()} {limit}) matching",  # noqa: S608
                *part.arguments,
            )
            if cap is not None and number > cap:
                return Count(cap, exact=False)
    return Count(number, exact=True)


async def anchors(
    database: Database, wanted: StockFilter, waited: Mapping[Shelf, Waited] = NOTHING_WAITED, *, every: int
) -> list[StockKey]:
    """The keys of lines 0, `every`, 2·`every` … of the whole list."""
    found: list[StockKey] = []
    passed = 0
    async with database.pool.acquire() as connection:
        for number, part in enumerate(_parts(wanted, waited)):
            records = await connection.fetch(
                f"""
                SELECT sort_value, id, code, location_id, place, all_of_them FROM (
                    SELECT {_SKU} AS sort_value, p.id, coalesce(l.code, '') COLLATE "C" AS code, s.location_id,
                           row_number() OVER (ORDER BY {_SKU}, p.id, coalesce(l.code, '') COLLATE "C") AS place,
                           count(*) OVER () AS all_of_them
                    FROM {part.lines()}) numbered
                WHERE (place + {passed:d} - 1) % {every:d} = 0 OR place = 1 ORDER BY place
                """,  # noqa: S608
                *part.arguments,
            )
            found += [_key(number, row) for row in records if (row["place"] + passed - 1) % every == 0]
            passed += records[0]["all_of_them"] if records else 0
    return found


async def find_by_code(database: Database, text: str) -> UUID | None:
    """The product that a scanned code is: a barcode, a SKU, or another SKU that is mapped to it."""
    found: UUID | None = await database.pool.fetchval(
        """
        SELECT id FROM (
            SELECT p.id, 1 AS way FROM products p WHERE p.barcodes @> ARRAY[$1::text]
            UNION ALL SELECT p.id, 2 FROM products p WHERE lower(p.sku) COLLATE "C" = lower($1)
            UNION ALL SELECT p.id, 3 FROM product_aliases a JOIN products p ON p.user_id = a.user_id AND p.sku = a.product_sku
                       WHERE a.sku = $1) found ORDER BY way LIMIT 1
        """,
        text.strip(),
    )
    return found


async def first_line(database: Database, product_id: UUID) -> StockId | None:
    """The first line that a product has in the list."""
    row = await database.pool.fetchrow(
        """
        SELECT p.id, s.location_id FROM products p LEFT JOIN stock_levels s ON s.product_id = p.id AND p.components IS NULL
          LEFT JOIN locations l ON l.id = s.location_id
         WHERE p.id = $1 ORDER BY coalesce(l.code, '') COLLATE "C" LIMIT 1
        """,
        product_id,
    )
    return (row["id"], row["location_id"]) if row is not None else None


# ---------------------------------------------------------------------- how a filter becomes SQL


@dataclass(slots=True)
class _Part(Predicate):
    """Lines of one meaning of the phrase, apart from those of every other part; `conditions` are about the product `p`."""

    sought: str = ""
    """What is found from its own index, whatever the order: most of what it finds may come late in the list."""
    level: str = ""
    """A condition on the level `s`."""

    def lines(self, *, way: str = "", limit: int | None = None) -> str:
        """A FROM clause with its conditions. With a limit the products are picked before their levels are looked at, if that may be."""
        products = "products"
        if self.sought:
            products = f"(SELECT * FROM products p WHERE {self.sought} OFFSET 0)"  # noqa: S608
        if limit is not None and not self.level:
            products = (
                f"(SELECT * FROM {products} p WHERE {self.where()} ORDER BY {_SKU} {way}, id {way} LIMIT {limit + 1:d})"  # noqa: S608
            )
        return f"""{products} p LEFT JOIN stock_levels s ON s.product_id = p.id AND p.components IS NULL
            LEFT JOIN locations l ON l.id = s.location_id WHERE {self.where()} AND ({self.level or "true"})"""

    def beyond(self, key: StockKey, *, forwards: bool) -> str:
        """Keep only products at or after a key, or at or before it; answers the condition on the lines themselves."""
        sign = ">" if forwards else "<"
        sku, product = self.bind(key.sku, "text"), self.bind(key.product_id, "uuid")
        self.add(f"({_SKU}, p.id) {sign}= ({sku}, {product})")
        code = self.bind(key.location, "text")
        return f"({_SKU}, p.id) {sign} ({sku}, {product}) OR coalesce(l.code, '') COLLATE \"C\" {sign} {code}"


def _parts(wanted: StockFilter, waited: Mapping[Shelf, Waited]) -> list[_Part]:
    """The list in parts that follow each other: what begins as was typed, then what is named so or has that barcode."""
    phrase = _cleaned(wanted.search)
    if not phrase:
        return [_narrowed(_Part(), wanted, waited)]
    begun, named = (_narrowed(_Part(), wanted, waited) for _ in range(2))
    begins, ends = phrase.lower(), phrase.lower() + _HIGHEST
    begun.add(_BEGINS.format(begins=begun.bind(begins, "text"), ends=begun.bind(ends, "text")))
    named.add(f"NOT ({_BEGINS.format(begins=named.bind(begins, 'text'), ends=named.bind(ends, 'text'))})")
    named.sought = _BARCODE.format(barcode=named.bind(phrase, "text"))
    words = " & ".join(f"{word}:*" for word in _NAME_WORD.findall(phrase.casefold()))
    if len(phrase) >= SHORTEST_NAME_WORD and words:
        named.sought += f" OR {_NAMED.format(words=named.bind(words, 'text'))}"
    return [begun, named]


def _cleaned(search: str) -> str:
    return " ".join(search.replace("\x00", "").split())


def _narrowed(part: _Part, wanted: StockFilter, waited: Mapping[Shelf, Waited]) -> _Part:
    match wanted.shown:
        case Shown.EVERYTHING:
            pass
        case Shown.LOW | Shown.OVERSOLD:
            part.add(_ALARMED.format(kind="low_stock" if wanted.shown is Shown.LOW else "oversold"))
        case Shown.OUT:
            part.level = "s.on_hand - s.reserved - s.held <= 0"
        case Shown.HELD:
            part.level = "s.held > 0"
        case Shown.WAITED:
            products = part.bind([product for product, _ in waited], "uuid[]")
            locations = part.bind([location for _, location in waited], "uuid[]")
            part.add(f"p.id = ANY({products})")
            part.level = (
                f"EXISTS (SELECT FROM unnest({products}, {locations}) AS w(product_id, location_id)"
                " WHERE w.product_id = p.id AND (w.location_id = s.location_id OR s.location_id IS NULL))"
            )
        case _:
            assert_never(wanted.shown)
    return part


async def _keys(
    connection: Connection, parts: Sequence[_Part], key: StockKey | None, *, forwards: bool, limit: int
) -> list[StockId]:
    way = "ASC" if forwards else "DESC"
    found: list[StockId] = []
    numbered = list(enumerate(parts))
    for number, part in numbered if forwards else reversed(numbered):
        if key is not None and number != key.part and (number < key.part) == forwards:
            continue
        line = part.beyond(key, forwards=forwards) if key is not None and number == key.part else "true"
        room = limit - len(found)
        records = await connection.fetch(
            f"""SELECT p.id, s.location_id FROM {part.lines(way=way, limit=room)} AND ({line})
                ORDER BY {_SKU} {way}, p.id {way}, coalesce(l.code, '') COLLATE "C" {way} LIMIT {room:d}""",  # noqa: S608
            *part.arguments,
        )
        found += [(record["id"], record["location_id"]) for record in records]
        if len(found) >= limit:
            break
    return found


async def _look_up(
    connection: Connection, wanted: StockFilter, ids: Sequence[StockId], waited: Mapping[Shelf, Waited]
) -> list[StockLine]:
    records = await connection.fetch(_LOOKED_UP, [product for product, _ in ids], [location for _, location in ids])
    begins = _cleaned(wanted.search).lower()
    return [_line(record, waited, int(not record["sort_value"].startswith(begins))) for record in records]


def _key(part: int, record: Any) -> StockKey:
    return StockKey(part, record["sort_value"], record["id"], record["code"], record["location_id"])


def _line(record: Any, waited: Mapping[Shelf, Waited], part: int) -> StockLine:
    product_id, location_id = record["id"], record["location_id"]
    return StockLine(
        product_id=product_id,
        location_id=location_id,
        sku=plain(record["sku"]),
        name=plain(record["name"]),
        location=plain(record["location"]),
        on_hand=record["on_hand"],
        reserved=record["reserved"],
        held=record["held"],
        available=record["available"],
        kit=record["kit"],
        weight_grams=record["weight_grams"],
        bin=plain(record["bin"]),
        buffer=record["stock_buffer"],
        low_at=record["low_stock_at"],
        told=(record["lowest"], record["highest"]),
        told_at=record["told_at"],
        told_state=record["state"] or "",
        alarms=tuple(record["alarms"]),
        waited=waited.get((product_id, location_id)) if location_id is not None else _anywhere(product_id, waited),
        key=StockKey(part, record["sort_value"], product_id, record["location"], location_id),
    )


def _anywhere(product_id: UUID, waited: Mapping[Shelf, Waited]) -> Waited | None:
    """What waits for a product that has never lain anywhere, wherever it is wanted."""
    found = [each for (product, _), each in waited.items() if product == product_id]
    if not found:
        return None
    nearest = min((each.nearest for each in found if each.nearest is not None), default=None)
    return Waited(sum(each.orders for each in found), sum(each.units for each in found), nearest)
