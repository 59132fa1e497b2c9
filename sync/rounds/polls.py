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
from sync.tiktok.aftersales import CANCELLATION, RETURN
from sync.tiktok.connected import ConnectedShop
from sync.tiktok.polling import Search, read_changes, read_open

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Topic:
    """One of the things a shop is searched for; its rows are stored as payloads of `kind`."""

    topic: PollTopic
    kind: str
    search: Callable[[ConnectedShop], Search]
    times_slower: int = 1
    """Than orders are polled."""


TOPICS = (
    Topic(PollTopic.ORDERS, intake.ORDER, lambda shop: shop.orders.search),
    Topic(PollTopic.CANCELLATIONS, CANCELLATION, lambda shop: shop.changes.cancellations, times_slower=2),
    Topic(PollTopic.RETURNS, RETURN, lambda shop: shop.changes.returns, times_slower=4),
)


def ticks(post: Post) -> list[Tick]:
    """The rounds of this file."""
    every = post.settings.reread_seconds
    open_orders = Tick("reread_open", min(every, 5.0), functools.partial(reread_open, post), every / 20)
    return [*(_tick(post, topic) for topic in TOPICS), open_orders]


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
            await _failed(post, poll, error)
            continue
        _tell(post, poll, new)


async def reread_open(post: Post) -> None:
    """Read some open orders of each shop again: an address, a note, a split may change without the order's time of change."""
    await polls.begin(post.database, PollTopic.OPEN_ORDERS)
    while (poll := await polls.claim(post.database, PollTopic.OPEN_ORDERS, post.settings.reread_seconds)) is not None:
        try:
            shop = await post.outside.shop(poll.shop_id)
            new = await read_open(post.database, poll, intake.ORDER, shop.orders, post.clock.now())
        except OrdersError as error:
            await _failed(post, poll, error)
            continue
        _tell(post, poll, new)


async def _failed(post: Post, poll: polls.Poll, error: OrdersError) -> None:
    _log.warning("poll_failed", shop_id=str(poll.shop_id), topic=poll.topic, code=error.code, sentence=error.sentence)
    await polls.fail(post.database, poll, error.sentence)


def _tell(post: Post, poll: polls.Poll, new: int) -> None:
    if new:
        _log.info("polled", shop_id=str(poll.shop_id), topic=poll.topic, new=new)
        post.bell.ring()
