"""Letters to deliver."""

from __future__ import annotations

from datetime import UTC, datetime

from engine.identifiers import EffectId, new_id
from sync.notices.letter import Letter
from sync.notices.templates import Rendered

WRITTEN = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def letter(
    recipient: str = "ann@relay.example",
    *,
    subject: str = "Your order 577 is on its way",
    body: str = "Hello,\n\nit left.\n",
    notice_id: EffectId | None = None,
    repeat: bool = False,
) -> Letter:
    return Letter(notice_id or EffectId(new_id()), "customer", recipient, Rendered(subject, body), WRITTEN, repeat)
