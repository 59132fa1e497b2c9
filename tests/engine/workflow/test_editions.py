"""A shop's own workflow, version by version: orders finish on what they started with, and a broken one harms no other order."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.errors import Misconfigured, NotFound, OrdersError, Refused
from engine.identifiers import OrderId
from engine.orders import detail, status
from engine.orders.correction import correct_address
from engine.shops import policies, shops
from engine.words import ChannelStatus, OrderStatus, TrackingStatus
from engine.workflow.definition import digest_of
from engine.workflow.definition_file import packaged_digest, packaged_text
from engine.workflow.failures import retry
from engine.workflow.library import list_workflows, load_workflow, read_workflow
from engine.workflow.machine import compile_definition
from tests.engine.facts import QUAY, a_unit, an_order, later
from tests.engine.house import MIRA, WORKING, House, Standing
from tests.factories import MASTER_KEY, environment_for, opened

PROJECT = Path(__file__).parents[3]


def own(version: int = 1) -> str:
    """The default workflow under a name of its own."""
    return packaged_text().replace('name = "order"', 'name = "careful"').replace("version = 1", f"version = {version}")


CAREFUL = own()
"""Like the default."""

APPROVED = own(2).replace("transitions.reserve_inventory]", "transitions.approve]")
"""The same steps; reserving is called approving."""


async def load(house: House, text: str) -> None:
    await load_workflow(house.store, text, "careful.toml", actor=MIRA)


async def use(house: House) -> None:
    """The house's shop starts its orders on the careful workflow."""
    await policies.use_workflow(house.store, house.shop_id, "careful", actor=MIRA)


async def edition(house: House, order_id: OrderId) -> tuple[str, int]:
    row = await house.store.pool.fetchrow(
        "SELECT workflow_name, workflow_version FROM order_workflows WHERE order_id = $1", order_id
    )
    return tuple(row)


async def finish(house: House, order_id: OrderId, *, minute: int) -> None:
    await house.buy_labels()
    await house.tell_tiktok()
    await house.track(order_id, TrackingStatus.IN_TRANSIT, minute=minute)
    await house.track(order_id, TrackingStatus.DELIVERED, minute=minute + 1)
    assert await house.standing(order_id) == Standing("completed", "delivered", "completed", None)


async def refused(doing: Any) -> OrdersError:
    with pytest.raises(OrdersError) as error:
        await doing
    return error.value


async def test_the_packaged_workflow_is_stored_before_the_first_order_starts_on_it(
    house: House, store: Database
) -> None:
    assert await store.pool.fetchval("SELECT count(*) FROM workflow_definitions") == 0
    [first] = await house.arrive(an_order(house.shop_id, "1"))
    [second] = await house.arrive(an_order(house.shop_id, "2"))
    rows = await store.pool.fetch("SELECT name, version, text, digest FROM workflow_definitions")
    assert [tuple(row) for row in rows] == [("order", 1, packaged_text(), packaged_digest())]
    assert await edition(house, first) == await edition(house, second) == ("order", 1)


async def test_programs_that_store_it_at_once_store_it_once(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    async with opened(database) as other:
        there = House(other, house.shop_id, house.daemon_id)
        await asyncio.gather(
            house.arrive(an_order(house.shop_id, "1")),
            there.arrive(an_order(house.shop_id, "2")),
            house.arrive(an_order(house.shop_id, "3")),
            there.arrive(an_order(house.shop_id, "4")),
        )
    assert await store.pool.fetchval("SELECT count(*) FROM workflow_definitions") == 1
    assert await store.pool.fetchval("SELECT count(*) FROM order_workflows WHERE workflow_status = 'running'") == 4


async def test_an_open_order_finishes_on_the_version_it_started_with_while_a_new_one_runs_the_next(
    house: House,
) -> None:
    await load(house, CAREFUL)
    await use(house)
    [old] = await house.arrive(an_order(house.shop_id, "1", ChannelStatus.UNPAID))
    await load(house, APPROVED)
    [new] = await house.arrive(an_order(house.shop_id, "2"))
    await house.arrive(an_order(house.shop_id, "1", minute=1))
    assert (await edition(house, old), await edition(house, new)) == (("careful", 1), ("careful", 2))
    assert await house.steps(old) == ["arrive", "validate", "reserve_inventory"]
    assert await house.steps(new) == ["arrive", "validate", "approve"]
    await finish(house, old, minute=60)
    await finish(house, new, minute=70)
    assert await house.steps(old) == ["arrive", "validate", "reserve_inventory", "ready_to_ship", "ship", "deliver"]
    assert await house.steps(new) == ["arrive", "validate", "approve", "ready_to_ship", "ship", "deliver"]
    await house.assert_balanced()


async def test_an_order_finishes_on_a_default_that_the_package_has_changed_since(
    house: House, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table's first version is an older package's, the program brings the next."""
    [old] = await house.arrive(an_order(house.shop_id, "1", ChannelStatus.UNPAID))
    text = packaged_text().replace("transitions.reserve_inventory]", "transitions.reserve]")
    await store.pool.execute("UPDATE workflow_definitions SET text = $1, digest = $2", text, digest_of(text))
    newer = packaged_text().replace("version = 1", "version = 2")
    await store.pool.execute(
        "INSERT INTO workflow_definitions (name, version, text, digest) VALUES ('order', 2, $1, $2)",
        newer,
        digest_of(newer),
    )
    [new] = await house.arrive(an_order(house.shop_id, "2"))
    await house.arrive(an_order(house.shop_id, "1", minute=1))
    assert (await edition(house, old), await edition(house, new)) == (("order", 1), ("order", 2))
    assert await house.steps(old) == ["arrive", "validate", "reserve"]
    assert await house.steps(new) == ["arrive", "validate", "reserve_inventory"]
    await finish(house, old, minute=60)
    await finish(house, new, minute=70)


async def test_a_machine_is_compiled_once_and_read_from_the_table_once(
    house: House, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await load(house, CAREFUL + "\n# met for the first time\n")
    await use(house)
    compiled: list[str] = []

    def counted(definition: Any) -> Any:
        compiled.append(definition.name)
        return compile_definition(definition)

    monkeypatch.setattr("engine.workflow.machines.compile_definition", counted)
    for number in ("1", "2", "3"):
        await house.arrive(an_order(house.shop_id, number))
    await store.pool.execute("UPDATE work SET ready = true")
    await house.run()
    assert compiled == ["careful"]


async def test_a_daemon_that_has_never_seen_a_definition_compiles_it_for_itself(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    await load(house, APPROVED)
    await use(house)
    [order_id] = await house.arrive(an_order(house.shop_id, "1", ChannelStatus.UNPAID))
    await correct_address(store, order_id, QUAY, actor=MIRA)
    await store.pool.execute("UPDATE orders SET channel_status = 'AWAITING_SHIPMENT', payment_status = 'paid'")
    await store.pool.execute("UPDATE work SET ready = true")
    program = (
        "import asyncio, os\n"
        "from engine.database.connection import DatabaseSettings, open_database\n"
        "from engine.workflow.runner import run_batch\n"
        "async def main():\n"
        "    settings = DatabaseSettings(url=os.environ['ORDERS_TUI_DATABASE__URL'])\n"
        "    database = await open_database(settings, os.environ)\n"
        "    print(await run_batch(database, 10))\n"
        "    await database.close()\n"
        "asyncio.run(main())\n"
    )
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", program],
        env={**dict(environment_for(database)), "ORDERS_TUI_MASTER_KEY": MASTER_KEY, "PATH": ""},
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == ("1\n", "")
    assert await house.steps(order_id) == ["arrive", "validate", "approve"]


async def test_two_workflows_are_decided_in_one_batch(house: House, store: Database) -> None:
    [plain] = await house.arrive(an_order(house.shop_id, "1"))
    await load(house, APPROVED)
    await use(house)
    [careful] = await house.arrive(an_order(house.shop_id, "2"))
    assert len(await house.buy_labels()) == 2
    await store.pool.execute("UPDATE packages SET first_scan_at = now()")
    await store.pool.execute("UPDATE work SET ready = true")
    assert await house.run() == 2
    assert {(await house.standing(each)).state for each in (plain, careful)} == {"shipped"}


async def test_the_same_text_again_is_nothing_new_and_a_changed_one_has_to_raise_its_version(
    house: House, store: Database
) -> None:
    first = await load_workflow(store, CAREFUL, "careful.toml", actor=MIRA)
    again = await load_workflow(store, CAREFUL, "careful.toml", actor=MIRA)
    assert ((first.name, first.version, first.stored), again.stored) == (("careful", 1, True), False)
    counts = await house.row_counts()
    changed = await refused(load_workflow(store, CAREFUL + "\n# changed\n", "careful.toml", actor=MIRA))
    assert (type(changed), changed.code, changed.sentence) == (
        Refused,
        "workflow.version_taken",
        "careful.toml: version 1 of careful is stored with another text, and orders may be on it: raise `version` to 2.",
    )
    await load(house, own(4))
    lower = await refused(load_workflow(store, own(3), "careful.toml", actor=MIRA))
    assert lower.sentence == (
        "careful.toml: version 3 of careful is older than version 4, and orders may be on it: raise `version` to 5."
    )
    versions = await store.pool.fetch("SELECT version, text FROM workflow_definitions ORDER BY version")
    assert [tuple(row) for row in versions] == [(1, CAREFUL), (4, own(4))]
    after = await house.row_counts()
    assert (after["workflow_definitions"], after["audit_log"]) == (
        counts["workflow_definitions"] + 1,
        counts["audit_log"] + 1,
    )
    audit = await store.pool.fetch(
        "SELECT sequence, actor FROM audit_log WHERE action = 'definition.loaded' ORDER BY sequence"
    )
    assert [tuple(row) for row in audit] == [(1, "mira"), (2, "mira")]


async def test_two_people_who_load_the_same_version_at_once_store_one(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    async with opened(database) as other:
        outcomes = await asyncio.gather(
            *(
                load_workflow(each, own() + f"\n# {place}\n", "careful.toml", actor=MIRA)
                for place, each in enumerate((store, other, store, other))
            ),
            return_exceptions=True,
        )
    assert sum(not isinstance(outcome, Exception) for outcome in outcomes) == 1
    assert {outcome.code for outcome in outcomes if isinstance(outcome, OrdersError)} == {"workflow.version_taken"}
    assert await store.pool.fetchval("SELECT count(*) FROM workflow_definitions") == 1


async def test_the_name_of_the_packaged_workflow_is_the_program_s(house: House) -> None:
    counts = await house.row_counts()
    error = await refused(load_workflow(house.store, packaged_text() + "\n", "mine.toml", actor=MIRA))
    assert (error.code, error.sentence) == (
        "workflow.name_reserved",
        "mine.toml: the name order belongs to the workflow that ships with the program; give yours a `name` of its own.",
    )
    assert await house.row_counts() == counts


async def test_a_file_with_mistakes_is_refused_with_all_of_them(house: House) -> None:
    counts = await house.row_counts()
    text = CAREFUL.replace('"generate_pick_list"', '"ring_bell"').replace('target = "shipped"', 'target = "validated"')
    error = await refused(load_workflow(house.store, text, "careful.toml", actor=MIRA))
    assert isinstance(error, Misconfigured)
    assert [line.partition(": ")[0] for line in error.sentence.splitlines()] == [
        "careful.toml, state new",
        "careful.toml, state validated",
        "careful.toml, state inventory_reserved",
        "careful.toml, state ready_to_ship",
        "careful.toml, state shipped",
        "careful.toml, state completed",
        "careful.toml, state inventory_reserved",
    ]
    assert await house.row_counts() == counts


async def test_a_shop_cannot_name_a_workflow_that_nobody_loaded(house: House, store: Database) -> None:
    for doing in (
        policies.use_workflow(store, house.shop_id, "careful", actor=MIRA),
        house.set_policies(replace(WORKING, workflow="careful")),
    ):
        error = await refused(doing)
        assert (type(error), error.sentence) == (
            NotFound,
            "There is no workflow careful: orders-tui workflow list names those there are.",
        )
    assert (await shops.find_shop(store, house.shop_id)).policies == WORKING


async def test_a_shop_s_workflow_is_changed_and_the_audit_knows_by_whom(house: House, store: Database) -> None:
    await load(house, CAREFUL)
    await use(house)
    await use(house)
    assert (await shops.find_shop(store, house.shop_id)).policies == replace(WORKING, workflow="careful")
    rows = await store.pool.fetch("SELECT actor FROM audit_log WHERE action = 'shop.workflow'")
    assert [row["actor"] for row in rows] == ["mira"]


async def break_it(house: House, version: int = 1) -> None:
    """A newer program wrote a definition with an action that this one does not have."""
    text = own(version).replace('"log_validation_success"', f'"ask_the_oracle_of_{version}"')
    await house.store.pool.execute(
        "INSERT INTO workflow_definitions (name, version, text, digest) VALUES ('careful', $1, $2, $3)",
        version,
        text,
        digest_of(text),
    )


async def test_an_order_on_a_definition_this_program_cannot_run_ends_alone_in_front_of_a_person(
    house: House, store: Database
) -> None:
    await break_it(house)
    [healthy] = await house.arrive(an_order(house.shop_id, "1"))
    await use(house)
    [broken] = await house.arrive(an_order(house.shop_id, "2"))
    assert await house.standing(broken) == Standing("new", "pending", "running", "")
    await store.pool.execute("UPDATE work SET ready = true")
    assert await house.run() == 2
    assert (await house.standing(healthy)).state == "inventory_reserved"
    assert await house.standing(broken) == Standing("failed", "pending", "failed", "person")
    failure = await house.failure(broken)
    assert (failure["code"], failure["error_class"], failure["failed_from"], failure["what_to_do"]) == (
        "workflow_unusable",
        "system",
        "new",
        "Update Orders TUI on the machine that works the orders, or load a workflow it can run; then retry all.",
    )
    assert failure["cause"].startswith(
        "The workflow careful, version 1, cannot be run by this program: careful, version 1, state new, transition"
        " validate: there is no action 'ask_the_oracle_of_1'; known are "
    )
    await store.pool.execute("UPDATE work SET ready = true")
    assert await house.run() == 2, "looked at again, it stays where it is"
    assert await house.steps(broken) == ["arrive", "fail"]
    await house.assert_balanced()


async def test_an_order_whose_definition_cannot_be_run_refuses_people_and_obeys_a_cancellation(
    house: House, store: Database
) -> None:
    await break_it(house)
    await use(house)
    fact = an_order(house.shop_id, "2")
    [broken] = await house.arrive(fact)
    await house.run()
    version = await house.version(broken)
    [retried] = await retry(store, [broken], actor=MIRA)
    [changed] = await status.change(store, [broken], OrderStatus.CONFIRMED, actor=MIRA, reason="")
    for outcome in (retried, changed):
        assert outcome.code == "workflow.unusable"
        assert outcome.sentence.startswith("Order 2 cannot go on: The workflow careful, version 1, cannot be run")
    view = (await detail.detail(store, broken)).workflow
    assert (view.name, view.version, view.states) == ("careful", 1, ())
    assert view.allowed[OrderStatus.CONFIRMED].startswith("Order 2 cannot go on: The workflow careful")
    assert await house.version(broken) == version
    await house.arrive(later(fact, ChannelStatus.CANCELLED, minute=5))
    assert await house.standing(broken) == Standing("failed", "cancelled", "cancelled", None)
    await house.assert_balanced()


async def test_an_order_goes_on_once_its_definition_can_be_run(house: House, store: Database) -> None:
    await break_it(house)
    await use(house)
    [broken] = await house.arrive(an_order(house.shop_id, "2"))
    await house.run()
    await store.pool.execute(
        "UPDATE workflow_definitions SET text = $1, digest = $2 WHERE name = 'careful'", CAREFUL, digest_of(CAREFUL)
    )  # as when the newer program runs it
    [outcome] = await retry(store, [broken], actor=MIRA)
    assert outcome.code == ""
    assert await house.standing(broken) == Standing("inventory_reserved", "processing", "running", "label")


async def test_new_orders_start_on_the_newest_version_that_this_program_can_run(house: House) -> None:
    await load(house, CAREFUL)
    await use(house)
    await break_it(house, 2)
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    assert await edition(house, order_id) == ("careful", 1)
    assert (await house.standing(order_id)).state == "inventory_reserved"


async def test_a_definition_that_is_gone_puts_its_orders_in_front_of_a_person(house: House, store: Database) -> None:
    await load(house, CAREFUL)
    await use(house)
    [order_id] = await house.arrive(an_order(house.shop_id, "1", ChannelStatus.UNPAID))
    await store.pool.execute("DELETE FROM workflow_definitions WHERE name = 'careful'")
    await house.arrive(an_order(house.shop_id, "1", minute=1))
    assert (await house.failure(order_id))["cause"] == "The workflow careful, version 1, is not in the database."


async def test_what_a_person_may_ask_for_is_told_by_the_order_s_own_workflow(house: House, store: Database) -> None:
    """In this one stock is not reserved before it ships, so confirmed orders ship at once."""
    short = own(2).replace('[states.new.transitions.validate]\ntarget = "validated"', SHORTCUT)
    await load(house, short)
    await use(house)
    [order_id] = await house.arrive(an_order(house.shop_id, "1", units=[a_unit(str(n)) for n in range(11)]))
    view = (await detail.detail(store, order_id)).workflow
    assert (view.name, view.version) == ("careful", 2)
    assert view.states == ("new", "validated", "inventory_reserved", "ready_to_ship", "shipped", "completed", "failed")
    assert (await house.standing(order_id)).state == "new"
    assert view.allowed[OrderStatus.SHIPPED] == ""
    assert view.allowed[OrderStatus.CONFIRMED] == ""
    [outcome] = await status.change(store, [order_id], OrderStatus.SHIPPED, actor=MIRA, reason="taken away")
    assert (outcome.code, outcome.after) == ("", OrderStatus.SHIPPED)
    assert (await house.steps(order_id))[-1] == "taken"
    await house.assert_balanced()


SHORTCUT = """[states.new.transitions.taken]
target = "shipped"
conditions = ["payment_confirmed"]
when = "handed_over"
actions = ["mark_shipped"]

[states.new.transitions.validate]
when = "handed_over"
target = "validated\""""


async def test_the_library_lists_editions_with_who_is_on_them(house: House, store: Database) -> None:
    async with store.pool.acquire() as connection:
        [packaged] = await list_workflows(connection)
        assert (packaged.name, packaged.version, packaged.created_at, packaged.shops) == ("order", 1, None, ())
        await house.arrive(an_order(house.shop_id, "1"))
        await load(house, CAREFUL)
        await use(house)
        await house.arrive(an_order(house.shop_id, "2"), an_order(house.shop_id, "3"))
        await load(house, own(2))
        listed = await list_workflows(connection)
        assert [(each.name, each.version, each.open_orders, each.shops) for each in listed] == [
            ("careful", 1, 2, ()),
            ("careful", 2, 0, ("Alder Goods",)),
            ("order", 1, 1, ()),
        ]
        definition, text = await read_workflow(connection, "careful")
        assert (definition.version, text) == (2, own(2))
        definition, text = await read_workflow(connection, "careful", 1)
        assert (definition.version, text) == (1, CAREFUL)
        with pytest.raises(NotFound) as unknown:
            await read_workflow(connection, "careful", 3)
        assert unknown.value.sentence == (
            "There is no version 3 of the workflow careful: orders-tui workflow list names those there are."
        )


TWO_STATES = """
name = "careful"
version = 1
initial = "new"

[states.new]
order_status = "pending"
[states.new.transitions.close]
target = "completed"
conditions = ["payment_confirmed"]

[states.completed]
final = true
order_status = "delivered"
entry_actions = ["finalize_order"]

[states.failed]
entry_actions = ["log_failure_reason", "notify_support"]
"""


async def test_an_order_arranged_elsewhere_begins_at_the_beginning_of_a_workflow_that_has_no_such_state(
    house: House,
) -> None:
    await load(house, TWO_STATES)
    await use(house)
    [order_id] = await house.arrive(an_order(house.shop_id, "1", ChannelStatus.IN_TRANSIT))
    assert await house.standing(order_id) == Standing("failed", "pending", "failed", "person")
    assert (await house.failure(order_id))["code"] == "shipped_elsewhere"
    assert await house.steps(order_id) == ["arrive", "fail"]
    await house.assert_balanced()


async def test_a_workflow_of_two_states_closes_what_is_paid(house: House) -> None:
    await load(house, TWO_STATES)
    await use(house)
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    assert await house.standing(order_id) == Standing("completed", "delivered", "completed", None)
    await house.assert_balanced()


async def test_an_order_in_a_state_that_its_workflow_does_not_have_is_put_in_front_of_a_person(
    house: House, store: Database
) -> None:
    await load(house, TWO_STATES)
    await use(house)
    [order_id] = await house.arrive(an_order(house.shop_id, "1", ChannelStatus.UNPAID))
    await store.pool.execute("UPDATE orders SET workflow_status = 'ready_to_ship'")
    await store.pool.execute("UPDATE order_workflow_steps SET to_state = 'ready_to_ship'")
    await store.pool.execute("UPDATE work SET ready = true")
    assert await house.run() == 1
    failure = await house.failure(order_id)
    assert (failure["code"], failure["cause"]) == (
        "workflow_unusable",
        "The workflow careful has no state ready_to_ship.",
    )
