"""Letters that came back."""

from __future__ import annotations

import asyncio
import functools

import structlog

from engine.notices import bounces as ledger
from sync.notices import bounces
from sync.rounds.post import Post
from sync.schedule import Tick

_log = structlog.get_logger(__name__)
_SECONDS = 5.0


def ticks(post: Post) -> list[Tick]:
    """The rounds of this file: none where no folder of returned letters is set."""
    if post.outside.notices.bounces is None:
        return []
    return [Tick("read_bounces", _SECONDS, functools.partial(read_bounces, post))]


async def read_bounces(post: Post) -> None:
    """Keep what came back, then put it away: a crash in between reads it again, which changes nothing."""
    directory = post.outside.notices.bounces
    assert directory is not None
    paths = await asyncio.to_thread(bounces.waiting, directory)
    if not paths:
        return
    found = await asyncio.to_thread(lambda: [bounces.read(path) for path in paths])
    news = await ledger.record(post.database, [bounce for bounce in found if bounce is not None])
    if news:
        _log.warning("letters_came_back", letters=news)
    await asyncio.to_thread(bounces.put_away, directory, paths)
