"""Webhooks: verified over their raw bytes, stored once, answered at once; nothing else is believed, kept or told."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import random
import socket
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import structlog

from engine.database.connection import Database
from engine.errors import Misconfigured
from engine.orders import inbox
from sync.http.app import build
from sync.http.listener import Listener
from sync.http.settings import HttpSettings
from sync.http.tiktok_webhooks import TOLERANCE_SECONDS
from sync.shipping.easypost_webhooks import is_genuine_v1, is_genuine_v2
from tests.sync.certificates import self_signed
from tests.sync.connected import beating
from tests.sync.http.calling import NOW, SECRET, Called, easypost_sign, listening, sign
from tests.sync.http.vectors import EASYPOST, EASYPOST_SIGNATURE, VECTORS, W1, W4
from tests.sync.outside import APP

SEED = 20_260_301


@pytest.fixture
async def called(store: Database) -> AsyncIterator[Called]:
    async with listening(store) as called:
        yield called


async def stored(store: Database) -> list[tuple[str, str, bool]]:
    """Kind, state, and whether the shop is known, of everything in the inbox."""
    rows = await store.pool.fetch("SELECT kind, state, shop_id IS NOT NULL AS known FROM inbox ORDER BY id")
    return [(row["kind"], row["state"], row["known"]) for row in rows]


async def test_the_published_webhooks_are_taken_as_they_are_signed(store: Database, called: Called) -> None:
    for body, signature in VECTORS.values():
        assert await called.tiktok(body, signature) == 200
    assert await stored(store) == [("webhook", "new", True)] * len(VECTORS)
    claims = await inbox.claim(store, 10, 30.0, await beating(store), 3.0, asking=True)
    assert [claim.payload for claim in claims] == [body for body, _ in VECTORS.values()]
    assert len(called.rings) == len(VECTORS)


async def test_a_wrong_signature_is_refused_with_an_empty_body_and_nothing_is_kept(
    store: Database, called: Called
) -> None:
    right, others = VECTORS["W1"][1], VECTORS["W2"][1]
    with structlog.testing.capture_logs() as told:
        for signature in ("", "0" * 64, right.upper(), others, f"Bearer {right}", f"sha256={right}", right[:-1]):
            assert await called.tiktok(W1, signature) == 401, signature
    assert await stored(store) == []
    assert await store.pool.fetchval("SELECT count(*) FROM inbox_keys") == 0
    assert called.rings == []
    assert "577000000000000001" not in str(told)


async def test_a_webhook_without_a_signature_or_with_a_changed_byte_is_refused(store: Database, called: Called) -> None:
    assert await called.post("/webhooks/tiktok", W1, {}) == 401
    assert await called.tiktok(W1.replace(b"true", b"True"), VECTORS["W1"][1]) == 401
    assert await called.tiktok(W4.replace(b" ", b""), VECTORS["W4"][1]) == 401
    assert await stored(store) == []


async def test_a_webhook_that_comes_again_is_acknowledged_and_kept_once(store: Database, called: Called) -> None:
    repeats = [called.tiktok(body, signature) for body, signature in VECTORS.values() for _ in range(4)]
    random.Random(SEED).shuffle(repeats)
    assert set(await asyncio.gather(*repeats)) == {200}
    assert len(await stored(store)) == len(VECTORS)
    assert {await called.tiktok(body, signature) for body, signature in VECTORS.values()} == {200}
    assert len(await stored(store)) == len(VECTORS)


async def test_one_without_an_id_is_known_by_its_shop_and_its_bytes(store: Database, called: Called) -> None:
    other = W4.replace(b"1767226099", b"1767226098")
    for body in (W4, other, W4, other):
        assert await called.tiktok(body) == 200
    assert len(await stored(store)) == 2


async def test_unknown_types_and_unknown_shops_are_kept_and_acknowledged(store: Database, called: Called) -> None:
    unknown = {"type": 999, "tts_notification_id": "1", "shop_id": "7495000000000000001", "timestamp": int(NOW)}
    stranger = unknown | {"tts_notification_id": "2", "shop_id": "7495999999999999999"}
    warehouse = {"type": 24, "tts_notification_id": "3", "seller_open_id": "fakeOpenId01", "timestamp": int(NOW)}
    for envelope in (unknown, stranger, warehouse):
        assert await called.tiktok(orjson.dumps(envelope)) == 200
    assert await stored(store) == [
        ("webhook", "new", True),
        ("webhook", "new", False),
        ("webhook", "new", False),
    ]


async def test_one_outside_the_tolerance_is_acknowledged_and_never_worked(store: Database) -> None:
    now = 1_767_225_601.0
    async with listening(store, clock=lambda: now) as called:
        for late in (TOLERANCE_SECONDS + 1, -TOLERANCE_SECONDS - 1):
            now = 1_767_225_601.0 + late
            assert await called.tiktok(W1.replace(b"7590000000000000001", str(late).encode())) == 200
        assert await stored(store) == [("webhook", "ignored", True)] * 2
        assert await inbox.claim(store, 10, 30.0, await beating(store), 3.0, asking=True) == []
        now = 1_767_225_601.0 + 15.5 * 3600  # TikTok's last try
        assert await called.tiktok(W1) == 200
    assert (await stored(store))[-1] == ("webhook", "new", True)


async def test_a_burst_is_stored_in_few_transactions(store: Database, called: Called) -> None:
    before = await store.pool.fetchval("SELECT pg_current_xact_id()::text::bigint")
    bodies = [W1.replace(b"7590000000000000001", str(number).encode()) for number in range(200)]
    assert set(await asyncio.gather(*(called.tiktok(body) for body in bodies))) == {200}
    spent = await store.pool.fetchval("SELECT pg_current_xact_id()::text::bigint") - before
    assert len(await stored(store)) == 200
    assert spent < 100


async def test_a_body_that_is_too_large_is_refused_before_it_is_read(store: Database, called: Called) -> None:
    large = b'{"type":1,"pad":"' + b"x" * 5_000_000 + b'"}'
    assert await called.tiktok(large) == 413

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 50_000

    try:
        answer = await called.http.post(f"{called.url}/webhooks/tiktok", content=pieces())
    except httpx.WriteError:  # it hung up while we were still talking
        pass
    else:
        assert answer.status_code == 413
    assert await raw(called, {"Authorization": sign(W1), "Content-Length": "9" * 17}, b"") == 413
    assert await stored(store) == []


async def test_headers_of_any_bytes_and_bodies_that_never_end_break_nothing(store: Database) -> None:
    settings = HttpSettings(enabled=True, port=0, body_seconds=0.05)
    async with listening(store, settings) as called:
        length = str(len(W1))
        assert await raw(called, {"Authorization": "\xe9" * 64, "Content-Length": length}, W1) == 401
        assert await raw(called, {"Authorization": sign(W1), "Content-Length": "1000"}, W1) == 408
        assert await raw(called, {"Content-Length": "-5"}, W1) == 400
    assert await stored(store) == []


async def test_one_source_that_calls_too_often_is_told_to_wait_and_others_are_not(store: Database) -> None:
    settings = HttpSettings(enabled=True, port=0, calls_per_second=3, trusted_proxies=_loopback())
    async with listening(store, settings) as called:
        path = "/webhooks/tiktok"
        statuses = [
            await called.post(path, W1, {"Authorization": "no", "X-Forwarded-For": "198.51.100.9, 203.0.113.7"})
            for _ in range(12)
        ]
        assert set(statuses) == {401, 429}
        assert statuses[:3] == [401, 401, 401]
        assert await called.post(path, W1, {"Authorization": sign(W1), "X-Forwarded-For": "203.0.113.8"}) == 200


async def test_a_stranger_cannot_choose_where_it_seems_to_come_from(store: Database) -> None:
    async with listening(store, HttpSettings(enabled=True, port=0, calls_per_second=3)) as called:
        statuses = [
            await called.post("/webhooks/tiktok", W1, {"X-Forwarded-For": f"203.0.113.{number}"})
            for number in range(12)
        ]
        assert 429 in statuses


async def test_while_the_database_is_away_tiktok_is_asked_to_come_again(store: Database, called: Called) -> None:
    await store.pool.execute("ALTER TABLE inbox RENAME TO away")
    with structlog.testing.capture_logs() as told:
        assert await called.tiktok(W1) == 503
    await store.pool.execute("ALTER TABLE away RENAME TO inbox")
    assert await store.pool.fetchval("SELECT count(*) FROM inbox_keys") == 0
    assert await called.tiktok(W1) == 200
    assert await stored(store) == [("webhook", "new", True)]
    assert "577000000000000001" not in str(told)


async def test_random_bytes_store_nothing_and_break_nothing(store: Database, called: Called) -> None:
    chance = random.Random(SEED)
    bodies = [chance.randbytes(chance.randint(0, 3000)) for _ in range(60)]
    bodies += [_mutated(chance, W1) for _ in range(60)]
    with structlog.testing.capture_logs() as told:
        for body in bodies:
            path = chance.choice(["/webhooks/tiktok", "/webhooks/easypost"])
            headers = chance.choice(
                [
                    {},
                    {"Authorization": VECTORS["W1"][1]},
                    {"Authorization": chance.randbytes(20).hex()},
                    {"X-Hmac-Signature": EASYPOST_SIGNATURE},
                    {"X-Hmac-Signature": "hmac-sha256-hex="},
                    {"Content-Type": "multipart/form-data; boundary=x", "Content-Encoding": "gzip"},
                ]
            )
            assert await called.post(path, body, headers) == 401, f"seed {SEED}"
    assert await stored(store) == []
    assert {event["event"] for event in told} == {"webhook_refused"}


async def test_signed_nonsense_is_acknowledged_and_kept_for_whoever_wants_to_know(
    store: Database, called: Called
) -> None:
    chance = random.Random(SEED)
    nonsense = [b"", b"null", b"[]", b"7", b"{", b"\x00\xff", b'{"type":"x","shop_id":{"a":1},"timestamp":"soon"}']
    nonsense += [b'{"type":1,"tts_notification_id":"' + b"9" * 5000 + b'"}', b'{"shop_id":true,"timestamp":1e400}']
    nonsense += [chance.randbytes(64) for _ in range(20)]
    for body in nonsense:
        assert await called.tiktok(body) == 200, body
        assert await called.tiktok(body) == 200, body
    assert [kind for kind, _, _ in await stored(store)] == ["webhook"] * len(nonsense)


async def test_nothing_else_answers(store: Database, called: Called) -> None:
    for path in ("/", "/webhooks", "/webhooks/shopify", "/docs"):
        assert (await called.http.get(called.url + path)).status_code == 404
    assert (await called.http.get(f"{called.url}/webhooks/tiktok")).status_code == 405
    async with listening(store, HttpSettings(enabled=True, port=0)) as without_secret:
        answer = await without_secret.http.post(f"{without_secret.url}/webhooks/easypost", content=EASYPOST)
        assert answer.status_code == 404


def test_the_worked_example_of_easypost_s_signature() -> None:
    assert is_genuine_v1(EASYPOST_SIGNATURE, EASYPOST, SECRET)
    assert not is_genuine_v1(EASYPOST_SIGNATURE.removeprefix("hmac-sha256-hex="), EASYPOST, SECRET)
    assert not is_genuine_v1(EASYPOST_SIGNATURE, EASYPOST + b"\n", SECRET)
    assert not is_genuine_v1("", EASYPOST, SECRET)
    assert not is_genuine_v1(EASYPOST_SIGNATURE, EASYPOST, "another")


async def test_an_easypost_event_is_stored_once_by_its_id(store: Database, called: Called) -> None:
    path = "/webhooks/easypost"
    for _ in range(3):
        assert await called.post(path, EASYPOST, {"x-hmac-signature": EASYPOST_SIGNATURE}) == 200
    reworded = EASYPOST.replace(b'"object"', b' "object"')
    assert await called.post(path, reworded, {"X-Hmac-Signature": easypost_sign(reworded)}) == 200
    assert await called.post(path, EASYPOST, {}) == 401
    assert await stored(store) == [("easypost", "new", False)]


async def test_the_second_signature_counts_where_it_is_switched_on(store: Database) -> None:
    settings = HttpSettings(enabled=True, port=0, easypost_secret=SECRET, easypost_signature="v2")
    sent = format_datetime(datetime.fromtimestamp(NOW, UTC))
    path = "/webhooks/easypost"
    message = f"{sent}POST{path}".encode() + EASYPOST
    digest = hmac.new("fix-cafe\u0301".encode(), message, hashlib.sha256).hexdigest()
    headers = {"X-Timestamp": sent, "X-Path": path, "X-Hmac-Signature-V2": f"hmac-sha256-hex={digest}"}
    async with listening(store, settings) as called:
        assert await called.post(path, EASYPOST, {"X-Hmac-Signature": EASYPOST_SIGNATURE}) == 401
        assert await called.post(path, EASYPOST, headers | {"X-Path": "/else"}) == 401
        assert await called.post(path, EASYPOST, headers | {"X-Timestamp": "yesterday"}) == 401
        assert await called.post(path, EASYPOST, headers) == 200
    late = {"timestamp": sent, "method": "POST", "path": path, "now": NOW + 17 * 3600}
    assert not is_genuine_v2(headers["X-Hmac-Signature-V2"], EASYPOST, SECRET, **late)  # type: ignore[arg-type]


def test_an_address_that_others_could_listen_to_is_refused_in_one_sentence() -> None:
    with pytest.raises(Misconfigured) as refused:
        HttpSettings(enabled=True, host="0.0.0.0")  # noqa: S104
    assert refused.value.code == "http.in_clear"


async def test_with_a_certificate_it_speaks_tls_1_3_and_nothing_older(store: Database, tmp_path: Path) -> None:
    _, public = self_signed(tmp_path)
    whole = tmp_path / "server.pem"
    settings = HttpSettings(enabled=True, port=0, certificate=whole, private_key=whole)
    async with listening(store, settings) as called:
        trusting = ssl.create_default_context(cafile=str(public))
        headers = {"Authorization": VECTORS["W1"][1]}
        url = called.url.replace("http:", "https:") + "/webhooks/tiktok"
        async with httpx.AsyncClient(verify=trusting) as http:
            assert (await http.post(url, content=W1, headers=headers)).status_code == 200
        trusting.maximum_version = ssl.TLSVersion.TLSv1_2
        async with httpx.AsyncClient(verify=trusting) as http:
            with pytest.raises(httpx.ConnectError):
                await http.post(url, content=W1, headers=headers)


async def test_a_port_that_is_taken_is_one_sentence_and_is_taken_over_when_it_is_free(store: Database) -> None:
    taken = socket.create_server(("127.0.0.1", 0))
    settings = HttpSettings(enabled=True, port=taken.getsockname()[1])
    app = build(store, settings, APP, ring=lambda: None, clock=lambda: NOW)
    listener, ends = Listener(settings, app, again_seconds=0.02), asyncio.Event()
    with structlog.testing.capture_logs() as told:
        running = asyncio.create_task(listener.run(ends))
        await asyncio.sleep(0.1)
        assert listener.port is None
        taken.close()
        while listener.port is None:
            await asyncio.sleep(0.01)
        ends.set()
        await running
    errors = [event for event in told if event["log_level"] == "error"]
    assert [event["code"] for event in errors] == ["http.not_listening"]
    assert str(settings.port) in errors[0]["sentence"]


async def raw(called: Called, headers: dict[str, str], body: bytes) -> int:
    """A request as nobody's library would send it. Answers the status."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(called.url.rpartition(":")[2]))
    lines = ["POST /webhooks/tiktok HTTP/1.1", "Host: here", *(f"{name}: {value}" for name, value in headers.items())]
    writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
    status = int((await reader.readline()).split()[1])
    writer.close()
    return status


def _loopback() -> tuple[Any, ...]:
    return (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("203.0.113.128/25"))


def _mutated(chance: random.Random, body: bytes) -> bytes:
    changed = bytearray(body)
    for _ in range(chance.randint(1, 5)):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed) if bytes(changed) != body else body + b" "
