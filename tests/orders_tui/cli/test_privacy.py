"""`orders-tui privacy` and `orders-tui keys rotate|status`: whom it is about never stands on the command line."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.actors import Actor
from engine.database.connection import Database, DatabaseSettings, open_database
from engine.database.embedded import EmbeddedServer
from engine.identifiers import DEFAULT_CREATOR, UserId, new_id
from engine.privacy.rotation import key_states
from engine.privacy.secrets import Secrets
from engine.words import ChangeSource, ExecutionStatus, OrderStatus, WorkflowState
from orders_tui.services.door import Door
from orders_tui.services.keys import Keys
from tests.factories import MASTER_KEY, Factory, environment_for
from tests.orders_tui.cli.saying import Command

OLD = datetime.now(UTC) - timedelta(days=500)


@pytest.fixture
async def delivered(factory: Factory) -> Factory:
    """Two delivered orders of Ines Falk and an open one of hers, and one of somebody else."""
    for number in ("5760", "5761"):
        await factory.order(
            number=number,
            status=OrderStatus.DELIVERED,
            state=WorkflowState.COMPLETED,
            execution=ExecutionStatus.COMPLETED,
            ordered_at=OLD,
        )
    await factory.order(number="5762")
    await factory.order(number="5763", customer="Nils Ohm", email="nils@example.test", phone="+1 555 0111")
    return factory


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{text}\n"))


async def test_one_customer_is_exported_and_erased(
    delivered: Factory, store: Database, command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    typed(monkeypatch, "INES@example.test")
    said = await command("privacy", "export", "--by", "email")
    orders = json.loads(said.out)["orders"]
    assert [order["order_number"] for order in orders] == ["5760", "5761", "5762"]
    assert {order["customer"]["name"] for order in orders} == {"Ines Falk"}
    file = tmp_path / "ines.json"
    assert (await command("privacy", "export", "5760", "--output", str(file))).code == 0
    assert file.stat().st_mode & 0o077 == 0
    assert json.loads(file.read_text()) == json.loads(said.out)
    assert (await command("privacy", "export", "5760", "--output", str(file))).code == 1

    planned = await command("privacy", "erase", "5760", "--dry-run", "--json")
    assert [order["kept_for"] for order in planned.documents[0]["orders"]] == ["", "", "it is open"]
    typed(monkeypatch, "")
    refused = await command("privacy", "erase", "5760")
    assert refused.code == 1
    assert refused.err.splitlines()[-1] == "Nothing was erased: confirm with --confirm 'erase 2'."
    assert await store.pool.fetchval("SELECT count(*) FROM orders WHERE forgotten_at IS NOT NULL") == 0
    done = await command("privacy", "erase", "5760", "--confirm", "erase 2")
    assert done.code == 1  # one is kept
    assert done.lines[:3] == [
        "5760  Alder Goods  delivered  erased",
        "5761  Alder Goods  delivered  erased",
        "5762  Alder Goods  pending  it is open",
    ]
    assert "Ines" not in done.out + done.err + refused.err
    typed(monkeypatch, "nobody@example.test")
    nobody = await command("privacy", "export", "--by", "email")
    assert (nobody.code, nobody.err) == (1, "Nothing is held about anybody with that email.\n")
    assert (await command("privacy", "export", "5763", "--by", "email")).code == 2


async def test_a_policy_is_set_seen_and_taken_back(delivered: Factory, store: Database, command: Command) -> None:
    assert (await command("privacy", "policy")).lines == [
        "configuration                        orders for ever, payloads 90 days",
        "→ Alder Goods                        orders for ever, payloads 90 days",
    ]
    said = await command("privacy", "policy", "--shop", "alder goods", "--orders-days", "365", "--json")
    assert [each["policy"] for each in said.documents[0]["shops"]] == [{"orders_days": 365, "payloads_days": 90}]
    (shop, _) = (await command("privacy", "preview", "--json")).documents
    assert (shop["shop"], shop["rows"]["orders"]) == ("Alder Goods", 2)
    assert await store.pool.fetchval("SELECT count(*) FROM orders WHERE forgotten_at IS NOT NULL") == 0
    assert (await command("privacy", "policy", "--shop", "alder goods", "--unset")).code == 0
    assert (await command("privacy", "policy", "--shop", "alder goods", "--unset")).code == 1
    assert (await command("privacy", "policy", "--shop", "elsewhere", "--orders-days", "3")).code == 1
    assert (await command("privacy", "policy", "--orders-days", "-3")).code == 1


async def test_keys_are_rotated_and_their_state_is_seen(
    delivered: Factory, store: Database, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = await command("keys", "rotate", "--json")
    assert [(each["creator"], each["old"] < each["new"]) for each in said.documents] == [("Default creator", True)]
    states = (await command("keys", "status", "--json")).documents[0]
    assert [key["retired_at"] is None for key in states["keys"]] == [False, True]
    refused = await command("keys", "rotate", "--master")
    assert refused.code == 2
    assert "ORDERS_TUI_MASTER_KEY_NEW" in refused.err
    monkeypatch.setenv("ORDERS_TUI_MASTER_KEY_NEW", "5c" * 32)
    done = await command("keys", "rotate", "--master")
    assert done.lines == ["2 data keys are wrapped by the new master key."]
    assert (await command("keys", "status")).lines[0].startswith("master key   ")
    monkeypatch.delenv("ORDERS_TUI_MASTER_KEY_NEW")
    assert (await command("orders", "list")).code == 2
    monkeypatch.setenv("ORDERS_TUI_MASTER_KEY", "5c" * 32)
    assert "Ines Falk" in (await command("orders", "list")).out


async def test_a_creator_that_sells_no_more_is_forgotten_for_good(
    delivered: Factory, store: Database, command: Command
) -> None:
    assert (await command("privacy", "forget-creator", "default creator")).code == 1
    creator = UserId(new_id())
    await store.pool.execute("INSERT INTO users (id, display_name, role) VALUES ($1, 'Mira', 'creator')", creator)
    async with store.transaction() as connection:
        await store.vault.ensure(connection, creator)
    await store.vault.load(store.pool)
    order_id = await store.pool.fetchval("SELECT id FROM orders WHERE order_number = '5761'")
    sealed = store.vault.seal(creator, "orders.customer_name", order_id, b"Ines Falk")
    await store.pool.execute(
        "UPDATE orders SET user_id = $2, customer_name = $3 WHERE id = $1", order_id, creator, sealed
    )
    refused = await command("privacy", "forget-creator", "mira", "--confirm", "forget nobody")
    assert refused.err == "Nothing was erased: confirm with --confirm 'forget Mira'.\n"
    assert store.vault.open("orders.customer_name", order_id, sealed) == b"Ines Falk"
    done = await command("privacy", "forget-creator", "mira", "--confirm", "forget Mira", "--json")
    assert done.documents == [{"creator": "Mira", "orders": 1}]
    await store.vault.load(store.pool)
    assert store.vault.open("orders.customer_name", order_id, sealed) is None
    assert await store.pool.fetchval("SELECT count(*) FROM data_keys WHERE user_id <> $1", DEFAULT_CREATOR) == 0


async def test_where_the_program_keeps_the_master_key_itself_it_puts_the_new_one_in_its_place(
    delivered: Factory, database: EmbeddedServer, store: Database, tmp_path: Path
) -> None:
    chain = Secrets({}, data_directory=tmp_path)
    chain.keep("master_key", MASTER_KEY)
    store.secrets = chain
    keys = Keys(store, Actor("mira", ChangeSource.USER), Door(store))
    assert await keys.rotate_master() == (1, True)
    assert [path.name for path in (tmp_path / "secrets").iterdir()] == ["master_key"]
    following = chain.read("master_key")
    assert following is not None
    environment = dict(environment_for(database)) | {"ORDERS_TUI_MASTER_KEY": following.reveal()}
    again = await open_database(DatabaseSettings(url=environment["ORDERS_TUI_DATABASE__URL"]), environment)
    try:
        assert (await key_states(again)).master_known
        row = await again.pool.fetchrow("SELECT id, customer_name FROM orders WHERE order_number = '5760'")
        assert again.vault.open("orders.customer_name", row["id"], row["customer_name"]) == b"Ines Falk"
    finally:
        await again.close()
