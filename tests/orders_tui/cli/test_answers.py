"""Buyers answered from the command line: each action with its refusal, as lines and as JSON."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from engine.database.connection import Database
from engine.identifiers import new_id
from engine.orders.parcels.returns import apply_returns
from engine.ports.facts import ReturnFact
from tests.engine.facts import NOON, a_unit, an_order
from tests.engine.house import House
from tests.orders_tui.cli.saying import Command

PACKED = "seller_reject_apply_product_has_been_packed"


@pytest.fixture
async def house(store: Database) -> House:
    house = await House.open(store)
    await house.stock("MUG-BLU", 10)
    return house


async def asks(house: House, number: str, cancel_id: str = "4036", *, units: int = 2) -> None:
    """An order whose buyer asks to cancel."""
    [order_id] = await house.arrive(
        an_order(house.shop_id, number, units=[a_unit(f"{number}-{line}") for line in range(units)])
    )
    await house.store.pool.execute(
        "INSERT INTO cancellations (id, order_id, tiktok_cancel_id, cancel_type, channel_status, role, reason, respond_by)"
        " VALUES ($1, $2, $3, 'BUYER_CANCEL', 'CANCELLATION_REQUEST_PENDING', 'BUYER', 'no_longer_needed', $4)",
        new_id(),
        order_id,
        cancel_id,
        NOON + timedelta(hours=48),
    )


async def sent(house: House) -> int:
    count: int = await house.store.pool.fetchval("SELECT count(*) FROM effects WHERE kind LIKE 'answer%'")
    return count


async def test_what_waits_for_an_answer_is_listed_and_answered_once(command: Command, house: House) -> None:
    await asks(house, "5771")
    listed = await command("orders", "cancellations")
    assert listed.code == 0
    assert "4036  5771  CANCELLATION_REQUEST_PENDING: no_longer_needed, answer by 2026-" in listed.out
    said = await command("orders", "answer-cancellation", "5771", "approve", "--json")
    [document] = said.documents
    assert (said.code, document["decision"], document["told"]) == (0, "approve", True)
    again = await command("orders", "answer-cancellation", "5771", "approve")
    assert (again.code, again.err) == (1, "The request about order 5771 is answered already (approve).\n")
    assert await sent(house) == 1


async def test_a_no_in_the_us_is_told_by_shipping_and_elsewhere_needs_a_reason(command: Command, house: House) -> None:
    await asks(house, "5771")
    said = await command("orders", "answer-cancellation", "5771", "reject")
    assert (said.code, said.lines) == (0, ["5771  reject: ship it, which is the answer in this market"])
    await house.store.pool.execute("UPDATE shops SET region = 'ID'")
    await asks(house, "5772", "4037")
    refused = await command("orders", "answer-cancellation", "5772", "reject")
    assert (refused.code, refused.err) == (1, "A no needs a reason: orders cancel-reasons ORDER lists them.\n")
    assert await sent(house) == 0
    assert (await command("orders", "answer-cancellation", "5772", "reject", "--reason", PACKED)).code == 0
    assert await sent(house) == 1


async def test_bad_input_is_a_mistake_or_a_refusal_and_changes_nothing(command: Command, house: House) -> None:
    await asks(house, "5771")
    assert (await command("orders", "answer-cancellation", "5771", "perhaps")).code == 2
    assert (await command("orders", "answer-cancellation", "5771")).code == 2
    assert (await command("orders", "answer-cancellation", "577199", "approve")).code == 1
    assert (await command("orders", "answer-cancellation", "5771", "approve", "--request", "1")).code == 1
    assert (await command("orders", "answer-return", "4037", "APPROVE_REFUND")).code == 1
    assert (await command("orders", "answer-return", "4037", "OFFER_PARTIAL_REFUND", "--refund", "much")).code == 2
    assert (await command("orders", "open-return", "5771", "REFUND")).code == 2
    early = await command("orders", "open-return", "5771", "REFUND", "--reason", "damaged")
    assert (early.code, "is not on its way" in early.err) == (1, True)
    assert (await command("orders", "combinable", "--shop", "Nowhere")).code == 1
    assert await sent(house) == 0


async def test_reasons_that_tiktok_cannot_be_asked_for_are_those_known(command: Command, house: House) -> None:
    await asks(house, "5771")
    said = await command("orders", "cancel-reasons", "5771")
    assert (said.code, said.lines) == (0, [f"{PACKED}  The product has been packed"])
    assert "known for this market" in said.err
    assert (await command("orders", "cancel-reasons", "577199")).code == 1


async def test_single_items_are_cancelled_where_the_market_allows_it(command: Command, house: House) -> None:
    await asks(house, "5771", units=3)
    cancel = ("orders", "cancel", "5771", "--reason")
    assert (await command(*cancel, "wrong-price", "--lines", "MUG-BLU=1")).code == 2
    assert (await command(*cancel, "out-of-stock", "--lines", "MUG-BLU")).code == 2
    assert (await command(*cancel, "out-of-stock", "--lines", "CUP=1")).code == 1
    assert (await command(*cancel, "out-of-stock", "--lines", "MUG-BLU=4")).code == 1
    assert (await command(*cancel, "out-of-stock", "--lines", "MUG-BLU=3")).code == 1
    count = "SELECT count(*) FROM effects WHERE kind = 'cancel_order'"
    assert await house.store.pool.fetchval(count) == 0
    said = await command(*cancel, "out-of-stock", "--lines", "MUG-BLU=1", "--json")
    assert (said.code, len(said.documents[0]["units"])) == (0, 1)
    assert await house.store.pool.fetchval(count) == 1
    again = await command(*cancel, "out-of-stock", "--lines", "MUG-BLU=1")
    assert (again.code, "being told of a cancellation" in again.err) == (1, True)
    assert await house.level() == (10, 3)
    await house.store.pool.execute("UPDATE effects SET state = 'done', head = false WHERE kind = 'cancel_order'")
    await house.store.pool.execute("UPDATE shops SET region = 'ID'")
    abroad = await command(*cancel, "out-of-stock", "--lines", "MUG-BLU=1")
    assert (abroad.code, "whole orders only" in abroad.err) == (1, True)


async def test_a_return_is_answered_with_what_it_needs(command: Command, house: House, configured: Path) -> None:
    await asks(house, "5771")
    fact = ReturnFact("4038", "5771", "REFUND", "RETURN_OR_REFUND_REQUEST_PENDING", NOON, currency="USD")
    await apply_returns(house.store, [fact])
    said = await command("orders", "answer-return", "4038", "offer_partial_refund", "--refund", "4.50")
    assert (said.code, said.lines) == (0, ["5771  OFFER_PARTIAL_REFUND: TikTok is told"])
    request = await house.store.pool.fetchval("SELECT request FROM effects WHERE kind = 'answer_return'")
    assert (Decimal(request["refund"]), request["currency"]) == (Decimal("4.50"), "USD")
    assert (await command("orders", "answer-return", "4038", "APPROVE_REFUND")).code == 1
