"""Many orders from the command line: which are meant, what is asked first, what a script reads, how it is taken back."""

from __future__ import annotations

import asyncio
import io
import signal
from pathlib import Path
from typing import Any

import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.orders.bulk import batches, many
from engine.orders.bulk.requests import BulkKind, BulkRequest
from engine.words import OrderStatus, WorkflowState
from tests.engine.house import MIRA
from tests.factories import Factory, environment_for
from tests.orders_tui.cli import programs
from tests.orders_tui.cli.saying import Command


@pytest.fixture
async def five(factory: Factory, store: Database) -> None:
    """Four orders that wait for payment, and one that was shipped, of a shop that is worked."""
    for number in ("5771", "5772", "5773", "5774"):
        await factory.order(number=number)
    await factory.order(number="5775", status=OrderStatus.SHIPPED, state=WorkflowState.SHIPPED)
    await store.pool.execute("UPDATE shops SET policies = $1", {"import_mode": "work"})


async def tags(store: Database) -> dict[str, list[str]]:
    rows = await store.pool.fetch("SELECT order_number, tags FROM orders ORDER BY order_number")
    return {row["order_number"]: row["tags"] for row in rows}


async def state_of(store: Database) -> dict[str, Any]:
    """Everything a refused command must leave alone."""
    return {
        "tags": await tags(store),
        "versions": [row[0] for row in await store.pool.fetch("SELECT version FROM orders ORDER BY order_number")],
        "batches": await store.pool.fetchval("SELECT count(*) FROM batches"),
        "audit": await store.pool.fetchval("SELECT count(*) FROM audit_log"),
    }


async def test_all_that_match_are_changed_listed_and_taken_back(command: Command, store: Database, five: None) -> None:
    said = await command("orders", "bulk", "tag", "--to", "gift", "--status", "pending", "--reason", "season")
    assert (said.code, said.out) == (0, "")
    assert said.err.startswith("4 changed, 0 as asked already, 0 refused. Batch ")
    tagged = await tags(store)
    assert tagged == {"5771": ["gift"], "5772": ["gift"], "5773": ["gift"], "5774": ["gift"], "5775": []}

    [document] = (await command("batch", "list", "--json")).documents
    assert {name: document[name] for name in ("kind", "state", "total", "processed", "failed", "undoable")} == {
        "kind": "tag",
        "state": "finished",
        "total": 4,
        "processed": 4,
        "failed": 0,
        "undoable": 4,
    }
    assert document["request"] == {"reason": "season", "tags": ["gift"]}
    shown = await command("batch", "show", document["batch_id"])
    assert "Undo       4 can be put back: orders-tui orders undo " + document["batch_id"] in shown.lines

    looked = await command("orders", "undo", "--dry-run", "--json")
    assert looked.documents == [
        {"total": 4, "moves": [{"change": "put back", "orders": 4}], "unchanged": 0, "refusals": []}
    ]
    assert await tags(store) == tagged
    undone = await command("orders", "undo", document["batch_id"], "--reason", "wrong season", "--json")
    assert (undone.code, undone.documents[0]["processed"]) == (0, 4)
    assert await tags(store) == {number: [] for number in tagged}
    again = await command("orders", "undo", document["batch_id"])
    assert (again.code, again.err) == (1, f"Batch {document['batch_id']} is undone already.\n")
    listed = (await command("batch", "list")).lines
    assert [line.split()[3] for line in listed] == ["undo", "tag"]


async def test_named_orders_are_told_one_by_one_when_they_are_refused(
    command: Command, store: Database, five: None
) -> None:
    said = await command(
        "orders", "bulk", "status", "5771", "5775", "5771", "--to", "shipped", "--reason", "van", "--json"
    )
    assert said.code == 1
    [document] = said.documents
    assert (document["processed"], document["failed"], document["unchanged"]) == (2, 1, 1)
    assert [(each["order_number"], each["code"]) for each in document["errors"]] == [("5771", "status.not_yet")]
    text = await command("orders", "bulk", "status", "5771", "--to", "shipped", "--reason", "van")
    assert text.lines == ["5771  refused: Order 5771 is not validated yet; it cannot become shipped from there."]
    shown = await command("batch", "show", document["batch_id"], "--json")
    assert [each["code"] for each in shown.documents[0]["errors"]] == ["status.not_yet"]


async def test_a_dry_run_counts_and_changes_nothing(command: Command, store: Database, five: None) -> None:
    before = await state_of(store)
    said = await command("orders", "bulk", "hold", "--to", "fraud", "--all", "--dry-run")
    assert (said.code, said.lines) == (0, ["      5  held (fraud)"])
    assert said.err == "5 orders looked at; nothing was changed.\n"
    refused = await command("orders", "bulk", "status", "--to", "delivered", "--all", "--dry-run", "--json")
    assert refused.code == 1
    [document] = refused.documents
    assert document["total"] == 5
    assert [(each["code"], each["orders"]) for each in document["refusals"]] == [("status.not_yet", 4)]
    assert document["moves"] == [{"change": "shipped → delivered", "orders": 1}]
    assert await state_of(store) == before


async def test_a_list_of_another_command_is_read_from_stdin(
    command: Command, store: Database, five: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = await command("orders", "list", "--status", "pending", "--json")
    by_id = (await command("orders", "list", "--search", "5775", "--json")).documents[0]["order_id"]
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{listed.out}\n5771\n{by_id}\n"))
    said = await command("orders", "bulk", "priority", "-", "--to", "4", "--reason", "press", "--json")
    assert said.err == ""
    assert (said.documents[0]["processed"], said.documents[0]["failed"]) == (5, 0)
    assert await store.pool.fetchval("SELECT count(*) FROM orders WHERE priority_override = 4") == 5

    before = await state_of(store)
    monkeypatch.setattr("sys.stdin", io.StringIO("5771\nnobody\n"))
    unknown = await command("orders", "bulk", "tag", "-", "--to", "gift", "--reason", "season")
    assert (unknown.code, unknown.err.split(":")[0]) == (1, "There is no order 'nobody'")
    monkeypatch.setattr("sys.stdin", io.StringIO('{"name": "5771"}\n'))
    nameless = await command("orders", "bulk", "tag", "-", "--to", "gift", "--reason", "season")
    assert (nameless.code, nameless.err) == (2, 'This line names no order: {"name": "5771"}\n')
    assert await state_of(store) == before


async def test_more_than_five_hundred_are_not_changed_unasked(
    command: Command, factory: Factory, store: Database
) -> None:
    await factory.many(501)
    before = await state_of(store)
    said = await command("orders", "bulk", "tag", "--to", "old", "--all", "--reason", "tidy")
    assert (said.code, said.out) == (2, "")
    assert said.err == (
        "501 orders would be changed, more than 500: confirm it. Look with --dry-run, then give --yes.\n"
    )
    assert await state_of(store) == before
    dry = await command("orders", "bulk", "tag", "--to", "old", "--all", "--dry-run", "--json")
    assert (dry.code, dry.documents[0]["total"]) == (0, 501)
    assert await state_of(store) == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["tag", "5771", "--to", "gift"], "Give a reason"),
        (["tag", "--to", "gift", "--reason", "x"], "Say which orders in one way"),
        (["tag", "5771", "--to", "gift", "--status", "pending", "--reason", "x"], "Say which orders in one way"),
        (["status", "5771", "--reason", "x"], "Give one value for status"),
        (["priority", "5771", "--to", "high", "--reason", "x"], "'high' is no priority"),
        (["tag", "--to", "gift", "--status", "sent", "--reason", "x"], "There is no status 'sent'"),
        (["tag", "5771", "--to", "gift", "--reason", "x", "--colour", "red"], "Unknown option: --colour"),
        (["paint", "5771", "--reason", "x"], "Invalid value"),
    ],
)
async def test_what_is_not_said_clearly_changes_nothing(
    command: Command, store: Database, five: None, arguments: list[str], sentence: str
) -> None:
    before = await state_of(store)
    said = await command("orders", "bulk", *arguments)
    assert said.code == 2
    assert sentence in said.err
    assert await state_of(store) == before


async def test_a_person_gets_orders_by_name_and_nobody_gives_them_back(
    command: Command, store: Database, five: None
) -> None:
    await store.pool.execute("INSERT INTO users (display_name, role) VALUES ('Mira Holm', 'operator')")
    given = await command("orders", "bulk", "assign", "5771", "5772", "--to", "mira holm", "--reason", "shift")
    assert given.code == 0
    assert await store.pool.fetchval("SELECT count(*) FROM orders WHERE assigned_to IS NOT NULL") == 2
    await command("orders", "bulk", "assign", "--all", "--to", "nobody", "--reason", "shift ends")
    assert await store.pool.fetchval("SELECT count(*) FROM orders WHERE assigned_to IS NOT NULL") == 0
    unknown = await command("orders", "bulk", "assign", "--all", "--to", "Ada", "--reason", "shift")
    assert (unknown.code, unknown.out) == (1, "")


async def test_a_bulk_cancel_tells_tiktok_why(command: Command, store: Database, five: None) -> None:
    cancel = ["orders", "bulk", "cancel", "--status", "pending", "--reason", "recount"]
    wrong = await command(*cancel, "--to", "boredom")
    assert (wrong.code, wrong.err.split(":")[0]) == (1, "Give the reason that TikTok is told")
    assert await store.pool.fetchval("SELECT count(*) FROM batches") == 0
    said = await command(*cancel, "--to", "wrong-price", "--json")
    assert (said.code, said.documents[0]["processed"], said.documents[0]["failed"]) == (0, 4, 0)
    told = await store.pool.fetch("SELECT request ->> 'reason' AS reason FROM effects WHERE kind = 'cancel_order'")
    assert [row["reason"] for row in told] == ["wrong_price"] * 4
    reasons = await store.pool.fetch("SELECT status_reason FROM order_status_history WHERE new_status = 'cancelled'")
    assert {row["status_reason"] for row in reasons} == {"wrong price: recount"}
    again = await command("orders", "cancel", "5771", "--reason", "out_of_stock", "--json")
    assert [each["code"] for each in again.documents] == ["cancel.unchanged"]
    undone = await command("orders", "undo", said.documents[0]["batch_id"])
    assert (undone.code, undone.err.split(":")[0]) == (1, "A cancelled order stays cancelled")


async def test_an_interrupted_command_says_how_to_go_on_and_nothing_is_done_twice(
    command: Command, factory: Factory, store: Database, database: EmbeddedServer, tmp_path: Path
) -> None:
    await factory.many(3000)
    env = programs.environment(tmp_path, environment_for(database))
    arguments = ["orders", "bulk", "tag", "--to", "old", "--all", "--yes", "--batch-size", "1", "--reason", "tidy"]
    process = programs.launch(*arguments, env=env)
    while not await store.pool.fetchval("SELECT sum(processed) FROM batches"):
        assert process.poll() is None
        await asyncio.sleep(0.01)
    ended = await asyncio.to_thread(programs.end, process, signal.SIGINT)
    batch_id, done = await store.pool.fetchrow("SELECT id, processed FROM batches")
    assert ended.code == 130
    assert f"Interrupted: `orders-tui batch continue {batch_id}` goes on with it." in ended.err
    assert 0 < done < 3000
    assert await store.pool.fetchval("SELECT count(*) FROM orders WHERE tags <> '{}'") == done
    await store.pool.execute("UPDATE batch_parts SET order_ids = order_ids")  # nobody holds a part any more
    went_on = await command("batch", "continue", str(batch_id), "--json")
    assert (went_on.documents[0]["processed"], went_on.documents[0]["finished"]) == (3000, True)
    assert await store.pool.fetchval("SELECT count(*) FROM orders WHERE tags = '{old}' AND version = 2") == 3000


async def test_a_batch_that_was_left_is_stopped_and_continued(command: Command, store: Database, five: None) -> None:
    ids = [row["id"] for row in await store.pool.fetch("SELECT id FROM orders ORDER BY order_number")]
    tag = BulkRequest(BulkKind.TAG, {"tags": ["gift"]}, "season")
    batch_id = str(await many.begin(store, tag, ids, actor=MIRA, part_size=2))
    assert (await command("batch", "stop", batch_id)).code == 0
    stopped = await command("batch", "show", batch_id)
    assert stopped.lines[0] == f"Batch {batch_id}: tag, stopped, by mira"
    assert f"Go on      orders-tui batch continue {batch_id}" in stopped.lines
    assert set(map(tuple, (await tags(store)).values())) == {()}
    went_on = await command("batch", "continue", batch_id, "--json")
    assert (went_on.code, went_on.documents[0]["processed"], went_on.documents[0]["finished"]) == (0, 5, True)
    assert set(map(tuple, (await tags(store)).values())) == {("gift",)}
    ended = await command("batch", "continue", batch_id)
    assert (ended.code, ended.err) == (1, f"Batch {batch_id} has ended already; nothing of it is left.\n")
    assert (await command("batch", "show", "5771")).code == 2
    assert len(await batches.recent(store, limit=9)) == 1
