"""Why a condition holds or not: its and/or terms, each with its answer and the values it looked at."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from engine.workflow.rules.checking import Checked
from engine.workflow.rules.expression import Meter, evaluate
from engine.workflow.rules.names import Value

_MOST_SHOWN = 5
"""Texts of a list that are shown."""


@dataclass(frozen=True, slots=True)
class Term:
    """One term. `holds` is None for one that was not asked because those before it had decided."""

    text: str
    holds: bool | None
    values: dict[str, str]
    """The names it uses and what they stood for."""
    joined: str = ""
    """`and` or `or` between its `terms`; empty for a term without any."""
    terms: tuple[Term, ...] = ()


def trace(condition: Checked, values: Mapping[str, Value], meter: Meter) -> Term:
    """The whole condition as a term, decided in the order in which `evaluate` decides. Raises what that raises."""
    return _decide(condition, condition.tree, values, meter)


def blame(term: Term) -> str:
    """In words: the terms that made it false, with their values; empty when it holds."""
    if term.holds is not False:
        return ""
    if not term.terms:
        shown = ", ".join(f"{name} is {value}" for name, value in term.values.items())
        return f"{term.text} is false" + (f" ({shown})" if shown else "")
    return "; ".join(words for each in term.terms if (words := blame(each)))


def shown(value: Value) -> str:
    """A value as people read it."""
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            return "endless" if value.is_infinite() else f"{value:f}"
        case tuple():
            more = f", +{len(value) - _MOST_SHOWN}" if len(value) > _MOST_SHOWN else ""
            return f"[{', '.join(value[:_MOST_SHOWN])}{more}]"
        case int():
            return str(value)
        case str():
            return f'"{value}"'


def _decide(condition: Checked, node: ast.expr, values: Mapping[str, Value], meter: Meter) -> Term:
    if not isinstance(node, ast.BoolOp):
        return _leaf(condition, node, bool(evaluate(node, values, meter)), values)
    decisive = isinstance(node.op, ast.Or)
    terms: list[Term] = []
    for part in node.values:
        if any(term.holds is decisive for term in terms):
            terms.append(_leaf(condition, part, None, values))
        else:
            terms.append(_decide(condition, part, values, meter))
    holds = decisive if any(term.holds is decisive for term in terms) else not decisive
    return Term(_text(condition, node), holds, {}, "or" if decisive else "and", tuple(terms))


def _leaf(condition: Checked, node: ast.expr, holds: bool | None, values: Mapping[str, Value]) -> Term:
    used = sorted({each.id for each in ast.walk(node) if isinstance(each, ast.Name) and each.id in values})
    return Term(_text(condition, node), holds, {name: shown(values[name]) for name in used})


def _text(condition: Checked, node: ast.expr) -> str:
    return ast.get_source_segment(condition.text, node) or condition.text
