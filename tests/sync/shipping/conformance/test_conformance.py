"""One suite for every provider of labels."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from engine.errors import Ambiguous, Retryable, Terminal
from engine.words import TrackingStatus
from sync.shipping.port import MEDIA_TYPES, LabelFormat, Pending, Purchase, Quote, Rate
from tests.sync.shipping.conformance.benches import BENCHES, Bench


@pytest.fixture(params=sorted(BENCHES))
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    async with BENCHES[request.param]() as bench:
        yield bench


def cheapest(quote: Quote) -> Rate:
    return min(quote.rates, key=lambda rate: (rate.amount, rate.rate_id))


async def buy(bench: Bench, number: int = 0) -> tuple[Quote, Purchase]:
    parcel = bench.parcels[number]
    quote = await bench.carrier.quote(parcel, f"label:{number}:1-1")
    purchase = await bench.carrier.buy(parcel, quote.shipment_reference, cheapest(quote))
    assert isinstance(purchase, Purchase)
    return quote, purchase


async def test_a_quote_offers_rates_and_costs_nothing(bench: Bench) -> None:
    quote = await bench.carrier.quote(bench.parcels[0], "label:a:1-1")
    assert quote.shipment_reference
    assert len({rate.rate_id for rate in quote.rates}) == len(quote.rates) > 0
    assert all(rate.carrier and rate.service for rate in quote.rates)
    if bench.tells_cost:
        assert all(rate.amount > 0 and rate.currency == "USD" for rate in quote.rates)
    assert await bench.bought() == 0


async def test_a_bought_label_has_a_number_a_cost_and_a_file(bench: Bench) -> None:
    quote, purchase = await buy(bench)
    assert purchase.shipment_reference == quote.shipment_reference
    assert purchase.tracking_number
    assert purchase.service == cheapest(quote).service
    if bench.tells_cost:
        assert purchase.cost is not None
        assert purchase.cost >= cheapest(quote).amount
    else:
        assert purchase.cost is None
    assert not purchase.voided
    label = await bench.carrier.label(purchase)
    assert label.media_type == MEDIA_TYPES[LabelFormat.PDF]
    assert label.document.startswith(b"%PDF-")
    assert await bench.bought() == 1


async def test_a_parcel_is_bought_once_however_often_it_is_asked_for(bench: Bench) -> None:
    quote, first = await buy(bench)
    again = await bench.carrier.buy(bench.parcels[0], quote.shipment_reference, cheapest(quote))
    assert isinstance(again, Purchase)
    assert again.tracking_number == first.tracking_number
    assert (await bench.bought(), await bench.twice()) == (1, 0)


async def test_what_is_not_bought_is_looked_up_as_a_quote_and_what_is_as_a_purchase(bench: Bench) -> None:
    parcel = bench.parcels[0]
    quote = await bench.carrier.quote(parcel, "label:a:1-1")
    before = await bench.carrier.lookup(quote.shipment_reference)
    assert isinstance(before, Quote)
    assert before.shipment_reference == quote.shipment_reference
    bought = await bench.carrier.buy(parcel, quote.shipment_reference, cheapest(quote))
    after = await bench.carrier.lookup(quote.shipment_reference)
    assert isinstance(bought, Purchase)
    assert isinstance(after, Purchase)
    assert after.tracking_number == bought.tracking_number
    assert (await bench.carrier.label(after)).document == (await bench.carrier.label(bought)).document


async def test_fresh_offers_can_be_bought(bench: Bench) -> None:
    parcel = bench.parcels[0]
    quote = await bench.carrier.quote(parcel, "label:a:1-1")
    fresh = await bench.carrier.requote(parcel, quote.shipment_reference)
    assert fresh.shipment_reference == quote.shipment_reference
    assert {(rate.carrier, rate.service) for rate in fresh.rates} == {
        (rate.carrier, rate.service) for rate in quote.rates
    }
    assert isinstance(await bench.carrier.buy(parcel, quote.shipment_reference, cheapest(fresh)), Purchase)


async def test_a_purchase_whose_answer_was_lost_is_unknown_and_then_found(bench: Bench) -> None:
    parcel = bench.parcels[0]
    quote = await bench.carrier.quote(parcel, "label:a:1-1")
    await bench.aim("lost_reply")
    with pytest.raises(Ambiguous):
        await bench.carrier.buy(parcel, quote.shipment_reference, cheapest(quote))
    found = await bench.carrier.lookup(quote.shipment_reference)
    assert isinstance(found, Purchase)
    assert await bench.bought() == 1
    by_parcel = await bench.carrier.find(parcel, "label:a:1-1")
    assert isinstance(by_parcel, Purchase)
    assert by_parcel.tracking_number == found.tracking_number


async def test_a_purchase_that_failed_on_the_other_side_is_unknown_and_then_not_found(bench: Bench) -> None:
    parcel = bench.parcels[0]
    quote = await bench.carrier.quote(parcel, "label:a:1-1")
    await bench.aim("server_error")
    with pytest.raises(Ambiguous):
        await bench.carrier.buy(parcel, quote.shipment_reference, cheapest(quote))
    assert isinstance(await bench.carrier.lookup(quote.shipment_reference), Quote)
    assert await bench.bought() == 0


async def test_throttling_is_known_to_have_done_nothing(bench: Bench) -> None:
    parcel = bench.parcels[0]
    quote = await bench.carrier.quote(parcel, "label:a:1-1")
    await bench.aim("throttled")
    with pytest.raises(Retryable) as failure:
        await bench.carrier.buy(parcel, quote.shipment_reference, cheapest(quote))
    assert failure.value.postponed
    assert await bench.bought() == 0


async def test_no_purchase_is_found_of_a_parcel_that_was_not_bought(bench: Bench) -> None:
    await buy(bench, 0)
    found = await bench.carrier.find(bench.parcels[1], "label:1:1-1")
    assert not isinstance(found, Purchase | Pending)
    assert await bench.bought() == 1


async def test_each_parcel_has_a_label_of_its_own(bench: Bench) -> None:
    _, first = await buy(bench, 0)
    _, second = await buy(bench, 1)
    assert first.tracking_number != second.tracking_number
    assert (await bench.carrier.label(first)).document != (await bench.carrier.label(second)).document
    assert await bench.bought() == 2


async def test_a_label_is_taken_back_as_far_as_its_provider_does_that(bench: Bench) -> None:
    _, purchase = await buy(bench)
    assert await bench.carrier.void(purchase.shipment_reference) is bench.gives_back
    assert await bench.carrier.void_state(purchase.shipment_reference) is bench.gives_back


async def test_a_label_that_nobody_scanned_is_followed_from_its_purchase_on(bench: Bench) -> None:
    _, purchase = await buy(bench)
    track = await bench.carrier.track(purchase.tracker_reference)
    assert (track.tracking_number, track.status) == (purchase.tracking_number, TrackingStatus.LABEL_CREATED)
    assert not track.is_return


async def test_what_a_provider_cannot_convert_it_says(bench: Bench) -> None:
    _, purchase = await buy(bench)
    with pytest.raises(Terminal) as failure:
        await bench.carrier.convert(purchase.shipment_reference, LabelFormat.EPL2)
    assert failure.value.code == "carrier.no_format"
