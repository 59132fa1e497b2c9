"""What the console can do, over HTTP: by the same functions, told in the shapes of the document, refused with nothing changed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from engine.access.roles import Role
from engine.database.connection import Database
from tests.engine.facts import a_unit, an_order
from tests.engine.house import House
from tests.sync.http.api_calling import Api, serving
from tests.sync.http.conforming import conforms


@pytest.fixture
async def house(store: Database) -> House:
    house = await House.open(store)
    await house.stock("MUG-BLU", 10)
    return house


@pytest.fixture
async def api(store: Database, house: House) -> AsyncIterator[Api]:
    async with serving(store) as api:
        yield api


async def ask(
    api: Api, method: str, path: str, body: Any = None, role: Role = Role.ADMIN, **headers: str
) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await api.ask(path, role=role, method=method, json=body, headers=named)


async def did(api: Api, method: str, path: str, body: Any = None, **headers: Any) -> Any:
    return conforms(await ask(api, method, path, body, **headers))


async def refused(api: Api, method: str, path: str, body: Any = None, **headers: Any) -> tuple[int, str]:
    answer = await ask(api, method, path, body, **headers)
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]


async def counts(house: House) -> dict[str, int]:
    found = await house.row_counts()
    found.pop("refusals", None)
    return found


async def test_one_order_is_held_marked_and_handed_on(api: Api, house: House) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    at = f"/api/orders/{order_id}"
    version = await house.version(order_id)
    soon = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    held = await did(api, "PUT", f"{at}/holds/fraud", {"note": "looks odd", "until": soon}, If_Match=f'"{version}"')
    assert (held["changed"], held["order"]["version"]) == (True, version + 1)
    [hold] = (await did(api, "GET", "/api/holds?reason=fraud"))["holds"]
    assert (hold["order_id"], hold["note"], hold["placed_by"]) == (str(order_id), "looks odd", "Mira the admin")
    assert await refused(api, "PUT", f"{at}/holds/fraud", {}, If_Match=f'"{version}"') == (
        412,
        "order.changed_meanwhile",
    )
    assert (await did(api, "DELETE", f"{at}/holds/fraud"))["changed"] is True
    assert (await did(api, "DELETE", f"{at}/holds/fraud"))["changed"] is False
    assert (await did(api, "PUT", f"{at}/tags/gift"))["order"]["tags"] == ["gift"]
    assert (await did(api, "PUT", f"{at}/tags/gift"))["changed"] is False
    assert (await did(api, "DELETE", f"{at}/tags/gift"))["order"]["tags"] == []
    await did(api, "PUT", f"{at}/assignee", {"user": str(api.users[Role.OPERATOR])})
    assigned = "SELECT assigned_to FROM orders WHERE id = $1"
    assert await house.store.pool.fetchval(assigned, order_id) == api.users[Role.OPERATOR]
    await did(api, "PUT", f"{at}/assignee", {"user": None})
    assert await house.store.pool.fetchval(assigned, order_id) is None
    assert (await did(api, "PUT", f"{at}/priority", {"level": 4}))["order"]["priority_level"] == 4
    noted = await did(api, "POST", f"{at}/notes", {"body": "call first", "must_acknowledge": True}, Idempotency_Key="n")
    again = await ask(api, "POST", f"{at}/notes", {"body": "call first", "must_acknowledge": True}, Idempotency_Key="n")
    assert (again.json(), noted["order"]["notes"]) == (noted, "call first")
    await did(api, "POST", f"{at}/notes/acknowledge")
    kinds = {line["kind"] for line in (await did(api, "GET", f"{at}/timeline"))["timeline"]}
    assert {"hold", "note", "audit", "step"} <= kinds
    assert (await did(api, "POST", f"{at}/workflow/pause", {"reason": "lunch"}))["changed"] is True
    assert (await house.standing(order_id)).execution == "paused"
    await did(api, "POST", f"{at}/workflow/resume", {})
    await did(api, "POST", f"{at}/workflow/stop", {})
    assert (await house.standing(order_id)).execution == "cancelled"
    await did(api, "POST", f"{at}/workflow", {"workflow_name": "order"})
    before = await counts(house)
    for method, path, body, expected in (
        ("PUT", f"{at}/holds/boredom", {}, (422, "request.invalid")),
        ("PUT", f"{at}/holds/fraud", {"until": "2020-01-01T00:00:00Z"}, (409, "hold.until")),
        ("PUT", f"{at}/assignee", {"user": "nobody at all"}, (404, "user.unknown")),
        ("POST", f"{at}/retry", {}, (409, "workflow.refused")),
        ("POST", f"{at}/workflow/skip", {"reason": ""}, (422, "request.invalid")),
        ("POST", f"{at}/notes", {"body": ""}, (422, "request.invalid")),
        ("POST", f"/api/orders/{house.shop_id}/cancel", {}, (404, "order.unknown")),
        ("GET", f"/api/orders/{house.shop_id}/timeline", None, (404, "order.not_found")),
    ):
        assert await refused(api, method, path, body) == expected, path
    assert await counts(house) == before
    cancelled = await did(api, "POST", f"{at}/cancel", {"because": "buyer_asked", "reason": "rang"})
    assert cancelled["order"]["order_status"] == "cancelled"
    await house.assert_balanced()


async def test_what_failed_is_seen_given_and_sent_on(api: Api, house: House) -> None:
    order_ids = await house.arrive(*(an_order(house.shop_id, str(n), units=[a_unit(sku="ODD-1")]) for n in range(2)))
    [group] = (await did(api, "GET", "/api/failures"))["groups"]
    assert group["orders"] == 2
    found = await api.http.get(
        f"{api.url}/api/failures/orders",
        params={"fingerprint": group["fingerprint"]},
        headers={"authorization": f"Bearer {api.tokens[Role.VIEWER]}"},
    )
    failed = conforms(found)["failures"]
    assert {each["order_id"] for each in failed} == {str(order_id) for order_id in order_ids}
    ids = {"order_ids": [str(order_id) for order_id in order_ids]}
    assert (await did(api, "POST", "/api/failures/acknowledge", ids))["success"] is True
    assert (await did(api, "POST", "/api/failures/assign", ids | {"user": str(api.users[Role.ADMIN])}))[
        "success"
    ] is True
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert (await did(api, "POST", "/api/failures/snooze", ids | {"until": later}))["success"] is True
    assert (await did(api, "GET", "/api/failures"))["groups"] == []
    assert (await did(api, "POST", "/api/failures/wake", ids))["success"] is True
    retried = await did(api, "POST", "/api/failures/retry", {"fingerprint": group["fingerprint"]}, Idempotency_Key="r")
    assert (retried["processed"], retried["success"]) == (2, True)
    assert (
        await did(api, "POST", "/api/failures/retry", {"fingerprint": group["fingerprint"]}, Idempotency_Key="r")
    ) == retried
    assert await refused(api, "POST", "/api/failures/retry", {"fingerprint": "unheard"}) == (404, "failure.unknown")
    assert await refused(api, "POST", "/api/failures/acknowledge", ids, role=Role.VIEWER) == (403, "access.denied")
    # The batch it was is seen, and is over.
    batch_id = retried["batch_id"]
    assert (await did(api, "GET", "/api/batches"))["batches"][0]["batch_id"] == batch_id
    assert (await did(api, "GET", f"/api/batches/{batch_id}"))["state"] == "finished"
    for deed in ("stop", "continue"):
        assert await refused(api, "POST", f"/api/batches/{batch_id}/{deed}") == (409, "batch.finished")
    tagging = {"order_ids": [str(order_ids[0])], "status": "cancelled"}
    cancelled = await did(api, "POST", "/api/orders/bulk/status", tagging)
    undone = await ask(api, "POST", f"/api/batches/{cancelled['batch_id']}/undo")
    assert undone.status_code in {200, 409}, undone.text
    assert await refused(api, "GET", f"/api/batches/{house.shop_id}") == (404, "batch.unknown")


async def test_stock_products_shops_and_reports(api: Api, house: House, store: Database) -> None:
    await house.arrive(an_order(house.shop_id, "1"))
    before = await house.level()
    booked = await did(api, "POST", "/api/inventory/receipts", {"sku": "MUG-BLU", "quantity": 5}, Idempotency_Key="in")
    assert (booked["stock"]["on_hand"], await house.level()) == (before[0] + 5, (before[0] + 5, before[1]))
    await did(api, "POST", "/api/inventory/receipts", {"sku": "MUG-BLU", "quantity": 5}, Idempotency_Key="in")
    assert await house.level() == (before[0] + 5, before[1]), "the same goods arrive once"
    await did(api, "POST", "/api/inventory/adjustments", {"sku": "MUG-BLU", "delta": -2, "reason": "damaged"})
    assert await house.level() == (before[0] + 3, before[1])
    level, rows = await house.level(), await counts(house)
    for body, expected in (
        ({"sku": "MUG-BLU", "delta": -900, "reason": "lost"}, (409, "stock.below_zero")),
        ({"sku": "ODD", "delta": 1, "reason": "found"}, (404, "product.unknown")),
        ({"sku": "MUG-BLU", "delta": 1, "reason": "boredom"}, (422, "request.invalid")),
    ):
        status, code = await refused(api, "POST", "/api/inventory/adjustments", body)
        assert status == expected[0], code
    assert (await house.level(), await counts(house)) == (level, rows)
    wanted = {"items": [{"sku": "MUG-BLU", "quantity": 2}, {"sku": "ODD", "quantity": 1}]}
    told = await did(api, "POST", "/api/inventory/availability", wanted)
    assert (told["available"], [item["status"] for item in told["items"]]) == (False, ["available", "unavailable"])
    made = await did(
        api, "PUT", "/api/products/BOWL-LG", {"name": "Salad bowl", "weight_grams": 900, "barcodes": ["4000001"]}
    )
    assert (made["name"], made["weight_grams"]) == ("Salad bowl", 900)
    assert (await did(api, "GET", "/api/products/BOWL-LG")) == made
    assert [each["sku"] for each in (await did(api, "GET", "/api/products?search=BOWL"))["products"]] == ["BOWL-LG"]
    first = await did(api, "GET", "/api/inventory?limit=1")
    rest = await did(api, "GET", f"/api/inventory?limit=1&cursor={first['next_cursor']}")
    assert [line["sku"] for page in (first, rest) for line in page["lines"]] == ["BOWL-LG", "MUG-BLU"]
    assert await refused(api, "GET", "/api/inventory?cursor=AAAA") == (404, "cursor.unknown")
    [shop] = [each for each in (await did(api, "GET", "/api/shops"))["shops"] if each["shop_id"] == str(house.shop_id)]
    assert (await did(api, "GET", f"/api/shops/{shop['shop_id']}")) == shop
    changed = await did(api, "PUT", f"/api/shops/{shop['shop_id']}/policies", {"policies": {"pick": "scan"}})
    assert changed["policies"]["pick"] == "scan"
    shown = await did(api, "PUT", f"/api/shops/{shop['shop_id']}/mode", {"mode": "observe"})
    assert shown["policies"]["import_mode"] == "observe"
    for role in (Role.OPERATOR, Role.SERVICE):
        body = {"policies": {"pick": "auto"}}
        assert await refused(api, "PUT", f"/api/shops/{shop['shop_id']}/policies", body, role=role) == (
            403,
            "access.denied",
        )
    assert (await did(api, "GET", "/api/workflows"))["workflows"][0]["name"] == "order"
    overview = await did(api, "GET", "/api/overview")
    assert (len(overview["piles"]), overview["pulse"]["open_orders"]) == (10, 1)
    await did(api, "GET", "/api/reports/latency")
    for name in ("volume", "cycle", "ship-by", "failures", "labels", "creators"):
        report = await did(api, "GET", f"/api/reports/{name}?since=2026-01-01&by=shop")
        if name == "volume":
            assert [(line["name"], line["orders"]) for line in report["lines"]] == [("Alder Goods", 1)]
            assert report["lines"][0]["amounts"] == {"USD": 12.5}
        sheet = await ask(api, "GET", f"/api/reports/{name}?since=2026-01-01&format=csv")
        assert sheet.headers["content-type"].startswith("text/csv")
        assert sheet.text.splitlines()[0].startswith("key,name")
    for query, expected in (
        ("?zone=Atlantis/Deep", (409, "report.zone")),
        ("?since=2026-05-01&until=2026-04-01", (409, "report.span")),
        ("?colour=blue", (422, "request.invalid")),
    ):
        assert await refused(api, "GET", f"/api/reports/volume{query}") == expected
    # A creator sees nothing of another's.
    lines = conforms(await ask(api, "GET", "/api/reports/volume?since=2026-01-01", role=Role.CREATOR))["lines"]
    assert sum(line["orders"] for line in lines) == 0
