"""Tokens are refreshed early, by one at a time, and never lost."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime

import pytest

from engine.errors import Ambiguous, OrdersError, Retryable, Terminal
from sync.http_client import open_http_client
from sync.tiktok.token_calls import TokenCalls
from sync.tiktok.tokens import NotConnected, TokenSource
from tests.sync.outside import APP, QUICK, TokenShelf, guard, outside, tokens_of
from tests.sync.scripted_server import Received, Script, reply, scripted


def issued(number: int, *, hours: float = 168.0) -> bytes:
    return reply(
        {
            "code": 0,
            "data": {
                "access_token": f"TTP_access_{number}",
                "access_token_expire_in": int(time.time() + hours * 3600),
                "refresh_token": f"TTP_refresh_{number}",
                "refresh_token_expire_in": 4_891_363_200,
                "open_id": "fakeOpenId01",
                "seller_name": "Harbor Lane Goods",
                "granted_scopes": ["seller.order.info", "seller.fulfillment.basic"],
            },
        }
    )


class Issuer:
    """Gives out a new pair at every refresh, a little slowly."""

    def __init__(self) -> None:
        self.refreshes: list[str] = []

    async def __call__(self, request: Received) -> bytes:
        self.refreshes.append(request.target)
        await asyncio.sleep(0.05)
        return issued(len(self.refreshes))


async def test_a_token_with_time_left_is_used_without_asking() -> None:
    issuer = Issuer()
    async with scripted(issuer) as server, open_http_client(server.url, timeouts=QUICK) as http:
        shelf = TokenShelf(tokens_of(hours=1.1))
        source = TokenSource(shelf, TokenCalls(http, APP, guard()))
        assert [await source.access() for _ in range(3)] == ["TTP_access"] * 3
    assert issuer.refreshes == []
    assert shelf.loads == 1


async def test_in_its_last_minutes_a_token_is_refreshed_once_for_everybody() -> None:
    issuer = Issuer()
    async with scripted(issuer) as server, open_http_client(server.url, timeouts=QUICK) as http:
        shelf = TokenShelf(tokens_of(hours=0.06))
        source = TokenSource(shelf, TokenCalls(http, APP, guard()))
        answers = await asyncio.gather(*(source.access() for _ in range(20)))
    assert set(answers) == {"TTP_access_1"}
    assert len(issuer.refreshes) == 1
    (saved,) = shelf.saved
    assert (saved.tokens.refresh, saved.seller.name) == ("TTP_refresh_1", "Harbor Lane Goods")
    assert saved.seller.scopes == ("seller.order.info", "seller.fulfillment.basic")
    assert saved.tokens.refresh_expires_at == datetime(2125, 1, 1, tzinfo=UTC)


async def test_a_caller_that_is_cancelled_does_not_lose_the_tokens_that_were_given_out() -> None:
    async with scripted(Issuer()) as server, open_http_client(server.url, timeouts=QUICK) as http:
        shelf = TokenShelf(tokens_of(hours=0.05))
        source = TokenSource(shelf, TokenCalls(http, APP, guard()))
        caller = asyncio.create_task(source.access())
        await asyncio.sleep(0.02)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        assert await source.access() == "TTP_access_1"
    assert [issued.tokens.refresh for issued in shelf.saved] == ["TTP_refresh_1"]


async def test_tokens_that_another_daemon_refreshed_are_taken_over() -> None:
    issuer = Issuer()
    async with scripted(issuer) as server, open_http_client(server.url, timeouts=QUICK) as http:
        shelf = TokenShelf(tokens_of())
        source = TokenSource(shelf, TokenCalls(http, APP, guard()))
        assert await source.access() == "TTP_access"
        shelf.tokens = tokens_of("TTP_theirs", "TTP_their_refresh")
        assert await source.renew("TTP_access") == "TTP_theirs"
    assert issuer.refreshes == []


async def test_when_another_daemon_was_quicker_to_save_its_tokens_win() -> None:
    shelf = TokenShelf(tokens_of(hours=0.05))

    def script(_: Received) -> bytes:
        shelf.tokens = tokens_of("TTP_theirs", "TTP_their_refresh")
        return issued(1)

    async with scripted(script) as server, open_http_client(server.url, timeouts=QUICK) as http:
        source = TokenSource(shelf, TokenCalls(http, APP, guard()))
        assert await source.access() == "TTP_theirs"
    assert shelf.saved == []


async def test_while_a_refresh_fails_the_old_token_serves_as_long_as_it_lasts() -> None:
    now = time.time()
    async with scripted(lambda _: None) as server, open_http_client(server.url, timeouts=QUICK) as http:
        shelf = TokenShelf(tokens_of(hours=0.05))
        source = TokenSource(shelf, TokenCalls(http, APP, guard()), clock=lambda: now)
        assert [await source.access() for _ in range(4)] == ["TTP_access"] * 4
        assert len(server.received) == 1
        now += 181
        with pytest.raises(Retryable):
            await source.access()


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (36004001, "rt has expired"),
        (36004005, "can not find related auth record"),
        (36009004, "Invalid refresh_token: it is unknown, expired or already used."),
    ],
)
async def test_a_refresh_token_that_is_refused_ends_the_grant_and_costs_nobody_a_try(code: int, message: str) -> None:
    def script(_: Received) -> bytes:
        return reply({"code": code, "message": message, "request_id": "R7"})

    async with scripted(script) as server, open_http_client(server.url, timeouts=QUICK) as http:
        shelf = TokenShelf(tokens_of(hours=-1))
        source = TokenSource(shelf, TokenCalls(http, APP, guard()))
        with pytest.raises(NotConnected) as failure:
            await source.access()
        with pytest.raises(NotConnected):
            await source.access()
        assert len(server.received) == 1
    assert failure.value.postponed
    assert message.rstrip(".") in shelf.ended
    assert "connect the shop again" in shelf.ended
    assert "TTP_refresh" not in shelf.ended


async def test_a_refresh_that_is_refused_for_the_apps_sake_leaves_the_grant() -> None:
    def script(_: Received) -> bytes:
        return reply({"code": 36009004, "message": "Invalid app_key or app_secret.", "request_id": "R7"})

    async with scripted(script) as server, open_http_client(server.url, timeouts=QUICK) as http:
        shelf = TokenShelf(tokens_of(hours=-1))
        with pytest.raises(Terminal):
            await TokenSource(shelf, TokenCalls(http, APP, guard())).access()
    assert (shelf.ended, shelf.errors) == ("", ["tiktok.credentials"])


async def test_a_code_is_exchanged_with_the_spelling_that_tiktok_wants() -> None:
    async with scripted(lambda _: issued(1)) as server, open_http_client(server.url, timeouts=QUICK) as http:
        given = await TokenCalls(http, APP, guard()).exchange("code/+=")
        target = server.received[0].target
    assert given.tokens.access == "TTP_access_1"
    assert target.startswith("/api/v2/token/get?")
    assert "grant_type=authorized_code" in target


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (lambda _: None, Ambiguous),
        (lambda _: reply({"code": 0, "data": {"access_token": "x"}}), Terminal),
        (lambda _: reply({"code": 36004004, "message": "bad auth_code AUTH-777 of ann@relay.example"}), Terminal),
    ],
)
async def test_a_failed_exchange_tells_no_secret(
    script: Script, expected: type[OrdersError], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with scripted(script) as server, open_http_client(server.url, timeouts=QUICK) as http:
        with pytest.raises(expected) as failure:
            await TokenCalls(http, APP, guard()).exchange("AUTH-777")
    seen = f"{failure.value!r} {failure.value.__cause__!r} {failure.value.__context__!r} {caplog.text}"
    for secret in (APP.app_secret, "AUTH-777", "ann@"):
        assert secret not in seen


def test_neither_tokens_nor_the_app_show_their_secrets() -> None:
    shown = f"{tokens_of('TTP_hidden', 'TTP_hidden_too')!r} {APP!r}"
    assert "TTP_hidden" not in shown
    assert APP.app_secret not in shown


async def test_the_simulator_hands_out_both_tokens_for_a_code_and_for_a_refresh() -> None:
    async with outside(orders=1) as world:
        keys = (await world.admin.get("/admin/credentials")).json()
        calls = TokenCalls(world.admin, world.tiktok._app, guard())
        first = (await calls.exchange(keys["auth_code"])).tokens
        second = (await calls.refresh(first.refresh)).tokens
    assert len({first.access, second.access, first.refresh, second.refresh}) == 4
    assert first.access_expires_at > datetime.now(UTC)
