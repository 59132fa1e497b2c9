"""Actions typed in one line mean what a rules file means, and what is wrong with them is said as a file's mistakes are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.words import HoldReason
from engine.workflow.rules.actions import (
    Action,
    ActionFlaw,
    Assign,
    Carrier,
    Hold,
    Notify,
    Prioritise,
    Tag,
    Untag,
    Workflow,
)
from engine.workflow.rules.events import RuleEvent
from engine.workflow.rules.spoken import EXAMPLES, offered, read_spoken, spoken

WORDS = st.from_regex(r"[a-z0-9;\":,\\]{1,8}( [a-z0-9;\":,\\]{1,8}){0,2}", fullmatch=True)
TAGS = st.lists(st.from_regex(r"[a-z]{1,6}", fullmatch=True), min_size=1, max_size=3, unique=True).map(tuple)
ACTIONS: st.SearchStrategy[Action] = st.one_of(
    st.builds(Tag, TAGS),
    st.builds(Untag, TAGS),
    st.builds(Hold, st.just(HoldReason.FRAUD), st.none() | st.integers(1, 48), st.just("") | WORDS),
    st.builds(Prioritise, st.integers(0, 5)),
    st.builds(Assign, st.just("mira")),
    st.builds(Carrier, st.sampled_from(("cheapest", "carrier:UPS"))),
    st.builds(Workflow, st.just("express")),
    st.builds(Notify, st.just("support"), WORDS),
)


@given(st.lists(ACTIONS, min_size=1, max_size=4).map(tuple))
def test_what_is_said_of_actions_means_the_same_actions(actions: tuple[Action, ...]) -> None:
    assert read_spoken(spoken(actions), RuleEvent.CREATED) == actions


def test_a_line_is_read_as_people_type_it() -> None:
    assert read_spoken("Tag vip ,large;hold fraud 24h : look at it;", RuleEvent.CREATED) == (
        Tag(("vip", "large")),
        Hold(HoldReason.FRAUD, 24, "look at it"),
    )
    assert all(read_spoken(example, RuleEvent.CREATED) for example in EXAMPLES.values())
    assert offered("tag vip; ho") == "hold fraud 24 h: look at it"
    assert offered("") == "; ".join(EXAMPLES.values())


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("", "it does nothing yet; type what, as in tag vip, large."),
        ("frob x", "there is no action 'frob'; give one of tag, untag,"),
        ("hold", "hold needs reason; add it."),
        ("hold sunshine", "reason of hold is wrong; give one of"),
        ("prioritise soon", "priority of prioritise is wrong; give a whole number from"),
        ("tag x; notify everybody: hello", "audience of notify is wrong; give one of creator, support, warehouse."),
    ],
)
def test_what_is_wrong_is_one_sentence(line: str, sentence: str) -> None:
    with pytest.raises(ActionFlaw) as flaw:
        read_spoken(line, RuleEvent.CREATED)
    assert flaw.value.sentence.startswith(sentence)
    with pytest.raises(ActionFlaw, match=r"workflow makes no sense on order\.failed"):
        read_spoken("workflow express", RuleEvent.FAILED)
