"""Rules: in their order, switched, moved, written, tried; and what one of them did."""

from __future__ import annotations

from orders_tui.actions.action import Action, Group, Permission, Scope
from orders_tui.reach import Situation, needs_movement_order, needs_rule


def _lead(
    name: str, keys: str, text: str, twin: str, *, footer: str = "", dangerous: bool = True, argument: str = ""
) -> Action:
    return Action(
        f"rules.{name}",
        keys,
        text,
        "move" if argument else name,
        Scope.RULES,
        Group.DO,
        argument=argument,
        footer=footer,
        permission=Permission.LEAD,
        dangerous=dangerous,
        twin=twin,
        disabled_reason=_any if name == "new" else needs_rule,
    )


def _any(_: Situation) -> str:
    return ""


ACTIONS: tuple[Action, ...] = (
    Action(
        "rules.open",
        "enter",
        "Show what it did, the newest first",
        "open",
        Scope.RULES,
        Group.VIEW,
        footer="what it did",
        twin="rules history",
        disabled_reason=needs_rule,
    ),
    _lead("on", "o", "Switch it on, after a look at what it would have done", "rules enable", footer="on"),
    _lead("off", "x", "Switch it off", "rules disable", footer="off"),
    _lead("new", "n", "Write a rule", "rules write", footer="new"),
    _lead("edit", "e", "Edit it", "rules write", footer="edit"),
    Action(
        "rules.dry_run",
        "d",
        "Try it on orders of the past; changes nothing",
        "dry_run",
        Scope.RULES,
        Group.VIEW,
        footer="try",
        twin="rules dry-run",
        disabled_reason=needs_rule,
    ),
    Action(
        "rules.trace",
        "t",
        "Try it on one order, term by term",
        "trace",
        Scope.RULES,
        Group.VIEW,
        footer="one order",
        twin="rules dry-run",
        disabled_reason=needs_rule,
    ),
    _lead("up", "K,shift+up", "Ask it earlier", "rules move", argument="-1"),
    _lead("down", "J,shift+down", "Ask it later", "rules move", argument="1"),
    _lead("delete", "D", "Drop it; its name has to be typed", "rules delete"),
    Action(
        "rule_runs.open",
        "enter",
        "Show the order that it matched",
        "open",
        Scope.RULE_RUNS,
        Group.VIEW,
        footer="order",
        disabled_reason=needs_movement_order,
    ),
    Action("rule_runs.back", "escape", "Back to the rules", "back", Scope.RULE_RUNS, Group.VIEW, footer="back"),
)
