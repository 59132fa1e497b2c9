"""The audit chain: each entry covers the one before, so that an edit, a gap or a reorder shows."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from engine.actors import SYSTEM
from engine.audit import chain
from engine.database.connection import Database
from engine.identifiers import DEFAULT_CREATOR, OrderId
from engine.inventory.products import set_weight
from engine.privacy.cipher import Vault
from tests.engine.facts import an_order
from tests.engine.house import MIRA, House

SUBJECT = UUID(int=7)
AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_every_part_of_an_entry_is_covered_by_its_hash() -> None:
    entry = chain.link(Vault(None), DEFAULT_CREATOR, SUBJECT, 1, b"p", "a", MIRA, {"x": 1}, {"x": 2}, AT)

    assert chain.covers(entry)
    changes: list[dict[str, object]] = [
        {"subject": UUID(int=8)},
        {"sequence": 2},
        {"action": "b"},
        {"actor": "nils"},
        {"source": "system"},
        {"before": None},
        {"after": b"\x00{}"},
        {"previous_hash": b"q"},
        {"created_at": AT.replace(microsecond=1)},
        {"action": "am", "actor": "ira"},
    ]
    for change in changes:
        assert not chain.covers(replace(entry, **change))  # type: ignore[arg-type]
    digests: dict[str, Any] = {
        "before_digest": chain.value_digest(entry.before),
        "after_digest": chain.value_digest(entry.after),
    }
    assert chain.covers(replace(entry, before=None, after=b"sealed anew", **digests))
    assert not chain.covers(replace(entry, before=digests["before_digest"], after=digests["after_digest"]))


async def test_an_order_s_entries_tell_who_did_what_and_are_sealed(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    rows = await store.pool.fetch("SELECT * FROM audit_log WHERE subject = $1 ORDER BY sequence", order_id)
    assert [(row["sequence"], row["action"], row["actor"], row["source"]) for row in rows] == [
        (1, "order.created", "tiktok_shop", "tiktok_shop"),
        (2, "workflow.reserve_inventory", "system", "system"),
    ]
    after = orjson.loads(store.vault.open("audit_log.after", order_id, rows[1]["after"]) or b"")
    assert (after["status"], after["triggers"]) == ("processing", ["validate", "reserve_inventory"])
    assert b"processing" not in rows[1]["after"]
    head = await store.pool.fetchrow("SELECT audit_sequence, audit_head FROM orders")
    assert tuple(head) == (2, rows[1]["hash"])


async def test_a_place_in_the_chain_is_taken_once(house: House, store: Database) -> None:
    entry = chain.link(store.vault, DEFAULT_CREATOR, SUBJECT, 1, chain.GENESIS, "a", SYSTEM, None, None, AT)
    async with store.transaction() as connection:
        await chain.write(connection, [entry])
    with pytest.raises(asyncpg.UniqueViolationError):
        await store.run(lambda connection: chain.write(connection, [entry]))


async def test_two_people_who_change_one_product_leave_a_whole_chain(house: House, store: Database) -> None:
    await asyncio.gather(*(set_weight(store, "MUG-BLU", grams, actor=MIRA) for grams in range(401, 409)))
    product = await store.pool.fetchval("SELECT id FROM products")
    rows = await store.pool.fetch(
        "SELECT before, after FROM audit_log WHERE subject = $1 AND action = 'product.weight' ORDER BY sequence",
        product,
    )
    weights = [
        tuple(
            orjson.loads(store.vault.open(f"audit_log.{column}", OrderId(product), row[column]) or b"")["weight_grams"]
            for column in ("before", "after")
        )
        for row in rows
    ]
    assert len(weights) == 8
    assert [before for before, _ in weights] == [400, *(after for _, after in weights[:-1])]
    await house.assert_balanced()
