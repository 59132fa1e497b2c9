"""The API's manners: who asks is known first, whatever is refused is a problem, and nothing of what is inside is told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated
from uuid import UUID

import httpx
import orjson
import pytest
import structlog
from fastapi import Query
from starlette.responses import StreamingResponse

from engine.access import tokens
from engine.access.permissions import Permission, may
from engine.access.roles import Role
from engine.actors import SYSTEM
from engine.database.connection import Database
from engine.errors import Ambiguous, Conflict, Misconfigured, NotFound, Refused, Retryable, Unreachable
from engine.identifiers import UserId, new_id
from sync.http.api.routing import new_router
from sync.http.api.session import Current, needs
from sync.http.api.settings import AccessSettings, ApiSettings
from sync.http.api.shapes.shape import Asked
from tests.sync.http.api_calling import UNLIMITED, Api, add_user, serving
from tests.sync.http.issuer import ISSUER, claims, described, new_key, signed

KEY = new_key()

trial = new_router("trial")
"""Endpoints that do what real ones seldom do."""

_ERRORS = {
    "missing": NotFound("trial.missing", "There is no such trial."),
    "conflict": Conflict("trial.conflict", "Somebody was quicker."),
    "refused": Refused("trial.refused", "The rules do not allow it."),
    "ambiguous": Ambiguous("trial.unsure", "It may have happened."),
    "later": Retryable("trial.later", "Not now.", retry_after_seconds=7),
    "away": Unreachable("trial.away", "It is not there."),
    "setup": Misconfigured("trial.setup", "Set the password in /etc/orders-tui/secret."),
    "mistake": RuntimeError("the secret is 4711"),
}
_ENTERED, _NEVER = asyncio.Event(), asyncio.Event()


class Wish(Asked):
    name: str
    number: int = 0


@trial.post("/api/trial", operation_id="trial_post")
async def say(session: Current, wish: Wish) -> Wish:
    name = await session.database.pool.fetchval("SELECT $1::text", wish.name)
    return Wish(name=name, number=wish.number)


@trial.get("/api/trial", operation_id="trial_get")
async def look(session: Current, number: Annotated[int, Query(ge=0, le=9)] = 0, text: str = "") -> dict[str, str]:
    return {"text": await session.database.pool.fetchval("SELECT $1::text", text)}


@trial.get("/api/trial/errors/{kind}", operation_id="trial_error")
async def fail(session: Current, kind: str) -> None:
    if kind == "value":
        await session.database.pool.fetchval("SELECT $1::int", 10**30)
    if kind == "overflow":
        await session.database.pool.fetchval("SELECT 9999999999::bigint::int")
    if kind == "grant":
        await session.database.pool.execute("CREATE TABLE orders.mine ()")
    raise _ERRORS[kind]


@trial.get("/api/trial/held", operation_id="trial_held")
async def hold(session: Current) -> None:
    _ENTERED.set()
    await _NEVER.wait()


@trial.get("/api/trial/stream", operation_id="trial_stream")
async def stream(session: Current) -> StreamingResponse:
    async def pieces() -> AsyncIterator[bytes]:
        while True:
            yield b"more\n"
            await asyncio.sleep(0.01)

    return StreamingResponse(pieces(), media_type="text/plain")


@trial.post("/api/trial/rules", operation_id="trial_rules")
async def rule(session: Annotated[object, needs(Permission.RULES_CHANGE)], wish: Wish) -> None: ...


@pytest.fixture
async def api(store: Database, tmp_path: Path) -> AsyncIterator[Api]:
    keys = tmp_path / "keys.json"
    keys.write_bytes(orjson.dumps({"keys": [described(KEY, "one")]}))
    access = AccessSettings(issuer=ISSUER, keys_file=keys, look_again_seconds=0.0)
    async with serving(store, replace(UNLIMITED, access=access, largest_body_bytes=50_000), more=[trial]) as api:
        yield api


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and code; whatever is refused has the same form."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    told = answer.json()
    assert set(told) - {"errors"} == {"type", "title", "status", "detail", "code"}
    assert told["status"] == answer.status_code
    assert told["type"] == f"urn:orders-tui:problem:{told['code']}"
    assert answer.headers["x-request-id"]
    assert answer.headers["cache-control"] == "no-store"
    return answer.status_code, told["code"]


async def refusals_of(api: Api, user_id: UserId) -> list[str]:
    """What the audit says somebody was refused."""
    rows = await api.store.pool.fetch(
        "SELECT after FROM audit_log WHERE action = 'access.refused' AND subject = $1 ORDER BY sequence", user_id
    )
    said = [api.store.vault.open("audit_log.after", user_id, row["after"]) for row in rows]
    return [orjson.loads(each or b"{}")["permission"] for each in said]


async def test_everybody_is_told_who_they_are_and_what_they_may(api: Api) -> None:
    for role in Role:
        answer = await api.ask("/api/me", role=role)
        assert answer.status_code == 200, answer.text
        assert answer.json() == {
            "id": str(api.users[role]),
            "name": f"Mira the {role}",
            "role": role.value,
            "permissions": [one.value for one in Permission if may(role, one)],
        }


async def test_who_may_not_come_in_is_told_why_by_a_code_of_its_own(api: Api) -> None:
    known, gone = await add_user(api.store, Role.VIEWER), await add_user(api.store, Role.ADMIN)
    await api.store.pool.execute("UPDATE users SET disabled_at = now() WHERE id = $1", gone)
    ended, _ = await tokens.issue(api.store, SYSTEM, known, "ended", 1)
    revoked, _ = await tokens.issue(api.store, SYSTEM, known, "revoked", 1)
    listed = {token.name: token for token in await tokens.listed(api.store)}
    await api.store.pool.execute("UPDATE access_tokens SET expires_at = now() WHERE name = 'ended'")
    assert await tokens.revoke(api.store, SYSTEM, listed["revoked"].id)
    assert not await tokens.revoke(api.store, SYSTEM, listed["revoked"].id)
    for token, expected in (
        ("", (401, "access.no_token")),
        ("a b", (401, "access.bad_token")),
        ("orders_" + "A" * 43, (401, "access.bad_token")),
        (ended, (401, "access.expired")),
        (revoked, (401, "access.revoked")),
        (signed(claims(str(known), exp=int(time.time()) - 60), KEY), (401, "access.expired")),
        (signed(claims(str(known)), new_key()), (401, "access.bad_signature")),
        (signed(claims(str(new_id())), KEY), (403, "access.unknown_user")),
        (signed(claims(str(gone)), KEY), (403, "access.disabled")),
        (signed(claims(str(known), is_anonymous=True), KEY), (403, "access.anonymous")),
        (signed(claims(str(known), role="service_role"), KEY), (403, "access.service_role")),
    ):
        answer = await api.ask("/api/me", token=token)
        assert problem(answer) == expected, token
        assert ("www-authenticate" in answer.headers) == (answer.status_code == 401)
    twice = [("authorization", f"Bearer {api.tokens[Role.ADMIN]}"), ("authorization", "Bearer x")]
    assert problem(await api.http.get(f"{api.url}/api/me", headers=twice)) == (401, "access.bad_token")
    basic = await api.ask("/api/me", headers={"authorization": "Basic bWlyYTp4"})
    assert problem(basic) == (401, "access.bad_token")
    assert await refusals_of(api, known) == ["api (expired)", "api (revoked)"]
    assert await refusals_of(api, gone) == ["api (disabled)"]


async def test_a_role_is_the_database_s_and_changes_under_a_token_that_does_not(api: Api) -> None:
    someone = await add_user(api.store, Role.VIEWER, subject="auth0|4711")
    token = signed(claims("auth0|4711", app_metadata={"role": "admin"}), KEY)
    assert (await api.ask("/api/me", token=token)).json()["role"] == "viewer"
    await api.store.pool.execute("UPDATE users SET role = 'supervisor' WHERE id = $1", someone)
    assert (await api.ask("/api/me", token=token)).json()["role"] == "supervisor"
    own, _ = await tokens.issue(api.store, SYSTEM, someone, "own", 1)
    assert (await api.ask("/api/me", token=own)).status_code == 200
    await api.store.pool.execute("UPDATE users SET disabled_at = now() WHERE id = $1", someone)
    assert problem(await api.ask("/api/me", token=token)) == (403, "access.disabled")
    assert problem(await api.ask("/api/me", token=own)) == (403, "access.disabled")


async def test_a_token_is_kept_as_a_digest_its_use_is_seen_and_its_life_is_on_record(api: Api) -> None:
    text = api.tokens[Role.SERVICE]
    await api.ask("/api/me", token=text)
    dump = str([tuple(row) for row in await api.store.pool.fetch("SELECT * FROM access_tokens")])
    assert text not in dump
    assert text.removeprefix("orders_") not in dump
    used = {token.role: token for token in await tokens.listed(api.store)}
    assert used[Role.SERVICE].used_at is not None
    assert used[Role.ADMIN].used_at is None
    await tokens.revoke(api.store, SYSTEM, used[Role.SERVICE].id)
    told = await api.store.pool.fetch(
        "SELECT action FROM audit_log WHERE subject = $1 ORDER BY sequence", used[Role.SERVICE].id
    )
    assert [row["action"] for row in told] == ["token.issued", "token.revoked"]


async def test_every_error_of_the_engine_is_a_problem_and_a_mistake_tells_nothing(api: Api) -> None:
    with structlog.testing.capture_logs() as told:
        for kind, expected in (
            ("missing", (404, "trial.missing")),
            ("conflict", (409, "trial.conflict")),
            ("refused", (409, "trial.refused")),
            ("ambiguous", (409, "trial.unsure")),
            ("later", (503, "trial.later")),
            ("away", (503, "trial.away")),
            ("setup", (503, "daemon.misconfigured")),
            ("value", (422, "request.unusable_value")),
            ("overflow", (422, "request.unusable_value")),
            ("grant", (403, "access.denied")),
            ("mistake", (500, "request.broke")),
        ):
            answer = await api.ask(f"/api/trial/errors/{kind}", role=Role.VIEWER)
            assert problem(answer) == expected, (kind, answer.text)
            assert ("retry-after" in answer.headers) == (answer.status_code == 503), kind
            assert not [word for word in ("4711", "/etc", "Traceback", "asyncpg") if word in answer.text]
    assert (await api.ask("/api/trial/errors/later", role=Role.VIEWER)).headers["retry-after"] == "7"
    assert [event["event"] for event in told if event["log_level"] == "error"] == ["request_broke"]


async def test_bodies_are_read_strictly(api: Api) -> None:
    for body, expected in (
        (b'{"name":"Mira"}', (200, "")),
        (b'{"name":"\xf0\x9f\x8d\x8e \\ud83c\\udf4e \\\\u0000"}', (200, "")),
        (b'{"name":"Mira","nmae":"Ines"}', (422, "request.invalid")),
        (b'{"name":7}', (422, "request.invalid")),
        (b"", (422, "request.invalid")),
        (b"null", (422, "request.invalid")),
        (b"[]", (422, "request.invalid")),
        (b'{"name":"Mira","name":"Ines"}', (400, "request.malformed_json")),
        (b'{"name":"a\\u0000b"}', (400, "request.malformed_json")),
        (b'{"name":"\\ud83c"}', (400, "request.malformed_json")),
        (b'{"name":"\xff"}', (400, "request.malformed_json")),
        (b'{"name":"a","number":NaN}', (400, "request.malformed_json")),
        (b'{"name":"a","number":1e999}', (400, "request.malformed_json")),
        (b'{"name":"a","number":' + b"9" * 5000 + b"}", (400, "request.malformed_json")),
        (b'{"name":"a","number":9223372036854775808}', (400, "request.malformed_json")),
        (b'{"name":' + b"[" * 5000 + b"]" * 5000 + b"}", (400, "request.malformed_json")),
        (b'{"name":' + b"[" * 33 + b"]" * 33 + b"}", (400, "request.malformed_json")),
        (b"{'name':'Mira'}", (400, "request.malformed_json")),
        (b'{"name":"' + b"x" * 60_000 + b'"}', (413, "request.too_large")),
        (b'{"name":"' + b"x" * 200_000 + b'"}', (413, "request.too_large")),
    ):
        answer = await api.ask(
            "/api/trial", role=Role.VIEWER, method="POST", content=body, headers={"content-type": "application/json"}
        )
        assert (answer.status_code, "") == expected if answer.status_code == 200 else problem(answer) == expected, body
        assert "Ines" not in answer.text, "what was sent is not repeated"
    for kind in ("", "text/plain", "multipart/form-data; boundary=x", "application/json; charset=latin-1"):
        answer = await api.ask(
            "/api/trial", role=Role.VIEWER, method="POST", content=b'{"name":"a"}', headers={"content-type": kind}
        )
        assert problem(answer) == (415, "request.not_json"), kind


async def test_addresses_are_read_strictly_too(api: Api) -> None:
    for query, expected in (
        ("text=%F0%9F%8D%8E", None),
        ("text=a%00b", (400, "request.malformed_address")),
        ("text=%FF", (400, "request.malformed_address")),
        ("number=10", (422, "request.invalid")),
        ("number=" + "9" * 4000, (422, "request.invalid")),
        ("number=1.5", (422, "request.invalid")),
    ):
        answer = await api.ask(f"/api/trial?{query}", role=Role.VIEWER)
        assert (answer.status_code == 200) if expected is None else (problem(answer) == expected), query
    assert problem(await api.ask("/api/trial/errors/%00", role=Role.VIEWER))[0] == 400


async def test_who_may_not_is_refused_before_the_body_is_looked_at(api: Api) -> None:
    json = {"content-type": "application/json"}
    nobody = await api.ask("/api/trial", method="POST", content=b"{", headers=json)
    assert problem(nobody) == (401, "access.no_token")
    wrong = await api.ask("/api/trial/rules", role=Role.OPERATOR, method="POST", json={"nmae": 1})
    assert problem(wrong) == (403, "access.denied")
    assert wrong.json()["detail"] == "Your role (operator) may not change rules: ask one who is supervisor or admin."
    assert await refusals_of(api, api.users[Role.OPERATOR]) == ["rules.change"]
    creator = await api.ask("/api/trial/rules", role=Role.CREATOR, method="POST", json={"nmae": 1})
    assert problem(creator) == (403, "access.denied")
    assert await refusals_of(api, api.users[Role.CREATOR]) == ["rules.change"]
    right = await api.ask("/api/trial/rules", role=Role.SUPERVISOR, method="POST", json={"nmae": 1})
    assert problem(right) == (422, "request.invalid")


async def test_methods_are_told_and_headers_are_had_without_a_body(api: Api) -> None:
    refused = await api.ask("/api/trial", role=Role.VIEWER, method="DELETE")
    assert problem(refused) == (405, "request.wrong_method")
    assert refused.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    asked = await api.ask("/api/trial", method="OPTIONS")
    assert (asked.status_code, asked.content, asked.headers["allow"]) == (204, b"", "GET, HEAD, OPTIONS, POST")
    assert "access-control-allow-origin" not in asked.headers
    whole = await api.ask("/api/me", role=Role.VIEWER)
    head = await api.ask("/api/me", role=Role.VIEWER, method="HEAD")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == whole.headers["content-length"]
    assert (await api.ask("/api/me", method="HEAD")).status_code == 401
    assert (await api.ask("/api/trial/stream", role=Role.VIEWER, method="HEAD")).content == b""
    for path in ("/", "/api/", "/api/nothing", "/docs", "/redoc", "/webhooks"):
        assert problem(await api.ask(path)) == (404, "request.no_such_path"), path
    assert problem(await api.ask("/webhooks/tiktok")) == (405, "request.wrong_method")


async def test_a_request_keeps_its_name_if_it_is_a_decent_one(api: Api) -> None:
    for given, kept in (("a-Name_of.4711", True), ("x" * 64, True), ("x" * 65, False), ("a b", False), ("<x>", False)):
        answer = await api.ask("/api/me", headers={"x-request-id": given})
        assert (answer.headers["x-request-id"] == given) is kept
        assert len(answer.headers.get_list("x-request-id")) == 1
    first, second = [(await api.ask("/api/me")).headers["x-request-id"] for _ in range(2)]
    assert first != second
    assert UUID(first).version == 7


async def test_one_source_one_user_and_everybody_have_their_measure(store: Database) -> None:
    loopback = UNLIMITED
    for settings, code in (
        (replace(loopback, source_calls_per_second=3), "limits.source"),
        (replace(loopback, user_calls_per_second=3), "limits.user"),
        (replace(loopback, calls_per_second=3), "limits.everybody"),
    ):
        async with serving(store, settings) as api:
            answers = [await api.ask("/api/me", role=Role.VIEWER) for _ in range(8)]
            late = [answer for answer in answers if answer.status_code != 200]
            assert {problem(answer) for answer in late} == {(429, code)}
            assert {answer.headers["retry-after"] for answer in late} == {"1"}
            other = await api.ask("/api/me", role=Role.ADMIN)
            assert (other.status_code == 200) is (code == "limits.user")
        await store.pool.execute("DELETE FROM access_tokens")
    async with serving(store, replace(loopback, refused_per_minute=3)) as api:
        refusals = [problem(await api.ask("/api/me", token="orders_guess")) for _ in range(5)]
        assert refusals == [(401, "access.bad_token")] * 3 + [(429, "limits.refused")] * 2


async def test_what_takes_too_long_is_given_up_and_too_many_at_once_are_sent_away(store: Database) -> None:
    settings = replace(UNLIMITED, request_seconds=0.2, most_at_once=1)
    async with serving(store, settings, more=[trial]) as api:
        held = asyncio.create_task(api.ask("/api/trial/held", role=Role.VIEWER))
        await _ENTERED.wait()
        assert problem(await api.ask("/api/me", role=Role.VIEWER)) == (503, "http.busy")
        assert problem(await held) == (503, "http.too_slow")
        assert (await api.ask("/api/me", role=Role.VIEWER)).status_code == 200

        assert await _dawdle(api) == b"HTTP/1.1 408 Request Timeout\r\n"
        async with api.http.stream(
            "GET",
            f"{api.url}/api/trial/stream",
            headers={"authorization": f"Bearer {api.tokens[Role.VIEWER]}"},
        ) as streamed:
            pieces = streamed.aiter_bytes()
            started = [await anext(pieces) for _ in range(30)]
            assert (await api.ask("/api/me", role=Role.VIEWER)).status_code == 200, "and takes nobody's place"
        assert len(started) == 30, "a stream that has begun is not cut short"


async def _dawdle(api: Api) -> bytes:
    """Send a body that never ends. Answers the status line."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(api.url.rpartition(":")[2]))
    lines = ["POST /api/trial HTTP/1.1", "Host: here", f"Authorization: Bearer {api.tokens[Role.VIEWER]}"]
    lines += ["Content-Type: application/json", "Content-Length: 100", "", '{"name":']
    writer.write("\r\n".join(lines).encode())
    status = await reader.readline()
    writer.close()
    return status


async def test_pages_of_other_origins_may_call_only_where_they_are_named(store: Database) -> None:
    asked = {"origin": "https://orders.example", "access-control-request-method": "POST"}
    async with serving(store, replace(UNLIMITED, origins=("https://orders.example",))) as api:
        allowed = await api.ask("/api/me", method="OPTIONS", headers=asked)
        assert allowed.headers["access-control-allow-origin"] == "https://orders.example"
        answer = await api.ask("/api/me", role=Role.VIEWER, headers={"origin": "https://orders.example"})
        assert answer.headers["access-control-allow-origin"] == "https://orders.example"
        assert "access-control-allow-credentials" not in answer.headers
        other = await api.ask("/api/me", role=Role.VIEWER, headers={"origin": "https://evil.example"})
        assert "access-control-allow-origin" not in other.headers


async def test_the_document_loads_nothing_and_describes_every_refusal(api: Api) -> None:
    answer = await api.ask("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    told = answer.json()
    assert told["security"] == [{"token": []}]
    assert told["paths"]["/api/trial/rules"]["post"]["x-permission"] == "rules.change"
    for path in told["paths"].values():
        for operation in path.values():
            assert {"401", "403", "422", "429", "503"} <= operation["responses"].keys()
    assert "HTTPValidationError" not in answer.text


async def test_while_the_database_is_away_callers_are_asked_to_come_again(api: Api) -> None:
    await api.ask("/api/me", role=Role.VIEWER)
    await api.store.pool.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'orders-tui http'"
    )
    answers = [await api.ask("/api/me", role=Role.VIEWER) for _ in range(3)]
    assert answers[-1].status_code == 200
    assert {answer.status_code for answer in answers} <= {200, 503}


def test_settings_that_would_believe_anybody_are_refused() -> None:
    assert ApiSettings().access.url == ""
    assert AccessSettings(issuer=ISSUER).url == f"{ISSUER}/.well-known/jwks.json"
