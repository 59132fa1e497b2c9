"""What a shift does, one after the other, by keyboard, and what it sees on the screen after each."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tests.shift.house import ORDERS, House

FAILURES = 11
"""What the seed tells of: five causes."""


@dataclass(slots=True)
class Shift:
    """The shift so far: what was done, and what could not be done because the console has no keys for it yet."""

    house: House
    done: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


async def arrive(shift: Shift) -> None:
    """The console opens on Triage, runs a daemon of its own, and all orders come in."""
    terminal = shift.house.terminal
    await terminal.sees("pile", "returns requested")
    await terminal.press("f3")
    await terminal.sees(rf"{ORDERS} orders", key="n")
    await terminal.press("f2")
    await terminal.sees(r"daemon: this console's|daemon up")
    shift.done.append(f"{ORDERS} orders came in")


async def triage(shift: Shift) -> None:
    """Every failure is in its pile, and the pile opens as a list of orders."""
    terminal = shift.house.terminal
    await terminal.sees(rf"(?m)^\s*failed\s+{FAILURES}\b")
    for _ in range(12):
        await terminal.press("down")
    await terminal.press("home")
    await terminal.press("f4")
    shown = await terminal.sees("cause", "out of stock", "bad address", "weight", "carrier refused")
    shift.done.append(f"{FAILURES} failures of {len(re.findall(r'(?m)^ ?. ?[▸▾]', shown)) or 5} causes seen")


ACTS = (arrive, triage)
