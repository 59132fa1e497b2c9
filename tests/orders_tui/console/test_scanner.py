"""Scans are told from typing wherever the focus is, and nothing scanned works as a key."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from textual import events
from textual.keys import _character_to_key
from textual.pilot import Pilot

from engine.words import OrderStatus, WorkflowState
from orders_tui.console import OrdersApp
from orders_tui.modals.bulk.change import BulkChange
from orders_tui.scanner import Dropped, Scan, Scanner, ScannerOptions, Suffix, Typed
from orders_tui.screens.failed import FailedScreen
from orders_tui.screens.orders import OrdersScreen
from orders_tui.screens.triage import TriageScreen
from tests.factories import Factory
from tests.orders_tui.console.driving import MEDIUM, notices, press, settle, text, until

QUICK, SLOW = 0.004, 0.12
KEYS = {"⏎": "enter", "⇥": "tab", "␝": "ctrl+right_square_bracket", "↓": "down"}


def heard(keys: str, gap: float, *, options: ScannerOptions | None = None, moves: str = "") -> list[object]:
    """What becomes of keys that follow each other with this gap; typed keys as themselves."""
    scanner: Scanner[str] = Scanner(options or ScannerOptions(), lambda key: key in moves)
    outcomes = []
    for place, key in enumerate(keys):
        outcomes += scanner.take(key, KEYS.get(key, key), None if key in KEYS else key, place * gap)
    outcomes += scanner.expire()
    return [outcome.event if isinstance(outcome, Typed) else outcome for outcome in outcomes]


@pytest.mark.parametrize(
    ("keys", "gap", "expected"),
    [
        ("577539540000000042⏎", QUICK, [Scan("577539540000000042")]),
        ("q1zrAX9⏎", QUICK, [Scan("q1zrAX9")]),
        ("JJD0001⏎JJD0002⏎", QUICK, [Scan("JJD0001"), Scan("JJD0002")]),
        ("577539⏎", 0.0, [Scan("577539")]),  # one read over SSH
        ("577539⏎", SLOW, [*"577539⏎"]),
        ("jjjjjjjj↓", QUICK, [*"jjjjjjjj↓"]),  # held down
        ("jjjjjjjj⏎", QUICK, [*"jjjjjjjj⏎"]),
        ("ab↓c⏎", QUICK, [*"ab↓c⏎"]),
        (" ⏎", QUICK, [" ", "⏎"]),
        ("57753⏎", QUICK, [*"57753⏎"]),
        ("5775395⇥", QUICK, [Dropped("5775395", 7), "⇥"]),
        ("5775395", QUICK, [Dropped("5775395", 7)]),
        ("]C10109506␝21A⏎", QUICK, [Scan("010950621A")]),
        ("d" + "x" * 300 + "⏎qq⏎", QUICK, [Dropped("d" + "x" * 19, 305)]),
    ],
)
def test_a_burst_with_its_closing_key_is_a_scan_and_all_else_is_typing_or_nothing(
    keys: str, gap: float, expected: list[object]
) -> None:
    assert heard(keys, gap) == expected


def test_the_scanner_of_the_house_may_be_set_up_otherwise() -> None:
    assert heard("5775395⇥", QUICK, options=ScannerOptions(suffix=Suffix.TAB)) == [Scan("5775395")]
    assert heard("5775395", QUICK, options=ScannerOptions(suffix=Suffix.NONE)) == [Scan("5775395")]
    assert heard("A1B2⏎", 0.06, options=ScannerOptions(gap_ms=80, least_length=4)) == [Scan("A1B2")]
    marked = ScannerOptions(prefix="~~")
    assert heard("~~577539⏎", QUICK, options=marked) == [Scan("577539")]
    scanner: Scanner[str] = Scanner(marked, lambda _: False)
    assert scanner.take("5", "5", "5", 0.0) == [Typed("5")], "with a prefix no other key waits"
    assert not scanner.holds


def test_a_cursor_key_that_is_held_down_moves_without_waiting_for_its_end() -> None:
    scanner: Scanner[str] = Scanner(ScannerOptions(), lambda key: key == "j")
    assert scanner.take("j", "j", "j", 0.0) == []
    assert scanner.take("j", "j", "j", 0.01) == [Typed("j"), Typed("j")]


async def scan(pilot: Pilot[int], code: str, suffix: str = "enter") -> None:
    """What a scanner sends: one key after the other, with the times of a scanner whatever the machine is doing."""
    at = time.monotonic()
    for place, character in enumerate(code):
        key = events.Key(_character_to_key(character), character)
        key.time = at + place * QUICK
        pilot.app.post_message(key)
    end = events.Key(suffix, "\r")
    end.time = at + len(code) * QUICK
    pilot.app.post_message(end)
    await pilot.pause(0.05)
    await settle(pilot)


async def test_a_scan_anywhere_opens_its_order_and_no_key_of_it_works(
    new_app: Callable[..., OrdersApp], factory: Factory
) -> None:
    app = new_app(scanner=ScannerOptions())
    shipped = await factory.order(number="qq1RsA00", status=OrderStatus.SHIPPED, state=WorkflowState.SHIPPED)
    await factory.package(shipped, "JJD000390007", tiktok_package_id="115299")
    await factory.order(number="577000000001")
    async with app.run_test(size=MEDIUM, notifications=True) as pilot:
        for screen, key, code in (
            (TriageScreen, "f2", "577000000001"),
            (FailedScreen, "f4", "qq1RsA00"),
            (TriageScreen, "f2", "JJD000390007"),
            (OrdersScreen, "f3", "115299"),
        ):
            await press(pilot, key)
            assert isinstance(app.screen, screen)
            await scan(pilot, code)
            assert isinstance(app.screen, OrdersScreen)
            assert app.orders.pane_open
            row = app.orders.table.cursor_row
            assert row is not None
            assert row.order_number == ("577000000001" if code.startswith("577") else "qq1RsA00")
            assert f"order    {row.order_number}" in text(app)
        assert not app.orders.table.selection, "s, A, J and digits of the codes marked nothing"
        assert notices(app) == []

        await press(pilot, "f4")
        await scan(pilot, "9A[31mq42s")
        assert notices(app) == ["No order has “9A[31mq42s” as its number, package id or tracking number."]
        assert isinstance(app.screen, FailedScreen)

        await press(pilot, "f3")
        await pilot.press("s")
        await pilot.pause(0.1)
        assert isinstance(app.screen, BulkChange)
        await scan(pilot, "577000000001")
        assert isinstance(app.screen, BulkChange)
        assert "Answer this first" in text(app)
        await press(pilot, "escape")

        await press(pilot, "slash")
        await pilot.pause(0.1)
        await scan(pilot, "577000000001")
        assert app.orders.filter.search == "577000000001", "a text field takes a scan as it comes"

        await press(pilot, "escape", "f2")
        await pilot.press("q")
        await pilot.pause(0.1)
        assert notices(app)[-1] == "Press q again to quit.", "a letter that nothing follows is typed"


async def test_what_is_pasted_is_a_code_a_text_for_a_field_or_nothing(
    new_app: Callable[..., OrdersApp], factory: Factory
) -> None:
    app = new_app(scanner=ScannerOptions())
    await factory.order(number="577000000001")
    async with app.run_test(size=MEDIUM, notifications=True) as pilot:

        async def paste(pasted: str) -> None:
            app.post_message(events.Paste(pasted))
            await pilot.pause(0.05)
            await settle(pilot)

        await paste("q\x1b[2J\x07\n" * 200_000)
        assert notices(app) == ["1,400,000 characters were pasted; nothing here takes them."]
        assert isinstance(app.screen, TriageScreen)
        await paste("  577000000001\r\n")
        await until(pilot, lambda: app.orders.pane_open)
        await press(pilot, "slash")
        await until(pilot, lambda: app.focused is app.orders.bar.field)
        await paste("\x1b]0;title\x07\u202e5770\u200b\n" + "x" * 3_000_000)
        await until(pilot, lambda: app.orders.bar.field.value.startswith("5770 xxx"))
        assert len(app.orders.bar.field.value) < 2_100
        assert notices(app)[-1] == "3,000,017 characters were pasted; the field took the first 2,000."
        assert app.is_running
