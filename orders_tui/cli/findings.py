"""What `orders-tui doctor` finds of one dependency."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one dependency; `exit_code` other than 0 means that it stops the program."""

    name: str
    fine: bool
    sentence: str
    exit_code: int = 0
