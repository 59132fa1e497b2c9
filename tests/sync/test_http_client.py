"""What goes wrong below the client surfaces as httpx's own exceptions, and says whether anything was sent."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from engine.errors import Misconfigured
from sync.http_client import Timeouts, encode_json, never_left, open_http_client, retry_after_seconds
from tests.sync.certificates import self_signed
from tests.sync.scripted_server import Received, reply, scripted

SHORT = Timeouts(pool_seconds=0.2, connect_seconds=0.3, write_seconds=0.1, read_seconds=0.2)


@pytest.mark.parametrize("address", ["ftp://host", "not an address", "https://", ""])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        open_http_client(address)
    assert refused.value.code == "http.bad_address"


def test_another_machine_is_never_spoken_to_in_the_clear() -> None:
    with pytest.raises(Misconfigured) as refused:
        open_http_client("http://shop.example")
    assert refused.value.sentence == "shop.example would be called without encryption; use https:// in its address."


async def test_a_refused_connection_never_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    async with open_http_client(f"http://127.0.0.1:{port}", timeouts=SHORT) as client:
        with pytest.raises(httpx.ConnectError) as failure:
            await client.post("/buy", content=b"{}")
    assert never_left(failure.value)


async def test_a_connection_cut_after_the_request_may_have_left() -> None:
    async with scripted(lambda _: None) as server, open_http_client(server.url, timeouts=SHORT) as client:
        with pytest.raises(httpx.ReadError) as failure:
            await client.post("/buy", content=b"{}")
        assert len(server.received) == 1
    assert not never_left(failure.value)


async def test_a_lost_read_is_not_repeated_behind_our_back() -> None:
    async with scripted(lambda _: None) as server, open_http_client(server.url, timeouts=SHORT) as client:
        with pytest.raises(httpx.ReadError):
            await client.get("/api/v2/token/get")
        assert len(server.received) == 1


async def test_a_connection_cut_inside_the_answer_may_have_left() -> None:
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"

    def cut(_: Received) -> bytes:
        return half

    async with scripted(cut) as server, open_http_client(server.url, timeouts=SHORT) as client:
        with pytest.raises(httpx.TimeoutException) as failure:
            await client.post("/buy", content=b"{}")
    assert not never_left(failure.value)


async def test_a_late_answer_is_a_read_timeout() -> None:
    async def late(_: Received) -> bytes:
        await asyncio.sleep(5)
        return reply({})

    async with scripted(late) as server, open_http_client(server.url, timeouts=SHORT) as client:
        with pytest.raises(httpx.ReadTimeout) as failure:
            await client.post("/buy", content=b"{}")
    assert not never_left(failure.value)


async def test_an_answer_that_drips_for_ever_meets_the_deadline_of_the_whole_call() -> None:
    async def drip(_: Received) -> AsyncIterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
        while True:
            yield b"."
            await asyncio.sleep(0.02)

    async with scripted(drip) as server, open_http_client(server.url, timeouts=SHORT) as client:
        with pytest.raises(httpx.ReadTimeout, match="whole call"):
            await client.get("/")


async def test_an_answer_that_is_not_http_is_a_protocol_error() -> None:
    async with (
        scripted(lambda _: b"NONSENSE\r\n\r\n") as server,
        open_http_client(server.url, timeouts=SHORT) as client,
    ):
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/")


async def test_waiting_for_a_free_connection_ends_and_never_left() -> None:
    blocked = asyncio.Event()

    async def hold(_: Received) -> bytes:
        await blocked.wait()
        return reply({})

    slow = Timeouts(pool_seconds=0.1, connect_seconds=1.0, write_seconds=1.0, read_seconds=3.0)
    async with scripted(hold) as server, open_http_client(server.url, timeouts=slow, connections=1) as client:
        first = asyncio.create_task(client.get("/first"))
        await asyncio.sleep(0.05)
        with pytest.raises(httpx.TimeoutException) as failure:
            await client.post("/second", content=b"{}")
        blocked.set()
        assert (await first).status_code == 200
        assert [request.target for request in server.received] == ["/first"]
    assert never_left(failure.value)


async def test_a_cancelled_call_is_cancelled_and_leaves_the_client_usable() -> None:
    async def slow_once(request: Received) -> bytes:
        if request.target == "/slow":
            await asyncio.sleep(5)
        return reply({"ok": True})

    patient = Timeouts(read_seconds=10)
    async with scripted(slow_once) as server, open_http_client(server.url, timeouts=patient, connections=1) as client:
        call = asyncio.create_task(client.get("/slow"))
        await asyncio.sleep(0.05)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert (await client.get("/quick")).json() == {"ok": True}


async def test_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    async with (
        scripted(lambda _: reply({}), tls=self_signed(tmp_path)[0]) as server,
        open_http_client(server.url, timeouts=SHORT) as client,
    ):
        with pytest.raises(httpx.ConnectError) as failure:
            await client.get("/?secret=1")
        assert server.received == []
    assert never_left(failure.value)


async def test_nothing_is_logged_of_an_address_with_secrets(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with scripted(lambda _: reply({})) as server, open_http_client(server.url) as client:
        logging.getLogger("httpx").setLevel(logging.DEBUG)
        await client.get("/token", params={"app_secret": "hush-hush"})
        assert "hush-hush" in server.received[0].target
    assert "hush-hush" not in caplog.text


async def test_cookies_and_redirects_are_not_followed() -> None:
    moved = reply({}, status=302, headers={"Location": "/elsewhere", "Set-Cookie": "tracked=1; Path=/"})
    async with scripted(lambda _: moved) as server, open_http_client(server.url) as client:
        client.cookies.clear()
        assert (await client.get("/first")).status_code == 302
        assert [request.target for request in server.received] == ["/first"]


async def test_signed_values_arrive_as_they_were_signed() -> None:
    values = {"page_token": "aB3+/xYz09==", "ids": "577,578", "name": "déjà vu & more"}
    async with scripted(lambda _: reply({})) as server, open_http_client(server.url) as client:
        await client.get("/search", params=values)
    query = parse_qs(urlsplit(server.received[0].target).query)
    assert {name: words[0] for name, words in query.items()} == values


async def test_the_bytes_that_were_serialised_are_the_bytes_that_arrive() -> None:
    body = encode_json({"comment": "déjà expédié ✓", "update_time_ge": 1767139200})
    async with scripted(lambda _: reply({})) as server, open_http_client(server.url) as client:
        await client.post("/", content=body, headers={"content-type": "application/json"})
    assert server.received[0].body == body == '{"comment":"déjà expédié ✓","update_time_ge":1767139200}'.encode()
    assert server.received[0].headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("Thu, 01 Jan 2026 00:00:30 GMT", 30.0),
        ("Wed, 31 Dec 2025 00:00:00 GMT", 0.0),
        ("soon", None),
        ("-3", None),
        ("", None),
        ("999999999999", 3600.0),
        ("Fri, 01 Jan 2027 00:00:00 GMT", 3600.0),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header: str, seconds: float | None) -> None:
    response = httpx.Response(429, headers={"retry-after": header})
    assert retry_after_seconds(response, now=datetime(2026, 1, 1, tzinfo=UTC)) == seconds


async def test_another_host_is_asked_by_its_own_name_and_an_error_does_not_repeat_the_address() -> None:
    async with (
        scripted(lambda _: reply({})) as files,
        scripted(lambda _: reply({})) as api,
        open_http_client(api.url, timeouts=SHORT) as client,
    ):
        await client.get(httpx.URL(f"{files.url}/label.pdf"))
        (request,) = files.received
        assert request.headers["host"] == urlsplit(files.url).netloc
        response = await client.get("/token", params={"app_secret": "hush, hush"})
        assert "hush" not in str(response.request.url)
        (told,) = api.received
        assert parse_qs(urlsplit(told.target).query) == {"app_secret": ["hush, hush"]}
