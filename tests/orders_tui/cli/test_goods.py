"""Holds, marks, products and locations from the command line: what is data, what is refused, which exit code."""

from __future__ import annotations

import pytest

from engine.database.connection import Database
from engine.words import OrderStatus, WorkflowState
from tests.factories import MUG, Factory
from tests.orders_tui.cli.saying import Command


async def test_orders_are_held_listed_and_released(command: Command, factory: Factory) -> None:
    await factory.order(number="5771")
    await factory.order(number="5772", status=OrderStatus.DELIVERED, state=WorkflowState.COMPLETED)
    said = await command("orders", "hold", "5771", "--reason", "fraud", "--note", "two cards", "--until", "4h")
    assert (said.code, said.lines) == (0, ["5771  held"])
    [document] = (await command("orders", "holds", "--json")).documents
    assert (document["order_number"], document["reason"], document["note"]) == ("5771", "fraud", "two cards")
    assert document["until"] > document["placed_at"]
    [line] = (await command("orders", "holds", "--reason", "fraud")).lines
    assert line.split()[:2] == ["5771", "fraud"]
    assert (await command("orders", "holds", "--reason", "stock")).lines == []

    dry = await command("orders", "release", "5771", "--dry-run")
    assert (dry.code, dry.lines) == (0, ["5771  would be released"])
    assert (await command("orders", "release", "5771", "--reason", "fraud")).lines == ["5771  released"]
    again = await command("orders", "release", "5771", "--json")
    assert (again.code, again.documents[0]["code"]) == (1, "hold.none")


async def test_a_hold_without_order_reason_or_time_is_a_usage_error(command: Command, factory: Factory) -> None:
    await factory.order(number="5771")
    assert (await command("orders", "hold", "--reason", "fraud")).code == 2
    assert (await command("orders", "hold", "5771")).code == 2
    said = await command("orders", "hold", "5771", "--reason", "fraud", "--until", "soon")
    assert (said.code, said.err) == (
        2,
        "'soon' is no time: give one as 2026-12-01T09:00, or a span as 30m, 4h or 3d.\n",
    )
    past = await command("orders", "hold", "5771", "--reason", "fraud", "--until", "2020-01-01")
    assert past.code == 1
    assert "cannot end in the past" in past.err
    assert (await command("orders", "holds")).lines == []


async def test_orders_are_tagged_assigned_noted_and_prioritised(
    command: Command, factory: Factory, store: Database
) -> None:
    order_id = await factory.order(number="5771")
    await store.pool.execute(
        "INSERT INTO users (display_name, role, login_role) VALUES ('Mira Holt', 'operator', 'mira')"
    )
    assert (await command("orders", "tag", "5771", "--tag", "VIP", "--tag", "gift wrap")).lines == ["5771  tagged"]
    assert (await command("orders", "untag", "5771", "--tag", "vip", "--dry-run")).lines == ["5771  would be untagged"]
    assert (await command("orders", "assign", "5771", "--to", "mira")).lines == ["5771  assigned"]
    assert (await command("orders", "prioritise", "5771", "--level", "5")).lines == ["5771  prioritised"]
    assert (await command("orders", "note", "5771", "--text", "add the card", "--must-acknowledge")).code == 0
    row = await store.pool.fetchrow(
        "SELECT o.tags, o.priority_level, u.display_name FROM orders o JOIN users u ON u.id = o.assigned_to"
        " WHERE o.id = $1",
        order_id,
    )
    assert tuple(row) == (["vip", "gift-wrap"], 5, "Mira Holt")
    assert (await command("orders", "acknowledge", "5771")).lines == ["5771  acknowledged"]
    assert (await command("orders", "acknowledge", "5771")).code == 1
    assert (await command("orders", "prioritise", "5771")).code == 0
    unknown = await command("orders", "assign", "5771", "--to", "nobody")
    assert (unknown.code, unknown.err) == (
        1,
        "There is no user 'nobody': give an id, a login or a display name.\n",
    )
    for noun in ("tag", "untag", "assign", "note", "acknowledge", "prioritise", "release"):
        extra = {"tag": ["--tag", "a"], "untag": ["--tag", "a"], "note": ["--text", "a"]}.get(noun, [])
        assert (await command("orders", noun, *extra)).code == 2


async def test_a_product_is_set_shown_and_listed(command: Command, factory: Factory) -> None:
    await factory.product(MUG)
    said = await command(
        "product", "set", "MUG-BLU", "--weight", "410", "--box", "small", "--size", "200x150x100", "--bin", "A-3",
        "--barcode", "4006381333931", "--barcode", "MUG", "--hs-code", "6912.00", "--origin", "de",
        "--description", "Stoneware mug", "--value", "12.50 USD", "--json",
    )  # fmt: skip
    assert said.code == 0
    [document] = said.documents
    assert document["size_millimetres"] == [200, 150, 100]
    assert document["customs"]["hs_code"] == "691200"
    assert document["customs"]["value"] == {"amount": "12.50", "currency": "USD"}
    await command("product", "set", "SET-2", "--component", "MUG-BLU:2", "--name", "Two mugs")
    shown = await command("product", "show", "SET-2")
    assert shown.lines == ["SET-2  Two mugs", "Weight       none yet", "Kit of       2 MUG-BLU"]
    assert [line.split()[0] for line in (await command("product", "list")).lines] == ["MUG-BLU", "SET-2"]
    assert (await command("product", "show", "NEVER")).code == 1
    partly = await command("product", "set", "MUG-BLU", "--hs-code", "691200")
    assert (partly.code, partly.err) == (
        2,
        "Customs data is --hs-code, --origin, --description and --value together.\n",
    )
    assert (await command("product", "set", "MUG-BLU", "--size", "big")).code == 2
    wrong = await command("product", "set", "MUG-BLU", "--weight", "0")
    assert (wrong.code, wrong.err) == (1, "0 g is no weight for a product: give 1 to 70000 grams.\n")


async def test_a_sku_is_mapped_and_unmapped(command: Command, factory: Factory) -> None:
    await factory.product(MUG)
    said = await command("product", "map", "MUG_BLUE", "MUG-BLU")
    assert (said.code, said.err) == (0, "MUG_BLUE is MUG-BLU now; 0 failed orders were sent on.\n")
    [document] = (await command("product", "show", "MUG_BLUE", "--json")).documents
    assert (document["sku"], document["aliases"]) == ("MUG-BLU", ["MUG_BLUE"])
    assert (await command("product", "map", "MUG_BLUE", "MUG-BLU")).code == 1
    assert (await command("product", "unmap", "MUG_BLUE")).code == 0
    assert (await command("product", "unmap", "MUG_BLUE")).code == 1


async def test_a_location_gets_a_calendar(command: Command, factory: Factory) -> None:
    await factory.shop()
    said = await command(
        "location", "calendar", "MAIN", "--cut-off", "15:00", "--days", "mon-wed,sat", "--holiday", "2026-12-25",
        "--timezone", "Europe/Berlin", "--json",
    )  # fmt: skip
    [document] = said.documents
    assert (document["cut_off"], document["working_days"], document["holidays"], document["timezone"]) == (
        "15:00",
        [1, 2, 3, 6],
        ["2026-12-25"],
        "Europe/Berlin",
    )
    [line] = (await command("location", "list")).lines
    assert "cut-off 15:00  mon,tue,wed,sat  closed 2026-12-25" in line
    assert (await command("location", "calendar", "MAIN", "--none")).code == 0
    assert "no calendar" in (await command("location", "list")).lines[0]


async def test_a_location_is_added_and_a_product_ships_from_it(command: Command, factory: Factory) -> None:
    await factory.product(MUG)
    said = await command(
        "location", "set", "ANNEX", "--name", "The annex", "--line1", "2 Dock Road", "--city", "Reno", "--state", "NV",
        "--postal-code", "89501", "--country", "us", "--json",
    )  # fmt: skip
    [document] = said.documents
    assert (document["code"], document["name"], document["city"], document["country"]) == (
        "ANNEX",
        "The annex",
        "Reno",
        "US",
    )
    assert (await command("location", "set", "ANNEX", "--name", "The old annex")).lines[0].endswith("(Reno, US)")
    assert (await command("product", "set", "MUG-BLU", "--location", "ANNEX")).code == 0
    before = (await command("location", "list")).out
    assert (await command("location", "set", "the annex", "--name", "x")).code == 1
    assert (await command("location", "set", "B", "--line1", "1 Dock Road", "--country", "XX")).code == 1
    assert (await command("location", "set", "B", "--city", "Reno")).code == 2
    assert (await command("location", "list")).out == before


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--none", "--cut-off", "15:00"),
        ("--cut-off", "late"),
        ("--cut-off", "15:00", "--days", "fri-mon"),
        ("--cut-off", "15:00", "--days", "someday"),
        ("--cut-off", "15:00", "--holiday", "christmas"),
    ],
)
async def test_a_calendar_that_makes_no_sense_is_a_usage_error(
    command: Command, factory: Factory, options: tuple[str, ...]
) -> None:
    await factory.shop()
    assert (await command("location", "calendar", "MAIN", *options)).code == 2
    assert "no calendar" in (await command("location", "list")).lines[0]
