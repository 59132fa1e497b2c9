"""Workflows as text: a diagram for the terminal, one for Mermaid, and a document for scripts."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

from engine.effects.kinds import Retries
from engine.workflow.definition import Definition, State, Transition

WIDTH = 80
_INSIDE = WIDTH - 4
_LABEL = 6


def diagram(definition: Definition) -> Iterator[str]:
    """Each state as a box, and under it the arrows that leave it, in order of trial."""
    yield f"{definition.name}, version {definition.version}, begins at {definition.initial}"
    for state in definition.states.values():
        yield ""
        yield from _box(state)
        for arrow in state.transitions:
            yield from _arrow(arrow, last=arrow is state.transitions[-1])
    yield ""
    yield "From any state that is not final"
    for trigger, system in definition.system.items():
        yield f"  {trigger}"
        yield from _facts("    ", (("if", system.conditions), ("do", system.actions)))
    if definition.retries:
        yield ""
        yield "Tried again"
        for action, retry in definition.retries.items():
            yield f"  {action}: {_retry(retry)}"


def mermaid(definition: Definition) -> Iterator[str]:
    """A Mermaid state diagram."""
    yield "stateDiagram-v2"
    yield f"    [*] --> {definition.initial}"
    for state in definition.states.values():
        if state.entry_actions:
            yield f"    {state.name} : entry / {', '.join(state.entry_actions)}"
        if state.exit_actions:
            yield f"    {state.name} : exit / {', '.join(state.exit_actions)}"
        for arrow in state.transitions:
            guard = ", ".join((*((arrow.when,) if arrow.when else ()), *arrow.conditions))
            words = [arrow.trigger, *([f"[{guard}]"] if guard else [])]
            words += ["/", ", ".join(arrow.actions)] if arrow.actions else []
            yield f"    {state.name} --> {arrow.target} : {' '.join(words)}"
        if state.final:
            yield f"    {state.name} --> [*]"


def document(definition: Definition) -> dict[str, Any]:
    """What `--json` gives: the file's own words."""
    return {
        "name": definition.name,
        "version": definition.version,
        "initial": definition.initial,
        "states": {
            state.name: {
                "order_status": state.order_status,
                "final": state.final,
                "entry_actions": state.entry_actions,
                "exit_actions": state.exit_actions,
                "transitions": {
                    arrow.trigger: {
                        "target": arrow.target,
                        "when": arrow.when,
                        "conditions": arrow.conditions,
                        "actions": arrow.actions,
                        "skippable": arrow.skippable,
                    }
                    for arrow in state.transitions
                },
            }
            for state in definition.states.values()
        },
        "system": {
            trigger: {"conditions": system.conditions, "actions": system.actions}
            for trigger, system in definition.system.items()
        },
        "actions": {action: retry.document() for action, retry in definition.retries.items()},
    }


def _box(state: State) -> Iterator[str]:
    means = f" {state.order_status} " if state.order_status else ""
    end = " end " if state.final else ""
    head = f"─ {state.name} "
    yield f"┌{head}{'─' * (WIDTH - 4 - len(head) - len(means) - len(end))}{end}{means}──┐"
    for label, names in (("entry", state.entry_actions), ("exit", state.exit_actions)):
        for line in _named(label, names, _INSIDE):
            yield f"│ {line:<{_INSIDE}} │"
    yield f"└{'─' * (WIDTH - 2)}┘"


def _arrow(arrow: Transition, *, last: bool) -> Iterator[str]:
    may_skip = "  (may be skipped)" if arrow.skippable else ""
    yield f"  {'└' if last else '├'}─ {arrow.trigger} ──▶ {arrow.target}{may_skip}"
    facts = (("when", (arrow.when,) if arrow.when else ()), ("if", arrow.conditions), ("do", arrow.actions))
    yield from _facts("       " if last else "  │    ", facts)


def _facts(indent: str, facts: Iterable[tuple[str, tuple[str, ...]]]) -> Iterator[str]:
    for label, names in facts:
        for line in _named(label, names, WIDTH - len(indent)):
            yield f"{indent}{line}"


def _named(label: str, names: tuple[str, ...], width: int) -> list[str]:
    if not names:
        return []
    blank = " " * _LABEL
    return textwrap.wrap(
        ", ".join(names), width, initial_indent=f"{label:<{_LABEL}}", subsequent_indent=blank, break_long_words=False
    )


def _retry(retry: Retries) -> str:
    growth = "longer by as much each time" if retry.linear else "twice as long each time"
    return f"{retry.max_attempts} tries, {retry.base_delay_seconds:g} s apart, {growth}"
