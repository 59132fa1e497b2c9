"""What was called, refused and injected: the numbers behind `/admin/state`."""

from collections import Counter


class Tallies:
    """Counters; the refusals and the faults are journalled one by one, the calls in snapshots."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
