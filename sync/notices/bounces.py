"""Reads what mail servers send back (RFC 3464) from a Maildir, into which the sender's mailbox is delivered or fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from email import message_from_bytes, message_from_string
from email.message import Message
from pathlib import Path
from uuid import UUID

import structlog

from engine.notices.bounces import Bounce

_log = structlog.get_logger(__name__)
_LONGEST_BYTES = 2_000_000
_MOST_AT_ONCE = 200
_OURS = re.compile(r"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@[^>\s]+>", re.IGNORECASE)
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")


def waiting(directory: Path) -> list[Path]:
    """What has come in and was not read yet, oldest first; nothing when there is no such folder."""
    try:
        return sorted((directory / "new").iterdir())[:_MOST_AT_ONCE]
    except FileNotFoundError:
        return []
    except OSError as error:
        _log.warning(
            "bounces_unreadable", sentence=f"{directory} cannot be read ({error.strerror}); mend notices.bounces."
        )
        return []


def read(path: Path) -> Bounce | None:
    """What came back, if this is about one of our letters and says that it never arrived."""
    try:
        if path.stat().st_size > _LONGEST_BYTES:
            return None
        return bounce_of(message_from_bytes(path.read_bytes()))
    except (OSError, ValueError, LookupError) as error:
        _log.warning("bounce_unreadable", error=type(error).__name__)
        return None


def put_away(directory: Path, paths: Sequence[Path]) -> None:
    """Mark these as read, as any mail program would."""
    read_already = directory / "cur"
    try:
        read_already.mkdir(mode=0o700, exist_ok=True)
        for path in paths:
            with suppress(FileNotFoundError):  # another daemon of this machine was quicker
                path.rename(read_already / f"{path.name.partition(':')[0]}:2,S")
    except OSError as error:
        _log.warning("bounces_unreadable", sentence=f"{read_already} cannot be written ({error.strerror}); mend it.")


def bounce_of(message: Message) -> Bounce | None:
    """The bounce that a delivery report tells of; None for one that only waits, and for any other mail."""
    ours = next((found for part in message.walk() for found in _original_ids(part)), None)
    if ours is None:
        return None
    for block in _recipients(message):
        action, status = str(block.get("Action", "")).strip().lower(), str(block.get("Status", ""))
        found = _STATUS.search(status)
        if action != "failed" or found is None:
            continue
        said = str(block.get("Diagnostic-Code", "")).partition(";")[2] or status
        # Servers repeat the address they refuse.
        words = " ".join(re.sub(r"\S+@\S+", "…", said).split())[:160].rstrip(". ")
        if found[2] == "2" and found[3] == "2":
            return Bounce(ours, f"The letter came back, since the mailbox is full: {words}.", over=False)
        never = found[1] == "5" and found[2] == "1"
        return Bounce(ours, f"The letter came back: {words}.", over=never)
    return None


def _recipients(message: Message) -> Iterator[Message]:
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status":
            blocks = part.get_payload()
            if isinstance(blocks, list):
                yield from (block for block in blocks[1:] if isinstance(block, Message))


def _original_ids(part: Message) -> Iterator[UUID]:
    kind, payload = part.get_content_type(), part.get_payload()
    original: Message | None = None
    if kind == "message/rfc822" and isinstance(payload, list) and isinstance(payload[0], Message):
        original = payload[0]
    elif kind == "text/rfc822-headers":
        decoded = part.get_payload(decode=True)
        if isinstance(decoded, bytes):
            original = message_from_string(decoded.decode("utf-8", "replace"))
    if original is not None and (found := _OURS.search(str(original.get("Message-ID", "")))):
        yield UUID(found[1])
