"""What is asked of orders over HTTP: done as the console does it, once, at the version that was seen; refused with nothing changed."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from engine import named_requests
from engine.access.roles import Role
from engine.actors import Actor
from engine.database.connection import Database
from engine.identifiers import BatchId, OrderId, new_id
from engine.named_requests import Name
from engine.orders.bulk import many
from engine.orders.bulk.requests import BulkKind, BulkRequest
from engine.orders.tags import add_tags
from engine.words import ChangeSource, ChannelStatus
from sync.http.api.shapes.order_changes import (
    BulkUpdateStatusResponse,
    TriggerWorkflowResponse,
    UpdateOrderStatusResponse,
)
from tests.engine.facts import an_order
from tests.engine.house import MIRA, House
from tests.sync.http.api_calling import Api, serving

AT_WORK = Role.OPERATOR


@pytest.fixture
async def house(store: Database) -> House:
    house = await House.open(store)
    await house.stock("MUG-BLU", 50)
    return house


@pytest.fixture
async def api(store: Database, house: House) -> AsyncIterator[Api]:
    async with serving(store) as api:
        yield api


async def post(api: Api, path: str, body: Any, *, role: Role = AT_WORK, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await api.ask(path, role=role, method="POST", json=body, headers=named)


async def state_of(house: House, order_id: OrderId) -> tuple[Any, ...]:
    """Everything a refusal must leave as it was."""
    counts = await house.row_counts()
    counts.pop("refusals", None)
    return await house.version(order_id), await house.standing(order_id), await house.effects(order_id), counts


async def test_a_status_goes_through_the_order_s_own_workflow(api: Api, house: House) -> None:
    first, second = await house.arrive(an_order(house.shop_id, "1"), an_order(house.shop_id, "2"))
    await house.buy_labels()
    await house.tell_tiktok()
    before = await state_of(house, first)
    for body, status, code in (
        ({"status": "delivered"}, 409, "status.not_yet"),
        ({"status": "returned"}, 409, "status.not_by_hand"),
        ({"status": "lost"}, 422, "request.invalid"),
        ({"status": "shipped", "colour": "blue"}, 422, "request.invalid"),
        ({"status": "cancelled", "sync_to_tiktok": False}, 409, "status.tiktok_is_told"),
    ):
        answer = await post(api, f"/api/orders/{first}/status", body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await state_of(house, first) == before
    for role in (Role.VIEWER, Role.CREATOR):
        answer = await post(api, f"/api/orders/{first}/status", {"status": "shipped"}, role=role)
        assert (answer.status_code, answer.json()["code"]) == (403, "access.denied")
    *stands, counts = await state_of(house, first)
    counts["audit_log"] -= 2  # that they were refused
    assert (*stands, counts) == before
    shipped = await post(api, f"/api/orders/{first}/status", {"status": "shipped", "reason": "handed over"})
    assert shipped.status_code == 200, shipped.text
    told = UpdateOrderStatusResponse.model_validate(shipped.json())
    assert (told.success, told.order.order_status, told.order.version) == (True, "shipped", before[0] + 1)
    assert shipped.json()["workflow_triggered"] == "order"
    assert shipped.headers["etag"] == f'"{told.order.version}"'
    assert "order_shipped" in await house.notices(first)
    line = await house.store.pool.fetchrow(
        "SELECT * FROM order_status_history WHERE order_id = $1 ORDER BY id DESC LIMIT 1", first
    )
    assert (line["status_reason"], line["changed_by"], line["change_source"]) == (
        "handed over",
        api.users[AT_WORK],
        "user",
    )
    again = await post(api, f"/api/orders/{first}/status", {"status": "shipped"})
    assert (again.status_code, "workflow_triggered" in again.json()) == (200, False)
    assert await house.version(first) == told.order.version
    # The buyer is not told of this one.
    assert (
        await post(api, f"/api/orders/{second}/status", {"status": "shipped", "notify_customer": False})
    ).status_code == 200
    unsaid = "SELECT state FROM effects WHERE order_id = $1 AND request ->> 'template' = 'order_shipped'"
    assert [row["state"] for row in await house.store.pool.fetch(unsaid, first)] == ["intent"]
    assert [row["state"] for row in await house.store.pool.fetch(unsaid, second)] == ["voided"]
    await house.assert_balanced()


async def test_a_stale_version_is_told_what_changed(api: Api, house: House) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    seen = (await api.ask(f"/api/orders/{order_id}", role=AT_WORK)).headers["etag"]
    held = await api.ask(f"/api/orders/{order_id}/status", role=AT_WORK, method="GET")
    assert held.status_code == 405
    async with house.store.transaction() as connection:  # somebody else was quicker
        await add_tags(connection, house.store.vault, [order_id], ["gift"], actor=MIRA)
    before = await state_of(house, order_id)
    for path, body in (
        ("status", {"status": "cancelled"}),
        ("workflow", {"workflow_name": "order", "force_restart": True}),
    ):
        for tag in (seen, f"W/{seen}", '"0", "1"', '"latest"', '"a,b", "0"'):
            answer = await post(api, f"/api/orders/{order_id}/{path}", body, If_Match=tag)
            assert (answer.status_code, answer.json()["code"]) == (412, "order.changed_meanwhile")
            assert "mira" in answer.json()["detail"].lower()
            assert answer.headers["etag"] == f'"{before[0]}"'
        wrong = await post(api, f"/api/orders/{order_id}/{path}", body, If_Match="seven")
        assert (wrong.status_code, wrong.json()["code"]) == (422, "request.if_match")
    assert await state_of(house, order_id) == before
    done = await post(api, f"/api/orders/{order_id}/status", {"status": "cancelled"}, If_Match=f'"1", "{before[0]}"')
    assert (done.status_code, done.json()["order"]["order_status"]) == (200, "cancelled")


async def test_a_named_request_is_done_once(api: Api, house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    path, body = f"/api/orders/{order_id}/status", {"status": "cancelled", "reason": "buyer rang"}
    first = await post(api, path, body, Idempotency_Key="one")
    after = await state_of(house, order_id)
    again = await post(api, path, body, Idempotency_Key="one")
    assert (again.status_code, again.content, again.headers["etag"]) == (200, first.content, first.headers["etag"])
    assert (again.headers["idempotent-replayed"], "idempotent-replayed" in first.headers) == ("true", False)
    for other_path, other_body in (
        (path, body | {"reason": "other"}),
        (f"/api/orders/{order_id}/workflow", {"workflow_name": "order"}),
    ):
        other = await post(api, other_path, other_body, Idempotency_Key="one")
        assert other.status_code == 409
    assert (await post(api, path, body | {"reason": "other"}, Idempotency_Key="one")).json()[
        "code"
    ] == "request.key_reused"
    assert await state_of(house, order_id) == after
    # Somebody else's key of the same name is another one; what is kept is sealed, and a refusal leaves no name behind.
    assert (await post(api, path, body, role=Role.ADMIN, Idempotency_Key="one")).status_code == 200
    rows = await store.pool.fetch("SELECT caller, key, body FROM api_answers")
    assert {row["caller"] for row in rows} == {api.users[AT_WORK], api.users[Role.ADMIN]}
    assert all(b"Ines" not in row["body"] for row in rows)
    refused = await post(api, path, {"status": "shipped"}, Idempotency_Key="two")
    assert refused.status_code == 409
    assert await store.pool.fetchval("SELECT count(*) FROM api_answers") == 2
    # While one runs, another of its name is told to come again.
    name = Name(api.users[AT_WORK], "three", b"")
    async with store.transaction() as connection:
        assert await named_requests.begin(connection, store.vault, name) is None
        busy = await post(api, path, body, Idempotency_Key="three")
        assert (busy.status_code, busy.json()["code"], busy.headers["retry-after"]) == (409, "request.running", "1")
    answers = await asyncio.gather(*(post(api, path, body, Idempotency_Key="four") for _ in range(5)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert await store.pool.fetchval("SELECT count(*) FROM api_answers WHERE key = 'four'") == 1
    # A day later the name is free.
    await store.pool.execute("UPDATE api_answers SET created_at = now() - interval '25 hours' WHERE key <> 'four'")
    assert await named_requests.sweep(store) == 2
    assert await store.pool.fetchval("SELECT count(*) FROM api_answers") == 1


async def test_a_workflow_is_triggered(api: Api, house: House) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    path = f"/api/orders/{order_id}/workflow"
    before = await state_of(house, order_id)
    for body, status, code in (
        ({"workflow_name": "order"}, 409, "workflow.running"),
        ({"workflow_name": "unheard of", "force_restart": True}, 404, "workflow.unknown"),
        ({"workflow_name": "order", "config": {"colour": "blue"}}, 409, "workflow.config_unknown"),
        ({"workflow_name": "order", "config": {"pick": 7}}, 422, "request.invalid"),
        ({"workflow_name": ""}, 422, "request.invalid"),
    ):
        answer = await post(api, path, body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert await state_of(house, order_id) == before
    body = {"workflow_name": "order", "config": {"pick": "confirm"}, "force_restart": True}
    started = await post(api, path, body, Idempotency_Key="start")
    told = TriggerWorkflowResponse.model_validate(started.json())
    row = await house.store.pool.fetchrow(
        "SELECT * FROM order_workflows WHERE order_id = $1 ORDER BY id DESC", order_id
    )
    assert (told.success, told.workflow_id, row["workflow_config"]) == (True, row["id"], {"pick": "confirm"})
    assert started.headers["etag"] == f'"{await house.version(order_id)}"'
    assert (await post(api, path, body, Idempotency_Key="start")).content == started.content
    assert await house.store.pool.fetchval("SELECT count(*) FROM order_workflows WHERE order_id = $1", order_id) == 2


async def test_many_at_once_and_gone_on_with_after_a_crash(api: Api, house: House, store: Database) -> None:
    facts = [an_order(house.shop_id, str(number)) for number in range(6)]
    unpaid = an_order(house.shop_id, "unpaid", ChannelStatus.UNPAID)
    *order_ids, odd = await house.arrive(*facts, unpaid)
    stranger = new_id()
    body: dict[str, Any] = {
        "order_ids": [str(each) for each in [*order_ids[:2], odd, stranger, order_ids[0]]],
        "status": "shipped",
    }
    untouched = [await house.version(each) for each in [*order_ids[:2], odd]]
    answer = await post(api, "/api/orders/bulk/status", body | {"batch_size": 1})
    told = BulkUpdateStatusResponse.model_validate(answer.json())
    assert (told.success, told.processed, told.failed) == (False, 4, 4)
    assert told.errors is not None
    assert {(error.order_id, error.code) for error in told.errors} >= {(str(stranger), "order.unknown")}
    assert [await house.version(each) for each in [*order_ids[:2], odd]] == untouched
    body = {"order_ids": [str(each) for each in order_ids], "status": "cancelled", "reason": "gone"}
    done = await post(api, "/api/orders/bulk/status", body, Idempotency_Key="all")
    assert done.json()["success"] is True
    assert (done.json()["processed"], "errors" in done.json()) == (6, False)
    assert (await post(api, "/api/orders/bulk/status", body, Idempotency_Key="all")).content == done.content
    assert await store.pool.fetchval("SELECT count(*) FROM batches") == 2
    # A daemon that was killed had begun it under its name; whoever asks again goes on with it, and nothing is done twice.
    more = await house.arrive(*(an_order(house.shop_id, f"late {number}") for number in range(3)))
    body = {"order_ids": [str(each) for each in more], "status": "cancelled", "reason": "gone", "batch_size": 1}
    batch_id = await _begun_and_killed(api, store, more, body)
    versions = [await house.version(each) for each in more]
    busy = await post(api, "/api/orders/bulk/status", body, Idempotency_Key="killed")
    assert (busy.status_code, busy.json()["code"]) == (409, "request.running")
    assert [await house.version(each) for each in more] == versions
    await store.pool.execute("UPDATE batches SET progressed_at = now() - interval '2 minutes' WHERE id = $1", batch_id)
    went_on = await post(api, "/api/orders/bulk/status", body, Idempotency_Key="killed")
    assert (went_on.status_code, went_on.json()["batch_id"], went_on.json()["processed"]) == (200, str(batch_id), 3)
    assert {(await house.standing(each)).status for each in more} == {"cancelled"}
    assert (await post(api, "/api/orders/bulk/status", body, Idempotency_Key="killed")).content == went_on.content
    for wrong in (
        {"order_ids": [], "status": "shipped"},
        {"order_ids": ["x"], "status": "shipped"},
        body | {"batch_size": 0},
    ):
        assert (await post(api, "/api/orders/bulk/status", wrong)).status_code == 422
    assert (await post(api, "/api/orders/bulk/status", body, role=Role.VIEWER)).status_code == 403
    await house.assert_balanced()


async def _begun_and_killed(api: Api, store: Database, order_ids: list[OrderId], body: Any) -> BatchId:
    """What a request leaves behind whose daemon dies after it began: its batch and its name."""
    request = httpx.Request("POST", f"{api.url}/api/orders/bulk/status", json=body)
    asked = hashlib.sha256(b"POST /api/orders/bulk/status?\n" + request.content).digest()
    name = Name(api.users[AT_WORK], "killed", asked)
    actor = Actor("Mira the operator", ChangeSource.USER, api.users[AT_WORK])
    bulk = BulkRequest(BulkKind.STATUS, {"status": "cancelled"}, "gone")
    batch_id = await many.begin(store, bulk, order_ids, actor=actor, part_size=1)
    async with store.transaction() as connection:
        await named_requests.keep(connection, store.vault, name, None, batch_id=UUID(int=batch_id.int))
    return batch_id
