"""One line for a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from engine.words import ExecutionStatus, OrderStatus, WorkflowState
from orders_tui.formatting import deadline, fit, moment, money, span, state_words, what_changed
from orders_tui.state import Viewer
from tests.orders_tui.console.lists import row

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
VIEWER = Viewer(NOW, UTC)


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(seconds=40), "40s"),
        (timedelta(minutes=12, seconds=5), "12m"),
        (timedelta(hours=3, minutes=10), "3h 10m"),
        (timedelta(hours=3), "3h"),
        (timedelta(days=2, hours=4, minutes=59), "2d 4h"),
        (timedelta(days=12, hours=4), "12d"),
    ],
)
def test_a_length_of_time_has_its_biggest_units(length: timedelta, text: str) -> None:
    assert span(length) == text


def test_a_deadline_says_how_late_it_is() -> None:
    assert deadline(NOW + timedelta(hours=3), VIEWER) == "3h"
    assert deadline(NOW - timedelta(days=2, hours=7), VIEWER) == "late 2d"
    assert deadline(None, VIEWER) == ""


def test_a_moment_is_told_in_the_viewers_zone() -> None:
    tokyo = Viewer(NOW, ZoneInfo("Asia/Tokyo"))
    assert moment(NOW, VIEWER) == "15:00"
    assert moment(NOW, tokyo) == "00:00"
    assert moment(NOW - timedelta(days=1), VIEWER) == "1 Mar 15:00"
    assert moment(datetime(2025, 12, 31, 9, 0, tzinfo=UTC), VIEWER) == "31 Dec 2025"


def test_money_has_the_decimals_of_its_currency() -> None:
    assert money(Decimal("1234.5"), "USD") == "1,234.50 USD"
    assert money(Decimal(250000), "IDR") == "250,000 IDR"


def test_wide_characters_count_twice() -> None:
    assert fit("名前", 6) == "名前  "
    assert fit("名前名前", 5) == "名前…"
    assert fit("7", 3, right=True) == "  7"


def test_a_state_names_what_stopped_the_order_first() -> None:
    failed = row(1, execution=ExecutionStatus.FAILED, failure_code="out_of_stock", held=True)
    assert state_words(failed) == "out of stock"
    assert state_words(row(1, held=True, waiting_for="hold")) == "held"
    assert state_words(row(1, held=True, waiting_for="cooling-off")) == "cooling off"
    assert state_words(row(1, waiting_for="label")) == "awaits label"
    assert state_words(row(1, execution=ExecutionStatus.CANCELLED)) == "closed"
    assert state_words(row(1, workflow_state=WorkflowState.READY_TO_SHIP)) == "ready to ship"


def test_what_changed_is_told_in_words() -> None:
    seen = row(1)
    present = row(1, order_status=OrderStatus.CONFIRMED, held=True, tracking_number="9400111")
    assert what_changed(seen, present) == "status pending → confirmed, held, tracking 9400111"
