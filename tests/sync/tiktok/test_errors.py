"""Every code of TikTok's that is known has its reaction; the rest keep TikTok's message and the number of the request."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import httpx
import orjson
import pytest

from engine.errors import Ambiguous, OrdersError, Retryable, Terminal
from sync.tiktok.clock_skew import ClockSkew
from sync.tiktok.endpoints import ENDPOINTS
from sync.tiktok.errors import ShopInactive, TokenExpired, open_envelope, partial_errors
from sync.tiktok.meanings import MEANINGS, Reaction
from sync.tiktok.scopes import NEEDED, missing, scope_of

REACTIONS = {
    Reaction.POSTPONE: {21011043, 21011044, 21023035, 21042104, 11034037, 11034023},
    Reaction.DONE: {
        11006021,
        21008099,
        21011006,
        21011020,
        21011040,
        21022025,
        25001011,
        25001051,
        25020009,
    },
    Reaction.REFUSED: {
        21008025,
        21008117,
        21008111,
        21011041,
        21011042,
        21011007,
        21008044,
        21011025,
        21034012,
        21011022,
        21004012,
        21004015,
        11028006,
        21011049,
        21011050,
        21011051,
        21011052,
        21042102,
        21023059,
        25001014,
        25001015,
        25001020,
        25001021,
        25020003,
        25011012,
    },
    Reaction.HUMAN: {105005, 101000, 106001, 106013, 36009009, 36009010, 36009014, 36009033},
    Reaction.BUG: {36009021, 36009022, 36009023},
}
"""The codes of the sections on fulfilment, after-sales and errors that have one meaning whatever their message."""


def answer(code: int, message: str = "no", *, status: int = 200, **headers: str) -> httpx.Response:
    body = {"code": code, "message": message, "request_id": "R1", "data": None}
    return httpx.Response(status, content=orjson.dumps(body), headers=headers)


def refusal(response: httpx.Response, *, writes: bool = True, **more: Any) -> OrdersError:
    with pytest.raises(OrdersError) as failure:
        open_envelope(response, doing="ship order 577", writes=writes, **more)
    return failure.value


def test_every_known_code_has_its_reaction() -> None:
    wanted = {code: reaction for reaction, codes in REACTIONS.items() for code in codes}
    assert {code: MEANINGS[code].reaction for code in wanted} == wanted


@pytest.mark.parametrize("code", sorted(MEANINGS))
def test_a_refusal_is_one_sentence_with_the_mend_and_the_request(code: int) -> None:
    failure = refusal(answer(code))
    assert failure.code == MEANINGS[code].code
    assert failure.sentence.startswith("TikTok refused to ship order 577: ")
    assert failure.sentence.endswith(f"(code {code}, request R1).")
    postponed = isinstance(failure, Retryable) and failure.postponed
    assert postponed == (MEANINGS[code].reaction is Reaction.POSTPONE)
    assert postponed or isinstance(failure, Terminal)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("Invalid app_key.", "tiktok.credentials"),
        ("Invalid parameters: unexpected identifier shop_cipher.", "tiktok.bad_request"),
        ("sign is missing", "tiktok.bad_request"),
        ("Invalid version 202201", "tiktok.outdated"),
        ("Invalid timestamp: it is too old.", "tiktok.clock_skew"),
        ("Invalid page_size: 1 to 100", "tiktok.refused"),
    ],
)
def test_the_code_that_means_many_things_is_told_apart_by_its_words(message: str, code: str) -> None:
    failure = refusal(answer(36009004, message, status=400))
    assert (type(failure), failure.code) == (Terminal, code)


@pytest.mark.parametrize("response", [answer(36009004, "Invalid access token."), answer(105002), answer(105001)])
def test_a_token_that_is_not_taken_is_renewed_not_told(response: httpx.Response) -> None:
    assert isinstance(refusal(response), TokenExpired)


def test_a_test_shop_waits_for_the_next_hour() -> None:
    before = 3600 - time.time() % 3600
    failure = refusal(answer(36009037, status=429, **{"Retry-After": "1"}))
    assert isinstance(failure, Retryable)
    assert (failure.code, failure.postponed) == ("tiktok.hourly_cap", True)
    wait = failure.retry_after_seconds
    assert wait is not None
    assert min(abs(wait - before), abs(wait - before - 3600)) < 30


@pytest.mark.parametrize(("code", "whole_seller"), [(36009043, False), (36009044, True)])
def test_an_inactive_shop_is_put_off_at_no_cost(code: int, *, whole_seller: bool) -> None:
    failure = refusal(answer(code, status=401))
    assert isinstance(failure, ShopInactive)
    assert (failure.postponed, failure.whole_seller) == (True, whole_seller)


def test_an_unknown_code_keeps_its_message_and_its_request() -> None:
    failure = refusal(answer(99052850, "bundle SKUs take no stock."))
    assert failure.code == "tiktok.refused"
    assert failure.sentence == (
        "TikTok refused to ship order 577: bundle SKUs take no stock (code 99052850, request R1)."
    )


def test_a_failing_tiktok_is_unclear_for_a_write_only() -> None:
    assert isinstance(refusal(answer(36009003)), Ambiguous)
    assert isinstance(refusal(answer(36009007), writes=False), Retryable)


def test_parts_that_were_refused_are_found_in_a_success() -> None:
    errors = [
        {"code": 21011020, "message": "already shipped", "detail": {"package_id": 1153}},
        {"code": "36009003", "message": "busy for ann@relay.example"},
        "nonsense",
    ]
    first, second = partial_errors({"errors": errors})
    assert (first.code, first.message, first.named("package_id")) == (21011020, "already shipped", "1153")
    assert first.meant("ship package 1153").code == "tiktok.already_shipped"
    assert (second.code, second.named("package_id"), dict(second.detail)) == (36009003, "", {})
    assert "ann@" not in second.message
    assert isinstance(second.meant("ship it"), Retryable)
    assert partial_errors({}) == []


def test_a_missing_permission_is_named() -> None:
    failure = refusal(answer(105005), scope=scope_of("packages.combine"))
    assert "lacks the permission seller.fulfillment.package.write;" in failure.sentence


def test_every_call_of_ours_needs_a_permission_that_connecting_asks_for() -> None:
    needed = {name: scope_of(name) for name in ENDPOINTS if not name.startswith(("messages.", "conversations."))}
    assert {name: scope for name, scope in needed.items() if scope not in NEEDED} == {}


def test_what_was_not_granted_is_told_with_what_it_is_for() -> None:
    granted = set(NEEDED) - {"seller.product.write"}
    assert missing(granted) == {"seller.product.write": "to write stock to TikTok"}
    assert missing(()) == {}  # TikTok did not say


def test_the_clock_is_compared_with_the_date_of_an_answer() -> None:
    skew, now = ClockSkew(), 1767225600.0
    assert skew.sentence == ""
    skew.note(answer(0, Date=format_datetime(datetime.fromtimestamp(now - 31, UTC), usegmt=True)), now)
    assert skew.seconds == 30.5
    assert skew.sentence == "The clock that signs is 30 s ahead of TikTok's; set it by the network."
    skew.note(answer(0), now)
    skew.note(answer(0, Date="yesterday"), now)
    assert skew.seconds == 30.5
    skew.note(answer(0, Date=format_datetime(datetime.fromtimestamp(now + 300, UTC), usegmt=True)), now)
    assert "300 s behind" in skew.sentence or "301 s behind" in skew.sentence
    skew.note(answer(0, Date=format_datetime(datetime.fromtimestamp(now, UTC), usegmt=True)), now)
    assert skew.sentence == ""
