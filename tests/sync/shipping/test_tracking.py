"""Open parcels are read a page at a time, and singly where the pages leave one out."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from engine.errors import Retryable
from engine.identifiers import OrderId, PackageId, ShopId, new_id
from engine.ports.outcomes import Done, LabelBought
from engine.ports.requests import OpenParcel, ShipRequest
from engine.words import EffectKind, TrackingStatus
from sync.shipping.carriers import Carriers
from sync.shipping.deliveries import buy_label_handler
from sync.shipping.tracking import read_tracking
from sync.simulator.scenario import Timings
from sync.tiktok.connected import ConnectedShop
from sync.tiktok.deliveries import ship_package_handler
from tests.sync.outside import Outside, easypost_at, outside
from tests.sync.recorded_desk import RecordedDesk, claim_of
from tests.sync.scripted_server import Received, ScriptedServer, reply, scripted
from tests.sync.shipping.parcels import parcel_of

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def opened(
    number: int, *, reference: str | None = None, labelled_at: datetime = NOW, carrier: str = "USPS"
) -> OpenParcel:
    return OpenParcel(
        package_id=PackageId(new_id()),
        order_id=OrderId(new_id()),
        carrier=carrier,
        tracking_number=f"94{number}",
        tracker_reference=f"trk_{number}" if reference is None else reference,
        labelled_at=labelled_at,
    )


def tracker(number: int, status: str = "in_transit", **changes: Any) -> dict[str, Any]:
    return {
        "id": f"trk_{number}",
        "tracking_code": f"94{number}",
        "carrier": "USPS",
        "status": status,
        "status_detail": "arrived_at_facility",
        "created_at": NOW.isoformat(),
        "updated_at": NOW.isoformat(),
        "tracking_details": [],
        **changes,
    }


class Trackers:
    """A scripted EasyPost with these trackers, newest first, in pages of two."""

    def __init__(self, *trackers: dict[str, Any], unlisted: tuple[dict[str, Any], ...] = ()) -> None:
        self.listed = trackers
        self.by_id = {tracker["id"]: tracker for tracker in (*trackers, *unlisted)}

    def __call__(self, request: Received) -> bytes:
        url = urlsplit(request.target)
        if url.path != "/v2/trackers":
            found = self.by_id.get(url.path.rpartition("/")[2])
            return reply(found) if found else reply({"error": {"code": "NOT_FOUND", "message": "no"}}, status=404)
        before = parse_qs(url.query).get("before_id", [""])[0]
        ids = [tracker["id"] for tracker in self.listed]
        start = ids.index(before) + 1 if before else 0
        return reply({"trackers": self.listed[start : start + 2], "has_more": start + 2 < len(ids)})


def targets(server: ScriptedServer) -> list[str]:
    return [urlsplit(request.target).path.removeprefix("/v2/") for request in server.received]


async def test_pages_are_read_only_until_every_open_parcel_is_covered() -> None:
    script = Trackers(*(tracker(number) for number in range(10, 0, -1)))
    async with scripted(script) as server, easypost_at(server.url) as easypost:
        facts = await read_tracking(easypost, [opened(8), opened(9)])
        assert targets(server) == ["trackers", "trackers"]
    assert [fact.tracking_number for fact in facts] == ["948", "949"]
    assert {fact.status for fact in facts} == {TrackingStatus.IN_TRANSIT}
    assert facts[0].detail == "arrived_at_facility"


async def test_the_list_is_asked_for_the_window_of_the_oldest_label() -> None:
    async with scripted(Trackers(tracker(1))) as server, easypost_at(server.url) as easypost:
        await read_tracking(easypost, [opened(1, labelled_at=NOW - timedelta(days=3))])
        query = parse_qs(urlsplit(server.received[0].target).query)
    assert query["page_size"] == ["100"]
    assert query["start_datetime"] == ["2026-02-26T12:00:00Z"]


async def test_reading_stops_at_trackers_older_than_any_label() -> None:
    old = (NOW - timedelta(days=9)).isoformat()
    script = Trackers(tracker(9), tracker(8, created_at=old), tracker(7, created_at=old), tracker(6, created_at=old))
    async with scripted(script) as server, easypost_at(server.url) as easypost:
        facts = await read_tracking(easypost, [opened(9), opened(1)])
        assert targets(server) == ["trackers", "trackers/trk_1"]
    assert [fact.tracking_number for fact in facts] == ["949"]


async def test_a_parcel_that_no_page_shows_is_asked_for_singly() -> None:
    script = Trackers(tracker(2), unlisted=(tracker(1, "out_for_delivery"),))
    async with scripted(script) as server, easypost_at(server.url) as easypost:
        facts = await read_tracking(easypost, [opened(1), opened(2)])
    assert [(fact.tracking_number, fact.status) for fact in facts] == [
        ("941", TrackingStatus.OUT_FOR_DELIVERY),
        ("942", TrackingStatus.IN_TRANSIT),
    ]


async def test_only_so_many_are_asked_for_singly_in_one_round() -> None:
    script = Trackers(unlisted=tuple(tracker(number) for number in range(9)))
    async with scripted(script) as server, easypost_at(server.url) as easypost:
        facts = await read_tracking(easypost, [opened(number) for number in range(9)], most_singles=4)
        assert len(targets(server)) == 5
    assert len(facts) == 4


async def test_a_parcel_is_found_by_carrier_and_code_when_it_has_no_tracker_of_ours() -> None:
    async with scripted(Trackers(tracker(1))) as server, easypost_at(server.url) as easypost:
        assert len(await read_tracking(easypost, [opened(1, reference="")])) == 1
        assert await read_tracking(easypost, [opened(1, reference="", carrier="UPS")]) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"is_return": True},
        {"tracking_code": "94other"},
        {"created_at": (NOW - timedelta(days=80)).isoformat()},
    ],
)
async def test_a_return_or_an_earlier_parcel_with_the_same_code_is_not_ours(changes: dict[str, Any]) -> None:
    async with scripted(Trackers(tracker(1, "delivered", **changes))) as server, easypost_at(server.url) as easypost:
        assert await read_tracking(easypost, [opened(1)]) == []


async def test_nothing_open_asks_nobody() -> None:
    async with easypost_at("http://127.0.0.1:1") as easypost:
        assert await read_tracking(easypost, []) == []


async def test_a_carrier_that_cannot_be_read_is_retryable() -> None:
    async with scripted(lambda _: None) as server, easypost_at(server.url) as easypost:
        with pytest.raises(Retryable):
            await read_tracking(easypost, [opened(1)])


async def labelled_and_shipped(world: Outside, number: int) -> list[OpenParcel]:
    """Buy labels for some orders and tell TikTok, as the daemon would."""
    desk = RecordedDesk()
    waiting = [order for order in await world.raw_orders() if order["status"] == "AWAITING_SHIPMENT"]
    whole = [order for order in waiting if order["recipient_address"]["postal_code"] not in ("", "00000")][:number]
    requests = [parcel_of(order) for order in whole]
    desk.parcels = {request.package_id: request for request in requests}
    claims = [claim_of(EffectKind.BUY_LABEL, request.package_id) for request in requests]
    await buy_label_handler(Carriers(world.easypost))(claims, desk)
    parcels = []
    for claim, request, order in zip(claims, requests, whole, strict=True):
        outcome = desk.outcomes[claim.effect_id]
        assert isinstance(outcome, Done)
        assert isinstance(outcome.result, LabelBought)
        label = outcome.result
        desk.shipments[request.package_id] = ShipRequest(
            request.package_id,
            request.order_id,
            request.shop_id,
            request.tiktok_order_id,
            order["delivery_option_id"],
            label.carrier,
            label.tracking_number,
            tuple(line["id"] for line in order["line_items"]),
            "SELLER",
        )
        parcels.append(
            OpenParcel(
                request.package_id,
                request.order_id,
                label.carrier,
                label.tracking_number,
                label.tracker_reference,
                datetime.now(UTC),
            )
        )

    async def shop_of(_: ShopId) -> ConnectedShop:
        return ConnectedShop(world.tiktok, world.cipher)

    told = [claim_of(EffectKind.SHIP_PACKAGE, parcel.package_id) for parcel in parcels]
    await ship_package_handler(shop_of)(told, desk)
    assert all(isinstance(desk.outcomes[claim.effect_id], Done) for claim in told)
    return parcels


async def test_parcels_of_the_simulator_are_followed_to_their_delivery() -> None:
    ahead_seconds = 0.0
    timings = Timings(0, 0, 3600, 7200, 9000)
    async with outside(orders=20, timings=timings, clock=lambda: time.time() + ahead_seconds) as world:
        parcels = await labelled_and_shipped(world, 12)
        assert {fact.status for fact in await read_tracking(world.easypost, parcels)} == {TrackingStatus.LABEL_CREATED}
        ahead_seconds = 3700
        assert {fact.status for fact in await read_tracking(world.easypost, parcels)} == {TrackingStatus.IN_TRANSIT}
        ahead_seconds = 8000
        facts = await read_tracking(world.easypost, parcels)
    assert [fact.package_id for fact in facts] == [parcel.package_id for parcel in parcels]
    assert {fact.status for fact in facts} == {TrackingStatus.DELIVERED}
    shipped_to_delivered = [fact.occurred_at - parcel.labelled_at for fact, parcel in zip(facts, parcels, strict=True)]
    assert all(timedelta(minutes=119) < took < timedelta(minutes=121) for took in shipped_to_delivered)
