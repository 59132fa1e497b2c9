"""docs/access.md shows the permissions and the guards that are in force."""

from __future__ import annotations

from pathlib import Path

from engine.access.permissions import TABLE, Permission
from engine.access.reference import refreshed

PAGE = Path(__file__).parents[3] / "docs" / "access.md"


def test_the_page_shows_what_is_in_force() -> None:
    page = PAGE.read_text("utf-8")
    assert page == refreshed(page), "bring it up to date: python -m engine.access.reference docs/access.md"
    assert set(TABLE) == set(Permission)
    for permission in Permission:
        assert f"| `{permission}` |" in page
