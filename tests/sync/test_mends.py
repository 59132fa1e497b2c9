"""Whatever the outside may refuse has its class and its mend in the catalogue: nobody is alarmed by a code that nobody described."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import sync
from engine.workflow.mends import _catalogue
from sync.tiktok.meanings import MEANINGS, Reaction

FOLDER = Path(sync.__file__).parent
NEVER_OF_AN_ORDER = {
    "carrier.malformed_tracker",
    "carrier.malformed_webhook",
    "import.malformed",
    "tiktok.malformed_order",
    "tiktok.malformed_tokens",
    "tiktok.malformed_webhook",
    "tiktok.code_refused",
    "tiktok.refresh_refused",
}
"""What is read without an effect: files, tracking, polling, tokens; effects wait for a grant that has ended."""


def codes() -> Iterator[str]:
    """Every code that a call outside may end with for good: of `Failed` and `Terminal`, and of TikTok's table."""
    yield from (meaning.code for meaning in MEANINGS.values() if meaning.reaction is not Reaction.POSTPONE)
    for file in FOLDER.rglob("*.py"):
        if "simulator" in file.parts:
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if name in {"Failed", "Terminal"}:
                    yield str(node.args[0].value)


@pytest.mark.parametrize("code", sorted(set(codes()) - NEVER_OF_AN_ORDER))
def test_every_refusal_has_a_mend(code: str) -> None:
    assert code in _catalogue()
    assert _catalogue()[code].what_to_do.endswith(".")
