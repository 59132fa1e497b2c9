"""A warehouse's database of a year: nearly all orders long delivered, the rest open, shipped, failed, held, cancelled or returned.

Made once for a size and kept: templates worked by the engine itself are copied set-wise, each copy with a number, a time, a buyer and an
address of its own, sealed as the program seals them.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from engine.actors import SYSTEM
from engine.database.connection import Database, DatabaseSettings, open_database
from engine.fleet import daemons
from engine.identifiers import DEFAULT_CREATOR, OrderId, ShopId
from engine.orders import holds
from engine.orders.parcels.packages import record_tracking
from engine.ports.facts import Address, OrderFact, TrackingFact
from engine.privacy.cipher import search_words
from engine.reports import tallies
from engine.words import ChannelStatus, HoldReason, TrackingStatus
from tests.bench.facts import order_fact, set_up_shop
from tests.bench.filling import Ages, Own, copied_id, fill, keep_templates
from tests.bench.lifecycle import run_lifecycle
from tests.engine.house import House

SEED = 20260301
_MADE_OF = ("engine/database/migrations/versions", "tests/bench/console/warehouse.py", "tests/bench/filling.py")

FIRST_NAMES = [
    "Ada",
    "Aiko",
    "Anouk",
    "Bram",
    "Carla",
    "Chidi",
    "Dara",
    "Edda",
    "Emil",
    "Farah",
    "Finn",
    "Gita",
    "Hana",
    "Ines",
    "Ivo",
    "Jonas",
    "Kaya",
    "Lars",
    "Leila",
    "Lin",
    "Maren",
    "Mateo",
    "Mira",
    "Nadia",
    "Nils",
    "Noor",
    "Olga",
    "Oskar",
    "Pavel",
    "Priya",
    "Quinn",
    "Rafa",
    "Robin",
    "Sanna",
    "Selim",
    "Sofia",
    "Tariq",
    "Theo",
    "Uma",
    "Vera",
    "Wanda",
    "Yara",
    "Zoe",
]
LAST_NAMES = [
    "Abara",
    "Almeida",
    "Arvidsson",
    "Banerjee",
    "Bauer",
    "Castellanos",
    "Cermak",
    "Dahl",
    "Demir",
    "Falk",
    "Ferreira",
    "Fontaine",
    "Garang",
    "Halloran",
    "Hashimoto",
    "Ibarra",
    "Jansen",
    "Kowalska",
    "Laurent",
    "Lindqvist",
    "Mbeki",
    "Moreau",
    "Nakamura",
    "Novak",
    "Okafor",
    "Oyelaran",
    "Petrov",
    "Quiroga",
    "Rahimi",
    "Rossi",
    "Sandoval",
    "Santos",
    "Schulte",
    "Takahashi",
    "Tanaka",
    "Ueda",
    "Vargas",
    "Whitlock",
    "Xu",
    "Yamada",
    "Zeller",
]
STREETS = ("Quay Street", "Mill Lane", "Harbour Road", "Station Road", "Orchard Way", "Birch Avenue")
TOWNS = (("Salem", "OR", "97301"), ("Reno", "NV", "89501"), ("Port Alder", "WA", "98000"), ("Mesa", "AZ", "85201"))
GOODS = ("Stoneware mug", "Linen towel", "Salad bowl", "Candle", "Tea tin", "Phone case", "Canvas bag", "Desk lamp")
COLOURS = ("blue", "green", "sand", "black", "coral")


_SEALED = ("customer_name", "customer_email", "customer_phone", "shipping_address")
_NUMBER = "coalesce(substring({0} FROM '[0-9]+')::int, 0)"
_TRACKING = "'9400' || lpad(((('x' || substr(md5(t.id::text || c), 1, 15))::bit(60)::bigint) % 10000000000000000)::text, 16, '0')"
_GOODS = (
    f"(ARRAY{list(GOODS)})[1 + ({_NUMBER} / {len(COLOURS)}) % {len(GOODS)}] || ', ' || "
    f"(ARRAY{list(COLOURS)})[1 + {_NUMBER} % {len(COLOURS)}]"
)


@dataclass(frozen=True, slots=True)
class _Sort:
    """One sort of order: how many templates there are, which share of all orders are copies, and over what time they came."""

    name: str
    templates: int
    share: float
    days: float


_SORTS = (
    _Sort("cancel_requested", 5, 0.0001, 2),
    _Sort("held", 10, 0.001, 3),
    _Sort("failed", 20, 0.002, 6),
    _Sort("reserved", 40, 0.005, 2),
    _Sort("ready", 40, 0.004, 3),
    _Sort("shipped", 40, 0.01, 8),
    _Sort("cancelled", 40, 0.03, 365),
    _Sort("completed", 1000, 1.0, 365),
)
"""The last one is what the rest of all orders is; the biggest comes last because each filling makes the indexes anew."""


def directory_for(rows: int) -> Path:
    """Where the database of this size is kept, as this program makes it now."""
    digest = hashlib.sha256()
    for part in _MADE_OF:
        path = Path(part)
        for file in sorted(path.glob("*.py")) if path.is_dir() else [path]:
            digest.update(file.read_bytes())
    home = Path("/var/tmp") if Path("/var/tmp").is_dir() else Path(tempfile.gettempdir())
    return home / f"orders-tui-bench-{os.getuid()}" / f"{rows}-{digest.hexdigest()[:12]}"


async def make_warehouse(directory: Path, rows: int) -> None:
    """Fill the database of this size unless it is there; others of the same size are of older programs and removed."""
    if (directory / "complete").exists():
        return
    directory.parent.mkdir(parents=True, exist_ok=True)
    directory.parent.chmod(0o711)  # as root the server's own account has to pass through
    for older in directory.parent.glob(f"{rows}-*"):
        shutil.rmtree(older, ignore_errors=True)
    directory.mkdir()
    directory.chmod(0o711)
    began = time.perf_counter()
    database = await open_database(DatabaseSettings(data_directory=directory / "data", pool_size=8), {})
    try:
        await _fill(database, rows)
    finally:
        await database.close()
    (directory / "complete").touch()
    print(f"{rows:,} orders made in {time.perf_counter() - began:.0f} s: {directory}", file=sys.stderr, flush=True)


async def _fill(database: Database, rows: int) -> None:
    shop_id = await set_up_shop(database)
    await database.pool.execute(f"UPDATE products SET name = {_GOODS.format('sku')}")
    await _make_templates(database, shop_id)
    chance = random.Random(SEED)
    await database.pool.execute(
        "CREATE UNLOGGED TABLE public.people (id uuid PRIMARY KEY, customer_name bytea, customer_email bytea, customer_phone bytea,"
        " shipping_address bytea, total numeric)"
    )
    left = rows - await database.pool.fetchval("SELECT count(*) FROM orders")
    for sort in _SORTS:
        wanted = left if sort is _SORTS[-1] else round(rows * sort.share)
        copies = max(1, -(-wanted // sort.templates))
        templates = [
            record["id"]
            for record in await database.pool.fetch(
                f"SELECT id FROM {sort.name}.orders ORDER BY id LIMIT $1", max(1, min(sort.templates, wanted))
            )
        ]
        await _seal_people(database, templates, copies, chance)
        apart_seconds = sort.days * 86_400 / copies
        number = "(t.tiktok_order_id::bigint + c::bigint * 100000)::text"
        sealed = {name: f"p.{name}" for name in _SEALED}
        orders = Own(
            sealed | {"tiktok_order_id": number, "order_number": number, "total_amount": "p.total"},
            f"JOIN public.people p ON p.id = {copied_id('t.id')}",
        )
        goods = Own({"product_name": _GOODS.format("t.product_sku")})
        # What still has to go outside waits for another day: a load of the measurements works its own orders only.
        effects = Own({"due_at": "t.due_at + interval '1 year'"})
        tracking = f"CASE WHEN t.tracking_number = '' THEN '' ELSE {_TRACKING} END"
        await fill(
            database,
            sort.name,
            range(1, copies + 1),
            Ages(f"{apart_seconds} seconds", copies + 1, max(1, round(apart_seconds))),
            own={
                "orders": orders,
                "order_items": goods,
                "effects": effects,
                "packages": Own({"tracking_number": tracking}),
            },
            without={"order_search_words"},
        )
        left -= copies * len(templates)
        print(f"{sort.name}: {copies * len(templates):,}", file=sys.stderr, flush=True)
    await database.pool.execute("DROP TABLE public.people")
    await _finish(database)


async def _finish(database: Database) -> None:
    await tallies.recount(database)
    # What happened in the minutes of the last fortnight, as the triggers would have noted it.
    await database.pool.execute(
        """
        INSERT INTO order_minutes (minute, shop_id, created, shipped, completed, failed, cancelled)
        SELECT minute, shop_id, 2 + h % 5, 2 + h % 4, 2 + h % 3, (h % 29 = 0)::int, (h % 11 = 0)::int
        FROM (SELECT minute, s.id AS shop_id, hashtext(minute::text) & 65535 AS h
              FROM generate_series(date_trunc('minute', now() - interval '14 days'), now(), interval '1 minute') minute,
                   (SELECT id FROM shops WHERE tiktok_shop_id = '7495000000000000001') s) made
        ON CONFLICT DO NOTHING
        """
    )
    connection = await database.connect()
    try:
        await connection.execute("SET statement_timeout = 0")
        await connection.execute("VACUUM (ANALYZE)")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


async def _make_templates(database: Database, shop_id: ShopId) -> None:
    """Orders of each sort, through the engine's own doors; those that are worked to the end first, so that no other is worked with them."""
    sorts = {sort.name: sort.templates for sort in _SORTS}
    await run_lifecycle(database, shop_id, sorts["completed"], first=50_000)
    await keep_templates(database, "completed", "workflow_status = 'completed'", sorts["completed"])
    house = House(database, shop_id, await daemons.register(database, "bench"))
    numbers = iter(range(1, 50_000))

    def facts(sort: str, **differing: Any) -> list[OrderFact]:
        return [replace(order_fact(shop_id, next(numbers)), **differing) for _ in range(sorts[sort])]

    made: dict[str, list[OrderId]] = {}
    made["shipped"] = await house.arrive(*facts("shipped"))
    await _label(house)
    await _hand_over(house, made["shipped"])
    made["ready"] = await house.arrive(*facts("ready"))
    await _label(house)
    made["reserved"] = await house.arrive(*facts("reserved"))
    made["held"] = await house.arrive(*facts("held"))
    async with database.transaction() as connection:
        await holds.place_holds(
            connection, database.vault, made["held"], HoldReason.ADDRESS, actor=SYSTEM, note="Is it number 7?"
        )
    made["cancelled"] = await house.arrive(*facts("cancelled", channel_status=ChannelStatus.CANCELLED))
    made["cancel_requested"] = await house.arrive(*facts("cancel_requested", cancel_requested=True))
    made["failed"] = await house.arrive(*map(_unsellable, facts("failed")))
    for name, order_ids in made.items():
        listed = ", ".join(f"'{order_id}'" for order_id in order_ids)
        await keep_templates(database, name, f"id IN ({listed})", len(order_ids))
    await database.pool.execute("UPDATE effects SET due_at = due_at + interval '1 year' WHERE state = 'intent'")


def _unsellable(fact: OrderFact) -> OrderFact:
    """The order of something that nobody has."""
    number = int(fact.tiktok_order_id)
    return replace(fact, units=tuple(replace(unit, seller_sku=f"LOST-{number % 5}") for unit in fact.units))


async def _label(house: House) -> None:
    while await house.buy_labels():
        pass
    while await house.tell_tiktok():
        pass


async def _hand_over(house: House, order_ids: list[OrderId]) -> None:
    for order_id in order_ids:
        parcel = await house.package(order_id)
        scan = TrackingFact(parcel["id"], parcel["tracking_number"], TrackingStatus.IN_TRANSIT, datetime.now(UTC))
        await record_tracking(house.store, [scan])


async def _seal_people(database: Database, templates: list[UUID], copies: int, chance: random.Random) -> None:
    """A buyer for each copy, as `engine.orders` seals one, and the words they are found by."""
    vault = database.vault
    words: dict[str, int] = {}

    def buyer(order_id: UUID) -> tuple[str, str, str, str, Address]:
        name = f"{chance.choice(FIRST_NAMES)} {chance.choice(LAST_NAMES)}"
        phone, place = f"+1555{chance.randrange(10**7):07d}", chance.choice(TOWNS)
        address = Address(name, phone, f"{chance.randrange(1, 900)} {chance.choice(STREETS)}", "", *place, "US")
        return name, f"b{chance.randrange(10**9)}@relay.example", phone, orjson.dumps(address).decode(), address

    def rows(copy: int, found: list[tuple[int, UUID]]) -> Iterator[tuple[Any, ...]]:
        for template in templates:
            order_id = UUID(bytes=copy.to_bytes(6, "big") + template.bytes[6:])
            name, email, phone, address, _ = buyer(order_id)
            for word in search_words(name, "", ""):
                if word not in words:
                    words[word] = vault.word(word)
                found.append((words[word], order_id))
            sealed = zip(_SEALED, (name, email, phone, address), strict=True)
            yield (
                order_id,
                *(vault.seal_text(DEFAULT_CREATOR, f"orders.{column}", order_id, text) for column, text in sealed),
                Decimal(chance.randrange(900, 30_000)) / 100,
            )

    step = max(1, 50_000 // len(templates))
    async with database.pool.acquire() as connection:
        for first in range(1, copies + 1, step):
            found: list[tuple[int, UUID]] = []
            people = [row for copy in range(first, min(first + step, copies + 1)) for row in rows(copy, found)]
            await connection.copy_records_to_table(
                "people", schema_name="public", records=people, columns=("id", *_SEALED, "total"), timeout=600
            )
            await connection.copy_records_to_table(
                "order_search_words", schema_name="orders", records=found, columns=["word", "order_id"], timeout=600
            )
