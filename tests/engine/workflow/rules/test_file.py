"""Rules files: read whole, refused whole, every mistake with file, rule, place and mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import Misconfigured
from engine.words import HoldReason
from engine.workflow.rules.actions import (
    SPECS,
    Assign,
    Carrier,
    Hold,
    Notify,
    Prioritise,
    Tag,
    Untag,
    Workflow,
    describe,
    document,
    read_action,
)
from engine.workflow.rules.events import RuleEvent
from engine.workflow.rules.file import load, parse

WHOLE = """
[[rule]]
name = "Large orders"
when = "order.created"
if = 'total >= 500 and currency == "USD"'
do = [
  { action = "hold", reason = "fraud", hours = 4, note = "look at it" },
  { action = "tag", tags = ["Large", "look at"] },
  { action = "untag", tags = "small" },
  { action = "prioritise", priority = 5 },
  { action = "assign", to = "mira" },
  { action = "carrier", choose = "service:Priority" },
  { action = "workflow", name = "express" },
  { action = "notify", audience = "support", text = "A large order." },
]
stop = true
enabled = true

[[rule]]
name = "Everything"
when = "order.shipped"
do = { action = "tag", tags = ["gone"] }
"""


def test_a_file_is_read_whole() -> None:
    large, everything = parse(WHOLE, "rules.toml")
    assert (large.name, large.event, large.stop, large.enabled) == ("Large orders", RuleEvent.CREATED, True, True)
    assert large.actions == (
        Hold(HoldReason.FRAUD, 4, "look at it"),
        Tag(("large", "look-at")),
        Untag(("small",)),
        Prioritise(5),
        Assign("mira"),
        Carrier("service:Priority"),
        Workflow("express"),
        Notify("support", "A large order."),
    )
    assert (everything.event, everything.condition.text, everything.stop, everything.enabled) == (
        RuleEvent.SHIPPED,
        "true",
        False,
        None,
    )


def test_every_action_is_stored_as_it_is_written_and_told_in_words() -> None:
    [large, _] = parse(WHOLE, "rules.toml")
    assert {document(action)["action"] for action in large.actions} == set(SPECS)
    for action in large.actions:
        assert read_action(document(action), RuleEvent.CREATED) == action
    assert "; ".join(describe(action) for action in large.actions) == (
        "hold (fraud) for 4 h; tag large, look-at; untag small; priority 5; assign to mira; label by service:Priority; "
        "workflow express; notify support: A large order."
    )


MISTAKES = {
    "": "rules.toml: there is no rule in it; write each as a [[rule]] table.",
    "[rule]\nname = 'x'": "rules.toml: a rule is written as a [[rule]] table, with double brackets; write it so.",
    "rules = 1": "rules.toml: there is no 'rules' at the top of a rules file; write each rule as a [[rule]] table.",
    "[[rule]]\nname =": "rules.toml is not TOML",
    "when = 'order.creatd'": "rules.toml, rule \"x\": there is no event 'order.creatd'; did you mean order.created?",
    "if = 5": "rules.toml, rule \"x\": if must be a text, as in if = 'total > 100'; put it in quotes.",
    "if = \"total > 'a'\"": "rules.toml, rule \"x\", if, column 9: total is a number and 'a' is a text",
    "stop = 'yes'": 'rules.toml, rule "x": stop must be true or false; write one of them.',
    "enabled = 1": 'rules.toml, rule "x": enabled must be true or false; write one of them, or leave it out.',
    "conditon = ''": "rules.toml, rule \"x\": there is no key 'conditon'",
    "do = []": 'rules.toml, rule "x": do must be a list of 1 to 10 actions; write it as in do = [{ action = "tag"',
    "do = ['tag']": 'rules.toml, rule "x", do, action 1: it must be a table',
    "do = [{ tags = ['a'] }]": 'rules.toml, rule "x", do, action 1: it names no action; give one of tag,',
    "do = [{ action = 'tg' }]": "rules.toml, rule \"x\", do, action 1: there is no action 'tg'; give one of tag,",
    "do = [{ action = 'tag' }]": 'rules.toml, rule "x", do, action 1: tag needs tags; add it.',
    "do = [{ action = 'tag', tags = [] }]": "tags of tag is wrong; give a list of 1 to 10 tags",
    "do = [{ action = 'tag', tags = [5] }]": "tags of tag is wrong; give a text of 1 to 500 characters.",
    "do = [{ action = 'tag', tags = ['a'], colour = 'b' }]": "tag has no key colour; it has tags.",
    "do = [{ action = 'hold', reason = 'cooling-off' }]": "reason of hold is wrong; give one of payment, fraud,",
    "do = [{ action = 'hold', reason = 'fraud', hours = 0 }]": "hours of hold is wrong; give a whole number from 1 to",
    "do = [{ action = 'hold', reason = 'fraud', hours = true }]": "hours of hold is wrong; give a whole number",
    "do = [{ action = 'prioritise', priority = 9 }]": "priority of prioritise is wrong; give a whole number from 0 to 5.",
    "do = [{ action = 'carrier', choose = 'quick' }]": "give cheapest, fastest, in_time, default, service:<name> or carrier:<name>.",
    "do = [{ action = 'notify', audience = 'customer', text = 'x' }]": "give one of creator, support, warehouse.",
    "do = [{ action = 'notify', audience = 'support', text = '' }]": "text of notify is wrong; give a text of 1 to 500",
}


@pytest.mark.parametrize(("line", "expected"), MISTAKES.items())
def test_a_mistake_names_file_rule_place_and_mend(line: str, expected: str) -> None:
    text = line
    if line and not line.startswith(("[", "rules")):
        keys = {"name": "'x'", "when": "'order.created'", "do": "[{ action = 'tag', tags = ['a'] }]"}
        key, _, value = line.partition(" = ")
        text = "[[rule]]\n" + "\n".join(f"{name} = {given}" for name, given in (keys | {key: value}).items())
    with pytest.raises(Misconfigured) as caught:
        parse(text, "rules.toml")
    assert expected in caught.value.sentence
    assert caught.value.sentence.startswith("rules.toml")


@pytest.mark.parametrize(
    ("action", "event", "why"),
    [
        ("hold", "order.shipped", "there is nothing left to hold back then"),
        ("hold", "order.cancelled", "there is nothing left to hold back then"),
        ("carrier", "order.ready", "its label has been bought by then"),
        ("workflow", "order.validated", "its workflow has begun by then"),
        ("prioritise", "order.delivered", "the order is closed then"),
    ],
)
def test_an_action_that_comes_too_late_is_refused_when_it_is_written(action: str, event: str, why: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        parse(f"[[rule]]\nname = 'x'\nwhen = '{event}'\ndo = [{{ action = '{action}' }}]", "r.toml")
    assert f"{action} makes no sense on {event}: {why}; use it on order.created" in caught.value.sentence


def test_all_mistakes_are_told_at_once_and_nothing_is_read() -> None:
    text = """
    [[rule]]
    name = "one"
    when = "order.created"
    if = "totl > 1"
    do = [{ action = "tag" }]
    [[rule]]
    name = "two"
    when = "never"
    [[rule]]
    when = "order.held"
    do = [{ action = "tag", tags = ["a"] }]
    """
    with pytest.raises(Misconfigured) as caught:
        parse(text, "r.toml")
    assert caught.value.sentence.splitlines() == [
        'r.toml, rule "one", if, column 1: there is no name totl; did you mean total?',
        'r.toml, rule "one", do, action 1: tag needs tags; add it.',
        f"r.toml, rule \"two\": there is no event 'never'; give one of {', '.join(RuleEvent)}.",
        "r.toml, rule 3: its name must be a text of 1 to 80 characters; give it one.",
    ]


def test_two_rules_of_one_name_are_refused() -> None:
    one = "[[rule]]\nname = 'x'\nwhen = 'order.held'\ndo = [{ action = 'tag', tags = ['a'] }]\n"
    with pytest.raises(Misconfigured, match='2 rules are named "x"; give each a name of its own'):
        parse(one + one, "r.toml")


def test_a_file_that_is_not_there_or_no_text_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"Cannot read the rules file .*missing.toml \(No such file or directory\)"):
        load(tmp_path / "missing.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(Misconfigured, match="it is not UTF-8 text"):
        load(tmp_path / "binary.toml")
