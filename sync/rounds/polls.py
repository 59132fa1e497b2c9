"""What changed in each shop since it was last asked."""

from __future__ import annotations

import functools

import structlog

from engine.errors import OrdersError
from engine.orders import shops
from sync.rounds.post import Post
from sync.schedule import Tick
from sync.tiktok.polling import poll_shop

_log = structlog.get_logger(__name__)


def ticks(post: Post) -> list[Tick]:
    """The rounds of this file."""
    seconds = post.settings.poll_seconds
    return [Tick("poll_shops", min(seconds, 5.0), functools.partial(poll_shops, post), seconds / 20)]


async def poll_shops(post: Post) -> None:
    """Ask every shop that is due; one that cannot be asked does not keep the others waiting."""
    while (shop := await shops.claim_poll(post.database, post.settings.poll_seconds)) is not None:
        try:
            connected = await post.outside.shop(shop.shop_id)
            new = await poll_shop(post.database, shop, connected.orders, post.settings.poll, post.clock.now())
        except OrdersError as error:
            _log.warning("poll_failed", shop_id=str(shop.shop_id), code=error.code, sentence=error.sentence)
            await shops.poll_failed(post.database, shop.shop_id, error.sentence)
            continue
        if new:
            _log.info("polled", shop_id=str(shop.shop_id), new=new)
            post.bell.ring()
