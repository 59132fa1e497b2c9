"""The life of every order: arrived, paid, released or cancelled by the clock; shipped by us; delivered by the clock."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache, partial

from sync.simulator.change_log import ChangeLog
from sync.simulator.credentials import digits
from sync.simulator.scenario import Fate, Scenario
from sync.simulator.shop.order_details import draw_details
from sync.simulator.shop.specials import Special
from sync.simulator.timeline import Timeline

SHORTEST_UNPAID_BEFORE_CANCEL_SECONDS = 1.0


class OrderStatus(StrEnum):
    """TikTok's words for where an order stands."""

    UNPAID = "UNPAID"
    ON_HOLD = "ON_HOLD"
    AWAITING_SHIPMENT = "AWAITING_SHIPMENT"
    PARTIALLY_SHIPPING = "PARTIALLY_SHIPPING"
    AWAITING_COLLECTION = "AWAITING_COLLECTION"
    IN_TRANSIT = "IN_TRANSIT"
    DELIVERED = "DELIVERED"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"


@dataclass(slots=True)
class Order:
    """Where one order stands; times in unix seconds, `changes` counts everything that alters its JSON."""

    index: int
    id: str
    status: OrderStatus
    created_at: float
    paid_at: float | None = None
    arranged_at: float | None = None
    collected_at: float | None = None
    delivered_at: float | None = None
    cancelled_at: float | None = None
    cancelled_from: OrderStatus | None = None
    cancelled_by: str = ""
    """BUYER or SELLER, where somebody asked for it; else the clock did it."""
    cancel_reason: str = ""
    cancel_asked_at: float | None = None
    """Since when a buyer's request to cancel waits for the seller's answer."""
    cancelled_units: set[int] = field(default_factory=set)
    """Units that were cancelled while others of the order go on."""
    changes: int = 0
    moved_away: bool = False
    masked_again: bool = False


def _nobody_listens(_order: Order, _at: float) -> None:
    """What is called for a change that nobody wants to hear of."""


class Orders:
    """All orders that have arrived by now, found by id, by time of creation and by time of their last change."""

    def __init__(self, scenario: Scenario, timeline: Timeline, started_at: float) -> None:
        self.scenario = scenario
        self.by_creation = ChangeLog()
        self.by_update = ChangeLog()
        self.count_by_status: Counter[OrderStatus] = Counter()
        self.arrived: list[Order] = []
        self.on_move: Callable[[Order, float], None] = _nobody_listens
        self.on_new_address: Callable[[Order, float], None] = _nobody_listens
        self.details = lru_cache(maxsize=5_000)(partial(draw_details, scenario))
        self._timeline = timeline
        self.when_buyer_cancels: Callable[[Order, float], None] | None = None
        self.when_buyer_returns: Callable[[Order, float], None] | None = None
        self.viewer: int | None = None
        """The number of the shop whose call is being answered, which sees its own orders; None sees all."""
        self.when_paid: Callable[[Order, float], None] | None = None
        """What happens besides when an order is paid."""
        self.started_at = started_at
        self._offsets = scenario.arrival_offsets()
        self._id_prefix = "577" + digits(6, scenario.seed, "orders")
        if scenario.orders:
            timeline.plan(started_at + self._offsets[0], self._arrive)

    def order_id(self, index: int) -> str:
        """Return the id of the order with this index, arrived or not."""
        return f"{self._id_prefix}{index:09d}"

    def index_of(self, order_id: str) -> int | None:
        """Return the index behind an id, arrived or not; None for an id of somebody else."""
        tail = order_id.removeprefix(self._id_prefix)
        if len(tail) != 9 or not (tail.isascii() and tail.isdigit()):
            return None
        return int(tail) if int(tail) < self.scenario.orders else None

    def find(self, order_id: str) -> Order | None:
        """Return an order that has arrived."""
        index = self.index_of(order_id)
        return self.arrived[index] if index is not None and index < len(self.arrived) and self.shows(index) else None

    def shows(self, index: int) -> bool:
        """Say whether the viewer may see the order with this index."""
        return self.viewer is None or self.viewer == self.scenario.shop(index)

    @property
    def are_shared_out(self) -> bool:
        """Whether what is looked at must be told from what other shops have."""
        return self.viewer is not None and (self.scenario.shops > 1 or self.viewer > 0)

    def move(self, order: Order, status: OrderStatus, at: float) -> None:
        """Put the order into another status, which moves its update time; a cancelled one stays cancelled."""
        if order.status is OrderStatus.CANCELLED:
            return
        self.count_by_status[order.status] -= 1
        self.count_by_status[status] += 1
        if status is OrderStatus.CANCELLED:
            order.cancelled_at, order.cancelled_from = at, order.status
        elif status is OrderStatus.AWAITING_COLLECTION:
            order.arranged_at = at
        elif status is OrderStatus.IN_TRANSIT:
            order.collected_at = at
        elif status is OrderStatus.DELIVERED:
            order.delivered_at = at
        order.status = status
        order.changes += 1
        self.by_update.record(order.index, at)
        self._plan_what_follows(order, at)
        self.on_move(order, at)

    def hold_seconds(self, order: Order) -> float:
        """Return how long the order stays on hold once it is paid; a pre-order until it is released."""
        if self.scenario.special(order.index) is Special.PRE_ORDER:
            return self.scenario.specials.pre_order_hold_seconds
        return self.scenario.timings.hold_seconds

    def _plan_what_follows(self, order: Order, at: float) -> None:
        specials, seed, index = self.scenario.specials, self.scenario.seed, order.index
        if order.status is OrderStatus.AWAITING_SHIPMENT:
            if specials.changes_mind("buyer_cancels", seed, index):
                self._timeline.plan(at + specials.buyer_asks_after_seconds, partial(self._ask_to_cancel, order))
            if specials.changes_mind("address_change", seed, index):
                self._timeline.plan(at + specials.address_change_after_seconds, partial(self._move_away, order))
            if specials.of(seed, index) is Special.FULFILLED_BY_TIKTOK:
                due = at + self.scenario.timings.scan_after_seconds
                self._timeline.plan(due, partial(self._fulfil_by_tiktok, order))
        elif order.status is OrderStatus.DELIVERED and specials.changes_mind("buyer_returns", seed, index):
            self._timeline.plan(at + specials.buyer_asks_after_seconds, partial(self._ask_to_return, order))
        elif order.status is OrderStatus.COMPLETED:
            self._timeline.plan(at + specials.mask_after_completion_seconds, partial(self._mask_again, order))

    def _fulfil_by_tiktok(self, order: Order, at: float) -> None:
        if order.status is OrderStatus.AWAITING_SHIPMENT:
            self.arrange(order, at, completely=True)

    def _ask_to_cancel(self, order: Order, at: float) -> None:
        waiting = order.status in (OrderStatus.AWAITING_SHIPMENT, OrderStatus.PARTIALLY_SHIPPING)
        if waiting and self.when_buyer_cancels is not None:
            self.when_buyer_cancels(order, at)

    def _ask_to_return(self, order: Order, at: float) -> None:
        if order.status is OrderStatus.DELIVERED and self.when_buyer_returns is not None:
            self.when_buyer_returns(order, at)

    def _move_away(self, order: Order, at: float) -> None:
        if order.status is not OrderStatus.AWAITING_SHIPMENT:
            return
        order.moved_away = True
        order.changes += 1
        if self.scenario.specials.edits_move_update_time:
            self.by_update.record(order.index, at)
        self.on_new_address(order, at)

    def _mask_again(self, order: Order, _at: float) -> None:
        order.masked_again = True
        order.changes += 1

    def going_units(self, order: Order) -> list[int]:
        """Return the indexes of the order's units that are not cancelled."""
        return [unit for unit in range(len(self.details(order.index).units)) if unit not in order.cancelled_units]

    def touch(self, order: Order, at: float) -> None:
        """Note a change that leaves the order's status as it is."""
        order.changes += 1
        self.by_update.record(order.index, at)

    def cancel(self, order: Order, at: float) -> None:
        """Cancel an order for its seller; whatever the clock had planned for it does not happen any more."""
        order.cancelled_by = "SELLER"
        self.move(order, OrderStatus.CANCELLED, at)

    def arrange(self, order: Order, at: float, *, completely: bool) -> None:
        """Note that some or all units were marked shipped; with all of them, the carrier's part begins."""
        if not completely:
            self.move(order, OrderStatus.PARTIALLY_SHIPPING, at)
            return
        self.move(order, OrderStatus.AWAITING_COLLECTION, at)
        timings = self.scenario.timings
        self._plan_move(order, OrderStatus.IN_TRANSIT, at + timings.scan_after_seconds)
        self._plan_move(order, OrderStatus.DELIVERED, at + timings.deliver_after_seconds)
        self._plan_move(order, OrderStatus.COMPLETED, at + timings.complete_after_seconds)

    def _arrive(self, at: float) -> None:
        index = len(self.arrived)
        order = Order(index, self.order_id(index), OrderStatus.UNPAID, at)
        self.arrived.append(order)
        self.by_creation.record(index, at)
        self.by_update.record(index, at)
        self.count_by_status[OrderStatus.UNPAID] += 1
        self.on_move(order, at)
        self._plan_payment(order)
        if index + 1 < self.scenario.orders:
            self._timeline.plan(self.started_at + self._offsets[index + 1], self._arrive)

    def _plan_payment(self, order: Order) -> None:
        timings = self.scenario.timings
        trouble = self.scenario.troubles().get(order.index)
        cancelled = trouble is not None and trouble.fate is Fate.CANCELLED
        # A cancellation comes while nobody may work on the order yet: with no hold, that leaves only the time before
        # payment, which is then never shorter than one second.
        cancelled_on_hold = cancelled and trouble is not None and trouble.variant % 2 == 1 and timings.hold_seconds > 0
        if cancelled and not cancelled_on_hold:
            wait = max(timings.unpaid_seconds, SHORTEST_UNPAID_BEFORE_CANCEL_SECONDS)
            self._plan_move(order, OrderStatus.CANCELLED, order.created_at + wait)
            return
        paid_at = order.created_at + timings.unpaid_seconds
        self._timeline.plan(paid_at, partial(self._pay, order))
        if cancelled_on_hold:
            self._plan_move(order, OrderStatus.CANCELLED, paid_at + timings.hold_seconds / 2)
        elif (hold := self.hold_seconds(order)) > 0:
            self._plan_move(order, OrderStatus.AWAITING_SHIPMENT, paid_at + hold)

    def _pay(self, order: Order, at: float) -> None:
        order.paid_at = at
        held = self.hold_seconds(order) > 0
        self.move(order, OrderStatus.ON_HOLD if held else OrderStatus.AWAITING_SHIPMENT, at)
        if self.when_paid is not None:
            self.when_paid(order, at)

    def _plan_move(self, order: Order, status: OrderStatus, at: float) -> None:
        self._timeline.plan(at, partial(self.move, order, status))
