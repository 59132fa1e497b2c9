"""`make bench-console` measures every read that a screen waits for: one that is new is on its list, or said to be none."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import orders_tui
from orders_tui.services.parts import Parts
from tests.bench.console.reads import BACKGROUND, READS, WRITES

_SCREENS = ("screens", "modals", "panes", "table", "activity", "picking")
_PARTS = {name for name in vars(Parts) if not name.startswith("_")} - {"me"}


def _calls(tree: ast.AST) -> Iterator[str]:
    """Each service a module asks: `page`, `bulk.preview`. A part that is kept under a name of its own is followed through it."""
    aliases: dict[str, str] = {}
    pairs: list[tuple[str, ast.AST | None]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            [target, *_], value = node.targets, node.value
            both = zip(target.elts, value.elts, strict=True) if _are_tuples(target, value) else [(target, value)]  # type: ignore[attr-defined]
            pairs += [(ast.unparse(name).removeprefix("self."), given) for name, given in both]
        elif isinstance(node, ast.FunctionDef) and isinstance(node.body[-1], ast.Return):
            pairs.append((node.name, node.body[-1].value))
    for name, given in pairs:
        if given is not None and (path := _path(given, {})) in {"", *_PARTS}:
            aliases[name] = path
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            path = _path(node.func, aliases)
            if path:
                yield path


def _are_tuples(target: ast.AST, value: ast.AST) -> bool:
    return isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)


def _path(node: ast.AST, aliases: dict[str, str]) -> str | None:
    """What follows `services` in an expression; None for one that is about something else."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        if node.attr == "services":
            return ".".join(reversed(names))
        if isinstance(node.value, ast.Name) and node.value.id == "self" and node.attr in aliases:
            return ".".join(filter(None, [aliases[node.attr], *reversed(names)]))
        names.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name) and node.id == "services":
        return ".".join(reversed(names))
    if isinstance(node, ast.Name) and node.id in aliases:
        return ".".join(filter(None, [aliases[node.id], *reversed(names)]))
    return None


def test_every_read_of_a_screen_is_measured() -> None:
    root = Path(orders_tui.__file__).parent
    files = [file for folder in _SCREENS for file in sorted((root / folder).rglob("*.py"))]
    asked: dict[str, str] = {}
    for file in [*files, *sorted(root.glob("*.py"))]:
        for path in _calls(ast.parse(file.read_text())):
            first, _, rest = path.partition(".")
            if first in {"actor", "database", "door", "me"} or (first in _PARTS and not rest):
                continue
            name = f"{first}.{rest.partition('.')[0]}" if first in _PARTS else first
            asked[name] = str(file.relative_to(root))
    listed = READS.keys() | BACKGROUND.keys() | WRITES
    unlisted = {
        path: file for path, file in asked.items() if path not in listed and path.partition(".")[0] not in BACKGROUND
    }
    assert len(asked) > 20
    assert unlisted == {}, (
        "add it to tests/bench/console/reads.py: to READS, or with its reason to BACKGROUND or WRITES"
    )
