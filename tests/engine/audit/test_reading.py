"""The audit as people read it: every entry once, in order, however unevenly time is filled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from engine.audit import reading
from engine.audit.reading import AuditFilter, AuditKey, AuditLine, read_audit
from engine.database.connection import Database
from engine.identifiers import OrderId, new_id
from tests.factories import Factory

_ENTRIES = """
INSERT INTO audit_log (subject, sequence, action, actor, source, previous_hash, hash, created_at)
SELECT $1, $2 + n, $3, $4, $5, '', '', $6::timestamptz + n * $7::interval FROM generate_series(1, $8::int) n
"""


async def everything(database: Database, wanted: AuditFilter, limit: int) -> list[AuditLine]:
    found: list[AuditLine] = []
    before: AuditKey | None = None
    while True:
        page = await read_audit(database, wanted, before=before, limit=limit)
        assert len(page.lines) <= limit
        found += page.lines
        before = page.looked_until
        if before is None:
            return found


async def test_every_entry_is_read_once_and_in_order_however_uneven_the_times(store: Database) -> None:
    factory = Factory(store)
    order = await factory.order(number="ORD-1")
    other = OrderId(new_id())
    now = datetime.now(UTC)

    async def entries(subject: object, first: int, what: str, who: str, ago: timedelta, step: str, number: int) -> None:
        source = "system" if who == "system" else "user"
        await store.pool.execute(_ENTRIES, subject, first, what, who, source, now - ago, _interval(step), number)

    await entries(order, 0, "workflow.validate", "system", timedelta(minutes=3), "1 millisecond", 7000)
    await entries(order, 10_000, "order.held", "mira", timedelta(minutes=2), "0", 40)
    await entries(other, 0, "order.tagged", "juno", timedelta(days=90), "1 second", 30)
    await entries(other, 100, "workflow.ship", "system", timedelta(days=700), "1 hour", 20)

    whole = await everything(store, AuditFilter(people_only=False), 500)
    assert len(whole) == len({line.key for line in whole}) == 7090
    assert [line.key for line in whole] == sorted(
        (line.key for line in whole), key=lambda key: (key.at, key.subject, key.sequence), reverse=True
    )
    people = await everything(store, AuditFilter(), 25)
    assert [line.key for line in people] == [line.key for line in whole if line.source == "user"]
    assert {line.about for line in people} == {"order ORD-1", "order"}
    assert {line.order_id for line in people} == {order, None}

    assert len(await everything(store, AuditFilter(actor="juno"), 7)) == 30
    assert len(await everything(store, AuditFilter(action="tagged"), 7)) == 30
    assert len(await everything(store, AuditFilter(people_only=False, subject=other), 11)) == 50
    assert len(await everything(store, AuditFilter(people_only=False, action="workflow.ship"), 11)) == 20
    since, until = now - timedelta(days=91), now - timedelta(days=1)
    assert len(await everything(store, AuditFilter(people_only=False, since=since, until=until), 11)) == 30
    assert await everything(store, AuditFilter(actor="nobody"), 11) == []


async def test_a_rare_action_among_very_many_is_looked_for_in_stretches(store: Database) -> None:
    now = datetime.now(UTC)
    subject = OrderId(new_id())
    common = reading.MOST_LOOKED_AT + 5
    for what, first, number in (("order.tagged", 0, 1), ("order.held", 10, common)):
        await store.pool.execute(
            _ENTRIES,
            subject,
            first,
            what,
            "mira",
            "user",
            now - timedelta(hours=9),
            _interval(f"{first} millisecond"),
            number,
        )
    page = await read_audit(store, AuditFilter(action="order.tagged"), limit=10)
    assert page.lines == ()
    assert page.looked_until is not None
    page = await read_audit(store, AuditFilter(action="order.tagged"), before=page.looked_until, limit=10)
    assert [line.action for line in page.lines] == ["order.tagged"]
    assert page.looked_until is None


def _interval(text: str) -> timedelta:
    number, _, unit = text.partition(" ")
    return timedelta(**{f"{unit}s": int(number)}) if unit else timedelta()
