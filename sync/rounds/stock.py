"""What keeps an eye on stock: alarms raised and cleared, and the nightly check that everything adds up."""

from __future__ import annotations

import functools

import structlog

from engine.errors import OrdersError
from engine.fleet import leases
from engine.inventory import alarms, checking, mirror
from sync.rounds.post import Post
from sync.schedule import Tick

_log = structlog.get_logger(__name__)
_LOOK_SECONDS = 30.0
_NIGHTLY_SECONDS = 86_400.0
_NIGHTLY_LOOK_SECONDS = 3_600.0


def ticks(post: Post) -> list[Tick]:
    """The rounds of this file."""
    return [
        Tick("stock_alarms", _LOOK_SECONDS, functools.partial(raise_alarms, post), 1.0),
        Tick("mirror_service", post.settings.mirror_seconds, functools.partial(mirror_service, post), 1.0),
        Tick("check_stock", _NIGHTLY_LOOK_SECONDS, functools.partial(check_stock, post), 300.0),
    ]


async def raise_alarms(post: Post) -> None:
    """Raise what is new and clear what is over, by one daemon."""
    if not await leases.take(post.database, alarms.LEASE, post.daemon_id, 2 * _LOOK_SECONDS):
        return
    raised, cleared = await alarms.look_over(post.database)
    if raised or cleared:
        _log.info("stock_alarms", raised=raised, cleared=cleared)
        post.bell.ring()


async def check_stock(post: Post) -> None:
    """Once a day, whichever daemon comes first: what does not add up is named in the log, and repaired by nobody."""
    if not await leases.take_turn(post.database, checking.LEASE, post.daemon_id, _NIGHTLY_SECONDS):
        return
    for difference in await checking.check_stock(post.database):
        _log.error(
            "stock_does_not_add_up",
            sku=difference.sku,
            location=difference.location,
            on_hand=difference.on_hand,
            moved_on_hand=difference.moved_on_hand,
            reserved=difference.reserved,
            active=difference.active,
            mend="see orders-tui stock check",
        )


async def mirror_service(post: Post) -> None:
    """Bring the ledger to what the inventory service says it has, where shops follow one."""
    service = post.outside.inventory
    if service is None or not await post.database.pool.fetchval(mirror.USED):
        return
    if not await leases.take(post.database, mirror.LEASE, post.daemon_id, max(60.0, 2 * post.settings.mirror_seconds)):
        return
    differed = 0
    try:
        async for page in service.levels():
            differed += await mirror.reflect(post.database, page)
    except OrdersError as error:
        _log.warning("levels_not_read", code=error.code, sentence=error.sentence)
    if differed:
        _log.info("stock_mirrored", differed=differed)
        post.bell.ring()
