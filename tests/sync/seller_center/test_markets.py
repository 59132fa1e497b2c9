"""Dates as each market writes them, and the files whose dates nobody may guess."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from engine.errors import Misconfigured, Refused
from sync.seller_center.markets import (
    DateOrder,
    Reading,
    country_code,
    market_of,
    markets,
    parse_moment,
    require_market,
)

PACIFIC, JAKARTA = ZoneInfo("America/Los_Angeles"), ZoneInfo("Asia/Jakarta")


@pytest.mark.parametrize(
    ("text", "order", "zone", "moment"),
    [
        ("03/02/2026 9:15:00 AM", DateOrder.MONTH_FIRST, PACIFIC, datetime(2026, 3, 2, 17, 15, tzinfo=UTC)),
        ("03/02/2026 12:00:00 AM", DateOrder.MONTH_FIRST, PACIFIC, datetime(2026, 3, 2, 8, 0, tzinfo=UTC)),
        ("03/02/2026 12:30:05 pm", DateOrder.MONTH_FIRST, PACIFIC, datetime(2026, 3, 2, 20, 30, 5, tzinfo=UTC)),
        ("07/15/2026 9:15:00 AM", DateOrder.MONTH_FIRST, PACIFIC, datetime(2026, 7, 15, 16, 15, tzinfo=UTC)),
        ("03/02/2026 09:15:00", DateOrder.DAY_FIRST, JAKARTA, datetime(2026, 2, 3, 2, 15, tzinfo=UTC)),
        ("2026-03-02 09:15:00", DateOrder.DAY_FIRST, JAKARTA, datetime(2026, 3, 2, 2, 15, tzinfo=UTC)),
        ("2026/03/02 09:15", DateOrder.MONTH_FIRST, JAKARTA, datetime(2026, 3, 2, 2, 15, tzinfo=UTC)),
    ],
)
def test_times_are_the_shop_s_clock(text: str, order: DateOrder, zone: ZoneInfo, moment: datetime) -> None:
    assert parse_moment(text, order, zone) == moment


@pytest.mark.parametrize(
    "text", ["", "soon", "13/13/2026 10:00:00", "02/30/2026 10:00:00 AM", "03/02/2026 13:00:00 PM", "1/2"]
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_moment(text, DateOrder.MONTH_FIRST, PACIFIC) is None


def seen(*texts: str) -> Reading:
    reading = Reading()
    for row, text in enumerate(texts, 3):
        reading.see(text, row)
    return reading


def test_a_file_that_can_be_read_both_ways_is_not_guessed() -> None:
    with pytest.raises(Refused) as caught:
        seen("03/02/2026 09:15:00").order(None)
    assert caught.value.code == "import.dates"
    assert "row 3" in caught.value.sentence
    assert "--market" in caught.value.sentence


def test_one_date_that_can_only_be_read_one_way_settles_it() -> None:
    assert seen("03/02/2026 09:15:00", "25/02/2026 09:15:00").order(None) is DateOrder.DAY_FIRST
    assert seen("03/02/2026 09:15:00", "02/25/2026 09:15:00").order(None) is DateOrder.MONTH_FIRST
    assert seen("03/03/2026 09:15:00").order(None) is DateOrder.DAY_FIRST
    assert seen("03/02/2026 9:15:00 AM").order(market_of("US")) is DateOrder.MONTH_FIRST


def test_dates_that_contradict_the_market_or_one_another_refuse_the_file() -> None:
    with pytest.raises(Refused) as against_market:
        seen("03/02/2026 09:15:00", "25/02/2026 09:15:00").order(market_of("US"))
    assert "Row 4" in against_market.value.sentence
    assert "US" in against_market.value.sentence
    with pytest.raises(Refused):
        seen("25/02/2026 09:15:00", "02/25/2026 09:15:00").order(market_of("GB"))


def test_markets_are_found_by_region_and_the_known_ones_are_named() -> None:
    assert {"US", "GB", "ID", "MY", "PH", "SG", "TH", "VN", "BR", "MX", "DE", "FR", "IT", "ES", "IE"} <= set(markets())
    assert require_market("uk").code == "GB"
    assert market_of("ZZ") is None
    with pytest.raises(Misconfigured) as caught:
        require_market("ZZ")
    assert "US, GB" in caught.value.sentence
    for market in markets().values():
        ZoneInfo(market.zone)


def test_a_country_is_named_in_its_own_words() -> None:
    brazil = require_market("BR")
    assert country_code("Brasil", brazil) == "BR"
    assert country_code("", brazil) == "BR"
    assert country_code("United Kingdom", brazil) == "GB"
    assert country_code("uk", brazil) == "GB"
