"""The tables of docs/rules.md, made from the model: `python -m engine.workflow.rules.reference docs/rules.md` brings them up to date."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from engine.workflow.rules.actions import SPECS
from engine.workflow.rules.events import MEANINGS, RuleEvent
from engine.workflow.rules.functions import FUNCTIONS
from engine.workflow.rules.names import NAMES

BEGIN, END = "<!-- made from the program: begin -->", "<!-- made from the program: end -->"


def tables() -> str:
    """Events, names, functions and actions as Markdown."""
    parts = [
        _table("Events", ("event", "it is put to the rules when"), ((f"`{e}`", MEANINGS[e]) for e in RuleEvent)),
        _table("Names", ("name", "type", "meaning"), _names()),
        _table("Functions", ("function", "gives", "meaning"), _functions()),
        _table("Actions", ("action", "keys", "what it does", "not on"), _actions()),
    ]
    return "\n\n".join(parts)


def refreshed(page: str) -> str:
    """The page with its tables as the program has them now."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{after}"


def _names() -> Iterable[tuple[str, ...]]:
    for word, name in NAMES.items():
        one_of = f"; one of {', '.join(f'`{each}`' for each in name.words)}" if name.words else ""
        yield f"`{word}`", name.kind.value, name.meaning + one_of


def _functions() -> Iterable[tuple[str, ...]]:
    for word, function in FUNCTIONS.items():
        more = ", …" if function.more else ""
        takes = ", ".join(kind.value.removeprefix("a ").replace(" ", "-") for kind in function.takes)
        yield f"`{word}({takes}{more})`", function.gives.value, function.meaning


def _actions() -> Iterable[tuple[str, ...]]:
    for word, spec in SPECS.items():
        keys = ", ".join(f"`{key}`" if key in spec.required else f"`{key}` (optional)" for key in spec.keys)
        late = ", ".join(f"`{event}`" for event in RuleEvent if event not in spec.events)
        yield f"`{word}`", keys, spec.meaning, late


def _table(title: str, heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"### {title}", "", _row(heads), _row(("---",) * len(heads))]
    return "\n".join([*lines, *(_row(row) for row in rows)])


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |".replace("|  |", "| |")


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(refreshed(path.read_text("utf-8")), "utf-8")
