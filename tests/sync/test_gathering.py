"""Group commit: what waits at the same moment is written together, and everybody gets their own answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID, uuid4

import pytest

from sync.gathering import Gathering


class Writer:
    """Writes down what it was given; waits at the gate while that is shut."""

    def __init__(self) -> None:
        self.parts: list[list[UUID]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.broken: set[int] = set()
        """The numbers of the writes that break."""

    async def __call__(self, items: Sequence[UUID]) -> Mapping[UUID, str]:
        self.parts.append(list(items))
        await self.gate.wait()
        if len(self.parts) in self.broken:
            raise OSError("away")
        return {item: f"written {item}" for item in items}


def gathering(writer: Writer, most: int = 100) -> Gathering[UUID, str]:
    return Gathering(writer, lambda item: item, absent="absent", most=most)


def add_all(gathered: Gathering[UUID, str], items: Sequence[UUID]) -> list[asyncio.Task[str]]:
    return [asyncio.create_task(gathered.add(item)) for item in items]


async def until_written(writer: Writer, parts: int) -> None:
    while len(writer.parts) < parts:
        await asyncio.sleep(0)


async def test_what_comes_in_one_turn_is_written_in_one_go_and_in_order() -> None:
    writer, items = Writer(), [uuid4() for _ in range(5)]
    answers = await asyncio.gather(*add_all(gathering(writer), items))
    assert writer.parts == [items]
    assert answers == [f"written {item}" for item in items]


async def test_what_comes_during_a_write_waits_for_the_next_one() -> None:
    writer, first, later = Writer(), uuid4(), [uuid4() for _ in range(3)]
    writer.gate.clear()
    gathered = gathering(writer)
    tasks = add_all(gathered, [first])
    await until_written(writer, 1)
    tasks += add_all(gathered, later)
    await asyncio.sleep(0)
    writer.gate.set()
    await asyncio.gather(*tasks)
    assert writer.parts == [[first], later]


async def test_a_write_takes_no_more_than_it_may_and_the_rest_follows_in_order() -> None:
    writer, items = Writer(), [uuid4() for _ in range(7)]
    await asyncio.gather(*add_all(gathering(writer, most=3), items))
    assert writer.parts == [items[:3], items[3:6], items[6:]]


async def test_an_item_without_an_answer_gets_the_absent_one() -> None:
    async def write(items: Sequence[UUID]) -> Mapping[UUID, str]:
        return {items[0]: "won"}

    gathered = Gathering(write, lambda item: item, absent="lost")
    assert await asyncio.gather(*add_all(gathered, [uuid4(), uuid4()])) == ["won", "lost"]


async def test_an_error_reaches_everybody_whose_item_was_in_the_write_and_nobody_else() -> None:
    writer, items = Writer(), [uuid4() for _ in range(4)]
    writer.broken = {1}
    answers = await asyncio.gather(*add_all(gathering(writer, most=2), items), return_exceptions=True)
    assert [type(answer) for answer in answers] == [OSError, OSError, str, str]


async def test_after_an_error_the_next_item_is_written_as_ever() -> None:
    writer, item = Writer(), uuid4()
    gathered = gathering(writer)
    writer.broken = {1}
    with pytest.raises(OSError, match="away"):
        await gathered.add(uuid4())
    assert await gathered.add(item) == f"written {item}"


async def test_a_waiter_that_is_cancelled_hurts_nobody_and_its_item_is_still_written() -> None:
    writer, items = Writer(), [uuid4() for _ in range(3)]
    writer.gate.clear()
    first, second, third = add_all(gathering(writer), items)
    await until_written(writer, 1)
    first.cancel()
    writer.gate.set()
    assert await second == f"written {items[1]}"
    assert await third == f"written {items[2]}"
    with pytest.raises(asyncio.CancelledError):
        await first
    assert writer.parts == [items]


async def test_a_waiter_cancelled_before_its_write_began_leaves_the_others_their_answers() -> None:
    writer, items = Writer(), [uuid4() for _ in range(2)]
    first, second = add_all(gathering(writer), items)
    await asyncio.sleep(0)
    first.cancel()
    assert await second == f"written {items[1]}"
