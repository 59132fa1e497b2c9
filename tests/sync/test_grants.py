"""Grants over the wire: one refresh for all daemons, a revocation that stops one seller's shops only, shops that pause and go on."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from engine.actors import CHANNEL
from engine.clock import DatabaseClock
from engine.database.embedded import EmbeddedServer
from engine.errors import Retryable
from engine.identifiers import GrantId
from engine.shops import ending, grants, shops, standing
from engine.shops.grants import GrantState
from engine.shops.shops import Shop
from engine.words import Dependency
from orders_tui.assembly import daemon_settings, tiktok_access
from orders_tui.demo.preparation import LEAD
from orders_tui.services.connecting import open_connector
from sync.outside import Outside
from sync.rounds.grants import ReachedShops, look_at_paused, refresh_grants
from sync.rounds.post import Post
from sync.waking import Bell
from tests.factories import opened
from tests.sync.connected import Connected, connected
from tests.sync.test_daemon import labels, running


async def admin(shop: Connected, call: str, **body: Any) -> dict[str, Any]:
    return dict((await shop.world._http.post(f"/admin/{call}", json=body)).json())


async def refreshes(shop: Connected) -> int:
    return int((await shop.state())["http_calls"].get("tiktok.tokens.refresh", 0))


async def grant_of(shop: Connected) -> GrantId:
    (grant,) = [each for each in await grants.list_grants(shop.database) if each.seller.name == shop.shop.name]
    return grant.grant_id


async def post_of(shop: Connected, outside: Outside) -> Post:
    daemon_id = await shop.daemon()
    return Post(shop.database, daemon_id, outside, DatabaseClock(), Bell(), daemon_settings(shop.settings))


async def connect(shop: Connected, code: str) -> None:
    """As `orders-tui shop connect` does."""
    access = tiktok_access(shop.settings, shop.database)
    async with open_connector(shop.database, access, LEAD) as connector:
        await connector.connect(await connector.exchange(code), lambda _region: "UTC")


async def second_seller(shop: Connected) -> Shop:
    added = await admin(shop, "shops", name="Alder Goods")
    await connect(shop, added["auth_code"])
    (alder,) = [each for each in await shops.list_shops(shop.database) if each.name == "Alder Goods"]
    return alder


async def test_two_daemons_whose_token_expires_under_their_hands_refresh_it_once(
    shop: Connected, database: EmbeddedServer
) -> None:
    async with opened(database) as second, shop.outside() as mine:
        second.secrets = shop.database.secrets
        async with Outside(second, shop.outside_settings(), shop.outbox()) as theirs:
            seen = [await outside.shop(shop.shop.shop_id) for outside in (mine, theirs)]
            for each in seen:
                await each.logistics.warehouses()
            for _ in range(3):
                before = await refreshes(shop)
                await admin(shop, "expire_token")
                found = await asyncio.gather(*(each.logistics.warehouses() for each in seen * 4))
                assert len(found) == 8
                assert await refreshes(shop) == before + 1
    now = (await admin(shop, "grant", grant=0))["access_token"]
    _, tokens = await grants.read_tokens(shop.database, await grant_of(shop))
    assert tokens is not None
    assert tokens.access == now


async def test_of_several_daemons_one_refreshes_early_what_is_due(shop: Connected) -> None:
    async with shop.outside() as first, shop.outside() as second:
        posts = [await post_of(shop, outside) for outside in (first, second)]
        await asyncio.gather(*(refresh_grants(post) for post in posts))
        assert await refreshes(shop) == 0
        await shop.database.pool.execute("UPDATE grants SET refresh_due_at = now()")
        await asyncio.gather(*(refresh_grants(post) for post in posts * 3))
        assert await refreshes(shop) == 1
        # What a daemon held before is renewed without another refresh, should TikTok have ended it.
        assert await (await first.shop(shop.shop.shop_id)).logistics.warehouses()
        assert await refreshes(shop) == 1


async def test_a_lost_answer_to_a_refresh_costs_another_call_and_nothing_else(shop: Connected) -> None:
    await admin(shop, "aim", operation="tiktok.tokens.refresh", failure="lost_reply")
    await shop.database.pool.execute("UPDATE grants SET refresh_due_at = now()")
    async with shop.outside() as outside:
        post = await post_of(shop, outside)
        await refresh_grants(post)
        (grant,) = await grants.list_grants(shop.database)
        assert grant.error.startswith("TikTok gave no clear answer to the request to refresh the access token")
        await shop.database.pool.execute("UPDATE grants SET refresh_due_at = now()")
        await refresh_grants(post)
        (grant,) = await grants.list_grants(shop.database)
        assert (grant.error, grant.state) == ("", "active")
        assert await (await outside.shop(shop.shop.shop_id)).logistics.warehouses()


async def test_a_revoked_grant_stops_its_own_shops_and_everything_goes_on_once_it_is_given_anew(
    database: EmbeddedServer, tmp_path: Path
) -> None:
    async with connected(database, tmp_path) as shop:
        alder = await second_seller(shop)
        await shop.take_in(await shop.daemon())
        assert await shop.count("effects WHERE kind = 'buy_label' AND state = 'intent'") == 23
        await admin(shop, "revoke", grant=0, silent=True)
        await shop.database.pool.execute("UPDATE polls SET due_at = now()")
        waiting = "effects WHERE state IN ('intent', 'ambiguous') AND error_code = 'tiktok.not_connected' AND lease_token IS NULL"
        open_ones = "effects WHERE kind <> 'notice' AND state IN ('intent', 'sent', 'ambiguous') AND head"
        async with running(shop, daemons=2):
            while not await shop.count(waiting) == await shop.count(open_ones) > 0:
                await asyncio.sleep(0.05)
            stopped = await shops.find_shop(shop.database, shop.shop.shop_id)
            assert stopped.state == "revoked"
            assert stopped.state_reason.startswith(
                "TikTok refused to refresh the access token: can not find related auth"
            )
            assert await shop.count(f"{open_ones} AND attempt > 0") == 0
            assert await shop.count("failures") == await shop.count("effects WHERE state = 'failed'") == 0
            other = await shops.find_shop(shop.database, alder.shop_id)
            assert other.state == "connected"
            await shop.database.pool.execute("UPDATE polls SET due_at = now(), polled_at = NULL")
            while not await shop.count(
                "polls WHERE shop_id = $1 AND polled_at IS NOT NULL AND error IS NULL", alder.shop_id
            ):
                await asyncio.sleep(0.05)
            # One that was on its way when the grant ended may have failed since; none was answered.
            answered = "polls WHERE shop_id = $1 AND polled_at IS NOT NULL AND error IS NULL"
            assert await shop.count(answered, shop.shop.shop_id) == 0
            (request,) = await shop.database.pool.fetch(
                "SELECT request FROM effects WHERE key LIKE 'notice:grant_revoked:%'"
            )
            assert request["request"]["shops"] == shop.shop.name
            await connect(shop, (await shop.world.ask("credentials"))["auth_code"])
            while await shop.count("packages WHERE told_at IS NULL") or await shop.count("packages") < 23:
                await asyncio.sleep(0.05)
        assert await labels(shop) == (23, 23, 23)
        assert (await shops.find_shop(shop.database, shop.shop.shop_id)).policies == shop.shop.policies


@pytest.mark.parametrize("whole_seller", [False, True])
async def test_an_inactive_shop_pauses_without_a_refresh_and_goes_on_when_it_answers(
    shop: Connected, *, whole_seller: bool
) -> None:
    await admin(shop, "shops", grant=0, name="Harbor Lane UK", region="GB")
    await connect(shop, (await shop.world.ask("credentials"))["auth_code"])
    inactive = {"active": False} if whole_seller else {"shops": {shop.shop.tiktok_shop_id: False}}
    await admin(shop, "grant", grant=0, **inactive)
    async with shop.outside() as outside:
        before = await refreshes(shop)
        with pytest.raises(Retryable) as failure:
            await (await outside.shop(shop.shop.shop_id)).logistics.warehouses()
        assert (failure.value.code, failure.value.postponed) == ("tiktok.shop_inactive", True)
        states = {each.name: each.state for each in await shops.list_shops(shop.database)}
        assert states == {shop.shop.name: "paused", "Harbor Lane UK": "paused" if whole_seller else "connected"}
        post = await post_of(shop, outside)
        await look_at_paused(post)
        assert len(await standing.list_paused(shop.database)) == 1 + whole_seller
        with pytest.raises(Retryable) as failure:
            await outside.shop(shop.shop.shop_id)
        assert failure.value.code == "tiktok.not_connected"
        await admin(
            shop,
            "grant",
            grant=0,
            **({"active": True} if whole_seller else {"shops": {shop.shop.tiktok_shop_id: True}}),
        )
        await look_at_paused(post)
        assert await standing.list_paused(shop.database) == []
        assert await (await outside.shop(shop.shop.shop_id)).logistics.warehouses()
        assert await refreshes(shop) == before


async def test_a_daemon_that_starts_wakes_what_a_dead_one_put_off(shop: Connected) -> None:
    await shop.take_in(await shop.daemon())
    await shop.database.pool.execute(
        "UPDATE effects SET due_at = now() + interval '1 hour', error_code = 'tiktok.not_connected' WHERE kind = 'buy_label'"
    )
    put_off = "effects WHERE kind = 'buy_label' AND due_at > now()"
    assert await shop.count(put_off) == 23
    async with shop.outside() as outside:
        await ReachedShops(await post_of(shop, outside)).read()
    assert await shop.count(put_off) == 0


async def test_what_was_put_off_is_woken_though_the_shop_was_stopped_and_granted_anew_between_two_looks(
    shop: Connected,
) -> None:
    await shop.take_in(await shop.daemon())
    put_off = "effects WHERE kind = 'buy_label' AND due_at > now()"
    put_them_off = (
        "UPDATE effects SET due_at = now() + interval '1 hour', error_code = 'tiktok.not_connected' "
        "WHERE kind = 'buy_label'"
    )
    async with shop.outside() as outside:
        looks = ReachedShops(await post_of(shop, outside))
        await looks.read()
        await looks.read()
        await shop.database.pool.execute(put_them_off)
        await looks.read()
        assert await shop.count(put_off) == 23, "nothing has changed, so nothing is woken"
        (grant,) = await grants.list_grants(shop.database)
        await ending.end_grant(shop.database, grant.grant_id, GrantState.REVOKED, "Taken back.", actor=CHANNEL)
        await connect(shop, (await shop.world.ask("credentials"))["auth_code"])
        await shop.database.pool.execute(put_them_off)
        await looks.read()
        assert await shop.count(put_off) == 0


async def test_a_shop_that_works_from_files_gets_labels_while_tiktok_is_told_nothing(shop: Connected) -> None:
    await shop.database.pool.execute("UPDATE shops SET state = 'offline'")
    async with shop.outside() as outside:
        await outside.directory.refresh()
        stopped = outside.directory.stopped
        assert stopped(shop.shop.shop_id, Dependency.CARRIER) is None
        told = stopped(shop.shop.shop_id, Dependency.TIKTOK)
        await shop.database.pool.execute("UPDATE shops SET state = 'revoked', state_reason = 'Taken back.'")
        await outside.directory.refresh()
        for dependency in (Dependency.CARRIER, Dependency.TIKTOK):
            assert stopped(shop.shop.shop_id, dependency) == "Harbor Lane Goods is revoked: Taken back."
    assert told is not None
    assert told.startswith("Harbor Lane Goods has no API access")
