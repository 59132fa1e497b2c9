"""A batch is worked a few at a time, and an error means one outcome."""

from __future__ import annotations

import asyncio

import pytest

from engine.errors import Ambiguous, OrdersError, Retryable, Terminal
from engine.ports.outcomes import Failed, Outcome, Postponed, Unsure
from sync.settling import for_each, outcome_of


async def test_no_more_than_allowed_run_at_once_and_all_run() -> None:
    running = most = 0
    seen: list[int] = []

    async def work(item: int) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        seen.append(item)
        running -= 1

    await for_each(range(50), work, at_once=7)
    assert most == 7
    assert sorted(seen) == list(range(50))


async def test_one_that_raises_does_not_stop_the_others() -> None:
    seen: list[int] = []

    async def work(item: int) -> None:
        if item == 2:
            raise ValueError("two")
        seen.append(item)

    with pytest.raises(ValueError, match="two"):
        await for_each(range(5), work, at_once=2)
    assert seen == [0, 1, 3, 4]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Terminal("c", "No."), Failed("c", "No.")),
        (Ambiguous("c", "Who knows."), Unsure("c", "Who knows.", "shp_1")),
        (Retryable("c", "Later.", retry_after_seconds=3), Postponed("c", "Later.", 3, burns_attempt=False)),
        (Retryable("c", "Broken."), Postponed("c", "Broken.", None, burns_attempt=True)),
        (Retryable("c", "Wait.", postponed=True), Postponed("c", "Wait.", None, burns_attempt=False)),
    ],
)
def test_what_an_error_means_for_a_claim(error: OrdersError, outcome: Outcome) -> None:
    assert outcome_of(error, "shp_1") == outcome
