"""The whole job: a burst of orders in, unreliable services all around, and every order ends as its seed foretells."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.database.connection import DatabaseSettings, open_database
from engine.reports.accounts import Accounts, account
from orders_tui.cli.exits import Exit
from sync.simulator.scenario import Scenario
from tests.conftest import FOLDER
from tests.orders_tui.cli.programs import Ended, environment, run

SEED_7 = {
    "completed": 463,
    "cancelled": 15,
    "out_of_stock": 8,
    "bad_address": 3,
    "unmapped_sku": 3,
    "missing_weight": 3,
    "carrier_refused": 5,
}
"""How five hundred orders of seed 7 end."""


@pytest.fixture
def data(pytestconfig: pytest.Config, request: pytest.FixtureRequest) -> Path:
    folder = pytestconfig.stash[FOLDER]
    return Path(folder, request.node.name)


def demo(data: Path, home: Path, *arguments: str) -> Ended:
    options = ("--headless", "--json", "--data-directory", str(data), "--timeout-seconds", "200")
    return run("demo", *options, *arguments, env=environment(home), timeout_seconds=260)


async def books(data: Path) -> Accounts:
    """What the demo's database says when it is opened again."""
    database = await open_database(DatabaseSettings(data_directory=data), {})
    try:
        return await account(database)
    finally:
        await database.close()


async def test_five_hundred_orders_end_as_the_seed_foretells(data: Path, tmp_path: Path) -> None:
    ended = demo(data, tmp_path, "--orders", "500", "--seed", "7")
    assert ended.code == Exit.OK, ended.err
    summary = ended.document
    assert summary["outcomes"] == summary["foretold"] == SEED_7
    assert summary["outcomes"]["completed"] >= 0.9 * summary["orders"] == 450
    assert summary["labels_bought"] == summary["packages_needing_label"] == 463
    assert (summary["accounted_for"], summary["complaints"]) == (True, [])
    assert {"lost_reply", "throttled", "server_error", "slow_buy"} <= summary["faults"].keys()
    assert summary["recovery_seconds"] is None

    found = await books(data)
    assert (found.orders, dict(found.outcomes), found.labels) == (500, SEED_7, 463)
    assert (found.broken_histories, found.unbalanced_stock, found.open_without_work) == (0, 0, 0)


async def test_in_a_harsh_world_another_seed_ends_as_foretold_too(data: Path, tmp_path: Path) -> None:
    foretold = {name: count for name, count in Scenario(seed=23, orders=60).foretold().items() if count}
    ended = demo(data, tmp_path, "--orders", "60", "--seed", "23", "--faults", "harsh")
    assert ended.code == Exit.OK, ended.err
    summary = ended.document
    assert summary["outcomes"] == foretold
    assert sum(foretold.values()) == 60
    assert summary["labels_bought"] == summary["packages_needing_label"] == foretold["completed"] == 56
    assert sum(summary["faults"].values()) > 30
    assert (await books(data)).balanced
