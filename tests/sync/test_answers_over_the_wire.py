"""A buyer asks to cancel: a person answers, TikTok hears it once, and the order goes the way that TikTok says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.actors import Actor
from engine.database.embedded import EmbeddedServer
from engine.errors import NotFound, Refused
from engine.identifiers import DaemonId, EffectId, OrderId, new_id
from engine.orders.answers import Answer, answer_cancellation
from engine.orders.cancellations import open_requests
from engine.orders.part_cancelling import cancel_units
from engine.ports.outcomes import Claim
from engine.ports.requests import ShipRequest
from engine.reports.accounts import account
from engine.words import ChangeSource, EffectKind
from sync.delivery import Deliveries, DeliverySettings
from sync.desk import Desk
from sync.tiktok.reject_reasons import known_reasons
from sync.waking import Bell
from tests.engine.house import MIRA
from tests.sync.connected import Connected, beating, connected

INES = Actor("ines", ChangeSource.USER)
PACKED = "seller_reject_apply_product_has_been_packed"
KINDS = (EffectKind.ANSWER_CANCELLATION, EffectKind.BUY_LABEL, EffectKind.SHIP_PACKAGE, EffectKind.CANCEL_ORDER)


@pytest.fixture
async def shop(database: EmbeddedServer, tmp_path: Path) -> AsyncIterator[Connected]:
    """A shop of a market in which a no is told by the reject call."""
    async with connected(database, tmp_path, orders=12, region="ID") as shop:
        await shop.database.pool.execute("UPDATE shops SET region = 'ID'")
        yield shop


@pytest.fixture
async def us_shop(database: EmbeddedServer, tmp_path: Path) -> AsyncIterator[Connected]:
    async with connected(database, tmp_path, orders=12) as shop:
        yield shop


async def deliver(shop: Connected, daemon_id: DaemonId, *kinds: EffectKind) -> None:
    async with shop.outside() as outside:
        working = Deliveries(shop.database, daemon_id, outside.handlers(), DeliverySettings(batch=100), Bell())
        for _ in range(6):  # what is held back is claimed again and again
            await shop.database.pool.execute("UPDATE effects SET due_at = now() WHERE head")
            if not sum([await working.run_once(kind) for kind in kinds or KINDS]):
                return


async def number_of(shop: Connected, order_id: OrderId) -> str:
    return str(await shop.database.pool.fetchval("SELECT tiktok_order_id FROM orders WHERE id = $1", order_id))


async def a_request(shop: Connected, daemon_id: DaemonId, *, labelled: bool = False) -> tuple[OrderId, str]:
    """An order that is worked here, whose buyer asks TikTok to cancel it; known here as polling makes it known."""
    await shop.take_in(daemon_id)
    if labelled:
        await deliver(shop, daemon_id, EffectKind.BUY_LABEL)
    order_id = OrderId(
        await shop.database.pool.fetchval(
            "SELECT id FROM orders WHERE workflow_status::text = $1 ORDER BY id LIMIT 1",
            "ready_to_ship" if labelled else "inventory_reserved",
        )
    )
    number = await number_of(shop, order_id)
    asked = await shop.tell("buyer/cancel", order_id=number)
    await shop.database.pool.execute(
        "INSERT INTO cancellations (id, order_id, tiktok_cancel_id, cancel_type, channel_status, role, reason, respond_by)"
        " VALUES ($1, $2, $3, 'BUYER_CANCEL', 'CANCELLATION_REQUEST_PENDING', 'BUYER', 'no_longer_needed', $4)",
        new_id(),
        order_id,
        asked["cancel_id"],
        datetime.fromtimestamp(asked["deadline"], UTC),
    )
    await shop.take_in(daemon_id)
    return order_id, asked["cancel_id"]


async def row(shop: Connected, order_id: OrderId) -> Any:
    return await shop.database.pool.fetchrow(
        "SELECT o.order_status, o.workflow_status, o.cancel_requested, c.decision, c.decided_by, c.channel_status"
        " FROM orders o LEFT JOIN cancellations c ON c.order_id = o.id WHERE o.id = $1",
        order_id,
    )


async def answers_sent(shop: Connected, verb: str) -> int:
    return int((await shop.state())["http_calls"].get(f"tiktok.cancellations.{verb}", 0))


async def test_a_yes_cancels_the_order_once_when_tiktok_says_so(shop: Connected) -> None:
    daemon_id = await shop.daemon()
    order_id, request_id = await a_request(shop, daemon_id)
    [open_one] = await open_requests(shop.database, limit=10)
    assert (open_one.cancel_id, open_one.decision) == (request_id, "")
    assert open_one.respond_by is not None
    answered = await answer_cancellation(shop.database, order_id, Answer("approve"), actor=MIRA)
    assert (answered.request_id, answered.told) == (request_id, True)
    await deliver(shop, daemon_id, EffectKind.BUY_LABEL)
    assert await shop.count("effects WHERE order_id = $1 AND kind = 'buy_label' AND state = 'done'", order_id) == 0
    await deliver(shop, daemon_id)
    await shop.take_in(daemon_id)
    await deliver(shop, daemon_id)
    seen = await row(shop, order_id)
    assert (seen["order_status"], seen["decision"], seen["decided_by"]) == ("cancelled", "approve", "mira")
    assert seen["channel_status"] == "CANCELLATION_REQUEST_SUCCESS"
    assert (await answers_sent(shop, "approve"), await answers_sent(shop, "create")) == (1, 0)
    assert await open_requests(shop.database, limit=10) == []
    assert (await account(shop.database)).balanced


async def test_a_no_lets_an_order_that_waited_for_it_go_on_by_itself(shop: Connected) -> None:
    daemon_id = await shop.daemon()
    order_id, _ = await a_request(shop, daemon_id, labelled=True)
    await deliver(shop, daemon_id)
    waiting = await row(shop, order_id)
    assert (waiting["workflow_status"], waiting["cancel_requested"]) == ("failed", True)
    await answer_cancellation(shop.database, order_id, Answer("reject", PACKED, "Already on its way."), actor=MIRA)
    await deliver(shop, daemon_id, EffectKind.ANSWER_CANCELLATION)
    await shop.take_in(daemon_id)
    await deliver(shop, daemon_id)
    seen = await row(shop, order_id)
    assert (seen["cancel_requested"], seen["channel_status"]) == (False, "CANCELLATION_REQUEST_CANCELLED")
    assert await shop.count("effects WHERE order_id = $1 AND kind = 'ship_package' AND state = 'done'", order_id) == 1
    assert await answers_sent(shop, "reject") == 1
    assert (await account(shop.database)).balanced


async def test_a_lost_answer_is_adopted_and_never_given_twice(shop: Connected) -> None:
    daemon_id = await shop.daemon()
    order_id, _ = await a_request(shop, daemon_id)
    await shop.tell("aim", operation="tiktok.cancellations.approve", failure="lost_reply", calls=[1])
    await answer_cancellation(shop.database, order_id, Answer("approve"), actor=MIRA)
    await deliver(shop, daemon_id, EffectKind.ANSWER_CANCELLATION)
    await shop.take_in(daemon_id)
    assert (await row(shop, order_id))["order_status"] == "cancelled"
    assert await answers_sent(shop, "approve") == 1
    assert (await shop.state())["cancel_requests"]["by SELLER"] == 1


async def test_two_people_and_two_daemons_give_one_answer(shop: Connected) -> None:
    daemon_id = await shop.daemon()
    order_id, _ = await a_request(shop, daemon_id)
    results = await asyncio.gather(
        answer_cancellation(shop.database, order_id, Answer("approve"), actor=MIRA),
        answer_cancellation(shop.database, order_id, Answer("reject", PACKED), actor=INES),
        return_exceptions=True,
    )
    assert sum(isinstance(result, Refused) and result.code == "answer.given" for result in results) == 1
    other = await beating(shop.database)
    await asyncio.gather(
        deliver(shop, daemon_id, EffectKind.ANSWER_CANCELLATION), deliver(shop, other, EffectKind.ANSWER_CANCELLATION)
    )
    assert await answers_sent(shop, "approve") + await answers_sent(shop, "reject") == 1
    assert await shop.count("effects WHERE kind = 'answer_cancellation' AND state = 'done'") == 1


async def test_what_the_buyer_took_back_or_the_deadline_approved_is_what_counts(shop: Connected) -> None:
    daemon_id = await shop.daemon()
    order_id, request_id = await a_request(shop, daemon_id)
    async with shop.outside() as outside:
        elsewhere = await outside.shop(shop.shop.shop_id)
        await elsewhere.aftersales.approve(request_id, idempotency_key="the seller centre's")
    await answer_cancellation(shop.database, order_id, Answer("reject", PACKED), actor=MIRA)
    await deliver(shop, daemon_id, EffectKind.ANSWER_CANCELLATION)
    await shop.take_in(daemon_id)
    seen = await row(shop, order_id)
    assert (seen["order_status"], seen["decision"]) == ("cancelled", "reject")
    assert seen["channel_status"] == "CANCELLATION_REQUEST_SUCCESS"
    assert await answers_sent(shop, "reject") == 0


async def test_a_reason_that_tiktok_refuses_is_given_anew(shop: Connected) -> None:
    daemon_id = await shop.daemon()
    order_id, _ = await a_request(shop, daemon_id)
    await answer_cancellation(shop.database, order_id, Answer("reject", "bored"), actor=MIRA)
    await deliver(shop, daemon_id, EffectKind.ANSWER_CANCELLATION)
    failure = await shop.database.pool.fetchrow(
        "SELECT code, what_to_do FROM failures WHERE order_id = $1 AND resolved_at IS NULL", order_id
    )
    assert failure["code"] == "answer.refused"
    assert "cancel-reasons" in failure["what_to_do"]
    await answer_cancellation(shop.database, order_id, Answer("reject", PACKED), actor=INES)
    await deliver(shop, daemon_id, EffectKind.ANSWER_CANCELLATION)
    seen = await row(shop, order_id)
    assert (seen["channel_status"], seen["decided_by"]) == ("CANCELLATION_REQUEST_CANCELLED", "ines")
    assert seen["workflow_status"] != "failed"
    assert await shop.count("effects WHERE kind = 'answer_cancellation'") == 2


async def test_no_label_is_bought_while_a_buyer_waits_for_an_answer(us_shop: Connected) -> None:
    daemon_id = await us_shop.daemon()
    order_id, _ = await a_request(us_shop, daemon_id)
    await deliver(us_shop, daemon_id)
    kept = await us_shop.database.pool.fetchrow(
        "SELECT state, attempt FROM effects WHERE order_id = $1 AND kind = 'buy_label'", order_id
    )
    assert dict(kept) == {"state": "intent", "attempt": 0}
    assert (await row(us_shop, order_id))["workflow_status"] == "inventory_reserved"
    assert await us_shop.count("effects WHERE kind = 'buy_label' AND state = 'done'") > 0, "others are bought"
    await answer_cancellation(us_shop.database, order_id, Answer("reject"), actor=MIRA)
    await deliver(us_shop, daemon_id)
    assert (await us_shop.state())["cancel_requests"]["by SHIPPING"] == 1
    assert (
        await us_shop.count("effects WHERE order_id = $1 AND kind = 'ship_package' AND state = 'done'", order_id) == 1
    )


async def test_a_no_that_is_said_while_the_parcel_is_told_of_ships_it(us_shop: Connected) -> None:
    daemon_id = await us_shop.daemon()
    order_id, _ = await a_request(us_shop, daemon_id, labelled=True)
    async with us_shop.outside() as outside:
        ship = outside.handlers()[EffectKind.SHIP_PACKAGE]

        async def meanwhile(claims: Sequence[Claim], desk: Desk) -> None:
            await ship(claims, _LateNo(desk, us_shop, order_id))

        handlers = {EffectKind.SHIP_PACKAGE: meanwhile}
        working = Deliveries(us_shop.database, daemon_id, handlers, DeliverySettings(batch=100), Bell())
        assert await working.run_once(EffectKind.SHIP_PACKAGE) > 0
    effect = await us_shop.database.pool.fetchrow(
        "SELECT state, attempt, due_at <= now() AS due FROM effects WHERE order_id = $1 AND kind = 'ship_package'",
        order_id,
    )
    assert dict(effect) == {"state": "intent", "attempt": 0, "due": True}
    assert (await row(us_shop, order_id))["workflow_status"] == "ready_to_ship"
    await deliver(us_shop, daemon_id, EffectKind.SHIP_PACKAGE)
    assert (await us_shop.state())["cancel_requests"]["by SHIPPING"] == 1
    assert await us_shop.count("failures") == 0


class _LateNo:
    """A desk at which a person says no right after it was read what is to be told."""

    def __init__(self, desk: Desk, shop: Connected, order_id: OrderId) -> None:
        self._desk, self._shop, self._order_id = desk, shop, order_id

    async def ship_requests(self, claims: Sequence[Claim]) -> dict[EffectId, ShipRequest]:
        requests = await self._desk.ship_requests(claims)
        await answer_cancellation(self._shop.database, self._order_id, Answer("reject"), actor=MIRA)
        return requests

    def __getattr__(self, name: str) -> Any:
        return getattr(self._desk, name)


async def test_in_the_us_a_no_is_told_by_shipping(us_shop: Connected) -> None:
    daemon_id = await us_shop.daemon()
    order_id, _ = await a_request(us_shop, daemon_id, labelled=True)
    await deliver(us_shop, daemon_id)
    assert (await row(us_shop, order_id))["workflow_status"] == "failed"
    answered = await answer_cancellation(us_shop.database, order_id, Answer("reject"), actor=MIRA)
    assert answered.told is False
    await deliver(us_shop, daemon_id)
    assert await us_shop.count("effects WHERE kind = 'answer_cancellation'") == 0
    state = await us_shop.state()
    assert state["cancel_requests"]["by SHIPPING"] == 1
    assert "tiktok.cancellations.reject" not in state["http_calls"]


async def test_what_cannot_be_answered_is_refused_and_changes_nothing(shop: Connected) -> None:
    daemon_id = await shop.daemon()
    order_id, _ = await a_request(shop, daemon_id)
    before = dict(await row(shop, order_id))
    for answer, code in (
        (Answer("perhaps"), "answer.decision"),
        (Answer("reject"), "answer.no_reason"),
        (Answer("reject", PACKED, "x" * 501), "answer.comment"),
    ):
        with pytest.raises(Refused) as refused:
            await answer_cancellation(shop.database, order_id, answer, actor=MIRA)
        assert refused.value.code == code
    with pytest.raises(NotFound):
        await answer_cancellation(shop.database, order_id, Answer("approve"), actor=MIRA, request_id="4035")
    assert dict(await row(shop, order_id)) == before
    assert await shop.count("effects WHERE kind = 'answer_cancellation'") == 0


def test_each_market_knows_a_reason_to_fall_back_on() -> None:
    assert set(known_reasons("US")) == {PACKED}
    assert set(known_reasons("UK")) == {f"{PACKED}_uk"}


async def test_single_units_are_cancelled_at_tiktok_and_the_parcel_shrinks_with_them(us_shop: Connected) -> None:
    daemon_id = await us_shop.daemon()
    await us_shop.take_in(daemon_id)
    found = await us_shop.database.pool.fetchrow(
        "SELECT o.id, i.product_sku AS sku, i.quantity, sum(i.quantity) OVER (PARTITION BY o.id) AS units"
        " FROM orders o JOIN order_items i ON i.order_id = o.id WHERE o.workflow_status = 'inventory_reserved'"
        " ORDER BY units DESC, o.id LIMIT 1"
    )
    assert found["units"] > 1
    order_id = OrderId(found["id"])
    await us_shop.tell("aim", operation="tiktok.cancellations.create", failure="lost_reply", calls=[1])
    [line] = await cancel_units(us_shop.database, order_id, [(found["sku"], 1)], actor=MIRA)
    await deliver(us_shop, daemon_id, EffectKind.CANCEL_ORDER)
    await us_shop.take_in(daemon_id)
    await deliver(us_shop, daemon_id)
    unit = await us_shop.database.pool.fetchval(
        "SELECT channel_status FROM order_item_units WHERE tiktok_line_id = $1", line
    )
    assert unit == "CANCELLED"
    assert await answers_sent(us_shop, "create") == 1
    packed = await us_shop.database.pool.fetchval(
        "SELECT sum(quantity) FROM package_items WHERE order_id = $1", order_id
    )
    assert packed == found["units"] - 1
    assert (await row(us_shop, order_id))["order_status"] == "processing"
    assert (
        await us_shop.count("effects WHERE order_id = $1 AND kind = 'ship_package' AND state = 'done'", order_id) == 1
    )
    assert (await account(us_shop.database)).balanced
