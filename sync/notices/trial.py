"""Addresses and targets tried out: is this one well formed, does something arrive there, does the mail server let us in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import assert_never

from engine.errors import Refused
from engine.identifiers import new_id
from engine.notices.directory import Target
from engine.ports.outcomes import Failed, Outcome
from engine.words import NoticeChannel
from sync.notices.apprise_channel import AppriseChannel, check_url
from sync.notices.letter import Letter, Outbox, is_mail_address
from sync.notices.templates import Templates


def check_address(channel: NoticeChannel, address: str, kinds: tuple[str, ...]) -> str:
    """The address as it is kept. Raises Refused, without quoting it, for one that is none."""
    address = address.strip()
    match channel:
        case NoticeChannel.EMAIL:
            if not is_mail_address(address):
                raise Refused("notices.bad_address", "This is no mail address; give one like support@shop.example.")
        case NoticeChannel.APPRISE:
            check_url(address, kinds)
        case NoticeChannel.TIKTOK_MESSAGE:
            pass
        case _:
            assert_never(channel)
    return address


async def try_target(target: Target, outbox: Outbox, apprise: AppriseChannel, templates: Templates) -> Outcome:
    """Send a test there."""
    words = templates.render("test", {"label": target.label}, html=outbox.takes_html)
    test_id = new_id()
    match target.channel:
        case NoticeChannel.EMAIL:
            letter = Letter(test_id, target.audience, target.address, words, datetime.now(UTC))
            return (await outbox.deliver([letter]))[0]
        case NoticeChannel.APPRISE:
            return await apprise.send(target.address, words, str(test_id))
        case NoticeChannel.TIKTOK_MESSAGE:
            return Failed("notices.no_channel", "A message to a buyer cannot be tried out without an order.")
        case _:
            assert_never(target.channel)
