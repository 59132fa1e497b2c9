"""A daemon's round writes how its dependencies are doing, and learns how many share their rates."""

from __future__ import annotations

from dataclasses import replace

from engine.clock import DatabaseClock
from engine.fleet.dependencies import Condition, DependencyState, read_states
from engine.identifiers import DaemonId
from sync.daemon_settings import DaemonSettings
from sync.outside import Outside
from sync.rates import RedisSettings
from sync.rounds import dependencies
from sync.rounds.post import Post
from sync.waking import Bell
from tests.sync.connected import Connected
from tests.sync.redis_server import free_port


async def watched(shop: Connected, outside: Outside, daemon_id: DaemonId) -> dict[str, DependencyState]:
    """What is read after a round."""
    post = Post(shop.database, daemon_id, outside, DatabaseClock(), Bell(), DaemonSettings("test"))
    [tick] = dependencies.ticks(post)
    await tick.run()
    return {state.dependency: state for state in await read_states(shop.database)}


async def test_a_round_tells_what_was_asked_and_what_was_not(shop: Connected) -> None:
    daemon_id = await shop.daemon()
    async with shop.outside() as outside:
        assert await shop.poll(outside) == 24
        states = await watched(shop, outside, daemon_id)
    own = ("carrier", "notices", "tiktok", "tiktok_auth")
    assert {name: states[name].condition for name in own} == {
        "carrier": Condition.UNUSED,
        "notices": Condition.UNUSED,
        "tiktok": Condition.OK,
        "tiktok_auth": Condition.UNUSED,
    }
    tiktok = states["tiktok"]
    assert tiktok.calls > 0
    assert tiktok.p95_ms is not None
    assert tiktok.skew_seconds is not None
    assert (tiktok.failures, tiktok.failing_since) == (0, None)


async def test_an_unreachable_redis_is_told_and_the_work_goes_on(shop: Connected) -> None:
    redis = RedisSettings(f"redis://127.0.0.1:{free_port()}/0")
    settings = replace(shop.outside_settings(), redis=redis, tiktok_calls_per_second=1000)
    daemon_id = await shop.daemon()
    async with Outside(shop.database, settings, shop.outbox()) as outside:
        assert (
            await shop.poll(outside) > 0
        )  # not all: an order that changes while Redis is waited for is the next poll's
        states = await watched(shop, outside, daemon_id)
    assert states["redis"].condition is Condition.DEGRADED
    assert states["redis"].sentence.startswith("Redis does not answer (")
    assert states["tiktok"].condition is Condition.OK


async def test_daemons_learn_of_one_another_and_divide_the_rate(shop: Connected) -> None:
    first, _, _ = await shop.daemon(), await shop.daemon(), await shop.daemon()
    async with shop.outside() as outside:
        await watched(shop, outside, first)
        taken = [await outside.rates.take("carrier", "", 30) for _ in range(20)]
    assert taken.count(None) == 10
