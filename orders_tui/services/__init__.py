"""What the console and the command line may ask of the program: typed, awaitable, over one open database.

Reads return the plain values of `engine.orders.views`. Writes run to their end even when the screen that asked is
gone. A refusal, a conflict or a lost database comes as one of `engine.errors`, each with a sentence for a person; a
lost connection is `Unreachable`.

Where to look
    parts      which parts there are, each loaded when it is first asked for
    bulk       many orders at once: preview, run, stop, go on, undo; `error_file` is the refused as a file
    buyers     requests to cancel and returns, seen and answered
    keys       data keys and the master key: how they stand, new ones
    privacy    how long personal data is kept, one customer exported or erased
    audit      is the record of who changed what whole
    door       how every write runs to its end, and how a lost database is told
    shipping   rates, addresses, documents and end-of-day forms: what asks a carrier
    parcels    split, combine, hand over, labels, cancel, returns
    people     who may use this, and as what
    picking    waves, units confirmed, short picks, parcels packed, goods put back
    printing   pick lists, packing slips, labels, and the stations that print them
    holds      holding orders back; `marks` are tags, people, notes and priorities
    products   the product master; `locations` and their calendars
    inventory  stock adjusted, moved, held back, counted; alarms; `stock_lists` reads it page by page, `stock_sheets` writes it to a file
    presence   who is at work on what
    failures   the failed queue as people work it
    reports    numbers over many orders
    glance     the house at a glance: the numbers of the Overview
    pulls      orders pulled from TikTok by hand, page by page (`pulling`)
    imports    order exports of the seller centre
    exports    tracking numbers as a file for it
    goods      sheets of stock and of products
    workflows  loaded, read, started, paused, stopped, skipped, mended
    notices    who is told what, where and when
    shops      connected, looked at, switched between observing and working; `connecting` makes a grant of a code
    views      filters, sorts and columns kept under a name; `order_sheets` writes what a filter shows to a file
    rules      when this happens, if that holds, do these
    tokens     what opens the REST interface to services and people
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from engine.access.permissions import Permission
from engine.identifiers import OrderId
from engine.orders import queries
from engine.orders.views import (
    BatchReport,
    ChangeOutcome,
    Count,
    FailureGroup,
    FailureView,
    OrderDetail,
    OrderFilter,
    OrderKey,
    OrderPage,
    OrderRow,
    OrderSort,
    PileCount,
    Pulse,
    StockRow,
    TimelineEntry,
    TimelineKind,
)
from engine.reports import overview
from engine.words import OrderStatus
from orders_tui.services.door import lost_is_unreachable
from orders_tui.services.parts import Parts

if TYPE_CHECKING:
    from engine.inventory.products import Weight
    from engine.ports.facts import Address

COUNT_CAP = 10_000
"""Up to here a count is exact at once; beyond it says "at least" until an exact one is asked for."""


class Services(Parts):
    """The program's verbs, spoken by one person (`actor`).

    `close()` waits for running writes; the database is the caller's.
    """

    # Lists

    async def page(
        self, order_filter: OrderFilter, *, after: OrderKey | None = None, before: OrderKey | None = None, limit: int
    ) -> OrderPage:
        """Up to `limit` rows right after or before a key, in the filter's sort order; the first ones without a key."""
        with lost_is_unreachable():
            return await queries.page(self.database, order_filter, after=after, before=before, limit=limit)

    async def rows(self, order_ids: Sequence[OrderId], *, sort: OrderSort = OrderSort.ORDER_DATE) -> list[OrderRow]:
        """The present rows of these orders, in the given order, keyed by `sort`; ids that are gone are left out."""
        with lost_is_unreachable():
            return await queries.rows(self.database, order_ids, sort=sort)

    async def versions(self, order_ids: Sequence[OrderId]) -> dict[OrderId, int]:
        """The present version of each of these orders: cheap enough to ask several times a second."""
        with lost_is_unreachable():
            return await queries.versions(self.database, order_ids)

    async def count(self, order_filter: OrderFilter, *, exact: bool = False) -> Count:
        """How many match: counted up to `COUNT_CAP`, or to the end when `exact`."""
        with lost_is_unreachable():
            return await queries.count(self.database, order_filter, cap=None if exact else COUNT_CAP)

    async def anchors(self, order_filter: OrderFilter, *, every: int = 1000) -> list[OrderKey]:
        """The keys of rows 0, `every`, 2·`every` …: from them any row number is one short page away."""
        with lost_is_unreachable():
            return await queries.anchors(self.database, order_filter, every=every)

    async def newer_than(self, order_filter: OrderFilter, key: OrderKey) -> int:
        """How many matching rows sort before `key`, at most 1,000: the N of "N new, press n"."""
        with lost_is_unreachable():
            return await queries.newer_than(self.database, order_filter, key)

    async def ids_matching(self, order_filter: OrderFilter, *, limit: int) -> list[OrderId]:
        """The ids of up to `limit` matching orders, in sort order: what "all matching" means at this moment."""
        with lost_is_unreachable():
            return await queries.ids_matching(self.database, order_filter, limit=limit)

    async def find(self, text: str) -> OrderId | None:
        """The order with exactly this order number, TikTok id, package id or tracking number (a scan, a pasted id)."""
        with lost_is_unreachable():
            return await queries.find(self.database, text)

    async def find_many(self, texts: Sequence[str]) -> dict[str, OrderId]:
        """The orders that these texts name by order number or id; whatever names none is left out."""
        with lost_is_unreachable():
            return await queries.find_many(self.database, texts)

    # One order, the piles, the header

    async def detail(self, order_id: OrderId) -> OrderDetail:
        """Everything about one order. Raises NotFound."""
        from engine.orders.detail import detail

        with lost_is_unreachable():
            return await detail(self.database, order_id)

    async def piles(self) -> list[PileCount]:
        """Every pile in Triage's order, empty ones too."""
        with lost_is_unreachable():
            return await overview.piles(self.database)

    async def pulse(self) -> Pulse:
        """The header's few numbers."""
        with lost_is_unreachable():
            return await overview.pulse(self.database)

    async def failure_groups(self) -> list[FailureGroup]:
        """Open failures by fingerprint, nearest ship-by first."""
        from engine.workflow import failure_groups

        with lost_is_unreachable():
            return await failure_groups.failure_groups(self.database)

    async def failures(self, fingerprint: str, *, limit: int = 200) -> list[FailureView]:
        """The open failures of one group, nearest ship-by first."""
        from engine.workflow import failure_groups

        with lost_is_unreachable():
            return await failure_groups.failures_of_group(self.database, fingerprint, limit=limit)

    async def stock(self, search: str = "", *, limit: int = 200) -> list[StockRow]:
        """Stock by SKU; `search` is the beginning of a SKU or words of a name."""
        from engine.inventory import stock

        with lost_is_unreachable():
            return await stock.stock(self.database, search, limit=limit)

    # Writes

    async def preview_status(self, order_ids: Sequence[OrderId], wanted: OrderStatus) -> list[ChangeOutcome]:
        """What `change_status` would do to each order now; writes nothing."""
        from engine.orders.bulk.requests import BulkKind, BulkRequest

        return await self.bulk.outcomes(BulkRequest(BulkKind.STATUS, {"status": wanted.value}), order_ids)

    async def change_status(
        self,
        order_ids: Sequence[OrderId],
        wanted: OrderStatus,
        *,
        reason: str,
        expected_versions: Mapping[OrderId, int] | None = None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> BatchReport:
        """Change many orders, in batches; `on_progress(done, total)` is called on the event loop between them.

        Refusals are in the report, not raised; one is that an order's version is not the expected one any more.
        """
        from engine.orders.bulk.requests import BulkKind, BulkRequest

        request = BulkRequest(BulkKind.STATUS, {"status": wanted.value}, reason)
        return await self.bulk.run(request, order_ids, expected_versions=expected_versions, on_progress=on_progress)

    async def retry(
        self, order_ids: Sequence[OrderId], *, reason: str = "", expected_versions: Mapping[OrderId, int] | None = None
    ) -> list[ChangeOutcome]:
        """Send failed orders on from the state they failed in, in batches; the refused ones say why."""
        from engine.orders.bulk.requests import BulkKind, BulkRequest

        request = BulkRequest(BulkKind.RETRY, reason=reason)
        return await self.bulk.do(request, order_ids, expected_versions=expected_versions)

    async def receive_stock(self, sku: str, quantity: int) -> StockRow:
        """Add stock that arrived, and wake the orders that wait for it. Raises NotFound for an unknown SKU, Refused."""
        from engine.inventory.ledger import receive

        return await self.door.write(
            receive(self.database, sku, quantity, actor=self.actor), needs=Permission.STOCK_CHANGE
        )

    async def set_weight(self, sku: str, weight_grams: int, *, seen: Weight | None = None) -> int:
        """Give a product its weight; answers how many failed orders go on for it. Raises NotFound, Refused, Conflict."""
        from engine.inventory.products import set_weight

        return await self.door.write(
            set_weight(self.database, sku, weight_grams, actor=self.actor, seen=seen), needs=Permission.PRODUCTS_CHANGE
        )

    async def timeline(self, order_id: OrderId, kinds: Collection[TimelineKind]) -> tuple[TimelineEntry, ...]:
        """The lines of these kinds of one order's story, oldest first."""
        from engine.orders.timeline import timeline

        with lost_is_unreachable():
            async with self.database.pool.acquire() as connection:
                return await timeline(connection, self.database.vault, order_id, kinds)

    async def correct_address(
        self, order_id: OrderId, address: Address, *, expected_version: int | None = None
    ) -> None:
        """Replace the shipping address of an order that has no label yet. Raises NotFound, Refused, Conflict."""
        from engine.orders.correction import correct_address

        await self.door.write(
            correct_address(self.database, order_id, address, actor=self.actor, expected_version=expected_version)
        )

    async def close(self) -> None:
        """Wait for running writes, two seconds at most; then they are cancelled and the database rolls them back."""
        await self.door.close()
