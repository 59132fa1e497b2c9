"""What is played: each scenario's world, and what happens in it before everything is compared."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

from sync.simulator.scenario import Scenario
from tests.scenarios.stage import Stage


@dataclass(frozen=True, slots=True)
class Play:
    """A scenario by name; `act` ends when every order is where it should be, and says what it saw."""

    name: str
    scenario: Scenario
    act: Callable[[Stage], Awaitable[str]]
    faults: str = "none"
    begins_before_seconds: float = 0.0
    token_seconds: float = 30 * 86_400.0
    settings: Mapping[str, str] = field(default_factory=dict)

    def seeded(self, seed: int) -> Play:
        """The same with another seed."""
        return replace(self, scenario=replace(self.scenario, seed=seed))
