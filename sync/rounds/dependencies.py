"""How the dependencies are doing, written down every few seconds, and how many daemons share their rates."""

from __future__ import annotations

from engine.fleet import dependencies
from sync.rounds.post import Post
from sync.schedule import Tick

_SECONDS = 2.0


def ticks(post: Post) -> list[Tick]:
    """The rounds of this file."""

    async def watch() -> None:
        """Each daemon's view in one statement; nothing is written per call."""
        await post.outside.rates.look(await dependencies.alive(post.database))
        await dependencies.write_states(post.database, post.daemon_id, post.outside.reports())

    return [Tick("watch_dependencies", _SECONDS, watch, _SECONDS / 10)]
