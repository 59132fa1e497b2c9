"""The form in which a rule is written: condition and actions are checked as they are typed, and what there is is offered."""

from __future__ import annotations

import re

from engine.errors import Refused
from engine.workflow.rules.actions import describe, read_action
from engine.workflow.rules.checking import Flaw, check
from engine.workflow.rules.events import RuleEvent
from engine.workflow.rules.functions import FUNCTIONS
from engine.workflow.rules.model import LONGEST_NAME, Draft, RuleView
from engine.workflow.rules.names import NAMES
from engine.workflow.rules.spoken import offered, read_draft, spoken
from orders_tui.modals.entry import Entry, EntryField, Values
from orders_tui.state import Session
from orders_tui.stock.forms import NO, YES

MOST_OFFERED = 8
_LAST_WORD = re.compile(r"[A-Za-z_]*$")


def write_rule(session: Session, rule: RuleView | None, creator: str) -> Entry:
    """A new rule, or one that is there; its name stays, whoever wants another writes another rule."""
    present = rule or None
    actions = ""
    if present is not None:
        event = RuleEvent(present.event)
        actions = spoken(tuple(read_action(each, event) for each in present.actions))

    def draft_of(values: Values) -> Draft:
        return read_draft(values["name"], values["when"], values["if"], values["do"], stop=values["stop"] == YES)

    def agree(values: Values) -> str:
        try:
            draft_of(values)
        except Refused as refused:
            return refused.sentence
        return ""

    async def carry(values: Values) -> str:
        [saved] = await session.services.rules.save([draft_of(values)], creator)
        state = "on" if saved.enabled else "off: o switches it on"
        done = f"{saved.name} is {saved.saving}; it is {state}."
        words = [saved.name, "--when", values["when"], "--if", values["if"], "--do", values["do"]]
        words += ["--stop"] * (values["stop"] == YES) + (["--creator", creator] if creator else [])
        session.did("rules.edit" if present else "rules.new", words, done)
        return done

    async def preview(values: Values) -> str:
        draft = draft_of(values)
        return f"On {draft.event}: " + "; ".join(describe(action) for action in draft.actions) + "."

    names = () if present is None else (present.name,)
    fields = (
        EntryField("name", "name", present.name if present else "", choices=names, check=_name),
        EntryField("when", "when", present.event if present else RuleEvent.CREATED.value, choices=tuple(RuleEvent)),
        EntryField("if", "if", _condition(present), optional=True, check=_checked, offer=names_offered),
        EntryField("do", "do", actions, offer=offered),
        EntryField("stop", "then stop", YES if present and present.stop else NO, choices=(NO, YES)),
    )
    title = f"Edit {present.name}" if present else "Write a rule; it is off until it is switched on"
    return Entry(session, title, fields, carry, preview, agree=agree)


def names_offered(text: str) -> str:
    """The names and functions that begin as the last word of a condition does, each with what it is."""
    word = "" if _in_quotes(text) else _LAST_WORD.findall(text)[0]
    if not word or word in NAMES:
        return NAMES[word].meaning if word in NAMES else ""
    found = [f"{name} ({NAMES[name].kind})" for name in NAMES if name.startswith(word)]
    found += [f"{name}(…)" for name in FUNCTIONS if name.startswith(word)]
    return ", ".join(found[:MOST_OFFERED])


def _in_quotes(text: str) -> bool:
    return text.count('"') % 2 == 1


def _condition(rule: RuleView | None) -> str:
    return "" if rule is None or rule.condition == "true" else rule.condition


def _checked(text: str) -> str:
    try:
        check(text)
    except Flaw as flaw:
        told = flaw.at("if")
        # While names are offered anyway, the list of all of them is left out.
        return f"{told.partition('; there are ')[0].removesuffix('.')}." if names_offered(text) else told
    return ""


def _name(text: str) -> str:
    return "" if len(text) <= LONGEST_NAME else f"A name has at most {LONGEST_NAME} characters."
