"""`make shift`: a shift by keyboard in a real terminal, at 80x24 and at 160x48, with a line of totals for each."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.shift import acts
from tests.shift.house import SCREENS, open_house
from tests.shift.terminal import Stuck, has_tmux

SIZES = {"80x24": (80, 24), "160x48": (160, 48)}
SHOWN = 20


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  # the list is the output


async def play(size: tuple[int, int], folder: Path) -> acts.Shift:
    """One shift from the first order to the books; where it got stuck is the first of their differences."""
    async with open_house(folder, size) as house:
        shift = acts.Shift(house)
        try:
            for act in acts.ACTS:
                await act(shift)
        except Stuck as stuck:
            shift.books.differences.insert(0, str(stuck))
        return shift


def perform(name: str, *, keep: bool) -> acts.Shift:
    """Play at one size, and say how it went."""
    folder = Path(tempfile.mkdtemp(prefix="orders-tui-shift-"))
    folder.chmod(0o711)
    began = time.monotonic()
    try:
        shift = asyncio.run(play(SIZES[name], folder))
    finally:
        if keep:
            say(f"Every screen is in {folder / SCREENS}.")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    seconds, differences = time.monotonic() - began, shift.books.differences
    say(
        f"shift {name}: {'WRONG' if differences else 'right'}  {'; '.join(shift.done)};"
        f" {shift.house.terminal.keys} keys, {seconds:.0f} s"
    )
    for difference in differences[:SHOWN]:
        say(f"        {difference}")
    if len(differences) > SHOWN:
        say(f"        and {len(differences) - SHOWN} more")
    return shift


def totals(shifts: Sequence[acts.Shift]) -> str:
    """The last line."""
    books = [shift.books for shift in shifts]
    return (
        f"shift: played {len(shifts)} wrong {sum(bool(found.differences) for found in books)}"
        f" orders {sum(found.orders for found in books)} packages {sum(found.packages for found in books)}"
        f" labels {sum(found.labels for found in books)} keys {sum(shift.house.terminal.keys for shift in shifts)}"
        f" lost {sum(found.lost for found in books)} doubled {sum(found.doubled for found in books)}"
        f" differences {sum(len(found.differences) for found in books)}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 when everything was played and all books agree."""
    parser = argparse.ArgumentParser(prog="python -m tests.shift", description=__doc__)
    parser.add_argument("--size", choices=SIZES, action="append")
    parser.add_argument("--keep", action="store_true", help="keep the folder with every screen that was seen")
    chosen = parser.parse_args(arguments)
    if not has_tmux():
        say("shift: skipped, because tmux is not installed; it plays in a real terminal.")
        return 0
    shifts = [perform(name, keep=chosen.keep) for name in chosen.size or SIZES]
    say(totals(shifts))
    return 1 if any(shift.books.differences for shift in shifts) else 0


if __name__ == "__main__":
    sys.exit(main())
