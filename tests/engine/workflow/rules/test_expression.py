"""Conditions evaluated: exact numbers, a budget in steps, and a trace that agrees."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from engine.workflow.rules.checking import check
from engine.workflow.rules.expression import MOST_VISITS, BudgetExceeded, Meter, evaluate
from engine.workflow.rules.names import NEVER
from engine.workflow.rules.trace import Term, blame, trace

VALUES: dict[str, Any] = {
    "total": Decimal("99.90"),
    "units": 3,
    "country": "US",
    "shop": "Alder Goods",
    "skus": ("BOWL-LG", "MUG-BLU"),
    "tags": (),
    "paid": True,
    "held": False,
    "hours_to_ship_by": NEVER,
}

ANSWERS = {
    "total == 99.9": True,
    "total > 99.90": False,
    "0.1 + 0.2 == 0.3": True,
    "units / 2 == 1.5": True,
    "total / units == 33.3": True,
    "1 < units <= 3 < 4": True,
    "1 < units < 3 < 4": False,
    'country in ["CA", "US"]': True,
    'country not in ["CA", "US"]': False,
    '"MUG-BLU" in skus': True,
    '"vip" not in tags': True,
    'any_starts_with(skus, "CUP", "BOWL")': True,
    'all_of(skus, "MUG-BLU", "CUP")': False,
    'any_of(skus, "CUP", "MUG-BLU")': True,
    'ends_with(shop, "Goods") and contains(shop, "der G")': True,
    'lower(shop) == "alder goods"': True,
    "count(tags) == 0": True,
    "hours_to_ship_by < 24": False,
    "hours_to_ship_by > 1000000": True,
    "paid and not held or false": True,
    "": True,
    "false": False,
}


@pytest.mark.parametrize(("text", "answer"), ANSWERS.items())
def test_a_condition_answers_exactly_and_its_trace_agrees(text: str, answer: bool) -> None:
    condition = check(text)
    assert evaluate(condition.tree, VALUES, Meter()) is answer
    assert trace(condition, VALUES, Meter()).holds is answer


def test_what_is_not_asked_is_not_evaluated() -> None:
    condition = check("units > 0 and total / units > 10")
    none = VALUES | {"units": 0}
    assert evaluate(condition.tree, none, Meter()) is False
    term = trace(condition, none, Meter())
    assert [each.holds for each in term.terms] == [False, None]


def test_the_trace_names_what_was_false_with_its_values() -> None:
    term = trace(check('total > 200 and (country == "CA" or units > 5) and paid'), VALUES, Meter())
    assert term.joined == "and"
    assert [(each.text, each.holds, each.values) for each in term.terms] == [
        ("total > 200", False, {"total": "99.90"}),
        ('country == "CA" or units > 5', None, {"country": '"US"', "units": "3"}),
        ("paid", None, {"paid": "true"}),
    ]
    assert blame(term) == "total > 200 is false (total is 99.90)"
    either = trace(check('country == "CA" or "vip" in tags or hours_to_ship_by < 4'), VALUES, Meter())
    assert blame(either) == (
        'country == "CA" is false (country is "US"); "vip" in tags is false (tags is []); '
        "hours_to_ship_by < 4 is false (hours_to_ship_by is endless)"
    )
    assert blame(trace(check("paid"), VALUES, Meter())) == ""


def test_a_term_without_names_says_only_that_it_is_false() -> None:
    assert trace(check("false"), {}, Meter()) == Term("false", False, {})


def test_a_long_list_costs_what_it_is_long_and_an_evaluation_is_cut_off() -> None:
    condition = check('"X" in skus')
    just_enough = VALUES | {"skus": ("MUG",) * (MOST_VISITS - 3)}
    assert evaluate(condition.tree, just_enough, Meter()) is False
    with pytest.raises(BudgetExceeded):
        evaluate(condition.tree, VALUES | {"skus": ("MUG",) * (MOST_VISITS - 2)}, Meter())


def test_a_meter_runs_down_by_the_parts_that_were_visited() -> None:
    meter = Meter(100)
    condition = check("units > 1 and paid")
    evaluate(condition.tree, VALUES, meter)
    assert meter.left == 100 - 5
    evaluate(condition.tree, VALUES | {"units": 0}, meter)
    assert meter.left == 100 - 5 - 4
    meter.left = 4
    with pytest.raises(BudgetExceeded):
        evaluate(condition.tree, VALUES, meter)
    assert meter.left <= 0
    with pytest.raises(BudgetExceeded):
        evaluate(condition.tree, VALUES, meter)


def test_dividing_by_zero_is_an_arithmetic_error() -> None:
    with pytest.raises(ArithmeticError):
        evaluate(check("total / (units - 3) > 1").tree, VALUES, Meter())
