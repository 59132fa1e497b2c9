"""Everything about notices that one process keeps: the words, the ways out, the handler of the effect, the worker for targets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import structlog

from engine.database.connection import Database
from sync.desk import Handler
from sync.notices.apprise_channel import AppriseChannel, AppriseSettings
from sync.notices.buyer_messages import BuyerMessages
from sync.notices.deliveries import notice_handler
from sync.notices.folder import FolderOutbox
from sync.notices.letter import Outbox
from sync.notices.sending import Sending, SendingSettings
from sync.notices.templates import Templates
from sync.tiktok.connected import ShopDirectory

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PostSettings:
    """`templates` is the owner's own directory of words, `bounces` the Maildir of letters that came back."""

    templates: Path | None = None
    bounces: Path | None = None
    apprise: AppriseSettings = field(default_factory=AppriseSettings)
    sending: SendingSettings = field(default_factory=SendingSettings)


class PostOffice:
    """One process's; `close()` when nothing is sent any more."""

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        settings: PostSettings | None = None,
        *,
        shop: ShopDirectory | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        settings = settings or PostSettings()
        self.bounces = settings.bounces
        self._outbox = outbox
        self._clock = clock
        self._apprise = AppriseChannel(settings.apprise)
        self._templates = Templates(settings.templates)
        for problem in self._templates.problems:
            _log.warning("notice_template", sentence=problem)
        self.sending = Sending(
            database,
            outbox,
            self._apprise,
            self._templates,
            settings.sending,
            shop_messages=BuyerMessages(database, shop) if shop is not None else None,
            clock=clock,
        )

    async def forget_letters(self, older_than_seconds: float) -> int:
        """Delete letters left in the folder so long ago; answers how many. Letters that were sent are nowhere here."""
        if not isinstance(self._outbox, FolderOutbox):
            return 0
        return await self._outbox.forget(older_than_seconds)

    def handler(self) -> Handler:
        """The handler for `EffectKind.NOTICE`."""
        return notice_handler(self._outbox, templates=self._templates, clock=self._clock, handed_over=self.sending.look)

    def close(self) -> None:
        """Let go of what it holds open."""
        self._apprise.close()
