"""Which work is counted. One object a process, handed to whatever does the work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal

from engine.ports.outcomes import Claim, Done, Failed, Outcome, Postponed, Unsure
from engine.words import EffectKind
from sync.monitoring.counts import CALL_SECONDS, WORK_SECONDS, Counter, Histogram

CallOutcome = Literal["ok", "failed", "limited"]
CALL_OUTCOMES: Final[tuple[CallOutcome, ...]] = ("ok", "failed", "limited")
_BROKEN: Final = frozenset({"500", "504"})
"""Answers that are our fault; 503 says to come again."""
_WORDS: Final[Mapping[type[Outcome], str]] = {Done: "done", Failed: "failed", Unsure: "unsure", Postponed: "postponed"}
EFFECT_OUTCOMES: Final = tuple(_WORDS.values())


class Counted:
    """The families; `counters` and `histograms` are what a scrape shows."""

    def __init__(self) -> None:
        self.requests = Counter(
            "orders_http_requests", "Requests answered, by the pattern of their route.", ("method", "route", "status")
        )
        self.request_seconds = Histogram(
            "orders_http_request_duration_seconds", "How long answers took.", ("method", "route"), CALL_SECONDS
        )
        self.webhooks = Counter("orders_webhooks", "Webhooks, by what became of them.", ("sender", "outcome"))
        self.webhook_lag = Histogram(
            "orders_webhook_lag_seconds",
            "From when a webhook says it was sent to when it came.",
            ("sender",),
            WORK_SECONDS,
        )
        self.calls = Counter(
            "orders_outbound_calls", "Calls to the outside; limited: it asked us to wait.", ("dependency", "outcome")
        )
        self.call_seconds = Histogram(
            "orders_outbound_call_duration_seconds",
            "How long calls to the outside took.",
            ("dependency",),
            CALL_SECONDS,
        )
        self.effects = Counter("orders_effects", "Tries of messages to the outside.", ("kind", "outcome"))
        self.effect_seconds = Histogram(
            "orders_effect_duration_seconds",
            "From when a message was meant to when it was done.",
            ("kind",),
            WORK_SECONDS,
        )
        self.payloads = Counter("orders_inbox_payloads", "Payloads understood; asking: read again first.", ("kind",))
        self.batches = Counter("orders_workflow_batches", "Batches of the workflow.", ("outcome",))
        self.batch_orders = Counter("orders_workflow_orders", "Orders that batches advanced.", ())
        self.batch_seconds = Histogram(
            "orders_workflow_batch_duration_seconds", "How long batches took that had orders.", (), CALL_SECONDS
        )
        self.effects.begin((kind.value, outcome) for kind in EffectKind for outcome in EFFECT_OUTCOMES)
        self.batches.begin([("done",), ("broke",)])
        self.batch_orders.begin([()])
        self.payloads.begin([("plain",), ("asking",)])

    @property
    def counters(self) -> tuple[Counter, ...]:
        return (
            self.requests,
            self.webhooks,
            self.calls,
            self.effects,
            self.payloads,
            self.batches,
            self.batch_orders,
        )

    @property
    def histograms(self) -> tuple[Histogram, ...]:
        return (
            self.request_seconds,
            self.webhook_lag,
            self.call_seconds,
            self.effect_seconds,
            self.batch_seconds,
        )

    def for_fleet(self) -> dict[str, int]:
        """What the fleet's judge needs of it, by name: only ever rising."""
        found = {f"call.{dependency}.{outcome}": number for (dependency, outcome), number in self.calls.values.items()}
        found |= {f"effect.{kind}.{outcome}": number for (kind, outcome), number in self.effects.values.items()}
        asked = [(status, n) for (_, route, status), n in self.requests.values.items() if route.startswith("/api/")]
        found["request.all"] = sum(number for _, number in asked)
        found["request.broken"] = sum(number for status, number in asked if status in _BROKEN)
        return found

    def call(self, dependency: str, outcome: CallOutcome, seconds: float) -> None:
        """A call to a dependency ended so."""
        self.calls.add(dependency, outcome)
        self.call_seconds.observe(seconds, dependency)

    def webhook(self, sender: str, *, is_new: bool, lag_seconds: float | None = None) -> None:
        """A webhook was stored, or had been before."""
        self.webhooks.add(sender, "new" if is_new else "known")
        if lag_seconds is not None:
            self.webhook_lag.observe(lag_seconds, sender)

    def refused(self, sender: str, status: int) -> None:
        """A webhook was not taken."""
        self.webhooks.add(sender, "forged" if status == 401 else "not_stored" if status == 503 else "refused")

    def effect(self, claim: Claim, outcome: Outcome, clock: Callable[[], float]) -> None:
        """A try of an effect ended so; `clock` tells the database's time."""
        self.effects.add(claim.kind, _WORDS[type(outcome)])
        if claim.intended_at is not None and type(outcome) is Done:
            self.effect_seconds.observe(clock() - claim.intended_at.timestamp(), claim.kind)

    def batch(self, orders: int, seconds: float) -> None:
        """A batch advanced so many orders; one that found none is no batch."""
        if orders:
            self.batches.add("done")
            self.batch_orders.add(number=orders)
            self.batch_seconds.observe(seconds)
