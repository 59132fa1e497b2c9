"""What a shift does, one after the other, by keyboard, and what it sees on the screen after each."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field

from sync.simulator.shop.people import _people
from tests.scenarios.checker import Agreement
from tests.shift.books import agreed
from tests.shift.house import ORDERS, House
from tests.shift.terminal import Stuck

FAILURES, CANCELLED = 11, 4
"""What the seed tells of: failures of five causes, and buyers who cancel before anything is done."""

CAUSES = ("out of stock", "unmapped sku", "carrier refused", "bad address", "missing weight")

ORDERS_A_WAVE, WAVES = 100, 3

PICKED = "all of it is picked|nothing here is to be picked"

POSTCODES = {city: postcode for city, _, _, postcode, *_ in _people()["places"]}
"""What the buyers answer when they are asked where they live."""


@dataclass(slots=True)
class Shift:
    """The shift so far, for the line of totals."""

    house: House
    done: list[str] = field(default_factory=list)
    books: Agreement = field(default_factory=Agreement)


async def arrive(shift: Shift) -> None:
    """The console opens on Triage, runs a daemon of its own, and all orders come in."""
    terminal = shift.house.terminal
    await terminal.sees("pile", "returns requested")
    await terminal.press("f3")
    await terminal.sees(rf"{ORDERS} orders", key="n")
    await terminal.press("f2")
    await terminal.sees(r"daemon(: this console's| up)")
    shift.done.append(f"{ORDERS} orders came in, worked by this console's daemon")


async def triage(shift: Shift) -> None:
    """Every failure is in its pile, the pile opens as a list of orders, and every cause has its group."""
    terminal = shift.house.terminal
    await terminal.sees(rf"(?m)^\s*failed\s+{FAILURES}\b")
    await terminal.press("home", *["down"] * 6, "enter")
    await terminal.sees(rf"failed\b.* {FAILURES} orders")
    await terminal.press("f4")
    await terminal.sees(*CAUSES)
    shift.done.append(f"{FAILURES} failures triaged")


async def take_back_a_mistake(shift: Shift) -> None:
    """All orders get a tag they should not have; one key takes it back."""
    terminal = shift.house.terminal
    await terminal.press("f3", "escape", "escape", "A")
    await terminal.sees(f"{ORDERS} all matching")
    await terminal.press("t")
    await terminal.sees(f"Tag {ORDERS} orders")
    await terminal.write("gift")
    await terminal.press("enter")
    await terminal.sees(rf"{ORDERS}\s+tagged gift")
    await terminal.press("enter")
    await terminal.sees(rf"{ORDERS} orders tagged")
    await terminal.press("escape", "u")
    await terminal.sees(rf"tag\s+{ORDERS} changed")
    await terminal.press("enter")
    await terminal.sees(rf"{ORDERS}\s+put back")
    await terminal.press("enter")
    await terminal.sees(rf"{ORDERS} orders put back")
    shift.done.append(f"a tag on {ORDERS} orders taken back")


async def mend(shift: Shift) -> None:
    """Each cause is mended in place, or outside where it lies outside, and what it stopped goes on."""
    terminal = shift.house.terminal
    seen: set[str] = set()
    mended: set[str] = set()
    for _ in range(3 * FAILURES):
        await terminal.press("f4", "ctrl+r")
        await asyncio.sleep(1.0)  # what was retried leaves the queue when the daemon has taken it up
        shown = await terminal.sees(r"▸|▾|Nothing has failed")
        if "Nothing has failed" in shown:
            break
        await terminal.press("home")
        [first, *_] = re.findall(r"(?m)[▸▾] (\S.*?)\s{2,}", shown)
        cause = next(cause for cause in CAUSES if first.startswith(cause))
        seen.add(cause)
        await _mend_one(shift, cause, again=first in mended and cause != "bad address")
        mended.add(first)
    else:
        raise Stuck(f"Failures that no mend ended:\n{await terminal.screen()}")
    shift.done.append(f"{FAILURES} failures of {len(seen)} causes mended")


async def _mend_one(shift: Shift, cause: str, *, again: bool) -> None:
    terminal = shift.house.terminal
    if cause == "carrier refused" or again:
        await shift.house.world.tell("mend", {"all": True})  # somebody calls the carrier
        await terminal.press("R")
        await terminal.form()
    else:
        await terminal.press("e")
        form = await terminal.form()
        match cause:
            case "out of stock":
                await terminal.write("50")
            case "unmapped sku":
                await terminal.write("MUG-BLU")
            case "missing weight":
                await terminal.write("420")
            case _:
                city = next(city for city in POSTCODES if any(city in line for line in form))
                if any(re.search(r"postcode\s+00000", line) for line in form):
                    await terminal.press(*["tab"] * 6, "end", *["backspace"] * 5)
                await terminal.write(POSTCODES[city])
    await terminal.through_form()


async def pick(shift: Shift) -> None:
    """Waves until nothing waits for one: each is walked line by line, and its labels are printed by bin."""
    terminal = shift.house.terminal
    waves = lines = 0
    await terminal.press("f5")
    while re.search(
        r"(?m)^.?-\s+\d+ .*free", await terminal.sees("NEXT", r"free|picked;|nothing waits|NEXT +open a wave")
    ):
        waves += 1
        if waves > WAVES:
            raise Stuck(f"{WAVES} waves do not hold it all:\n{await terminal.screen()}")
        await terminal.press("n")
        await terminal.sees("New wave")
        await terminal.press("tab", "end", *["backspace"] * 3)
        await terminal.write(str(ORDERS_A_WAVE))
        await terminal.press("enter")
        await terminal.sees(rf"Wave {waves} has")
        await terminal.press("home", "enter")
        await terminal.sees(rf"wave {waves}\b", r"NEXT .* to pick")
        await terminal.press("home")
        while to_pick := re.search(r"NEXT .* to pick", await terminal.sees(rf"NEXT .* to pick|{PICKED}")):
            await terminal.press("enter")
            await terminal.sees(rf"NEXT (?!{re.escape(to_pick[0].removeprefix('NEXT '))})")
            await terminal.press("down")
            lines += 1
        await terminal.press("l")
        await terminal.sees(r"labels?\s+(kept|printed|sent)")
        await terminal.press("escape")
        await terminal.sees(r"NEXT +(open a wave|n makes a wave|nothing waits)")
    if not waves:
        raise Stuck(f"Nothing waits for a wave:\n{await terminal.screen()}")
    shift.done.append(f"{waves} waves of {lines} lines picked, their labels printed")


async def ship(shift: Shift) -> None:
    """What is to be handed over leaves the house: one bulk change that cannot be taken back."""
    terminal = shift.house.terminal
    await terminal.press("f3", "escape", "f", "r", "enter")
    open_orders = ORDERS - CANCELLED
    await terminal.sees(rf"processing.* {open_orders} orders", "to hand over", key="ctrl+r")
    await terminal.press("A", "s")
    await terminal.sees("Change the status")
    await terminal.press("home", *["down"] * 3, "enter")
    await terminal.sees(rf"{open_orders}\s+processing → shipped")
    await terminal.write("on the truck")
    await terminal.press("enter")
    await terminal.sees("type shipped")
    await terminal.write("shipped")
    await terminal.press("enter")
    await terminal.sees(rf"{open_orders} orders changed")
    shift.done.append(f"{open_orders} orders shipped")


async def compare_books(shift: Shift) -> None:
    """What was done last reaches TikTok; then everybody's books say the same."""
    shift.books = await agreed(shift.house)
    if not shift.books.differences:
        shift.done.append("the books agree")


async def go_home(shift: Shift) -> None:
    """The person leaves; the program ends, and its daemon with it."""
    terminal = shift.house.terminal
    await terminal.press("escape", "escape", "q", "q")
    code = await terminal.ended()
    if code:
        raise Stuck(f"The program ended with {code}.")


ACTS = (arrive, triage, take_back_a_mistake, mend, pick, ship, compare_books, go_home)
