"""Every action of the console, once: its keys, its words, where it holds and why it may be out of reach.

Key bindings, the line of keys, the help screen, the command palette and the key table of the documentation are read from
`ACTIONS`; `twin` names the same thing on the command line. An action runs as the method `do_<method>` of whoever receives
its scope on the screen.

action      what an action is: scope, group, permission
keymap      a person's own keys
everywhere  what works on every screen
triage, orders, table, failed, pick, overview, inventory, rules, activity, settings   what works on one of them
pane        the pane of one order
chosen      what is done to the chosen orders
views       saved views: on the keys 1 to 9 everywhere, kept and forgotten
spoken      keys as people name them
paper       paper for the chosen orders, returns, calendars
lists       moving through a list of lines
forms       forms and the help
reports     what became of a change
"""

from __future__ import annotations

from orders_tui.actions import (
    activity,
    chosen,
    everywhere,
    failed,
    forms,
    inventory,
    lists,
    orders,
    overview,
    pane,
    paper,
    pick,
    reports,
    rules,
    settings,
    table,
    triage,
    views,
)
from orders_tui.actions.action import Action, Group, Permission, Scope

__all__ = ["ACTIONS", "BY_ID", "Action", "Group", "Permission", "Scope", "actions_of"]

ACTIONS: tuple[Action, ...] = (
    *everywhere.ACTIONS,
    *triage.ACTIONS,
    *table.ACTIONS,
    *orders.ACTIONS,
    *pane.ACTIONS,
    *views.ACTIONS,
    *chosen.ACTIONS,
    *paper.ACTIONS,
    *failed.ACTIONS,
    *pick.ACTIONS,
    *overview.ACTIONS,
    *inventory.ACTIONS,
    *rules.ACTIONS,
    *activity.ACTIONS,
    *settings.ACTIONS,
    *lists.ACTIONS,
    *forms.ACTIONS,
    *reports.ACTIONS,
)

BY_ID = {action.id: action for action in ACTIONS}


def actions_of(*scopes: Scope) -> tuple[Action, ...]:
    """The actions whose keys hold in any of these scopes, in the registry's order."""
    return tuple(action for action in ACTIONS if action.scope in scopes)
