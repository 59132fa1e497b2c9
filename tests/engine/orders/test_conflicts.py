"""The table of who wins: each row has its test, each test its row, and the page shows the table as it is."""

from __future__ import annotations

import importlib
from pathlib import Path

from engine.orders.conflicts import conflicts, page
from tests.engine.orders.conflict_rows import SETTLED

HERE = Path(__file__).parent
PROJECT = HERE.parents[2]


def test_every_row_has_one_test_and_every_test_a_row() -> None:
    for file in sorted(HERE.glob("test_conflicts_*.py")):
        importlib.import_module(f"tests.engine.orders.{file.stem}")
    assert set(SETTLED) == set(conflicts())
    assert {row_id: tests for row_id, tests in SETTLED.items() if len(tests) != 1} == {}


def test_the_page_shows_the_table_as_it_is() -> None:
    shown = (PROJECT / "docs" / "conflicts.md").read_text("utf-8")
    assert shown == page(), "make it anew: python -m engine.orders.conflicts > docs/conflicts.md"


def test_a_row_that_has_a_loser_tells_it_something() -> None:
    for row in conflicts().values():
        assert bool(row.code) is bool(row.sentence), row.row_id
        assert row.wins, row.row_id
        assert "|" not in row.sentence, row.row_id
