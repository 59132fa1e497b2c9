"""`orders-tui rules`: data on stdout, narration on stderr, exit codes; the console's actions have the same twins."""

from __future__ import annotations

from pathlib import Path

from engine.database.connection import Database
from tests.engine.facts import an_order, units_of
from tests.engine.house import House
from tests.orders_tui.cli.saying import Command

FILE = """
[[rule]]
name = "Large"
when = "order.created"
if = 'total > 20 and country == "US"'
do = [{ action = "hold", reason = "fraud", hours = 4 }, { action = "tag", tags = ["large"] }]
stop = true

[[rule]]
name = "Seen"
when = "order.created"
do = [{ action = "tag", tags = ["seen"] }]
enabled = true
"""


async def a_house(store: Database) -> House:
    house = await House.open(store)
    await house.stock("MUG-BLU", 10)
    return house


async def test_a_rule_is_tried_saved_tried_switched_and_traced(
    command: Command, store: Database, tmp_path: Path
) -> None:
    house = await a_house(store)
    await house.arrive(
        an_order(house.shop_id, "5771"), an_order(house.shop_id, "5772", units=units_of(*["MUG-BLU"] * 3))
    )
    file = tmp_path / "rules.toml"
    file.write_text(FILE)
    before = await house.row_counts()
    tried = await command("rules", "test", str(file), "--days", "0")
    assert (tried.code, await house.row_counts()) == (0, before)
    assert tried.lines == [
        "5772  order.created    Large: would have held (fraud) for 4 h, tagged large",
        "5771  order.created    Seen: would have tagged seen",
    ]
    assert tried.err.splitlines() == [
        "Large: matched 1 orders, 1 of 2 times it was asked",
        "Seen: matched 1 orders, 1 of 1 times it was asked",
        "2 orders tried; nothing was changed.",
    ]
    saved = await command("rules", "save", str(file))
    assert (saved.code, saved.lines) == (0, ["created   off  Large", "created   on   Seen"])
    traced = await command("rules", "dry-run", "Large", "--days", "0", "--trace", "--search", "5771")
    assert traced.lines == [
        "5771  order.created    Large: no, total > 20 is false (total is 12.50)",
        '    no        all of (total > 20 and country == "US")',
        "      no        total > 20  (total is 12.50)",
        '      not asked country == "US"  (country is "US")',
    ]
    assert (await command("rules", "enable", "Large")).lines == ["on   Large"]
    assert (await command("rules", "enable", "Large")).lines == ["on   Large  (it was already)"]
    [order_id] = await house.arrive(an_order(house.shop_id, "5773", units=units_of(*["MUG-BLU"] * 2)))
    assert (await house.standing(order_id)).waiting_for == "hold"
    ran = await command("rules", "runs", "5773")
    assert [line[18:] for line in ran.lines] == ["order.created    Large: held (fraud) for 4 h, tagged large"]
    none = await command("rules", "runs", "5771")
    assert (none.code, none.out, none.err) == (0, "", "No rule has matched this order.\n")
    story = await command("orders", "show", "5773")
    assert "Rule Large: held (fraud) for 4 h, tagged large  (system)" in story.out


async def test_json_is_one_object_a_line_for_every_command(command: Command, store: Database, tmp_path: Path) -> None:
    house = await a_house(store)
    await house.arrive(an_order(house.shop_id, "5771"))
    file = tmp_path / "rules.toml"
    file.write_text(FILE)
    saved = (await command("rules", "save", str(file), "--json")).documents
    assert saved == [
        {"name": "Large", "saving": "created", "enabled": False},
        {"name": "Seen", "saving": "created", "enabled": True},
    ]
    [large, seen] = (await command("rules", "list", "--json")).documents
    assert (large["name"], large["position"], large["enabled"], large["error"]) == ("Large", 1, False, "")
    assert large["actions"][0] == {"action": "hold", "reason": "fraud", "hours": 4}
    assert seen["does"] == "tag seen"
    [shown] = (await command("rules", "show", "Large", "--json")).documents
    assert shown == large
    order, first, second = (await command("rules", "dry-run", "--days", "0", "--json")).documents
    assert [(trial["rule"], trial["matched"]) for trial in order["trials"]] == [("Large", False), ("Seen", True)]
    assert order["trials"][0]["term"]["terms"][0] == {
        "text": "total > 20",
        "holds": False,
        "values": {"total": "12.50"},
        "joined": "",
        "terms": [],
    }
    assert (first["rule"], first["matched"], second["rule"], second["orders"]) == ("Large", 0, "Seen", 1)
    [moved] = (await command("rules", "move", "Seen", "1", "--json")).documents
    assert (moved["name"], moved["position"]) == ("Seen", 1)
    assert (await command("rules", "disable", "Seen", "--json")).documents == [
        {"name": "Seen", "enabled": False, "changed": True}
    ]
    assert (await command("rules", "delete", "Large", "--json")).documents == [{"name": "Large", "deleted": True}]
    assert [row["name"] for row in (await command("rules", "list", "--json")).documents] == ["Seen"]


async def test_what_show_prints_is_a_file_that_can_be_saved(command: Command, store: Database, tmp_path: Path) -> None:
    await a_house(store)
    file = tmp_path / "rules.toml"
    file.write_text(FILE)
    await command("rules", "save", str(file))
    shown = await command("rules", "show", "Large")
    assert shown.lines == [
        "[[rule]]",
        'name = "Large"',
        'when = "order.created"',
        'if = "total > 20 and country == \\"US\\""',
        "do = [",
        '  { action = "hold", reason = "fraud", hours = 4 },',
        '  { action = "tag", tags = ["large"] },',
        "]",
        "stop = true",
    ]
    file.write_text(shown.out)
    assert (await command("rules", "save", str(file))).lines == ["unchanged off  Large"]


async def test_mistakes_are_named_with_file_rule_place_and_mend_and_nothing_is_saved(
    command: Command, store: Database, tmp_path: Path
) -> None:
    await a_house(store)
    file = tmp_path / "mine.toml"
    file.write_text(FILE.replace("total > 20", "totl > 20").replace('["seen"]', "[]"))
    for action in ("save", "test"):
        said = await command("rules", action, str(file))
        assert (said.code, said.out) == (2, "")
        assert said.err.splitlines() == [
            'mine.toml, rule "Large", if, column 1: there is no name totl; did you mean total?',
            'mine.toml, rule "Seen", do, action 1: tags of tag is wrong; give a list of 1 to 10 tags, as in ["vip"].',
        ]
    assert await store.pool.fetchval("SELECT count(*) FROM rules") == 0
    unknown = await command("rules", "enable", "Large")
    assert (unknown.code, unknown.err) == (1, 'There is no rule "Large": orders-tui rules list shows them.\n')
    assert (await command("rules", "enable")).code == 2
    assert (await command("rules", "move", "Large", "first")).code == 2
    assert (await command("rules", "dry-run", "--limit", "0")).code == 2


async def test_a_broken_rule_is_seen_in_the_list_and_a_dry_run_that_breaks_says_so_with_its_exit_code(
    command: Command, store: Database, tmp_path: Path
) -> None:
    house = await a_house(store)
    file = tmp_path / "rules.toml"
    file.write_text(FILE.replace("total > 20", "total / (units - 1) > 20").replace("stop = true", "enabled = true"))
    await command("rules", "save", str(file))
    await house.arrive(an_order(house.shop_id, "5771"))
    [broken, fine] = (await command("rules", "list")).lines
    assert broken.split()[:2] == ["1", "BROKEN"]
    assert broken.endswith("Ask first, as in units > 0 and …, and save it anew.")
    assert fine.split()[:2] == ["2", "on"]
    tried = await command("rules", "dry-run", "Large", "--days", "0")
    assert tried.code == 1
    assert "it broke: Its condition divides by zero" in tried.err


async def test_with_several_creators_it_must_be_said_whose_rules(
    command: Command, store: Database, tmp_path: Path
) -> None:
    await a_house(store)
    await store.pool.execute("INSERT INTO users (display_name, role) VALUES ('Nadia Brook', 'creator')")
    file = tmp_path / "rules.toml"
    file.write_text(FILE)
    refused = await command("rules", "save", str(file))
    assert refused.code == 1
    assert refused.err.endswith("Nadia Brook): say whose rules with --creator.\n")
    assert (await command("rules", "save", str(file), "--creator", "Nadia Brook")).code == 0
    assert {row["creator"] for row in (await command("rules", "list", "--json")).documents} == {"Nadia Brook"}
