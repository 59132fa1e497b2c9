"""Labels are bought once, whatever happens to the answers, and what cannot be bought says why."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import orjson
import pytest

from engine.identifiers import PackageId, new_id
from engine.ports.outcomes import Claim, Done, Failed, LabelBought, LabelVoided, Outcome, Postponed, Unsure
from engine.ports.requests import ParcelItem, ParcelRequest
from engine.words import EffectKind
from sync.shipping.carriers import Carriers
from sync.shipping.deliveries import LabelSettings, buy_label_handler, void_label_handler
from sync.shipping.port import Carrier
from tests.sync.outside import Outside, easypost_at, outside
from tests.sync.recorded_desk import RecordedDesk, claim_of
from tests.sync.scripted_server import Received, reply, scripted
from tests.sync.shipping.parcels import BUYER, parcel, parcel_of
from tests.sync.shipping.test_wire import BOUGHT


@pytest.fixture
async def world() -> AsyncIterator[Outside]:
    async with outside(orders=60) as world:
        yield world


async def requests_of(world: Outside, number: int) -> list[ParcelRequest]:
    waiting = [order for order in await world.raw_orders() if order["status"] == "AWAITING_SHIPMENT"]
    whole = [order for order in waiting if order["recipient_address"]["postal_code"] not in ("", "00000")]
    return [parcel_of(order) for order in whole[:number]]


async def buy(
    carrier: Carrier, desk: RecordedDesk, requests: Sequence[ParcelRequest], **more: Any
) -> tuple[list[Claim], list[Outcome]]:
    desk.parcels |= {request.package_id: request for request in requests}
    claims = [claim_of(EffectKind.BUY_LABEL, request.package_id, **more) for request in requests]
    await buy_label_handler(Carriers(carrier))(claims, desk)
    return claims, [desk.outcomes[claim.effect_id] for claim in claims if claim.effect_id in desk.outcomes]


def code_of(outcome: Outcome) -> str:
    assert isinstance(outcome, Failed)
    return outcome.code


async def test_a_batch_of_labels_is_bought_once_each(world: Outside) -> None:
    desk = RecordedDesk()
    claims, outcomes = await buy(world.easypost, desk, await requests_of(world, 20))
    labels = [outcome.result for outcome in outcomes if isinstance(outcome, Done)]
    assert len(labels) == 20
    assert all(isinstance(label, LabelBought) and label.document.startswith(b"%PDF-") for label in labels)
    assert sorted(effect_id for effect_id, _ in desk.checkpoints) == sorted(claim.effect_id for claim in claims)
    state = await world.state()
    assert (state["labels_bought"], state["orders_with_two_labels"]) == (20, 0)


async def test_the_checkpoint_names_the_shipment_that_is_then_bought(world: Outside) -> None:
    desk = RecordedDesk()
    _, (outcome,) = await buy(world.easypost, desk, await requests_of(world, 1))
    assert isinstance(outcome, Done)
    assert isinstance(outcome.result, LabelBought)
    assert [reference for _, reference in desk.checkpoints] == [outcome.result.shipment_reference]


async def test_a_withdrawn_claim_buys_nothing_and_is_not_settled(world: Outside) -> None:
    class Withdrawn(RecordedDesk):
        async def checkpoint(self, claim: Claim, provider_reference: str) -> bool:
            return False

    desk = Withdrawn()
    _, outcomes = await buy(world.easypost, desk, await requests_of(world, 1))
    assert outcomes == []
    assert (await world.state())["labels_bought"] == 0


async def test_a_label_bought_by_an_attempt_that_died_is_adopted(world: Outside) -> None:
    (request,) = await requests_of(world, 1)
    key = f"label:{request.package_id}:1"
    quote = await world.easypost.quote(request, f"{key}-1")
    purchase = await world.easypost.buy(request, quote.shipment_reference, quote.rates[0])
    desk = RecordedDesk()
    _, (outcome,) = await buy(
        world.easypost, desk, [request], key=key, ambiguous=True, provider_reference=quote.shipment_reference
    )
    assert isinstance(outcome, Done)
    assert isinstance(outcome.result, LabelBought)
    assert outcome.result.tracking_number == purchase.tracking_number
    assert outcome.result.cost == purchase.cost
    assert desk.checkpoints == []
    assert (await world.state())["labels_bought"] == 1


async def test_a_shipment_that_an_attempt_left_unbought_is_bought_not_doubled(world: Outside) -> None:
    (request,) = await requests_of(world, 1)
    key = f"label:{request.package_id}:1"
    quote = await world.easypost.quote(request, f"{key}-1")
    _, (outcome,) = await buy(
        world.easypost, RecordedDesk(), [request], key=key, ambiguous=True, provider_reference=quote.shipment_reference
    )
    assert isinstance(outcome, Done)
    state = await world.state()
    assert (state["shipments"], state["labels_bought"]) == (1, 1)


async def test_a_label_is_adopted_even_when_its_parcel_is_gone_so_that_it_can_be_voided(world: Outside) -> None:
    (request,) = await requests_of(world, 1)
    quote = await world.easypost.quote(request, "label:p:1-1")
    await world.easypost.buy(request, quote.shipment_reference, quote.rates[0])
    desk = RecordedDesk()
    claim = claim_of(
        EffectKind.BUY_LABEL, PackageId(new_id()), key="label:p:1", provider_reference=quote.shipment_reference
    )
    await buy_label_handler(Carriers(world.easypost))([claim], desk)
    assert isinstance(desk.outcomes[claim.effect_id], Done)


async def test_a_shipment_of_another_parcel_is_never_adopted(world: Outside) -> None:
    (request,) = await requests_of(world, 1)
    quote = await world.easypost.quote(request, "label:somebody-else:1-1")
    await world.easypost.buy(request, quote.shipment_reference, quote.rates[0])
    _, (outcome,) = await buy(
        world.easypost, RecordedDesk(), [request], key="label:p:1", provider_reference=quote.shipment_reference
    )
    assert code_of(outcome) == "label_mismatch"


async def test_a_voided_label_is_not_adopted(world: Outside) -> None:
    (request,) = await requests_of(world, 1)
    quote = await world.easypost.quote(request, "label:p:1-1")
    await world.easypost.buy(request, quote.shipment_reference, quote.rates[0])
    await world.easypost.void(quote.shipment_reference)
    _, (outcome,) = await buy(
        world.easypost, RecordedDesk(), [request], key="label:p:1", provider_reference=quote.shipment_reference
    )
    assert code_of(outcome) == "label_voided"


async def test_lost_answers_end_in_one_label_each(world: Outside) -> None:
    requests = {request.package_id: request for request in await requests_of(world, 15)}
    await world.faults(lost_reply=0.4, server_error=0.15, gateway_error=0.1, throttled=0.05)
    references: dict[PackageId, str] = {}
    done: set[PackageId] = set()
    for _ in range(15):
        left = [request for package_id, request in requests.items() if package_id not in done]
        if not left:
            break
        desk = RecordedDesk(parcels=dict(requests))
        claims = [
            claim_of(
                EffectKind.BUY_LABEL,
                request.package_id,
                key=f"label:{request.package_id}:1",
                provider_reference=references.get(request.package_id, ""),
            )
            for request in left
        ]
        await buy_label_handler(Carriers(world.easypost))(claims, desk)
        package_of = {claim.effect_id: request.package_id for claim, request in zip(claims, left, strict=True)}
        references |= {package_of[effect_id]: reference for effect_id, reference in desk.checkpoints}
        for effect_id, outcome in desk.outcomes.items():
            assert isinstance(outcome, Done | Unsure | Postponed), outcome
            if isinstance(outcome, Done):
                done.add(package_of[effect_id])
    assert len(done) == 15
    state = await world.state()
    assert (state["labels_bought"], state["orders_with_two_labels"]) == (15, 0)
    assert state["faults"]["lost_reply"] > 0


async def test_no_weight_is_a_failure_with_a_mend() -> None:
    request = replace(
        parcel(weight_grams=0), items=(ParcelItem("BOWL-LG", "Bowl", 1, 0), ParcelItem("MUG", "Mug", 1, 5))
    )
    async with easypost_at("http://127.0.0.1:1") as easypost:
        _, (outcome,) = await buy(easypost, RecordedDesk(), [request])
    assert outcome == Failed("missing_weight", "No weight is known for BOWL-LG; enter it in Inventory, then retry.")


async def test_a_parcel_across_a_border_asks_for_a_person() -> None:
    request = parcel(ship_to=replace(BUYER, country="CA"))
    async with easypost_at("http://127.0.0.1:1") as easypost:
        _, (outcome,) = await buy(easypost, RecordedDesk(), [request])
    assert code_of(outcome) == "customs_missing"


@pytest.mark.parametrize("postal_code", ["", "00000"])
async def test_an_address_that_no_carrier_goes_to_is_a_bad_address(world: Outside, postal_code: str) -> None:
    requests = [
        parcel(ship_to=replace(BUYER, postal_code=postal_code, line1=f"{number} Sample Rd")) for number in range(6)
    ]
    _, outcomes = await buy(world.easypost, RecordedDesk(), requests)
    assert {code_of(outcome) for outcome in outcomes} == {"bad_address"}
    assert (await world.state())["labels_bought"] == 0


async def test_a_parcel_that_no_carrier_takes_has_no_rates(world: Outside) -> None:
    _, (outcome,) = await buy(world.easypost, RecordedDesk(), [parcel(weight_grams=60_000)])
    assert code_of(outcome) == "no_rates"


async def test_what_the_carrier_refuses_fails_with_its_sentence_until_it_is_mended() -> None:
    async with outside(orders=200) as world:
        raw = {order["id"]: order for order in await world.raw_orders() if order["status"] == "AWAITING_SHIPMENT"}
        whole = [order for order in raw.values() if order["recipient_address"]["postal_code"] not in ("", "00000")]
        requests = [parcel_of(order) for order in whole]
        _, outcomes = await buy(world.easypost, RecordedDesk(), requests)
        failed = {
            request.package_id: outcome
            for request, outcome in zip(requests, outcomes, strict=True)
            if isinstance(outcome, Failed)
        }
        assert len(failed) == world.simulator.scenario.foretold()["carrier_refused"] > 0
        assert {outcome.code for outcome in failed.values()} == {"carrier_refused"}
        assert all("suspended for this destination" in outcome.sentence for outcome in failed.values())
        (await world.admin.post("/admin/mend", json={"all": True})).raise_for_status()
        again = [request for request in requests if request.package_id in failed]
        _, outcomes = await buy(world.easypost, RecordedDesk(), again)
        assert all(isinstance(outcome, Done) for outcome in outcomes)


async def test_a_claim_may_name_its_own_rule_for_rates(world: Outside) -> None:
    requests = await requests_of(world, 2)
    _, (cheap,) = await buy(world.easypost, RecordedDesk(), requests[:1], request={"rate_rule": "cheapest"})
    _, (fast,) = await buy(world.easypost, RecordedDesk(), requests[1:], request={"rate_rule": "fastest"})
    _, (none,) = await buy(world.easypost, RecordedDesk(), requests[:1], request={"rate_rule": "carrier:Rocket"})
    assert isinstance(cheap, Done)
    assert isinstance(fast, Done)
    assert isinstance(cheap.result, LabelBought)
    assert isinstance(fast.result, LabelBought)
    assert cheap.result.cost is not None
    assert fast.result.cost is not None
    assert cheap.result.cost < fast.result.cost
    assert code_of(none) == "no_rates"
    assert isinstance(none, Failed)
    assert none.sentence.startswith("There is no offer of the carrier 'Rocket' for this parcel; it can go with ")


async def test_a_parcel_that_is_gone_buys_nothing() -> None:
    desk, claim = RecordedDesk(), claim_of(EffectKind.BUY_LABEL, PackageId(new_id()))
    async with easypost_at("http://127.0.0.1:1") as easypost:
        await buy_label_handler(Carriers(easypost))([claim], desk)
    assert code_of(desk.outcomes[claim.effect_id]) == "package_gone"


async def test_an_unreachable_carrier_postpones() -> None:
    async with scripted(lambda _: None) as server:
        pass
    async with easypost_at(server.url) as easypost:
        desk = RecordedDesk()
        _, (outcome,) = await buy(easypost, desk, [parcel()])
    assert isinstance(outcome, Postponed)
    assert (outcome.code, outcome.burns_attempt) == ("carrier.unreachable", True)
    assert desk.checkpoints == []


@dataclass(slots=True)
class Told:
    """A scripted EasyPost with one shipment; `buys` are its answers to buying, one after the other."""

    buys: list[bytes | None]
    prices: list[str] = field(default_factory=lambda: ["7.31", "7.50"])
    label: bytes | None = field(default_factory=lambda: reply(body=b"%PDF-1.4"))
    url: str = ""
    quotes: int = 0
    bought_rates: list[str] = field(default_factory=list)

    def __call__(self, request: Received) -> bytes | None:
        if request.target.endswith("/buy"):
            self.bought_rates.append(orjson.loads(request.body)["rate"]["id"])
            return self.buys.pop(0)
        if request.target.startswith("/files/"):
            return self.label
        if request.method == "POST":
            price, self.quotes = self.prices[self.quotes], self.quotes + 1
            rate = {
                "id": f"rate_{self.quotes}",
                "carrier": "USPS",
                "service": "Ground",
                "rate": price,
                "currency": "USD",
            }
            return reply({"id": "shp_01", "rates": [rate]}, status=201)
        return reply({"id": "shp_01", "rates": []})

    def sold(self) -> bytes:
        label = {"label_url": f"{self.url}/files/1.pdf"}
        return reply(BOUGHT | {"reference": "label:p:1-1", "postage_label": label})


STALE = reply({"error": {"code": "SHIPMENT.RATES.UNAVAILABLE", "message": "Rate again."}}, status=422)


async def told_outcome(told: Told, *, sells: bool = False) -> tuple[Outcome, RecordedDesk]:
    async with scripted(told) as server, easypost_at(server.url) as easypost:
        told.url = server.url
        if sells:
            told.buys.append(told.sold())
        desk = RecordedDesk()
        _, (outcome,) = await buy(easypost, desk, [parcel()], key="label:p:1")
    return outcome, desk


async def test_a_stale_offer_is_renewed_once_and_checkpointed_again() -> None:
    told = Told([STALE])
    outcome, desk = await told_outcome(told, sells=True)
    assert isinstance(outcome, Done)
    assert told.bought_rates == ["rate_1", "rate_2"]
    assert [reference for _, reference in desk.checkpoints] == ["shp_01", "shp_01"]


async def test_an_offer_that_stays_stale_is_given_up() -> None:
    outcome, _ = await told_outcome(Told([STALE, STALE]))
    assert code_of(outcome) == "no_rates"


async def test_a_price_that_rises_while_buying_is_for_a_person() -> None:
    told = Told([STALE], prices=["7.31", "9.99"])
    outcome, _ = await told_outcome(told)
    assert code_of(outcome) == "rate_changed"
    assert told.bought_rates == ["rate_1"]


async def test_a_lost_purchase_is_unsure_with_the_shipment_to_ask_about() -> None:
    outcome, _ = await told_outcome(Told([None]))
    assert isinstance(outcome, Unsure)
    assert (outcome.code, outcome.provider_reference) == ("carrier.no_answer", "shp_01")


@pytest.mark.parametrize("label", [None, reply(status=404, body=b"gone"), reply(body=b"")])
async def test_a_bought_label_whose_file_cannot_be_fetched_is_unsure_not_failed(label: bytes | None) -> None:
    outcome, _ = await told_outcome(Told([], label=label), sells=True)
    assert isinstance(outcome, Unsure)
    assert outcome.provider_reference == "shp_01"
    assert outcome.sentence.startswith("The label is bought but not fetched yet.")


async def void(carrier: Carrier, reference: str, **more: Any) -> tuple[Outcome | None, RecordedDesk]:
    desk, claim = RecordedDesk(), claim_of(EffectKind.VOID_LABEL, provider_reference=reference, **more)
    await void_label_handler(Carriers(carrier))([claim], desk)
    return desk.outcomes.get(claim.effect_id), desk


async def test_a_label_is_voided_once(world: Outside) -> None:
    (request,) = await requests_of(world, 1)
    quote = await world.easypost.quote(request, "label:p:1-1")
    await world.easypost.buy(request, quote.shipment_reference, quote.rates[0])
    outcome, desk = await void(world.easypost, quote.shipment_reference)
    assert outcome == Done(LabelVoided(refunded=True))
    assert len(desk.checkpoints) == 1
    again, desk = await void(world.easypost, quote.shipment_reference, ambiguous=True)
    assert again == Done(LabelVoided(refunded=True))
    assert desk.checkpoints == []
    assert (await world.state())["labels_voided"] == 1


async def test_a_label_that_cannot_be_given_back_says_so(world: Outside) -> None:
    (request,) = await requests_of(world, 1)
    quote = await world.easypost.quote(request, "label:p:1-1")
    outcome, _ = await void(world.easypost, quote.shipment_reference)
    assert outcome == Done(LabelVoided(refunded=False))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (reply(BOUGHT | {"refund_status": "refunded"}), Done(LabelVoided(refunded=True))),
        (reply(BOUGHT | {"refund_status": "not_applicable"}), Done(LabelVoided(refunded=False))),
    ],
)
async def test_the_carriers_word_for_a_void_decides(answer: bytes, expected: Outcome) -> None:
    async with scripted(lambda _: answer) as server, easypost_at(server.url) as easypost:
        outcome, _ = await void(easypost, "", request={"shipment_reference": "shp_01"})
    assert outcome == expected


async def test_a_rejected_void_is_for_a_person_and_an_unclear_one_is_asked_about() -> None:
    rejected = reply(BOUGHT | {"refund_status": "rejected"})
    async with scripted(lambda _: rejected) as server, easypost_at(server.url) as easypost:
        outcome, _ = await void(easypost, "shp_01")
    assert outcome is not None
    assert code_of(outcome) == "void_rejected"
    async with scripted(lambda _: None) as server, easypost_at(server.url) as easypost:
        outcome, _ = await void(easypost, "shp_01")
    assert isinstance(outcome, Unsure)
    assert outcome.provider_reference == "shp_01"


async def test_a_void_without_a_shipment_is_for_a_person() -> None:
    async with easypost_at("http://127.0.0.1:1") as easypost:
        outcome, _ = await void(easypost, "")
    assert outcome is not None
    assert code_of(outcome) == "nothing_to_void"


async def test_no_more_purchases_than_allowed_are_in_flight_at_once() -> None:
    in_flight = most = 0

    async def script(request: Received) -> bytes:
        nonlocal in_flight, most
        in_flight += 1
        most = max(most, in_flight)
        await asyncio.sleep(0.01)
        in_flight -= 1
        return reply({"id": "shp_01", "rates": []}, status=201)

    desk = RecordedDesk()
    async with scripted(script) as server, easypost_at(server.url) as easypost:
        requests = [parcel() for _ in range(30)]
        desk.parcels = {request.package_id: request for request in requests}
        claims = [claim_of(EffectKind.BUY_LABEL, request.package_id) for request in requests]
        await buy_label_handler(Carriers(easypost), LabelSettings(at_once=4))(claims, desk)
    assert most == 4
    assert len(desk.outcomes) == 30


def test_by_default_a_price_may_rise_by_a_tenth() -> None:
    assert LabelSettings().price_rise_allowed == Decimal("0.10")


async def test_an_unclear_void_that_did_not_happen_is_asked_for_again_and_one_that_did_is_not() -> None:
    calls: list[str] = []

    def carrier(request: Received) -> bytes | None:
        calls.append(request.method)
        if request.method == "GET":
            return reply(BOUGHT)
        return None if calls.count("POST") == 1 else reply(BOUGHT | {"refund_status": "submitted"})

    async with scripted(carrier) as server, easypost_at(server.url) as easypost:
        outcome, _ = await void(easypost, "shp_01")
        assert isinstance(outcome, Unsure)
        again, desk = await void(easypost, "shp_01", ambiguous=True, attempt=2)
    assert again == Done(LabelVoided(refunded=True))
    assert len(desk.checkpoints) == 1
    assert calls == ["POST", "GET", "POST"], "it asked before it did it again"
