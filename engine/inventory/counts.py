"""Counting the shelves: a sheet is opened, counted, approved, and posted once.

Each line remembers what the ledger said when it was snapped. Posting books the difference between that and what was counted, so that
what is sold between counting and posting stays sold. When goods came or left meanwhile nobody knows whether the counter saw them: such
a line is counted again, or accepted by somebody's word.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.actors import Actor
from engine.errors import NotFound, Refused
from engine.identifiers import DEFAULT_CREATOR, LocationId, ProductId, UserId, new_id
from engine.inventory.booking import Booking, Place, find_location, find_place, lock_levels
from engine.inventory.ledger import book_differences, with_room
from engine.inventory.shortfall import Shortfall
from engine.orders.plain_text import plain
from engine.words import StockReason

if TYPE_CHECKING:
    from engine.database.connection import Database

_LOCATION_SKUS = """
SELECT p.sku FROM stock_levels l JOIN products p ON p.id = l.product_id
WHERE l.location_id = $2 AND p.user_id = $1 AND p.components IS NULL ORDER BY p.sku
"""

_SNAP = """
INSERT INTO stock_count_lines (count_id, product_id, expected_version, snapshot, snapped_at)
SELECT $1, d.product_id, d.version, d.on_hand, clock_timestamp()
FROM unnest($2::uuid[], $3::bigint[], $4::int[]) AS d(product_id, version, on_hand)
ON CONFLICT (count_id, product_id) DO UPDATE
SET expected_version = excluded.expected_version, snapshot = excluded.snapshot, snapped_at = excluded.snapped_at,
    counted = NULL, counted_by = NULL, counted_at = NULL, accepted = false
"""

_SHEET = "SELECT * FROM stock_counts WHERE id = $1"
_LOCK_SHEET = f"{_SHEET} FOR UPDATE"

_ENTER = """
UPDATE stock_count_lines SET counted = $3, counted_by = $4, counted_at = clock_timestamp() WHERE count_id = $1 AND product_id = $2
"""

# A line is stale when goods came or left between its snapshot and its count. What was merely promised meanwhile lies on the shelf as
# before, and what happens after it was counted cannot have been counted. Index: stock_movements_product_index.
_LINES = """
SELECT c.product_id, p.sku, p.name, p.bin, c.snapshot, c.counted, c.counted_by, c.accepted,
       coalesce(l.on_hand, 0) AS on_hand,
       coalesce(l.version, 0) <> c.expected_version AND EXISTS (
           SELECT FROM stock_movements m WHERE m.product_id = c.product_id AND m.location_id = s.location_id
              AND m.delta_on_hand <> 0 AND m.created_at BETWEEN c.snapped_at AND coalesce(c.counted_at, 'infinity')) AS stale
FROM stock_count_lines c JOIN stock_counts s ON s.id = c.count_id JOIN products p ON p.id = c.product_id
LEFT JOIN stock_levels l ON l.product_id = c.product_id AND l.location_id = s.location_id
WHERE c.count_id = $1 ORDER BY p.bin, p.sku
"""

_SHEETS = """
SELECT s.*, l.code AS location FROM stock_counts s JOIN locations l ON l.id = s.location_id
WHERE ($1::uuid IS NULL OR s.id = $1) ORDER BY s.opened_at DESC, s.id DESC LIMIT $2
"""

_STATE = "UPDATE stock_counts SET state = $2 WHERE id = $1"
_APPROVE = "UPDATE stock_counts SET state = 'approved', approved_by = $2, approved_at = now() WHERE id = $1"
_POSTED = "UPDATE stock_counts SET state = 'posted', posted_by = $2, posted_at = now() WHERE id = $1"


@dataclass(frozen=True, slots=True)
class CountLine:
    """One product of a sheet. `stale`: goods came or left since it was snapped."""

    sku: str
    name: str
    bin: str
    snapshot: int
    counted: int | None
    counted_by: str
    on_hand: int
    stale: bool
    accepted: bool

    @property
    def difference(self) -> int | None:
        """What posting would book."""
        return None if self.counted is None else self.counted - self.snapshot


@dataclass(frozen=True, slots=True)
class CountSheet:
    """A count and its lines, by bin."""

    count_id: UUID
    name: str
    location: str
    state: str
    opened_by: str
    opened_at: datetime
    approved_by: str
    posted_by: str
    lines: tuple[CountLine, ...]


@dataclass(frozen=True, slots=True)
class Posted:
    """What a posted sheet booked, by SKU, and the orders that lost what had been promised to them."""

    differences: Mapping[str, int]
    shortfall: tuple[Shortfall, ...]


async def open_count(
    database: Database,
    skus: Collection[str] = (),
    *,
    name: str = "",
    location_code: str | None = None,
    actor: Actor,
    owner: UserId = DEFAULT_CREATOR,
) -> CountSheet:
    """A sheet for these SKUs, or for everything that has a level at the location. Raises NotFound, Refused."""

    async def write(connection: Any) -> UUID:
        location_id = await find_location(connection, location_code)
        listed = list(skus) or [row["sku"] for row in await connection.fetch(_LOCATION_SKUS, owner, location_id)]
        if not listed:
            raise Refused("count.nothing", "There is nothing to count there: name the SKUs.")
        count_id = new_id()
        await connection.execute(
            "INSERT INTO stock_counts (id, location_id, name, opened_by) VALUES ($1, $2, $3, $4)",
            count_id,
            location_id,
            plain(name)[:100],
            actor.name,
        )
        await _snap(connection, count_id, [await find_place(connection, owner, sku, location_code) for sku in listed])
        return count_id

    return await show_count(database, await database.run(write))


async def enter_counted(
    database: Database,
    count_id: UUID,
    counted: Mapping[str, int],
    *,
    actor: Actor,
    owner: UserId = DEFAULT_CREATOR,
) -> CountSheet:
    """Write down what lies on the shelf, by SKU. Raises NotFound, Refused when the sheet is frozen."""

    async def write(connection: Any) -> None:
        sheet = await _locked(connection, count_id, "open")
        for sku, quantity in counted.items():
            if not 0 <= quantity < 1_000_000:
                raise Refused("stock.quantity", f"{quantity} of {plain(sku)} is no count: give a number from 0.")
            place = await _line(connection, sheet, owner, sku)
            await connection.execute(_ENTER, count_id, place.product_id, quantity, actor.name)

    await database.run(write)
    return await show_count(database, count_id)


async def recount(
    database: Database, count_id: UUID, skus: Collection[str], *, owner: UserId = DEFAULT_CREATOR
) -> CountSheet:
    """Snap these lines anew, to be counted again; an approved sheet is open again."""

    async def write(connection: Any) -> None:
        sheet = await _locked(connection, count_id, "open", "approved")
        places = [await _line(connection, sheet, owner, sku) for sku in skus]
        await _snap(connection, count_id, places)
        await connection.execute(_STATE, count_id, "open")

    await database.run(write)
    return await show_count(database, count_id)


async def approve_count(
    database: Database, count_id: UUID, *, accept: Collection[str] = (), actor: Actor
) -> CountSheet:
    """Freeze the sheet. Raises Refused while lines are uncounted, or stale and not among those to `accept`."""

    async def write(connection: Any) -> None:
        await _locked(connection, count_id, "open")
        lines = [_read_line(row) for row in await connection.fetch(_LINES, count_id)]
        if missing := [line.sku for line in lines if line.counted is None]:
            raise Refused("count.uncounted", f"Not counted yet: {_some(missing)}.")
        if stale := [line.sku for line in lines if line.stale and line.sku not in accept]:
            raise _stale(stale)
        await connection.execute(
            "UPDATE stock_count_lines c SET accepted = true FROM products p"
            " WHERE c.count_id = $1 AND p.id = c.product_id AND p.sku = ANY($2::text[])",
            count_id,
            list(accept),
        )
        await connection.execute(_APPROVE, count_id, actor.name)

    await database.run(write)
    return await show_count(database, count_id)


async def post_count(database: Database, count_id: UUID, *, force: bool = False, actor: Actor) -> Posted:
    """Book the differences of an approved sheet, once and all together.

    Raises Refused when lines have become stale, or when something promised is missing and `force` is not given.
    """
    differences: dict[str, int] = {}

    async def write(connection: Any) -> list[Shortfall]:
        sheet = await _locked(connection, count_id, "approved")
        rows = await connection.fetch(_LINES, count_id)
        differences.clear()
        bookings = []
        for row in rows:
            difference = row["counted"] - row["snapshot"]
            if difference:
                place = Place(ProductId(row["product_id"]), LocationId(sheet["location_id"]), row["sku"])
                key = f"count:{count_id}:{place.product_id}"
                bookings.append(Booking(place, "count", StockReason.COUNTED, key, on_hand=difference))
                differences[row["sku"]] = difference

        async def check() -> None:
            now = [_read_line(row) for row in await connection.fetch(_LINES, count_id)]
            if stale := [line.sku for line in now if line.stale and not line.accepted]:
                raise _stale(stale)

        lost = await book_differences(connection, database.vault, bookings, actor=actor, force=force, check=check)
        await connection.execute(_POSTED, count_id, actor.name)
        return lost

    lost = await with_room(database, write)
    return Posted(dict(differences), tuple(lost))


async def drop_count(database: Database, count_id: UUID) -> None:
    """Throw a sheet away. Raises NotFound, Refused when it is posted."""

    async def write(connection: Any) -> None:
        await _locked(connection, count_id, "open", "approved")
        await connection.execute(_STATE, count_id, "dropped")

    await database.run(write)


async def list_counts(database: Database, *, limit: int = 50) -> list[CountSheet]:
    """The sheets, newest first, without their lines."""
    return [_read_sheet(row, ()) for row in await database.pool.fetch(_SHEETS, None, limit)]


async def show_count(database: Database, count_id: UUID) -> CountSheet:
    """One sheet with its lines. Raises NotFound."""
    row = await database.pool.fetchrow(_SHEETS, count_id, 1)
    if row is None:
        raise _unknown(count_id)
    return _read_sheet(row, tuple(_read_line(line) for line in await database.pool.fetch(_LINES, count_id)))


async def _locked(connection: Any, count_id: UUID, *states: str) -> Any:
    row = await connection.fetchrow(_LOCK_SHEET, count_id)
    if row is None:
        raise _unknown(count_id)
    if row["state"] not in states:
        raise Refused(f"count.{row['state']}", f"The count is {row['state']}: that cannot be done to it any more.")
    return row


async def _line(connection: Any, sheet: Any, owner: UserId, sku: str) -> Place:
    row = await connection.fetchrow(
        "SELECT p.id, p.sku FROM stock_count_lines c JOIN products p ON p.id = c.product_id"
        " WHERE c.count_id = $1 AND p.user_id = $2 AND p.sku = $3",
        sheet["id"],
        owner,
        sku.strip(),
    )
    if row is None:
        raise NotFound("count.no_line", f"{plain(sku)} is not on this sheet.")
    return Place(ProductId(row["id"]), LocationId(sheet["location_id"]), row["sku"])


async def _snap(connection: Any, count_id: UUID, places: Sequence[Place]) -> None:
    # Held, so that no movement that is under way is half in the snapshot.
    levels = await lock_levels(connection, places)
    await connection.execute(
        _SNAP,
        count_id,
        [place.product_id for place in levels],
        [level.version for level in levels.values()],
        [level.on_hand for level in levels.values()],
    )


def _stale(skus: Sequence[str]) -> Refused:
    return Refused(
        "count.stale", f"Goods came or left while these were counted: {_some(skus)}. Count them again, or accept them."
    )


def _unknown(count_id: UUID) -> NotFound:
    return NotFound("count.unknown", f"There is no count {count_id}.")


def _some(skus: Sequence[str]) -> str:
    return ", ".join(skus[:5]) + (f" and {len(skus) - 5} more" if len(skus) > 5 else "")


def _read_line(row: Any) -> CountLine:
    return CountLine(
        sku=plain(row["sku"]),
        name=plain(row["name"]),
        bin=plain(row["bin"]),
        snapshot=row["snapshot"],
        counted=row["counted"],
        counted_by=row["counted_by"] or "",
        on_hand=row["on_hand"],
        stale=row["stale"],
        accepted=row["accepted"],
    )


def _read_sheet(row: Any, lines: tuple[CountLine, ...]) -> CountSheet:
    return CountSheet(
        count_id=row["id"],
        name=row["name"],
        location=row["location"],
        state=row["state"],
        opened_by=row["opened_by"],
        opened_at=row["opened_at"],
        approved_by=row["approved_by"] or "",
        posted_by=row["posted_by"] or "",
        lines=lines,
    )
