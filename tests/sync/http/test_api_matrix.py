"""Who may ask what: every endpoint of the document by every role by every tenant, each with what is to come of it.

The endpoints are read from the OpenAPI document, so that a new one without a row here fails.
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest

from engine.access import tokens
from engine.access.permissions import Permission, may
from engine.access.roles import Role
from engine.actors import SYSTEM
from engine.database.connection import Database
from engine.identifiers import ShopId, UserId, new_id
from sync.http.api.app import build_api, document
from sync.http.api.settings import AccessSettings
from tests.factories import Factory, Line
from tests.sync.http.api_calling import UNLIMITED, Api, serving
from tests.sync.http.issuer import ISSUER, claims, described, new_key, signed

EXPECTED: dict[str, Permission | None] = {
    "me": None,
    "bulkUpdateStatus": Permission.ORDERS_CHANGE,
    "followOrders": Permission.ORDERS_READ,
    "exportOrders": Permission.ORDERS_EXPORT,
    "listOrders": Permission.ORDERS_READ,
    "getOrder": Permission.ORDERS_READ,
    "updateOrderStatus": Permission.ORDERS_CHANGE,
    "triggerWorkflow": Permission.ORDERS_CHANGE,
    "orderTimeline": Permission.ORDERS_READ,
    "listHolds": Permission.ORDERS_READ,
    "holdOrder": Permission.ORDERS_CHANGE,
    "releaseOrder": Permission.ORDERS_CHANGE,
    "tagOrder": Permission.ORDERS_CHANGE,
    "untagOrder": Permission.ORDERS_CHANGE,
    "assignOrder": Permission.ORDERS_CHANGE,
    "prioritiseOrder": Permission.ORDERS_CHANGE,
    "retryOrder": Permission.FAILURES_MEND,
    "cancelOrder": Permission.ORDERS_CHANGE,
    "pauseWorkflow": Permission.ORDERS_CHANGE,
    "resumeWorkflow": Permission.ORDERS_CHANGE,
    "stopWorkflow": Permission.ORDERS_CHANGE,
    "skipStep": Permission.FAILURES_MEND,
    "addNote": Permission.NOTES_WRITE,
    "acknowledgeNotes": Permission.NOTES_WRITE,
    "listFailureGroups": Permission.FAILURES_READ,
    "listFailures": Permission.FAILURES_READ,
    "retryFailureGroup": Permission.FAILURES_MEND,
    "assignFailures": Permission.FAILURES_MEND,
    "acknowledgeFailures": Permission.FAILURES_MEND,
    "snoozeFailures": Permission.FAILURES_MEND,
    "wakeFailures": Permission.FAILURES_MEND,
    "listBatches": Permission.HEALTH_READ,
    "getBatch": Permission.HEALTH_READ,
    "stopBatch": Permission.ORDERS_CHANGE,
    "continueBatch": Permission.ORDERS_CHANGE,
    "undoBatch": Permission.ORDERS_CHANGE,
    "listStock": Permission.STOCK_READ,
    "checkAvailability": Permission.STOCK_READ,
    "adjustStock": Permission.STOCK_CHANGE,
    "receiveStock": Permission.STOCK_CHANGE,
    "listProducts": Permission.PRODUCTS_READ,
    "getProduct": Permission.PRODUCTS_READ,
    "setProduct": Permission.PRODUCTS_CHANGE,
    "listShops": Permission.SHOPS_READ,
    "getShop": Permission.SHOPS_READ,
    "setShopMode": Permission.SHOPS_CHANGE,
    "setShopPolicies": Permission.SHOPS_CHANGE,
    "listWorkflows": Permission.WORKFLOWS_READ,
    "overview": Permission.HEALTH_READ,
    "orderHealth": Permission.HEALTH_READ,
    "reportLatency": Permission.REPORTS_READ,
    "reportVolume": Permission.REPORTS_READ,
    "reportCycle": Permission.REPORTS_READ,
    "reportShipBy": Permission.REPORTS_READ,
    "reportFailures": Permission.REPORTS_READ,
    "reportLabels": Permission.REPORTS_READ,
    "reportCreators": Permission.REPORTS_READ,
}
"""The permission each endpoint takes; None: anybody who is known."""

KEY = new_key()
MINE, THEIRS, ABSENT = "MINE-", "THEIRS-", ""
"""What every text of a tenant's rows begins with; nothing of the last one is there."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One endpoint of the document."""

    id: str
    method: str
    path: str
    permission: str | None


def operations() -> Iterator[Operation]:
    for path, methods in orjson.loads(document(build_api()))["paths"].items():
        for method, described_ in methods.items():
            yield Operation(described_["operationId"], method.upper(), path, described_.get("x-permission"))


OPERATIONS = list(operations())


def test_every_endpoint_is_in_the_table_and_takes_what_it_says() -> None:
    assert {each.id: each.permission for each in OPERATIONS} == {
        name: permission and permission.value for name, permission in EXPECTED.items()
    }
    assert len({each.id for each in OPERATIONS}) == len(OPERATIONS)


@dataclass(slots=True)
class House:
    """Two creators with an order each, and a token of the second one's."""

    api: Api
    ids: dict[str, dict[str, str]]
    """Tenant → parameter of a path → what to put there."""
    creator: str

    def address(self, operation: Operation, tenant: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda name: self.ids[tenant].get(name[1], str(UUID(int=7))), operation.path)

    async def ask(self, operation: Operation, tenant: str, token: str) -> httpx.Response:
        """With a body that nothing takes: who may not is refused before it is read."""
        body: dict[str, Any] = {"json": {"no-such-field": 1}} if operation.method in {"POST", "PUT", "PATCH"} else {}
        url, headers = (
            self.api.url + self.address(operation, tenant),
            {"authorization": f"Bearer {token}"} if token else {},
        )
        async with self.api.http.stream(operation.method, url, headers=headers, **body) as answer:
            if answer.headers.get("content-type", "").startswith("text/event-stream"):
                return httpx.Response(answer.status_code, headers=answer.headers)  # it has no end
            await answer.aread()
            return answer


@pytest.fixture
async def house(store: Database, tmp_path: Path) -> AsyncIterator[House]:
    keys = tmp_path / "keys.json"
    keys.write_bytes(orjson.dumps({"keys": [described(KEY, "one")]}))
    settings = replace(UNLIMITED, access=AccessSettings(issuer=ISSUER, keys_file=keys))
    async with serving(store, settings) as api:
        ids = {
            MINE: await _tenant(store, api.users[Role.CREATOR], MINE),
            THEIRS: await _tenant(store, await _creator(store), THEIRS),
        }
        ids[ABSENT] = ids[THEIRS] | {name: str(new_id()) for name in ("order_id", "shop_id", "batch_id", "sku")}
        yield House(api, ids, api.tokens[Role.CREATOR])


async def _creator(store: Database) -> UserId:
    user_id = UserId(new_id())
    await store.pool.execute(
        "INSERT INTO users (id, display_name, role) VALUES ($1, $2, 'creator')", user_id, THEIRS + "creator"
    )
    return user_id


async def _tenant(store: Database, creator: UserId, mark: str) -> dict[str, str]:
    """A shop of this creator's, with an order that has failed and every kind of row about it."""
    factory = Factory(store)
    factory.shop_id = ShopId(new_id())
    await factory.shop()
    await store.pool.execute(
        "UPDATE shops SET user_id = $2, name = $3, tiktok_shop_id = $3 WHERE id = $1",
        factory.shop_id,
        creator,
        mark + "shop",
    )
    order_id = await factory.failed(number=mark + "order", customer=mark + "buyer", user_id=creator)
    await factory.package(order_id, mark + "tracking")
    product_id = await factory.product(Line(mark + "sku", mark + "product", 1, Decimal(5)), on_hand=3)
    await store.pool.execute("UPDATE products SET user_id = $2 WHERE id = $1", product_id, creator)
    return {
        "order_id": str(order_id),
        "shop_id": str(factory.shop_id),
        "batch_id": str(new_id()),
        "sku": mark + "sku",
        "tag": "gift",
        "reason": "fraud",
    }


async def digest(store: Database) -> tuple[Any, ...]:
    """Everything a caller could have changed, in a few numbers."""
    row = await store.pool.fetchrow(
        """
        SELECT (SELECT sum(version) FROM orders), (SELECT count(*) FROM order_status_history),
               (SELECT count(*) FROM audit_log WHERE action NOT LIKE 'access.%'), (SELECT count(*) FROM holds),
               (SELECT count(*) FROM notes), (SELECT count(*) FROM batches), (SELECT count(*) FROM effects),
               (SELECT count(*) FROM stock_movements), (SELECT count(*) FROM failures WHERE resolved_at IS NULL)
        """
    )
    return tuple(row)


async def test_nobody_gets_in_without_a_good_token_anywhere(house: House) -> None:
    before = await digest(house.api.store)
    known = str(house.api.users[Role.ADMIN])
    ended, _ = await tokens.issue(house.api.store, SYSTEM, house.api.users[Role.ADMIN], "ended", 1)
    await house.api.store.pool.execute("UPDATE access_tokens SET expires_at = now() WHERE name = 'ended'")
    before = await digest(house.api.store)
    bad = {
        "": "access.no_token",
        "malformed": "access.bad_token",
        ended: "access.expired",
        signed(claims(known, exp=int(time.time()) - 60), KEY): "access.expired",
        signed(claims(known, aud="another"), KEY): "access.wrong_audience",
        signed(claims(known), new_key()): "access.bad_signature",
    }
    for place, operation in enumerate(OPERATIONS):
        # The door is one for all: each has nobody knock, and each kind of bad token knocks at some.
        for token in ("", list(bad)[place % len(bad)]):
            answer = await house.ask(operation, THEIRS, token)
            assert (answer.status_code, answer.json()["code"]) == (401, bad[token]), operation
            assert THEIRS not in answer.text
    assert await digest(house.api.store) == before


async def test_each_role_may_what_the_table_says_at_every_endpoint_and_nothing_else(house: House) -> None:
    before = await digest(house.api.store)
    for operation in OPERATIONS:
        permission = EXPECTED[operation.id]
        for role in Role:
            allowed = permission is None or may(role, permission)
            # Who may is not asked to do it: what they name is not there.
            answer = await house.ask(operation, ABSENT if allowed else THEIRS, house.api.tokens[role])
            if not allowed:
                assert (answer.status_code, answer.json()["code"]) == (403, "access.denied"), (operation, role)
            elif role is not Role.CREATOR:
                assert answer.status_code in {200, 400, 404, 409, 415, 422, 428}, (operation, role, answer.text)
    assert await digest(house.api.store) == before


async def test_a_creator_meets_nothing_of_another_s_anywhere(house: House) -> None:
    before = await digest(house.api.store)
    for operation in OPERATIONS:
        theirs = await house.ask(operation, THEIRS, house.creator)
        assert THEIRS not in theirs.text.replace(house.ids[THEIRS]["sku"], "what was asked for"), operation
        absent = await house.ask(operation, ABSENT, house.creator)
        if "{" in operation.path:
            # Not even whether there is such a thing.
            assert theirs.status_code == absent.status_code, operation
            assert theirs.status_code in {403, 404}, operation
            assert theirs.json()["code"] == absent.json()["code"], operation
        else:
            assert theirs.text == absent.text or theirs.status_code == 200, operation
    listed = await house.api.ask("/api/orders", token=house.creator)
    assert [order["order_number"] for order in listed.json()["orders"]] == [MINE + "order"]
    assert listed.json()["pagination"]["total"] == listed.json()["summary"]["total_orders"] == 1
    own = await house.api.ask(f"/api/orders/{house.ids[MINE]['order_id']}", token=house.creator)
    assert own.json()["order"]["customer_name"] == MINE + "buyer"
    found = await house.api.ask(f"/api/orders?search={THEIRS}order", token=house.creator)
    assert found.json()["pagination"]["total"] == 0
    everything = await house.api.ask("/api/orders", token=house.api.tokens[Role.VIEWER])
    assert everything.json()["pagination"]["total"] == 2
    assert await digest(house.api.store) == before
