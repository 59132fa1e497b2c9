"""Errands for personal data, each by one daemon at a time, in small steps with pauses between them, from where it was left."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from engine.fleet import leases
from engine.privacy import resealing, retention
from engine.privacy.policy import house_policy
from engine.privacy.terms import FOR_EVER
from sync.rounds.post import Post
from sync.schedule import Tick

_log = structlog.get_logger(__name__)
_LEASE_SECONDS = 60.0
_TURN_SECONDS = 20.0
"""So long one tick goes on; the next one continues."""


def ticks(post: Post) -> list[Tick]:
    """The rounds of this file."""
    rounds, times = PrivacyRounds(post), post.settings.privacy
    return [
        Tick("seal_anew", times.look_seconds, rounds.seal_anew, times.look_seconds / 10),
        Tick("forget_people", times.retention_seconds, rounds.forget_people, times.retention_seconds / 10),
    ]


class PrivacyRounds:
    """The rounds."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._times = post.settings.privacy

    async def seal_anew(self) -> None:
        """Seal what lies under retired keys with the keys of now, and delete keys that nothing lies under."""
        if not await resealing.wanted(self._post.database):
            return

        async def step() -> bool:
            did = await resealing.step(self._post.database, grace_seconds=self._times.key_grace_seconds)
            return did is resealing.Step.MOVED

        await self._take_turns(resealing.LEASE, step)

    async def forget_people(self) -> None:
        """Forget the people of orders past their age, and clear what came and went for them."""

        async def step() -> bool:
            return await retention.step(self._post.database, self._times.kept) is not None

        await self._take_turns(retention.LEASE, step)
        async with self._post.database.pool.acquire() as connection:
            kept = await house_policy(connection, self._times.kept)
        if kept.payloads_days != FOR_EVER:
            gone = await self._post.outside.notices.forget_letters(kept.payloads_days * 86_400.0)
            if gone:
                _log.info("letters_forgotten", letters=gone)

    async def _take_turns(self, lease: str, step: Callable[[], Awaitable[bool]]) -> None:
        end = time.monotonic() + _TURN_SECONDS
        while time.monotonic() < end:
            if not await leases.take(self._post.database, lease, self._post.daemon_id, _LEASE_SECONDS):
                return
            began = time.monotonic()
            if not await step():
                return
            await asyncio.sleep((time.monotonic() - began) * (1 / self._times.share - 1))
