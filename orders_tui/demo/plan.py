"""What a demo run is asked to do, and where it keeps its data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from engine.database.embedded.errors import os_errors_as_sentences
from sync.simulator.scenario import Scenario


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """The scenario the simulator plays; the same seed tells the same story."""

    seed: int = 7
    orders: int = 500
    faults: str = "default"
    arrival: str = "burst"
    orders_per_second: float = 100.0
    unpaid_seconds: float = 0.3
    hold_seconds: float = 1.0
    scan_after_seconds: float = 1.0
    deliver_after_seconds: float = 1.0
    complete_after_seconds: float = 3.0

    def simulator_arguments(self) -> list[str]:
        """The plan as the simulator's command line."""
        return [f"--{name.replace('_', '-')}={value}" for name, value in asdict(self).items()]


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """A demo's own data directory: nothing outside it is touched."""

    directory: Path

    @property
    def journal(self) -> Path:
        return self.directory / "simulator.journal"

    @property
    def configuration(self) -> Path:
        return self.directory / "config.toml"

    @property
    def log(self) -> Path:
        return self.directory / "daemon.log"

    @property
    def _state(self) -> Path:
        return self.directory / "demo.json"

    def make(self) -> None:
        """Make the directory; others may pass through it, since as root the database runs under an account of its own."""
        with os_errors_as_sentences(self.directory):
            self.directory.mkdir(mode=0o711, parents=True, exist_ok=True)

    def continues(self, plan: DemoPlan) -> bool:
        """Whether an unfinished run of this very plan lies here, in a world that this version of the simulator can go on with."""
        try:
            state: dict[str, Any] = orjson.loads(self._state.read_bytes())
        except (OSError, orjson.JSONDecodeError):
            return False
        return state == self._state_of(plan, finished=False)

    def remember(self, plan: DemoPlan, *, finished: bool) -> None:
        """Say which plan the data belongs to, and whether it is over."""
        self._state.write_bytes(orjson.dumps(self._state_of(plan, finished=finished)))

    @staticmethod
    def _state_of(plan: DemoPlan, *, finished: bool) -> dict[str, Any]:
        # The simulator refuses a journal of another scenario, and one of a version that knew other conditions is another one.
        return {"plan": asdict(plan), "finished": finished, "world": sorted(Scenario().as_json())}

    def forget(self) -> None:
        """Forget the last run's outside world; the database is emptied by its opener."""
        self._state.unlink(missing_ok=True)
        self.journal.unlink(missing_ok=True)
