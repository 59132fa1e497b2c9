"""TikTok Shipping: bought once, adopted when it was bought before, waited for when it is not ready, and never against a buyer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from engine.errors import Retryable, Terminal
from engine.ports.outcomes import Done, Failed, LabelBought, LabelVoided, Outcome, Postponed, Unsure
from engine.ports.requests import ParcelRequest
from engine.words import EffectKind, TrackingStatus
from sync.shipping.carriers import Carriers
from sync.shipping.deliveries import buy_label_handler, void_label_handler
from sync.shipping.port import LabelFormat, Pending, Purchase
from sync.shipping.tiktok_documents import TikTokDocument, TikTokDocuments
from sync.shipping.tiktok_shipping import TikTokShipping, TikTokShippingSettings
from sync.simulator.scenario import Timings
from sync.tiktok.connected import ConnectedShop
from tests.sync.outside import AT_ONCE, Outside, outside, tiktok_at
from tests.sync.recorded_desk import RecordedDesk, claim_of
from tests.sync.scripted_server import Received, reply, scripted
from tests.sync.shipping.parcels import parcel, parcel_of
from tests.sync.simulator.conftest import MovableClock


@pytest.fixture
async def world() -> AsyncIterator[Outside]:
    async with outside(orders=20, tiktok_shipping_share=1.0) as world:
        yield world


async def parcels_of(world: Outside) -> list[ParcelRequest]:
    return [parcel_of(order) for order in await world.raw_orders() if order["status"] == "AWAITING_SHIPMENT"]


def carriers(world: Outside) -> Carriers:
    async def shop_of(_: object) -> ConnectedShop:
        return world.shop

    return Carriers(world.easypost, shop_of)


async def buy(world: Outside, parcel: ParcelRequest, desk: RecordedDesk | None = None, **more: Any) -> Outcome:
    desk = desk or RecordedDesk()
    desk.parcels[parcel.package_id] = parcel
    claim = claim_of(EffectKind.BUY_LABEL, parcel.package_id, key=f"label:{parcel.package_id}:1", **more)
    await buy_label_handler(carriers(world))([claim], desk)
    return desk.outcomes[claim.effect_id]


async def aim(world: Outside, operation: str, failure: str) -> None:
    (await world.admin.post("/admin/aim", json={"operation": operation, "failure": failure})).raise_for_status()


def label(outcome: Outcome) -> LabelBought:
    assert isinstance(outcome, Done), outcome
    assert isinstance(outcome.result, LabelBought)
    return outcome.result


async def test_a_parcel_that_tiktok_ships_gets_its_label_from_tiktok(world: Outside) -> None:
    request = (await parcels_of(world))[0]
    bought = label(await buy(world, request))
    assert (bought.provider, bought.carrier, bought.service) == ("tiktok", "Demo Express", "TikTok Standard")
    assert bought.tracking_number.startswith("DX")
    assert bought.document.startswith(b"%PDF-")
    assert bought.cost is not None
    assert bought.tiktok_package_id
    state = await world.state()
    assert (state["tiktok_labels_bought"], state["labels_bought"]) == (1, 0)


async def test_its_own_word_chooses_another_service(world: Outside) -> None:
    request = (await parcels_of(world))[0]
    assert label(await buy(world, request, request={"rate_rule": "fastest"})).service == "TikTok Express"


async def test_a_shops_rule_for_carriers_does_not_bind_tiktok(world: Outside) -> None:
    request = replace((await parcels_of(world))[0], rate_rule="service:Priority")
    assert label(await buy(world, request)).service == "TikTok Standard"


async def test_a_purchase_whose_answer_was_lost_is_adopted_and_not_repeated(world: Outside) -> None:
    request = (await parcels_of(world))[0]
    await aim(world, "tiktok.shipping.create_package", "lost_reply")
    first_desk = RecordedDesk()
    lost = await buy(world, request, first_desk)
    assert isinstance(lost, Unsure)
    assert lost.after_seconds, "what was bought is given time to show"
    reference = first_desk.checkpoints[0][1]
    desk = RecordedDesk()
    adopted = label(await buy(world, request, desk, ambiguous=True, provider_reference=reference, attempt=2))
    assert desk.checkpoints == [], "nothing is bought"
    state = await world.state()
    assert (state["tiktok_labels_bought"], state["tiktok_double_buys_refused"]) == (1, 0)
    assert adopted.cost is None, "TikTok does not tell the price again"


async def test_a_label_that_somebody_bought_in_the_seller_centre_is_adopted_at_the_first_attempt(
    world: Outside,
) -> None:
    request = (await parcels_of(world))[0]
    there = label(await buy(world, request))
    again = label(await buy(world, request))
    assert again.tracking_number == there.tracking_number
    state = await world.state()
    assert (state["tiktok_labels_bought"], state["tiktok_double_buys_refused"]) == (1, 0)


async def test_an_error_before_the_purchase_leaves_nothing_unsure(world: Outside) -> None:
    request = (await parcels_of(world))[0]
    down = {"operation": "tiktok.shipping.services", "failure": "server_error", "calls": [1, 2, 3]}
    (await world.admin.post("/admin/aim", json=down)).raise_for_status()
    outcome = await buy(world, request)
    assert isinstance(outcome, Postponed)
    assert (await world.state())["tiktok_labels_bought"] == 0


async def test_a_withdrawn_claim_buys_nothing(world: Outside) -> None:
    request = (await parcels_of(world))[0]
    desk = RecordedDesk(parcels={request.package_id: request})
    claim = claim_of(EffectKind.BUY_LABEL, request.package_id)
    desk.withdrawn.add(claim.effect_id)
    await buy_label_handler(carriers(world))([claim], desk)
    assert desk.outcomes == {}
    assert (await world.state())["tiktok_labels_bought"] == 0


async def test_a_label_that_is_not_ready_is_asked_for_again_without_burning_a_try_and_never_bought_twice() -> None:
    clock = MovableClock()
    timings = Timings(0, 0, 3600, 3600, 3600, label_after_seconds=60)
    async with outside(orders=6, tiktok_shipping_share=1.0, timings=timings, clock=clock) as world:
        request = (await parcels_of(world))[0]
        desk = RecordedDesk()
        waiting = await buy(world, request, desk)
        assert isinstance(waiting, Unsure)
        assert (waiting.code, waiting.burns_attempt) == ("tiktok.label_not_ready", False)
        assert waiting.provider_reference == desk.checkpoints[0][1]
        clock.now += 61
        bought = label(
            await buy(world, request, ambiguous=True, provider_reference=waiting.provider_reference, attempt=1)
        )
        assert bought.document.startswith(b"%PDF-")
        assert (await world.state())["tiktok_labels_bought"] == 1


async def test_a_label_that_the_carrier_has_scanned_meanwhile_stops_in_front_of_a_person() -> None:
    clock = MovableClock()
    async with outside(orders=6, tiktok_shipping_share=1.0, timings=AT_ONCE, clock=clock) as world:
        request = (await parcels_of(world))[0]
        await buy(world, request)
        clock.now += 3601
        outcome = await buy(world, request)
        assert isinstance(outcome, Failed)
        assert outcome.code == "tiktok.label_gone"


async def test_an_order_on_hold_waits_and_a_cancelled_one_fails() -> None:
    async with outside(orders=40, tiktok_shipping_share=1.0, timings=Timings(0, 3600, 3600, 3600, 3600)) as world:
        raw = (await world.raw_orders())[0]
        lines = tuple(line["id"] for line in raw["line_items"])
        request = replace(parcel(tiktok_order_id=raw["id"]), shipping_type="TIKTOK", tiktok_line_ids=lines)
        outcome = await buy(world, request)
        assert isinstance(outcome, Postponed)
        assert (outcome.code, outcome.burns_attempt) == ("tiktok.on_hold", False)
    clock = MovableClock()
    async with outside(orders=60, tiktok_shipping_share=1.0, clock=clock) as world:
        clock.now += 2
        raw = next(order for order in await world.raw_orders() if order["status"] == "CANCELLED")
        lines = tuple(line["id"] for line in raw["line_items"])
        request = replace(parcel(tiktok_order_id=raw["id"]), shipping_type="TIKTOK", tiktok_line_ids=lines)
        outcome = await buy(world, request)
        assert isinstance(outcome, Failed)
        assert outcome.code == "order_cancelled"
        assert (await world.state())["tiktok_labels_bought"] == 0


ORDER: dict[str, Any] = {
    "id": "577000000000000001",
    "status": "AWAITING_SHIPMENT",
    "line_items": [{"id": "577000000000000101", "package_status": "TO_FULFILL"}],
}


async def asked_of(order: dict[str, Any], region: str = "US", **more: Any) -> Any:
    """What the adapter makes of an order of TikTok's, for the parcel of its first unit and those in `more`."""

    def script(request: Received) -> bytes:
        return reply({"code": 0, "message": "Success", "request_id": "r", "data": {"orders": [order]}})

    lines = more.get("lines", ("577000000000000101",))
    request = replace(
        parcel(tiktok_order_id=order["id"]),
        shipping_type="TIKTOK",
        tiktok_line_ids=lines,
        cancel_rejected=more.get("rejected", False),
    )
    async with scripted(script) as server, tiktok_at(server.url) as (client, _):
        carrier = TikTokShipping(ConnectedShop(client, "cipher", region), TikTokShippingSettings())
        return await carrier.find(request, "label:1-1")


async def test_a_buyer_who_asks_to_cancel_is_answered_by_a_person_first() -> None:
    with pytest.raises(Terminal) as failure:
        await asked_of({**ORDER, "is_buyer_request_cancel": True})
    assert failure.value.code == "cancel_requested"


async def test_a_no_is_said_by_buying_the_label_where_the_market_wants_it_so() -> None:
    asks = {**ORDER, "is_buyer_request_cancel": True}
    assert await asked_of(asks, region="US", rejected=True) is None
    with pytest.raises(Terminal) as failure:
        await asked_of(asks, region="GB", rejected=True)
    assert failure.value.code == "cancel_requested"


async def test_where_tiktok_makes_packages_itself_one_that_is_missing_is_not_bought() -> None:
    with pytest.raises(Terminal) as failure:
        await asked_of(ORDER, region="MY")
    assert failure.value.code == "tiktok.no_package"
    assert await asked_of(ORDER, region="US") is None


async def test_units_that_tiktok_has_packed_apart_are_not_labelled_together() -> None:
    lines = [{"id": f"57700000000000010{n}", "package_id": f"115300000000000000{n}"} for n in (1, 2)]
    with pytest.raises(Terminal) as failure:
        await asked_of({**ORDER, "line_items": lines}, lines=tuple(line["id"] for line in lines))
    assert failure.value.code == "tiktok.packed_otherwise"


async def test_an_arranged_package_without_a_number_is_pending() -> None:
    line = {"id": "577000000000000101", "package_id": "1153000000000000001", "package_status": "PROCESSING"}
    found = await asked_of({**ORDER, "status": "AWAITING_COLLECTION", "line_items": [line]})
    assert isinstance(found, Pending)


async def test_a_cancelled_package_is_not_adopted() -> None:
    line = {"id": "577000000000000101", "package_id": "1", "package_status": "CANCELLED", "tracking_number": "DX1"}
    found = await asked_of({**ORDER, "line_items": [line, {**line, "id": "577000000000000102"}]}, region="US")
    assert not isinstance(found, Purchase)


async def test_voiding_says_that_tiktok_takes_nothing_back(world: Outside) -> None:
    desk = RecordedDesk()
    claim = claim_of(EffectKind.VOID_LABEL, provider_reference="tiktok:577000000000000001:577000000000000101")
    await void_label_handler(carriers(world))([claim], desk)
    assert desk.outcomes[claim.effect_id] == Done(LabelVoided(refunded=False))


async def test_a_parcel_is_followed_until_it_arrives() -> None:
    clock = MovableClock()
    async with outside(orders=6, tiktok_shipping_share=1.0, timings=AT_ONCE, clock=clock) as world:
        bought = label(await buy(world, (await parcels_of(world))[0]))
        carrier = TikTokShipping(world.shop, TikTokShippingSettings())
        bought_at = clock.now
        clock.now += 1
        first = await carrier.track(bought.tracker_reference)
        clock.now += 3600
        last = await carrier.track(bought.tracker_reference)
    assert (first.status, last.status) == (TrackingStatus.LABEL_CREATED, TrackingStatus.DELIVERED)
    assert {first.tracking_number, last.tracking_number} == {bought.tracking_number}
    # TikTok tells these times in milliseconds.
    assert (first.occurred_at.timestamp(), last.occurred_at.timestamp()) == (bought_at, bought_at + 3600)


@pytest.mark.parametrize(
    ("document_type", "size", "starts", "told"),
    [
        (TikTokDocument.SHIPPING_LABEL, "", b"%PDF-", b"SHIPPING_LABEL A6"),
        (TikTokDocument.PACKING_SLIP, "A5", b"%PDF-", b"PACKING_SLIP A5"),
        (TikTokDocument.HAZMAT_LABEL, "A5", b"%PDF-", b"HAZMAT_LABEL A4"),
        (TikTokDocument.SHIPPING_LABEL_PICTURE, "", b"\x89PNG", b""),
    ],
)
async def test_documents_are_printed_in_the_sizes_that_are_offered(
    world: Outside, document_type: TikTokDocument, size: str, starts: bytes, told: bytes
) -> None:
    bought = label(await buy(world, (await parcels_of(world))[0]))
    document = await TikTokDocuments(world.shop).document(bought.tiktok_package_id, document_type, size=size)
    assert document.document.startswith(starts)
    assert told in document.document


async def test_zpl_is_printed_where_tiktok_does_and_refused_elsewhere(world: Outside) -> None:
    bought = label(await buy(world, (await parcels_of(world))[0]))
    carrier = TikTokShipping(world.shop, TikTokShippingSettings(label_format="ZPL"))
    with pytest.raises(Terminal):
        await carrier.convert(bought.shipment_reference, LabelFormat.ZPL)
    async with outside(orders=6, region="BR", tiktok_shipping_share=1.0) as brazil:
        theirs = label(await buy(brazil, (await parcels_of(brazil))[0]))
        carrier = TikTokShipping(brazil.shop, TikTokShippingSettings(label_format="ZPL"))
        printed = await carrier.convert(theirs.shipment_reference, LabelFormat.ZPL)
    assert (printed.media_type, printed.document[:3]) == ("application/zpl", b"^XA")


async def test_a_document_is_fetched_without_the_token_and_never_in_the_clear() -> None:
    async with scripted(lambda _: reply(body=b"%PDF-1.4")) as server, tiktok_at(server.url) as (client, _):
        await client.fetch(f"{server.url}/file.pdf", doing="fetch a document")
        assert "x-tts-access-token" not in server.received[0].headers
        with pytest.raises(Terminal) as failure:
            await client.fetch("http://files.example/1.pdf", doing="fetch a document")
        assert len(server.received) == 1
    assert failure.value.code == "tiktok.file_not_safe"


async def test_an_address_that_has_expired_gives_nothing() -> None:
    clock = MovableClock()
    async with outside(orders=6, tiktok_shipping_share=1.0, clock=clock) as world:
        bought = label(await buy(world, (await parcels_of(world))[0]))
        link = await world.shop.shipping.document(bought.tiktok_package_id, "SHIPPING_LABEL")
        await world.shop.shipping.fetch(link)
        clock.now += 24 * 3600
        with pytest.raises(Retryable):
            await world.shop.shipping.fetch(link)
