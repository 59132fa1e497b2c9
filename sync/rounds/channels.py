"""What shops list, and what they are told of stock."""

from __future__ import annotations

import functools

import structlog

from engine.errors import OrdersError
from engine.fleet import leases
from engine.inventory import pushing
from engine.orders import polls
from engine.words import PollTopic
from sync.inventory.listing import read_shop
from sync.inventory.push import push_stock
from sync.rounds.post import Post
from sync.schedule import Tick

_log = structlog.get_logger(__name__)
_TIMES_SLOWER = 10
_DAY_SECONDS = 86_400.0


def ticks(post: Post) -> list[Tick]:
    """The rounds of this file; products change seldom, and are polled the more slowly."""
    seconds = post.settings.poll_seconds * _TIMES_SLOWER
    every = post.settings.push.every_seconds
    return [
        Tick("poll_products", min(seconds, 5.0), functools.partial(poll_products, post), min(seconds, 5.0) / 20),
        Tick("push_stock", every, functools.partial(tell_stock, post), every / 20),
    ]


async def poll_products(post: Post) -> None:
    """Read what every shop that is due lists; one that cannot be asked does not keep the others waiting."""
    await polls.begin(post.database, PollTopic.PRODUCTS)
    again_seconds = post.settings.poll_seconds * _TIMES_SLOWER
    while (poll := await polls.claim(post.database, PollTopic.PRODUCTS, again_seconds)) is not None:
        try:
            shop = await post.outside.shop(poll.shop_id)
            overlap = post.settings.poll.overlap_seconds
            found = await read_shop(post.database, poll, shop, overlap_seconds=overlap, end=post.clock.now())
        except OrdersError as error:
            _log.warning("products_not_read", shop_id=str(poll.shop_id), code=error.code, sentence=error.sentence)
            await polls.fail(post.database, poll, error.sentence)
            continue
        if found:
            _log.info("products_read", shop_id=str(poll.shop_id), skus=found)


async def tell_stock(post: Post) -> None:
    """Tell shops what is left, by one daemon at a time: numbers that overtake each other would be put right, but late."""
    settings = post.settings.push
    # Due once a day, and when TikTok says that stock has changed there.
    await polls.begin(post.database, PollTopic.STOCK)
    while (poll := await polls.claim(post.database, PollTopic.STOCK, _DAY_SECONDS)) is not None:
        await pushing.check_all(post.database, poll, post.clock.now())
    if await leases.take(post.database, pushing.LEASE, post.daemon_id, max(60.0, 4 * settings.every_seconds)):
        await push_stock(post.database, post.outside.shop, settings)
