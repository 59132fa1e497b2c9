"""Text from outside prints as one harmless line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.orders.plain_text import plain


@pytest.mark.parametrize(
    ("outside", "printed"),
    [
        (None, ""),
        ("", ""),
        ("  Salad bowl ", "Salad bowl"),
        ("two\r\nlines\tand tab", "two lines and tab"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;new title\x07text", "text"),
        ("\x1b]8;;https://example.test\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bP1$q\x1b\\after", "after"),
        ("\x9b31mred", "red"),
        ("bell\x07 null\x00 delete\x7f", "bell null delete"),
        ("\u202egpj.exe", "gpj.exe"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("0\r\x1a\r¡", "0 ¡"),
        ("👩\u200d🍳 café 日本", "👩\u200d🍳 café 日本"),
        ("[bold]not markup[/bold]", "[bold]not markup[/bold]"),
    ],
)
def test_plain(outside: str | None, printed: str) -> None:
    assert plain(outside) == printed


@given(st.text())
def test_nothing_that_moves_a_terminal_survives(outside: str) -> None:
    printed = plain(outside)
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in printed)
    assert plain(printed) == printed
