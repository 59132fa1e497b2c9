"""A handler whose outcomes are counted: for a dependency that no guard stands around."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, assert_never, cast

from engine.ports.outcomes import Claim, Done, Failed, Outcome, Postponed, Unsure
from sync.desk import Desk, Handler
from sync.health import Health


def watched(handler: Handler, health: Health) -> Handler:
    """The same handler; what comes of its claims is counted."""

    async def handle(claims: Sequence[Claim], desk: Desk) -> None:
        await handler(claims, cast("Desk", _Watching(desk, health)))

    return handle


class _Watching:
    """The desk, looking at what is settled."""

    def __init__(self, desk: Desk, health: Health) -> None:
        self._desk = desk
        self._health = health
        self._began = health.begin()
        health.calls -= 1  # a batch is no call: each of its claims is one

    def __getattr__(self, name: str) -> Any:
        return getattr(self._desk, name)

    async def settle(self, claim: Claim, outcome: Outcome) -> None:
        self._health.begin()
        match outcome:
            case Done() | Failed():
                self._health.succeeded(self._began)
            case Unsure():
                self._health.failed(self._began, outcome.code, outcome.sentence)
            case Postponed() if outcome.burns_attempt:
                self._health.failed(self._began, outcome.code, outcome.sentence)
            case Postponed():
                self._health.limited(self._began, outcome.after_seconds or 0.0)
            case _:
                assert_never(outcome)
        await self._desk.settle(claim, outcome)
