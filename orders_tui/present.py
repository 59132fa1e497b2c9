"""What the person at this console is at, told to the others now and then; and what the others are at."""

from __future__ import annotations

from datetime import datetime

from engine.fleet.presence import AtWork, Present
from engine.identifiers import OrderId
from orders_tui.pace import Pace
from orders_tui.services import Services

BEAT_SECONDS = 5.0
"""What has not changed is said again this often."""

MOVE_SECONDS = 2.0
"""What has changed is said this often at most, and the others are heard this often."""


class Presence:
    """Writes at most every few seconds, and nothing while the person is at nothing."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._said: AtWork | None = None
        self._beat, self._move = Pace(BEAT_SECONDS), Pace(MOVE_SECONDS)
        self.others: tuple[Present, ...] = ()

    async def tend(self, at: AtWork | None, now: datetime) -> None:
        """Say and hear what is due."""
        if not self._move.due(now):
            return
        if at != self._said:
            self._beat.hurry()
        if at is None and self._said is not None:
            await self._services.presence.leave()
        elif at is not None and self._beat.due(now):
            await self._services.presence.beat(at)
        self._said = at
        self.others = tuple(await self._services.presence.others())

    async def leave(self) -> None:
        """Nothing more will be said."""
        if self._said is not None:
            self._said = None
            await self._services.presence.leave()

    def about_order(self, order_id: OrderId) -> str:
        """`Jon is editing this order.`, or nothing."""
        return _sentence([each for each in self.others if each.at.order_id == order_id], "this order")

    def at_order(self, order_id: OrderId) -> str:
        """Who has this order before them."""
        return ", ".join(dict.fromkeys(each.who for each in self.others if each.at.order_id == order_id))

    def about_group(self, fingerprint: str) -> str:
        """Who has this group of failures before them."""
        names = dict.fromkeys(each.who for each in self.others if each.at.fingerprint == fingerprint)
        return ", ".join(names)


def _sentence(here: list[Present], what: str) -> str:
    editing = list(dict.fromkeys(each.who for each in here if each.at.edits))
    looking = [name for name in dict.fromkeys(each.who for each in here) if name not in editing]
    parts = [
        f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} {doing} {what}."
        for names, doing in ((editing, "editing"), (looking, "looking at"))
        if names
    ]
    return " ".join(parts)
