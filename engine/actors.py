"""Who does something: the program, a person, or TikTok Shop."""

from __future__ import annotations

from dataclasses import dataclass

from engine.identifiers import UserId
from engine.words import ChangeSource


@dataclass(frozen=True, slots=True)
class Actor:
    """`name` is what history and audit print; `user_id` is set when the person is known as a user."""

    name: str
    source: ChangeSource
    user_id: UserId | None = None


SYSTEM = Actor("system", ChangeSource.SYSTEM)
CHANNEL = Actor("tiktok_shop", ChangeSource.TIKTOK_SHOP)
