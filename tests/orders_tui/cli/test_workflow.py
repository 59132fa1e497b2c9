"""`orders-tui workflow`: files are checked, drawn, loaded and listed; executions started, paused, resumed, cancelled."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.database.connection import Database
from engine.ports.outcomes import Failed
from engine.words import EffectKind
from engine.workflow.definition_file import packaged_text
from engine.workflow.facts import Picking
from tests.engine.facts import QUAY, a_unit, an_order
from tests.engine.house import WORKING, House
from tests.orders_tui.cli.saying import Command

SMALL = """
name = "small"
version = 1
initial = "new"

[states.new]
order_status = "pending"
entry_actions = ["validate_order_data"]

[states.new.transitions.close]
target = "completed"
when = "handed_over"
conditions = ["order_data_valid", "payment_confirmed"]
actions = ["create_shipping_label", "log_validation_success"]

[states.new.transitions.reject]
target = "failed"
when = "order_data_refused"
actions = ["notify_creator", "log_validation_failure"]

[states.completed]
order_status = "delivered"
final = true
entry_actions = ["finalize_order", "update_creator_metrics"]

[states.failed]
entry_actions = ["log_failure_reason", "notify_support"]

[actions.create_shipping_label]
max_attempts = 5
backoff_strategy = "exponential"
base_delay = 2.5

[system.cancel]
conditions = ["not_handed_over"]
actions = ["release_stock", "void_effects", "void_label", "close_cancelled"]
"""

DRAWN = """\
small, version 1, begins at new

┌─ new ───────────────────────────────────────────────────────────── pending ──┐
│ entry validate_order_data                                                    │
└──────────────────────────────────────────────────────────────────────────────┘
  ├─ close ──▶ completed
  │    when  handed_over
  │    if    order_data_valid, payment_confirmed
  │    do    create_shipping_label, log_validation_success
  └─ reject ──▶ failed
       when  order_data_refused
       do    notify_creator, log_validation_failure

┌─ completed ──────────────────────────────────────────────── end  delivered ──┐
│ entry finalize_order, update_creator_metrics                                 │
└──────────────────────────────────────────────────────────────────────────────┘

┌─ failed ─────────────────────────────────────────────────────────────────────┐
│ entry log_failure_reason, notify_support                                     │
└──────────────────────────────────────────────────────────────────────────────┘

From any state that is not final
  fail
  resume
    do    rearm_effects
  cancel
    if    not_handed_over
    do    release_stock, void_effects, void_label, close_cancelled

Tried again
  create_shipping_label: 5 tries, 2.5 s apart, twice as long each time
"""

MERMAID = """\
stateDiagram-v2
    [*] --> new
    new : entry / validate_order_data
    new --> completed : close [handed_over, order_data_valid, payment_confirmed] / create_shipping_label, log_validation_success
    new --> failed : reject [order_data_refused] / notify_creator, log_validation_failure
    completed : entry / finalize_order, update_creator_metrics
    completed --> [*]
    failed : entry / log_failure_reason, notify_support
"""


@pytest.fixture
async def house(store: Database) -> House:
    house = await House.open(store)
    await house.stock("MUG-BLU", 10)
    return house


@pytest.fixture
def small(tmp_path: Path) -> Path:
    file = tmp_path / "small.toml"
    file.write_text(SMALL, encoding="utf-8")
    return file


async def test_a_sound_file_is_sound(command: Command, small: Path) -> None:
    said = await command("workflow", "check", str(small))
    assert (said.code, said.out, said.err) == (0, "small.toml is sound: small, version 1.\n", "")


async def test_every_mistake_is_named_at_once_and_is_exit_code_2(command: Command, small: Path) -> None:
    small.write_text(
        SMALL.replace('"completed"', '"shipped"').replace('"notify_support"', '"ring_bell"').replace("= 5", "= 0")
    )
    said = await command("workflow", "check", str(small))
    assert said.code == 2
    assert [line.partition("; known")[0] for line in said.lines] == [
        "small.toml, action create_shipping_label: max_attempts must be a whole number from 1 to 100.",
        "small.toml, state failed: there is no action 'ring_bell'",
    ]
    [document] = (await command("workflow", "check", str(small), "--json")).documents
    assert (document["sound"], len(document["mistakes"])) == (False, 2)


async def test_a_file_that_is_not_there_is_exit_code_2(command: Command, tmp_path: Path) -> None:
    said = await command("workflow", "check", str(tmp_path / "gone.toml"))
    assert (said.code, said.out) == (2, "")
    assert said.err == f"Cannot read the workflow file {tmp_path / 'gone.toml'}: no such file or directory.\n"


async def test_a_workflow_is_drawn_for_the_terminal_and_for_mermaid(command: Command, small: Path) -> None:
    assert (await command("workflow", "show", str(small))).out == DRAWN
    assert (await command("workflow", "show", str(small), "--mermaid")).out == MERMAID
    [document] = (await command("workflow", "show", str(small), "--json")).documents
    assert document["states"]["new"]["transitions"]["reject"]["when"] == "order_data_refused"
    assert document["actions"]["create_shipping_label"] == {
        "max_attempts": 5,
        "backoff_strategy": "exponential",
        "base_delay": 2.5,
        "max_delay": 3600.0,
    }


async def test_the_default_workflow_is_drawn_within_80_columns(command: Command) -> None:
    said = await command("workflow", "show")
    assert said.code == 0
    assert said.lines[0].startswith("order, version 1")
    assert max(map(len, said.lines)) <= 80
    assert "  └─ ready_to_ship ──▶ ready_to_ship  (may be skipped)" in said.lines


async def test_a_workflow_is_loaded_for_a_shop_and_listed(command: Command, small: Path, house: House) -> None:
    said = await command("workflow", "load", str(small), "--shop", "Alder Goods")
    assert (said.code, said.out, said.err) == (
        0,
        "small, version 1: stored.\n",
        "New orders of Alder Goods start on small.\n",
    )
    again = await command("workflow", "load", str(small))
    assert (again.code, again.out) == (0, "small, version 1: was stored already.\n")
    await house.arrive(an_order(house.shop_id, "1"))
    listed = await command("workflow", "list")
    assert listed.lines == [
        "order                version 1          0 open orders",
        "small                version 1          1 open orders  new orders of Alder Goods",
    ]
    small.write_text(SMALL + "\n# changed\n")
    changed = await command("workflow", "load", str(small))
    assert (changed.code, changed.out) == (1, "")
    assert "raise `version` to 2." in changed.err
    assert (await command("workflow", "show", "small")).out == DRAWN
    nowhere = await command("workflow", "load", str(small), "--shop", "Elm Goods")
    assert (nowhere.code, nowhere.err) == (1, "There is no shop 'Elm Goods'; connected: Alder Goods.\n")
    unknown = await command("workflow", "show", "large")
    assert (unknown.code, unknown.err) == (
        1,
        "There is no workflow large: orders-tui workflow list names those there are.\n",
    )


async def test_a_workflow_is_triggered_paused_resumed_and_cancelled(command: Command, house: House) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, "5771"))
    refused = await command("workflow", "trigger", "5771")
    assert refused.code == 1
    assert refused.out == (
        "refused: Order 5771 is at work in order, version 1 (inventory reserved): force a restart to start anew.\n"
    )
    [document] = (
        await command("workflow", "trigger", "5771", "--force-restart", "--config", "pick=scan", "--json")
    ).documents
    assert (document["success"], document["order_number"], document["state"]) == (True, "5771", "inventory_reserved")
    assert set(document) == {
        "success",
        "workflow_id",
        "order_id",
        "order_number",
        "workflow_name",
        "workflow_version",
        "state",
        "estimated_completion",
    }
    paused = await command("workflow", "pause", "5771", "--reason", "counting")
    assert (paused.code, paused.out) == (0, "5771  paused\n")
    assert (await house.standing(order_id)).execution == "paused"
    assert (await command("workflow", "pause", "5771")).code == 1
    assert (await command("workflow", "resume", "5771")).out == "5771  resumed\n"
    assert (await command("workflow", "cancel", "5771")).out == "5771  cancelled\n"
    assert (await house.standing(order_id)).execution == "cancelled"
    wrong = await command("workflow", "trigger", "5771", "--config", "pick")
    assert (wrong.code, wrong.err) == (2, "--config 'pick' must be written NAME=VALUE.\n")
    assert (await command("workflow", "pause")).code == 2


async def test_a_failed_order_is_resumed_with_corrected_data(command: Command, house: House) -> None:
    await house.stock("FEATHER", 5, weight_grams=None)
    fact = an_order(house.shop_id, "5771", units=(a_unit(sku="FEATHER"),), address=replace(QUAY, city=""))
    [order_id] = await house.arrive(fact)
    said = await command(
        "orders", "resume", "5771", "--address", "city=Port Alder", "--weight", "FEATHER=3", "--reason", "asked"
    )
    assert (said.code, said.out, said.err) == (0, "5771  pending → processing\n", "")
    assert (await house.standing(order_id)).state == "inventory_reserved"
    again = await command("orders", "resume", "5771", "--weight", "FEATHER=3")
    assert (again.code, again.out) == (1, "")
    wrong = await command("orders", "resume", "5771", "--weight", "FEATHER=light")
    assert (wrong.code, wrong.err) == (2, "--weight FEATHER='light' must be a whole number of grams.\n")


async def test_a_step_is_skipped_with_a_reason(command: Command, house: House) -> None:
    await house.set_policies(replace(WORKING, pick=Picking.SCAN))
    [picked, failed] = await house.arrive(an_order(house.shop_id, "5771"), an_order(house.shop_id, "5772"))
    claims = {claim.order_id: claim for claim in await house.claim(EffectKind.BUY_LABEL)}
    assert await house.settle(claims[failed], Failed("no_rates", "No carrier goes there."))
    await house.store.pool.execute("UPDATE effects SET lease_until = NULL, due_at = now() WHERE order_id = $1", picked)
    await house.buy_labels()
    said = await command("orders", "skip", "5771", "5772", "--reason", "in my hands")
    assert said.code == 1
    assert said.lines[0] == "5771  skipped"
    assert said.lines[1].startswith("5772  refused: Order 5772: what stopped it cannot be skipped.")
    assert (await house.standing(picked)).state == "ready_to_ship"
    assert (await command("orders", "skip", "5771")).code == 2, "a reason is asked for"


async def test_the_packaged_file_is_printed_as_a_start_for_one_s_own(command: Command, tmp_path: Path) -> None:
    said = await command("workflow", "show", "--toml")
    assert (said.code, said.out) == (0, packaged_text())
    mine = tmp_path / "mine.toml"
    mine.write_text(said.out.replace('name = "order"', 'name = "mine"'), encoding="utf-8")
    assert (await command("workflow", "load", str(mine))).out == "mine, version 1: stored.\n"
    taken = await command("workflow", "check", str(mine))
    assert taken.code == 0
