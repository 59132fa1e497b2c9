"""What an action is, where its keys hold, and who may use it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from orders_tui.reach import Situation, needs_leading, needs_working, never


class Scope(StrEnum):
    """Where an action's keys hold; the value is the heading people read."""

    EVERYWHERE = "Everywhere"
    TRIAGE = "Triage"
    ORDERS = "Orders"
    CHOSEN = "Chosen orders"
    PANE = "Orders: the pane of one order"
    KINDS = "Orders: kinds of the timeline"
    MENU = "Chosen orders: in the menu of actions"
    TABLE = "Orders: cursor and marks"
    STATUSES = "Orders: status filter"
    SEARCH = "Orders: filter in words"
    FAILED = "Failed"
    PICK = "Pick and pack"
    WAVES = "Pick and pack: waves"
    WALK = "Pick and pack: a walk"
    PARCEL = "Pick and pack: the parcel in hand"
    BACK = "Pick and pack: goods to put back"
    OVERVIEW = "Overview"
    ACTIVITY = "Activity"
    INVENTORY = "Inventory"
    MOVEMENTS = "Movements of a product"
    COUNTING = "Counting"
    SETTINGS = "Settings"
    RULES = "Rules"
    RULE_RUNS = "What a rule did"
    LIST = "Lists"
    HELP = "Help"
    COLUMNS = "Orders: choosing columns"
    FORM = "Forms"
    REPORT = "Forms: what became of a change"


PLACES: tuple[tuple[Scope, ...], ...] = (
    (Scope.EVERYWHERE, Scope.TRIAGE, Scope.LIST),
    (Scope.EVERYWHERE, Scope.ORDERS, Scope.CHOSEN, Scope.TABLE),
    (Scope.EVERYWHERE, Scope.PICK, Scope.WAVES, Scope.LIST),
    (Scope.EVERYWHERE, Scope.PICK, Scope.WALK, Scope.LIST),
    (Scope.EVERYWHERE, Scope.PICK, Scope.BACK, Scope.LIST),
    (Scope.EVERYWHERE, Scope.PICK, Scope.PARCEL),
    (Scope.EVERYWHERE, Scope.FAILED, Scope.CHOSEN, Scope.LIST),
    (Scope.EVERYWHERE, Scope.OVERVIEW, Scope.LIST),
    (Scope.EVERYWHERE, Scope.ACTIVITY, Scope.LIST),
    (Scope.EVERYWHERE, Scope.INVENTORY, Scope.LIST),
    (Scope.EVERYWHERE, Scope.MOVEMENTS, Scope.LIST),
    (Scope.EVERYWHERE, Scope.COUNTING, Scope.LIST),
    (Scope.EVERYWHERE, Scope.SETTINGS, Scope.LIST),
    (Scope.EVERYWHERE, Scope.RULES, Scope.LIST),
    (Scope.EVERYWHERE, Scope.RULE_RUNS, Scope.LIST),
    (Scope.EVERYWHERE, Scope.CHOSEN, Scope.PANE),
    (Scope.STATUSES,),
    (Scope.KINDS,),
    (Scope.SEARCH,),
    (Scope.FORM, Scope.COLUMNS),
    (Scope.EVERYWHERE, Scope.HELP),
    (Scope.FORM, Scope.REPORT),
    (Scope.FORM, Scope.MENU, Scope.CHOSEN, Scope.LIST),
)
"""Scopes whose keys hold at the same time: in one place no key may mean two things."""


class Group(StrEnum):
    """What kind of thing an action is; the value is the heading people read."""

    GO = "Go to"
    MOVE = "Move"
    MARK = "Mark"
    VIEW = "View"
    DO = "Do"
    PROGRAM = "Program"


class Permission(StrEnum):
    """What a person needs in order to use an action."""

    LOOK = "look"
    """Changes nothing."""
    WORK = "work"
    """Changes orders, stock or parcels: out of reach in a read-only console, of a viewer, and while the database is lost."""
    LEAD = "lead"
    """Changes how the house works: rules, shared views, settings of others. Out of reach as WORK is, and of an operator."""


_NEEDS: Mapping[Permission, Callable[[Situation], str]] = {
    Permission.LOOK: never,
    Permission.WORK: needs_working,
    Permission.LEAD: needs_leading,
}


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a person can do. `keys` is comma-separated; `footer` is empty where the line of keys stays silent."""

    id: str
    keys: str
    text: str
    method: str
    scope: Scope
    group: Group
    argument: str = ""
    """What the method is called with, when one method serves several actions."""
    footer: str = ""
    permission: Permission = Permission.LOOK
    dangerous: bool = False
    twin: str = ""
    """The command that does the same on the command line, without the program's name."""
    tab: str = ""
    """What the line on top calls a screen where there is little room."""
    priority: bool = False
    """Works even over a form and in a text field."""
    disabled_reason: Callable[[Situation], str] = never
    """Empty when the action makes sense now, else one sentence why not; `reason` adds what the permission asks."""

    def reason(self, now: Situation) -> str:
        """Why the action is out of reach, in one sentence; empty when it may run now."""
        return _NEEDS[self.permission](now) or self.disabled_reason(now)
