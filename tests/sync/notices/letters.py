"""Letters to deliver."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from engine.identifiers import new_id
from sync.notices.letter import Letter
from sync.notices.templates import Rendered

WRITTEN = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def letter(
    recipient: str = "ann@relay.example",
    *,
    subject: str = "Your order 577 is on its way",
    body: str = "Hello,\n\nit left.\n",
    notice_id: UUID | None = None,
    repeat: bool = False,
    audience: str = "customer",
    waited: timedelta = timedelta(0),
) -> Letter:
    return Letter(
        notice_id or new_id(), audience, recipient, Rendered(subject, body), WRITTEN, repeat, WRITTEN - waited
    )
