"""console.query_p95_ms: every read that a screen waits for, by the name of the service, each with its own p95.

`tests/orders_tui/console/test_bench_lists.py` looks through the screens and fails when one of them calls a service that is neither here
nor among the writes.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from engine.audit.reading import AuditFilter
from engine.database.connection import Database
from engine.identifiers import OrderId
from engine.inventory.stock_lines import StockFilter
from engine.orders.views import OrderFilter, OrderKey, OrderRow, OrderSort, Pile, TimelineKind
from engine.words import OrderStatus, WorkflowState
from orders_tui.services import Services
from orders_tui.table.page_cache import PAGE_ROWS
from tests.bench.console.figures import Figures, narrate, p95

TIMES = 21
PAGE = PAGE_ROWS
SCREEN_ROWS = 39


@dataclass(frozen=True, slots=True)
class Sample:
    """What the reads ask about: some of the orders that are there."""

    rows: list[OrderRow]
    keys: Mapping[OrderSort, OrderKey]
    overdue: OrderKey
    open_id: OrderId
    fingerprint: str
    tracking_number: str
    surname: str
    product_id: UUID
    open_number: str
    ready_parcel: str
    now: datetime

    @property
    def ids(self) -> list[OrderId]:
        return [row.order_id for row in self.rows[:SCREEN_ROWS]]


Case = Callable[[Services, Sample], Awaitable[object]]
Cases = Mapping[str, Case]

FILTERS: Mapping[str, OrderFilter] = {
    "all orders": OrderFilter(),
    **{f"by {sort.value}": OrderFilter(sort=sort) for sort in OrderSort if sort is not OrderSort.ORDER_DATE},
    **{f"status {status.value}": OrderFilter(statuses=frozenset({status})) for status in OrderStatus},
    **{f"state {state.value}": OrderFilter(workflow_states=frozenset({state})) for state in WorkflowState},
    "shipped by ship-by": OrderFilter(
        statuses=frozenset({OrderStatus.SHIPPED}), sort=OrderSort.SHIP_BY, ascending=True
    ),
    **{f"pile {pile.value}": OrderFilter(pile=pile, sort=OrderSort.SHIP_BY, ascending=True) for pile in Pile},
    "SKU": OrderFilter(search="SKU-07"),
    "product words": OrderFilter(search="linen towel"),
    "number begins": OrderFilter(search="577000"),
}
"""What the table is narrowed to: every status, state, sort and pile, and the searches that people type."""


def _pages() -> dict[str, Case]:
    cases: dict[str, Case] = {}
    for name, order_filter in FILTERS.items():
        cases[name] = lambda services, _, f=order_filter: services.page(f, limit=PAGE)  # type: ignore[misc]
    for sort in OrderSort:
        for ascending in (False, True):
            wanted = OrderFilter(sort=sort, ascending=ascending)
            cases[f"after the middle by {sort.value} {'up' if ascending else 'down'}"] = (
                lambda services, sample, f=wanted: services.page(f, after=sample.keys[f.sort], limit=PAGE)  # type: ignore[misc]
            )
    cases["before the middle"] = lambda services, sample: services.page(
        OrderFilter(), before=sample.keys[OrderSort.ORDER_DATE], limit=PAGE
    )
    cases["surname"] = lambda services, sample: services.page(OrderFilter(search=sample.surname), limit=PAGE)
    cases["tracking number"] = lambda services, sample: services.page(
        OrderFilter(search=sample.tracking_number), limit=PAGE
    )
    cases["failure group"] = lambda services, sample: services.page(
        OrderFilter(failure_fingerprint=sample.fingerprint, sort=OrderSort.SHIP_BY, ascending=True), limit=PAGE
    )
    return cases


def _counts() -> dict[str, Case]:
    # A search's rows come first: its count is given up after some milliseconds and made in the background.
    return {
        name: lambda services, _, f=order_filter: services.count(f)  # type: ignore[misc]
        for name, order_filter in FILTERS.items()
        if not order_filter.search
    }


def _newer() -> dict[str, Case]:
    return {
        "all orders": lambda services, sample: services.newer_than(OrderFilter(), sample.rows[0].key),
        "status delivered": lambda services, sample: services.newer_than(
            FILTERS["status delivered"], sample.keys[OrderSort.ORDER_DATE]
        ),
        "pile overdue": lambda services, sample: services.newer_than(FILTERS["pile overdue"], sample.overdue),
    }


def _midnight(sample: Sample) -> datetime:
    return sample.now.replace(hour=0, minute=0, second=0, microsecond=0)


def _stock_page(wanted: StockFilter) -> Case:
    async def page(services: Services, _: Sample) -> object:
        return await services.stock_lists.page(wanted, {}, limit=PAGE)

    return page


async def _stock_count(services: Services, _: Sample) -> object:
    return await services.stock_lists.count(StockFilter(), {}, exact=False)


async def _walk(services: Services, sample: Sample) -> object:
    return await services.picking.walk(await services.picking.scope(sample.open_number))


READS: Mapping[str, Cases] = {
    "page": _pages(),
    "count": _counts(),
    "newer_than": _newer(),
    "rows": {"a screen of rows": lambda services, sample: services.rows(sample.ids)},
    "versions": {"a screen of rows": lambda services, sample: services.versions(sample.ids)},
    "find": {
        "order number": lambda services, sample: services.find(sample.rows[0].order_number),
        "tracking number": lambda services, sample: services.find(sample.tracking_number),
        "nothing": lambda services, _: services.find("9400111899223100001234"),
    },
    "detail": {
        "open order": lambda services, sample: services.detail(sample.open_id),
        "closed order": lambda services, sample: services.detail(sample.keys[OrderSort.ORDER_DATE].order_id),
    },
    "timeline": {"all kinds": lambda services, sample: services.timeline(sample.open_id, tuple(TimelineKind))},
    "piles": {"all": lambda services, _: services.piles()},
    "pulse": {"header": lambda services, _: services.pulse()},
    "failure_groups": {"all": lambda services, _: services.failure_groups()},
    "failures": {"the biggest group": lambda services, sample: services.failures(sample.fingerprint)},
    "audit.page": {
        "newest": lambda services, _: services.audit.page(AuditFilter(), limit=PAGE),
    },
    "bulk.batches": {"newest": lambda services, _: services.bulk.batches(limit=50)},
    "bulk.own_batches": {"mine": lambda services, _: services.bulk.own_batches()},
    "bulk.people": {"all": lambda services, _: services.bulk.people()},
    "bulk.assignee": {"me": lambda services, _: services.bulk.assignee("Default creator")},
    "glance.movement": {"today": lambda services, sample: services.glance.movement(sample.now, _midnight(sample))},
    "glance.standstill": {"now": lambda services, sample: services.glance.standstill(sample.now)},
    "glance.results": {"today": lambda services, sample: services.glance.results(sample.now, _midnight(sample))},
    "failures_queue.groups": {"all": lambda services, _: services.failures_queue.groups()},
    "failures_queue.of_group": {
        "the biggest": lambda services, sample: services.failures_queue.of_group(sample.fingerprint)
    },
    "presence.others": {"all": lambda services, _: services.presence.others()},
    "inventory.counts": {"newest": lambda services, _: services.inventory.counts()},
    "inventory.shop_pushes": {"all": lambda services, _: services.inventory.shop_pushes()},
    "stock_lists.waited": {"all": lambda services, _: services.stock_lists.waited()},
    "stock_lists.page": {
        "first": _stock_page(StockFilter()),
        "a SKU begins": _stock_page(StockFilter(search="SKU-0")),
    },
    "stock_lists.count": {"all": _stock_count},
    "stock_lists.card": {"a product": lambda services, sample: services.stock_lists.card(sample.product_id)},
    "stock_lists.product_of": {"a SKU": lambda services, _: services.stock_lists.product_of("SKU-07")},
    "stock_lists.shelf_of": {"a product": lambda services, sample: services.stock_lists.shelf_of(sample.product_id)},
    "stock_lists.waiting_orders": {
        "a product": lambda services, sample: services.stock_lists.waiting_orders(sample.product_id)
    },
    "stock_lists.movements": {
        "newest": lambda services, sample: services.stock_lists.movements(sample.product_id, limit=PAGE)
    },
    "picking.waves": {"open": lambda services, _: services.picking.waves()},
    "picking.waiting": {"all": lambda services, _: services.picking.waiting()},
    "picking.parcel": {"a tracking number": lambda services, sample: services.picking.parcel(sample.ready_parcel)},
    "picking.name_of": {"a SKU": lambda services, _: services.picking.name_of("SKU-07")},
    "picking.going_back": {"all": lambda services, _: services.picking.going_back()},
    "picking.scope": {"an order": lambda services, sample: services.picking.scope(sample.open_number)},
    "picking.walk": {"an order": _walk},
    "views.list": {"mine": lambda services, _: services.views.list()},
    "views.names": {"all": lambda services, _: services.views.names()},
    "rules.list": {"all": lambda services, _: services.rules.list()},
    "rules.runs_since": {"today": lambda services, sample: services.rules.runs_since(_midnight(sample))},
    "printing.stations": {"all": lambda services, _: services.printing.stations()},
    "locations.list": {"all": lambda services, _: services.locations.list()},
    "parcels.returns": {
        "to receive": lambda services, _: services.parcels.returns(to_receive=True),
        "of an order": lambda services, sample: services.parcels.returns(sample.open_id, to_receive=True),
    },
}
"""Service → what is asked of it. The screen waits for these before it shows what was asked for."""

BACKGROUND: Mapping[str, str] = {
    "anchors": "the scrollbar's; rows and counts are on screen before",
    "ids_matching": "asked by a bulk change, which shows that it is counting",
    "bulk.batch": "one batch's report, when the batch has ended",
    "bulk.preview": "a bulk change's preview, with progress",
    "bulk.preview_undo": "an undo's preview, with progress",
    "views.count": "the counts on the strip of saved views come one after the other",
    "order_sheets": "a view is written to a file, with progress",
    "rules.try_on": "a rule tried on past orders, with progress",
    "inventory.count": "one count sheet, opened by a form",
    "printing.destinations": "printers of the system, asked by a form",
    "printing": "paper is made in the background, with progress",
}
"""What no screen waits for, and why."""

WRITES = frozenset(
    {
        "views.delete",
        "views.save",
        "bulk.go_on",
        "bulk.run",
        "bulk.stop",
        "bulk.undo",
        "bulk.write_errors",
        "close",
        "correct_address",
        "inventory.acknowledge",
        "inventory.approve_count",
        "inventory.drop_count",
        "inventory.enter_counted",
        "inventory.open_count",
        "inventory.post_count",
        "inventory.recount",
        "locations.set_calendar",
        "notices.keep_quiet",
        "parcels.receive_return",
        "picking.close_wave",
        "picking.confirm",
        "picking.give_wave",
        "picking.hold_line",
        "picking.make_wave",
        "picking.pack",
        "picking.put_back",
        "picking.scan",
        "picking.short",
        "picking.take_back",
        "picking.unpack",
        "presence.beat",
        "presence.leave",
        "products.map",
        "products.set",
        "receive_stock",
        "retry",
        "rules.delete",
        "rules.move",
        "rules.switch",
        "set_weight",
    }
)


async def sample_of(database: Database, services: Services) -> Sample:
    """Some of the orders that are there."""
    newest = (await services.page(OrderFilter(), limit=SCREEN_ROWS)).rows
    middle = datetime.now(UTC) - timedelta(days=180)
    one = await database.pool.fetchrow(
        "SELECT id FROM orders WHERE order_date < $1 ORDER BY order_date DESC LIMIT 1", middle
    )
    keys = {}
    for sort in OrderSort:
        [row] = await services.rows([one["id"]], sort=sort)
        keys[sort] = row.key
    groups = await services.failure_groups()
    biggest = max(groups, key=lambda group: group.orders)
    open_id = await database.pool.fetchval("SELECT order_id FROM work ORDER BY order_id LIMIT 1")
    [closed] = await services.rows([one["id"]])
    return Sample(
        list(newest),
        keys,
        (await services.page(FILTERS["pile overdue"], limit=1)).rows[0].key,
        open_id,
        biggest.fingerprint,
        closed.tracking_number,
        closed.customer_name.split()[-1],
        await database.pool.fetchval("SELECT id FROM products WHERE sku = 'SKU-07'"),
        await database.pool.fetchval("SELECT order_number FROM orders WHERE id = $1", open_id),
        await database.pool.fetchval(
            "SELECT p.tracking_number FROM orders o JOIN package_items i ON i.order_id = o.id JOIN packages p ON p.id = i.package_id"
            " WHERE o.workflow_status = 'ready_to_ship' AND p.tracking_number <> '' LIMIT 1"
        ),
        datetime.now(UTC),
    )


async def measure_reads(figures: Figures, database: Database, services: Services) -> None:
    """Ask each of them some times, and print the p95 of each."""
    sample = await sample_of(database, services)
    worst, worst_name, count = 0.0, "", 0
    for service, cases in READS.items():
        for name, case in cases.items():
            times = []
            for turn in range(TIMES + 2):
                began = time.perf_counter()
                await case(services, sample)
                if turn > 1:
                    times.append((time.perf_counter() - began) * 1000)
            count += 1
            measured = p95(times)
            figures.told(f"{service}: {name}", measured, "ms")
            if measured > worst:
                worst, worst_name = measured, f"{service}: {name}"
    figures.limited("console.query_p95_ms", worst, "ms", 20, f"the slowest of {count}: {worst_name}")
    began = time.perf_counter()
    anchors = await services.anchors(replace(OrderFilter()), every=PAGE)
    narrate(
        f"in the background: {len(anchors):,} anchors of all orders in {(time.perf_counter() - began) * 1000:.0f} ms"
    )
