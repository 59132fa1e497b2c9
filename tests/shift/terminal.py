"""A real terminal of 16 colours in tmux, with one program in it."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import uuid4

TERM = "xterm-16color"
PATIENCE_SECONDS = 40.0
LOOK_SECONDS = 0.1

_KEYS = {
    "enter": "Enter",
    "escape": "Escape",
    "space": "Space",
    "tab": "Tab",
    "backspace": "BSpace",
    "down": "Down",
    "up": "Up",
    "home": "Home",
    "end": "End",
    "pagedown": "PageDown",
    "pageup": "PageUp",
}


class Stuck(AssertionError):
    """The words that were waited for never came on screen."""


def has_tmux() -> bool:
    return shutil.which("tmux") is not None


class Terminal:
    """A private tmux server with one window; `close` ends it and whatever runs in it."""

    def __init__(self, size: tuple[int, int], log: Path) -> None:
        self._socket = f"orders-tui-shift-{uuid4().hex[:8]}"
        self._size = size
        self._log = log
        self._kept = ""
        self.keys = 0
        """How many keys were pressed."""

    async def start(self, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        columns, rows = self._size
        given = [word for name, value in environment.items() for word in ("-e", f"{name}={value}")]
        await self._tmux(
            *("-f", "/dev/null", "new-session", "-d", "-s", "shift", "-x", str(columns), "-y", str(rows)),
            *("-c", str(folder), *given, "env", f"TERM={TERM}", *command),
        )
        await self._tmux("set-option", "-g", "remain-on-exit", "on")

    async def screen(self) -> str:
        """What a person sees now; what is new of it is also kept."""
        shown = await self._tmux("capture-pane", "-p", "-t", "shift")
        if shown != self._kept:
            self._kept = shown
            with self._log.open("a", encoding="utf-8") as log:
                log.write(f"{'=' * self._size[0]}\n{shown}")
        return shown

    async def press(self, *keys: str) -> None:
        """Press keys one after the other, with a person's pause between them."""
        for key in keys:
            named = _KEYS.get(key) or (key.upper() if re.fullmatch(r"f\d+", key) else re.sub(r"^ctrl\+", "C-", key))
            await self._tmux("send-keys", "-t", "shift", *(["-l"] if len(key) == 1 else []), "--", named)
            self.keys += 1
            # Escape and the next key in one read would be one key: alt and that.
            await asyncio.sleep(0.4 if key == "escape" else 0.05)

    async def write(self, text: str) -> None:
        """Type a phrase into the field that has the focus."""
        for character in text:
            await self._tmux("send-keys", "-t", "shift", "-l", "--", character)
            self.keys += 1

    async def scan(self, code: str) -> None:
        """What a scanner sends: the whole code and Enter at once."""
        await self._tmux("send-keys", "-t", "shift", "-l", "--", code, ";", "send-keys", "-t", "shift", "Enter")
        self.keys += 1

    async def sees(self, *words: str, seconds: float = PATIENCE_SECONDS, key: str = "") -> str:
        """Wait until all these are on screen (regular expressions); `key` is pressed again meanwhile. The screen then."""
        deadline, pressed_at = time.monotonic() + seconds, time.monotonic()
        while True:
            shown = await self.screen()
            if all(re.search(word, shown) for word in words):
                return shown
            if time.monotonic() > deadline:
                raise Stuck(f"{words} never came on screen:\n{shown}")
            if key and time.monotonic() - pressed_at > 2:
                await self.press(key)
                pressed_at = time.monotonic()
            await asyncio.sleep(LOOK_SECONDS)

    async def form(self) -> list[str]:
        """The lines of the form that opens, its title first."""
        return self._form_in(await self.sees("enter go on"))

    @staticmethod
    def _form_in(shown: str) -> list[str]:
        return [line.strip() for line in re.findall(r"(?m)│(.*)│", shown)] if "enter go on" in shown else []

    async def through_form(self) -> None:
        """Press enter on each stage of the form, and on what it reports, until there is none."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        before: list[str] = []
        while lines := self._form_in(await self.screen()):
            if lines != before:
                before = lines
                await self.press("enter")
            if time.monotonic() > deadline:
                raise Stuck(f"The form stays:\n{await self.screen()}")
            await asyncio.sleep(0.7)
            if not self._form_in(await self.screen()):
                await asyncio.sleep(1.5)  # a report may follow

    async def ended(self, seconds: float = 30.0) -> int:
        """Wait for the program's end; its exit code."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            dead, _, code = (
                (await self._tmux("list-panes", "-t", "shift", "-F", "#{pane_dead} #{pane_dead_status}"))
                .strip()
                .partition(" ")
            )
            if dead == "1" and code:  # the window is seen to be empty a moment before its program's code is known
                return int(code)
            await asyncio.sleep(LOOK_SECONDS)
        raise Stuck(f"The program did not end, or a signal ended it:\n{await self.screen()}")

    async def close(self) -> None:
        await asyncio.to_thread(
            subprocess.run, ["tmux", "-L", self._socket, "kill-server"], capture_output=True, check=False
        )

    async def _tmux(self, *words: str) -> str:
        done = await asyncio.to_thread(
            subprocess.run, ["tmux", "-L", self._socket, *words], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Stuck(f"tmux {' '.join(words[:3])}: {done.stderr.strip()}")
        return done.stdout
