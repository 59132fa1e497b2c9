"""A buyer sends something back: a person decides, and TikTok hears each decision once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from engine.database.embedded import EmbeddedServer
from engine.errors import NotFound, Refused
from engine.identifiers import DaemonId, OrderId
from engine.orders.answers import Answer, answer_return
from engine.orders.opened_returns import ReturnKind, open_return
from engine.orders.parcels.returns import apply_returns
from engine.ports.facts import ReturnFact
from engine.words import EffectKind
from tests.engine.house import MIRA
from tests.sync.connected import Connected, connected
from tests.sync.test_answers_over_the_wire import deliver

PACKED = "seller_reject_apply_product_has_been_packed"
PENDING = "RETURN_OR_REFUND_REQUEST_PENDING"


@pytest.fixture
async def shop(database: EmbeddedServer, tmp_path: Path) -> AsyncIterator[Connected]:
    async with connected(database, tmp_path, orders=12) as shop:
        yield shop


async def told(shop: Connected, return_id: str, number: str) -> str:
    """Take in how the return stands at TikTok now; answers its status."""
    async with shop.outside() as outside:
        connection = await outside.shop(shop.shop.shop_id)
        [row] = await connection.changes.returns_of(return_ids=[return_id])
    fact = ReturnFact(
        tiktok_return_id=return_id,
        tiktok_order_id=number,
        return_type=str(row["return_type"]),
        channel_status=str(row["return_status"]),
        update_time=datetime.now(UTC),
        refund_amount=Decimal(str(row["refund_amount"]["refund_total"])),
        currency="USD",
    )
    await apply_returns(shop.database, [fact])
    return fact.channel_status


async def a_return(shop: Connected, return_type: str = "RETURN_AND_REFUND") -> tuple[DaemonId, str, str]:
    """A shipped order whose buyer sends it back: daemon, the return's id, the order's number."""
    daemon_id = await shop.daemon()
    await shop.take_in(daemon_id)
    await deliver(shop, daemon_id)
    number = await shop.database.pool.fetchval(
        "SELECT o.tiktok_order_id FROM orders o JOIN effects e ON e.order_id = o.id"
        " WHERE e.kind = 'ship_package' AND e.state = 'done' ORDER BY o.id LIMIT 1"
    )
    asked = await shop.tell("buyer/return", order_id=number, return_type=return_type)
    assert await told(shop, asked["return_id"], number) in {PENDING, "REPLACEMENT_REQUEST_PENDING"}
    return daemon_id, asked["return_id"], number


async def test_a_return_is_approved_received_and_refunded_by_two_answers(shop: Connected) -> None:
    daemon_id, return_id, number = await a_return(shop)
    await answer_return(shop.database, return_id, Answer("APPROVE_RETURN"), actor=MIRA)
    await deliver(shop, daemon_id, EffectKind.ANSWER_RETURN)
    assert await told(shop, return_id, number) == "AWAITING_BUYER_SHIP"
    await shop.tell("buyer/ship_back", return_id=return_id)
    assert await told(shop, return_id, number) == "BUYER_SHIPPED_ITEM"
    await answer_return(shop.database, return_id, Answer("APPROVE_RECEIVED_PACKAGE"), actor=MIRA)
    await deliver(shop, daemon_id, EffectKind.ANSWER_RETURN)
    assert await told(shop, return_id, number) == "RETURN_OR_REFUND_REQUEST_COMPLETE"
    assert (await shop.state())["http_calls"]["tiktok.returns.approve"] == 2
    with pytest.raises(Refused) as closed:
        await answer_return(shop.database, return_id, Answer("APPROVE_REFUND"), actor=MIRA)
    assert closed.value.code == "return.closed"


async def test_a_partial_refund_and_a_no_arrive_with_what_they_need(shop: Connected) -> None:
    daemon_id, return_id, number = await a_return(shop)
    await answer_return(shop.database, return_id, Answer("OFFER_PARTIAL_REFUND", refund=Decimal("0.50")), actor=MIRA)
    await deliver(shop, daemon_id, EffectKind.ANSWER_RETURN)
    assert await told(shop, return_id, number) == "AWAITING_BUYER_RESPONSE"
    second = await shop.tell("buyer/return", order_id=number, return_type="REFUND")
    await told(shop, second["return_id"], number)
    answer = Answer("REJECT_REFUND", PACKED, "Please look at the photo.")
    await answer_return(shop.database, second["return_id"], answer, actor=MIRA)
    await deliver(shop, daemon_id, EffectKind.ANSWER_RETURN)
    assert await told(shop, second["return_id"], number) == "REFUND_OR_RETURN_REQUEST_REJECT"
    assert await shop.count("effects WHERE request::text LIKE '%photo%'") == 0


async def test_a_lost_answer_is_seen_by_the_state_that_is_over(shop: Connected) -> None:
    daemon_id, return_id, number = await a_return(shop)
    await shop.tell("aim", operation="tiktok.returns.approve", failure="lost_reply", calls=[1])
    await answer_return(shop.database, return_id, Answer("APPROVE_RETURN"), actor=MIRA)
    await deliver(shop, daemon_id, EffectKind.ANSWER_RETURN)
    assert await told(shop, return_id, number) == "AWAITING_BUYER_SHIP"
    assert (await shop.state())["http_calls"]["tiktok.returns.approve"] == 1
    assert await shop.count("effects WHERE kind = 'answer_return' AND state = 'done'") == 1


async def test_what_somebody_decided_elsewhere_is_not_decided_again(shop: Connected) -> None:
    daemon_id, return_id, _ = await a_return(shop)
    async with shop.outside() as outside:
        elsewhere = await outside.shop(shop.shop.shop_id)
        await elsewhere.returns.approve(return_id, decision="APPROVE_RETURN", buyer_keep_item=True, partial_refund=None)
    await answer_return(shop.database, return_id, Answer("REJECT_RETURN", PACKED), actor=MIRA)
    await deliver(shop, daemon_id, EffectKind.ANSWER_RETURN)
    effect = await shop.database.pool.fetchrow(
        "SELECT state, error_code, error FROM effects WHERE kind = 'answer_return'"
    )
    assert (effect["state"], effect["error_code"]) == ("failed", "answer.outdated")
    assert "RETURN_OR_REFUND_REQUEST_COMPLETE" in effect["error"]
    assert "tiktok.returns.reject" not in (await shop.state())["http_calls"]


async def test_what_makes_no_sense_is_refused_and_changes_nothing(shop: Connected) -> None:
    _, return_id, _ = await a_return(shop)
    before = await shop.database.pool.fetchrow("SELECT * FROM returns WHERE tiktok_return_id = $1", return_id)
    for answer, code in (
        (Answer("SHRUG"), "answer.decision"),
        (Answer("REJECT_RETURN"), "answer.no_reason"),
        (Answer("OFFER_PARTIAL_REFUND"), "answer.refund"),
        (Answer("OFFER_PARTIAL_REFUND", refund=Decimal(0)), "answer.refund"),
        (Answer("APPROVE_REFUND", refund=Decimal(1)), "answer.refund"),
    ):
        with pytest.raises(Refused) as refused:
            await answer_return(shop.database, return_id, answer, actor=MIRA)
        assert refused.value.code == code
    with pytest.raises(NotFound):
        await answer_return(shop.database, "4037", Answer("APPROVE_REFUND"), actor=MIRA)
    assert await shop.count("effects WHERE kind = 'answer_return'") == 0
    assert await shop.database.pool.fetchrow("SELECT * FROM returns WHERE tiktok_return_id = $1", return_id) == before


async def test_a_return_of_the_seller_s_own_is_opened_once_whatever_is_lost(shop: Connected) -> None:
    daemon_id, _, number = await a_return(shop)
    order_id = OrderId(await shop.database.pool.fetchval("SELECT id FROM orders WHERE tiktok_order_id = $1", number))
    async with shop.outside() as outside:
        [order] = await (await outside.shop(shop.shop.shop_id)).orders.by_id([number])
        await shop.database.pool.execute(
            "UPDATE orders SET channel_status = $2 WHERE id = $1", order_id, order["status"]
        )
    await shop.tell("aim", operation="tiktok.returns.create", failure="lost_reply", calls=[1])
    wanted = await open_return(shop.database, order_id, ReturnKind.REFUND, "seller_reason_damaged", actor=MIRA)
    with pytest.raises(Refused) as twice:
        await open_return(shop.database, order_id, ReturnKind.REFUND, "seller_reason_damaged", actor=MIRA)
    assert twice.value.code == "return.under_way"
    await deliver(shop, daemon_id, EffectKind.ANSWER_RETURN)
    state = await shop.state()
    assert state["http_calls"]["tiktok.returns.create"] == 2
    assert state["returns"] == {PENDING: 1, "RETURN_OR_REFUND_REQUEST_COMPLETE": 1}
    assert len(wanted.tiktok_line_ids) == len(order["line_items"])
