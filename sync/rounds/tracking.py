"""What the carriers say of open parcels."""

from __future__ import annotations

import functools

import structlog

from engine.errors import OrdersError
from engine.orders.parcels import packages
from sync.rounds.post import Post
from sync.schedule import Tick
from sync.shipping.tracking import read_tracking

_log = structlog.get_logger(__name__)


def ticks(post: Post) -> list[Tick]:
    """The rounds of this file."""
    return [Tick("read_tracking", post.settings.tracking_tick_seconds, functools.partial(read_open_parcels, post))]


async def read_open_parcels(post: Post) -> None:
    """Read the tracking of the parcels that are due, and let their orders go on."""
    settings = post.settings
    parcels = await packages.claim_open_parcels(post.database, settings.tracking_batch, settings.tracking_seconds)
    if not parcels:
        return
    try:
        facts = await read_tracking(post.outside.carrier, parcels, carriers=post.outside.carriers)
    except OrdersError as error:
        _log.warning("tracking_failed", code=error.code, sentence=error.sentence)
        return
    if await packages.record_tracking(post.database, facts):
        post.bell.ring()
