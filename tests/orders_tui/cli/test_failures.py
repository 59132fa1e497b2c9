"""`orders-tui failures`, `orders timeline` and `report`, as a script meets them."""

from __future__ import annotations

import pytest

from engine.database.connection import Database
from engine.ports.outcomes import Failed
from engine.words import EffectKind
from tests.engine.facts import an_order
from tests.engine.house import House
from tests.orders_tui.cli.saying import Command


@pytest.fixture
async def house(store: Database) -> House:
    """Two orders that failed for one reason."""
    house = await House.open(store)
    await house.stock()
    await house.arrive(an_order(house.shop_id, "5771"), an_order(house.shop_id, "5772"))
    for claim in await house.claim(EffectKind.BUY_LABEL):
        await house.settle(claim, Failed("no_rates", "No carrier goes there."))
    return house


async def test_a_group_is_listed_shown_worked_and_sent_on(command: Command, house: House, store: Database) -> None:
    await store.pool.execute("INSERT INTO users (display_name, role, login_role) VALUES ('Mira', 'operator', 'mira')")
    [group] = (await command("failures", "list", "--json")).documents
    assert (group["fingerprint"], group["orders"], group["error_class"]) == ("no_rates", 2, "business")
    shown = (await command("failures", "show", "no_rates", "--json")).documents
    assert {each["order_number"] for each in shown} == {"5771", "5772"}
    assert shown[0]["tried"][0]["what"] == "Buy the label, try 1"
    assert "Tried" in (await command("failures", "show", "no_rates")).out

    assert (await command("failures", "assign", "--group", "no_rates", "--to", "mira")).code == 0
    assert (await command("failures", "acknowledge", "5771")).code == 0
    assert "Mira's" in (await command("failures", "list")).out
    assert (await command("failures", "snooze", "5771", "5772", "--until", "2100-01-01")).code == 0
    assert (await command("failures", "list", "--json")).documents == []
    assert (await command("failures", "list", "--snoozed", "--json")).documents[0]["snoozed"] == 2
    assert (await command("failures", "wake", "--group", "no_rates")).code == 0
    said = await command("failures", "retry-group", "no_rates", "--reason", "another carrier", "--json")
    assert said.code == 0
    assert (await command("failures", "list", "--json")).documents == []
    assert (await command("failures", "retry-group", "no_rates")).code == 1


async def test_targets_that_make_no_sense_are_a_usage_error(command: Command, house: House) -> None:
    assert (await command("failures", "acknowledge")).code == 2
    assert (await command("failures", "wake", "5771", "--group", "no_rates")).code == 2
    assert (await command("failures", "snooze", "5771", "--until", "2001-01-01")).code == 1
    assert (await command("failures", "assign", "5771", "--to", "nobody-knows")).code == 1


async def test_a_story_is_told_whole_or_by_kind(command: Command, house: House) -> None:
    whole = (await command("orders", "timeline", "5771", "--json")).documents
    some = (await command("orders", "timeline", "5771", "--kind", "step", "--kind", "failure", "--json")).documents
    assert some == [entry for entry in whole if entry["kind"] in {"step", "failure"}]
    assert len({entry["entry_id"] for entry in whole}) == len(whole)
    assert "No carrier goes there." in (await command("orders", "timeline", "5771", "--kind", "failure")).out
    assert (await command("orders", "timeline", "9999")).code == 1


async def test_the_latency_is_told_without_waiting_and_without_out_of_stock(command: Command, house: House) -> None:
    [document] = (await command("report", "latency", "--since", "2020-01-01", "--json")).documents
    assert document["errors"] == {"orders": 2, "failed": 2, "out_of_stock": 0, "rate": 1.0}
    assert document["latency"]["orders"] == 0
    assert "no order became ready" in (await command("report", "latency", "--since", "2020-01-01")).out
