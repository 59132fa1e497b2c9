"""Marks belong to orders, not to lines."""

from __future__ import annotations

from orders_tui.table.selection import Selection
from tests.orders_tui.console.lists import order_id

ONE, TWO, THREE = order_id(1), order_id(2), order_id(3)


def test_marks_keep_the_order_they_were_made_in() -> None:
    selection = Selection()
    selection.set([THREE, ONE], marked=True)
    selection.toggle(TWO)
    selection.toggle(THREE)
    assert selection.marked == (ONE, TWO)
    assert selection.size(total=50) == 2


def test_everything_means_also_what_was_never_seen_less_what_is_taken_out() -> None:
    selection = Selection()
    selection.set([ONE], marked=True)
    selection.mark_everything()
    selection.toggle(TWO)
    assert ONE in selection
    assert TWO not in selection
    assert selection.size(total=50) == 49
    assert selection.excluded == {TWO}


def test_inverting_everything_leaves_what_was_taken_out() -> None:
    selection = Selection()
    selection.mark_everything()
    selection.toggle(TWO)
    selection.invert([ONE, TWO, THREE])
    assert selection.marked == (TWO,)


def test_inverting_marks_turns_the_loaded_rows_around() -> None:
    selection = Selection()
    selection.toggle(ONE)
    selection.invert([ONE, TWO, THREE])
    assert selection.marked == (TWO, THREE)


def test_nothing_is_left_after_clearing() -> None:
    selection = Selection()
    selection.mark_everything()
    selection.clear()
    assert not selection
    assert selection.size(total=50) == 0
