"""What each criterion of a filter keeps, and that its negation keeps exactly the rest."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from engine.database.connection import Database
from engine.errors import NotFound
from engine.identifiers import DEFAULT_LOCATION, new_id
from engine.orders import probing, queries
from engine.orders.filter_language.reading import filter_of
from engine.orders.filter_language.words import WORDS
from engine.orders.filters import OrderFilter, OrderSort
from engine.words import ExecutionStatus, HoldReason, OrderStatus, WorkflowState
from tests.factories import BOWL, MUG, Factory, Line


async def a_house(factory: Factory) -> None:
    """Six orders of two shops and two creators, each with something of its own."""
    pool = factory.database.pool
    await factory.shop()
    other, shop, mira = new_id(), new_id(), new_id()
    await pool.execute("INSERT INTO users (id, display_name, role) VALUES ($1, 'Juno Park', 'creator')", other)
    await pool.execute(
        "INSERT INTO users (id, display_name, role, login_role) VALUES ($1, 'Mira Holt', 'operator', 'mira')", mira
    )
    await pool.execute(
        "INSERT INTO shops (id, user_id, location_id, tiktok_shop_id, name) VALUES ($1, $2, $3, '8800', 'Harbor Lane')",
        shop,
        other,
        DEFAULT_LOCATION,
    )
    now = await pool.fetchval("SELECT now()")
    await factory.order(
        number="1", waiting_for="payment", payment_status="pending", ordered_at=now - timedelta(hours=2)
    )
    await factory.order(
        number="2",
        status=OrderStatus.PROCESSING,
        state=WorkflowState.INVENTORY_RESERVED,
        waiting_for="pick",
        tags=["gift", "vip"],
        priority_level=5,
        assigned_to=mira,
        ordered_at=now - timedelta(days=2),
        ship_by=now + timedelta(hours=5),
        updated_at=now - timedelta(minutes=5),
    )
    held = await factory.order(
        number="3",
        lines=(MUG, BOWL),
        tags=["gift"],
        waiting_for="hold",
        ordered_at=now - timedelta(days=40),
        ship_by=now - timedelta(hours=5),
    )
    await factory.hold(held, HoldReason.FRAUD)
    await factory.failed(
        number="4", code="bad_address", ordered_at=now - timedelta(days=3), ship_by=now + timedelta(days=9)
    )
    await factory.order(
        number="5",
        user_id=other,
        shop_id=shop,
        status=OrderStatus.SHIPPED,
        state=WorkflowState.SHIPPED,
        waiting_for="delivery",
        lines=(Line(sku="RUG", unit_price=Decimal("99.00")),),
        ordered_at=now - timedelta(days=5),
        ship_by=now - timedelta(days=1),
    )
    await factory.order(
        number="6",
        status=OrderStatus.CANCELLED,
        execution=ExecutionStatus.CANCELLED,
        payment_status="refunded",
        ordered_at=now - timedelta(days=6),
        updated_at=now - timedelta(days=1),
    )


async def kept(store: Database, text: str, sort: OrderSort = OrderSort.ORDER_NUMBER) -> str:
    order_filter = filter_of(text)
    wanted = OrderFilter(
        **{name: getattr(order_filter, name) for name in order_filter.__dataclass_fields__ if name not in {"sort", "ascending"}},
        sort=sort,
        ascending=True,
    )  # fmt: skip
    rows = (await queries.page(store, wanted, limit=50)).rows
    assert (await queries.count(store, wanted, cap=None)).number == len(rows)
    return "".join(sorted(row.order_number for row in rows))


CASES = {
    "status:pending": "134",
    "status:failed": "4",
    "state:inventory-reserved": "2",
    "workflow:cancelled": "6",
    "payment:pending,refunded": "16",
    "pile:overdue": "3",
    "pile:failed": "4",
    "waits:pick,delivery": "25",
    "hold:any": "3",
    "hold:address": "",
    "cause:bad-address": "4",
    "priority:>3": "2",
    "tag:gift": "23",
    "tag:none": "",
    'shop:"harbor lane"': "5",
    "shop:8800,7495": "123456",
    'creator:"Juno Park"': "5",
    "assigned:mira": "2",
    'assigned:nobody,"Mira Holt"': "123456",
    "assigned:nobody": "13456",
    "sku:bowl-lg": "3",
    "sku:MUG-BLU,RUG": "123456",
}
"""What is kept by a filter; with `!` it is the rest."""

BOUNDS = {
    "tag:gift tag:vip": "2",
    "tag:gift !tag:vip": "3",
    "!tag:gift,none": "1456",
    "amount:>31": "35",
    "amount:12.50": "1246",
    "amount:20..99": "35",
    "amount:<12.50": "",
    "ship-by:<6h": "23",
    "ship-by:<now": "3",
    "ship-by:now..10d": "24",
    "ordered:<1d": "1",
    "ordered:>4d": "356",
    "ordered:1d..4d": "24",
    "ordered:today-9..": "12456",
    "changed:1m..10m": "2",
    "changed:>12h": "6",
    "status:pending hold:any sku:MUG-BLU amount:>1 tag:gift pile:overdue": "3",
    "status:pending !hold:any !status:failed": "1",
    "status:shipped !shop:8800": "",
    "ines falk status:pending !hold:fraud": "14",
}


async def test_each_criterion_keeps_its_orders_and_its_negation_the_rest(store: Database, factory: Factory) -> None:
    await a_house(factory)
    for text, numbers in CASES.items():
        assert await kept(store, text) == numbers, text
        rest = "".join(number for number in "123456" if number not in numbers)
        assert await kept(store, f"!{text}") == rest, text
    for text, numbers in BOUNDS.items():
        assert await kept(store, text) == numbers, text
    asked = {text.removeprefix("!").partition(":")[0] for text in (*CASES, *BOUNDS)}
    assert {word.name for word in WORDS} - {"failure"} <= asked

    for text in ("waits:pick,hold,delivery", "hold:any", "cause:bad_address", "status:pending", "ship-by:<20d"):
        for sort in OrderSort:
            assert await kept(store, text, sort) == await kept(store, text), (text, sort)


async def test_a_name_that_nobody_has_is_told_with_those_there_are(store: Database, factory: Factory) -> None:
    await a_house(factory)
    for text, sentence in (
        ("shop:Habor", "There is no shop called 'Habor'; there are Alder Goods, Harbor Lane."),
        ("!creator:Zed", "There is no creator called 'Zed'; there are Default creator, Juno Park."),
        ("assigned:zed", "There is no user called 'zed'; there are Default creator, Juno Park, Mira Holt."),
    ):
        with pytest.raises(NotFound) as error:
            await queries.page(store, filter_of(text), limit=5)
        assert error.value.sentence == sentence


async def test_a_criterion_that_many_fulfil_is_not_cut_off(
    store: Database, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "CANDIDATES", 3)
    await a_house(factory)
    assert await kept(store, "amount:12.50") == "1246"  # more than are looked up first
    assert await kept(store, "amount:>31 sku:MUG-BLU") == "3"
