"""Conditions evaluated, by simpleeval and within a budget; nothing else in the program knows that library.

Work is counted in visited nodes, not by a clock, so that a rule that is too slow is too slow on every machine and in every run.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from simpleeval import SimpleEval

from engine.workflow.rules.checking import Checked, check
from engine.workflow.rules.functions import FUNCTIONS
from engine.workflow.rules.names import Value

MOST_VISITS = 10_000
"""What one evaluation may cost; a condition without lists costs as much as it has parts."""

MOST_VISITS_IN_A_BATCH = 200_000
"""What one rule may cost over a whole batch: about a fifth of a second."""


class BudgetExceeded(Exception):
    """The evaluation took more than it may."""


class Meter:
    """What one rule has left for the batch."""

    __slots__ = ("left",)

    def __init__(self, left: int = MOST_VISITS_IN_A_BATCH) -> None:
        self.left = left


def compile_condition(text: str) -> Checked:
    """The condition, checked and ready to be evaluated. Raises `Flaw`."""
    return check(text)


def evaluate(node: ast.expr, values: Mapping[str, Value], meter: Meter) -> Any:
    """The value of a checked tree. Raises BudgetExceeded, ArithmeticError."""
    return _evaluator.value(node, values, meter)


def _divide(left: Any, right: Any) -> Decimal:
    return Decimal(left) / Decimal(right)


_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: _divide,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda member, members: member in members,
    ast.NotIn: lambda member, members: member not in members,
    ast.Not: operator.not_,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}

_NODES = (ast.Name, ast.UnaryOp, ast.BinOp, ast.BoolOp, ast.Compare, ast.Call, ast.Constant)
"""All that the checker lets through; a second wall should it ever let through more."""


class _Evaluator:
    """One `SimpleEval` that counts, for everybody: an evaluation never waits, so it is never interrupted by another."""

    def __init__(self) -> None:
        functions = {name: function.call for name, function in FUNCTIONS.items()}
        self._library: Any = SimpleEval(operators=_OPERATORS, functions=functions, names={})
        self._library.nodes = {kind: self._counted(self._library.nodes[kind]) for kind in _NODES}
        self._left = 0

    def value(self, node: ast.expr, values: Mapping[str, Value], meter: Meter) -> Any:
        allowed = min(MOST_VISITS, meter.left)
        self._left = allowed
        self._library.names = values
        try:
            return self._library.eval("", previously_parsed=node)
        finally:
            meter.left -= allowed - self._left

    def _counted(self, handler: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def visit(node: Any) -> Any:
            self._spend(1)
            found = handler(node)
            if type(found) is tuple:  # walked through by whoever asks for it
                self._spend(len(found))
            return found

        return visit

    def _spend(self, visits: int) -> None:
        self._left -= visits
        if self._left < 0:
            raise BudgetExceeded


_evaluator = _Evaluator()
