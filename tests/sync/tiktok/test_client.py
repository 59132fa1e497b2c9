"""The client against the simulator, and against servers that say what the simulator never would."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from engine.errors import Ambiguous, OrdersError, Retryable, Terminal
from sync.tiktok.calls.authorization import authorized_shops
from sync.tiktok.calls.fulfilment import FulfilmentCalls
from sync.tiktok.calls.orders import OrderCalls
from sync.tiktok.client import TikTokClient
from sync.tiktok.tokens import NotConnected
from tests.sync.outside import APP, Outside, outside, tiktok_at
from tests.sync.scripted_server import Received, Script, reply, scripted

BEGIN, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
async def world() -> AsyncIterator[Outside]:
    async with outside(orders=130) as world:
        yield world


def ok(data: object) -> bytes:
    return reply({"code": 0, "message": "Success", "request_id": "R0", "data": data})


def refused(code: int, message: str = "no", *, status: int = 200, **headers: str) -> bytes:
    return reply(
        {"code": code, "message": message, "request_id": "R1", "data": None},
        status=status,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


async def ship(client: TikTokClient) -> object:
    return await FulfilmentCalls(client, "C").mark_shipped(
        "577", tracking_number="T1", shipping_provider_id="P", line_item_ids=["L"]
    )


async def failure_of(script: Script, call: str) -> OrdersError:
    async with scripted(script) as server, tiktok_at(server.url) as (client, _):
        with pytest.raises(OrdersError) as failure:
            await (ship(client) if call == "write" else OrderCalls(client, "C").by_id(["577"]))
    return failure.value


async def test_every_order_is_found_page_by_page_oldest_change_first(world: Outside) -> None:
    pages = [page async for page in world.shop.orders.search(update_time_ge=BEGIN, update_time_lt=END, page_size=50)]
    times = [order["update_time"] for page in pages for order in page.rows]
    assert [len(page.rows) for page in pages] == [50, 50, 30]
    assert pages[-1].next_page_token == ""
    assert pages[0].total_count == 130
    assert times == sorted(times)


async def test_details_of_many_orders_take_fifty_a_call_and_unknown_ids_are_absent(world: Outside) -> None:
    ids = [order["id"] for order in await world.raw_orders()]
    details = await world.shop.orders.by_id([*ids, ids[0], "577999999999999999"])
    assert sorted(order["id"] for order in details) == sorted(ids)
    assert (await world.state())["http_calls"]["tiktok.orders.detail"] >= 3


async def test_the_grant_names_its_shop_and_the_shop_its_warehouses(world: Outside) -> None:
    (shop,) = await authorized_shops(world.tiktok)
    assert (shop.tiktok_shop_id, shop.cipher) == (world.simulator.credentials.shop_id, world.cipher)
    assert world.cipher not in repr(shop)
    assert [warehouse.name for warehouse in await world.shop.logistics.warehouses()] == ["Reno dock"]


async def test_the_shipping_providers_of_an_option_are_asked_for_once(world: Outside) -> None:
    option = (await world.raw_orders())[0]["delivery_option_id"]
    answers = await asyncio.gather(*(world.shop.logistics.shipping_providers(option) for _ in range(20)))
    assert {provider.name for provider in answers[0]} >= {"USPS", "UPS", "FedEx"}
    assert answers.count(answers[0]) == 20
    calls = (await world.state())["http_calls"]
    assert sum(number for name, number in calls.items() if "shipping_providers" in name or "lookups" in name) == 1


async def test_faults_of_the_other_side_are_outlived_by_reads(world: Outside) -> None:
    await world.faults(throttled=0.0, server_error=0.2, gateway_error=0.2, lost_reply=0.2, repeated_row=0.5)
    assert len(await world.raw_orders()) == 130
    assert sum((await world.state())["faults"].values()) > 0


async def test_an_expired_token_is_renewed_once_for_all_who_meet_it() -> None:
    ahead_seconds = 0.0
    async with outside(orders=3, clock=lambda: time.time() + ahead_seconds) as world:
        ids = [order["id"] for order in await world.raw_orders()]
        # Only TikTok's clock moves, so the token is refused although the shelf still believes in it.
        ahead_seconds = 8 * 86_400.0
        answers = await asyncio.gather(*(world.shop.orders.by_id(ids) for _ in range(8)))
        assert [len(orders) for orders in answers] == [3] * 8
        assert len(world.shelf.saved) == 1


async def test_a_refused_token_is_renewed_and_the_call_signed_again() -> None:
    tokens = {"access": "TTP_access"}

    def script(request: Received) -> bytes:
        if request.target.startswith("/api/v2/token/refresh"):
            tokens["access"] = "TTP_fresh"
            return ok(
                {
                    "access_token": "TTP_fresh",
                    "access_token_expire_in": int(time.time()) + 90_000,
                    "refresh_token": "TTP_next",
                    "refresh_token_expire_in": int(time.time()) + 900_000,
                }
            )
        if request.headers["x-tts-access-token"] != "TTP_fresh":
            return refused(105002, "expired", status=401)
        return ok({"orders": [{"id": "577"}]})

    async with scripted(script) as server, tiktok_at(server.url) as (client, shelf):
        answers = await asyncio.gather(*(OrderCalls(client, "C").by_id(["577"]) for _ in range(6)))
        refreshes = [request for request in server.received if "refresh" in request.target]
    assert answers == [[{"id": "577"}]] * 6
    assert len(refreshes) == 1
    assert [issued.tokens.refresh for issued in shelf.saved] == ["TTP_next"]


async def test_a_token_that_stays_refused_is_reported_after_one_renewal() -> None:
    def script(request: Received) -> bytes:
        if "refresh" in request.target:
            return refused(36004004, "invalid refresh token")
        return refused(105002, "expired")

    async with scripted(script) as server, tiktok_at(server.url) as (client, _):
        with pytest.raises(NotConnected) as failure:
            await OrderCalls(client, "C").by_id(["577"])
        assert len(server.received) == 2
    assert "TTP_" not in failure.value.sentence


async def test_every_attempt_is_signed_anew() -> None:
    now = 1767225600.0

    def script(request: Received) -> bytes:
        nonlocal now
        now += 10
        return refused(36009003) if len(server.received) < 3 else ok({"orders": []})

    async with scripted(script) as server, tiktok_at(server.url, clock=lambda: now) as (client, _):
        await OrderCalls(client, "C").by_id(["577"])
        queries = [parse_qs(urlsplit(request.target).query) for request in server.received]
    assert [query["timestamp"][0] for query in queries] == ["1767225600", "1767225610", "1767225620"]
    assert len({query["sign"][0] for query in queries}) == 3


async def test_a_repeated_page_token_ends_the_search() -> None:
    async with (
        scripted(lambda _: ok({"orders": [{"id": "577"}], "next_page_token": "again"})) as server,
        tiktok_at(server.url) as (client, _),
    ):
        pages = OrderCalls(client, "C").search(update_time_ge=BEGIN, update_time_lt=END)
        assert len((await anext(pages)).rows) == len((await anext(pages)).rows) == 1
        with pytest.raises(Retryable) as failure:
            await anext(pages)
    assert failure.value.code == "tiktok.repeated_page"


async def test_a_search_that_finds_nothing_is_one_empty_page() -> None:
    async with scripted(lambda _: ok(None)) as server, tiktok_at(server.url) as (client, _):
        pages = [page async for page in OrderCalls(client, "C").search(update_time_ge=BEGIN, update_time_lt=END)]
    assert [page.rows for page in pages] == [()]


UNCLEAR = {
    "an internal error": refused(36009003),
    "a timeout of theirs": refused(36009007),
    "a failing server": refused(99, status=503),
    "a gateway's page": reply(status=502, body=b"<html>Bad Gateway</html>"),
    "a success that cannot be read": reply(status=200, body=b"<html>hello</html>"),
    "a hang-up": None,
}


@pytest.mark.parametrize("name", UNCLEAR)
async def test_an_unclear_answer_is_ambiguous_for_a_write_and_retryable_for_a_read(name: str) -> None:
    wrote = await failure_of(lambda _: UNCLEAR[name], "write")
    read = await failure_of(lambda _: UNCLEAR[name], "read")
    assert (type(wrote), wrote.code) == (Ambiguous, "tiktok.no_answer")
    assert (type(read), read.code) == (Retryable, "tiktok.no_answer")


async def test_a_write_is_sent_once_and_an_unclear_read_three_times() -> None:
    async with scripted(lambda _: refused(36009003)) as server, tiktok_at(server.url) as (client, _):
        with pytest.raises(Ambiguous):
            await ship(client)
        assert len(server.received) == 1
        with pytest.raises(Retryable):
            await OrderCalls(client, "C").by_id(["577"])
        assert len(server.received) == 4


@pytest.mark.parametrize("call", ["write", "read"])
@pytest.mark.parametrize(
    "answer",
    [
        refused(36009002, status=429, Retry_After="7"),
        reply(status=429, body=b"slow down", headers={"Retry-After": "7"}),
    ],
)
async def test_too_many_calls_postpone_for_as_long_as_tiktok_asks(call: str, answer: bytes) -> None:
    failure = await failure_of(lambda _: answer, call)
    assert isinstance(failure, Retryable)
    assert (failure.code, failure.postponed, failure.retry_after_seconds) == ("tiktok.too_many_requests", True, 7.0)


@pytest.mark.parametrize(
    "answer",
    [refused(36009003, status=503, Retry_After="40"), reply(status=503, body=b"busy", headers={"Retry-After": "40"})],
)
async def test_an_overloaded_tiktok_is_given_the_time_it_asks_for(answer: bytes) -> None:
    failure = await failure_of(lambda _: answer, "read")
    assert isinstance(failure, Retryable)
    assert (failure.code, failure.postponed, failure.retry_after_seconds) == ("tiktok.no_answer", False, 40.0)


async def test_an_unreachable_tiktok_never_saw_the_write() -> None:
    async with scripted(lambda _: None) as server:
        pass
    async with tiktok_at(server.url) as (client, _):
        with pytest.raises(Retryable) as failure:
            await ship(client)
    assert failure.value.code == "tiktok.unreachable"


@pytest.mark.parametrize(
    ("code", "ours"),
    [
        (105005, "tiktok.scope_missing"),
        (101000, "tiktok.credentials"),
        (106001, "tiktok.bad_signature"),
        (36009014, "tiktok.outdated"),
        (36009033, "tiktok.address_not_allowed"),
        (21011041, "tiktok.order_cancelled"),
        (21011020, "tiktok.already_shipped"),
        (21011022, "tiktok.bad_tracking"),
        (21034012, "tiktok.tracking_used"),
        (21011007, "tiktok.cancel_requested"),
        (21008025, "tiktok.not_ours_to_ship"),
        (12345678, "tiktok.refused"),
    ],
)
async def test_a_refusal_has_a_code_of_ours_and_names_theirs(code: int, ours: str) -> None:
    failure = await failure_of(lambda _: refused(code, status=400), "write")
    assert (type(failure), failure.code) == (Terminal, ours)
    assert f"(code {code}, request R1)" in failure.sentence


async def test_an_order_on_hold_is_postponed_without_burning_an_attempt() -> None:
    failure = await failure_of(lambda _: refused(21011044), "write")
    assert isinstance(failure, Retryable)
    assert (failure.code, failure.postponed) == ("tiktok.on_hold", True)


async def test_a_clock_that_is_wrong_is_named_with_its_difference() -> None:
    late = datetime.fromtimestamp(time.time() - 120, UTC)
    failure = await failure_of(
        lambda _: refused(36009004, "Invalid timestamp. Too new", status=400, Date=format_datetime(late, usegmt=True)),
        "read",
    )
    assert failure.code == "tiktok.clock_skew"
    assert any(f"{seconds} s ahead of TikTok's" in failure.sentence for seconds in (119, 120, 121, 122))


async def test_no_secret_and_no_buyer_appears_in_an_error() -> None:
    told = f"bad {APP.app_secret} and TTP_access for ann@relay.example, (+1)555-010-0100\x1b[31m"
    failure = await failure_of(lambda _: refused(77, told, status=400), "write")
    for hidden in (APP.app_secret, "TTP_access", "ann@", "555-010-0100", "\x1b"):
        assert hidden not in failure.sentence
    assert failure.__cause__ is None


async def test_the_body_that_is_sent_is_the_body_that_was_signed() -> None:
    async with (
        scripted(lambda _: ok({"package_id": 1153, "warning": {"message": "late"}})) as server,
        tiktok_at(server.url) as (client, _),
    ):
        marked = await FulfilmentCalls(client, "C").mark_shipped(
            "577", tracking_number="1Z9", shipping_provider_id="711", line_item_ids=["1", "2"]
        )
        (request,) = server.received
    assert (marked.tiktok_package_id, marked.warning) == ("1153", "late")
    assert request.body == b'{"tracking_number":"1Z9","shipping_provider_id":"711","order_line_item_ids":["1","2"]}'
    assert orjson.loads(request.body)["tracking_number"] == "1Z9"


async def test_one_unknown_id_does_not_hide_the_orders_around_it() -> None:
    def script(request: Received) -> bytes:
        ids = parse_qs(urlsplit(request.target).query)["ids"][0].split(",")
        if "bad" in ids:
            return refused(21008111, "order not found")
        return ok({"orders": [{"id": order_id} for order_id in ids]})

    async with scripted(script) as server, tiktok_at(server.url) as (client, _):
        orders = await OrderCalls(client, "C").by_id(["1", "2", "bad", "4", "5"])
    assert sorted(order["id"] for order in orders) == ["1", "2", "4", "5"]
