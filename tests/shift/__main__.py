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
from tests.shift.house import open_house
from tests.shift.terminal import Stuck, has_tmux

SIZES = {"80x24": (80, 24), "160x48": (160, 48)}


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  # the list is the output


async def play(size: tuple[int, int], folder: Path) -> acts.Shift:
    """One shift from the first order to the books."""
    async with open_house(folder, size) as house:
        shift = acts.Shift(house)
        for act in acts.ACTS:
            await act(shift)
        return shift


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.shift", description=__doc__)
    parser.add_argument("--size", choices=SIZES, action="append")
    chosen = parser.parse_args(arguments)
    if not has_tmux():
        say("shift: skipped, because tmux is not installed; it plays in a real terminal.")
        return 0
    failed = 0
    for name in chosen.size or SIZES:
        folder = Path(tempfile.mkdtemp(prefix="orders-tui-shift-"))
        folder.chmod(0o711)
        began = time.monotonic()
        try:
            shift = asyncio.run(play(SIZES[name], folder))
        except Stuck as stuck:
            failed += 1
            say(f"shift {name}: stuck after {time.monotonic() - began:.0f} s: {stuck}")
        else:
            seconds = time.monotonic() - began
            say(f"shift {name}: {'; '.join(shift.done)}; {shift.house.terminal.keys} keys, {seconds:.0f} s")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
