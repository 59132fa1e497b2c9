"""The pane of one order: its parts, the kinds of its timeline, and where it leads."""

from __future__ import annotations

from orders_tui.actions.action import Action, Group, Scope
from orders_tui.reach import needs_link

_KINDS = (
    ("status", "s"), ("step", "t"), ("effect", "e"), ("audit", "a"), ("failure", "x"), ("hold", "h"), ("note", "n"),
    ("rule", "r"),
)  # fmt: skip

ACTIONS: tuple[Action, ...] = (
    Action(
        "pane.next", "right", "Next part: items, packages, requests, workflow, timeline", "part", Scope.PANE, Group.VIEW, "1",
        footer="parts",
    ),
    Action("pane.previous", "left", "Previous part", "part", Scope.PANE, Group.VIEW, "-1"),
    Action("pane.kinds", "f", "Narrow the timeline to some kinds", "kinds", Scope.PANE, Group.VIEW, footer="narrow timeline"),
    Action("pane.older", "space", "Older lines of the timeline", "older", Scope.PANE, Group.VIEW, footer="older"),
    Action(
        "pane.link", "o", "Open the order that stands for this one, or that it stands for", "link", Scope.PANE, Group.VIEW,
        disabled_reason=needs_link,
    ),
    Action("pane.down", "j", "A line down", "down", Scope.PANE, Group.MOVE),
    Action("pane.up", "k", "A line up", "up", Scope.PANE, Group.MOVE),
    *(
        Action(f"kinds.{kind}", key, f"Lines of {kind}, on or off", "kind", Scope.KINDS, Group.VIEW, kind)
        for kind, key in _KINDS
    ),
    Action("kinds.all", "0", "Every kind", "all_kinds", Scope.KINDS, Group.VIEW),
    Action("kinds.done", "escape,enter,f", "Back to the order", "kinds_done", Scope.KINDS, Group.VIEW, footer="done"),
)  # fmt: skip
