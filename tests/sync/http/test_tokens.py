"""Tokens of an issuer: each key is for one algorithm, every claim is looked at, keys are fetched seldom and forgotten in time."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest

from engine.errors import Misconfigured
from sync.http.api.keys import Keys, keys_of
from sync.http.api.settings import AccessSettings
from sync.http.api.tokens import Tokens
from sync.http.problem import Problem
from tests.sync.http.issuer import ISSUER, SECRET, by_hand, claims, described, new_key, public_pem, signed
from tests.sync.scripted_server import Received, ScriptedServer, reply, scripted

KEY, OTHER, RSA = new_key(), new_key(), new_key("RS256")


class Issuer:
    """Serves its keys; `now` is the clock of whoever asks for them."""

    def __init__(self) -> None:
        self.keys = [described(KEY, "one"), described(RSA, "two")]
        self.answers = True
        self.now = 1000.0

    def script(self, _: Received) -> bytes:
        return reply({"keys": self.keys}) if self.answers else reply(status=503)


@pytest.fixture
async def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
async def served(issuer: Issuer) -> AsyncIterator[ScriptedServer]:
    async with scripted(issuer.script) as server:
        yield server


@pytest.fixture
async def tokens(issuer: Issuer, served: ScriptedServer) -> AsyncIterator[Tokens]:
    settings = AccessSettings(issuer=ISSUER, keys_url=f"{served.url}/jwks.json", secret=SECRET)
    keys = Keys(settings, clock=lambda: issuer.now)
    yield Tokens(settings, keys)
    await keys.close()


async def why(tokens: Tokens, token: str) -> tuple[int, str]:
    with pytest.raises(Problem) as refused:
        await tokens.verify(token)
    return refused.value.status, refused.value.code


async def test_good_ones_of_every_algorithm_are_believed_side_by_side(tokens: Tokens) -> None:
    said = claims("somebody")
    for token in (
        signed(said, KEY),
        signed(said, RSA, "two", algorithm="RS256"),
        signed(said, SECRET, None, algorithm="HS256"),
        signed(said, KEY, None),
        signed(said | {"aud": ["another", "authenticated"]}, KEY),
        signed(said | {"nbf": int(time.time()) + 20}, KEY),
    ):
        verified = await tokens.verify(token)
        assert (verified.subject, verified.expires_at) == ("somebody", said["exp"])


async def test_each_claim_that_is_wrong_has_its_own_code(tokens: Tokens) -> None:
    now = int(time.time())
    for changed, expected in (
        ({"exp": now - 31}, (401, "access.expired")),
        ({"exp": None}, (401, "access.incomplete")),
        ({"iat": None}, (401, "access.incomplete")),
        ({"nbf": now + 90}, (401, "access.not_yet")),
        ({"iat": now + 90}, (401, "access.not_yet")),
        ({"iss": ISSUER + "/"}, (401, "access.wrong_issuer")),
        ({"iss": [ISSUER]}, (401, "access.wrong_issuer")),
        ({"iss": None}, (401, "access.incomplete")),
        ({"aud": "another"}, (401, "access.wrong_audience")),
        ({"aud": ["another"]}, (401, "access.wrong_audience")),
        ({"aud": None}, (401, "access.incomplete")),
        ({"sub": None}, (401, "access.no_subject")),
        ({"sub": ""}, (401, "access.no_subject")),
        ({"sub": "x" * 256}, (401, "access.no_subject")),
        ({"is_anonymous": True}, (403, "access.anonymous")),
        ({"role": "anon", "sub": None}, (403, "access.anonymous")),
        ({"role": "service_role", "sub": None}, (403, "access.service_role")),
        ({"exp": "soon"}, (401, "access.bad_token")),
        ({"exp": 10**400}, (401, "access.bad_token")),
        ({"exp": float("inf")}, (401, "access.bad_token")),
        ({"exp": float("nan")}, (401, "access.bad_token")),
        ({"sub": 7}, (401, "access.bad_token")),
    ):
        assert await why(tokens, _hs256(claims(**changed))) == expected, changed


async def test_no_token_chooses_how_it_is_checked(tokens: Tokens) -> None:
    said = claims()
    public = public_pem(KEY)
    for token, code in (
        (by_hand({"alg": "none"}, said), "access.bad_algorithm"),
        (by_hand({"alg": "None", "kid": "one"}, said), "access.bad_algorithm"),
        (by_hand({"alg": "HS384"}, said), "access.bad_algorithm"),
        (by_hand({"alg": "ES256", "kid": 7}, said), "access.bad_token"),
        (by_hand({"alg": ["ES256"]}, said), "access.bad_algorithm"),
        (by_hand({"alg": "ES256", "crit": ["exp"]}, said), "access.bad_token"),
        (_hs256(said, public, {"kid": "one"}), "access.bad_signature"),
        (signed(said, KEY, "two"), "access.unknown_key"),
        (signed(said, OTHER), "access.bad_signature"),
        (signed(said, RSA, "one", algorithm="RS256"), "access.unknown_key"),
        (signed(said, KEY)[:-4] + "AAAA", "access.bad_signature"),
        ("a.b", "access.bad_token"),
        ("....", "access.bad_token"),
        (by_hand({"alg": "ES256", "kid": "one"}, {"x": "y" * 9000}), "access.bad_token"),
        ("e30." + base64.urlsafe_b64encode(b"[" * 4000).decode() + ".e30", "access.bad_algorithm"),
    ):
        status, found = await why(tokens, token)
        assert (status, found) == (401, code), token[:60]


async def test_an_unknown_key_is_looked_for_once_in_half_a_minute(
    issuer: Issuer, served: ScriptedServer, tokens: Tokens
) -> None:
    await tokens.verify(signed(claims(), KEY))
    issuer.keys.append(described(OTHER, "three"))
    for _ in range(20):
        assert (await why(tokens, signed(claims(), OTHER, "three")))[1] == "access.unknown_key"
    assert len(served.received) == 1
    issuer.now += 31
    assert (await tokens.verify(signed(claims(), OTHER, "three"))).subject == claims()["sub"]
    assert len(served.received) == 2


async def test_keys_are_fetched_again_and_one_taken_away_is_believed_no_more(
    issuer: Issuer, served: ScriptedServer, tokens: Tokens
) -> None:
    await tokens.verify(signed(claims(), KEY))
    issuer.keys = [described(OTHER, "three")]
    issuer.now += 301
    assert (await why(tokens, signed(claims("another"), KEY)))[1] == "access.unknown_key"
    assert len(served.received) == 2


async def test_while_the_issuer_is_away_its_keys_are_believed_for_a_while(
    issuer: Issuer, served: ScriptedServer, tokens: Tokens
) -> None:
    issuer.answers = False
    assert await why(tokens, signed(claims(), KEY)) == (503, "access.keys_unreachable")
    assert (await tokens.verify(_hs256(claims()))).subject == claims()["sub"], "a secret needs nobody"
    issuer.answers = True
    issuer.now += 31
    await tokens.verify(signed(claims("one"), KEY))
    issuer.answers = False
    issuer.now += 900
    await tokens.verify(signed(claims("two"), KEY))
    issuer.now += 400
    assert await why(tokens, signed(claims("three"), KEY)) == (503, "access.keys_unreachable")


async def test_what_was_verified_is_remembered_no_longer_than_it_holds(issuer: Issuer, served: ScriptedServer) -> None:
    settings = AccessSettings(issuer=ISSUER, keys_url=f"{served.url}/jwks.json", leeway_seconds=0)
    keys, now = Keys(settings, clock=lambda: issuer.now), time.time()
    tokens = Tokens(settings, keys, clock=lambda: now)
    token = signed(claims(exp=int(now) + 100), KEY)
    first = await tokens.verify(token)
    assert await tokens.verify(token) is first
    now += 101
    assert await tokens.verify(token) is not first
    await keys.close()


def test_only_keys_that_can_verify_a_signature_are_taken() -> None:
    small = described(RSA, "small") | {"n": described(RSA, "x")["n"][:100]}
    listed = [
        described(KEY, "good"),
        described(KEY, "encrypts", use="enc"),
        described(KEY, "other algorithm", alg="RS256"),
        described(KEY, "signs only") | {"key_ops": ["sign"]},
        described(KEY, "broken") | {"x": "!"},
        small,
        {"kty": "oct", "k": base64.urlsafe_b64encode(SECRET.encode()).decode(), "kid": "secret"},
        "none",
    ]
    assert [key.name for key in keys_of({"keys": listed})] == ["good"]
    assert list(keys_of({"keys": "none"})) == list(keys_of([])) == []
    assert len(list(keys_of({"keys": [described(KEY, str(number)) for number in range(99)]}))) == 16


async def test_keys_come_from_a_file_too_and_a_bad_one_is_said_in_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_bytes(orjson.dumps({"keys": [described(KEY, "one")]}))
    settings = AccessSettings(issuer=ISSUER, keys_file=file)
    assert settings.url == ""
    assert (await Tokens(settings, Keys(settings)).verify(signed(claims(), KEY))).subject
    for content in (b"{", b"{}", b'{"keys": []}'):
        file.write_bytes(content)
        with pytest.raises(Misconfigured, match=r"access\.keys_file"):
            Keys(settings)
    with pytest.raises(Misconfigured, match="jwt_secret"):
        Keys(AccessSettings(issuer=ISSUER, secret="short"))
    with pytest.raises(Misconfigured, match=r"access\.issuer"):
        AccessSettings(secret=SECRET)


def _hs256(said: dict[str, object], secret: bytes = SECRET.encode(), header: dict[str, str] | None = None) -> str:
    """Signed by hand: the library refuses a public key as a secret, which is what an attacker does not ask."""
    text = by_hand({"alg": "HS256", "typ": "JWT"} | (header or {}), said).rpartition(".")[0]
    signature = hmac.new(secret, text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
