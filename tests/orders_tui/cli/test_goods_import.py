"""`stock import` and `product import`: what a sheet would do, what it does once, and its bad rows."""

from __future__ import annotations

from pathlib import Path

from engine.database.connection import Database
from tests.orders_tui.cli.saying import Command
from tests.sync.seller_center.exports import as_csv


async def levels(store: Database) -> dict[str, int]:
    rows = await store.pool.fetch("SELECT sku, on_hand FROM stock_levels JOIN products p ON p.id = product_id")
    return {row["sku"]: row["on_hand"] for row in rows}


async def test_products_are_added_and_changed_and_bad_rows_named(
    command: Command, store: Database, tmp_path: Path
) -> None:
    header = ["SKU", "Name", "Weight (kg)", "Barcode", "Components"]
    good = [["MUG-BLU", "Mug", "0.4", "4006381333931", ""], ["BOWL-LG", "Bowl", "1", "", ""]]
    bad = [
        ["CUP", "Cup", "heavy", "", ""],
        ["MUG-BLU", "Mug again", "", "", ""],
        ["POT", "Pot", "", "4006381333931", ""],
    ]
    path = as_csv(tmp_path / "products.csv", [header, *good, *bad, ["SET", "Set", "", "", "MUG-BLU:2;BOWL-LG"]])
    dry = await command("product", "import", str(path), "--dry-run")
    assert dry.code == 1
    assert await store.pool.fetchval("SELECT count(*) FROM products") == 0
    said = await command("product", "import", str(path), "--json")
    assert said.code == 1
    assert [(each["row"], each["sku"], each["outcome"]) for each in said.documents] == [
        (2, "MUG-BLU", "add"),
        (3, "BOWL-LG", "add"),
        (4, "CUP", "refused"),
        (5, "MUG-BLU", "refused"),
        (6, "POT", "refused"),
        (7, "SET", "add"),
    ]
    assert said.documents[3]["reason"] == "MUG-BLU is in row 2 already"
    assert said.err == "3 add, 3 refused.\n"
    rows = await store.pool.fetch("SELECT sku, weight_grams FROM products ORDER BY sku")
    assert [tuple(row) for row in rows] == [("BOWL-LG", 1000), ("MUG-BLU", 400), ("SET", None)]
    changed = as_csv(
        tmp_path / "again.csv", [["SKU", "Name", "Bin"], ["MUG-BLU", "Mug", "A-1"], ["BOWL-LG", "Bowl", ""]]
    )
    again = await command("product", "import", str(changed))
    assert (again.code, [line.split()[0] for line in again.lines]) == (0, ["change", "unchanged"])


async def test_a_counted_sheet_makes_stock_what_it_says(command: Command, store: Database, tmp_path: Path) -> None:
    for sku in ("MUG-BLU", "BOWL-LG"):
        assert (await command("product", "set", sku, "--weight", "400")).code == 0
    assert (await command("stock", "receive", "MUG-BLU", "5")).code == 0
    cells = [["SKU", "Counted"], ["MUG-BLU", "12"], ["NOBODY", "3"], ["BOWL-LG", "-2"], ["BOWL-LG", "4"]]
    path = as_csv(tmp_path / "counted.csv", cells)
    dry = await command("stock", "import", str(path), "--dry-run")
    assert (dry.code, await levels(store)) == (1, {"MUG-BLU": 5})
    assert dry.lines[0] == "change     row 2      MUG-BLU              5 → 12 on hand"
    said = await command("stock", "import", str(path), "--json")
    assert said.code == 1
    assert [(each["row"], each["outcome"]) for each in said.documents] == [
        (2, "change"),
        (3, "refused"),
        (4, "refused"),
        (5, "change"),
    ]
    assert await levels(store) == {"MUG-BLU": 12, "BOWL-LG": 4}
    again = await command("stock", "import", str(path), "--json")
    assert [each["outcome"] for each in again.documents] == ["unchanged", "refused", "refused", "unchanged"]


async def test_a_sheet_of_differences_is_booked_once(command: Command, store: Database, tmp_path: Path) -> None:
    assert (await command("product", "set", "MUG-BLU", "--weight", "400")).code == 0
    path = as_csv(
        tmp_path / "delivery.csv", [["SKU", "Quantity"], ["MUG-BLU", "5"], ["MUG-BLU", "+2"], ["MUG-BLU", "-9"]]
    )
    said = await command("stock", "import", str(path), "--delta", "--json")
    assert (said.code, [each["outcome"] for each in said.documents]) == (1, ["change", "change", "refused"])
    assert await levels(store) == {"MUG-BLU": 7}
    again = await command("stock", "import", str(path), "--delta", "--json")
    assert [each["outcome"] for each in again.documents] == ["unchanged", "unchanged", "refused"]
    assert await levels(store) == {"MUG-BLU": 7}
    missing = await command("stock", "import", str(tmp_path / "none.csv"), "--delta")
    assert (missing.code, missing.err) == (1, "none.csv cannot be read: no such file or directory.\n")
