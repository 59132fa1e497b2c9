"""Actions in one line, as people type them in a form: `tag vip, large; hold fraud 24 h: look at it; notify support: call them`.

What is typed becomes the same table that a rules file has, and is checked as one: sentences and mends are those of the file.
"""

from __future__ import annotations

import re
from typing import Any, assert_never

import orjson

from engine.errors import Refused
from engine.orders.plain_text import plain
from engine.workflow.rules.actions import (
    SPECS,
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
    read_action,
)
from engine.workflow.rules.checking import Flaw, check
from engine.workflow.rules.events import RuleEvent
from engine.workflow.rules.model import LONGEST_NAME, Draft

EXAMPLES = {
    "tag": "tag vip, large",
    "untag": "untag vip",
    "hold": "hold fraud 24 h: look at it",
    "prioritise": "prioritise 5",
    "assign": "assign mira",
    "carrier": "carrier cheapest",
    "workflow": "workflow express",
    "notify": "notify support: a large order waits",
}
"""How each action is typed."""

MOST_ACTIONS = 10
_HOLD = re.compile(r"(?P<reason>[^\s:]*)(?:\s+(?P<hours>\d+)\s*h)?(?:\s*:\s*(?P<note>.*))?", re.DOTALL)
_PIECES = re.compile(r'(?:[^;"]|"(?:[^"\\]|\\.)*"|")+')


def read_spoken(text: str, event: RuleEvent) -> tuple[Action, ...]:
    """The actions that a line means. Raises ActionFlaw with one sentence."""
    pieces = [piece.strip() for piece in _PIECES.findall(text) if piece.strip()]
    if not pieces:
        raise ActionFlaw(f"it does nothing yet; type what, as in {EXAMPLES['tag']}.")
    if len(pieces) > MOST_ACTIONS:
        raise ActionFlaw(f"{MOST_ACTIONS} actions at most are allowed; make two rules of it.")
    return tuple(read_action(_table(piece), event) for piece in pieces)


def read_draft(name: str, when: str, condition: str, does: str, *, stop: bool) -> Draft:
    """A rule of texts as people type them. Raises Refused with one sentence of what is wrong."""
    title = plain(name)
    if not title or len(title) > LONGEST_NAME:
        raise Refused("rules.name", f"A rule has a name of 1 to {LONGEST_NAME} characters.")
    if when not in list(RuleEvent):
        raise Refused("rules.event", f"There is no event {plain(when)!r}; give one of {', '.join(RuleEvent)}.")
    event = RuleEvent(when)
    try:
        return Draft(title, event, check(condition), read_spoken(does, event), stop)
    except Flaw as flaw:
        raise Refused("rules.condition", flaw.at("if")) from None
    except ActionFlaw as flaw:
        raise Refused("rules.actions", flaw.sentence[:1].upper() + flaw.sentence[1:]) from None


def spoken(actions: tuple[Action, ...]) -> str:
    """These actions as a line that means them again."""
    return "; ".join(map(_say, actions))


def offered(text: str) -> str:
    """How the action that is being typed is written; of all of them while it is none yet."""
    word = text.rpartition(";")[2].strip().partition(" ")[0]
    if word in EXAMPLES:
        return EXAMPLES[word]
    begun = [example for name, example in EXAMPLES.items() if name.startswith(word)]
    return "; ".join(begun or EXAMPLES.values())


def _table(piece: str) -> dict[str, Any]:
    word, _, rest = piece.partition(" ")
    word, rest = word.casefold(), rest.strip()
    table: dict[str, Any] = {"action": word}
    if word not in SPECS or not rest:
        return table
    match word:
        case "tag" | "untag":
            table["tags"] = [tag.strip() for tag in rest.split(",") if tag.strip()]
        case "hold":
            found = _HOLD.fullmatch(rest)
            table["reason"] = found["reason"] if found else rest
            if found and found["hours"]:
                table["hours"] = int(found["hours"])
            if found and found["note"]:
                table["note"] = _unquoted(found["note"])
        case "prioritise":
            table["priority"] = int(rest) if re.fullmatch(r"-?\d{1,4}", rest) else rest
        case "assign":
            table["to"] = rest
        case "carrier":
            table["choose"] = rest
        case "workflow":
            table["name"] = rest
        case "notify":
            audience, _, words = rest.partition(":")
            table["audience"], table["text"] = audience.strip(), _unquoted(words)
    return table


def _say(action: Action) -> str:
    match action:
        case Tag(tags):
            return f"tag {', '.join(tags)}"
        case Untag(tags):
            return f"untag {', '.join(tags)}"
        case Hold(reason, hours, note):
            return f"hold {reason}" + (f" {hours} h" if hours else "") + (f": {_quoted(note)}" if note else "")
        case Prioritise(priority):
            return f"prioritise {priority}"
        case Assign(to):
            return f"assign {to}"
        case Carrier(choose):
            return f"carrier {choose}"
        case Workflow(name):
            return f"workflow {name}"
        case Notify(audience, text):
            return f"notify {audience}: {_quoted(text)}"
        case _:
            assert_never(action)


def _quoted(text: str) -> str:
    """A text in quotes only where it would end the action, or be taken for a quoted one."""
    return orjson.dumps(text).decode() if ";" in text or '"' in text else text


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        try:
            return str(orjson.loads(text))
        except orjson.JSONDecodeError:
            return text
    return text
