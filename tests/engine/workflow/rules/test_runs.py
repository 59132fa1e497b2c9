"""What a rule did is read newest first, counted since a moment, and let go when it is old, in batches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from engine.database.connection import Database
from engine.identifiers import DEFAULT_CREATOR
from engine.workflow.rules import runs
from engine.workflow.rules import store as rules
from engine.workflow.rules.forgetting import forget_runs
from tests.engine.facts import an_order
from tests.engine.house import House
from tests.engine.workflow.rules.ruled import a_rule, save

_OLD = """
INSERT INTO rule_runs (id, rule_id, rule, order_id, event, done, created_at)
SELECT (lpad(to_hex((extract(epoch FROM d.at) * 1000)::bigint), 12, '0') || '7000800000000000' || lpad(n::text, 4, '0'))::uuid,
       $1, 'seen', $2, 'order.created', '["tagged old"]', d.at
FROM generate_series(1, 5) n, LATERAL (SELECT now() - make_interval(days => 20 * n) AS at) d
"""


async def test_runs_are_read_counted_and_let_go(house: House, store: Database) -> None:
    await save(store, a_rule("seen"))
    ids = await house.arrive(*(an_order(house.shop_id, str(number)) for number in range(3)))
    [rule] = await rules.list_rules(store, DEFAULT_CREATOR)
    await store.pool.execute(_OLD, rule.rule_id, ids[0])
    whole = (await runs.page(store, rule.rule_id, limit=50)).rows
    assert {row.order_number for row in whole[:3]} == {"0", "1", "2"}
    assert [row.done for row in whole[3:]] == [("tagged old",)] * 5
    first = await runs.page(store, rule.rule_id, limit=3)
    second = await runs.page(store, rule.rule_id, after=first.rows[-1].key, limit=3)
    back = await runs.page(store, rule.rule_id, before=whole[6].key, limit=3)
    assert (first.rows + second.rows, back.rows, first.more_after) == (whole[:6], whole[3:6], True)
    assert await runs.STORY.anchors(store.pool, rule.rule_id, every=4) == [whole[0].key, whole[4].key]
    assert await runs.STORY.newer_than(store.pool, rule.rule_id, whole[3].key) == 3
    assert (await runs.STORY.count(store.pool, rule.rule_id, cap=None)).number == 8
    today = datetime.now(UTC) - timedelta(hours=6)
    assert await runs.runs_since(store.pool, today) == {rule.rule_id: 3}
    assert await runs.runs_since(store.pool, datetime.now(UTC) + timedelta(hours=1)) == {}

    assert [await forget_runs(store, 50, limit=2) for _ in range(3)] == [2, 1, 0], "60, 80 and 100 days are too old"
    assert (await runs.page(store, rule.rule_id, limit=50)).rows == whole[:5]
