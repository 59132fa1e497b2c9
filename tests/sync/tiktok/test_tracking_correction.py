"""Correcting a tracking number that TikTok knows: asked first, told once, and what is unclear is looked up before it is told again."""

from __future__ import annotations

from typing import Any

from engine.identifiers import ShopId
from engine.ports.outcomes import Claim, Done, Failed, Outcome, PackageShipped, Unsure
from engine.words import EffectKind
from sync.tiktok.connected import ConnectedShop
from sync.tiktok.deliveries import ship_package_handler
from tests.sync.outside import tiktok_at
from tests.sync.recorded_desk import RecordedDesk, claim_of
from tests.sync.scripted_server import scripted
from tests.sync.tiktok.test_deliveries import Told, lines_with, ok, plain_order, refused, ship_request, tracking_number

OURS, OTHER = tracking_number(1), "9400111"


async def corrected(told: Told, **claim: Any) -> tuple[Outcome | None, RecordedDesk, Claim]:
    desk, request = RecordedDesk(), ship_request(plain_order(), 1)
    desk.shipments[request.package_id] = request
    asked = claim_of(EffectKind.UPDATE_TRACKING, request.package_id, **claim)
    async with scripted(told) as server, tiktok_at(server.url) as (client, _):

        async def shop_of(_: ShopId) -> ConnectedShop:
            return ConnectedShop(client, "C")

        await ship_package_handler(shop_of)([asked], desk)
    return desk.outcomes.get(asked.effect_id), desk, asked


async def test_another_number_is_corrected_by_one_call_after_its_checkpoint() -> None:
    told = Told(plain_order(**lines_with(OTHER)), ok({}))
    outcome, desk, claim = await corrected(told)
    assert outcome == Done(PackageShipped(""))
    assert told.ship_calls == 1
    assert desk.checkpoints == [(claim.effect_id, OURS)]


async def test_a_number_that_is_ours_already_is_adopted_without_a_call() -> None:
    told = Told(plain_order(**lines_with(OURS)), ok({}))
    outcome, desk, _ = await corrected(told, ambiguous=True, attempt=2, provider_reference=OURS)
    assert outcome == Done(PackageShipped("1153"))
    assert (told.ship_calls, desk.checkpoints) == (0, [])


async def test_a_lost_answer_is_unsure_and_the_next_claim_finds_what_became_of_it() -> None:
    told = Told(plain_order(**lines_with(OTHER)), None, lines_with(OURS))
    outcome, _, _ = await corrected(told)
    assert isinstance(outcome, Unsure)
    assert outcome.provider_reference == OURS
    assert told.ship_calls == 1
    again, _, _ = await corrected(told, ambiguous=True, attempt=2, provider_reference=OURS)
    assert again == Done(PackageShipped("1153"))
    assert told.ship_calls == 1, "it had happened: nothing is told twice"


async def test_a_lost_answer_to_what_did_not_happen_is_told_again() -> None:
    told = Told(plain_order(**lines_with(OTHER)), None)
    outcome, _, _ = await corrected(told)
    assert isinstance(outcome, Unsure)
    told.answer = ok({})
    again, _, _ = await corrected(told, ambiguous=True, attempt=2, provider_reference=OURS)
    assert again == Done(PackageShipped(""))
    assert told.ship_calls == 2


async def test_a_number_that_can_no_longer_be_changed_is_for_a_person() -> None:
    outcome, _, _ = await corrected(Told(plain_order(**lines_with(OTHER)), refused(21011049)))
    assert isinstance(outcome, Failed)
    assert outcome.code == "tiktok.tracking_fixed"
