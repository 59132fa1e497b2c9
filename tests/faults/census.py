"""Every function that commits, found by reading the sources, and whether the daemon can come to it.

A function commits when it runs a transaction (`database.run`, `.transaction()`) or sends a writing statement straight to the pool.
The daemon begins with everything in `sync` but its API, whose writes are those of the people who call it, as the console's are; from
there calls are followed by what each module imports.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.interception import ROOT, writes

_DOORS = frozenset({"engine.database.connection.Database.run", "engine.database.connection.Database.transaction"})
_OF_PEOPLE = "sync.http.api."
_SENDS = frozenset({"execute", "executemany", "fetch", "fetchrow", "fetchval"})


@dataclass(slots=True)
class Function:
    """One function or method: whether it commits, and whom it calls."""

    name: str
    commits: bool = False
    writes_where_it_is_told: bool = False
    given_the_pool: set[str] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)


def daemon_commits() -> set[str]:
    """The functions that commit and that the daemon can come to."""
    functions: dict[str, Function] = {}
    for package in ("engine", "sync"):
        for file in sorted((ROOT / package).rglob("*.py")):
            if "simulator" not in file.parts and "migrations" not in file.parts:
                functions.update({each.name: each for each in _functions(file)})
    waiting = [name for name in functions if name.startswith("sync.")]
    on_the_pool = {name for each in functions.values() for name in each.given_the_pool}
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in functions or name.startswith(_OF_PEOPLE):
            continue
        seen.add(name)
        waiting += functions[name].calls
    return {
        name
        for name in seen
        if functions[name].commits or (functions[name].writes_where_it_is_told and name in on_the_pool)
    } - _DOORS


def _functions(file: Path) -> Iterator[Function]:
    module = file.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
    tree = ast.parse(file.read_text("utf-8"))
    statements = {
        target.id: _text(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            known |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            known[node.name] = f"{module}.{node.name}"
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            methods = [part for part in node.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)]
            whole = Function(f"{module}.{node.name}")
            for method in methods:
                one = _read(f"{module}.{node.name}.{method.name}", method, known, statements)
                # Who makes an object may call all its methods.
                whole.calls.add(one.name)
                yield one
            yield whole
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield _read(f"{module}.{node.name}", node, known, statements)


def _read(name: str, node: ast.AST, known: dict[str, str], statements: dict[str, str]) -> Function:
    function = Function(name)
    reading = {id(part.func) for part in ast.walk(node) if isinstance(part, ast.Call) and _only_reads(part)}
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute) and id(part) not in reading:
            function.commits |= part.attr == "transaction" or (part.attr == "run" and _is_database(part.value))
        if isinstance(part, ast.Call):
            to = _sends(part, statements)
            function.commits |= to == "pool"
            function.writes_where_it_is_told |= to == "connection"
            if part.args and ast.unparse(part.args[0]).endswith(".pool"):
                function.given_the_pool |= {_resolved(part.func, known)}
        if called := _resolved(part, known):
            function.calls.add(called)
    return function


def _only_reads(call: ast.Call) -> bool:
    """A transaction that says so: its end commits nothing."""
    return any(each.arg == "readonly" and ast.unparse(each.value) == "True" for each in call.keywords)


def _is_database(node: ast.AST) -> bool:
    return ast.unparse(node).rpartition(".")[2].lstrip("_") in {"database", "store"}


def _resolved(node: ast.AST, known: dict[str, str]) -> str:
    """The whole name of what is named here; empty for what is not ours."""
    if isinstance(node, ast.Name):
        return known.get(node.id, "")
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in known:
        return f"{known[node.value.id]}.{node.attr}"
    return ""


def _sends(call: ast.Call, statements: dict[str, str]) -> str:
    """To what a writing statement is sent (`pool`, `connection`); empty for every other call."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in _SENDS or not call.args:
        return ""
    first = call.args[0]
    text = statements.get(first.id, "") if isinstance(first, ast.Name) else _text(first)
    return ast.unparse(call.func.value).rpartition(".")[2] if writes(text) else ""


def _text(node: ast.AST) -> str:
    """What a string says, as far as the source tells."""
    return " ".join(str(part.value) for part in ast.walk(node) if isinstance(part, ast.Constant))
