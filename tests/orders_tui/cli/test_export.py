"""`orders-tui export`: a shop without API access from its order export to the upload of its tracking numbers."""

from __future__ import annotations

from pathlib import Path

from engine.database.connection import Database
from engine.fleet import daemons
from tests.engine.house import House
from tests.orders_tui.cli.saying import Command
from tests.sync.seller_center.exports import ANOTHER, MUG, MUGS, ORDER, as_csv, table
from tests.sync.seller_center.test_export_file import orders_of


async def test_from_the_order_export_to_the_upload_and_on(command: Command, store: Database, tmp_path: Path) -> None:
    assert (await command("shop", "add-offline", "Alder", "--market", "US", "--work")).code == 0
    shop_id = await store.pool.fetchval("SELECT id FROM shops")
    await store.pool.execute("""UPDATE shops SET policies = policies || '{"pick": "auto"}'""")
    house = House(store, shop_id, await daemons.register(store, "test"))
    async with store.pool.acquire() as connection:
        await store.vault.load(connection)
    await house.stock("MUG-BLU", 10)
    path = as_csv(tmp_path / "orders.csv", table([MUGS, dict(MUGS) | {"Order ID": ANOTHER}]))
    assert (await command("import", str(path), "--shop", "Alder")).code == 0
    await house.run()
    await house.buy_labels()

    out = tmp_path / "tracking.xlsx"
    said = await command("export", "tracking", "--shop", "Alder", "--out", str(out), "--json")
    assert (said.code, said.err) == (0, f"2 orders are in {out}.\n")
    assert [(each["order"], each["sku_id"], each["quantity"]) for each in said.documents] == [
        (ORDER, MUG, 2),
        (ANOTHER, MUG, 2),
    ]
    assert out.exists()
    out.unlink()
    again = await command("export", "tracking", "--shop", "Alder", "--out", str(out))
    assert (again.code, again.out, again.err) == (0, "", "There is nothing to export; no file was written.\n")
    assert not out.exists()

    confirmed = await command("export", "confirm", "--shop", "Alder")
    assert (confirmed.code, confirmed.err) == (0, "2 parcels are told.\n")
    states = await store.pool.fetch(
        "SELECT DISTINCT state, told_tracking_number = tracking_number AS told FROM packages"
    )
    assert [tuple(row) for row in states] == [("told", True)]
    assert orders_of(path)[0].order_id == ORDER


async def test_mistakes_are_one_sentence(command: Command, store: Database, tmp_path: Path) -> None:
    said = await command("export", "tracking", "--shop", "nobody", "--out", str(tmp_path / "t.csv"))
    assert said.code == 1
    assert "There is no shop 'nobody'" in said.err
    late = await command("export", "tracking", "--shop", "x", "--out", str(tmp_path / "t.csv"), "--since", "soon")
    assert (late.code, late.out) == (2, "")
    assert list(tmp_path.glob("t.*")) == []
    assert await store.pool.fetchval("SELECT count(*) FROM tracking_exports") == 0
