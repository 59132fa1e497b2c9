"""One notice as a mail message: its id comes from the effect, so a repeat is recognised as the same message."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.charset import QP, Charset
from email.header import Header
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.policy import Compat32
from email.utils import format_datetime
from typing import Any, Protocol
from uuid import UUID

from engine.ports.outcomes import Outcome
from sync.notices.templates import Rendered, one_line

_ADDRESS = re.compile(r"[^@\s<>,;:\"()\[\]\\]{1,64}@[^@\s<>,;:\"()\[\]\\]{1,255}")

_LONGEST_LINE = 76


class _Plain(Compat32):
    """Short headers of plain characters are written as they are: folding them took two thirds of a letter."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        if (
            isinstance(value, str)
            and value.isascii()
            and value.isprintable()
            and len(name) + len(value) < _LONGEST_LINE
        ):
            return f"{name}: {value}{self.linesep}".encode("ascii")
        return bytes(super().fold_binary(name, value))


_PLAIN = _Plain()
_READABLE_UTF8 = Charset("utf-8")
_READABLE_UTF8.body_encoding = QP


@dataclass(frozen=True, slots=True)
class Letter:
    """One notice for one recipient; `repeat` when an earlier attempt may have delivered it."""

    notice_id: UUID
    """Of the effect, or of the message to a target: the same at every try."""
    audience: str
    recipient: str
    words: Rendered
    written_at: datetime
    repeat: bool = False
    intended_at: datetime | None = None

    @property
    def waiting_seconds(self) -> float:
        """How long ago it was meant."""
        return (self.written_at - self.intended_at).total_seconds() if self.intended_at else 0.0


class Outbox(Protocol):
    """A way for letters to leave."""

    @property
    def takes_html(self) -> bool:
        """Whether letters should bring their HTML along."""

    @property
    def harmless_to_repeat(self) -> bool:
        """True when delivering the same letter twice leaves one letter, so that no checkpoint is needed."""

    async def deliver(self, letters: Sequence[Letter]) -> list[Outcome]:
        """Deliver the letters; one outcome for each, in their order. Raises nothing."""


def message_id(letter: Letter, sender: str) -> str:
    """The Message-ID, the same at every attempt."""
    domain = sender.rpartition("@")[2] or "orders-tui.invalid"
    return f"<{letter.notice_id}@{domain}>"


def is_mail_address(text: str) -> bool:
    """Whether the text is one plain mail address, fit for a header and for a server."""
    return _ADDRESS.fullmatch(text) is not None


def compose(letter: Letter, sender: str) -> Message:
    """The message; without `To` when the recipient is no mail address (a folder takes it all the same)."""
    message = _part(letter.words.body, "plain")
    if letter.words.html:
        parts = MIMEMultipart("alternative", policy=_PLAIN)
        parts.attach(message)
        parts.attach(_part(letter.words.html, "html"))
        message = parts
    message["Message-ID"] = message_id(letter, sender)
    message["Date"] = format_datetime(letter.written_at)
    message["From"] = one_line(sender)
    if is_mail_address(letter.recipient):
        message["To"] = letter.recipient
    subject = one_line(letter.words.subject)
    message["Subject"] = subject if subject.isascii() else Header(subject, "utf-8").encode()
    message["X-Audience"] = one_line(letter.audience)
    message["Auto-Submitted"] = "auto-generated"
    return message


def _part(text: str, kind: str) -> Message:
    # The older message class on purpose: the newer one parses every header it is given, 1.8 ms a letter against 0.1.
    part = Message(_PLAIN)
    if kind != "plain":
        part["Content-Type"] = f"text/{kind}"
    part.set_payload(text, "us-ascii" if text.isascii() else _READABLE_UTF8)
    return part
