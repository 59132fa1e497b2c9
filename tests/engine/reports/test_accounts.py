"""Accounting: where every order ended up, and every kind of damage is seen."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from engine.database.connection import Database
from engine.reports.accounts import Accounts, account, outcomes
from engine.words import ChannelStatus
from tests.engine.facts import a_unit, an_order
from tests.engine.house import House


async def test_every_order_is_counted_where_it_ended_up(house: House, store: Database) -> None:
    await house.arrive(
        an_order(house.shop_id, "1"),
        an_order(house.shop_id, "2", ChannelStatus.COMPLETED),
        an_order(house.shop_id, "3", ChannelStatus.CANCELLED),
        an_order(house.shop_id, "4", units=(a_unit(sku="NEVER-SEEN"),)),
        an_order(house.shop_id, "5", ChannelStatus.UNPAID),
    )
    await house.buy_labels()
    expected = {"open": 2, "completed": 1, "cancelled": 1, "unmapped_sku": 1}
    assert await outcomes(store) == expected
    assert await account(store) == Accounts(5, expected, 1, 0, 0, 0)


@pytest.mark.parametrize(
    ("damage", "seen"),
    [
        ("UPDATE orders SET order_status = 'shipped'", "broken_histories"),
        ("UPDATE orders SET workflow_status = 'shipped'", "broken_histories"),
        ("DELETE FROM order_status_history WHERE new_status = 'confirmed'", "broken_histories"),
        ("DELETE FROM order_workflow_steps WHERE trigger = 'validate'", "broken_histories"),
        ("DELETE FROM audit_log WHERE action = 'order.created'", "broken_histories"),
        ("UPDATE audit_log SET hash = '\\x00'", "broken_histories"),
        ("UPDATE stock_levels SET on_hand = on_hand + 1", "unbalanced_stock"),
        ("UPDATE stock_levels SET reserved = 0", "unbalanced_stock"),
        ("UPDATE stock_reservations SET state = 'released'", "unbalanced_stock"),
        ("DELETE FROM stock_movements WHERE kind = 'reserve'", "unbalanced_stock"),
        ("DELETE FROM work", "open_without_work"),
    ],
)
async def test_damage_is_seen(house: House, store: Database, damage: str, seen: str) -> None:
    await house.arrive(an_order(house.shop_id))
    assert (await account(store)).balanced
    async with store.transaction() as connection:
        await connection.execute("SET LOCAL session_replication_role = replica")  # not even the audit's trigger minds
        await connection.execute(damage)
    after = await account(store)
    assert not after.balanced
    sums = {name: asdict(after)[name] for name in ("broken_histories", "unbalanced_stock", "open_without_work")}
    assert {name for name, count in sums.items() if count} == {seen}
