"""What a console knows of the daemon that it runs itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class OwnDaemon:
    """Questions to whoever keeps it; without answers there is none, as on a shared database."""

    runs: Callable[[], bool] = lambda: False
    """Whether it is a living child of this console."""
    refusal: Callable[[], str] = lambda: ""
    """Why it ended by itself when it ran last, in one sentence; empty once one works."""
    log: Path | None = None
    """Where it writes down what it does."""
