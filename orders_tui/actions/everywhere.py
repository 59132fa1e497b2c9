"""What works on every screen: going from one to another, the palette, colours, leaving."""

from __future__ import annotations

from orders_tui.actions.action import Action, Group, Scope


def _go(screen: str, key: str, text: str, *, tab: str = "", twin: str = "") -> Action:
    """The words before the colon are the screen's name on top, `tab` is shorter."""
    return Action(f"go.{screen}", key, text, "go", Scope.EVERYWHERE, Group.GO, argument=screen, tab=tab, twin=twin)


def _program(name: str, keys: str, text: str, *, footer: str = "", priority: bool = False) -> Action:
    return Action(
        f"app.{name}", keys, text, name, Scope.EVERYWHERE, Group.PROGRAM, footer=footer, priority=priority
    )  # fmt: skip


ACTIONS: tuple[Action, ...] = (
    _go("triage", "f2", "Triage: the piles that need a person", tab="Tri"),
    _go("orders", "f3", "Orders: the live table", tab="Ord", twin="orders list"),
    _go("failed", "f4", "Failed: what stopped, grouped by cause", tab="Fail", twin="failures list"),
    _go("pick", "f5", "Pick: waves, picking and packing by scan", tab="Pick", twin="pick list"),
    _go("overview", "f6", "Overview: today, pace, ship-by radar, dependencies", tab="Over", twin="report overview"),
    _go("inventory", "f7", "Inventory: what lies where, who waits for it", tab="Inv", twin="stock list"),
    _go("rules", "f8", "Rules: when this happens, if that holds, do these", tab="Rul", twin="rules list"),
    _go("activity", "f9", "Activity: what was done, by whom, with which command", tab="Act", twin="audit list"),
    _go("settings", "f10,comma", "Settings: colours, keys, what is in force", tab="Set", twin="config show"),
    Action("go.help", "question_mark,f1", "Help: every key", "help", Scope.EVERYWHERE, Group.GO, footer="keys"),
    _program("jump", "ctrl+o", "Jump: a letter on every pane, list, field and screen"),
    _program("copied", "ctrl+y", "Show what was copied last, to select it by hand"),
    _program("palette", "ctrl+p,colon", "Find an action by name"),
    _program("theme", "ctrl+t", "Next colours: dark, light, high contrast"),
    _program("refresh", "ctrl+r", "Read again now"),
    _program("suspend", "ctrl+z", "Stop for a moment and give the terminal back to the shell; `fg` goes on"),
    _program("quit", "q", "Quit (press twice)", footer="quit"),
    _program("leave", "ctrl+q", "Quit at once", priority=True),
)
