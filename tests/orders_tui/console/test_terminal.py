"""The console on a real terminal: it draws, it answers keys, it ends cleanly however it is ended."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import signal
import struct
import sys
import termios
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from engine.database.embedded import EmbeddedServer
from orders_tui import terminal
from tests.factories import MASTER_KEY, Factory

PROGRAM = Path(__file__).with_name("program.py")
ALTERNATE_SCREEN_ON, ALTERNATE_SCREEN_OFF = b"\x1b[?1049h", b"\x1b[?1049l"


LEFT_ON = {b"\x1b[?1000l": "the mouse", b"\x1b[?25h": "no cursor", b"\x1b[?2004l": "bracketed paste"} | {
    ALTERNATE_SCREEN_OFF: "the alternate screen"
}
IN_A_SHELL = 'set -m; "$0" "$@"; echo STOPPED-HERE; fg > /dev/null'


def left_on(written: bytearray) -> list[str]:
    """What the program did not switch off again."""
    return [name for off, name in LEFT_ON.items() if off not in written]


class Terminal:
    """A pseudo-terminal of 80x24 with the console in it."""

    def __init__(
        self,
        url: str,
        environment: dict[str, str],
        before: Callable[[], None] | None = None,
        *,
        in_a_shell: bool = False,
    ) -> None:
        self.written = bytearray()
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            if before is not None:
                before()
            program = [sys.executable, str(PROGRAM), url]
            if in_a_shell:
                os.execve("/bin/bash", ["bash", "--norc", "-c", IN_A_SHELL, *program], environment)  # noqa: S606
            os.execve(sys.executable, program, environment)  # noqa: S606 - our own program
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        os.set_blocking(self.master, False)

    def read(self) -> None:
        try:
            while data := os.read(self.master, 65536):
                self.written += data
        except (BlockingIOError, OSError):
            pass

    async def shows(self, text: bytes, *, seconds: float = 30) -> None:
        """Wait until the program has written this."""
        async with asyncio.timeout(seconds):
            while text not in self.written:
                self.read()
                await asyncio.sleep(0.02)

    def press(self, keys: bytes) -> None:
        self.written.clear()
        os.write(self.master, keys)

    async def ended(self, *, seconds: float = 15) -> int:
        """Wait until the program is gone; its exit code."""
        async with asyncio.timeout(seconds):
            while True:
                self.read()
                pid, status = os.waitpid(self.pid, os.WNOHANG)  # noqa: ASYNC222 - does not wait
                if pid:
                    self.read()
                    return os.waitstatus_to_exitcode(status)
                await asyncio.sleep(0.02)


@pytest.fixture
def start(database: EmbeddedServer, tmp_path: Path) -> Callable[..., Terminal]:
    host = quote(str(database.socket_directory), safe="")
    url = f"postgresql://{database.user}@/{database.database}?host={host}&port={database.port}"
    environment = {
        "ORDERS_TUI_DATABASE_PASSWORD": database.password.reveal(),
        "ORDERS_TUI_MASTER_KEY": MASTER_KEY,
        "TERM": "xterm-256color",
        "HOME": str(tmp_path),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(sys.path),
        "FINISHED": str(tmp_path / "finished"),
        "TZ": "UTC",
        "LANG": "C.UTF-8",
    }
    return lambda **more: Terminal(url, environment | more.pop("environment", {}), **more)


async def test_a_person_sees_the_piles_opens_the_orders_and_quits(
    start: Callable[..., Terminal], factory: Factory, tmp_path: Path
) -> None:
    await factory.order(number="ORD-ONE")
    console = start()
    await console.shows(b"returns requested")
    assert ALTERNATE_SCREEN_ON in console.written
    console.press(b"\x1bOR")
    await console.shows(b"ORD-ONE")
    console.press(b"\x1b[B")
    console.press(b"\x1bOQORD-ONE\r")  # to Triage, and a scan that arrives with that key in one read
    await console.shows(b"7 Quay Street")
    console.press(b"qq")
    assert await console.ended() == 0
    assert left_on(console.written) == []
    assert (tmp_path / "finished").read_text() == "closed"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_ends_it_as_cleanly_as_a_key(
    start: Callable[..., Terminal], factory: Factory, tmp_path: Path, number: signal.Signals
) -> None:
    await factory.order(number="ORD-ONE")
    console = start()
    await console.shows(b"returns requested")
    os.kill(console.pid, number)
    assert await console.ended() == 128 + number
    assert left_on(console.written) == []
    assert (tmp_path / "finished").read_text() == "closed"


async def test_a_mistake_of_ours_that_nothing_catches_ends_in_one_sentence_on_a_clean_terminal(
    start: Callable[..., Terminal], factory: Factory, tmp_path: Path
) -> None:
    await factory.order(number="ORD-ONE")
    console = start(environment={"CRASH": "1", "XDG_STATE_HOME": str(tmp_path / "state")})
    await console.shows(b"returns requested")
    console.press(b"\r")
    assert await console.ended() == 1
    assert left_on(console.written) == []
    said = console.written.rpartition(ALTERNATE_SCREEN_OFF)[2].replace(b"\r\n", b" ")
    assert b"Something went wrong inside the console (ZeroDivisionError)" in said
    assert b"Traceback" not in said
    assert "ZeroDivisionError" in (tmp_path / "state" / "orders-tui" / "errors.log").read_text()
    assert (tmp_path / "finished").read_text() == "closed"


async def test_it_stops_for_the_shell_and_goes_on_with_fg(start: Callable[..., Terminal], factory: Factory) -> None:
    await factory.order(number="ORD-ONE")
    console = start(in_a_shell=True)
    await console.shows(b"returns requested")
    console.press(b"\x1a")
    await console.shows(b"STOPPED-HERE")
    await console.shows(ALTERNATE_SCREEN_ON)
    before = console.written.partition(b"STOPPED-HERE")[0]
    assert ALTERNATE_SCREEN_OFF in before
    console.written.clear()
    console.press(b"\x1bOR")
    await console.shows(b"ORD-ONE")
    console.press(b"\x11")
    assert await console.ended() == 0


def block_the_hang_up() -> None:
    """As under some wrappers: the kernel's word that the terminal is gone does not arrive."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})


@pytest.mark.parametrize("before", [None, block_the_hang_up], ids=["told", "not told"])
async def test_a_lost_terminal_ends_it_whether_it_is_told_or_not(
    start: Callable[..., Terminal], factory: Factory, tmp_path: Path, before: Callable[[], None] | None
) -> None:
    await factory.order(number="ORD-ONE")
    console = start(before=before)
    await console.shows(b"returns requested")
    os.close(console.master)
    assert await console.ended() == 128 + signal.SIGHUP
    assert (tmp_path / "finished").read_text() == "closed"


def test_a_slow_line_gets_few_frames_and_what_the_person_set_stays() -> None:
    environment = {"SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22", "TEXTUAL_FPS": "5"}
    terminal.prepare(environment)
    assert environment["TEXTUAL_FPS"] == "5"
    assert environment["TEXTUAL_ANIMATIONS"] == "none"
    local: dict[str, str] = {}
    terminal.prepare(local)
    assert local == {}


def test_sixteen_colours_are_the_terminals_own() -> None:
    assert terminal.wants_own_colours({"NO_COLOR": "", "TERM": "xterm-256color"})
    assert terminal.wants_own_colours({"TERM": "linux"})
    assert not terminal.wants_own_colours({"TERM": "xterm-256color"})
