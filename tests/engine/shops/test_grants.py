"""Grants: tokens stored at once, refreshed by one in the whole fleet, ended once, warned of in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine.actors import CHANNEL, SYSTEM
from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.identifiers import GrantId
from engine.shops import ending, grants, refreshing, shops, standing
from engine.shops.grants import GrantState, GrantTokens, Seller
from engine.shops.refreshing import Busy, Ended, RefreshClaim
from engine.shops.views import read_standings
from tests.engine.house import MIRA
from tests.factories import opened

SELLER = Seller("open-7", "Alder Goods", "US", ("seller.order.info",))


@pytest.fixture
async def store(database: EmbeddedServer) -> AsyncIterator[Database]:
    async with opened(database) as store:
        yield store


def pair(number: int = 1, *, hours: float = 168.0, days: float = 300.0) -> GrantTokens:
    now = datetime.now(UTC)
    return GrantTokens(f"TTP_a{number}", now + timedelta(hours=hours), f"TTP_r{number}", now + timedelta(days=days))


async def connect(store: Database, tokens: GrantTokens, *, names: tuple[str, ...] = ("Alder Goods",)) -> GrantId:
    grant_id = await grants.save_grant(store, SELLER, tokens, actor=MIRA)
    for number, name in enumerate(names):
        await shops.connect_shop(
            store,
            tiktok_shop_id=f"749{number}",
            name=name,
            region="US",
            timezone="UTC",
            cipher=f"cipher-{number}",
            grant=grant_id,
            actor=MIRA,
        )
    return grant_id


async def states(store: Database) -> tuple[str, set[str]]:
    (grant,) = await grants.list_grants(store)
    return grant.state, {shop.state for shop in await shops.list_shops(store)}


async def told(store: Database) -> list[dict[str, Any]]:
    rows = await store.pool.fetch("SELECT request FROM effects WHERE kind = 'notice' ORDER BY sequence")
    return [row["request"] for row in rows]


async def test_tokens_lie_sealed_and_come_back_whole(store: Database) -> None:
    grant_id = await connect(store, pair())
    row = await store.pool.fetchrow("SELECT access_token, refresh_token FROM grants")
    assert all(b"TTP_" not in value for value in row.values())
    state, tokens = await grants.read_tokens(store, grant_id)
    assert (state, tokens and tokens.access, tokens and tokens.refresh) == (GrantState.ACTIVE, "TTP_a1", "TTP_r1")
    assert "TTP_" not in repr(tokens)


async def test_the_refresh_is_due_long_before_the_end(store: Database) -> None:
    for hours, early_hours in ((168.0, 42.0), (3.0, 1.0), (1.0, 0.5)):
        await connect(store, pair(hours=hours))
        (grant,) = await grants.list_grants(store)
        assert grant.access_expires_at is not None
        assert grant.refresh_due_at is not None
        early = (grant.access_expires_at - grant.refresh_due_at).total_seconds() / 3600
        assert abs(early - early_hours) < 0.01


async def test_of_many_who_want_to_refresh_one_does_and_the_others_wait_for_its_tokens(
    store: Database, database: EmbeddedServer
) -> None:
    grant_id = await connect(store, pair())
    async with opened(database) as other:
        claims = await asyncio.gather(
            *(refreshing.claim_refresh(each, grant_id, "TTP_a1", 60.0) for each in (store, other) * 4)
        )
        (claim,) = [each for each in claims if isinstance(each, RefreshClaim)]
        assert claims.count(Busy()) == 7
        assert await refreshing.claim_due(other, 60.0) is None
        assert await refreshing.store(store, claim, pair(2))
        found = await refreshing.claim_refresh(other, grant_id, "TTP_a1", 60.0)
    assert isinstance(found, GrantTokens)
    assert (found.access, found.refresh) == ("TTP_a2", "TTP_r2")
    assert not await refreshing.store(store, claim, pair(3))


async def test_a_due_grant_is_claimed_by_one_daemon(store: Database, database: EmbeddedServer) -> None:
    await connect(store, pair())
    assert await refreshing.claim_due(store, 60.0) is None
    await store.pool.execute("UPDATE grants SET refresh_due_at = now()")
    async with opened(database) as other:
        claims = await asyncio.gather(*(refreshing.claim_due(each, 60.0) for each in (store, other) * 4))
    assert len([claim for claim in claims if claim is not None]) == 1


async def test_a_claim_that_nobody_ended_is_free_after_its_time(store: Database) -> None:
    grant_id = await connect(store, pair())
    first = await refreshing.claim_refresh(store, grant_id, "TTP_a1", 60.0)
    await store.pool.execute("UPDATE grants SET claim_until = now()")
    second = await refreshing.claim_refresh(store, grant_id, "TTP_a1", 60.0)
    assert isinstance(first, RefreshClaim)
    assert isinstance(second, RefreshClaim)
    assert not await refreshing.store(store, first, pair(2))
    assert await refreshing.store(store, second, pair(3))
    _, tokens = await grants.read_tokens(store, grant_id)
    assert tokens is not None
    assert (tokens.access, tokens.refresh) == ("TTP_a3", "TTP_r3")


async def test_a_failed_refresh_is_given_back_with_its_reason(store: Database) -> None:
    grant_id = await connect(store, pair())
    claim = await refreshing.claim_refresh(store, grant_id, "TTP_a1", 60.0)
    assert isinstance(claim, RefreshClaim)
    await refreshing.give_back(store, grant_id, claim.number, "TikTok gave no answer.", 300.0)
    (grant,) = await grants.list_grants(store)
    assert grant.error == "TikTok gave no answer."
    assert isinstance(await refreshing.claim_refresh(store, grant_id, "TTP_a1", 60.0), RefreshClaim)


async def test_nothing_is_refreshed_for_shops_that_are_reached_no_more(store: Database) -> None:
    await connect(store, pair())
    await store.pool.execute("UPDATE grants SET refresh_due_at = now()")
    (shop,) = await shops.list_shops(store)
    assert await standing.disconnect_shop(store, shop.shop_id, actor=MIRA)
    assert not await standing.disconnect_shop(store, shop.shop_id, actor=MIRA)
    assert await refreshing.claim_due(store, 60.0) is None
    assert (
        await store.pool.fetchval("SELECT count(*) FROM grants WHERE num_nonnulls(access_token, refresh_token) > 0")
        == 0
    )


async def test_of_two_shops_one_may_be_disconnected_and_the_other_keeps_its_tokens(store: Database) -> None:
    grant_id = await connect(store, pair(), names=("Alder Goods", "Birch Goods"))
    alder, birch = await shops.list_shops(store)
    await standing.disconnect_shop(store, alder.shop_id, actor=MIRA)
    assert (await shops.find_shop(store, birch.shop_id)).state == "connected"
    assert (await grants.read_tokens(store, grant_id))[1] is not None


async def test_a_grant_ends_once_and_says_so_once(store: Database) -> None:
    grant_id = await connect(store, pair(), names=("Alder Goods", "Birch Goods"))
    ended = await asyncio.gather(
        *(ending.end_grant(store, grant_id, GrantState.REVOKED, "Taken back.", actor=CHANNEL) for _ in range(4))
    )
    assert sorted(ended) == [False, False, False, True]
    assert await states(store) == ("revoked", {"revoked"})
    (request,) = await told(store)
    assert request == {
        "template": "grant_revoked",
        "audience": "support",
        "seller": "Alder Goods",
        "shops": "Alder Goods, Birch Goods",
        "why": "Taken back.",
    }
    assert await refreshing.claim_refresh(store, grant_id, "TTP_a1", 60.0) == Ended(GrantState.REVOKED)


async def test_word_of_an_earlier_revocation_does_not_end_the_grant_given_since(store: Database) -> None:
    await connect(store, pair())
    before = datetime.now(UTC) - timedelta(hours=9)
    assert not await ending.revoke_grant(store, "7490", actor=CHANNEL, happened_at=before)
    assert not await ending.revoke_grant(store, "nobody's", actor=CHANNEL)
    assert await states(store) == ("active", {"connected"})
    assert await ending.revoke_grant(store, "7490", actor=CHANNEL, happened_at=datetime.now(UTC) + timedelta(seconds=1))
    assert await states(store) == ("revoked", {"revoked"})


async def test_what_is_refused_of_an_earlier_grant_does_not_end_the_grant_given_since(store: Database) -> None:
    grant_id = await connect(store, pair())
    claim = await refreshing.claim_refresh(store, grant_id, "TTP_a1", 60.0)
    assert isinstance(claim, RefreshClaim)
    await connect(store, pair(2))
    ended = await ending.end_grant(store, grant_id, GrantState.REVOKED, "No.", actor=CHANNEL, claim=claim.number)
    assert not ended
    assert not await refreshing.store(store, claim, pair(3))
    _, tokens = await grants.read_tokens(store, grant_id)
    assert tokens is not None
    assert tokens.access == "TTP_a2"
    assert await states(store) == ("active", {"connected"})


async def test_a_grant_whose_time_is_over_expires(store: Database) -> None:
    grant_id = await connect(store, pair(hours=-2, days=-1))
    assert await refreshing.claim_refresh(store, grant_id, "TTP_a1", 60.0) == Ended(GrantState.EXPIRED)
    assert await ending.expire_grants(store, actor=SYSTEM) == 1
    assert await ending.expire_grants(store, actor=SYSTEM) == 0
    assert await states(store) == ("expired", {"revoked"})


@pytest.mark.parametrize(("days", "warned"), [(30.5, 0), (29.5, 1), (0.5, 1)])
async def test_people_are_warned_thirty_days_before_the_end_and_then_daily(
    store: Database, days: float, warned: int
) -> None:
    await connect(store, pair(days=days))
    assert await ending.warn_of_ends(store) == warned
    assert await ending.warn_of_ends(store) == 0
    assert (await read_standings(store))[0].grant_ends_soon is bool(warned)
    await store.pool.execute("UPDATE grants SET warned_at = warned_at - interval '1 day'")
    await store.pool.execute("UPDATE effects SET key = key || ' of yesterday'")
    assert await ending.warn_of_ends(store) == warned
    assert len(await told(store)) == 2 * warned


async def test_a_warning_says_which_shops_and_how_long(store: Database) -> None:
    await connect(store, pair(days=9.5), names=("Alder Goods", "Birch Goods"))
    await ending.warn_of_ends(store)
    (request,) = await told(store)
    assert (request["template"], request["audience"]) == ("grant_ending", "support")
    assert (request["shops"], request["left"]) == ("Alder Goods, Birch Goods", "9 days")
    assert request["ends"].endswith(" UTC")


async def test_granting_anew_brings_the_shop_back_with_its_policies(store: Database) -> None:
    grant_id = await connect(store, pair())
    await ending.end_grant(store, grant_id, GrantState.REVOKED, "Taken back.", actor=CHANNEL)
    await store.pool.execute("""UPDATE shops SET policies = policies || '{"pick": "scan", "import_mode": "work"}'""")
    assert await connect(store, pair(2)) == grant_id
    (shop,) = await shops.list_shops(store)
    assert (shop.state, shop.state_reason, shop.policies.pick, shop.policies.import_mode) == (
        "connected",
        "",
        "scan",
        "work",
    )
    assert await states(store) == ("active", {"connected"})


async def test_a_new_shop_is_only_observed(store: Database) -> None:
    await connect(store, pair())
    assert [shop.policies.import_mode for shop in await shops.list_shops(store)] == ["observe"]


async def test_a_paused_shop_goes_on(store: Database) -> None:
    await connect(store, pair())
    (shop,) = await shops.list_shops(store)
    assert await standing.pause_shop(store, shop.shop_id, "It is inactive.", actor=CHANNEL)
    assert not await standing.pause_shop(store, shop.shop_id, "It is inactive.", actor=CHANNEL)
    (reach,) = await standing.read_reaches(store)
    assert reach.stopped == "Alder Goods is paused: It is inactive."
    assert await standing.list_paused(store) == [shop.shop_id]
    assert await standing.resume_shop(store, shop.shop_id, actor=CHANNEL)
    (reach,) = await standing.read_reaches(store)
    assert reach.stopped == ""


async def test_a_program_older_than_its_key_reads_the_tokens_all_the_same(
    store: Database, database: EmbeddedServer
) -> None:
    async with opened(database) as older:
        grant_id = await connect(store, pair())
        _, tokens = await grants.read_tokens(older, grant_id)
        assert tokens is not None
        assert [shop.cipher for shop in await shops.list_shops(older)] == ["cipher-0"]
