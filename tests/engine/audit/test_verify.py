"""Verifying: each way to tamper with the record in the database is found and named, and a record that is whole is clean."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from engine.audit import chain
from engine.audit.findings import Field, Finding, FindingKind
from engine.audit.retention import cut
from engine.audit.seals import Sealer
from engine.audit.verify import Anchor, Verified, verify
from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.errors import NotFound
from engine.identifiers import OrderId
from engine.inventory.products import set_weight
from engine.words import TrackingStatus
from tests.engine.facts import an_order
from tests.engine.house import MIRA, House
from tests.factories import opened


@asynccontextmanager
async def tampering(store: Database) -> AsyncIterator[Any]:
    """The database as its owner can have it: no trigger in the way."""
    async with store.transaction() as connection:
        await connection.execute("SET LOCAL session_replication_role = replica")
        yield connection


async def findings(store: Database, **options: Any) -> tuple[list[Finding], Verified]:
    found: list[Finding] = []
    verified = await verify(store, lambda finding, _: found.append(finding), **options)
    assert verified.findings == len(found)
    return found, verified


async def told(store: Database, **options: Any) -> list[tuple[FindingKind, int | None, Field | None]]:
    found, _ = await findings(store, **options)
    return [(finding.kind, finding.sequence, finding.field) for finding in found]


@pytest.fixture
async def order_id(house: House, store: Database) -> OrderId:
    """An order with a whole life behind it and a chain of several entries, sealed; beside it a product's chain."""
    await set_weight(store, "MUG-BLU", 410, actor=MIRA)
    [order_id, _] = await house.arrive(an_order(house.shop_id, "577001"), an_order(house.shop_id, "577002"))
    await house.buy_labels()
    await house.tell_tiktok()
    await Sealer(store, margin_seconds=0.0).seal()
    await house.track(order_id, TrackingStatus.IN_TRANSIT)
    await house.track(order_id, TrackingStatus.DELIVERED, minute=90)
    await house.run()
    await Sealer(store, margin_seconds=0.0).seal()
    return order_id


async def test_a_record_that_is_whole_is_clean(store: Database, order_id: OrderId) -> None:
    found, verified = await findings(store)
    assert found == []
    assert verified.subjects == await store.pool.fetchval("SELECT count(DISTINCT subject) FROM audit_log")
    assert verified.entries == await store.pool.fetchval("SELECT count(*) FROM audit_log")
    assert verified.seals == 2
    assert verified.last_seal is not None
    assert verified.last_seal.number == 2


async def test_no_key_is_needed(store: Database, order_id: OrderId, database: EmbeddedServer) -> None:
    async with opened(database, with_key=False) as without:
        assert await told(without) == []
        async with tampering(store) as connection:
            await connection.execute(
                "UPDATE audit_log SET actor = 'nobody' WHERE subject = $1 AND sequence = 2", order_id
            )
        assert await told(without) == [(FindingKind.EDIT, 2, Field.CONTENT)]


EDITS: list[tuple[str, Field]] = [
    ("UPDATE audit_log SET action = 'order.blessed' WHERE subject = $1 AND sequence = 2", Field.WORDS),
    ("UPDATE audit_log SET actor = 'nobody' WHERE subject = $1 AND sequence = 2", Field.WORDS),
    ("UPDATE audit_log SET source = 'user' WHERE subject = $1 AND sequence = 2", Field.WORDS),
    ("UPDATE audit_log SET created_at = created_at - interval '1 us' WHERE subject = $1 AND sequence = 2", Field.WORDS),
    (
        "UPDATE audit_log SET after = set_byte(after, 30, get_byte(after, 30) # 1) WHERE subject = $1 AND sequence = 2",
        Field.VALUES,
    ),
    ("UPDATE audit_log SET before = after WHERE subject = $1 AND sequence = 2", Field.VALUES),
    ("UPDATE audit_log SET previous_hash = '\\x00' WHERE subject = $1 AND sequence = 2", Field.LINK),
    ("UPDATE audit_log SET hash = '\\x00' WHERE subject = $1 AND sequence = 2", Field.HASH),
]


@pytest.mark.parametrize(("statement", "field"), EDITS)
async def test_an_edit_is_found_and_says_what_was_edited(
    store: Database, order_id: OrderId, statement: str, field: Field
) -> None:
    async with tampering(store) as connection:
        await connection.execute(statement, order_id)
    found, _ = await findings(store)
    assert [(each.kind, each.subject, each.sequence, each.field) for each in found] == [
        (FindingKind.EDIT, order_id, 2, field)
    ]
    assert found[0].sentence == f"Entry 2 was edited ({field}): its hash does not cover what it says."
    assert await told(store, subject=order_id) == [(FindingKind.EDIT, 2, field)]


async def rehash(connection: Any, order_id: OrderId, sequence: int, **changed: Any) -> bytes:
    """Edit one entry and give it a hash that covers the edit, as somebody would who knows how."""
    row = dict(
        await connection.fetchrow("SELECT * FROM audit_log WHERE subject = $1 AND sequence = $2", order_id, sequence)
    )
    row |= changed
    digest = chain.entry_hash(
        order_id, sequence, row["action"], row["actor"], row["source"], chain.value_digest(row["before"]),
        chain.value_digest(row["after"]), row["previous_hash"], row["created_at"],
    )  # fmt: skip
    await connection.execute(
        "UPDATE audit_log SET actor = $3, previous_hash = $4, hash = $5 WHERE subject = $1 AND sequence = $2",
        order_id,
        sequence,
        row["actor"],
        row["previous_hash"],
        digest,
    )
    return digest


async def test_an_edit_with_a_new_hash_is_given_away_by_what_follows(store: Database, order_id: OrderId) -> None:
    async with tampering(store) as connection:
        await rehash(connection, order_id, 2, actor="nobody")
    found, _ = await findings(store)
    assert [finding.sentence for finding in found] == [
        "Entry 2 was rewritten together with its hash: entry 3 knows another one."
    ]


async def rewrite(connection: Any, order_id: OrderId, sequence: int) -> bytes:
    """Edit one entry, and hash everything after it anew."""
    last = await connection.fetchval("SELECT max(sequence) FROM audit_log WHERE subject = $1", order_id)
    head = await rehash(connection, order_id, sequence, actor="nobody")
    for place in range(sequence + 1, last + 1):
        head = await rehash(connection, order_id, place, previous_hash=head)
    return head


async def test_a_chain_rewritten_to_its_end_is_given_away_by_its_order(store: Database, order_id: OrderId) -> None:
    async with tampering(store) as connection:
        await connection.execute("DELETE FROM audit_seal_heads")
        await connection.execute("DELETE FROM audit_seals")
        await rewrite(connection, order_id, 2)
    last = await store.pool.fetchval("SELECT audit_sequence FROM orders WHERE id = $1", order_id)
    assert await told(store) == [(FindingKind.FOREIGN_HEAD, last, None)]


async def test_a_chain_rewritten_with_its_order_is_given_away_by_the_seals(store: Database, order_id: OrderId) -> None:
    async with tampering(store) as connection:
        head = await rewrite(connection, order_id, 2)
        await connection.execute("UPDATE orders SET audit_head = $2 WHERE id = $1", order_id, head)
    found, _ = await findings(store)
    sealed = await store.pool.fetch(
        "SELECT seal, sequence FROM audit_seal_heads WHERE subject = $1 ORDER BY seal", order_id
    )
    assert [(each.kind, each.sequence, each.sentence) for each in found] == [
        (
            FindingKind.EDIT,
            row["sequence"],
            f"Entry {row['sequence']} was rewritten together with its hash: seal {row['seal']} knows another one.",
        )
        for row in sealed
    ]


async def test_a_gap_is_found(store: Database, order_id: OrderId) -> None:
    async with tampering(store) as connection:
        await connection.execute("DELETE FROM audit_log WHERE subject = $1 AND sequence IN (2, 3)", order_id)
    found, _ = await findings(store)
    assert [(each.kind, each.sequence, each.sentence) for each in found] == [
        (FindingKind.GAP, 2, "Entries 2 to 3 are missing: the chain goes from 1 to 4.")
    ]


async def test_a_missing_beginning_is_a_gap(store: Database, order_id: OrderId) -> None:
    async with tampering(store) as connection:
        await connection.execute("DELETE FROM audit_log WHERE subject = $1 AND sequence = 1", order_id)
    assert await told(store) == [(FindingKind.GAP, 1, None)]


async def test_swapped_entries_are_found(store: Database, order_id: OrderId) -> None:
    async with tampering(store) as connection:
        await connection.execute("UPDATE audit_log SET sequence = -2 WHERE subject = $1 AND sequence = 2", order_id)
        await connection.execute("UPDATE audit_log SET sequence = 2 WHERE subject = $1 AND sequence = 3", order_id)
        await connection.execute("UPDATE audit_log SET sequence = 3 WHERE subject = $1 AND sequence = -2", order_id)
    found, _ = await findings(store)
    assert [(each.kind, each.sequence, each.sentence) for each in found] == [
        (FindingKind.REORDER, 2, "Entries 2 and 3 stand in each other's place.")
    ]


async def test_swapped_contents_are_a_reorder_too(store: Database, order_id: OrderId) -> None:
    async with tampering(store) as connection:
        await connection.execute(
            """
            UPDATE audit_log a SET action = b.action, actor = b.actor, source = b.source, before = b.before, after = b.after,
                   created_at = b.created_at
            FROM audit_log b WHERE a.subject = $1 AND b.subject = $1 AND a.sequence IN (2, 3) AND b.sequence = 5 - a.sequence
            """,
            order_id,
        )
    assert await told(store) == [(FindingKind.REORDER, 2, None)]


async def test_an_entry_moved_to_a_place_of_its_own_is_found(store: Database, order_id: OrderId) -> None:
    last = await store.pool.fetchval("SELECT max(sequence) FROM audit_log WHERE subject = $1", order_id)
    async with tampering(store) as connection:
        await connection.execute("UPDATE orders SET audit_sequence = $2 WHERE id = $1", order_id, last + 1)
        await connection.execute(
            "UPDATE audit_log SET sequence = $2 WHERE subject = $1 AND sequence = 2", order_id, last + 1
        )
    found, _ = await findings(store)
    assert f"Entry {last + 1} stood at place 2 when it was written." in {each.sentence for each in found}
    assert FindingKind.GAP not in {each.kind for each in found}


async def test_an_end_that_was_cut_off_is_found_by_the_order(store: Database, order_id: OrderId) -> None:
    last = await store.pool.fetchval("SELECT max(sequence) FROM audit_log WHERE subject = $1", order_id)
    async with tampering(store) as connection:
        await connection.execute("DELETE FROM audit_log WHERE subject = $1 AND sequence = $2", order_id, last)
    found, _ = await findings(store)
    assert [(each.kind, each.sequence) for each in found] == [(FindingKind.TRUNCATED, last)]
    assert found[0].sentence.startswith(f"Entry {last} is missing at the end")


async def test_an_end_that_was_cut_off_together_with_the_order_s_head_is_found_by_the_seals(
    store: Database, order_id: OrderId
) -> None:
    async with tampering(store) as connection:
        await connection.execute("DELETE FROM audit_log WHERE subject = $1 AND sequence > 2", order_id)
        await connection.execute(
            "UPDATE orders SET audit_sequence = 2, audit_head = (SELECT hash FROM audit_log WHERE subject = $1 AND sequence = 2)"
            " WHERE id = $1",
            order_id,
        )
    found, _ = await findings(store)
    assert [(each.kind, each.sequence) for each in found] == [(FindingKind.TRUNCATED, 3)]
    assert "seal 2 knows" in found[0].sentence


async def test_a_chain_that_is_gone_altogether_is_found(store: Database, order_id: OrderId) -> None:
    async with tampering(store) as connection:
        await connection.execute("DELETE FROM audit_log WHERE subject = $1", order_id)
    assert await told(store) == [(FindingKind.TRUNCATED, 1, None)]
    since = await store.pool.fetchval("SELECT min(sealed_at) FROM audit_seals")
    assert await told(store, since=since) == [(FindingKind.TRUNCATED, 1, None)]


async def test_an_order_that_claims_another_head_is_found(store: Database, order_id: OrderId) -> None:
    async with tampering(store) as connection:
        await connection.execute("UPDATE orders SET audit_head = '\\x01' WHERE id = $1", order_id)
    assert [kind for kind, _, _ in await told(store)] == [FindingKind.FOREIGN_HEAD]
    async with tampering(store) as connection:
        await connection.execute("UPDATE orders SET audit_sequence = 1 WHERE id = $1", order_id)
    assert [kind for kind, _, _ in await told(store)] == [FindingKind.FOREIGN_HEAD]


SEALS: list[tuple[str, list[str]]] = [
    ("UPDATE audit_seals SET hash = '\\x00' WHERE number = 1", [
        "Seal 1 was edited: its hash does not cover its heads.",
        "Seal 2 does not follow seal 1: one of the two was rewritten.",
    ]),
    ("UPDATE audit_seals SET horizon = horizon + interval '1 us' WHERE number = 2", [
        "Seal 2 was edited: its hash does not cover its heads.",
    ]),
    ("DELETE FROM audit_seals WHERE number = 1", ["Seal 1 is missing."]),
    ("UPDATE audit_seals SET subjects = subjects + 1 WHERE number = 2", ["Seal 2 covers 2 heads, and 1 are there."]),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "sentences"), SEALS)
async def test_an_edited_seal_is_found(
    store: Database, order_id: OrderId, statement: str, sentences: list[str]
) -> None:
    async with tampering(store) as connection:
        await connection.execute(statement)
    found, _ = await findings(store)
    assert {each.kind for each in found} == {FindingKind.SEAL}
    assert [each.sentence for each in found] == sentences


async def test_an_edited_head_of_a_seal_is_found_on_both_sides(store: Database, order_id: OrderId) -> None:
    async with tampering(store) as connection:
        await connection.execute("UPDATE audit_seal_heads SET hash = '\\x00' WHERE seal = 1 AND subject = $1", order_id)
    assert [kind for kind, _, _ in await told(store)] == [FindingKind.EDIT, FindingKind.SEAL]


async def test_seals_that_were_all_made_anew_are_given_away_by_one_noted_down(
    store: Database, order_id: OrderId
) -> None:
    _, verified = await findings(store)
    assert verified.last_seal is not None
    assert await told(store, anchor=verified.last_seal) == []
    forged = Anchor(2, hashlib.sha256(b"another").digest())
    found, _ = await findings(store, anchor=forged)
    assert [each.sentence for each in found] == ["Seal 2 is not the one that was noted down: the seals were rewritten."]
    found, _ = await findings(store, anchor=Anchor(4, b""))
    assert [each.sentence for each in found] == ["Seals 3 to 4 are missing: seal 4 was noted down."]


async def test_only_what_has_changed_since_is_looked_at(house: House, store: Database, order_id: OrderId) -> None:
    since = await store.pool.fetchval("SELECT clock_timestamp()")
    [younger] = await house.arrive(an_order(house.shop_id, "577003"))
    async with tampering(store) as connection:
        await connection.execute("UPDATE audit_log SET actor = 'nobody' WHERE subject = ANY($1)", [order_id, younger])
    found, verified = await findings(store, since=since)
    assert {each.subject for each in found} == {younger}
    assert verified.subjects == 1
    assert verified.seals == 0


async def test_many_chains_are_walked_in_batches(
    house: House, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.audit.verify._BATCH", 3)
    await house.receive("MUG-BLU", 40)
    ids = await house.arrive(*(an_order(house.shop_id, str(place)) for place in range(20)))
    found, verified = await findings(store)
    assert (found, verified.subjects) == (
        [],
        await store.pool.fetchval("SELECT count(DISTINCT subject) FROM audit_log"),
    )
    async with tampering(store) as connection:
        await connection.execute("UPDATE audit_log SET actor = 'nobody' WHERE sequence = 1")
    found, _ = await findings(store)
    assert {each.subject for each in found} >= set(ids)
    assert len(found) == verified.subjects


async def test_what_retention_cut_off_is_no_finding_and_is_counted(store: Database, order_id: OrderId) -> None:
    await cut(store, order_id, 2, actor=MIRA, reason="older than seven years")
    found, verified = await findings(store)
    assert found == []
    assert verified.cuts == 1
    rest = await store.pool.fetch("SELECT sequence FROM audit_log WHERE subject = $1 ORDER BY sequence", order_id)
    assert rest[0]["sequence"] == 3
    async with tampering(store) as connection:
        await connection.execute("DELETE FROM audit_log WHERE subject = $1 AND sequence = 3", order_id)
    assert await told(store) == [(FindingKind.GAP, 3, None)]


async def test_retention_cuts_nothing_that_is_not_there(house: House, store: Database, order_id: OrderId) -> None:
    before = await house.row_counts()
    with pytest.raises(NotFound):
        await cut(store, order_id, 99, actor=MIRA, reason="none")
    assert await house.row_counts() == before


async def test_the_order_s_number_comes_with_the_finding(store: Database, order_id: OrderId) -> None:
    async with tampering(store) as connection:
        await connection.execute("UPDATE audit_log SET actor = 'nobody' WHERE subject = $1 AND sequence = 1", order_id)
    numbers: list[str] = []
    report: Callable[[Finding, str], None] = lambda _, number: numbers.append(number)  # noqa: E731
    await verify(store, report)
    assert numbers == ["577001"]
