"""Reports on the command line: a table, CSV whose cells are never formulas, one JSON object a line."""

from __future__ import annotations

import json
from datetime import timedelta

from engine.database.connection import Database
from tests.factories import NOON, Factory
from tests.orders_tui.cli.saying import Command

SPAN = ("--since", f"{NOON - timedelta(hours=1):%Y-%m-%dT%H:%M}", "--until", f"{NOON + timedelta(days=1):%Y-%m-%d}")


async def test_a_report_is_a_table_csv_and_json(command: Command, factory: Factory, store: Database) -> None:
    await factory.order(number="1")
    await factory.failed(number="2")
    await store.pool.execute("UPDATE shops SET name = '=SUM(A1)'")
    table = await command("report", "volume", *SPAN, "--by", "shop")
    assert table.code == 0
    header, line = table.out.splitlines()
    assert header.split() == ["name", "orders", "units", "completed", "cancelled", "returned", "failed", "amounts"]
    assert line.split()[:7] == ["=SUM(A1)", "2", "2", "0", "0", "0", "1"]
    sheet = (await command("report", "volume", *SPAN, "--by", "shop", "--csv")).out.splitlines()
    assert sheet[0] == "key,name,orders,units,completed,cancelled,returned,failed,amounts"
    assert sheet[1].split(",")[1:4] == ["'=SUM(A1)", "2", "2"]
    found = json.loads((await command("report", "failures", *SPAN, "--json")).out)
    assert (found["code"], found["failures"], found["open"], found["median_hours"]) == ("out_of_stock", 1, 1, None)
    for name in ("cycle", "ship-by", "labels", "creators"):
        said = await command("report", name, *SPAN, "--shop", "=sum(a1)")
        assert (said.code, said.out, said.err) == (0, "", "There is nothing in that time.\n")


async def test_what_is_asked_wrongly_is_said(command: Command, factory: Factory) -> None:
    await factory.shop()
    for arguments, code, words in (
        (("--since", "2026-03-02", "--until", "2026-03-01"), 2, "--since has to be before --until."),
        (("--zone", "Mars/Olympus"), 2, "There is no time zone 'Mars/Olympus'"),
        (("--creator", "Nobody"), 1, "There is no creator 'Nobody'"),
        (("--by", "mood"), 2, "mood"),
    ):
        said = await command("report", "volume", *arguments)
        assert (said.code, words in said.err) == (code, True), said.err
