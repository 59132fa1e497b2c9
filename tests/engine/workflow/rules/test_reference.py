"""docs/rules.md says what the program does, and its example is a rules file."""

from __future__ import annotations

import textwrap
from pathlib import Path

from engine.workflow.rules.events import MEANINGS, RuleEvent
from engine.workflow.rules.file import parse
from engine.workflow.rules.reference import refreshed

PAGE = Path(__file__).parents[4] / "docs" / "rules.md"


def test_the_tables_are_the_programs_own() -> None:
    page = PAGE.read_text("utf-8")
    assert page == refreshed(page), "bring it up to date: python -m engine.workflow.rules.reference docs/rules.md"
    assert set(MEANINGS) == set(RuleEvent)


def test_the_example_can_be_saved_as_it_stands() -> None:
    page = PAGE.read_text("utf-8")
    example = page[page.index("    [[rule]]") : page.index("    orders-tui rules test")]
    assert [draft.name for draft in parse(textwrap.dedent(example), "example.toml")] == [
        "Large orders wait for a look",
        "Heavy parcels by UPS",
    ]
