"""Whatever the rules and whatever became of the orders: a dry run tells what the real run did, rule for rule and word for word."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from engine.database.connection import Database
from engine.identifiers import DEFAULT_CREATOR, OrderId
from engine.orders.holds import place_holds, release_holds
from engine.ports.facts import OrderFact
from engine.words import ChannelStatus, HoldReason, TrackingStatus
from engine.workflow.failures import retry
from engine.workflow.rules import store as rules
from engine.workflow.rules.dry_run import dry_run
from engine.workflow.rules.events import RuleEvent
from tests.engine.facts import an_order, later, units_of
from tests.engine.house import MIRA, House
from tests.engine.workflow.rules.ruled import a_rule, runs, save

SEEDS = (2026, 4164768749, int(os.environ.get("ORDERS_TUI_TEST_SEED") or random.SystemRandom().randrange(2**32)))
"""Two that have found something, and a new one each time, told when it finds something."""

ORDERS = 6
RULES = 14

_CONDITIONS = (
    "total > {number}",
    "units {order} {small}",
    "lines == {small}",
    "weight_grams >= {weight}",
    '"{tag}" in tags',
    '"{tag}" not in tags',
    "count(tags) {order} {small}",
    "priority {order} {small}",
    'country in ["US", "CA"]',
    'state == "{region}"',
    'any_starts_with(skus, "BOWL", "CUP")',
    "held",
    "assigned",
    "paid and not cancel_requested",
    "hours_to_ship_by < {hours}",
    'channel_status == "{channel}"',
    'order_status != "{status}"',
    'workflow_state in ["new", "{state}"]',
    'failure_code == "out_of_stock"',
    "units * 2 + 1 > total - {number}",
)


class Chance:
    """Random rules and random fates, from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def condition(self, depth: int = 0) -> str:
        kind = self.random.random()
        if depth < 3 and kind < 0.45:
            joined = self.random.choice((" and ", " or ")).join(
                self.condition(depth + 1) for _ in range(self.random.choice((2, 2, 3)))
            )
            return f"({joined})"
        if kind < 0.55:
            return f"not ({self.condition(depth + 1)})"
        return self.random.choice(_CONDITIONS).format(
            number=self.random.choice((5, 12.5, 31, 60)),
            small=self.random.choice((0, 1, 2, 3)),
            order=self.random.choice(("<", "<=", "==", ">", ">=")),
            weight=self.random.choice((0, 400, 1000)),
            tag=self.random.choice("abc"),
            region=self.random.choice(("WA", "OR")),
            hours=self.random.choice((5, 30, 1000)),
            channel=self.random.choice(("AWAITING_SHIPMENT", "ON_HOLD", "CANCELLED")),
            status=self.random.choice(("pending", "confirmed", "processing")),
            state=self.random.choice(("validated", "inventory_reserved", "failed")),
        )

    def rules(self) -> Iterator[str]:
        for number in range(RULES):
            event = self.random.choice(list(RuleEvent))
            actions = [
                f'{{ action = "tag", tags = ["{self.random.choice("abc")}"] }}',
                f'{{ action = "untag", tags = ["{self.random.choice("abc")}"] }}',
                '{ action = "assign", to = "mira" }',
                '{ action = "notify", audience = "support", text = "look" }',
            ]
            if event not in {RuleEvent.DELIVERED, RuleEvent.CANCELLED}:
                actions.append(f'{{ action = "prioritise", priority = {self.random.randint(0, 5)} }}')
                if event is not RuleEvent.SHIPPED:
                    actions.append('{ action = "hold", reason = "other" }')
            chosen = self.random.sample(actions, self.random.choice((1, 1, 2)))
            yield a_rule(f"r{number:02}", event, self.condition(), ", ".join(chosen), stop=self.random.random() < 0.2)

    def facts(self, house: House, now: Any) -> list[OrderFact]:
        return [
            an_order(
                house.shop_id,
                f"5770{number}",
                self.random.choice((ChannelStatus.AWAITING_SHIPMENT, ChannelStatus.ON_HOLD)),
                units=units_of(*self.random.choices(("MUG-BLU", "BOWL-LG"), k=self.random.randint(1, 4))),
                ship_by=self.random.choice((None, now + timedelta(hours=3), now + timedelta(hours=40))),
            )
            for number in range(ORDERS)
        ]


@pytest.mark.parametrize("seed", SEEDS, ids=["2026", "4164768749", "new"])
async def test_a_dry_run_over_orders_tells_what_the_real_run_did_to_them(
    house: House, store: Database, seed: int
) -> None:
    chance = Chance(seed)
    await house.stock("BOWL-LG", 4, weight_grams=900)
    await store.pool.execute("INSERT INTO users (display_name, role, login_role) VALUES ('Mira', 'operator', 'mira')")
    await save(store, *chance.rules())
    facts = chance.facts(house, await store.pool.fetchval("SELECT now()"))
    ids = await house.arrive(*facts)
    await _live(house, chance, facts, ids)
    saved = await rules.rules_named(store, DEFAULT_CREATOR, [])
    before = await house.row_counts()
    found = await dry_run(store, DEFAULT_CREATOR, saved, ids)
    assert await house.row_counts() == before
    matched = 0
    for order in found.orders:
        told = [(trial.rule, trial.event.value, list(trial.done)) for trial in order.trials if trial.matched]
        assert told == await runs(store, order.order_id), f"ORDERS_TUI_TEST_SEED={seed}, order {order.order_number}"
        matched += len(told)
    assert matched, f"ORDERS_TUI_TEST_SEED={seed}: these rules say nothing"
    await house.assert_balanced()


async def _live(house: House, chance: Chance, facts: list[OrderFact], ids: list[OrderId]) -> None:
    """Things that happen to orders, in any order."""
    store, minute = house.store, 1
    for _ in range(14):
        minute += 1
        place = chance.random.randrange(len(ids))
        order_id = ids[place]
        match chance.random.randrange(7):
            case 0 | 1:
                known = {ChannelStatus.AWAITING_SHIPMENT, facts[place].channel_status} - {ChannelStatus.CANCELLED}
                status = chance.random.choice(sorted(known)) if known else ChannelStatus.CANCELLED
                if facts[place].channel_status is not ChannelStatus.CANCELLED:
                    facts[place] = replace(later(facts[place], status, minute=minute), seller_note=str(minute))
                    await house.arrive(facts[place])
            case 2:
                await _hold(house, order_id)
                await house.run()
            case 3:
                await store.run(lambda c: release_holds(c, store.vault, ids, actor=MIRA))
                await house.run()
            case 4:
                await house.receive("BOWL-LG", 3)
                await retry(store, ids, actor=MIRA)
                await house.run()
            case 5:
                await _ship(house, ids, minute)
            case _:
                if chance.random.random() < 0.4:
                    facts[place] = later(facts[place], ChannelStatus.CANCELLED, minute=minute)
                    await house.arrive(facts[place])
    await store.run(lambda c: release_holds(c, store.vault, ids, actor=MIRA))
    await house.run()
    await _ship(house, ids, 90)


async def _hold(house: House, order_id: OrderId) -> None:
    store = house.store
    await store.run(lambda c: place_holds(c, store.vault, [order_id], HoldReason.ADDRESS, actor=MIRA))


async def _ship(house: House, ids: list[OrderId], minute: int) -> None:
    await house.buy_labels()
    await house.tell_tiktok()
    for order_id in ids:
        package = await house.package(order_id)
        if package is not None and package["tracking_number"]:
            await house.track(order_id, TrackingStatus.IN_TRANSIT, minute=minute)
            await house.track(order_id, TrackingStatus.DELIVERED, minute=minute + 1)
