"""What rules know of an order, and what their actions write with the decision."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import orjson

from engine.database.connection import Database
from engine.identifiers import DEFAULT_CREATOR, new_id
from engine.ports.outcomes import Failed
from engine.words import ChannelStatus, EffectKind
from engine.workflow.definition_file import packaged_text
from engine.workflow.failures import retry
from engine.workflow.library import load_workflow
from engine.workflow.rules import store as rules
from tests.engine.facts import MASKED_QUAY, a_unit, an_order, later, units_of
from tests.engine.house import MIRA, House
from tests.engine.workflow.rules.ruled import a_rule, order_row, runs, save


async def test_every_name_tells_what_is_known_of_the_order(house: House, store: Database) -> None:
    await house.stock("BOWL-LG", 5, weight_grams=900)
    conditions = [
        'total == 56.00 and currency == "USD"',
        "units == 3 and lines == 2 and weight_grams == 1700",
        'all_of(skus, "BOWL-LG", "MUG-BLU") and count(skus) == 2',
        'country == "US" and state == "WA" and postal_prefix == "980"',
        'shop == "Alder Goods" and creator == "Creator"',
        'channel_status == "AWAITING_SHIPMENT"',
        'order_status == "pending" and workflow_state == "new" and failure_code == ""',
        'kind == "normal" and shipping_type == "SELLER" and shipping_method == "Standard"',
        "paid and not cash_on_delivery and not cancel_requested and not is_gift and not held and not assigned",
        "count(tags) == 0 and priority == 1",
        "hours_to_ship_by > 1000000",
    ]
    await store.pool.execute("UPDATE users SET display_name = 'Creator' WHERE id = $1", DEFAULT_CREATOR)
    changed = [
        condition.replace('order_status == "pending"', 'order_status == "processing"') for condition in conditions
    ]
    changed[6] = 'order_status == "processing" and workflow_state == "inventory_reserved" and failure_code == ""'
    changed[9] = 'all_of(tags, "c0", "c10") and count(tags) == 12 and priority == 1'
    await save(
        store,
        *(
            a_rule(f"c{place}", condition=condition, do=f'{{ action = "tag", tags = ["c{place}"] }}')
            for place, condition in reversed(list(enumerate(conditions)))
        ),
        *(a_rule(f"u{place}", "order.updated", condition) for place, condition in enumerate(changed)),
    )
    fact = an_order(house.shop_id, units=units_of("MUG-BLU", "MUG-BLU", "BOWL-LG"))
    await rules.move(store, DEFAULT_CREATOR, "c9", 1, actor=MIRA)
    [order_id] = await house.arrive(fact)
    assert {rule for rule, _, _ in await runs(store, order_id)} == {f"c{place}" for place in range(len(conditions))}
    await house.arrive(replace(later(fact, ChannelStatus.AWAITING_SHIPMENT, minute=3), seller_note="again"))
    updated = {rule for rule, event, _ in await runs(store, order_id) if event == "order.updated"}
    assert updated == {f"u{place}" for place in range(len(conditions))}


async def test_gifts_deadlines_and_what_tiktok_hides_are_told_as_they_are(house: House, store: Database) -> None:
    await save(
        store,
        a_rule("gift", condition="is_gift"),
        a_rule("soon", condition="hours_to_ship_by > 1.9 and hours_to_ship_by <= 2"),
        a_rule("hidden", condition='country == "" and postal_prefix == ""'),
        a_rule("masked", condition='country == "US"'),
        a_rule("cod", condition="cash_on_delivery and paid"),
    )
    now = await store.pool.fetchval("SELECT now()")
    ids = await house.arrive(
        an_order(house.shop_id, "1", units=(a_unit("1"), a_unit("2", is_gift=True))),
        an_order(house.shop_id, "2", ship_by=now + timedelta(hours=2)),
        an_order(house.shop_id, "3", ChannelStatus.UNPAID),
        an_order(house.shop_id, "4", address=MASKED_QUAY, masked=True, cash_on_delivery=True),
    )
    found = [[rule for rule, _, _ in await runs(store, order_id)] for order_id in ids]
    assert found == [["gift", "masked"], ["soon", "masked"], ["hidden"], ["masked", "cod"]]


async def test_every_action_is_written_with_the_decision(house: House, store: Database) -> None:
    mira = new_id()
    await store.pool.execute(
        "INSERT INTO users (id, display_name, role, login_role) VALUES ($1, 'Mira', 'operator', 'mira')", mira
    )
    await save(
        store,
        a_rule(
            "all",
            "order.validated",
            do="""{ action = "tag", tags = ["vip", "check"] }, { action = "untag", tags = ["check", "never"] },
                  { action = "prioritise", priority = 4 }, { action = "assign", to = "mira" },
                  { action = "carrier", choose = "carrier:UPS" },
                  { action = "notify", audience = "warehouse", text = "Pack it well." },
                  { action = "notify", audience = "creator", text = "A good one." }""",
        ),
    )
    [order_id] = await house.arrive(an_order(house.shop_id))
    row = await order_row(store, order_id)
    assert (row["tags"], row["priority_override"], row["priority_level"], row["assigned_to"], row["rate_rule"]) == (
        ["vip"],
        4,
        4,
        mira,
        "carrier:UPS",
    )
    assert await store.pool.fetchval("SELECT priority FROM work WHERE order_id = $1", order_id) == 4
    label = await store.pool.fetchval("SELECT request FROM effects WHERE kind = 'buy_label'")
    assert label == {"rate_rule": "carrier:UPS"}
    done = ["tagged vip, check", "untagged check", "priority 4", "assigned to Mira", "label by carrier:UPS"]
    assert await runs(store, order_id) == [("all", "order.validated", [*done, "told warehouse", "told creator"])]
    entries = await store.pool.fetch(
        "SELECT action, after FROM audit_log WHERE subject = $1 ORDER BY sequence", order_id
    )
    assert [entry["action"] for entry in entries] == ["order.created", "workflow.reserve_inventory"]
    told = orjson.loads(store.vault.open("audit_log.after", order_id, entries[1]["after"]) or b"")
    assert told["rules"] == [f"all: {', '.join([*done, 'told warehouse', 'told creator'])}"]
    assert row["version"] == 1
    claims = await house.claim(EffectKind.NOTICE)
    assert [claim.request["audience"] for claim in claims] == ["warehouse"]
    requests = await house.notice_requests(claims)
    assert [(each.template, each.audience, each.recipient, each.values) for each in requests.values()] == [
        ("rule", "warehouse", "", {"order": "577001", "shop": "Alder Goods", "rule": "all", "text": "Pack it well."})
    ]
    await house.assert_balanced()


async def test_a_rule_alone_moves_the_version_and_leaves_its_link(house: House, store: Database) -> None:
    await save(store, a_rule("note", "order.updated"))
    fact = an_order(house.shop_id)
    [order_id] = await house.arrive(fact)
    before = await house.version(order_id)
    await house.arrive(replace(later(fact, ChannelStatus.AWAITING_SHIPMENT, minute=2), seller_note="x"))
    assert await house.version(order_id) == before + 2
    actions = await store.pool.fetch("SELECT action FROM audit_log WHERE subject = $1 ORDER BY sequence", order_id)
    assert [row["action"] for row in actions][-2:] == ["order.updated", "workflow.rules"]
    await house.assert_balanced()


async def test_a_notice_is_sent_once_per_rule_and_order_and_keeps_no_other_waiting(
    house: House, store: Database
) -> None:
    say = '{ action = "notify", audience = "creator", text = "It changed." }'
    await save(store, a_rule("one", "order.updated", do=say))
    fact = an_order(house.shop_id)
    [order_id] = await house.arrive(fact)
    await house.arrive(replace(later(fact, ChannelStatus.AWAITING_SHIPMENT, minute=1), seller_note="a"))
    for claim in await house.claim(EffectKind.NOTICE):
        from engine.ports.outcomes import Done, NoticeSent

        await house.settle(claim, Done(NoticeSent("1")))
    await save(store, a_rule("two", "order.updated", do=say))
    await house.arrive(replace(later(fact, ChannelStatus.AWAITING_SHIPMENT, minute=2), seller_note="b"))
    assert [rule for rule, _, _ in await runs(store, order_id)] == ["one", "one", "two"]
    notices = await store.pool.fetch(
        "SELECT request ->> 'rule' AS rule, state, head FROM effects WHERE order_id = $1 AND kind = 'notice' ORDER BY sequence",
        order_id,
    )
    assert [tuple(row) for row in notices] == [("one", "done", False), ("two", "intent", True)]


async def test_a_label_that_failed_is_bought_as_the_rule_says_when_it_is_retried(house: House, store: Database) -> None:
    await save(
        store,
        a_rule("usual", do='{ action = "carrier", choose = "service:Overnight" }'),
        a_rule("else", "order.failed", 'failure_code == "no_rates"', '{ action = "carrier", choose = "cheapest" }'),
    )
    [order_id] = await house.arrive(an_order(house.shop_id))
    claim = await house.claim_one(EffectKind.BUY_LABEL)
    assert claim.request == {"rate_rule": "service:Overnight"}
    await house.settle(claim, Failed("no_rates", "No carrier offers the service 'Overnight'."))
    assert (await house.standing(order_id)).state == "failed"
    assert (await order_row(store, order_id))["rate_rule"] == "cheapest"
    await retry(store, [order_id], actor=MIRA)
    assert (await house.claim_one(EffectKind.BUY_LABEL)).request == {"rate_rule": "cheapest"}


async def test_a_label_being_bought_is_left_alone(house: House, store: Database) -> None:
    await save(store, a_rule("late", "order.updated", do='{ action = "carrier", choose = "fastest" }'))
    fact = an_order(house.shop_id)
    [order_id] = await house.arrive(fact)
    claim = await house.claim_one(EffectKind.BUY_LABEL)
    await house.arrive(replace(later(fact, ChannelStatus.AWAITING_SHIPMENT, minute=2), seller_note="x"))
    assert len(await runs(store, order_id)) == 1
    assert await store.pool.fetchval("SELECT request FROM effects WHERE id = $1", claim.effect_id) == {}


async def test_a_rule_chooses_the_workflow_of_an_order_that_arrives(house: House, store: Database) -> None:
    express = packaged_text().replace('name = "order"', 'name = "express"')
    await load_workflow(store, express, "express.toml", actor=MIRA)
    await save(store, a_rule("gifts", condition="is_gift", do='{ action = "workflow", name = "express" }'))
    plain, gift = await house.arrive(
        an_order(house.shop_id, "1"), an_order(house.shop_id, "2", units=(a_unit(is_gift=True),))
    )
    names = await store.pool.fetch("SELECT order_id, workflow_name FROM order_workflows")
    assert {row["order_id"]: row["workflow_name"] for row in names} == {plain: "order", gift: "express"}
    assert await runs(store, gift) == [("gifts", "order.created", ["workflow express"])]
    for order_id in (plain, gift):
        assert (await house.standing(order_id)).state == "inventory_reserved"
    await house.assert_balanced()
