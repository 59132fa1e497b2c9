"""The terminal's manners: what Textual must be told before it is imported, and noticing that nobody is there any more.

Imports no Textual: `prepare` has to run first, because Textual reads its environment once, when imported.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping

SLOW_FRAMES_PER_SECOND = "30"


def is_slow_line(environment: Mapping[str, str]) -> bool:
    """Whether every byte travels: the terminal is at the other end of an SSH connection."""
    return bool(environment.get("SSH_CONNECTION") or environment.get("SSH_TTY"))


def prepare(environment: MutableMapping[str, str]) -> None:
    """Set what Textual reads at import: on a slow line few frames and no animation.

    What the person has set already stays.
    """
    if is_slow_line(environment):
        environment.setdefault("TEXTUAL_FPS", SLOW_FRAMES_PER_SECOND)
        environment.setdefault("TEXTUAL_ANIMATIONS", "none")
        environment.setdefault("TEXTUAL_SMOOTH_SCROLL", "0")


def wants_own_colours(environment: Mapping[str, str]) -> bool:
    """Whether the terminal's own 16 colours should be used: no colour was asked for, or it has no more than these."""
    return "NO_COLOR" in environment or environment.get("TERM", "") in {
        "linux",
        "ansi",
        "vt100",
        "vt220",
        "xterm-16color",
    }


def let_go() -> None:
    """Point the standard streams at nothing: a terminal that is gone takes no last words, and that is no error."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    os.close(nothing)


def is_lost(descriptor: int) -> bool:
    """Whether the terminal behind a file descriptor is gone."""
    try:
        return not os.isatty(descriptor) or os.tcgetpgrp(descriptor) < 0
    except OSError:
        return True
