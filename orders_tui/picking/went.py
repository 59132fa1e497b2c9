"""What a scan or a key did: what the big line says, and what Activity keeps."""

from __future__ import annotations

from dataclasses import dataclass

from orders_tui.picking.verdict import Mood


@dataclass(frozen=True, slots=True)
class Went:
    """How it went. `action_id` is empty where nothing was written."""

    sentence: str
    mood: Mood = Mood.GOOD
    action_id: str = ""
    twin: str = ""
    arguments: tuple[str, ...] = ()
    sku: str = ""
    """At which stop somebody stands now."""
