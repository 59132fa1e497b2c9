"""What is still to be sent, and what goes wrong with it on purpose, decided by the seed."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from heapq import heappop, heappush
from itertools import count

from sync.simulator.faults import Faults

RETRY_SECONDS: Mapping[str, tuple[float, ...]] = {
    "tiktok": (120.0, 1_800.0, 10_800.0, 43_200.0),
    "easypost": (60.0, 120.0, 240.0, 480.0, 960.0, 1_920.0),
}
"""How long each service waits before it tries again; after the last it gives up."""
ANSWER_SECONDS: Mapping[str, float] = {"tiktok": 3.0, "easypost": 7.0}
REORDERED_BY_SECONDS = (0.1, 0.6)
DELAYED_BY_SECONDS = (1.0, 3.0)


class Count(StrEnum):
    """What is counted of each service's messages."""

    EMITTED = "emitted"
    SENT = "sent"
    DELIVERED = "delivered"
    REFUSED = "refused"
    LOST = "lost"
    DOUBLED = "doubled"
    REORDERED = "reordered"
    DELAYED = "delayed"
    FORGED = "forged"
    FORGED_ACCEPTED = "forged_accepted"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class Message:
    """Exact bytes for one address; `identity` names the message, `hook` the EasyPost hook it goes to."""

    service: str
    address: str
    identity: str
    body: bytes
    headers: Mapping[str, str]
    hook: str | None = None
    forged: bool = False


@dataclass(order=True, slots=True)
class Delivery:
    """One try at a message, due at a unix second."""

    due_at: float
    tie: int
    message: Message = field(compare=False)
    tries: int = field(default=0, compare=False)


class Outbox:
    """Messages by the time they are due; each service's are counted, each mishap too."""

    def __init__(self, faults: Faults, retry_scale: float) -> None:
        self.counts: dict[str, Counter[str]] = {service: Counter() for service in RETRY_SECONDS}
        self._faults = faults
        self._retry_scale = retry_scale
        self._due: list[Delivery] = []
        self._tie = count()
        self._on_their_way: Counter[str] = Counter()

    def put(self, message: Message, at: float, forgery: Message | None = None) -> None:
        """Send a message at `at`, or what chance makes of it; `forgery` is what a stranger would send beside it."""
        rates, counts = self._faults.rates, self.counts[message.service]
        counts[Count.EMITTED] += 1
        if forgery is not None and self._strikes(message, "webhook_forged", rates.webhook_forged):
            counts[Count.FORGED] += 1
            self._push(at, replace(forgery, forged=True))
        if self._strikes(message, "webhook_lost", rates.webhook_lost):
            counts[Count.LOST] += 1
            return
        if self._strikes(message, "webhook_doubled", rates.webhook_doubled):
            counts[Count.DOUBLED] += 1
            self._push(at + self._within(message, "double", REORDERED_BY_SECONDS), message)
        if self._strikes(message, "webhook_reordered", rates.webhook_reordered):
            counts[Count.REORDERED] += 1
            at += self._within(message, "reorder", REORDERED_BY_SECONDS)
        if self._strikes(message, "webhook_delayed", rates.webhook_delayed):
            counts[Count.DELAYED] += 1
            at += self._within(message, "delay", DELAYED_BY_SECONDS)
        self._push(at, message)

    def take_due(self, now: float, at_most: int, out_until: Mapping[str, float]) -> list[Delivery]:
        """Take what is due, earliest first; a service that is down sends when it is up again."""
        taken: list[Delivery] = []
        while self._due and self._due[0].due_at <= now and len(taken) < at_most:
            delivery = heappop(self._due)
            if (until := out_until.get(delivery.message.service)) is not None:
                self._push(until, delivery.message, delivery.tries)
                continue
            self._on_their_way[delivery.message.service] += 1
            self.counts[delivery.message.service][Count.SENT] += 1
            taken.append(delivery)
        return taken

    def settle(self, delivery: Delivery, *, accepted: bool, now: float) -> bool:
        """Note how a try ended, and plan the next; say whether the message was given up."""
        message, counts = delivery.message, self.counts[delivery.message.service]
        self._on_their_way[message.service] -= 1
        if message.forged:
            counts[Count.FORGED_ACCEPTED] += accepted
            return False
        counts[Count.DELIVERED if accepted else Count.REFUSED] += 1
        if accepted:
            return False
        waits = RETRY_SECONDS[message.service]
        if delivery.tries >= len(waits):
            counts[Count.GIVEN_UP] += 1
            return True
        self._push(now + waits[delivery.tries] * self._retry_scale, message, delivery.tries + 1)
        return False

    def as_json(self) -> dict[str, dict[str, int]]:
        """Return the counts of each service, with what still waits."""
        waiting = Counter(delivery.message.service for delivery in self._due)
        return {
            service: {name.value: counts[name] for name in Count}
            | {"waiting": waiting[service] + self._on_their_way[service]}
            for service, counts in self.counts.items()
        }

    def _push(self, at: float, message: Message, tries: int = 0) -> None:
        heappush(self._due, Delivery(at, next(self._tie), message, tries))

    def _strikes(self, message: Message, purpose: str, rate: float) -> bool:
        return rate > 0 and self._faults.share(message.identity, 0, purpose) < rate

    def _within(self, message: Message, purpose: str, span: tuple[float, float]) -> float:
        return span[0] + (span[1] - span[0]) * self._faults.share(message.identity, 0, purpose)
