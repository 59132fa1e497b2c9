"""Orders pulled by hand: every change once, beside or without a daemon; and where TikTok is told to send what happens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from engine.database.connection import Database
from engine.errors import Misconfigured
from orders_tui.cli.sync import moment, statuses
from sync.simulator.scenario import Arrival, Scenario, Timings
from sync.simulator.server import serve
from tests.orders_tui.cli.saying import Command

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
async def keys(
    configured: Path, store: Database, command: Command, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[dict[str, Any]]:
    """A connected shop with twelve orders at the simulator."""
    scenario = Scenario(seed=11, orders=12, arrival=Arrival.IMMEDIATE, timings=Timings(0, 0, 3600, 3600, 3600))
    async with serve(scenario, faults="none") as simulator, httpx.AsyncClient(base_url=simulator.url) as http:
        keys = (await http.get("/admin/credentials")).json()
        configured.write_text(
            f"""
                [tiktok]
                base_url = "{simulator.url}"
                auth_url = "{simulator.url}"
                consent_url = "{simulator.url}"
                app_key = "{keys["app_key"]}"
                service_id = "{keys["service_id"]}"
                calls_per_second = 0
                [http]
                public_url = "https://orders.shop.example"
                """
        )
        monkeypatch.setenv("ORDERS_TUI_TIKTOK_APP_SECRET", keys["app_secret"])
        response = await http.get("/open/authorize", params={"service_id": keys["service_id"]}, follow_redirects=False)
        code = httpx.URL(response.headers["location"]).params["code"]
        assert (await command("shop", "connect", "--code", code)).code == 0
        yield dict(keys)


@pytest.mark.usefixtures("keys")
async def test_what_changed_is_pulled_once_and_told_by_event(store: Database, command: Command) -> None:
    said = await command("sync", "--since", "2h", "--json")
    assert said.code == 0
    assert len(said.documents) == 12
    assert {each["event"] for each in said.documents} == {"order.created"}
    assert set(said.documents[0]) == {"event", "timestamp", "data", "shop"}
    assert said.err.splitlines()[-1] == "Harbor Lane Goods: 12 orders looked at, 12 created."
    assert await store.pool.fetchval("SELECT count(*) FROM orders") == 12
    assert await store.pool.fetchval("SELECT count(*) FROM inbox WHERE source = 'manual' AND state = 'done'") == 12
    assert await store.pool.fetchval("SELECT count(*) FROM polls WHERE cursor IS NOT NULL") == 0

    again = await command("sync", "--since", "2h")
    assert (again.code, again.out) == (0, "")
    assert again.err.splitlines()[-1] == "Harbor Lane Goods: 12 orders looked at, nothing new."


@pytest.mark.usefixtures("keys")
async def test_one_shop_some_statuses_and_so_many(store: Database, command: Command) -> None:
    said = await command(
        "sync", "--shop", "harbor lane goods", "--since", "1d", "--status", "awaiting_shipment", "--limit", "5"
    )
    assert said.code == 0
    assert len(said.lines) == 5
    assert all(line.endswith(": AWAITING_SHIPMENT") for line in said.lines)
    assert await store.pool.fetchval("SELECT count(*) FROM orders") == 5


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--since", "yesterday"), "--since is 'yesterday': give a date"),
        (("--since", "2999-01-01"), "--since is '2999-01-01': give a time of the past 400 days."),
        (("--status", "shipped"), "TikTok has no status 'shipped'; there are UNPAID, ON_HOLD,"),
        (("--limit", "0"), "--limit is 0: give a number from 1 on"),
        (("--shop", "Nobody"), "There is no shop 'Nobody'"),
    ],
)
async def test_what_cannot_be_meant_is_refused_in_one_sentence(
    store: Database, command: Command, arguments: tuple[str, ...], sentence: str
) -> None:
    said = await command("sync", *arguments)
    assert said.code in {1, 2}
    assert said.out == ""
    assert sentence in said.err
    assert len(said.err.splitlines()) == 1
    assert await store.pool.fetchval("SELECT count(*) FROM inbox") == 0


@pytest.mark.usefixtures("store", "configured")
async def test_without_a_shop_there_is_nothing_to_pull(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERS_TUI_TIKTOK__APP_KEY", "6demo")
    monkeypatch.setenv("ORDERS_TUI_TIKTOK_APP_SECRET", "secret")
    said = await command("sync")
    assert said.code != 0
    assert "No shop is connected: run orders-tui shop connect first." in said.err


@pytest.mark.usefixtures("keys")
async def test_a_wrong_app_secret_is_one_sentence_and_nothing_changes(
    store: Database, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERS_TUI_TIKTOK_APP_SECRET", "not-the-secret")
    said = await command("sync")
    assert said.code == 1
    (line,) = said.err.splitlines()
    assert line.startswith("Harbor Lane Goods: ")
    assert "not-the-secret" not in line
    assert await store.pool.fetchval("SELECT count(*) FROM inbox") == 0


@pytest.mark.usefixtures("keys")
async def test_tiktok_is_told_where_to_send_and_to_stop(command: Command) -> None:
    nothing = await command("shop", "webhooks", "Harbor Lane Goods")
    assert (nothing.code, nothing.out) == (0, "")
    registered = await command("shop", "webhooks", "Harbor Lane Goods", "--register", "--json")
    assert registered.code == 0
    assert {each["address"] for each in registered.documents} == {"https://orders.shop.example/webhooks/tiktok"}
    assert {"ORDER_STATUS_CHANGE", "CANCELLATION_STATUS_CHANGE"} <= {each["event"] for each in registered.documents}
    removed = await command("shop", "webhooks", "Harbor Lane Goods", "--remove")
    assert (removed.code, removed.out) == (0, "")


@pytest.mark.usefixtures("keys")
async def test_an_event_that_tiktok_refuses_does_not_keep_the_others_back(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERS_TUI_TIKTOK__MORE_EVENTS", '["NO_SUCH_EVENT", "INVENTORY_STATUS_CHANGE"]')
    said = await command("shop", "webhooks", "Harbor Lane Goods", "--register")
    assert said.code == 1
    assert "send NO_SUCH_EVENT to this program" in said.err
    assert any(line.startswith("INVENTORY_STATUS_CHANGE ") for line in said.lines)


def test_times_as_people_write_them() -> None:
    assert moment("90m", NOW) == NOW - timedelta(minutes=90)
    assert moment("7d", NOW) == NOW - timedelta(days=7)
    assert moment("2026-03-01", NOW) == datetime(2026, 3, 1, tzinfo=UTC)
    assert moment("2026-03-02T14:00+03:00", NOW) == datetime(2026, 3, 2, 11, tzinfo=UTC)
    for nonsense in ("", "d", "-1d", "1w", "999999d", "2026-02-30", "\u0663d", "2026-03-02T12:00:01"):
        with pytest.raises(Misconfigured):
            moment(nonsense, NOW)


def test_statuses_in_any_case_each_once() -> None:
    assert [str(each) for each in statuses(["cancelled", "UNPAID", "Cancelled"])] == ["CANCELLED", "UNPAID"]
    with pytest.raises(Misconfigured):
        statuses(["UNKNOWN"])
