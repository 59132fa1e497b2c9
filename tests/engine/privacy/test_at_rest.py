"""What an order says of a person lies sealed: no column of any table holds it in clear."""

from __future__ import annotations

from dataclasses import replace

from engine.database.connection import Database
from engine.orders import inbox
from engine.orders.correction import correct_address
from engine.words import ChannelStatus, TrackingStatus
from engine.workflow.failures import retry
from tests.engine.facts import QUAY, an_order, later
from tests.engine.house import MIRA, House

PERSONAL = (b"Ines", b"Falk", b"ines.falk", b"555 0100", b"5550100", b"Quay Street", b"Heron Lane", b"ring twice")


async def whole_database(store: Database) -> dict[str, bytes]:
    """Everything every table holds, as bytes, by column."""
    columns = await store.pool.fetch(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'orders'"
        " AND data_type IN ('text', 'jsonb', 'bytea', 'ARRAY') ORDER BY 1, 2"
    )
    found = {}
    for table, column in columns:
        held = f"CASE WHEN pg_typeof({column}) = 'bytea'::regtype THEN {column}::text ELSE {column}::text END"
        rows = await store.pool.fetch(f"SELECT {held} AS value FROM {table} WHERE {column} IS NOT NULL")  # noqa: S608
        texts = [row["value"] for row in rows]
        found[f"{table}.{column}"] = b"\n".join(
            bytes.fromhex(text[2:]) if text.startswith("\\x") else text.encode() for text in texts
        )
    return found


async def test_no_column_holds_the_buyer_in_clear(house: House, store: Database) -> None:
    owner = await store.pool.fetchval("SELECT user_id FROM shops")
    payload = b'{"name": "Ines Falk", "address": "7 Quay Street"}'
    await inbox.store(store, house.shop_id, owner, "poll", [inbox.Arrival("order", payload)])
    bad = replace(QUAY, line1="2 Heron Lane", postal_code="nowhere")
    fact = an_order(house.shop_id, address=bad, buyer_message="Please ring twice")
    [order_id] = await house.arrive(fact)
    await correct_address(store, order_id, QUAY, actor=MIRA)
    assert [outcome.code for outcome in await retry(store, [order_id], actor=MIRA)] == [""]
    await house.buy_labels()
    await house.tell_tiktok()
    await house.track(order_id, TrackingStatus.DELIVERED)
    await house.arrive(later(replace(fact, address=QUAY), ChannelStatus.COMPLETED, minute=9))
    assert (await house.standing(order_id)).state == "completed"

    held = await whole_database(store)
    assert held["orders.customer_name"]
    assert held["inbox.payload"]
    assert held["documents.body"]
    assert len(held) > 100
    leaks = [(column, word) for column, value in held.items() for word in PERSONAL if word.lower() in value.lower()]
    assert leaks == []
    await house.assert_balanced()


async def test_secrets_of_a_shop_lie_sealed_and_print_nowhere(house: House, store: Database) -> None:
    held = await whole_database(store)
    assert held["shops.cipher"]
    assert [column for column, value in held.items() if b"cipher-of-7495" in value] == []
    assert "7a" * 32 not in repr(store.vault) + repr(store.secrets) + repr(vars(store.vault))
