"""The weather on request: the clock put forward, services down, limits, and every documented error in its words."""

import time
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest

from sync.simulator.scenario import Arrival, Scenario, Timings
from sync.simulator.server import serve
from tests.sync.simulator.conftest import AT_ONCE, MovableClock
from tests.sync.simulator.seller import Json, Seller, seller_at
from tests.sync.simulator.told import told

WAREHOUSES = ("GET", "/logistics/202309/warehouses")


async def admin(seller: Seller, name: str, **body: object) -> httpx.Response:
    return await seller.http.post(f"/admin/{name}", json=body)


async def test_a_week_passes_when_it_is_told_to(clock: MovableClock) -> None:
    scenario = Scenario(seed=4, orders=40, timings=Timings(60, 3600, 3600, 3600, 3600))
    async with serve(scenario, faults="none", clock=clock) as simulator, seller_at(simulator.url) as seller:
        begun = (await seller.state())["now"]
        told_now = (await admin(seller, "clock", advance_seconds=7 * 86_400)).json()
        assert told_now["now"] == begun + 7 * 86_400
        state = await seller.state()
        assert state["arrived"] == 40
        assert state["orders"]["AWAITING_SHIPMENT"] + state["orders"]["CANCELLED"] == 40
        assert (await admin(seller, "clock", advance_seconds=-1)).status_code == 400
        assert (await seller.state())["now"] == begun + 7 * 86_400


@pytest.mark.parametrize(("offset", "accepted"), [(-299, True), (-302, False), (29, True), (32, False)])
async def test_the_clock_of_tiktok_decides_which_timestamps_are_good_and_dates_its_answers(
    seller: Seller, offset: int, accepted: bool
) -> None:
    await admin(seller, "clock", skew_seconds=1000)
    there = int(time.time()) + 1000
    answer = await seller.tiktok(*WAREHOUSES, timestamp=there + offset)
    assert (answer.json()["code"] == 0) is accepted
    assert abs(parsedate_to_datetime(answer.headers["date"]).timestamp() - there) <= 2


async def test_a_clock_31_seconds_fast_breaks_every_call(seller: Seller) -> None:
    await admin(seller, "clock", skew_seconds=-31.9)
    assert [(await seller.tiktok(*WAREHOUSES)).json()["code"] for _ in range(3)] == [36009004] * 3
    await admin(seller, "clock", skew_seconds=-28)
    assert (await seller.tiktok(*WAREHOUSES)).json()["code"] == 0


async def test_a_service_is_down_for_its_time_and_the_other_is_not(seller: Seller, clock: MovableClock) -> None:
    await admin(seller, "outage", service="tiktok", seconds=6 * 3600, how="502")
    assert (await seller.tiktok(*WAREHOUSES)).status_code == 502
    assert (await seller.easypost("GET", "/v2/trackers")).status_code == 200
    await admin(seller, "outage", service="tiktok", seconds=6 * 3600, how="refuse")
    with pytest.raises(httpx.TransportError):
        await seller.tiktok(*WAREHOUSES)
    await admin(seller, "outage", service="tiktok", seconds=6 * 3600, how="hang")
    with pytest.raises(httpx.ReadTimeout):
        await seller.http.get("/api/v2/token/get", timeout=0.1)
    await admin(seller, "clock", advance_seconds=6 * 3600)
    assert (await seller.tiktok(*WAREHOUSES)).json()["code"] == 0
    for wrong in ({"service": "post", "seconds": 1}, {"service": "tiktok", "how": "sulk", "seconds": 1}):
        assert (await admin(seller, "outage", **wrong)).status_code == 400


async def test_what_a_service_that_is_down_had_to_tell_is_told_when_it_is_up(
    seller: Seller, clock: MovableClock
) -> None:
    async with told() as hook:
        clock.now += 10
        await seller.state()
        await admin(seller, "webhooks", tiktok=hook.url)
        await admin(seller, "outage", service="tiktok", seconds=100)
        await admin(seller, "announce", type=6, data={"message": "gone"})
        clock.now += 99
        assert await hook.messages(0) == []
        clock.now += 1
        assert [body["type"] for body in await hook.messages(1)] == [6]


async def test_limits_count_by_shop_and_api_and_say_when_to_come_back(seller: Seller) -> None:
    await admin(seller, "limits", tiktok_per_second=1, retry_after_seconds=7)
    answers = [await seller.tiktok(*WAREHOUSES) for _ in range(5)]
    over = [answer for answer in answers if answer.status_code == 429]
    assert over
    assert {(a.json()["code"], a.headers["retry-after"]) for a in over} == {(36009002, "7")}
    assert (await seller.tiktok("GET", "/authorization/202309/shops", cipher=False)).json()["code"] == 0
    await admin(seller, "limits", tiktok_per_second=1, retry_after="date", retry_after_seconds=90)
    before = time.time()
    answers = [await seller.tiktok(*WAREHOUSES) for _ in range(4)]
    dated = [parsedate_to_datetime(a.headers["retry-after"]).timestamp() for a in answers if a.status_code == 429]
    assert dated
    assert all(before + 88 <= at <= time.time() + 91 for at in dated)
    assert (await admin(seller, "limits", tiktok_per_fortnight=1)).status_code == 400


async def test_a_test_shop_s_hour_has_an_end_and_a_beginning(seller: Seller, clock: MovableClock) -> None:
    await admin(seller, "limits", tiktok_per_hour=2)
    codes = [(await seller.tiktok(*WAREHOUSES)).json()["code"] for _ in range(3)]
    assert codes == [0, 0, 36009037]
    clock.now += 3600
    assert (await seller.tiktok(*WAREHOUSES)).json()["code"] == 0
    await admin(seller, "limits", tiktok_per_hour=0)
    assert {(await seller.tiktok(*WAREHOUSES)).json()["code"] for _ in range(4)} == {0}


DOCUMENTED = [
    *(36009002, 36009037, 36009003, 36009007, 105002, 105005, 101000, 106001, 106013, 36009004, 36009009, 36009010),
    *(36009014, 36009021, 36009022, 36009023, 36009033, 36009043, 36009044, 21011044, 21011041, 21011042, 21011043),
    *(21011049, 21011050, 21011051, 21011052, 21011025, 21034012, 21023035, 21042104, 11034037, 11034023, 21042102),
    *(21023059, 25001021, 25001014, 25001015, 25001020, 25001011, 25001051, 25020009, 25020003, 25011012, 21008025),
    *(21022025, 21011007, 21008044, 12052850, 12052393, 12052921, 12019028, 12052533, 12052180, 21008111, 21008117),
    *(11006021, 21008099, 21011006, 21011020, 21011040, 21011022, 21004012, 21004015, 11028006),
]


async def test_every_documented_code_of_tiktok_comes_when_it_is_aimed(seller: Seller) -> None:
    seen = []
    for code in DOCUMENTED:
        await admin(seller, "aim", operation="tiktok.lookups.warehouses", code=code)
        body = (await seller.tiktok(*WAREHOUSES)).json()
        seen.append(body["code"])
        assert (body["data"], bool(body["message"]), bool(body["request_id"])) == (None, True, True)
    assert seen == DOCUMENTED
    assert (await seller.tiktok(*WAREHOUSES)).json()["code"] == 0


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("SHIPMENT.PURCHASE.IN_PROGRESS", 422),
        ("SHIPMENT.POSTAGE.NO_RESPONSE", 422),
        ("PAYMENT_REQUIRED", 402),
        ("REQUEST_TIMEOUT", 408),
        ("SERVICE_UNAVAILABLE", 503),
    ],
)
async def test_codes_of_easypost_come_in_its_own_envelope(seller: Seller, code: str, status: int) -> None:
    await admin(seller, "aim", operation="easypost.trackers.list", code=code)
    answer = await seller.easypost("GET", "/v2/trackers")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert (await seller.easypost("GET", "/v2/trackers")).status_code == 200


async def test_an_unknown_code_needs_its_words_and_partial_failures_hide_behind_code_0(seller: Seller) -> None:
    aimed: Json = {"operation": "tiktok.lookups.warehouses", "code": 99_999_999}
    assert (await admin(seller, "aim", **aimed)).status_code == 400
    assert (await admin(seller, "aim", **aimed, message="New in 2027.", status=418)).status_code == 200
    answer = await seller.tiktok(*WAREHOUSES)
    assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (418, 99_999_999, "New in 2027.")
    errors = {"errors": [{"code": 21011020, "message": "already shipped", "detail": {"package_id": "1153"}}]}
    await admin(seller, "aim", operation="tiktok.lookups.warehouses", data=errors)
    assert (await seller.tiktok(*WAREHOUSES)).json() | {"request_id": ""} == {
        "code": 0,
        "message": "Success",
        "request_id": "",
        "data": errors,
    }


async def test_an_error_can_come_after_the_work_was_done(seller: Seller) -> None:
    order = next(o for o in await seller.orders() if o["recipient_address"]["postal_code"] not in ("", "00000"))
    label = await seller.label(order)
    await admin(seller, "aim", operation="tiktok.fulfilment.mark_shipped", code=36009003, carried_out=True, status=200)
    assert (await seller.mark_shipped(order, label))["code"] == 36009003
    assert (await seller.order(order["id"]))["status"] == "AWAITING_COLLECTION"


async def test_the_listing_shows_every_order_with_its_packages_and_labels(seller: Seller) -> None:
    order = next(o for o in await seller.orders() if o["recipient_address"]["postal_code"] not in ("", "00000"))
    label = await seller.label(order)
    shipped = (await seller.mark_shipped(order, label))["data"]
    rows = {row["id"]: row for row in (await seller.http.get("/admin/orders")).json()["orders"]}
    assert len(rows) == 60
    assert rows[order["id"]] == {
        "id": order["id"],
        "shop_id": seller.keys["shop_id"],
        "fate": "completed",
        "status": "AWAITING_COLLECTION",
        "cancelled_by": None,
        "packages": [
            {
                "id": shipped["package_id"],
                "tracking_number": label["tracking_code"],
                "units": shipped["order_line_item_ids"],
            }
        ],
        "labels": [
            {
                "shipment_id": label["id"],
                "reference": label["reference"],
                "tracking_number": label["tracking_code"],
                "voided": False,
            }
        ],
    }


async def test_conditions_survive_a_kill(clock: MovableClock, tmp_path: Path) -> None:
    scenario = Scenario(seed=6, orders=5, arrival=Arrival.IMMEDIATE, timings=AT_ONCE)
    seen = []
    for number in range(2):
        async with (
            serve(scenario, faults="none", clock=clock, journal=tmp_path / "journal") as simulator,
            seller_at(simulator.url) as seller,
        ):
            if number == 0:
                await admin(seller, "clock", advance_seconds=500, skew_seconds=3)
                await admin(seller, "outage", service="easypost", seconds=60, how="502")
                await admin(seller, "limits", tiktok_per_hour=1)
            seen.append((await admin(seller, "clock")).json())
            assert (await seller.easypost("GET", "/v2/trackers")).status_code == 502
            assert (await seller.tiktok(*WAREHOUSES)).json()["code"] == 0
            assert (await seller.tiktok(*WAREHOUSES)).json()["code"] == 36009037
    assert seen[0] == seen[1]
