"""The claims, hot writes and hot reads whose plans are watched, as the program makes them. A new one is added here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from engine import named_requests
from engine.audit.reading import AuditFilter, read_audit
from engine.database.connection import Database
from engine.effects import ledger
from engine.effects.kinds import DEPENDENCY_OF
from engine.fleet.daemons import DEAD_AFTER_SECONDS
from engine.identifiers import DEFAULT_CREATOR, EffectId, OrderId, PackageId, new_id
from engine.inventory import movements, stock, stock_card, stock_list, waited
from engine.inventory.stock_lines import Shown, StockFilter
from engine.monitoring import readings
from engine.orders import detail, holds, inbox, notes, polls, priority, queries, status, tags
from engine.orders.bulk import batches, journal
from engine.orders.filter_language.reading import filter_of
from engine.orders.parcels import packages
from engine.orders.picking import parcels as picked_parcels
from engine.orders.picking import putting_back, walk, waves
from engine.orders.picking.lines import Scope as Walk
from engine.orders.records import feed, pages, summary, whole
from engine.orders.views import OrderFilter, OrderKey, OrderSort, Pile
from engine.paper import labels, pick_lists, prints, slips
from engine.ports.facts import OrderFact
from engine.ports.outcomes import Claim, Done, NoticeSent
from engine.reports import overview, radar, shops, takings, waiting
from engine.words import (
    ChannelStatus,
    EffectKind,
    ExecutionStatus,
    HoldReason,
    OrderStatus,
    PaperKind,
    PollTopic,
    TrackingStatus,
    WorkflowState,
)
from engine.workflow import estimate, failure_groups, runner, tries
from tests.engine.facts import a_unit, an_order, later
from tests.engine.house import MIRA, House

BATCH = 20
A_MILLION = 1_000_000


@dataclass(slots=True)
class Scene:
    """The house, and the orders that the calls before have left behind."""

    house: House
    number: int
    orders: list[OrderId] = field(default_factory=list)

    @property
    def store(self) -> Database:
        return self.house.store

    @property
    def one(self) -> OrderId:
        return self.orders[-1]

    def facts(self) -> list[OrderFact]:
        soon = datetime.now(UTC) + timedelta(hours=30)
        return [
            an_order(self.house.shop_id, f"58{self.number:04d}{place:03d}", ship_by=soon, units=[a_unit()])
            for place in range(BATCH)
        ]


Call = Callable[[Scene], Awaitable[object]]


async def _arrive(scene: Scene) -> None:
    scene.orders = await scene.house.arrive(*scene.facts())


async def _arrive_again(scene: Scene) -> None:
    await scene.house.arrive(*(later(fact, ChannelStatus.AWAITING_SHIPMENT, minute=5) for fact in scene.facts()))


async def _run_ready(scene: Scene) -> None:
    await scene.store.pool.execute("UPDATE work SET ready = true WHERE order_id = ANY($1::uuid[])", scene.orders)
    await scene.house.run()


async def _hold_and_tag(scene: Scene) -> None:
    held = scene.orders[:3]
    await scene.store.run(
        lambda c: holds.place_holds(c, scene.store.vault, held, HoldReason.FRAUD, actor=MIRA, note="asked twice")
    )
    await scene.store.run(lambda c: tags.add_tags(c, scene.store.vault, held, ["gift"], actor=MIRA))
    await scene.store.run(lambda c: notes.add_note(c, scene.store.vault, held, "call first", actor=MIRA))


async def _requests(scene: Scene) -> list[Claim]:
    claims = await scene.house.claim(EffectKind.NOTICE, limit=5)
    await scene.house.notice_requests(claims)
    return claims


async def _send_notices(scene: Scene) -> None:
    for claim in await _requests(scene):
        await scene.house.settle(claim, Done(NoticeSent("desk")))


async def _ship_requests(scene: Scene) -> None:
    rows = await scene.store.pool.fetch(
        "SELECT order_id, package_id FROM package_items WHERE order_id = ANY($1::uuid[])", scene.orders
    )
    await packages.parcel_requests(scene.store, [row["package_id"] for row in rows])
    await packages.ship_requests(scene.store, [_telling(row["order_id"], row["package_id"]) for row in rows])


def _telling(order_id: OrderId, package_id: PackageId) -> Claim:
    """A claim to tell TikTok of this order's parcel."""
    effect_id = EffectId(new_id())
    kind = EffectKind.SHIP_PACKAGE
    return Claim(
        effect_id, f"ship:{package_id}:1", kind, DEPENDENCY_OF[kind], order_id, None, package_id, 1, 1, False, ""
    )


async def _track(scene: Scene) -> None:
    for order_id in scene.orders[10:12]:
        await scene.house.track(order_id, TrackingStatus.IN_TRANSIT)
        await scene.house.track(order_id, TrackingStatus.DELIVERED, minute=90)


def _page(order_filter: OrderFilter) -> Call:
    async def call(scene: Scene) -> None:
        await queries.page(scene.store, order_filter, limit=50)

    return call


def _filtered(text: str, sort: OrderSort = OrderSort.ORDER_DATE) -> Call:
    return _page(replace(filter_of(text), sort=sort, ascending=sort is not OrderSort.ORDER_DATE))


async def _pages_beside(scene: Scene) -> None:
    [first] = await queries.rows(scene.store, [scene.one])
    key: OrderKey = first.key
    await queries.page(scene.store, OrderFilter(), after=key, limit=50)
    await queries.page(scene.store, OrderFilter(), before=key, limit=50)
    await queries.newer_than(scene.store, OrderFilter(), key)
    await queries.versions(scene.store, scene.orders)


async def _stock_list(scene: Scene) -> None:
    waits = await waited.waited_for(scene.store.pool)
    for shown in Shown:
        await stock_list.page(scene.store, StockFilter(shown), waits, limit=50)
    page = await stock_list.page(scene.store, StockFilter(search="mug"), waits, limit=50)
    await stock_list.page(scene.store, StockFilter(), waits, before=page.rows[-1].key, limit=50)
    await stock_list.count(scene.store, StockFilter(), waits, cap=100)
    await stock_list.find_by_code(scene.store, "4006381333931")


async def _stock_card(scene: Scene) -> None:
    product = await stock_list.find_by_code(scene.store, "MUG-BLU")
    assert product is not None
    card = await stock_card.stock_card(scene.store, product)
    await movements.page(scene.store, product, after=card.movements[0].key, limit=50)
    await movements.STORY.count(scene.store.pool, product, cap=100)


async def _records(scene: Scene) -> None:
    vault, narrowed = scene.store.vault, OrderFilter(statuses=frozenset({OrderStatus.PROCESSING}))
    by_total = OrderFilter(sort=OrderSort.TOTAL_AMOUNT)
    async with scene.store.transaction() as connection:
        for order_filter in (OrderFilter(), narrowed, by_total):
            found = await pages.page_at(connection, vault, order_filter, offset=0, limit=50, total=A_MILLION)
            await pages.page_beside(connection, vault, order_filter, limit=50, after=found.last)
        await summary.summary(connection, vault, narrowed)
        await whole.whole(connection, vault, scene.one)
        await feed.changed(connection, datetime.now(UTC) - timedelta(minutes=1), limit=100)
        await named_requests.begin(connection, vault, named_requests.Name(DEFAULT_CREATOR, "one", b""))


CLAIMS: Mapping[str, Call] = {
    "ready work": _run_ready,
    "work and holds that are due": lambda s: runner.wake_due(s.store),
    "effects": lambda s: ledger.claim(
        s.store.pool, dict.fromkeys(EffectKind, 5), s.house.daemon_id, DEAD_AFTER_SECONDS
    ),
    "inbox": lambda s: inbox.claim(s.store, 5, 60.0, s.house.daemon_id, DEAD_AFTER_SECONDS),
    "hints": lambda s: inbox.claim(s.store, 5, 60.0, s.house.daemon_id, DEAD_AFTER_SECONDS, asking=True),
    "polls": lambda s: polls.claim(s.store, PollTopic.ORDERS, 30.0),
    "open orders, read again": lambda s: polls.open_after(
        s.store, polls.Poll(s.house.shop_id, DEFAULT_CREATOR, PollTopic.OPEN_ORDERS, None, 0.0), 5
    ),
    "the parcels of trackers": lambda s: packages.parcels_of_trackers(s.store, ["trk_1"], ["9400111899"]),
    "parcels": lambda s: packages.claim_open_parcels(s.store, 5, 600.0),
    "priorities": lambda s: priority.rise_with_time(s.store, 20),
    "journal": lambda s: journal.sweep(s.store, 20),
}
"""What daemons ask again and again: it costs what is due, whatever is parked or closed."""

WRITES: Mapping[str, Call] = {
    "new orders": _arrive,
    "the same orders again": _arrive_again,
    "labels": lambda s: s.house.buy_labels(),
    "parcel requests": _ship_requests,
    "shipments": lambda s: s.house.tell_tiktok(),
    "tracking": _track,
    "notices": _send_notices,
    "a person's cancellation": lambda s: status.change(
        s.store, s.orders[:2], OrderStatus.CANCELLED, actor=MIRA, reason="asked for"
    ),
    "holds, tags and notes": _hold_and_tag,
}
"""How orders move: it costs what moves."""

NARROWED = (
    "shop:7495",
    "tag:rare",
    "assigned:nobody !tag:rare",
    "payment:refunded",
    "hold:any",
    "!hold:any status:processing",
    "cause:bad_address",
    "waits:pick",
    "state:failed",
    "sku:NOPE",
    "amount:>5000",
    "changed:<1m",
    "priority:5 status:pending",
)
"""Filters of the orders table."""

READS: Mapping[str, Call] = {
    "newest": _page(OrderFilter()),
    "beside a key": _pages_beside,
    "one status": _page(OrderFilter(statuses=frozenset({OrderStatus.PROCESSING}))),
    "failed": _page(OrderFilter(executions=frozenset({ExecutionStatus.FAILED}))),
    "a pile": _page(OrderFilter(pile=Pile.FAILED, sort=OrderSort.SHIP_BY, ascending=True)),
    "a search by number": _page(OrderFilter(search="5800")),
    "a search by name": _page(OrderFilter(search="Ines Falk")),
    **{f"by {sort}": _filtered("", sort) for sort in OrderSort},
    **{text: _filtered(text) for text in NARROWED},
    "to pick, the nearest deadline first": _filtered("waits:pick", OrderSort.SHIP_BY),
    "unshipped, the nearest deadline first": _filtered("status:processing ship-by:<48h", OrderSort.SHIP_BY),
    "a scan": lambda s: queries.find(s.store, f"58{s.number:04d}003"),
    "a count with a cap": lambda s: queries.count(
        s.store, OrderFilter(statuses=frozenset({OrderStatus.PROCESSING})), cap=100
    ),
    "one order": lambda s: detail.detail(s.store, s.one),
    "what other programs read": _records,
    "failures": lambda s: failure_groups.failure_groups(s.store),
    "holds": lambda s: holds.standing_holds(s.store, limit=100),
    "stock": lambda s: stock.stock(s.store, "MUG", limit=50),
    "the stock list": _stock_list,
    "one product's stock": _stock_card,
    "the piles": lambda s: overview.piles(s.store),
    "what was tried": lambda s: tries.tried(s.store.pool, s.orders),
    "an estimate": lambda s: estimate.estimated_completion(
        s.store.pool, s.house.shop_id, WorkflowState.INVENTORY_RESERVED
    ),
    "what waits for a wave": lambda s: walk.waiting_for_wave(s.store.pool),
    "the waves": lambda s: waves.list_waves(s.store, done=True),
    "the walk of an order": lambda s: walk.read_walk(s.store, Walk(order_id=s.one)),
    "what goes back to its bin": lambda s: putting_back.going_back(s.store),
    "a parcel at hand": lambda s: picked_parcels.parcel_at_hand(s.store, str(s.one)),
    "a pick list": lambda s: pick_lists.pick_list_of_orders(s.store, s.orders),
    "packing slips": lambda s: slips.slips_of_orders(s.store, s.orders),
    "a sheet of labels": lambda s: labels.label_sheet(s.store, s.orders, labels.LabelOrder.BIN),
    "what was printed of it": lambda s: prints.printed_before(
        s.store, PaperKind.LABEL, [prints.Subject(order_id) for order_id in s.orders]
    ),
    "bulk changes": lambda s: batches.recent(s.store, limit=20),
    "what people did": lambda s: read_audit(s.store, AuditFilter(), limit=50),
    "what a person did": lambda s: read_audit(s.store, AuditFilter(actor="mira"), limit=50),
    "what everybody did": lambda s: read_audit(s.store, AuditFilter(people_only=False), limit=50),
    "what falls due": lambda s: radar.radar(s.store, datetime.now(UTC)),
    "what stands still": lambda s: waiting.open_failures(s.store),
    "the shops": lambda s: shops.shop_glances(s.store, datetime.now(UTC)),
    "what was ordered": lambda s: takings.ordered_since(
        s.store, datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC)
    ),
}
"""What screens ask: it costs what is open, whatever is closed."""

SAMPLES: Mapping[str, Call] = {"what a scrape reads": lambda s: readings.read(s.store)}
"""What counts up to a cap and looks at the newest so many: it costs that much at most, and walks nothing that grows."""
