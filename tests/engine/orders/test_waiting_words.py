"""Every word the engine may leave with a waiting order has a sentence of its own."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import engine
from engine.identifiers import FailureId, OrderId, new_id
from engine.orders.views import FailureView
from engine.orders.why import Standstill, why
from engine.words import ErrorClass, ExecutionStatus, OrderStatus, WorkflowState

FOLDER = Path(engine.__file__).parent
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
STILL = Standstill(NOW, ExecutionStatus.RUNNING, OrderStatus.PENDING, WorkflowState.NEW, "")
_IN_SQL = re.compile(r"SET [^;]*?waiting_for = '([a-z-]*)'", re.DOTALL)


def _texts(expression: ast.expr) -> Iterator[str]:
    """The texts that an expression may come to; conditions of it are no results."""
    match expression:
        case ast.Constant(value=str() as text):
            yield text
        case ast.IfExp(body=body, orelse=otherwise):
            yield from _texts(body)
            yield from _texts(otherwise)
        case ast.BoolOp(values=values):
            for value in values:
                yield from _texts(value)


def written_words() -> set[str]:
    """What `waiting_for` and its like return, what is assigned to `waiting_for`, and what SQL sets it to."""
    words: set[str] = set()
    for file in FOLDER.rglob("*.py"):
        if "migrations" in file.parts or file.name == "why.py":
            continue
        text = file.read_text("utf-8")
        words.update(_IN_SQL.findall(text))
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and re.match(r"_?waiting_for$|_waits_", node.name):
                for inner in ast.walk(node):
                    if isinstance(inner, ast.Return) and inner.value is not None:
                        words.update(_texts(inner.value))
            if isinstance(node, ast.Assign):
                names = [getattr(target, "attr", "") for each in node.targets for target in ast.walk(each)]
                values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
                if "waiting_for" in names:
                    words.update(word for value in values for word in _texts(value))
    return words


def test_the_words_are_found_in_the_source() -> None:
    assert {
        "payment",
        "stock",
        "label",
        "pick",
        "tiktok",
        "handover",
        "delivery",
        "hold",
        "observe",
        "note",
        "person",
        "retry",
    } <= (written_words())


@pytest.mark.parametrize("word", sorted(written_words()))
def test_every_word_has_a_sentence(word: str) -> None:
    execution = ExecutionStatus.PAUSED if word == "paused" else ExecutionStatus.RUNNING
    sentence = why(replace(STILL, waiting_for=word, execution=execution))
    assert sentence != f"Waits for {word}."
    assert sentence.endswith(".")


FAILURE = FailureView(
    FailureId(new_id()), OrderId(new_id()), "577", "no_rates", ErrorClass.BUSINESS, "no_rates", "No carrier goes there", {},
    "Choose another", WorkflowState.INVENTORY_RESERVED, 1, NOW,
)  # fmt: skip


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (FAILURE, "Failed: No carrier goes there. Mend: Choose another."),
        (
            replace(FAILURE, acknowledged_by="mira"),
            "Failed: No carrier goes there. Mend: Choose another. mira is at work on it.",
        ),
        (replace(FAILURE, assigned_to="Jon"), "Failed: No carrier goes there. Mend: Choose another. It is Jon's."),
        (
            replace(FAILURE, comes_back_at=NOW + timedelta(minutes=5)),
            "Failed: No carrier goes there. Tried again by itself in 5 min.",
        ),
        (
            replace(FAILURE, snoozed_until=NOW + timedelta(hours=3)),
            "Failed: No carrier goes there. Mend: Choose another. Snoozed; it returns in 3 h.",
        ),
        (replace(FAILURE, snoozed_until=NOW), "Failed: No carrier goes there. Mend: Choose another."),
    ],
)
def test_a_failure_says_what_happens_next(failure: FailureView, sentence: str) -> None:
    assert why(replace(STILL, failure=failure, execution=ExecutionStatus.FAILED)) == sentence
