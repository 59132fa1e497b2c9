"""The book of trackers: made with a label, or asked for by hand."""

from collections.abc import Callable
from dataclasses import dataclass

from sync.simulator.credentials import digest
from sync.simulator.journal import Entry


@dataclass(frozen=True, slots=True)
class Tracker:
    """One tracking code of one carrier; `shipment` is the number of the shipment it came with, if any."""

    number: int
    id: str
    tracking_code: str
    carrier: str
    shipment: int | None
    created_at: float


def _nobody_listens(_tracker: Tracker, _at: float) -> None:
    """What is called for a tracker that nobody wants to hear of."""


class Trackers:
    """All trackers, found by id and by carrier and code."""

    def __init__(self, seed: int) -> None:
        self.all: list[Tracker] = []
        self.on_created: Callable[[Tracker, float], None] = _nobody_listens
        self._carriers: set[str] = set()
        self._by_code: dict[tuple[str, str], Tracker] = {}
        self._id_mark = digest(seed, "trackers")[:16]

    def position(self, tracker_id: str) -> int | None:
        """Return where the tracker with this id stands in `all`."""
        tail = tracker_id.removeprefix(f"trk_{self._id_mark}")
        try:
            number = int(tail, 16) if len(tail) == 16 else -1
        except ValueError:
            return None
        return number if 0 <= number < len(self.all) else None

    def of_code(self, carrier: str, tracking_code: str) -> Tracker | None:
        """Return the tracker of a code; the same code again is the same tracker."""
        return self._by_code.get((carrier, tracking_code))

    def all_of_code(self, tracking_code: str) -> list[Tracker]:
        """Return the trackers of a code, whatever the carrier."""
        found = (self._by_code.get((carrier, tracking_code)) for carrier in self._carriers)
        return [tracker for tracker in found if tracker is not None]

    def apply_created(self, entry: Entry) -> Tracker:
        """Add a tracker from the journal."""
        tracker = Tracker(
            number=len(self.all),
            id=f"trk_{self._id_mark}{len(self.all):016x}",
            tracking_code=entry["tracking_code"],
            carrier=entry["carrier"],
            shipment=entry["shipment"],
            created_at=entry["at"],
        )
        self.all.append(tracker)
        self._carriers.add(tracker.carrier)
        self._by_code[tracker.carrier, tracker.tracking_code] = tracker
        self.on_created(tracker, entry["at"])
        return tracker
