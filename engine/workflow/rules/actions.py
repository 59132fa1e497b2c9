"""What a rule may do: a closed set of actions, each a typed value that was checked when the rule was saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, assert_never

from engine.errors import Refused
from engine.identifiers import UserId
from engine.orders.plain_text import plain
from engine.orders.priority import HIGHEST, LOWEST
from engine.orders.tags import normal_tag
from engine.words import HoldReason
from engine.workflow.rate_rules import WORDS, is_rate_rule
from engine.workflow.rules.events import RuleEvent

MOST_TAGS = 10
LONGEST_TEXT = 500
LONGEST_HOLD_HOURS = 24 * 90
AUDIENCES = ("creator", "support", "warehouse")


@dataclass(frozen=True, slots=True)
class Tag:
    """Give the order tags."""

    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Untag:
    """Take tags off the order."""

    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hold:
    """Hold it for `payment`, `fraud`, `address`, `stock` or `other`; with `hours` the hold ends by itself."""

    reason: HoldReason
    hours: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Prioritise:
    """Set the order's priority unless a person has; higher goes first."""

    priority: int


@dataclass(frozen=True, slots=True)
class Assign:
    """Hand it to somebody, named by login or name; who that is gets settled when the rule is saved."""

    to: str
    user_id: UserId | None = None


@dataclass(frozen=True, slots=True)
class Carrier:
    """Say how the order's label is chosen: `cheapest`, `fastest`, `service:<name>` or `carrier:<name>`."""

    choose: str


@dataclass(frozen=True, slots=True)
class Workflow:
    """Work the order by another workflow than its shop's."""

    name: str


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell `creator`, `support` or `warehouse`, once per rule and order."""

    audience: str
    text: str


Action = Tag | Untag | Hold | Prioritise | Assign | Carrier | Workflow | Notify


class ActionFlaw(Exception):
    """What is wrong with an action, in a sentence with the mend."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def _tags(value: Any) -> tuple[str, ...]:
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or not found or len(found) > MOST_TAGS:
        raise ValueError(f'give a list of 1 to {MOST_TAGS} tags, as in ["vip"]')
    return tuple(dict.fromkeys(_tag(each) for each in found))


def _tag(value: Any) -> str:
    try:
        return normal_tag(_line(LONGEST_TEXT)(value))
    except Refused as refused:
        raise ValueError(refused.sentence.removesuffix(".")) from None


def _line(most: int) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        clean = plain(value) if isinstance(value, str) else ""
        if not clean or len(clean) > most:
            raise ValueError(f"give a text of 1 to {most} characters")
        return clean

    return read


def _reason(value: Any) -> HoldReason:
    allowed = [reason for reason in HoldReason if reason is not HoldReason.COOLING_OFF]  # that one is TikTok's
    if value not in allowed:
        raise ValueError(f"give one of {', '.join(allowed)}")
    return HoldReason(value)


def _whole(least: int, most: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"give a whole number from {least} to {most}")
        return value

    return read


def _rate_rule(value: Any) -> str:
    if not isinstance(value, str) or not is_rate_rule(value):
        raise ValueError(f"give {WORDS}")
    return value


def _audience(value: Any) -> str:
    if value not in AUDIENCES:
        raise ValueError(f"give one of {', '.join(AUDIENCES)}")
    return str(value)


@dataclass(frozen=True, slots=True)
class Spec:
    """How one action is written: its keys and their readers, the ones that must be there, and when it makes no sense."""

    type: type[Any]
    keys: Mapping[str, Callable[[Any], Any]]
    required: tuple[str, ...]
    events: frozenset[RuleEvent]
    why_not: str
    """Why the other events are refused."""

    @property
    def meaning(self) -> str:
        return (self.type.__doc__ or "").strip()


_ALL = frozenset(RuleEvent)
_CLOSED = frozenset({RuleEvent.DELIVERED, RuleEvent.CANCELLED})
_GONE = _CLOSED | {RuleEvent.SHIPPED}

SPECS: dict[str, Spec] = {
    "tag": Spec(Tag, {"tags": _tags}, ("tags",), _ALL, ""),
    "untag": Spec(Untag, {"tags": _tags}, ("tags",), _ALL, ""),
    "hold": Spec(
        Hold,
        {"reason": _reason, "hours": _whole(1, LONGEST_HOLD_HOURS), "note": _line(LONGEST_TEXT)},
        ("reason",),
        _ALL - _GONE,
        "there is nothing left to hold back then",
    ),
    "prioritise": Spec(
        Prioritise,
        {"priority": _whole(LOWEST, HIGHEST)},
        ("priority",),
        _ALL - _CLOSED,
        "the order is closed then",
    ),
    "assign": Spec(Assign, {"to": _line(100)}, ("to",), _ALL, ""),
    "carrier": Spec(
        Carrier,
        {"choose": _rate_rule},
        ("choose",),
        _ALL - _GONE - {RuleEvent.READY},
        "its label has been bought by then",
    ),
    "workflow": Spec(
        Workflow, {"name": _line(100)}, ("name",), frozenset({RuleEvent.CREATED}), "its workflow has begun by then"
    ),
    "notify": Spec(Notify, {"audience": _audience, "text": _line(LONGEST_TEXT)}, ("audience", "text"), _ALL, ""),
}
"""Every action by the word that names it in a file."""

_WORDS = {spec.type: word for word, spec in SPECS.items()}


def read_action(table: Any, event: RuleEvent) -> Action:
    """The action that a table of a rules file, or a stored document, means. Raises ActionFlaw."""
    if not isinstance(table, dict):
        raise ActionFlaw('it must be a table, as in { action = "tag", tags = ["vip"] }.')
    word = table.get("action")
    spec = SPECS.get(word) if isinstance(word, str) else None
    if spec is None:
        asked = f"there is no action {word!r}" if word is not None else "it names no action"
        raise ActionFlaw(f"{asked}; give one of {', '.join(SPECS)}.")
    word = str(word)
    if event not in spec.events:
        raise ActionFlaw(
            f"{word} makes no sense on {event}: {spec.why_not}; use it on "
            f"{', '.join(each for each in RuleEvent if each in spec.events)}."
        )
    known = {"action", *spec.keys, "user_id"}
    if unknown := sorted(set(table) - known):
        raise ActionFlaw(f"{word} has no key {unknown[0]}; it has {', '.join(spec.keys)}.")
    if missing := [key for key in spec.required if key not in table]:
        raise ActionFlaw(f"{word} needs {missing[0]}; add it.")
    values = {key: _read(word, key, read, table[key]) for key, read in spec.keys.items() if key in table}
    if "user_id" in table and word == "assign":
        values["user_id"] = UserId(table["user_id"])
    action: Action = spec.type(**values)
    return action


def document(action: Action) -> dict[str, Any]:
    """What is stored, and what `rules show` prints."""
    pairs = ((field.name, getattr(action, field.name)) for field in fields(action))
    return {"action": _WORDS[type(action)]} | {
        name: list(value) if isinstance(value, tuple) else str(value) if name == "user_id" else value
        for name, value in pairs
        if value not in {None, ""}
    }


def describe(action: Action) -> str:
    """The action in words, as an order."""
    match action:
        case Tag(tags):
            return f"tag {', '.join(tags)}"
        case Untag(tags):
            return f"untag {', '.join(tags)}"
        case Hold(reason, hours):
            return f"hold ({reason})" + (f" for {hours} h" if hours else "")
        case Prioritise(priority):
            return f"priority {priority}"
        case Assign(to):
            return f"assign to {to}"
        case Carrier(choose):
            return f"label by {choose}"
        case Workflow(name):
            return f"workflow {name}"
        case Notify(audience, text):
            return f"notify {audience}: {text}"
        case _:
            assert_never(action)


def _read(word: str, key: str, read: Callable[[Any], Any], value: Any) -> Any:
    try:
        return read(value)
    except ValueError as error:
        raise ActionFlaw(f"{key} of {word} is wrong; {error}.") from None
