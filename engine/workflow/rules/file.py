"""Rules files: TOML with one `[[rule]]` table a rule. Everything wrong with a file is told at once, with rule, place and mend."""

from __future__ import annotations

import difflib
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

from engine.errors import Misconfigured
from engine.orders.plain_text import plain
from engine.workflow.rules.actions import SPECS, Action, ActionFlaw, read_action
from engine.workflow.rules.checking import Flaw, check
from engine.workflow.rules.events import RuleEvent
from engine.workflow.rules.model import LONGEST_NAME, Draft, RuleView

_KEYS = ("name", "when", "if", "do", "stop", "enabled")
MOST_RULES = 200
MOST_ACTIONS = 10
_LARGEST_FILE_BYTES = 1_000_000


def load(path: Path) -> list[Draft]:
    """Read a rules file. Raises Misconfigured."""
    try:
        if path.stat().st_size > _LARGEST_FILE_BYTES:
            raise Misconfigured("rules.file_large", f"{path} is larger than a rules file can be; split it.")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is not UTF-8 text"
        raise Misconfigured("rules.unreadable", f"Cannot read the rules file {path} ({reason}); mend it.") from None
    return parse(text, path.name)


def parse(text: str, file: str) -> list[Draft]:
    """The rules of a file, in its order; `file` is how errors name it. Raises Misconfigured, a line for each thing wrong."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Misconfigured("rules.malformed", f"{file} is not TOML: {error}; mend that line.") from None
    reader = _Reader(file)
    drafts = reader.rules(document)
    if reader.wrong:
        raise Misconfigured("rules.invalid", "\n".join(reader.wrong))
    return drafts


def written(rule: RuleView) -> Iterator[str]:
    """A stored rule as lines of a rules file."""
    yield "[[rule]]"
    yield f"name = {_quoted(rule.name)}"
    yield f"when = {_quoted(rule.event)}"
    yield f"if = {_quoted(rule.condition)}"
    yield "do = ["
    for action in rule.actions:
        keys = ("action", *SPECS[action["action"]].keys) if action["action"] in SPECS else tuple(action)
        pairs = ", ".join(f"{key} = {_quoted(action[key])}" for key in keys if key in action)
        yield f"  {{ {pairs} }},"
    yield "]"
    if rule.stop:
        yield "stop = true"


def _quoted(value: Any) -> str:
    """A text, a number or a list of texts: JSON writes them as TOML does."""
    return orjson.dumps(value).decode()


class _Reader:
    def __init__(self, file: str) -> None:
        self._file = file
        self.wrong: list[str] = []

    def rules(self, document: dict[str, Any]) -> list[Draft]:
        if unknown := sorted(set(document) - {"rule"}):
            self._say(f"there is no {unknown[0]!r} at the top of a rules file; write each rule as a [[rule]] table.")
        tables = document.get("rule", [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            self._say("a rule is written as a [[rule]] table, with double brackets; write it so.")
            return []
        if not tables:
            self._say("there is no rule in it; write each as a [[rule]] table.")
        if len(tables) > MOST_RULES:
            self._say(f"it has {len(tables)} rules, {MOST_RULES} at most are allowed; drop some.")
            return []
        drafts = [draft for number, table in enumerate(tables, 1) if (draft := self._rule(number, table)) is not None]
        for name, times in Counter(draft.name for draft in drafts).items():
            if times > 1:
                self._say(f'{times} rules are named "{name}"; give each a name of its own.')
        return drafts

    def _rule(self, number: int, table: dict[str, Any]) -> Draft | None:
        before = len(self.wrong)
        name = plain(table["name"]) if isinstance(table.get("name"), str) else ""
        place = f'rule "{name}"' if name else f"rule {number}"
        if not name or len(name) > LONGEST_NAME:
            self._say(f"{place}: its name must be a text of 1 to {LONGEST_NAME} characters; give it one.")
        for unknown in sorted(set(table) - set(_KEYS)):
            near = difflib.get_close_matches(unknown, _KEYS, n=1)
            mend = f"did you mean {near[0]}?" if near else f"a rule has {', '.join(_KEYS)}."
            self._say(f"{place}: there is no key {unknown!r}; {mend}")
        event = self._event(place, table.get("when"))
        condition = table.get("if", "true")
        checked = None
        if isinstance(condition, str):
            try:
                checked = check(condition)
            except Flaw as flaw:
                self._say(flaw.at(f"{place}, if"))
        else:
            self._say(f"{place}: if must be a text, as in if = 'total > 100'; put it in quotes.")
        actions = self._actions(place, table.get("do"), event) if event is not None else ()
        stop, enabled = table.get("stop", False), table.get("enabled")
        if not isinstance(stop, bool):
            self._say(f"{place}: stop must be true or false; write one of them.")
        if enabled is not None and not isinstance(enabled, bool):
            self._say(f"{place}: enabled must be true or false; write one of them, or leave it out.")
        if len(self.wrong) > before or event is None or checked is None:
            return None
        return Draft(name, event, checked, tuple(actions), stop, enabled)

    def _event(self, place: str, value: Any) -> RuleEvent | None:
        try:
            return RuleEvent(value)
        except ValueError:
            near = difflib.get_close_matches(str(value), list(RuleEvent), n=1)
            mend = f"did you mean {near[0]}?" if near else f"give one of {', '.join(RuleEvent)}."
            asked = "it has no when" if value is None else f"there is no event {value!r}"
            self._say(f"{place}: {asked}; {mend}")
            return None

    def _actions(self, place: str, value: Any, event: RuleEvent) -> Sequence[Action]:
        tables = [value] if isinstance(value, dict) else value
        if not isinstance(tables, list) or not tables or len(tables) > MOST_ACTIONS:
            self._say(
                f"{place}: do must be a list of 1 to {MOST_ACTIONS} actions; write it as in "
                'do = [{ action = "tag", tags = ["vip"] }].'
            )
            return ()
        actions = []
        for number, table in enumerate(tables, 1):
            try:
                actions.append(read_action(table, event))
            except ActionFlaw as flaw:
                self._say(f"{place}, do, action {number}: {flaw.sentence}")
        return actions

    def _say(self, sentence: str) -> None:
        self.wrong.append(f"{self._file}, {sentence}" if sentence.startswith("rule") else f"{self._file}: {sentence}")
