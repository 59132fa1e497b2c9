"""One action: what leads to it and does it by keys, and the command that does the same."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from engine.database.connection import Database
from tests.factories import Factory

Prepare = Callable[[Factory], Awaitable[None]]
"""Fills a database; called on both of them, so it must make the same of both (fixed numbers, fixed times)."""

Command = Sequence[str] | Callable[[Database], Awaitable[Sequence[str]]]
"""A command's words without the program's name; asked of the command's own database where they hold an id."""

TYPED = "type:"
"""A key that begins so is a phrase that is typed character by character: `"type:too late"`."""


@dataclass(frozen=True, slots=True)
class Case:
    """One action, played from Triage with nothing marked and nothing filtered.

    WORK and LEAD: keys and command change their databases, and in the same way. LOOK: neither changes anything.
    """

    action: str
    keys: tuple[str, ...]
    command: Command = ()
    """Needed when the action has a twin, and begins with it."""
    also: tuple[Sequence[str], ...] = ()
    """Further commands, where it takes several to do what the keys do at once."""
    prepare: Prepare | None = None
    """What this case needs beside what its scene has."""
    shows: str = ""
    """Words that have to be on screen afterwards."""
    stdin: str = ""
    ignores: frozenset[str] = frozenset()
    """`table` or `table.column` in which the two may differ; say why in a comment."""
    code: int = 0
    """The commands' exit code."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Cases that follow each other on the same two databases and in the same console."""

    name: str
    cases: tuple[Case, ...]
    prepare: Prepare | None = None
    size: tuple[int, int] = (120, 40)
