"""What a workflow must be beyond well-formed: reachable, never stuck, never spinning, and closing what it opens.

Each check notes every mistake it finds, with the state and the mend.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from engine.words import WorkflowState
from engine.workflow.definition import Definition, Mistake, State

CLOSES = "finalize_order"
PUTS_BEFORE_A_PERSON = "log_failure_reason"
SYSTEM_DUTIES: Mapping[str, tuple[str, ...]] = {
    "resume": ("rearm_effects",),
    "cancel": ("release_stock", "void_effects", "void_label", "close_cancelled"),
}
"""What a system trigger has to do whatever else it does: without it stock, labels or the order itself would be left open."""


def shape_mistakes(definition: Definition) -> list[Mistake]:
    """Everything wrong with how the states hang together."""
    missing = list(_missing_states(definition))
    # Nothing can be said of ways and ends while a state is not there.
    return missing or [
        *_broken_states(definition),
        *_lost_states(definition),
        *_loops(definition),
        *_undone_duties(definition),
    ]


def name_mistakes(
    definition: Definition, conditions: Collection[str], actions: Collection[str], *, may_fail: Callable[[str], bool]
) -> list[Mistake]:
    """Names that nobody registered, and actions that may fail where failing is not possible."""
    found = []
    for place, kind, name in definition.names():
        known = conditions if kind == "condition" else actions
        if name not in known:
            found.append(Mistake(place, f"there is no {kind} {name!r}; known are {', '.join(sorted(known))}"))
        elif kind == "action" and place.startswith("system trigger") and may_fail(name):
            found.append(Mistake(place, f"{name} may fail and cannot run here; put it on a transition"))
    for state in definition.states.values():
        # An order must always be able to fail and to be cancelled, from wherever it is.
        inescapable = (*state.exit_actions, *(state.entry_actions if state.name is WorkflowState.FAILED else ()))
        found += [
            Mistake(f"state {state.name}", f"{name} may fail and cannot run here; put it on a transition")
            for name in inescapable
            if name in actions and may_fail(name)
        ]
    return found


def retry_mistakes(
    definition: Definition, actions: Collection[str], *, may_be_retried: Callable[[str], bool]
) -> list[Mistake]:
    """Options given to actions that are not there, are not used, or have nothing to retry."""
    used = {name for _, kind, name in definition.names() if kind == "action"}
    found = []
    for name in definition.retries:
        place = f"action {name}"
        if name not in actions:
            found.append(Mistake(place, f"there is no such action; known are {', '.join(sorted(actions))}"))
        elif name not in used:
            found.append(Mistake(place, "no state and no transition of this file runs it; use it or remove this table"))
        elif not may_be_retried(name):
            found.append(
                Mistake(place, "it neither goes outside nor can fail, so nothing is retried; remove this table")
            )
    return found


def skip_mistakes(
    definition: Definition, *, may_be_vouched_for: Callable[[str], bool], may_be_passed_over: Callable[[str], bool]
) -> list[Mistake]:
    """Transitions said to be skippable on which there is nothing that a person may pass over."""
    return [
        Mistake(
            f"state {state.name}, transition {arrow.trigger}",
            "nothing on it may be skipped: a label, stock, money and valid data are there or they are not; "
            "remove `skippable`",
        )
        for state in definition.states.values()
        for arrow in state.transitions
        if arrow.skippable
        and not any(may_be_vouched_for(name) for name in arrow.conditions)
        and not any(may_be_passed_over(name) for name in arrow.actions)
    ]


def reachable(start: WorkflowState, states: Mapping[WorkflowState, State]) -> set[WorkflowState]:
    """Where an order may come to from `start`, itself included."""
    seen = {start}
    queue = [start]
    while queue:
        for arrow in states[queue.pop()].transitions:
            if arrow.target not in seen and arrow.target in states:
                seen.add(arrow.target)
                queue.append(arrow.target)
    return seen


def _missing_states(definition: Definition) -> Iterator[Mistake]:
    states = definition.states
    for name in dict.fromkeys((definition.initial, WorkflowState.FAILED)):
        if name not in states:
            yield Mistake("the file", f"the state {name} is missing; add [states.{name}]")
    for state in states.values():
        for arrow in state.transitions:
            if arrow.target not in states:
                yield Mistake(
                    f"state {state.name}, transition {arrow.trigger}",
                    f"the target {arrow.target} is no state of this file; add [states.{arrow.target}]",
                )


def _broken_states(definition: Definition) -> Iterator[Mistake]:
    for state in definition.states.values():
        place = f"state {state.name}"
        for arrow in state.transitions:
            if arrow.target is state.name and not arrow.conditions and arrow.when is None:
                yield Mistake(
                    f"{place}, transition {arrow.trigger}",
                    "it returns to its own state without waiting for anything; give it a condition",
                )
        if state.name is WorkflowState.FAILED:
            if state.transitions:
                yield Mistake(place, "a failed order moves by retry and cancellation only; remove its transitions")
            if state.final:
                yield Mistake(place, "a failed order waits for a person; remove `final`")
        elif state.final and state.transitions:
            yield Mistake(place, "a final state has transitions; remove them or `final`")
        elif not state.final and not state.transitions:
            yield Mistake(place, "nothing leads on from it; add a transition or `final = true`")


def _lost_states(definition: Definition) -> Iterator[Mistake]:
    states = definition.states
    reached = reachable(definition.initial, states) | {WorkflowState.FAILED}
    for name, state in states.items():
        if name not in reached:
            yield Mistake(f"state {name}", f"no transition leads to it from {definition.initial}; add one or remove it")
        # Where nothing leads on at all has been said.
        elif state.transitions and not any(states[end].final for end in reachable(name, states)):
            yield Mistake(f"state {name}", "no way leads from it to a final state; add one")


def _loops(definition: Definition) -> Iterator[Mistake]:
    """A circle in which no arrow waits for anything would spin for ever."""
    free = {
        name: [
            arrow.target
            for arrow in state.transitions
            if not arrow.conditions and arrow.when is None and arrow.target is not name
        ]
        for name, state in definition.states.items()
    }
    told: set[WorkflowState] = set()
    for start in free:
        circle = _circle(start, free)
        if circle and not circle & told:
            told |= circle
            yield Mistake(f"state {start}", "a loop through it never waits; give one of its transitions a condition")


def _circle(start: WorkflowState, free: Mapping[WorkflowState, list[WorkflowState]]) -> set[WorkflowState]:
    """The states on a way that leads back to `start`; empty when none does."""
    queue = [(target, {start, target}) for target in free[start]]
    seen: set[WorkflowState] = set()
    while queue:
        name, way = queue.pop()
        if name is start:
            return way
        if name not in seen:
            seen.add(name)
            queue += [(target, way | {target}) for target in free.get(name, [])]
    return set()


def _undone_duties(definition: Definition) -> Iterator[Mistake]:
    for state in definition.states.values():
        duty = PUTS_BEFORE_A_PERSON if state.name is WorkflowState.FAILED else CLOSES if state.final else None
        if duty is not None and duty not in state.entry_actions:
            end = "is put in front of a person" if duty == PUTS_BEFORE_A_PERSON else "is closed"
            yield Mistake(f"state {state.name}", f"no order that comes here {end}; add {duty!r} to its entry_actions")
    for trigger, duties in SYSTEM_DUTIES.items():
        missing = [name for name in duties if name not in definition.system[trigger].actions]
        if missing:
            yield Mistake(
                f"system trigger {trigger}", f"it leaves things open; add {', '.join(missing)} to its actions"
            )
