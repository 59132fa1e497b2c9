"""Rules tried on orders of the past: the same answers as on the day, with reasons, and nothing written."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from engine.database.connection import Database
from engine.identifiers import DEFAULT_CREATOR, OrderId
from engine.orders.holds import place_holds
from engine.words import ChannelStatus, HoldReason
from engine.workflow.rules import store as rules
from engine.workflow.rules.dry_run import DryRun, dry_run, rules_of
from engine.workflow.rules.file import parse
from tests.engine.facts import NOON, a_unit, an_order, later, units_of
from tests.engine.house import MIRA, House
from tests.engine.workflow.rules.ruled import a_rule, save
from tests.engine.workflow.rules.test_decisions import deliver


async def tried(store: Database, order_ids: list[OrderId], *texts: str) -> DryRun:
    drafts = rules_of(parse("\n".join(texts), "rules.toml"), NOON)
    return await dry_run(store, DEFAULT_CREATOR, drafts, order_ids)


async def test_an_unsaved_rule_says_for_each_order_what_it_would_have_done_and_why_not(
    house: House, store: Database
) -> None:
    small, large, hidden = await house.arrive(
        an_order(house.shop_id, "1"),
        an_order(house.shop_id, "2", units=units_of("MUG-BLU", "MUG-BLU", "MUG-BLU")),
        an_order(house.shop_id, "3", ChannelStatus.UNPAID, units=units_of("MUG-BLU", "MUG-BLU")),
    )
    before = await house.row_counts()
    found = await tried(
        store,
        [hidden, large, small],
        a_rule(
            "large",
            condition='total > 20 and (country == "US" or is_gift)',
            do='{ action = "hold", reason = "fraud", hours = 3 }, { action = "notify", audience = "support", text = "x" }',
        ),
        a_rule("valid", "order.validated", "held"),
    )
    assert await house.row_counts() == before
    assert [order.order_number for order in found.orders] == ["3", "2", "1"]
    three, two, one = found.orders
    assert [(trial.rule, trial.matched, trial.done, trial.why_not) for trial in two.trials] == [
        ("large", True, ("held (fraud) for 3 h", "told support"), ""),
        # What the hold would have kept back did happen on the day, and is tried as it was.
        ("valid", True, ("tagged seen",), ""),
    ]
    assert [(trial.rule, trial.why_not) for trial in one.trials] == [
        ("large", "total > 20 is false (total is 12.50)"),
        ("valid", "held is false (held is false)"),
    ]
    [unpaid] = three.trials
    assert unpaid.why_not == 'country == "US" is false (country is ""); is_gift is false (is_gift is false)'
    assert unpaid.term is not None
    assert [term.holds for term in unpaid.term.terms] == [True, False]
    assert [(tally.rule, tally.asked, tally.matched, tally.orders) for tally in found.tallies] == [
        ("large", 3, 1, 1),
        ("valid", 2, 1, 1),
    ]


async def test_each_event_is_tried_as_the_order_stood_then(house: House, store: Database) -> None:
    many = tuple(a_unit(str(place)) for place in range(12))
    fact = an_order(house.shop_id, "1", ChannelStatus.UNPAID, units=many, ship_by=NOON + timedelta(days=2))
    [order_id] = await house.arrive(fact)
    await house.arrive(replace(an_order(house.shop_id, "1", minute=5, units=many), ship_by=fact.ship_by))
    await store.run(lambda c: place_holds(c, store.vault, [order_id], HoldReason.FRAUD, actor=MIRA))
    await house.run()
    await house.arrive(later(an_order(house.shop_id, "1", units=many), ChannelStatus.CANCELLED, minute=9))
    everything = [
        a_rule("c", "order.created", 'channel_status == "UNPAID" and order_status == "pending" and not paid'),
        a_rule("u", "order.updated", 'channel_status == "AWAITING_SHIPMENT" and workflow_state == "new" and paid'),
        a_rule("v", "order.validated", 'order_status == "confirmed" and failure_code == "" and "seen" in tags'),
        a_rule("f", "order.failed", 'failure_code == "out_of_stock" and order_status == "confirmed" and not held'),
        a_rule("h", "order.held", 'held and workflow_state == "failed"'),
        a_rule("x", "order.cancelled", 'order_status == "cancelled" and channel_status == "CANCELLED"'),
        a_rule("s", "order.shipped"),
    ]
    found = await tried(store, [order_id], *everything)
    [order] = found.orders
    assert [trial.rule for trial in order.trials if trial.matched] == ["c", "u", "v", "f", "h", "x"]
    assert [(trial.event, trial.why_not) for trial in order.trials if not trial.matched] == [
        ("order.updated", 'channel_status == "AWAITING_SHIPMENT" is false (channel_status is "CANCELLED")')
    ]
    assert [tally.asked for tally in found.tallies] == [1, 2, 1, 1, 1, 1, 0]


async def test_stop_order_and_breaks_are_told(house: House, store: Database) -> None:
    one, two = await house.arrive(
        an_order(house.shop_id, "1"), an_order(house.shop_id, "2", units=units_of("MUG-BLU", "MUG-BLU"))
    )
    found = await tried(
        store,
        [one, two],
        a_rule("breaks", condition="total / (units - 1) > 1"),
        a_rule("stops", condition="units == 2", stop=True),
        a_rule("last"),
    )
    assert [(trial.rule, trial.matched, trial.why_not) for trial in found.orders[0].trials] == [
        (
            "breaks",
            False,
            (
                "broke: Its condition divides by zero, or reckons with a ship-by that is not there, for some order. "
                "Ask first, as in units > 0 and …, and save it anew."
            ),
        ),
        ("stops", False, "units == 2 is false (units is 1)"),
        ("last", True, ""),
    ]
    assert [(trial.rule, trial.matched, trial.why_not) for trial in found.orders[1].trials] == [
        ("breaks", False, "broke before"),
        ("stops", True, ""),
        ("last", False, '"stops" stopped before it'),
    ]
    assert [bool(tally.broke) for tally in found.tallies] == [True, False, False]
    assert await store.pool.fetchval("SELECT count(*) FROM rules") == 0


async def test_rules_that_have_run_already_are_tried_as_if_they_had_not(house: House, store: Database) -> None:
    rule = a_rule(
        "once",
        condition='"vip" not in tags and priority < 3',
        do='{ action = "tag", tags = ["vip"] }, { action = "prioritise", priority = 5 }',
    )
    await save(store, rule)
    [order_id] = await house.arrive(an_order(house.shop_id))
    saved = await rules.rules_named(store, DEFAULT_CREATOR, [])
    found = await dry_run(store, DEFAULT_CREATOR, saved, [order_id])
    assert [trial.done for trial in found.orders[0].trials] == [("tagged vip", "priority 5")]


async def test_orders_no_rule_touches_and_events_that_never_were_say_so(house: House, store: Database) -> None:
    facts = [
        an_order(house.shop_id, "1", fulfilled_by_tiktok=True),
        an_order(house.shop_id, "2", ChannelStatus.COMPLETED),
        an_order(house.shop_id, "3"),
    ]
    ids = await house.arrive(*facts)
    found = await tried(store, ids, a_rule("s", "order.shipped"))
    assert [(order.trials, order.note) for order in found.orders] == [
        ((), "fulfilled by TikTok: no rule touches it"),
        ((), "closed when it arrived: no rule touches it"),
        ((), "none of the events has happened to it"),
    ]
    await deliver(house, ids[2])
    [order] = (await tried(store, [ids[2]], a_rule("s", "order.shipped"), a_rule("d", "order.delivered"))).orders
    assert [trial.matched for trial in order.trials] == [True, True]
