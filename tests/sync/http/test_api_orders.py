"""Orders as the specification's interfaces have them: every field, every parameter, pages by number and by cursor, exact totals."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest

from engine.access.roles import Role
from engine.database.connection import Database
from engine.orders import notes
from engine.reports import tallies
from engine.words import HoldReason, OrderStatus, WorkflowState
from sync.http.api.shapes.orders import OrderShape, WholeOrderShape
from tests.engine.house import MIRA
from tests.factories import BOWL, MUG, NOON, Factory
from tests.sync.http.api_calling import Api, serving
from tests.sync.http.conforming import conforms

ORDER = {
    "id", "user_id", "tiktok_order_id", "order_number", "order_status", "workflow_status", "total_amount", "currency",
    "payment_status", "customer_name", "customer_email", "customer_phone", "shipping_address", "shipping_method", "shipping_cost",
    "order_date", "expected_ship_date", "shipped_date", "delivered_date", "order_source", "priority_level", "tags", "notes",
    "last_tiktok_sync", "sync_status", "sync_attempts", "created_at", "updated_at", "version",
}  # fmt: skip
"""The columns of the specification's `orders`, written from it."""


@pytest.fixture
async def factory(store: Database) -> Factory:
    return Factory(store)


@pytest.fixture
async def api(store: Database) -> AsyncIterator[Api]:
    async with serving(store) as api:
        yield api


async def listed(api: Api, query: str = "", role: Role = Role.VIEWER) -> dict[str, Any]:
    answer = await api.ask(f"/api/orders{query}", role=role)
    document: dict[str, Any] = conforms(answer)
    return document


async def numbers(api: Api, query: str) -> list[str]:
    return [order["order_number"] for order in (await listed(api, query))["orders"]]


async def test_a_list_tells_every_column_and_what_it_comes_to(api: Api, factory: Factory, store: Database) -> None:
    first = await factory.order(number="1", lines=(MUG,), ordered_at=NOON, tags=["gift"])
    await factory.order(number="2", lines=(BOWL,), status=OrderStatus.SHIPPED, state=WorkflowState.SHIPPED)
    async with store.transaction() as connection:
        for text in ("call first", "ring twice"):
            await notes.add_note(connection, store.vault, [first], text, actor=MIRA)
    answer = await api.ask("/api/orders?sort_order=asc", role=Role.OPERATOR)
    document = await listed(api, "?sort_order=asc")
    assert b'"total_amount":12.50' in answer.content, "money is a number with the database's own digits"
    assert [set(order) for order in document["orders"]] == [ORDER, ORDER]
    order = document["orders"][0]
    shown = {"order_number": "1", "customer_name": "Ines Falk", "customer_email": "ines@example.test", "tags": ["gift"]}
    assert {name: order[name] for name in shown} == shown
    assert order["shipping_address"]["city"] == "Port Alder"
    assert (order["notes"], order["order_date"], order["shipping_cost"]) == (
        "call first\nring twice",
        "2026-03-02T12:00:00Z",
        None,
    )
    assert document["pagination"] == {
        "page": 1, "limit": 50, "total": 2, "total_pages": 1, "next_cursor": None, "previous_cursor": None,
    }  # fmt: skip
    assert document["summary"] == {
        "total_orders": 2,
        "total_amount": 43.5,
        "totals_by_currency": {"USD": 43.5},
        "status_breakdown": {status.value: int(status in {"pending", "shipped"}) for status in OrderStatus},
    }
    # A second currency: nothing is added across the two, whether the counters tell or the orders are added up.
    await factory.order(number="3", currency="EUR", total_amount=Decimal("0.10"))
    for folded in (False, True):
        for query in ("", "?search=Ines", "?date_from=2026-01-01"):
            summary = (await listed(api, query))["summary"]
            assert summary["total_amount"] is None
            assert summary["totals_by_currency"] == {"EUR": 0.1, "USD": 43.5}
        if not folded:
            assert await tallies.fold(store) > 0
    empty = (await listed(api, "?status=returned"))["summary"]
    assert (empty["total_orders"], empty["total_amount"], empty["totals_by_currency"]) == (0, 0, {})


async def test_every_parameter_narrows_or_sorts(api: Api, factory: Factory) -> None:
    for number, (status, state, day, line) in enumerate(
        (
            (OrderStatus.PENDING, WorkflowState.NEW, 0, MUG),
            (OrderStatus.CONFIRMED, WorkflowState.VALIDATED, 1, BOWL),
            (OrderStatus.PROCESSING, WorkflowState.READY_TO_SHIP, 2, MUG),
            (OrderStatus.SHIPPED, WorkflowState.SHIPPED, 3, BOWL),
        )
    ):
        customer = "Tove Brandt" if number == 3 else "Ines Falk"
        made = await factory.order(
            number=str(number),
            status=status,
            state=state,
            ordered_at=NOON + timedelta(days=day),
            lines=(line,),
            customer=customer,
        )
        if number == 1:
            await factory.hold(made, HoldReason.FRAUD)
    for query, expected in {
        "": ["3", "2", "1", "0"],
        "?sort_order=asc": ["0", "1", "2", "3"],
        "?status=shipped&status=pending": ["3", "0"],
        "?workflow_status=ready_to_ship": ["2"],
        "?workflow_status=ready_to_ship&status=pending": [],
        "?date_from=2026-03-03&date_to=2026-03-04": ["2", "1"],
        "?date_to=2026-03-02T12:00:00Z": ["0"],
        "?date_from=2026-03-05T13:00:00%2B01:00": ["3"],
        "?search=tove+brandt": ["3"],
        "?filter=hold:fraud": ["1"],
        "?sort_by=total_amount&sort_order=asc": ["0", "2", "1", "3"],
        "?sort_by=updated_at&sort_order=asc&limit=2": ["0", "1"],
        "?limit=3&page=2": ["0"],
        "?limit=3&page=3": [],
    }.items():  # fmt: skip
        assert sorted(await numbers(api, query)) == sorted(expected), query
        if "updated_at" not in query and "total" not in query:
            assert await numbers(api, query) == expected, query
    for query, code in {
        "?limit=0": "request.invalid",
        "?limit=201": "request.invalid",
        "?status=lost": "request.invalid",
        "?date_from=yesterday": "request.invalid",
        "?sort_by=customer_name": "request.invalid",
        "?colour=blue": "request.invalid",
    }.items():
        answer = await api.ask(f"/api/orders{query}", role=Role.VIEWER)
        assert (answer.status_code, answer.json()["code"]) == (422, code), query
    for query, refused, code in (("?cursor=AAAA", 404, "cursor.unknown"), ("?filter=ship-by:soon", 409, "filter.word")):
        answer = await api.ask(f"/api/orders{query}", role=Role.VIEWER)
        assert (answer.status_code, answer.json()["code"]) == (refused, code), query


async def test_cursors_go_through_everything_both_ways_while_orders_arrive(api: Api, factory: Factory) -> None:
    await factory.many(23)
    everything = await numbers(api, "?limit=100")
    for sort in ("sort_by=order_date", "sort_by=total_amount&sort_order=asc", "sort_by=updated_at"):
        whole = await numbers(api, f"?limit=100&{sort}")
        there: list[str] = []
        query, pages = f"?limit=5&{sort}", 0
        while True:
            page = await listed(api, query)
            pages += 1
            assert page["pagination"]["page"] == pages
            there += [order["order_number"] for order in page["orders"]]
            if page["pagination"]["next_cursor"] is None:
                break
            query = f"?limit=5&{sort}&cursor={page['pagination']['next_cursor']}"
        assert (there, pages) == (whole, 5)
        back = [order["order_number"] for order in page["orders"]]
        while (cursor := page["pagination"]["previous_cursor"]) is not None:
            page = await listed(api, f"?limit=5&{sort}&cursor={cursor}")
            back = [order["order_number"] for order in page["orders"]] + back
        assert (back, page["pagination"]["page"]) == (whole, 1)
    # Page numbers from either end, and the links that say the same as the cursors.
    for number in range(1, 6):
        assert await numbers(api, f"?limit=5&page={number}") == everything[5 * number - 5 : 5 * number]
    answer = await api.ask("/api/orders?limit=5&page=5", role=Role.VIEWER)
    assert answer.links["prev"]["url"].startswith("?limit=5&cursor=")
    assert "next" not in answer.links
    # An order that arrives meanwhile moves the numbers and no cursor; a cursor is good for its own list alone.
    cursor = (await listed(api, "?limit=5"))["pagination"]["next_cursor"]
    await factory.order(number="newest", ordered_at=NOON + timedelta(days=9))
    assert await numbers(api, f"?limit=5&cursor={cursor}") == everything[5:10]
    assert await numbers(api, "?limit=5&page=2") == everything[4:9]
    other = await api.ask(f"/api/orders?limit=5&status=delivered&cursor={cursor}", role=Role.VIEWER)
    assert (other.status_code, other.json()["code"]) == (404, "cursor.unknown")


async def test_one_order_tells_everything_and_its_version(api: Api, factory: Factory, store: Database) -> None:
    order_id = await factory.order(number="1", lines=(MUG, BOWL), status=OrderStatus.PROCESSING)
    bare = (await api.ask(f"/api/orders/{order_id}", role=Role.VIEWER)).json()["order"]
    assert set(bare) == ORDER | {"items", "workflow", "status_history"}
    await factory.package(order_id, "9400111")
    await store.pool.execute(
        "INSERT INTO order_status_history (order_id, previous_status, new_status, status_reason, changed_by, change_source)"
        " VALUES ($1, 'pending', 'processing', 'asked for', $2, 'user')",
        order_id,
        api.users[Role.OPERATOR],
    )
    answer = await api.ask(f"/api/orders/{order_id}", role=Role.VIEWER)
    document = conforms(answer)
    order = document["order"]
    assert set(order) == ORDER | {"items", "workflow", "status_history", "shipping_info", "tracking_info"}
    assert set(order) <= set(WholeOrderShape.model_fields) | set(OrderShape.model_fields)
    assert [(item["product_sku"], item["unit_price"], item["quantity"]) for item in order["items"]] == [
        ("MUG-BLU", 12.5, 1),
        ("BOWL-LG", 31.0, 1),
    ]
    assert [step["trigger"] for step in order["workflow"]["step_history"]] == ["start"]
    assert [(line["previous_status"], line["new_status"]) for line in order["status_history"]] == [
        ("pending", "processing")
    ]
    assert (order["shipping_info"]["carrier"], order["shipping_info"]["label_cost"]) == ("USPS", 4.1)
    assert order["tracking_info"]["tracking_number"] == "9400111"
    assert answer.headers["etag"] == f'"{order["version"]}"'
    same = await api.ask(f"/api/orders/{order_id}", role=Role.VIEWER, headers={"if-none-match": answer.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    missing = await api.ask(f"/api/orders/{api.users[Role.VIEWER]}", role=Role.VIEWER)
    assert (missing.status_code, missing.json()["code"]) == (404, "order.not_found")
    assert (await api.ask("/api/orders/first", role=Role.VIEWER)).status_code == 422
    assert orjson.loads(answer.content) == document
