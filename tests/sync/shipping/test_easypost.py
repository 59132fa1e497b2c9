"""The adapter against the simulator, and against servers that say what the simulator never would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import orjson
import pytest

from engine.errors import Ambiguous, OrdersError, Retryable, Terminal
from engine.words import TrackingStatus
from sync.resilience import TurnedAway
from sync.shipping.port import Purchase, Quote, Rate, VoidState
from sync.shipping.refusals import StaleRate, redact
from tests.sync.outside import Outside, easypost_at, outside
from tests.sync.scripted_server import Received, Script, reply, scripted
from tests.sync.shipping.parcels import BUYER, parcel, parcel_of
from tests.sync.shipping.test_wire import BOUGHT

RATE = Rate("rate_9", "USPS", "GroundAdvantage", Decimal("7.31"), "USD", 3)


@pytest.fixture
async def world() -> AsyncIterator[Outside]:
    async with outside(orders=10) as world:
        yield world


def error(status: int, code: str, message: Any = "no", errors: Any = (), **headers: str) -> bytes:
    document = {"error": {"code": code, "message": message, "errors": list(errors)}}
    return reply(document, status=status, headers={name.replace("_", "-"): value for name, value in headers.items()})


async def bought(world: Outside) -> Purchase:
    request = parcel_of((await world.raw_orders())[0])
    quote = await world.easypost.quote(request, "label:x:1-1")
    return await world.easypost.buy(request, quote.shipment_reference, quote.rates[0])


async def test_a_label_is_quoted_bought_and_fetched(world: Outside) -> None:
    request = parcel_of((await world.raw_orders())[0])
    quote = await world.easypost.quote(request, "label:x:1-1")
    assert {rate.carrier for rate in quote.rates} == {"USPS", "UPS", "FedEx"}
    rate = min(quote.rates, key=lambda rate: rate.amount)
    purchase = await world.easypost.buy(request, quote.shipment_reference, rate)
    assert (purchase.carrier, purchase.service) == (rate.carrier, rate.service)
    assert purchase.our_reference == "label:x:1-1"
    assert purchase.tracking_number
    assert purchase.cost == rate.amount + Decimal("0.05")
    label = await world.easypost.label(purchase)
    assert label.media_type == "application/pdf"
    assert label.document.startswith(b"%PDF-")
    assert request.tiktok_order_id.encode() in label.document


async def test_buying_a_bought_shipment_again_returns_the_purchase_there_is(world: Outside) -> None:
    request = parcel_of((await world.raw_orders())[0])
    quote = await world.easypost.quote(request, "label:x:1-1")
    first = await world.easypost.buy(request, quote.shipment_reference, quote.rates[0])
    again = await world.easypost.buy(request, quote.shipment_reference, quote.rates[1])
    assert again == first
    state = await world.state()
    assert (state["labels_bought"], state["double_buys_refused"]) == (1, 1)


async def test_a_shipment_is_looked_up_before_and_after_it_is_bought(world: Outside) -> None:
    request = parcel_of((await world.raw_orders())[0])
    quote = await world.easypost.quote(request, "label:x:1-1")
    before = await world.easypost.lookup(quote.shipment_reference)
    assert isinstance(before, Quote)
    assert len(before.rates) == len(quote.rates)
    purchase = await world.easypost.buy(request, quote.shipment_reference, quote.rates[0])
    assert await world.easypost.lookup(quote.shipment_reference) == purchase


async def test_an_offer_from_before_a_new_quote_is_stale(world: Outside) -> None:
    request = parcel_of((await world.raw_orders())[0])
    quote = await world.easypost.quote(request, "label:x:1-1")
    fresh = await world.easypost.requote(request, quote.shipment_reference)
    assert fresh.shipment_reference == quote.shipment_reference
    with pytest.raises(StaleRate):
        await world.easypost.buy(request, quote.shipment_reference, quote.rates[0])
    await world.easypost.buy(request, quote.shipment_reference, fresh.rates[0])
    assert (await world.state())["labels_bought"] == 1


async def test_a_label_is_given_back(world: Outside) -> None:
    purchase = await bought(world)
    assert await world.easypost.void_state(purchase.shipment_reference) is None
    assert await world.easypost.void(purchase.shipment_reference) is VoidState.SUBMITTED
    found = await world.easypost.lookup(purchase.shipment_reference)
    assert isinstance(found, Purchase)
    assert found.voided


async def test_a_shipment_that_was_never_bought_has_nothing_to_give_back(world: Outside) -> None:
    quote = await world.easypost.quote(parcel_of((await world.raw_orders())[0]), "label:x:1-1")
    assert await world.easypost.void(quote.shipment_reference) is VoidState.NOT_APPLICABLE


async def test_a_bought_label_has_a_tracker(world: Outside) -> None:
    purchase = await bought(world)
    track = await world.easypost.track(purchase.tracker_reference)
    assert (track.tracking_number, track.status) == (purchase.tracking_number, TrackingStatus.LABEL_CREATED)
    with pytest.raises(Terminal):
        await world.easypost.track("trk_nothing")


async def test_a_wrong_key_is_named_and_not_shown(world: Outside) -> None:
    async with easypost_at(world.simulator.url, "EZAKwrongkey") as easypost:
        with pytest.raises(TurnedAway) as failure:
            await easypost.lookup("shp_1")
        assert "EZAKwrongkey" not in repr(easypost._settings)
    assert failure.value.code == "carrier_credentials"
    assert "EZAKwrongkey" not in failure.value.sentence


@pytest.mark.parametrize(
    ("answer", "code", "word"),
    [
        (error(401, "UNAUTHORIZED"), "carrier_credentials", "easypost_api_key"),
        (error(402, "PAYMENT_REQUIRED", "Insufficient funds."), "carrier_funds", "Insufficient funds"),
    ],
)
async def test_a_refused_key_or_an_empty_account_shuts_the_gate_at_once_and_the_queue_waits(
    answer: bytes, code: str, word: str
) -> None:
    asked: list[str] = []

    def script(request: Received) -> bytes:
        asked.append(request.method)
        return reply({"id": "shp_01"}) if request.method == "GET" else answer

    async with scripted(script) as server, easypost_at(server.url) as easypost:
        with pytest.raises(TurnedAway) as first:
            await easypost.buy(parcel(), "shp_01", RATE)
        made = len(asked)
        with pytest.raises(Retryable) as second:
            await easypost.buy(parcel(), "shp_02", RATE)
        with pytest.raises(Retryable):
            await easypost.lookup("shp_02")
    assert (first.value.code, first.value.postponed) == (code, True)
    assert word in first.value.sentence
    # Only an account without funds can have been charged all the same, so only then the shipment is looked at.
    assert asked == (["POST", "GET"] if code == "carrier_funds" else ["POST"])
    assert len(asked) == made, "nothing more is asked once the gate is shut"
    assert second.value.postponed
    assert second.value.sentence.startswith(first.value.sentence)


async def failure_of(script: Script, call: str = "buy") -> OrdersError:
    async with scripted(script) as server, easypost_at(server.url) as easypost:
        made = easypost.buy(parcel(), "shp_01", RATE) if call == "buy" else easypost.quote(parcel(), "r")
        with pytest.raises(OrdersError) as failure:
            await made
    return failure.value


UNCLEAR = {
    "408": error(408, ""),
    "500": error(500, "INTERNAL_SERVER_ERROR"),
    "a gateway's page": reply(status=503, body=b"<html></html>"),
    "in progress": error(422, "SHIPMENT.PURCHASE.IN_PROGRESS"),
    "no response": error(422, "SHIPMENT.POSTAGE.NO_RESPONSE"),
    "timed out": error(422, "SHIPMENT.POSTAGE.TIMED_OUT"),
    "a hang-up": None,
    "a success that cannot be read": reply(status=200, body=b"<html>"),
}


@pytest.mark.parametrize("name", UNCLEAR)
async def test_an_unclear_purchase_is_ambiguous_and_an_unclear_read_retryable(name: str) -> None:
    purchase = await failure_of(lambda _: UNCLEAR[name], "buy")
    quote = await failure_of(lambda _: UNCLEAR[name], "quote")
    assert (type(purchase), purchase.code) == (Ambiguous, "carrier.no_answer")
    assert (type(quote), quote.code) == (Retryable, "carrier.no_answer")


async def test_a_success_without_a_label_is_ambiguous() -> None:
    assert isinstance(await failure_of(lambda _: reply({"id": "shp_01", "postage_label": None})), Ambiguous)


async def test_a_slow_purchase_is_waited_for_longer_than_other_calls() -> None:
    async def slow(request: Received) -> bytes:
        await asyncio.sleep(1.3)
        return reply(BOUGHT)

    async with scripted(slow) as server, easypost_at(server.url, buy_seconds=5.0) as easypost:
        assert (await easypost.buy(parcel(), "shp_01", RATE)).tracking_number == "9400111"


async def test_throttling_postpones_for_as_long_as_asked() -> None:
    failure = await failure_of(lambda _: error(429, "RATE_LIMITED", Retry_After="9"))
    assert isinstance(failure, Retryable)
    assert (failure.postponed, failure.retry_after_seconds) == (True, 9.0)


async def test_an_overloaded_carrier_is_given_the_time_it_asks_for() -> None:
    async with (
        scripted(lambda _: error(503, "", Retry_After="40")) as server,
        easypost_at(server.url) as easypost,
    ):
        with pytest.raises(Retryable) as failure:
            await easypost.track("trk_01")
    assert (failure.value.postponed, failure.value.retry_after_seconds) == (False, 40.0)
    assert len(server.received) == 1


async def test_a_refused_purchase_is_believed_only_after_a_look() -> None:
    def refused_but_bought(request: Received) -> bytes:
        return reply(BOUGHT) if request.method == "GET" else error(402, "PAYMENT_REQUIRED", "Insufficient funds.")

    async with scripted(refused_but_bought) as server, easypost_at(server.url) as easypost:
        purchase = await easypost.buy(parcel(), "shp_01", RATE)
    assert purchase.tracking_number == "9400111"


async def test_a_refused_purchase_that_cannot_be_looked_up_stays_ambiguous() -> None:
    def script(request: Received) -> bytes:
        return error(500, "") if request.method == "GET" else error(422, "SHIPMENT.POSTAGE.FAILURE", "Refused.")

    assert isinstance(await failure_of(script), Ambiguous)


@pytest.mark.parametrize(
    ("answer", "code", "sentence"),
    [
        (
            error(422, "SHIPMENT.POSTAGE.FAILURE", ["Account suspended.", "Call us."]),
            "carrier_refused",
            "Account suspended",
        ),
        (error(403, "FORBIDDEN"), "carrier_credentials", "API key"),
        (error(422, "ADDRESS.VERIFY.FAILURE", "Unable to verify."), "bad_address", "Unable to verify"),
        (
            error(422, "PARAMETER.REQUIRED", "Missing.", [{"field": "to_address.city", "message": "is missing"}]),
            "bad_address",
            "is missing",
        ),
        (
            error(422, "PARAMETER.REQUIRED", "Missing.", [{"field": "from_address.zip", "message": "is missing"}]),
            "bad_ship_from",
            "warehouse",
        ),
        (
            error(422, "X", {"rate": ["plain", {"message": "deep"}]}, ["a string"]),
            "carrier_refused",
            "plain; deep; a string",
        ),
        (reply(status=405, body=b"<html>"), "carrier_refused", "no reason given"),
    ],
)
async def test_refusals_are_told_apart(answer: bytes, code: str, sentence: str) -> None:
    failure = await failure_of(lambda request: answer if request.method == "POST" else reply({"id": "shp_01"}))
    assert (type(failure), failure.code) == (Terminal, code)
    assert sentence in failure.sentence


async def test_a_carriers_sentence_is_shown_without_the_address_it_repeats() -> None:
    place = f"{BUYER.name.upper()}, {BUYER.line1}, Exampleton 97000"
    told = f"Cannot deliver to {place}; ask robin@relay.example or 5550100100"
    failure = await failure_of(
        lambda request: error(422, "SHIPMENT.POSTAGE.FAILURE", told) if request.method == "POST" else reply({"id": "s"})
    )
    for private in ("robin", "sample", "exampleton", "97000", "5550100100"):
        assert private not in failure.sentence.lower()
    assert "Cannot deliver" in failure.sentence


def test_words_inside_other_words_are_left_alone() -> None:
    assert redact("An order to Ann Lee at Leeway", ("Ann Lee", "Lee")) == "An order to … at Leeway"


async def test_the_key_is_shown_to_the_api_only_and_the_label_fetched_without_it() -> None:
    async with scripted(lambda _: reply(body=b"%PDF-1.4", headers={"Content-Type": "application/pdf"})) as server:
        purchase = replace(_purchase(), label_address=f"{server.url}/files/1.pdf")
        async with easypost_at(server.url) as easypost:
            label = await easypost.label(purchase)
        assert "authorization" not in server.received[0].headers
    assert (label.media_type, label.document) == ("application/pdf", b"%PDF-1.4")


async def test_a_label_is_not_fetched_in_the_clear_from_elsewhere() -> None:
    async with scripted(lambda _: None) as server, easypost_at(server.url) as easypost:
        with pytest.raises(Terminal) as failure:
            await easypost.label(replace(_purchase(), label_address="http://files.example/1.pdf"))
        assert server.received == []
    assert failure.value.code == "carrier.label_not_safe"


async def test_a_purchase_sends_the_rate_and_nothing_else() -> None:
    async with scripted(lambda _: reply(BOUGHT)) as server, easypost_at(server.url) as easypost:
        await easypost.buy(parcel(), "shp_01", RATE)
        (request,) = server.received
    assert (request.method, request.target) == ("POST", "/v2/shipments/shp_01/buy")
    assert orjson.loads(request.body) == {"rate": {"id": "rate_9"}}
    assert request.headers["authorization"] == "Bearer EZTKfictional"


def _purchase() -> Purchase:
    return Purchase("shp_01", "label:1-7", "USPS", "Ground", "9400111", "trk_1", Decimal("7.31"), "USD", "")
