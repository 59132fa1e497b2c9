"""The demo's parts: it remembers what it was asked, prepares a shop once, and says whatever does not add up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine.database.embedded import EmbeddedServer
from engine.errors import Unreachable
from engine.reports.accounts import Accounts
from engine.shops import shops
from orders_tui.demo.plan import DemoFiles, DemoPlan
from orders_tui.demo.preparation import empty, prepare
from orders_tui.demo.summary import Summary
from orders_tui.demo.world import start_world
from tests.sync.connected import connected

PLAN = DemoPlan(seed=7, orders=40)


def test_a_run_goes_on_only_when_it_is_the_same_plan_and_unfinished(tmp_path: Path) -> None:
    files = DemoFiles(tmp_path)
    assert not files.continues(PLAN)
    files.remember(PLAN, finished=False)
    assert files.continues(PLAN)
    for other in (replace(PLAN, seed=8), replace(PLAN, orders=41), replace(PLAN, faults="harsh")):
        assert not files.continues(other)
    files.remember(PLAN, finished=True)
    assert not files.continues(PLAN)


def test_a_world_of_an_older_version_is_begun_anew(tmp_path: Path) -> None:
    files = DemoFiles(tmp_path)
    files.remember(PLAN, finished=False)
    memory = tmp_path / "demo.json"
    older: dict[str, Any] = orjson.loads(memory.read_bytes())
    older["world"].remove("region")
    memory.write_bytes(orjson.dumps(older))
    assert not files.continues(PLAN)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe"])
def test_a_spoilt_memory_begins_anew(tmp_path: Path, content: bytes) -> None:
    files = DemoFiles(tmp_path)
    (tmp_path / "demo.json").write_bytes(content)
    assert not files.continues(PLAN)


def test_what_is_forgotten_is_the_last_run_and_nothing_else(tmp_path: Path) -> None:
    files = DemoFiles(tmp_path)
    files.remember(PLAN, finished=False)
    files.journal.write_text("{}\n")
    (tmp_path / "notes.txt").write_text("mine")
    files.forget()
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


async def test_preparing_a_shop_again_changes_nothing(database: EmbeddedServer, tmp_path: Path) -> None:
    async with connected(database, tmp_path, orders=4) as shop:
        # Everything but tokens, which are sealed anew with each write.
        stock = "SELECT product_id, on_hand, reserved FROM stock_levels ORDER BY product_id"
        before = await shop.database.pool.fetch(stock)
        assert sum(row["on_hand"] for row in before) > 0
        await prepare(shop.database, shop.world)
        assert await shop.database.pool.fetch(stock) == before
        assert await shops.list_shops(shop.database) == [shop.shop]
        assert await shop.count("stock_movements") == len([row for row in before if row["on_hand"]])


async def test_starting_over_leaves_an_empty_database_that_can_be_prepared(
    database: EmbeddedServer, tmp_path: Path
) -> None:
    async with connected(database, tmp_path, orders=4) as shop:
        daemon_id = await shop.daemon()
        await shop.take_in(daemon_id)
        assert await shop.count("orders") == 4
        await empty(shop.database)
        for table in ("orders", "effects", "inbox", "inbox_keys", "shops", "products", "stock_levels", "audit_log"):
            assert await shop.count(table) == 0, table
        await prepare(shop.database, shop.world)
        assert await shop.count("shops") == 1


async def test_a_simulator_that_cannot_start_says_why(tmp_path: Path) -> None:
    files = DemoFiles(tmp_path)
    files.journal.write_text("not json\n")
    with pytest.raises(Unreachable) as refused:
        async with start_world(PLAN, files):
            pass
    assert refused.value.sentence == (
        f"The simulated shop did not start: Line 1 of the journal {files.journal} is not JSON;"
        " delete the file to start a new world."
    )


ACCOUNTS = Accounts(
    orders=10, outcomes={"completed": 9, "cancelled": 1}, labels=9, broken_histories=0, unbalanced_stock=0,
    open_without_work=0,
)  # fmt: skip
STATE: Mapping[str, Any] = {
    "orders_total": 10,
    "foretold": {"completed": 9, "cancelled": 1, "out_of_stock": 0},
    "labels_bought": 9,
    "packages_needing_label": 9,
    "orders_with_two_labels": 0,
    "http_calls": {"tiktok.orders.search": 12, "easypost.shipments.buy": 9, "admin.state": 50},
    "faults": {"lost_reply": 2},
}


def summary(accounts: Accounts = ACCOUNTS, **state: object) -> Summary:
    return Summary(accounts, {**STATE, **state}, 4.0, None)


def test_a_run_that_adds_up_has_nothing_to_complain_of_and_counts_only_real_calls() -> None:
    document = summary().document()
    assert summary().complaints == []
    assert (document["accounted_for"], document["foretold"]) == (True, {"completed": 9, "cancelled": 1})
    assert (document["http_calls"], document["http_calls_per_order"], document["orders_per_second"]) == (21, 2.1, 2.5)
    assert summary().lines()[-1] == "Every order is accounted for."


@pytest.mark.parametrize(
    ("found", "complaint"),
    [
        (summary(orders_total=11), "10 orders are here, 11 were placed."),
        (
            summary(replace(ACCOUNTS, outcomes={"completed": 8, "cancelled": 1, "open": 1})),
            "The seed foretells 1 cancelled, 9 completed, but it became 1 cancelled, 8 completed, 1 open.",
        ),
        (
            summary(replace(ACCOUNTS, outcomes={})),
            "The seed foretells 1 cancelled, 9 completed, but it became nothing.",
        ),
        (summary(labels_bought=10), "10 labels were bought, 9 are recorded, 9 packages needed one."),
        (summary(replace(ACCOUNTS, labels=8)), "9 labels were bought, 8 are recorded, 9 packages needed one."),
        (summary(orders_with_two_labels=1), "1 orders have two labels."),
        (summary(replace(ACCOUNTS, broken_histories=2)), "2 orders have an incomplete history."),
        (summary(replace(ACCOUNTS, unbalanced_stock=3)), "3 stock levels do not match their movements."),
        (summary(replace(ACCOUNTS, open_without_work=4)), "4 open orders have been forgotten."),
    ],
)
def test_whatever_does_not_add_up_is_said_in_a_sentence(found: Summary, complaint: str) -> None:
    assert found.complaints == [complaint]
    assert found.document()["accounted_for"] is False
    assert found.lines()[-1] == complaint


def test_a_recovery_is_told_in_seconds() -> None:
    recovered = Summary(ACCOUNTS, STATE, 4.0, 1.234)
    assert "recovery.seconds 1.23" in recovered.lines()
    assert recovered.document()["recovery_seconds"] == 1.23
