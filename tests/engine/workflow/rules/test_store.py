"""Rules kept: by name, in their places, each change in the audit; a refusal changes nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.errors import NotFound, Refused
from engine.identifiers import DEFAULT_CREATOR, new_id
from engine.workflow.rules import store as rules
from engine.workflow.rules.file import parse, written
from engine.workflow.rules.store import Saved, Saving
from tests.engine.facts import an_order
from tests.engine.house import MIRA, House
from tests.engine.workflow.rules.ruled import a_rule, runs, save
from tests.factories import opened


async def names(store: Database) -> list[tuple[int, str]]:
    return [(view.position, view.name) for view in await rules.list_rules(store)]


async def test_rules_are_saved_by_name_and_a_new_one_is_off_until_switched_on(house: House, store: Database) -> None:
    one = a_rule("one").replace("enabled = true\n", "")
    assert await save(store, one) == [Saved("one", Saving.CREATED, enabled=False)]
    assert await save(store, one) == [Saved("one", Saving.UNCHANGED, enabled=False)]
    assert await rules.switch(store, DEFAULT_CREATOR, ["one"], on=True, actor=MIRA) == ["one"]
    assert await rules.switch(store, DEFAULT_CREATOR, ["one"], on=True, actor=MIRA) == []
    changed = a_rule("one", condition="units > 1").replace("enabled = true\n", "")
    assert await save(store, changed, a_rule("two", enabled=False)) == [
        Saved("one", Saving.CHANGED, enabled=True),
        Saved("two", Saving.CREATED, enabled=False),
    ]
    assert await names(store) == [(1, "one"), (2, "two")]
    view = await rules.find_rule(store, DEFAULT_CREATOR, "one")
    assert (view.condition, view.does, view.enabled) == ("units > 1", "tag seen", True)
    entries = await store.pool.fetch(
        "SELECT action, actor, before, after FROM audit_log WHERE subject = $1 ORDER BY sequence", view.rule_id
    )
    assert [entry["action"] for entry in entries] == ["rule.saved", "rule.enabled", "rule.saved"]
    before = orjson.loads(store.vault.open("audit_log.before", view.rule_id, entries[2]["before"]) or b"")
    after = orjson.loads(store.vault.open("audit_log.after", view.rule_id, entries[2]["after"]) or b"")
    assert (before["condition"], after["condition"], after["actions"]) == (
        "true",
        "units > 1",
        [{"action": "tag", "tags": ["seen"]}],
    )
    await house.assert_balanced()


async def test_what_show_prints_can_be_saved_again(house: House, store: Database) -> None:
    await store.pool.execute(
        "INSERT INTO users (id, display_name, role, login_role) VALUES ($1, 'Mira', 'operator', 'mira')", new_id()
    )
    quoted = a_rule(
        'it is "quoted"',
        condition='shop == "a \\\\ b" or contains(shop, "ä\'")',
        do="""{ action = "hold", reason = "address", hours = 3, note = "say \\"hi\\"" }, { action = "assign", to = "mira" }""",
        stop=True,
    )
    await save(store, quoted)
    [view] = await rules.list_rules(store)
    [draft] = parse("\n".join(written(view)), "again.toml")
    saved = await rules.save(store, DEFAULT_CREATOR, [draft], actor=MIRA)
    assert saved == [Saved(view.name, Saving.UNCHANGED, enabled=True)]


async def test_places_stay_without_gaps(house: House, store: Database) -> None:
    await save(store, *(a_rule(name) for name in "abcd"))
    await rules.move(store, DEFAULT_CREATOR, "d", 1, actor=MIRA)
    assert await names(store) == [(1, "d"), (2, "a"), (3, "b"), (4, "c")]
    await rules.move(store, DEFAULT_CREATOR, "d", 3, actor=MIRA)
    assert await names(store) == [(1, "a"), (2, "b"), (3, "d"), (4, "c")]
    await rules.delete(store, DEFAULT_CREATOR, "b", actor=MIRA)
    assert await names(store) == [(1, "a"), (2, "d"), (3, "c")]
    await save(store, a_rule("e"))
    assert (await names(store))[-1] == (4, "e")


async def refused(doing: Any) -> str:
    with pytest.raises((Refused, NotFound)) as caught:
        await doing
    return caught.value.sentence


async def test_a_refusal_says_the_mend_and_changes_nothing(house: House, store: Database) -> None:
    await save(store, a_rule("one"), a_rule("two"))
    before = await house.row_counts(), await rules.list_rules(store)
    mine = DEFAULT_CREATOR
    assert (
        await refused(rules.move(store, mine, "one", 3, actor=MIRA)) == "There are 2 rules: give a place from 1 to 2."
    )
    unknown = 'There is no rule "three": orders-tui rules list shows them.'
    assert await refused(rules.move(store, mine, "three", 1, actor=MIRA)) == unknown
    assert await refused(rules.delete(store, mine, "three", actor=MIRA)) == unknown
    assert await refused(rules.switch(store, mine, ["one", "three"], on=False, actor=MIRA)) == unknown
    assert await refused(rules.rules_named(store, mine, ["three"])) == unknown
    nobody = a_rule("three", do='{ action = "assign", to = "nobody" }')
    assert await refused(save(store, a_rule("four"), nobody)) == (
        "There is no user 'nobody': give an id, a login or a display name."
    )
    nowhere = a_rule("three", do='{ action = "workflow", name = "express" }')
    assert (await refused(save(store, nowhere))).startswith("There is no workflow express")
    assert (await house.row_counts(), await rules.list_rules(store)) == before


async def test_whose_rules_must_be_said_where_there_are_several_creators(house: House, store: Database) -> None:
    assert await rules.creator_named(store, "") == DEFAULT_CREATOR
    other = new_id()
    await store.pool.execute("INSERT INTO users (id, display_name, role) VALUES ($1, 'Nadia Brook', 'creator')", other)
    default = await store.pool.fetchval("SELECT display_name FROM users WHERE id = $1", DEFAULT_CREATOR)
    assert await refused(rules.creator_named(store, "")) == (
        f"There are several creators ({default}, Nadia Brook): say whose rules with --creator."
    )
    assert await rules.creator_named(store, "Nadia Brook") == await rules.creator_named(store, str(other)) == other
    assert await refused(rules.creator_named(store, "Nobody")) == (
        f"There is no creator 'Nobody'; there are {default}, Nadia Brook."
    )


async def test_many_hands_at_one_creators_rules_lose_nothing(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    async with opened(database) as other:
        await asyncio.gather(
            *(save(each, a_rule(f"r{place}")) for place, each in enumerate((store, other) * 6)),
            *(house.arrive(an_order(house.shop_id, f"{place}")) for place in range(3)),
        )
        await asyncio.gather(
            *(
                rules.move(each, DEFAULT_CREATOR, f"r{place}", 11 - place, actor=MIRA)
                for place, each in enumerate((store, other) * 5)
            ),
            rules.delete(store, DEFAULT_CREATOR, "r11", actor=MIRA),
        )
    found = await names(store)
    assert [position for position, _ in found] == list(range(1, 12))
    assert {name for _, name in found} == {f"r{place}" for place in range(11)}
    await house.assert_balanced()


async def test_a_dropped_rules_trace_stays_with_its_orders(house: House, store: Database) -> None:
    await save(store, a_rule("gone"))
    [order_id] = await house.arrive(an_order(house.shop_id))
    await rules.delete(store, DEFAULT_CREATOR, "gone", actor=MIRA)
    assert await runs(store, order_id) == [("gone", "order.created", ["tagged seen"])]
    assert await rules.list_rules(store) == []
