"""Everything that is the case now: one object that the clock and the journal move, and nothing else."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from email.utils import formatdate
from pathlib import Path
from typing import Any

from sync.simulator.conditions import Conditions
from sync.simulator.credentials import Credentials
from sync.simulator.easypost.scan_forms import ScanForms
from sync.simulator.easypost.shipments import Shipments
from sync.simulator.easypost.trackers import Trackers
from sync.simulator.faults import FaultRates, Faults, preset
from sync.simulator.inventory.book import Book
from sync.simulator.journal import Entry, Journal, JournalError
from sync.simulator.scenario import Fate, Scenario
from sync.simulator.shop.cancel_requests import CancelRequests
from sync.simulator.shop.conversations import Conversations
from sync.simulator.shop.orders import Orders
from sync.simulator.shop.packages import Packages
from sync.simulator.shop.returns import Returns
from sync.simulator.shop.stock import Stock
from sync.simulator.tallies import Tallies
from sync.simulator.tiktok.grants import Grants
from sync.simulator.tiktok.logistics import WAREHOUSE_ID
from sync.simulator.timeline import Timeline
from sync.simulator.webhooks.happenings import Happening
from sync.simulator.webhooks.outbox import Outbox
from sync.simulator.webhooks.registrations import Registrations

CALLS_PER_SNAPSHOT = 100

Clock = Callable[[], float]


def _nobody_listens(_happening: Happening) -> None:
    """What is called for something TikTok would tell while nobody is told anything."""


class World:
    """The simulated outside world.

    A change is made in one way only: `record` writes an entry to the journal and then applies it; after a kill the
    entries are applied again, each at its own time, and the clock catches up. So whatever was answered is still so.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        journal_path: Path | None = None,
        faults: str = "default",
        token_seconds: float = 7 * 86_400,
        clock: Clock = time.time,
    ) -> None:
        """Begin a new world, or go on with the one in the journal. Raises JournalError, UnknownFaultsError."""
        rates = preset(faults)
        self._clock = clock
        self.conditions = Conditions()
        self._dated, self._date = 0, b""
        self._journal = Journal(journal_path)
        entries = self._journal.open()
        start = entries[0] if entries else self._begin(scenario, clock())
        if start.get("kind") != "started" or start.get("scenario") != scenario.as_json():
            raise JournalError(
                f"The journal {journal_path} belongs to another scenario; start with the seed, orders, arrival and"
                " timings it was begun with, or give another file."
            )
        self.now: float = start["at"]
        self.scenario = scenario
        self.credentials = Credentials.of_seed(scenario.seed)
        self.timeline = Timeline()
        self.orders = Orders(scenario, self.timeline, start["at"])
        self.packages = Packages(scenario, self.timeline, self.orders)
        self.stock = Stock(self.orders, WAREHOUSE_ID)
        self.inventory = Book(scenario)
        self.cancel_requests = CancelRequests(scenario.seed, self.orders, self.packages, self.timeline)
        self.conversations = Conversations(scenario.seed)
        self.returns = Returns(scenario.seed, self.orders, self.timeline)
        self.shipments = Shipments(scenario, self.orders, self.timeline)
        self.trackers = Trackers(scenario.seed)
        self.grants = Grants(
            scenario.seed, self.credentials, token_seconds, start["at"], scenario.shops, scenario.region
        )
        self.tokens = self.grants.first.tokens
        self.scan_forms = ScanForms(scenario.seed, self.shipments)
        self.faults = Faults(scenario.seed, rates)
        self.tallies = Tallies()
        self.registrations = Registrations(scenario.seed)
        self.outbox = Outbox(self.faults, scenario.timings.webhook_retry_scale)
        self.announce: Callable[[Happening], None] = _nobody_listens
        self.mended: set[int] = set()
        self._apply: Mapping[str, Callable[[Entry], object]] = {
            "calls": lambda entry: self.tallies.calls.update(entry["calls"]),
            "fault": self._apply_fault,
            "fault_rates": self._apply_rates,
            "refusal": lambda entry: self.tallies.refusals.update([entry["what"]]),
            "mended": lambda entry: self.mended.update(entry["orders"]),
            **self.packages.changes(),
            **self.stock.changes(),
            **self.inventory.changes(),
            **self.cancel_requests.changes(),
            **self.returns.changes(),
            **self.conversations.changes(),
            "cancelled": lambda entry: self.orders.cancel(self.orders.arrived[entry["order"]], entry["at"]),
            "shipment": self.shipments.apply_created,
            "rerated": self.shipments.apply_rerated,
            "bought": self._apply_bought,
            "refund": self.shipments.apply_refund,
            "converted": self.shipments.apply_converted,
            "tracker": self.trackers.apply_created,
            **self.grants.changes(),
            **self.scan_forms.changes(),
            "app_address": self.registrations.apply_app_address,
            "topic": self.registrations.apply_topic,
            "clock_advanced": self.conditions.apply_advanced,
            "clock_skew": self.conditions.apply_skew,
            "outage": self.conditions.apply_outage,
            "limits": self.conditions.apply_limits,
            "hook": self.registrations.apply_hook,
            "hook_changed": self.registrations.apply_hook_changed,
            "hook_removed": self.registrations.apply_hook_removed,
        }
        self._unsaved_calls: dict[str, int] = {}
        self._unsaved_count = 0
        self._replay(entries[1:])
        self.advance()

    def advance(self) -> None:
        """Let everything happen that is due by the clock; a clock that goes back is waited for."""
        self.now = max(self.now, self._clock() + self.conditions.ahead_seconds)
        self.timeline.advance(self.now)

    def date_header(self) -> bytes:
        """Return TikTok's own time as HTTP writes it; made once a second."""
        second = int(self.conditions.tiktok_time())
        if second != self._dated:
            self._dated, self._date = second, formatdate(second, usegmt=True).encode()
        return self._date

    def record(self, kind: str, **facts: Any) -> Any:
        """Write a change to the journal, make it, and return what making it returns."""
        entry = {"kind": kind, "at": self.now, **facts}
        self._journal.append(entry)
        return self._apply[kind](entry)

    def count_call(self, operation: str) -> None:
        """Count one call; a kill forgets at most the last hundred."""
        self.tallies.calls[operation] += 1
        self._unsaved_calls[operation] = self._unsaved_calls.get(operation, 0) + 1
        self._unsaved_count += 1
        if self._unsaved_count >= CALLS_PER_SNAPSHOT:
            self._save_calls()

    def note_fault(self, kind: str, failed_identity: str | None) -> None:
        """Count an injected fault; `failed_identity` names whose run of failures it lengthens."""
        self.tallies.faults[kind] += 1
        self._journal.append({"kind": "fault", "at": self.now, "what": kind, "identity": failed_identity})

    def is_refused_by_carrier(self, index: int | None) -> bool:
        """Say whether the carrier still refuses to sell postage for the order with this index."""
        return index is not None and index not in self.mended and self.scenario.fate(index) is Fate.CARRIER_REFUSED

    def close(self) -> None:
        """Write what is left to write and let go of the journal."""
        self._save_calls()
        self._journal.close()

    def _begin(self, scenario: Scenario, now: float) -> Entry:
        entry: Entry = {"kind": "started", "at": now, "scenario": scenario.as_json()}
        self._journal.append(entry)
        return entry

    def _replay(self, entries: list[Entry]) -> None:
        for entry in entries:
            self.now = max(self.now, entry["at"])
            self.timeline.advance(self.now)
            self._apply[entry["kind"]](entry)

    def _save_calls(self) -> None:
        if self._unsaved_count:
            self._journal.append({"kind": "calls", "at": self.now, "calls": self._unsaved_calls})
            self._unsaved_calls, self._unsaved_count = {}, 0

    def _apply_fault(self, entry: Entry) -> None:
        self.tallies.faults[entry["what"]] += 1
        if entry["identity"] is not None:
            self.faults.remember(entry["identity"])

    def _apply_rates(self, entry: Entry) -> None:
        self.faults.rates = FaultRates(**entry["rates"])

    def _apply_bought(self, entry: Entry) -> None:
        tracking_code, carrier = self.shipments.apply_bought(entry)
        self.trackers.apply_created(
            {"at": entry["at"], "tracking_code": tracking_code, "carrier": carrier, "shipment": entry["shipment"]}
        )


def rates_as_json(rates: FaultRates) -> dict[str, float]:
    """Return fault rates as plain JSON values."""
    return asdict(rates)
