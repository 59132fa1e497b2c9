"""Grants kept alive and their ends told; and which shops are reached, as other programs change it."""

from __future__ import annotations

import functools

import structlog

from engine.actors import CHANNEL, SYSTEM
from engine.errors import OrdersError
from engine.fleet import leases
from engine.identifiers import ShopId
from engine.shops import ending, refreshing, standing
from sync.rounds.post import Post
from sync.schedule import Tick
from sync.tiktok.stored_grants import CLAIM_SECONDS, StoredGrant
from sync.tiktok.tokens import refresh_claimed

_PAUSED_LEASE = "paused_shops"
_log = structlog.get_logger(__name__)


def ticks(post: Post) -> list[Tick]:
    """The rounds of this file."""
    shops, times = ReachedShops(post), post.settings.grants
    return [
        Tick("read_shops", times.reach_seconds, shops.read, times.reach_seconds / 10),
        Tick(
            "refresh_grants", times.refresh_seconds, functools.partial(refresh_grants, post), times.refresh_seconds / 10
        ),
        Tick("watch_grants", times.watch_seconds, functools.partial(watch_grants, post), times.watch_seconds / 10),
        Tick(
            "look_at_paused", times.paused_seconds, functools.partial(look_at_paused, post), times.paused_seconds / 10
        ),
    ]


class ReachedShops:
    """Which shops are reached, and what waited for those that are reached again."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._back: set[ShopId] = set()

    async def read(self) -> None:
        """Learn which shops are reached. Whoever connected one has woken what waited for it, but not what this daemon put off just then."""
        directory = self._post.outside.directory
        await directory.refresh()
        back = directory.take_back()
        if again := sorted(back | self._back):
            await standing.wake(self._post.database, again)
            self._post.bell.ring()
        self._back = back


async def refresh_grants(post: Post) -> None:
    """Refresh the tokens that are due, each by whoever claims it; one that cannot be refreshed does not keep the others waiting."""
    while (claim := await refreshing.claim_due(post.database, CLAIM_SECONDS)) is not None:
        try:
            await refresh_claimed(StoredGrant(post.database, claim.grant_id), post.outside.token_calls(), claim)
        except OrdersError as error:
            _log.warning("grant_not_refreshed", code=error.code)


async def watch_grants(post: Post) -> None:
    """End the grants whose time is over, and tell of those that end soon."""
    if ended := await ending.expire_grants(post.database, actor=SYSTEM):
        _log.error("grants_expired", grants=ended)
    if warned := await ending.warn_of_ends(post.database):
        _log.warning("grants_end_soon", grants=warned)
        post.bell.ring()


async def look_at_paused(post: Post) -> None:
    """Ask the shops that TikTok called inactive whether they answer again, and let those go on that do."""
    paused = await standing.list_paused(post.database)
    if not paused or not await leases.take(
        post.database, _PAUSED_LEASE, post.daemon_id, post.settings.grants.paused_seconds / 2
    ):
        return
    for shop_id in paused:
        if await post.outside.directory.answers(shop_id):
            await standing.resume_shop(post.database, shop_id, actor=CHANNEL)
            _log.info("shop_resumed", shop_id=str(shop_id))
