"""A rule that breaks, breaks alone: it is marked once, support is told, and orders and other rules go on."""

from __future__ import annotations

import asyncio

import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.errors import Refused
from engine.identifiers import DEFAULT_CREATOR
from engine.orders import intake
from engine.words import EffectKind
from engine.workflow.rules import expression
from engine.workflow.rules import store as rules
from sync.notices.templates import built_in_templates
from tests.engine.facts import a_unit, an_order, units_of
from tests.engine.house import MIRA, House
from tests.engine.workflow.rules.ruled import a_rule, broken, runs, save
from tests.factories import opened

DIVIDES = "total / (units - 2) > 1"
"""Breaks for an order of two units, and for no other."""


async def test_a_rule_that_breaks_for_one_order_leaves_the_batch_to_the_others(house: House, store: Database) -> None:
    await save(
        store,
        a_rule("before", do='{ action = "tag", tags = ["a"] }'),
        a_rule("breaks", condition=DIVIDES, do='{ action = "tag", tags = ["b"] }'),
        a_rule("after", do='{ action = "tag", tags = ["c"] }'),
    )
    one, two, three = await house.arrive(
        an_order(house.shop_id, "1"),
        an_order(house.shop_id, "2", units=units_of("MUG-BLU", "MUG-BLU")),
        an_order(house.shop_id, "3", units=units_of("MUG-BLU", "MUG-BLU", "MUG-BLU")),
    )
    # One unit gives a negative quotient; the third order comes after the break.
    for order_id in (one, two, three):
        assert [rule for rule, _, _ in await runs(store, order_id)] == ["before", "after"]
        assert (await house.standing(order_id)).state == "inventory_reserved"
    why = (
        "Its condition divides by zero, or reckons with a ship-by that is not there, for some order. "
        "Ask first, as in units > 0 and …, and save it anew."
    )
    assert await broken(store) == {"breaks": why}
    [view] = [view for view in await rules.list_rules(store) if view.error]
    assert (view.name, view.error, view.enabled, view.broke_at is not None) == ("breaks", why, True, True)
    entries = await store.pool.fetch(
        "SELECT action, actor FROM audit_log WHERE subject = $1 ORDER BY sequence", view.rule_id
    )
    assert [tuple(entry) for entry in entries] == [("rule.saved", "mira"), ("rule.broke", "system")]
    claims = await house.claim(EffectKind.NOTICE)
    requests = (await house.notice_requests(claims)).values()
    [told] = [each for each in requests if each.template == "rule_broken"]
    assert (told.audience, told.values) == ("support", {"rule": "breaks", "error": why})
    assert "breaks" in built_in_templates().render(told.template, told.values).subject
    await house.assert_balanced()


async def test_a_broken_rule_is_left_out_until_it_is_saved_anew(house: House, store: Database) -> None:
    await save(store, a_rule("breaks", condition="total / (units - 1) > 1"))
    [first] = await house.arrive(an_order(house.shop_id, "1"))
    assert list(await broken(store)) == ["breaks"]
    [second] = await house.arrive(an_order(house.shop_id, "2", units=units_of("MUG-BLU", "MUG-BLU")))
    assert await runs(store, first) == await runs(store, second) == []
    with pytest.raises(Refused, match=r'The rule "breaks" is broken: .* Mend it in its file and save it anew'):
        await rules.switch(store, DEFAULT_CREATOR, ["breaks"], on=True, actor=MIRA)
    [saved] = await save(store, a_rule("breaks", condition="total / (units - 1) > 1"))
    assert saved.saving is rules.Saving.CHANGED
    [third] = await house.arrive(an_order(house.shop_id, "3", units=units_of("MUG-BLU", "MUG-BLU")))
    assert [rule for rule, _, _ in await runs(store, third)] == ["breaks"]
    await house.arrive(an_order(house.shop_id, "4"))
    assert list(await broken(store)) == ["breaks"]
    notices = await store.pool.fetch("SELECT key FROM effects WHERE key LIKE 'notice:rule_broken:%'")
    assert len(notices) == 2


async def test_a_rule_that_costs_too_much_is_broken_and_not_the_order(
    house: House, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await save(
        store,
        a_rule("dear", condition='"X" in skus or units > 0'),
        a_rule("cheap", condition="units > 0"),
    )
    monkeypatch.setattr(expression, "MOST_VISITS", 8)
    for place in range(9):
        await house.stock(f"CUP-{place}", 20)
    few, many = await house.arrive(
        an_order(house.shop_id, "1"),
        an_order(house.shop_id, "2", units=tuple(a_unit(str(n), f"CUP-{n}") for n in range(9))),
    )
    assert [rule for rule, _, _ in await runs(store, few)] == ["dear", "cheap"]
    assert [rule for rule, _, _ in await runs(store, many)] == ["cheap"]
    assert (await house.standing(many)).state == "inventory_reserved"
    assert list(await broken(store)) == ["dear"]
    assert (await broken(store))["dear"].startswith("Its condition costs too much")


async def test_the_budget_of_a_batch_ends_a_rule_however_little_each_order_costs(
    house: House, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await save(store, a_rule("counted", condition="units > 0"), a_rule("other", condition="units > 0 and paid"))
    monkeypatch.setattr("engine.workflow.rules.asking.Meter", lambda: expression.Meter(20))
    ids = await house.arrive(*(an_order(house.shop_id, str(place)) for place in range(8)))
    counted = [("counted" in [rule for rule, _, _ in await runs(store, order_id)]) for order_id in ids]
    assert (counted.count(True), sorted(await broken(store))) == (6, ["counted", "other"])
    assert {(await house.standing(order_id)).state for order_id in ids} == {"inventory_reserved"}


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        ("condition", "total > shoe_size", "if, column 9: there is no name shoe_size;"),
        ("actions", [{"action": "paint"}], "there is no action 'paint'; give one of tag,"),
        ("event", "order.painted", "There is no event 'order.painted'; save the rule anew."),
    ],
)
async def test_a_stored_rule_this_program_cannot_read_is_marked_and_the_others_are_asked(
    house: House, store: Database, column: str, value: object, why: str
) -> None:
    await save(store, a_rule("newer"), a_rule("known"))
    await store.pool.execute(f"UPDATE rules SET {column} = $1, updated_at = now() WHERE name = 'newer'", value)  # noqa: S608
    [order_id] = await house.arrive(an_order(house.shop_id))
    assert [rule for rule, _, _ in await runs(store, order_id)] == ["known"]
    found = await broken(store)
    assert list(found) == ["newer"]
    assert found["newer"].startswith(why)


async def test_two_daemons_that_meet_the_same_break_mark_it_once(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    await save(store, a_rule("breaks", condition="total / (units - 1) > 1"), a_rule("fine"))
    async with opened(database) as other:
        facts = [an_order(house.shop_id, str(place)) for place in range(8)]
        await asyncio.gather(
            *(intake.apply(each, facts[place::4]) for place, each in enumerate((store, other, store, other)))
        )
    assert list(await broken(store)) == ["breaks"]
    rule_id = await store.pool.fetchval("SELECT id FROM rules WHERE name = 'breaks'")
    actions = await store.pool.fetch("SELECT action FROM audit_log WHERE subject = $1 ORDER BY sequence", rule_id)
    assert [row["action"] for row in actions] == ["rule.saved", "rule.broke"]
    assert await store.pool.fetchval("SELECT count(*) FROM effects WHERE key LIKE 'notice:rule_broken:%'") == 1
    assert await store.pool.fetchval("SELECT count(*) FROM rule_runs WHERE rule = 'fine'") == 8
    await house.assert_balanced()
