"""Returns and refunds: told by TikTok, received by a person, each once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import pytest

from engine.errors import NotFound, OrdersError, Refused
from engine.identifiers import OrderId
from engine.orders.detail import detail
from engine.orders.intake import Applied
from engine.orders.parcels.receiving import ReceivedLine, list_returns, receive_return
from engine.orders.parcels.returns import apply_returns
from engine.ports.facts import ReturnedUnit, ReturnFact
from engine.words import ChannelStatus, TrackingStatus
from tests.engine.facts import NOON, a_unit, an_order, later
from tests.engine.house import MIRA, House

PENDING, COMPLETE = "RETURN_OR_REFUND_REQUEST_PENDING", "RETURN_OR_REFUND_REQUEST_COMPLETE"


def a_return(
    *lines: str,
    status: str = COMPLETE,
    minute: int = 100,
    number: str = "4035001",
    order: str = "577001",
    kind: str = "RETURN_AND_REFUND",
    refund: str | None = "12.50",
) -> ReturnFact:
    return ReturnFact(
        tiktok_return_id=number,
        tiktok_order_id=order,
        return_type=kind,
        channel_status=status,
        update_time=NOON + timedelta(minutes=minute),
        reason="does not fit",
        refund_amount=Decimal(refund) if refund else None,
        currency="USD",
        lines=tuple(ReturnedUnit(line, "MUG-BLU") for line in lines),
    )


async def shipped(house: House, *, delivered: bool = True) -> OrderId:
    """Two mugs that left the house."""
    [order_id] = await house.arrive(an_order(house.shop_id, units=(a_unit("1"), a_unit("2"))))
    await house.buy_labels()
    await house.tell_tiktok()
    await house.track(order_id, TrackingStatus.IN_TRANSIT)
    if delivered:
        await house.track(order_id, TrackingStatus.DELIVERED, minute=90)
    return order_id


async def payment(house: House) -> str:
    status: str = await house.store.pool.fetchval("SELECT payment_status FROM orders")
    return status


@pytest.mark.parametrize("delivered", [True, False])
async def test_an_order_is_returned_once_all_that_was_shipped_came_back(house: House, *, delivered: bool) -> None:
    order_id = await shipped(house, delivered=delivered)
    await apply_returns(house.store, [a_return("1", "2", status=PENDING, minute=95)])
    assert (await house.standing(order_id)).status == ("delivered" if delivered else "shipped")
    await apply_returns(house.store, [a_return("1", "2", refund="25.00")])
    standing = await house.standing(order_id)
    assert (standing.status, standing.execution, standing.waiting_for) == ("returned", "completed", None)
    assert await payment(house) == "refunded"
    row = await house.store.pool.fetchrow(
        "SELECT previous_status, change_source FROM order_status_history ORDER BY id DESC LIMIT 1"
    )
    assert tuple(row) == ("delivered" if delivered else "shipped", "tiktok_shop")
    await house.assert_balanced()


async def test_a_part_that_came_back_leaves_the_order_delivered_and_partly_refunded(house: House) -> None:
    order_id = await shipped(house)
    await apply_returns(house.store, [a_return("1")])
    assert ((await house.standing(order_id)).status, await payment(house)) == ("delivered", "partially_refunded")
    await apply_returns(house.store, [a_return("2", number="4035002", minute=110)])
    assert ((await house.standing(order_id)).status, await payment(house)) == ("returned", "refunded")
    await house.assert_balanced()


async def test_money_alone_sends_nothing_back(house: House) -> None:
    order_id = await shipped(house)
    await apply_returns(house.store, [a_return("1", "2", kind="REFUND", refund="25.00")])
    assert ((await house.standing(order_id)).status, await payment(house)) == ("delivered", "refunded")


async def test_what_was_refunded_is_not_paid_again_by_a_later_fact(house: House) -> None:
    fact = an_order(house.shop_id, units=(a_unit("1"), a_unit("2")))
    await shipped(house)
    await apply_returns(house.store, [a_return("1", "2", refund="25.00")])
    await house.arrive(later(fact, ChannelStatus.COMPLETED, minute=200))
    assert await payment(house) == "refunded"
    await house.assert_balanced()


async def test_the_same_fact_twice_or_an_older_one_changes_nothing(house: House) -> None:
    await shipped(house)
    fact = a_return("1")
    assert (await apply_returns(house.store, [fact])).applied == {"4035001": Applied.CREATED}
    counts = await house.row_counts()
    assert (await apply_returns(house.store, [fact])).applied == {"4035001": Applied.UNCHANGED}
    older = a_return("1", status=PENDING, minute=50)
    assert (await apply_returns(house.store, [older])).applied == {"4035001": Applied.STALE}
    assert await house.row_counts() == counts
    [view] = await list_returns(house.store)
    assert (view.status, view.skus) == (COMPLETE, {"MUG-BLU": 1})
    unknown = await apply_returns(house.store, [a_return("1", number="9", order="nobody's")])
    assert (unknown.applied, unknown.unknown) == ({}, ("9",))
    assert await house.row_counts() == counts


async def test_a_return_asked_for_is_in_its_pile(house: House) -> None:
    from engine.orders.views import Pile
    from engine.reports.overview import piles

    await shipped(house)
    await apply_returns(house.store, [a_return("1", status=PENDING)])
    assert {pile.pile: pile.orders for pile in await piles(house.store)}[Pile.RETURN_REQUESTED] == 1


async def test_good_units_go_on_the_shelf_and_damaged_ones_are_kept_apart(house: House) -> None:
    order_id = await shipped(house)
    await apply_returns(house.store, [a_return("1", "2")])
    await receive_return(house.store, "4035001", [ReceivedLine("MUG-BLU", restocked=1, damaged=1)], actor=MIRA)
    row = await house.store.pool.fetchrow("SELECT on_hand, reserved, held FROM stock_levels")
    assert tuple(row) == (10, 0, 1)
    movements = await house.store.pool.fetch(
        "SELECT kind, delta_on_hand, delta_held, reason, actor FROM stock_movements WHERE reason IN ('returned', 'damaged')"
        " ORDER BY kind"
    )
    assert [tuple(movement) for movement in movements] == [
        ("adjust", 1, 1, "damaged", "mira"),
        ("restock", 1, 0, "returned", "mira"),
    ]
    [view] = await list_returns(house.store, order_id)
    assert (view.received_by, view.received) == ("mira", (ReceivedLine("MUG-BLU", 1, 1),))
    assert view.received_at is not None
    await house.assert_balanced()


async def test_an_order_that_waits_for_stock_goes_on_with_what_came_back(house: House) -> None:
    await shipped(house)
    [short] = await house.arrive(an_order(house.shop_id, "2", units=[a_unit(str(line)) for line in range(9)]))
    assert (await house.standing(short)).waiting_for == "stock"
    await apply_returns(house.store, [a_return("1", "2")])
    await receive_return(house.store, "4035001", [ReceivedLine("MUG-BLU", restocked=2)], actor=MIRA)
    await house.run()
    assert (await house.standing(short)).state == "inventory_reserved"
    await house.assert_balanced()


async def refused(house: House, return_id: str, lines: Sequence[ReceivedLine]) -> OrdersError:
    counts, level = await house.row_counts(), await house.level()
    with pytest.raises((Refused, NotFound)) as caught:
        await receive_return(house.store, return_id, lines, actor=MIRA)
    assert (await house.row_counts(), await house.level()) == (counts, level)
    return caught.value


async def test_a_return_is_received_once_and_no_more_than_it_has(house: House) -> None:
    await shipped(house)
    await apply_returns(house.store, [a_return("1")])
    assert (await refused(house, "none", [ReceivedLine("MUG-BLU", 1)])).code == "return.unknown"
    assert (await refused(house, "4035001", [])).code == "return.quantity"
    assert (await refused(house, "4035001", [ReceivedLine("MUG-BLU", -1)])).code == "return.quantity"
    error = await refused(house, "4035001", [ReceivedLine("MUG-BLU", 1, 1)])
    assert error.sentence.startswith("Return 4035001 has 1 of MUG-BLU, not 2")
    await receive_return(house.store, "4035001", [ReceivedLine("MUG-BLU", 1)], actor=MIRA)
    assert (await refused(house, "4035001", [ReceivedLine("MUG-BLU", 1)])).code == "return.received"


async def test_a_return_is_in_its_order_s_story(house: House) -> None:
    order_id = await shipped(house)
    await apply_returns(house.store, [a_return("1")])
    await receive_return(house.store, "4035001", [ReceivedLine("MUG-BLU", 1)], actor=MIRA)
    texts = [entry.text for entry in (await detail(house.store, order_id)).timeline]
    assert any("return updated" in text for text in texts)
    assert any("return received" in text for text in texts)
