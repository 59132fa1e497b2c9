"""The command line as another program meets it: a process, its two streams, its exit code."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

PROJECT = Path(__file__).parents[3]
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON object on stdout."""
        found: dict[str, Any] = orjson.loads(self.out)
        return found

    @property
    def last_words(self) -> str:
        return self.err.strip().splitlines()[-1] if self.err.strip() else ""


def environment(home: Path, given: Mapping[str, str] | None = None) -> dict[str, str]:
    """A person's environment without any setting but those given, and with a home of its own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ORDERS_TUI_")}
    own = {"HOME": str(home), "XDG_STATE_HOME": str(home / "state"), "XDG_CONFIG_HOME": str(home / "config")}
    return inherited | own | {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"} | dict(given or {})


def launch(*arguments: str, env: Mapping[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "orders_tui", *arguments],
        cwd=PROJECT,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait(process: subprocess.Popen[str], seconds: float = PATIENCE_SECONDS) -> Ended:
    """Its end; one that does not come is made, and fails the test."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"It did not end within {seconds} s; it said: {err[-2000:]}") from None
    return Ended(process.returncode, out or "", err or "")


def run(*arguments: str, env: Mapping[str, str], timeout_seconds: float = PATIENCE_SECONDS) -> Ended:
    return wait(launch(*arguments, env=env), timeout_seconds)


def end(process: subprocess.Popen[str], number: signal.Signals = signal.SIGTERM) -> Ended:
    process.send_signal(number)
    return wait(process, 30)
