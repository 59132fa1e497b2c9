"""Order exports of the seller centre, taken in or tried: what each order of a file does, and what is wrong with the rest."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from engine.database.connection import Database
from engine.database.loss import is_lost
from engine.errors import OrdersError, Refused
from engine.orders import importing
from engine.orders.importing import Foreseen, ImportedOrder
from engine.shops.offline import FileShop, find_file_shop
from orders_tui.services.door import Door, lost_is_unreachable
from sync.intake import settled
from sync.seller_center.documents import IMPORTED_ORDER, document_of, imported_fact
from sync.seller_center.export_file import FoundOrder, Survey, found_orders, survey
from sync.seller_center.markets import market_of, require_market
from sync.seller_center.words import packaged_words, words_with

_BATCH = 200


class Verdict(StrEnum):
    """What an order of a file does, or did."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    OLDER = "older"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """One order of a file, by its rows; an order that is refused says why, and changed nothing."""

    order: str
    rows: tuple[int, ...]
    outcome: Verdict
    code: str = ""
    reason: str = ""
    status: str = ""
    units: int = 0


class Imports:
    """Reads order exports into the shop whose they are."""

    def __init__(self, database: Database, door: Door) -> None:
        self._database, self._door = database, door

    async def orders(
        self, path: Path, shop_name: str, *, market: str = "", words: Path | None = None, dry_run: bool = False
    ) -> AsyncIterator[ImportOutcome]:
        """Take the file's orders in, or say what that would do. A broken order is refused alone.

        Raises Refused for a file that cannot be read as a whole, NotFound for an unknown shop, Misconfigured for an unknown market.
        """
        with lost_is_unreachable():
            shop = await find_file_shop(self._database, shop_name)
            now: datetime = await self._database.pool.fetchval("SELECT now()")
        chosen = require_market(market) if market else market_of(shop.region)
        known = words_with(words) if words else packaged_words()
        found = await asyncio.to_thread(survey, path, known, chosen, ZoneInfo(shop.timezone))
        orders = found_orders(path, found, now=now)
        while batch := await asyncio.to_thread(_next, orders):
            for outcome in await self._batch(shop, found, batch, dry_run=dry_run):
                yield outcome

    async def _batch(
        self, shop: FileShop, survey: Survey, batch: Sequence[FoundOrder], *, dry_run: bool
    ) -> list[ImportOutcome]:
        outcomes: dict[int, ImportOutcome] = {}
        ready: dict[int, ImportedOrder] = {}
        for place, found in enumerate(batch):
            try:
                ready[place] = _read(shop, survey, found)
            except Refused as error:
                outcomes[place] = _refused(found, error.code, error.sentence)
        orders = list(ready.values())
        verdicts: dict[str, Foreseen | OrdersError] = {}
        if orders and dry_run:
            with lost_is_unreachable():
                verdicts |= await importing.foresee(self._database, [order.fact for order in orders])
        elif orders:
            verdicts |= await self._take_in(shop, orders)
        for place, order in ready.items():
            outcomes[place] = _outcome(batch[place], order, verdicts[order.fact.tiktok_order_id])
        return [outcomes[place] for place in sorted(outcomes)]

    async def _take_in(self, shop: FileShop, orders: Sequence[ImportedOrder]) -> dict[str, Foreseen | OrdersError]:
        """Take orders in; one that breaks the intake is found by halving and refused alone."""
        try:
            return dict(
                await self._door.write(importing.take_in(self._database, shop.shop_id, shop.user_id, orders, settled))
            )
        except Exception as error:
            if is_lost(error) or (isinstance(error, OrdersError) and error.code.startswith("database.")):
                raise
            if len(orders) == 1:
                wrong = error if isinstance(error, OrdersError) else Refused("import.breaks", "it breaks the intake")
                return {orders[0].fact.tiktok_order_id: wrong}
            middle = len(orders) // 2
            return await self._take_in(shop, orders[:middle]) | await self._take_in(shop, orders[middle:])


def _next(orders: Iterator[FoundOrder]) -> list[FoundOrder]:
    return list(itertools.islice(orders, _BATCH))


def _read(shop: FileShop, survey: Survey, found: FoundOrder) -> ImportedOrder:
    if found.bad:
        several = len(found.rows) + len(found.bad) > 1
        reasons = "; ".join(f"row {row.number}: {row.reason}" if several else row.reason for row in found.bad)
        raise Refused(found.bad[0].code, reasons)
    payload = document_of(found.rows, survey.dialect.words)
    return ImportedOrder(imported_fact(shop.shop_id, payload), IMPORTED_ORDER, payload)


def _outcome(found: FoundOrder, order: ImportedOrder, verdict: Foreseen | OrdersError) -> ImportOutcome:
    if isinstance(verdict, OrdersError):
        return _refused(found, verdict.code, verdict.sentence)
    if verdict is Foreseen.ELSEWHERE:
        return _refused(found, "import.other_shop", "the order belongs to another shop: import the file for that one")
    fact = order.fact
    return ImportOutcome(
        fact.tiktok_order_id, _rows(found), Verdict(verdict), status=fact.channel_status, units=len(fact.units)
    )


def _refused(found: FoundOrder, code: str, reason: str) -> ImportOutcome:
    return ImportOutcome(found.order_id, _rows(found), Verdict.REFUSED, code, reason)


def _rows(found: FoundOrder) -> tuple[int, ...]:
    return tuple(sorted([row.number for row in found.rows] + [row.number for row in found.bad]))
