"""The one table of who wins when two want different things of one order: conflicts.toml, as rows and as a page.

python -m engine.orders.conflicts > docs/conflicts.md
"""

from __future__ import annotations

import functools
import sys
import tomllib
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True, slots=True)
class Conflict:
    """One row: what meets, who wins, what the other one is told."""

    row_id: str
    situation: str
    first: str
    second: str
    wins: str
    code: str
    """Empty where nobody loses."""
    sentence: str


@functools.cache
def conflicts() -> dict[str, Conflict]:
    """Every row by its id, in the order of the table."""
    text = resources.files("engine.orders").joinpath("conflicts.toml").read_text(encoding="utf-8")
    return {
        row_id: Conflict(
            row_id,
            row["situation"],
            row["first"],
            row["second"],
            row["wins"],
            row["loser"]["code"],
            row["loser"]["sentence"],
        )
        for row_id, row in tomllib.loads(text).items()
    }


def page() -> str:
    """The table as Markdown."""
    lines = [
        "# Who wins",
        "",
        "Every write names the version it saw. A write that comes too late changes nothing, and whoever sent it is told who",
        "changed what, and when. This page is made from `engine/orders/conflicts.toml`; each row has its test in",
        "`tests/engine/orders/test_conflicts*.py`.",
        "",
        "| conflict | first | then | who wins | what the other is told |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in conflicts().values():
        told = f"`{row.code}` {row.sentence}" if row.code else "nothing: nobody loses"
        lines.append(f"| **{row.row_id}**: {row.situation} | {row.first} | {row.second} | {row.wins} | {told} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
