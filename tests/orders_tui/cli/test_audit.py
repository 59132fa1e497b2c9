"""`orders-tui audit verify`, as a script meets it."""

from __future__ import annotations

from engine.audit.seals import Sealer
from engine.database.connection import Database
from tests.engine.facts import an_order
from tests.engine.house import House
from tests.orders_tui.cli.saying import Command


async def test_a_whole_record_is_one_line_and_exit_code_0(command: Command, store: Database) -> None:
    house = await House.open(store)
    await house.stock()
    await house.arrive(an_order(house.shop_id, "5771"))
    [seal] = await Sealer(store, margin_seconds=0.0).seal()
    said = await command("audit", "verify")
    assert (said.code, said.err) == (0, "")
    chains, entries = await store.pool.fetchrow("SELECT count(DISTINCT subject), count(*) FROM audit_log")
    assert said.out.startswith(f"audit: {chains} chains, {entries} entries, 1 seals, 0 findings; sealed until ")
    assert said.out.rstrip().endswith(f"1:{seal.hash.hex()}")
    noted = await command("audit", "verify", "--anchor", f"1:{seal.hash.hex()}")
    assert noted.code == 0
    assert (await command("audit", "verify", "--anchor", "yesterday")).code == 2


async def test_findings_are_told_one_a_line_and_by_exit_code_1(command: Command, store: Database) -> None:
    house = await House.open(store)
    await house.stock()
    await house.arrive(an_order(house.shop_id, "5771"), an_order(house.shop_id, "5772"))
    async with store.transaction() as connection:
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute(
            "UPDATE audit_log SET actor = 'nobody' FROM orders o"
            " WHERE subject = o.id AND order_number = '5771' AND sequence = 1"
        )
    said = await command("audit", "verify")
    assert said.code == 1
    assert said.lines[0].split("  ")[0] == "edit"
    assert "order 5771" in said.lines[0]
    one = await command("audit", "verify", "--order", "5771", "--json")
    assert one.code == 1
    finding, summary = one.documents
    assert (finding["kind"], finding["order_number"], finding["sequence"]) == ("edit", "5771", 1)
    assert (summary["kind"], summary["findings"], summary["subjects"], summary["seals"]) == ("summary", 1, 1, 0)
    assert (await command("audit", "verify", "--order", "5772")).code == 0
    assert (await command("audit", "verify", "--order", "9999")).code == 1
