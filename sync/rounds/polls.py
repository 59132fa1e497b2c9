"""What changed in each shop since it was last asked, topic by topic."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from engine.errors import OrdersError
from engine.orders import polls
from engine.words import PollTopic
from sync import intake
from sync.rounds.post import Post
from sync.schedule import Tick
from sync.tiktok.connected import ConnectedShop
from sync.tiktok.polling import Search, read_changes

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Topic:
    """One of the things a shop is searched for; its rows are stored as payloads of `kind`."""

    topic: PollTopic
    kind: str
    search: Callable[[ConnectedShop], Search]
    times_slower: int = 1
    """Than orders are polled."""


TOPICS = (Topic(PollTopic.ORDERS, intake.ORDER, lambda shop: shop.orders.search),)


def ticks(post: Post) -> list[Tick]:
    """The rounds of this file."""
    return [_tick(post, topic) for topic in TOPICS]


def _tick(post: Post, topic: Topic) -> Tick:
    seconds = post.settings.poll_seconds * topic.times_slower
    return Tick(f"poll_{topic.topic}", min(seconds, 5.0), functools.partial(poll_shops, post, topic), seconds / 20)


async def poll_shops(post: Post, topic: Topic) -> None:
    """Ask every shop that is due; one that cannot be asked does not keep the others waiting."""
    await polls.begin(post.database, topic.topic)
    again_seconds = post.settings.poll_seconds * topic.times_slower
    while (poll := await polls.claim(post.database, topic.topic, again_seconds)) is not None:
        try:
            search = topic.search(await post.outside.shop(poll.shop_id))
            new = await read_changes(post.database, poll, topic.kind, search, post.settings.poll, post.clock.now())
        except OrdersError as error:
            _log.warning(
                "poll_failed",
                shop_id=str(poll.shop_id),
                topic=topic.topic,
                code=error.code,
                sentence=error.sentence,
            )
            await polls.fail(post.database, poll, error.sentence)
            continue
        if new:
            _log.info("polled", shop_id=str(poll.shop_id), topic=topic.topic, new=new)
            post.bell.ring()
