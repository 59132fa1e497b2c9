"""What goes wrong on purpose, decided by the seed; it costs time and calls, never the end of an order."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from hashlib import blake2b

MOST_FAILURES_IN_A_ROW = 2


class UnknownFaultsError(ValueError):
    """A fault setting that does not exist; the text is one sentence with what does."""


@dataclass(frozen=True, slots=True)
class FaultRates:
    """How often each kind of fault strikes, as a share of calls between 0 and 1.

    Of `latency`, `throttled`, `server_error`, `gateway_error` and `lost_reply` at most one strikes a call.
    `repeated_row` is a share of search pages, `slow_buy` of label purchases, `webhook_…` of messages sent.
    """

    latency: float = 0.0
    throttled: float = 0.0
    server_error: float = 0.0
    gateway_error: float = 0.0
    lost_reply: float = 0.0
    repeated_row: float = 0.0
    slow_buy: float = 0.0
    webhook_lost: float = 0.0
    webhook_doubled: float = 0.0
    webhook_reordered: float = 0.0
    webhook_delayed: float = 0.0
    webhook_forged: float = 0.0

    @property
    def strikes_calls(self) -> bool:
        """Whether any call, and not only a webhook, may suffer."""
        calls = (self.latency, self.throttled, self.server_error, self.gateway_error, self.lost_reply)
        return any(calls) or self.repeated_row > 0 or self.slow_buy > 0

    def altered(self, changes: Mapping[str, object]) -> "FaultRates":
        """Return these rates with some replaced. Raises UnknownFaultsError."""
        known = [field.name for field in fields(self)]
        for name, rate in changes.items():
            if name not in known:
                raise UnknownFaultsError(f"There is no fault {name!r}; choose among {', '.join(known)}.")
            if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= 1:
                raise UnknownFaultsError(f"The rate of {name} is {rate!r}; give a number from 0 to 1.")
        return replace(self, **{name: float(str(rate)) for name, rate in changes.items()})


PRESETS: Mapping[str, FaultRates] = {
    "none": FaultRates(),
    "default": FaultRates(
        latency=0.010,
        throttled=0.004,
        server_error=0.004,
        gateway_error=0.002,
        lost_reply=0.004,
        repeated_row=0.02,
        slow_buy=0.01,
        webhook_lost=0.005,
        webhook_doubled=0.01,
        webhook_reordered=0.01,
    ),
    "harsh": FaultRates(
        latency=0.06,
        throttled=0.04,
        server_error=0.04,
        gateway_error=0.02,
        lost_reply=0.04,
        repeated_row=0.20,
        slow_buy=0.05,
        webhook_lost=0.05,
        webhook_doubled=0.05,
        webhook_reordered=0.05,
        webhook_delayed=0.02,
        webhook_forged=0.02,
    ),
}


def preset(name: str) -> FaultRates:
    """Return the rates of a preset. Raises UnknownFaultsError."""
    try:
        return PRESETS[name]
    except KeyError:
        raise UnknownFaultsError(f"There are no faults called {name!r}; choose one of {', '.join(PRESETS)}.") from None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call is answered instead: an error by its code, in the service's words, or code 0 around this data.

    `carried_out` does the work first, as a service does whose answer goes wrong.
    """

    code: object = None
    message: str | None = None
    status: int | None = None
    data: object = None
    carried_out: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """What one call suffers: a failure by name or none, a delay before the reply, a row told twice."""

    failure: str | None = None
    delay_seconds: float = 0.0
    slow_buy: bool = False
    repeats_row: bool = False
    answer: Answer | None = None

    @property
    def kinds(self) -> list[str]:
        """The names under which the fault is counted."""
        kinds = [self.failure] if self.failure else []
        if self.slow_buy:
            kinds.append("slow_buy")
        elif self.delay_seconds:
            kinds.append("latency")
        return kinds


NO_FAULT = Fault()

AIMED_FAILURES = ("throttled", "server_error", "gateway_error", "lost_reply", "repeated_call")
"""What can be aimed at one call. A repeated call is carried out twice, as a gateway that tries again does it."""


class Faults:
    """Draws the fault of each call from the seed, the call's identity and how often that identity was seen.

    The same seed and the same calls give the same faults. One identity, an order and an operation or a search, fails
    at most twice in a row, so that anyone who tries three times gets through.
    """

    def __init__(self, seed: int, rates: FaultRates) -> None:
        self.rates = rates
        self._seed = seed
        self._tries: dict[str, int] = {}
        self._failures_in_a_row: dict[str, int] = {}
        self._aimed: dict[str, dict[int, Fault]] = {}

    @property
    def rates(self) -> FaultRates:
        """The rates in force."""
        return self._rates

    @rates.setter
    def rates(self, rates: FaultRates) -> None:
        self._rates, self._strikes_calls = rates, rates.strikes_calls

    def aim(
        self,
        operation: str,
        failure: str | None,
        delay_seconds: float,
        calls: Collection[int],
        answer: Answer | None = None,
    ) -> None:
        """Strike these calls of an operation, counted from now beginning with 1. Raises UnknownFaultsError."""
        if failure is not None and failure not in AIMED_FAILURES:
            raise UnknownFaultsError(f"{failure!r} cannot be aimed; choose one of {', '.join(AIMED_FAILURES)}.")
        fault = Fault("answered" if answer else failure, delay_seconds=delay_seconds, answer=answer)
        self._aimed.setdefault(operation, {}).update(dict.fromkeys(calls, fault))

    def draw(self, operation: str, identity: str) -> Fault:
        """Return what this call suffers."""
        if (aimed := self._take_aimed(operation)) is not None:
            return aimed
        if not self._strikes_calls:
            return NO_FAULT
        tries = self._tries.get(identity, 0)
        self._tries[identity] = tries + 1
        failure, amount = self._strike(identity, tries)
        if failure in (None, "latency") or self._failures_in_a_row.get(identity, 0) >= MOST_FAILURES_IN_A_ROW:
            self._failures_in_a_row.pop(identity, None)
            delay = 0.05 + 0.20 * amount if failure == "latency" else 0.0
            if operation == "easypost.shipments.buy" and self.share(identity, tries, "slow") < self.rates.slow_buy:
                return Fault(delay_seconds=1.0 + 2.0 * amount, slow_buy=True)
            repeats = self.share(identity, tries, "repeat") < self.rates.repeated_row
            return Fault(delay_seconds=delay, repeats_row=repeats)
        self._failures_in_a_row[identity] = self._failures_in_a_row.get(identity, 0) + 1
        return Fault(failure=failure)

    def remember(self, identity: str) -> None:
        """Count a failure that was injected before the simulator was restarted."""
        self._tries[identity] = self._tries.get(identity, 0) + 1
        self._failures_in_a_row[identity] = self._failures_in_a_row.get(identity, 0) + 1

    def _take_aimed(self, operation: str) -> Fault | None:
        if not (waiting := self._aimed.get(operation)):
            return None
        self._aimed[operation] = {call - 1: fault for call, fault in waiting.items() if call > 1}
        return waiting.get(1)

    def _strike(self, identity: str, tries: int) -> tuple[str | None, float]:
        share, reached = self.share(identity, tries, "strike"), 0.0
        rates = self.rates
        for kind, rate in (
            ("latency", rates.latency),
            ("throttled", rates.throttled),
            ("server_error", rates.server_error),
            ("gateway_error", rates.gateway_error),
            ("lost_reply", rates.lost_reply),
        ):
            if share < reached + rate:
                return kind, (share - reached) / rate
            reached += rate
        return None, share

    def share(self, identity: str, tries: int, purpose: str) -> float:
        """Return a number from 0 to 1 that the seed, an identity and a purpose decide."""
        text = f"{self._seed}/{purpose}/{identity}/{tries}".encode()
        return int.from_bytes(blake2b(text, digest_size=8).digest()) / 2**64
