"""Sends what was handed over to targets: each target by itself, so that a slow or broken one holds up no other.

Claims are short transactions of their own, nothing is open while something is sent, and what came of it is written afterwards. A crash
in between repeats one message to one target, under the same id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

import structlog

from engine.database.connection import Database
from engine.database.loss import is_lost
from engine.effects.kinds import RETRIES, Retries
from engine.errors import OrdersError
from engine.fleet.daemons import DEAD_AFTER_SECONDS
from engine.identifiers import DaemonId, EffectId
from engine.notices import sends
from engine.notices.directory import Directory, Target
from engine.notices.requests import Requests
from engine.notices.sends import LeftOut, Member, Message, Result
from engine.ports.outcomes import Failed, Outcome
from engine.ports.requests import NoticeRequest, NoticeRoute
from engine.words import Audience, Dependency, NoticeChannel
from sync.notices.apprise_channel import AppriseChannel
from sync.notices.letter import Letter, Outbox
from sync.notices.templates import Rendered, Templates
from sync.settling import outcome_of, persist

_log = structlog.get_logger(__name__)
_LINES = 30
"""A message for many notices names so many of them."""


@dataclass(frozen=True, slots=True)
class SendingSettings:
    """How many targets are served at once, how often an idle process looks, and how tries are spaced."""

    at_once: int = 12
    idle_seconds: float = 1.0
    retries: Retries = field(default_factory=lambda: RETRIES[Dependency.NOTICES])
    dead_after_seconds: float = DEAD_AFTER_SECONDS


class ShopMessages(Protocol):
    """Messages to buyers through the shop they bought in."""

    async def send(self, message: Message, words: Rendered) -> tuple[Outcome, bool]:
        """What came of it, and whether no such message can be sent in this shop at all. Raises nothing."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """A message in words, with whom it is about."""

    message: Message
    members: tuple[Member, ...]
    target: Target | None
    recipient: str
    words: Rendered


class Sending:
    """The worker of one process."""

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        apprise: AppriseChannel,
        templates: Templates,
        settings: SendingSettings | None = None,
        *,
        shop_messages: ShopMessages | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._apprise = apprise
        self._templates = templates
        self._settings = settings or SendingSettings()
        self._shop_messages = shop_messages
        self._now = clock or (lambda: datetime.now(UTC))
        self._requests = Requests(database)
        self._busy: set[UUID] = set()
        self._known: set[UUID] = set()
        self._claims_in_doubt = False
        self._news = asyncio.Event()

    def look(self) -> None:
        """There is something to send: do not wait for the next look."""
        self._news.set()

    async def run(self, daemon_id: DaemonId, stopping: asyncio.Event) -> None:
        """Send until `stopping`; what is under way then is finished first."""
        under_way: set[asyncio.Task[None]] = set()
        ended = asyncio.create_task(stopping.wait())
        while not stopping.is_set():
            self._news.clear()
            if len(under_way) < self._settings.at_once:
                for lane in await self._lanes(daemon_id):
                    task = asyncio.create_task(lane)
                    under_way.add(task)
                    task.add_done_callback(under_way.discard)
                    task.add_done_callback(lambda _: self.look())
            news = asyncio.create_task(self._news.wait())
            await asyncio.wait({news, ended}, timeout=self._settings.idle_seconds, return_when=asyncio.FIRST_COMPLETED)
            news.cancel()
        ended.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    async def send_due(self, daemon_id: DaemonId) -> int:
        """Claim once what is due and send it. Answers how many messages that were."""
        lanes = await self._lanes(daemon_id)
        await asyncio.gather(*lanes)
        return len(lanes)

    async def _lanes(self, daemon_id: DaemonId) -> list[Coroutine[Any, Any, None]]:
        """What is due, one piece of work for each target; all letters travel together."""
        try:
            if self._claims_in_doubt:
                await sends.forget_claims(self._database, daemon_id, self._known)
                self._claims_in_doubt = False
            messages = await sends.claim(self._database, daemon_id, self._settings.dead_after_seconds, busy=self._busy)
        except Exception as error:
            if not is_lost(error):
                raise
            _log.warning("database_away", loop="notices")
            self._claims_in_doubt = True
            return []
        self._known.update(message.message_id for message in messages)
        letters = [message for message in messages if message.channel is NoticeChannel.EMAIL]
        others: dict[UUID | None, list[Message]] = {}
        for message in messages:
            if message.channel is not NoticeChannel.EMAIL:
                others.setdefault(message.target_id, []).append(message)
        return [self._work(group) for group in [letters, *others.values()] if group]

    async def _work(self, messages: Sequence[Message]) -> None:
        """Write and send these, one after the other, and keep what came of them."""
        busy = {message.target_id for message in messages if message.target_id is not None}
        begun = False
        self._busy |= busy
        try:
            directory = await self._requests.directory()
            notices = [member.notice for message in messages for member in message.members]
            requests = await self._requests.read(notices)
            begun = True
            await self._send(messages, directory, requests)
            self._forget(messages)
        except Exception as error:  # noqa: BLE001  # their lease ends, and they are tried again
            if not is_lost(error):
                _log.exception("sending_broke", messages=len(messages))
                return
            _log.warning("database_away", loop="notices")
            if not begun:
                # Nothing of them has left, so they need not wait for the end of their lease.
                self._forget(messages)
                self._claims_in_doubt = True
        finally:
            self._busy -= busy

    def _forget(self, messages: Sequence[Message]) -> None:
        self._known.difference_update(message.message_id for message in messages)

    async def _send(
        self, messages: Sequence[Message], directory: Directory, requests: dict[EffectId, NoticeRequest]
    ) -> None:
        ready: list[_Ready] = []
        for message in messages:
            written, left = self._write(message, directory, requests)
            await self._settle(left)
            ready += written
        if messages[0].channel is NoticeChannel.EMAIL:
            await self._settle(await self._post(ready))
            return
        for each in ready:
            result = await self._call(each)
            await self._settle([result])
            if each.message.audience == Audience.CUSTOMER and isinstance(result.outcome, Failed):
                await self._write_instead(each)

    async def _settle(self, results: Sequence[Result]) -> None:
        if results:
            # What has left is not forgotten because the database is away for a moment.
            await persist(lambda: sends.settle(self._database, results, self._settings.retries), loop="notices")

    def _write(
        self, message: Message, directory: Directory, requests: dict[EffectId, NoticeRequest]
    ) -> tuple[list[_Ready], list[Result]]:
        target = directory.targets.get(message.target_id) if message.target_id is not None else None
        if message.target_id is not None and (target is None or not target.usable):
            fate = "was removed" if target is None else "is failing" if target.enabled else "is switched off"
            return [], [Result(message, LeftOut(f"Its target {fate}."), message.members)]
        left: list[Result] = []
        kept: list[tuple[Member, NoticeRequest, Rendered]] = []
        for member in message.members:
            request = requests.get(member.notice.effect_id)
            if request is None or request.refused:
                why = (
                    "It had become pointless." if request is None else "Whoever has this address wants no such notice."
                )
                left.append(Result(message, LeftOut(why), (member,)))
                continue
            try:
                words = self._templates.render(request.template, request.values, html=self._outbox.takes_html)
            except OrdersError as error:
                left.append(Result(message, outcome_of(error), (member,)))
                continue
            kept.append((member, request, words))
        if not kept:
            return [], left
        members = tuple(member for member, _, _ in kept)
        recipient = target.address if target is not None else kept[0][1].recipient
        words = kept[0][2] if len(kept) == 1 else self._gathered([each for _, _, each in kept])
        return [_Ready(message, members, target, recipient.strip(), words)], left

    def _gathered(self, words: Sequence[Rendered]) -> Rendered:
        lines = [each.subject for each in words[:_LINES]]
        if len(words) > _LINES:
            lines.append(f"and {len(words) - _LINES} more")
        values = {"count": str(len(words)), "subject": words[0].subject, "lines": "\n".join(lines)}
        return self._templates.render("burst", values, html=self._outbox.takes_html)

    async def _write_instead(self, ready: _Ready) -> None:
        """A customer whom no message reaches gets the letter that everybody gets."""
        effects = [member.notice.effect_id for member in ready.members]
        message, by_mail = ready.message, NoticeRoute(None, "", NoticeChannel.EMAIL, 0.0, None, "")
        requests = [
            NoticeRequest(effect_id, message.template, message.audience, "", {}, (by_mail,)) for effect_id in effects
        ]
        await persist(lambda: sends.hand_over(self._database, requests), loop="notices")
        self.look()

    async def _post(self, ready: Sequence[_Ready]) -> list[Result]:
        now = self._now()
        letters = [
            Letter(
                each.message.message_id,
                each.message.audience,
                each.recipient,
                each.words,
                now,
                each.message.maybe_sent,
                min((m.notice.intended_at for m in each.members if m.notice.intended_at), default=None),
            )
            for each in ready
        ]
        outcomes = await self._outbox.deliver(letters) if letters else []
        return [Result(each.message, outcome, each.members) for each, outcome in zip(ready, outcomes, strict=True)]

    async def _call(self, ready: _Ready) -> Result:
        message, over = ready.message, False
        match message.channel:
            case NoticeChannel.APPRISE:
                outcome = await self._apprise.send(ready.recipient, ready.words, str(message.message_id))
            case _ if self._shop_messages is not None:
                outcome, over = await self._shop_messages.send(message, ready.words)
            case _:
                outcome = Failed("notices.no_channel", f"Nothing here sends by {message.channel.value}.")
        return Result(message, outcome, ready.members, over)
