"""State machines against a real database: each example begins with an empty house, and each rule is one operation of the engine.

`ORDERS_TUI_MACHINE_EXAMPLES` and `ORDERS_TUI_MACHINE_SEED` give `make faults` more examples, from another seed; the suite plays a
few, always the same ones.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from engine.database.embedded import EmbeddedServer
from tests.engine import emptied
from tests.engine.house import House
from tests.factories import opened

T = TypeVar("T")

EXAMPLES = int(os.environ.get("ORDERS_TUI_MACHINE_EXAMPLES") or 0)
SEED = os.environ.get("ORDERS_TUI_MACHINE_SEED")


class Loop:
    """One event loop for all examples of a machine."""

    def __init__(self, server: EmbeddedServer) -> None:
        self._server = server
        self._runner = asyncio.Runner()
        self._open: contextlib.AsyncExitStack | None = None

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    def house(self) -> House:
        """An empty one, whatever the example before left behind."""
        return self.do(self._house())

    async def _house(self) -> House:
        await self._leave()
        await emptied.empty(self._server)
        self._open = contextlib.AsyncExitStack()
        house = await House.open(await self._open.enter_async_context(opened(self._server)))
        # Its heart does not stop, however long an example is looked at.
        await house.store.pool.execute("UPDATE daemons SET beat_at = 'infinity'")
        return house

    async def _leave(self) -> None:
        if self._open is not None:
            await self._open.aclose()
            self._open = None

    def close(self) -> None:
        self.do(self._leave())
        self._runner.close()


def play(
    server: EmbeddedServer, machine: Callable[[Loop], RuleBasedStateMachine], *, examples: int, steps: int
) -> None:
    """Play the machine on this database; a failure is told with the steps that lead to it."""
    loop = Loop(server)
    budget = settings(
        max_examples=EXAMPLES or examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=SEED is None,
        print_blob=True,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=tuple(HealthCheck),
    )

    def begin() -> RuleBasedStateMachine:
        return machine(loop)

    begin = seed(int(SEED))(begin) if SEED else begin
    try:
        run_state_machine_as_test(begin, settings=budget)  # type: ignore[arg-type]  # any maker of machines will do
    finally:
        loop.close()
