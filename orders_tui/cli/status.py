"""`orders-tui status`: how each dependency is doing, as the daemons see it."""

from __future__ import annotations

import cyclopts

from engine.fleet.dependencies import Condition, DependencyState, read_states
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_targets import Json
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.opening import open_services
from orders_tui.services.door import lost_is_unreachable
from orders_tui.settings import Settings
from orders_tui.settings_file import read_settings

app = cyclopts.App(name="status", help="How each dependency is doing, as the daemons see it.")

_WELL = frozenset({Condition.OK, Condition.UNUSED, Condition.LIMITED})


@app.default
async def status(*, json: Json = False) -> int:
    """One line a dependency; the exit code is 1 while one fails."""
    settings = read_settings()
    async with open_services(settings, on_wait=narrate) as services:
        with lost_is_unreachable():
            states = await read_states(services.database)
    if not states:
        narrate("No daemon is at work, so nobody knows: start orders-tui daemon, or open the console.")
        return Exit.REFUSED
    if not json:
        emit(f"{'database':<12} ok")
    for state in states:
        emit_json(state) if json else emit(line_of(state))
    if not json:
        for name in unused(settings, states):
            emit(f"{name:<12} not set up")
    return Exit.OK if all(state.condition in _WELL for state in states) else Exit.REFUSED


def line_of(state: DependencyState) -> str:
    """A dependency in one line."""
    parts = [f"{state.dependency:<12} {state.sentence}"]
    if state.p95_ms is not None:
        parts.append(f"{state.calls} calls, 95 of 100 within {state.p95_ms:.0f} ms")
    if state.failures:
        parts.append(f"{state.failures} failed")
    if state.skew_seconds is not None and abs(state.skew_seconds) >= 1:
        parts.append(f"our clock is {abs(state.skew_seconds):.0f} s {'ahead' if state.skew_seconds > 0 else 'behind'}")
    return "; ".join(parts)


def is_well(state: DependencyState) -> bool:
    """Whether nothing is to be done about it."""
    return state.condition in _WELL


def unused(settings: Settings, states: list[DependencyState]) -> list[str]:
    """What is not set up, and so is not among the states."""
    known = {state.dependency for state in states}
    set_up = {"inventory": bool(settings.inventory.url), "redis": bool(settings.limits.redis_url)}
    return [name for name, there in set_up.items() if not there and name not in known]
