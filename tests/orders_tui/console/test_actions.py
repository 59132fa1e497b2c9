"""Every action exists once, and everything that names keys is read from there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from textual.binding import Binding
from textual.dom import DOMNode

from orders_tui.actions import ACTIONS, BY_ID, Scope, actions_of
from orders_tui.actions.action import PLACES
from orders_tui.actions.keymap import check_keymap
from orders_tui.console import OrdersApp
from orders_tui.modals.bulk.change import BulkChange
from orders_tui.modals.columns import Columns
from orders_tui.modals.confirm import Confirm
from orders_tui.modals.order_menu import OrderMenu
from orders_tui.own_daemon import OwnDaemon
from orders_tui.palette import ActionProvider
from orders_tui.panes.detail import DetailPane
from orders_tui.panes.filter_bar import SearchField, StatusChips
from orders_tui.panes.line_list import LineList
from orders_tui.panes.status_line import StatusLine
from orders_tui.panes.timeline_kinds import TimelineKinds
from orders_tui.picking.lists import BackList, ParcelPane, WalkList, WaveList
from orders_tui.reach import Situation
from orders_tui.screens.activity import ActivityScreen
from orders_tui.screens.console_screen import ConsoleScreen
from orders_tui.screens.counting import CountingScreen
from orders_tui.screens.failed import FailedScreen
from orders_tui.screens.help import HelpScreen, help_content
from orders_tui.screens.inventory import InventoryScreen
from orders_tui.screens.movements import MovementsScreen
from orders_tui.screens.orders import OrdersScreen
from orders_tui.screens.overview import OverviewScreen
from orders_tui.screens.pick import PickScreen
from orders_tui.screens.rule_runs import RuleRunsScreen
from orders_tui.screens.rules import RulesScreen
from orders_tui.screens.settings import SettingsScreen
from orders_tui.screens.triage import TriageScreen
from orders_tui.table.order_table import OrderTable
from tests.factories import Factory
from tests.orders_tui.console.driving import LARGE, MEDIUM, SMALL, lines, notices, press, settle, text, write

BEARERS: dict[Scope, type[DOMNode]] = {
    Scope.EVERYWHERE: OrdersApp,
    Scope.TRIAGE: TriageScreen,
    Scope.ORDERS: OrdersScreen,
    Scope.CHOSEN: OrdersScreen,
    Scope.TABLE: OrderTable,
    Scope.STATUSES: StatusChips,
    Scope.SEARCH: SearchField,
    Scope.COLUMNS: Columns,
    Scope.FAILED: FailedScreen,
    Scope.PICK: PickScreen,
    Scope.WAVES: WaveList,
    Scope.WALK: WalkList,
    Scope.PARCEL: ParcelPane,
    Scope.BACK: BackList,
    Scope.OVERVIEW: OverviewScreen,
    Scope.INVENTORY: InventoryScreen,
    Scope.MOVEMENTS: MovementsScreen,
    Scope.COUNTING: CountingScreen,
    Scope.RULES: RulesScreen,
    Scope.RULE_RUNS: RuleRunsScreen,
    Scope.ACTIVITY: ActivityScreen,
    Scope.SETTINGS: SettingsScreen,
    Scope.LIST: LineList,
    Scope.HELP: HelpScreen,
    Scope.FORM: Confirm,
    Scope.REPORT: BulkChange,
    Scope.MENU: OrderMenu,
    Scope.PANE: DetailPane,
    Scope.KINDS: TimelineKinds,
}
RECEIVERS = BEARERS | {
    Scope.KINDS: DetailPane,
    Scope.MENU: OrdersScreen,
    Scope.STATUSES: OrdersScreen,
    Scope.SEARCH: OrdersScreen,
    **dict.fromkeys((Scope.WAVES, Scope.WALK, Scope.PARCEL, Scope.BACK), PickScreen),
}


def test_the_keys_bound_are_those_of_the_registry() -> None:
    for bearer in set(BEARERS.values()):
        scopes = [scope for scope, borne_by in BEARERS.items() if borne_by is bearer]
        scopes += [Scope.CHOSEN] if bearer is FailedScreen else []  # there a group is chosen, or one of its orders
        bound = {binding.id for binding in bearer.BINDINGS if isinstance(binding, Binding)}
        assert bound == {action.id for action in actions_of(*scopes)}, bearer


def test_every_action_has_someone_to_carry_it_out() -> None:
    for action in ACTIONS:
        assert callable(getattr(RECEIVERS[action.scope], f"do_{action.method}", None)), action.id


def test_the_help_names_every_action_and_all_its_keys() -> None:
    lines = help_content({}).plain.splitlines()
    for action in ACTIONS:
        assert sum(line.endswith(f"   {action.id}") for line in lines) == 1, action.id


async def test_the_help_begins_where_one_is_says_what_is_out_of_reach_and_is_searched(
    new_app: Callable[..., OrdersApp], factory: Factory
) -> None:
    await factory.shop()
    app = new_app(read_only=True)
    async with app.run_test(size=(120, 90)) as pilot:
        await press(pilot, "f4", "question_mark")
        shown = text(app)
        assert shown.index("Failed   where you are") < shown.index("Everywhere   where you are")
        assert "This console is read-only" in shown
        await write(pilot, "mark range")
        assert [line.split()[0] for line in lines(app)[2:5] if line] == ["Orders:", "v"]
        await press(pilot, *["backspace"] * 10)
        await write(pilot, "failures list")
        assert "f4" in lines(app)[3]
        await write(pilot, "zzz")
        assert "No action fits" in text(app)
        await press(pilot, "escape")
        assert isinstance(app.screen, FailedScreen)


async def test_the_line_on_top_names_the_screens_who_works_and_as_much_else_as_there_is_room_for(
    app: OrdersApp, factory: Factory
) -> None:
    await factory.failed()
    async with app.run_test(size=LARGE) as pilot:
        await settle(pilot)
        await app.tick()
        assert " F2 Triage  F3 Orders  F4 Failed 1 " in lines(app)[0]
        assert lines(app)[0].endswith("open 1  done 0/min  no daemon")
        app.session.own_daemon = OwnDaemon(runs=lambda: True)
        app.screen_stack[-1].query_one(StatusLine).redraw()
        assert "daemon starting" in text(app)
        assert app.session.pulse is not None
        app.session.pulse = replace(app.session.pulse, daemon_alive=True)
        app.screen_stack[-1].query_one(StatusLine).redraw()
        assert "daemon: this console's" in text(app)
        app.session.pulse = replace(app.session.pulse, alerts=2)
        app.screen_stack[-1].query_one(StatusLine).redraw()
        assert "2 alerts  open 1" in lines(app)[0]
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert lines(app)[0].endswith(" daemon up"), "shorter where there is no room"
        await pilot.resize_terminal(*LARGE)
        await settle(pilot)
        await pilot.click(StatusLine, offset=(15, 0))
        await settle(pilot)
        assert isinstance(app.screen, OrdersScreen)
        await pilot.resize_terminal(40, 10)
        await settle(pilot)
        assert lines(app)[0].startswith(" F2Tri F3Orders F4Fail 1")
        assert "… ? keys" in " ".join(lines(app)[-1].split()).replace("  ", " ")


async def test_the_palette_finds_an_order_by_what_names_it(app: OrdersApp, factory: Factory) -> None:
    await factory.package(await factory.order(number="577000000001"), "94001118992")
    async with app.run_test(size=MEDIUM) as pilot:
        await press(pilot, "colon")
        await pilot.press(*"94001118992")
        await pilot.pause(0.5)
        await settle(pilot)
        assert "Order 577000000001" in text(app)
        await press(pilot, "down", "enter")
        await pilot.pause(0.3)
        await settle(pilot)
        assert app.orders.pane_open
        assert "order    577000000001" in text(app)


def test_no_two_actions_of_a_place_share_a_key() -> None:
    assert {scope for place in PLACES for scope in place} == set(Scope)
    assert len(BY_ID) == len(ACTIONS)
    assert check_keymap({}) == []


async def test_the_palette_offers_every_action_that_is_not_a_forms_own(app: OrdersApp, factory: Factory) -> None:
    await factory.shop()
    offered: set[str] = set()
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        for key in ("f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "f10", "question_mark"):
            await press(pilot, key)
            assert isinstance(app.screen, ConsoleScreen)
            provider = ActionProvider(app.screen)
            offered |= {str(hit.text) async for hit in provider.discover()}
    elsewhere = {
        Scope.FORM,
        Scope.REPORT,
        Scope.MOVEMENTS,
        Scope.COUNTING,
        Scope.RULE_RUNS,
        Scope.COLUMNS,
    }  # opened over another screen
    assert offered == {action.text for action in ACTIONS if action.scope not in elsewhere}


async def test_an_action_chosen_in_the_palette_is_carried_out(app: OrdersApp, factory: Factory) -> None:
    await factory.order()
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "f3", "colon")
        await pilot.press(*"mark all that")
        await pilot.pause(0.3)
        await press(pilot, "down", "enter")
        await pilot.pause(0.3)
        assert app.orders.table.selection.everything


def test_the_command_line_twin_of_every_action_exists() -> None:
    from orders_tui.cli.app import app as command_line

    for twin in sorted({action.twin for action in ACTIONS if action.twin}):
        chain, _, unknown = command_line.parse_commands(twin.split())
        assert (" ".join(chain), unknown) == (twin, [])


async def test_a_key_out_of_reach_says_why_and_does_nothing(
    new_app: Callable[..., OrdersApp], factory: Factory
) -> None:
    await factory.order()
    app = new_app(read_only=True)
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await press(pilot, "f3", "s")
        assert notices(app) == [
            "This console is read-only (console.read_only in the configuration); it changes nothing."
        ]
        assert isinstance(app.screen, OrdersScreen)


@pytest.mark.parametrize("action", [action for action in ACTIONS if action.dangerous], ids=lambda action: action.id)
def test_nothing_dangerous_is_in_reach_of_a_read_only_or_disconnected_console(action: object) -> None:
    from orders_tui.actions import Action

    assert isinstance(action, Action)
    busy = {"rows": 5, "chosen": 2, "marked": 2, "group_code": "out_of_stock", "on_order": True}
    busy |= {"wave": True, "stop": True, "stop_left": True, "goods": True}
    busy |= {"bulk_state": "finished"}
    busy |= {
        "sku": "MUG-BLU",
        "held_units": 1,
        "aliases": 1,
        "alarms": 1,
        "movement": "",
        "counted_line": True,
        "rule": "seen",
    }
    one = busy | {"chosen": 1, "marked": 0}
    assert "" in {action.reason(Situation(**busy)), action.reason(Situation(**one))}  # type: ignore[arg-type]
    assert action.reason(Situation(read_only=True, **busy))  # type: ignore[arg-type]
    assert action.reason(Situation(connected=False, **busy))  # type: ignore[arg-type]


async def test_keys_can_be_moved_and_the_line_of_keys_follows(
    new_app: Callable[..., OrdersApp], factory: Factory
) -> None:
    await factory.order()
    app = new_app(keymap={"table.mark": "x", "orders.search": "ctrl+s"})
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "f3", "x")
        assert app.orders.table.selection.size(1) == 1
        assert "ctrl+s search" in text(app)
        await press(pilot, "ctrl+s")
        assert app.focused is app.orders.bar.field


async def test_a_keymap_with_a_mistake_is_told_in_one_sentence(
    new_app: Callable[..., OrdersApp], factory: Factory
) -> None:
    await factory.shop()
    app = new_app(keymap={"orders.frobnicate": "x", "orders.sort": "s"})
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await settle(pilot)
        assert notices(app) == [
            "There is no action 'orders.frobnicate' to give the key 'x'; the help screen lists every action's name.",
            "The key 's' is given to both orders.sort and orders.status; change one of them.",
        ]


async def test_q_twice_quits_and_once_does_not(app: OrdersApp, factory: Factory) -> None:
    await factory.shop()
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await press(pilot, "q")
        assert app.is_running
        assert notices(app) == ["Press q again to quit."]
        await pilot.press("q")
        await pilot.pause()
        assert app.return_value == 0


async def test_ctrl_q_quits_at_once_even_over_a_form(app: OrdersApp, factory: Factory) -> None:
    await factory.order()
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "f3")
        await pilot.press("s")
        await pilot.pause()
        assert isinstance(app.screen, BulkChange)
        await pilot.press("ctrl+q")
        await pilot.pause()
        assert app.return_value == 0
