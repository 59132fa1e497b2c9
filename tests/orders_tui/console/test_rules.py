"""Rules: written with the mistakes told as they are typed, tried before they are switched on, moved, dropped by name."""

from __future__ import annotations

from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input

from engine.database.connection import Database
from engine.workflow.rules.file import parse
from orders_tui.console import OrdersApp
from orders_tui.modals.entry import Entry
from orders_tui.modals.form import Form
from orders_tui.modals.reading import Reading
from orders_tui.rules.trying import Trying
from orders_tui.screens.rule_runs import RuleRunsScreen
from orders_tui.screens.rules import RulesScreen
from orders_tui.services import Services
from tests.factories import BOWL, MUG, NOON, Factory
from tests.orders_tui.console.driving import MEDIUM, lines, press, settle, shows, text, until

RULES = """
[[rule]]
name = "Large"
when = "order.created"
if = "total > 20"
do = [{ action = "tag", tags = ["large"] }]

[[rule]]
name = "Gifts <b>first</b>"
when = "order.created"
if = "is_gift"
do = [{ action = "prioritise", priority = 5 }]
"""


async def house(factory: Factory, services: Services) -> None:
    """Two orders, one of them large; two rules, both off; one of them has matched."""
    await factory.order(number="SMALL", lines=(MUG,), ordered_at=NOON)
    large = await factory.order(number="LARGE", lines=(MUG, BOWL), ordered_at=NOON)
    await services.rules.save(parse(RULES, "rules.toml"))
    await factory.database.pool.execute(
        "INSERT INTO rule_runs (rule_id, rule, order_id, event, done, created_at)"
        " SELECT id, name, $1, event, '[\"tagged large\"]', $2 FROM rules WHERE name = 'Large'",
        large,
        NOON,
    )


async def stored(database: Database) -> list[tuple[Any, ...]]:
    rows = await database.pool.fetch("SELECT name, enabled, event, condition FROM rules ORDER BY position")
    return [tuple(row) for row in rows]


async def open_form(pilot: Pilot[int], key: str, **values: str) -> None:
    if key:
        await pilot.press(key)
        await until(pilot, lambda: isinstance(pilot.app.screen, Form) and pilot.app.screen.focused is not None)
    await settle(pilot)
    for name, value in values.items():
        pilot.app.screen.query_one(f"#{name}", Input).value = value
    await pilot.pause(0.2)
    await settle(pilot)


async def test_rules_are_shown_tried_switched_moved_and_dropped(
    app: OrdersApp, factory: Factory, services: Services, opened: Database
) -> None:
    await house(factory, services)
    async with app.run_test(size=MEDIUM, notifications=True) as pilot:
        await press(pilot, "f8")
        assert isinstance(app.screen, RulesScreen)
        assert lines(app)[2].split()[:5] == ["1", "off", "1", "order.created", "Large"]
        assert "Gifts <b>first</b>" in lines(app)[3]
        await shows(pilot, "matched 1 times")

        await open_form(pilot, "o")
        assert isinstance(app.screen, Trying)
        await shows(pilot, "1 of 2 orders would have matched")
        await shows(pilot, "Enter switches it on")
        await press(pilot, "escape")
        assert (await stored(opened))[0][1] is False, "looked at and left off"
        await open_form(pilot, "o")
        await press(pilot, "enter")
        assert (await stored(opened))[0][1] is True
        await shows(pilot, "Large is on.")

        await open_form(pilot, "t", order="SMALL")
        await press(pilot, "enter")
        assert isinstance(app.screen, Reading)
        await shows(pilot, "order.created: no, total > 20 is false")
        await press(pilot, "escape", "enter")
        assert isinstance(app.screen, RuleRunsScreen)
        await shows(pilot, "Large matched 1 times, newest first")
        await shows(pilot, "LARGE")
        await press(pilot, "escape", "J")
        assert [name for name, *_ in await stored(opened)] == ["Gifts <b>first</b>", "Large"]
        await press(pilot, "J")
        await shows(pilot, "Large is last already.")
        await press(pilot, "x")
        await open_form(pilot, "D", name="Larg")
        await shows(pilot, "Type its name, Large, to drop it")
        await press(pilot, "enter")
        assert len(await stored(opened)) == 2
        await open_form(pilot, "")
        app.screen.query_one("#name", Input).value = "Large"
        await press(pilot, "enter")
        assert [name for name, *_ in await stored(opened)] == ["Gifts <b>first</b>"]
        commands = [deed.command for deed in app.session.deeds.newest_first()]
        assert commands == [
            "orders-tui rules delete Large --creator 'Default creator'",
            "orders-tui rules disable Large --creator 'Default creator'",
            "orders-tui rules move Large 2 --creator 'Default creator'",
            "orders-tui rules enable Large --creator 'Default creator'",
        ]


async def test_a_rule_is_written_and_its_mistakes_are_told_as_they_are_typed(
    app: OrdersApp, factory: Factory, services: Services, opened: Database
) -> None:
    await house(factory, services)
    async with app.run_test(size=MEDIUM, notifications=True) as pilot:
        await press(pilot, "f8")
        await open_form(pilot, "n", name="Far away")
        form = app.screen
        assert isinstance(form, Entry)
        condition = form.query_one("#if", Input)
        form.set_focus(condition)
        for typed, told in (
            ("tot", "total (a number)"),
            ("total", "the order's total, in its currency"),
            ("totl > 5", "there is no name totl; did you mean total?"),
            ('total > "5"', "compare a number with a number"),
            ("email == 1", "email is personal and not offered to rules"),
        ):
            condition.value = typed
            await settle(pilot)
            assert told in " ".join(text(app).split()).replace(" │ │ ", " "), typed
        condition.value = 'country == "CA" and held'
        do = form.query_one("#do", Input)
        form.set_focus(do)
        await settle(pilot)
        await shows(pilot, "tag vip, large")
        do.value = "hold sunshine"
        await settle(pilot)
        await shows(pilot, "Reason of hold is wrong; give one of payment, fraud")
        await press(pilot, "enter")
        assert form is app.screen
        assert len(await stored(opened)) == 2
        do.value = "hold address 12 h: look; tag far"
        await pilot.pause(0.2)
        await settle(pilot)
        await shows(pilot, "On order.created: hold (address) for 12 h; tag far.")
        await press(pilot, "enter")
        assert (await stored(opened))[-1] == ("Far away", False, "order.created", 'country == "CA" and held')
        await shows(pilot, "Far away is created; it is off: o switches it on.")
        await press(pilot, "end")
        await open_form(pilot, "e", when="order.val")
        assert form is not app.screen
        assert app.screen.query_one("#do", Input).value == "hold address 12 h: look; tag far"
        await press(pilot, "enter")
        assert (await stored(opened))[-1][2] == "order.validated"
