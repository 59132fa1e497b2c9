"""`orders-tui import` and shops without API access: what a file would do, what it does, and what is wrong with it."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.database.connection import Database
from engine.fleet import daemons
from engine.orders import importing, intake
from sync.intake import drain
from tests.orders_tui.cli.saying import Command, Said
from tests.sync.seller_center.exports import ANOTHER, BOWLS, HEADER, MUGS, ORDER, as_csv, moved, table

THIRD = "576461412345678903"
ROUNDED = (
    "the Order ID 5.76E+17 was rounded by a spreadsheet: import the file as it was downloaded, without saving it there"
)


async def offline_shop(command: Command, *options: str) -> None:
    said = await command("shop", "add-offline", "Alder Goods", "--market", "US", *options)
    assert said.code == 0, said.err


async def read_keys(store: Database) -> None:
    """The command made the creator's key; this test's own connection has not seen it yet."""
    async with store.pool.acquire() as connection:
        await store.vault.load(connection)


async def brought(command: Command, path: Path, *options: str) -> Said:
    return await command("import", str(path), "--shop", "alder goods", *options)


async def counts(store: Database) -> dict[str, int]:
    tables = ("orders", "order_items", "order_item_units", "inbox", "audit_log")
    return {name: await store.pool.fetchval(f"SELECT count(*) FROM {name}") for name in tables}  # noqa: S608


async def test_a_dry_run_says_what_it_would_do_and_changes_nothing(
    command: Command, store: Database, tmp_path: Path
) -> None:
    await offline_shop(command)
    before = await counts(store)
    broken = dict(BOWLS) | {"Order ID": ANOTHER, "Quantity": "two"}
    path = as_csv(tmp_path / "orders.csv", table([MUGS, BOWLS, broken]))
    said = await brought(command, path, "--dry-run", "--json")
    assert said.code == 1
    create, refused = said.documents
    assert (create["order"], create["outcome"], create["rows"], create["units"]) == (ORDER, "create", [3, 4], 3)
    assert (refused["order"], refused["outcome"], refused["rows"]) == (ANOTHER, "refused", [5])
    assert refused["reason"].startswith("'two' is no Quantity")
    assert said.err == "1 new, 1 refused: nothing was changed, this was a dry run.\n"
    assert await counts(store) == before


async def test_the_good_orders_are_taken_in_once_and_the_bad_rows_are_named(
    command: Command, store: Database, tmp_path: Path
) -> None:
    await offline_shop(command)
    damaged = dict(BOWLS) | {"Order ID": "5.76E+17"}
    path = as_csv(tmp_path / "orders.csv", table([MUGS, damaged, BOWLS, dict(MUGS) | {"Order ID": ANOTHER}]))
    said = await brought(command, path)
    assert said.code == 1
    assert said.lines == [
        f"refused    -                    row 4: {ROUNDED}",
        f"create     {ORDER}   row 3, 5: AWAITING_SHIPMENT, 3 units",
        f"create     {ANOTHER}   row 6: AWAITING_SHIPMENT, 2 units",
    ]
    assert said.err == "2 new, 1 refused.\n"
    after = await counts(store)
    assert (after["orders"], after["order_item_units"], after["inbox"]) == (2, 5, 2)
    states = await store.pool.fetch("SELECT DISTINCT source, state, kind, event FROM inbox")
    assert [tuple(row) for row in states] == [("import", "done", "imported_order", "order.created")]
    again = await brought(command, path)
    assert [line.split()[0] for line in again.lines] == ["refused", "unchanged", "unchanged"]
    assert await counts(store) == after


async def test_a_newer_file_moves_orders_and_an_older_one_does_not_move_them_back(
    command: Command, store: Database, tmp_path: Path
) -> None:
    await offline_shop(command)
    first = as_csv(tmp_path / "monday.csv", table([MUGS, dict(MUGS) | {"Order ID": ANOTHER}]))
    assert (await brought(command, first)).code == 0
    gone = {"rts": "03/02/2026 3:00:00 PM", "shipped": "03/02/2026 6:00:00 PM"}
    masked = {"Recipient": "I*** F***", "Phone #": "(+1)***00", "Detail Address": "7 Q***"}
    shipped = moved(dict(MUGS) | masked, "Shipped", "In transit", **gone)
    second = as_csv(tmp_path / "tuesday.csv", table([shipped, dict(MUGS) | {"Order ID": THIRD}]))
    said = await brought(command, second, "--json")
    assert [(each["order"], each["outcome"]) for each in said.documents] == [(ORDER, "update"), (THIRD, "create")]
    await read_keys(store)
    row = await store.pool.fetchrow("SELECT * FROM orders WHERE tiktok_order_id = $1", ORDER)
    assert (row["channel_status"], row["order_status"], row["masked"]) == ("IN_TRANSIT", "shipped", False)
    assert store.vault.open_text("orders.customer_name", row["id"], row["customer_name"]) == "Ines Falk"
    back = await brought(command, first, "--json")
    assert [(each["order"], each["outcome"]) for each in back.documents] == [(ORDER, "older"), (ANOTHER, "unchanged")]
    again = await store.pool.fetchrow("SELECT version, channel_status FROM orders WHERE tiktok_order_id = $1", ORDER)
    assert (again["version"], again["channel_status"]) == (row["version"], "IN_TRANSIT")


async def test_an_order_of_another_shop_is_refused(command: Command, store: Database, tmp_path: Path) -> None:
    await offline_shop(command)
    assert (await command("shop", "add-offline", "Second Shop", "--market", "US")).code == 0
    path = as_csv(tmp_path / "orders.csv", table([MUGS]))
    assert (await command("import", str(path), "--shop", "Second Shop")).code == 0
    before = await counts(store)
    said = await brought(command, path, "--json")
    assert (said.code, said.documents[0]["code"]) == (1, "import.other_shop")
    assert await counts(store) == before


async def test_what_an_import_left_half_done_a_daemon_finishes(
    command: Command, store: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await offline_shop(command)
    path = as_csv(tmp_path / "orders.csv", table([MUGS]))

    async def dies(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(intake, "apply", dies)
    assert (await brought(command, path)).code == 130
    monkeypatch.undo()
    daemon_id = await daemons.register(store, "test")
    assert await store.pool.fetchval("SELECT count(*) FROM orders") == 0
    assert await drain(store, daemon_id, 10) == 0  # still the importer's
    await store.pool.execute("UPDATE inbox SET lease_until = now() - interval '1 second'")
    # The daemon is older than the creator's key: it learns it on the way.
    assert await drain(store, daemon_id, 10) == 1
    assert await store.pool.fetchval("SELECT state FROM inbox") == "done"
    assert await store.pool.fetchval("SELECT tiktok_order_id FROM orders") == ORDER


async def test_files_and_shops_that_are_not_there_are_one_sentence(
    command: Command, store: Database, tmp_path: Path
) -> None:
    said = await brought(command, tmp_path / "none.csv")
    assert (said.code, said.out) == (1, "")
    assert "There is no shop 'alder goods'" in said.err
    await offline_shop(command)
    assert (
        await brought(command, tmp_path / "none.csv")
    ).err == "none.csv cannot be read: no such file or directory.\n"
    path = as_csv(tmp_path / "orders.csv", table([MUGS]))
    assert (await brought(command, path, "--market", "Mars")).code == 2
    assert (await command("shop", "add-offline", "alder goods", "--market", "US")).code == 1
    assert (await command("shop", "add-offline", "Other", "--market", "US", "--timezone", "Mars/One")).code == 2
    assert await store.pool.fetchval("SELECT count(*) FROM shops") == 1


def _many(orders: int) -> Iterator[list[str]]:
    cells = table([MUGS, BOWLS])
    yield from cells[:2]
    for number in range(orders):
        for row in cells[2:]:
            yield [f"{576461412345000000 + number}", *row[1:]]


async def test_a_long_file_is_read_in_bounded_memory(command: Command, tmp_path: Path) -> None:
    from zoneinfo import ZoneInfo

    from sync.seller_center.export_file import found_orders, survey
    from sync.seller_center.markets import market_of
    from sync.seller_center.words import packaged_words
    from tests.sync.seller_center.test_export_file import NOW

    path = as_csv(tmp_path / "long.csv", _many(4000))
    market = market_of("US")
    assert len(HEADER) == 35
    tracemalloc.start()
    try:
        found = survey(path, packaged_words(), market, ZoneInfo("America/Los_Angeles"))
        seen = sum(len(order.rows) for order in found_orders(path, found, now=NOW))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (seen, found.rows) == (8000, 8000)
    # One number an order is what stays; all rows at once would be more than ten times that.
    assert peak < 4000 * 400 + 1_000_000
    assert importing.SOURCE == "import"
