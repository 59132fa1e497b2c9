"""`orders-tui orders` for buyers who ask: cancellations, answer-cancellation, answer-return, cancel-reasons."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Annotated

from cyclopts import Parameter

from engine.errors import Misconfigured, OrdersError
from engine.orders.answers import RETURN_DECISIONS, Answer, Answered
from orders_tui.assembly import open_outside
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_targets import Json, find_all
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.opening import open_services
from orders_tui.settings_file import read_settings
from sync.tiktok.calls.aftersales import RejectReason
from sync.tiktok.reject_reasons import known_reasons

Order = Annotated[str, Parameter(help="Order number, package id or tracking number.")]
Why = Annotated[str, Parameter(help="Why not, by TikTok's name; `orders cancel-reasons` lists the names.")]
Comment = Annotated[str, Parameter(help="What the buyer is told besides.")]


class Decision(StrEnum):
    """What a buyer who asks to cancel may be told."""

    APPROVE = "approve"
    REJECT = "reject"


async def cancellations(
    order: Annotated[str, Parameter(help="Every cancellation of this order, answered ones too.")] = "",
    *,
    limit: Annotated[int, Parameter(help="How many at most.")] = 200,
    json: Json = False,
) -> int:
    """List buyers' requests to cancel that wait for an answer, the most urgent first."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        order_id = (await find_all(services, [order]))[0] if order else None
        found = await services.buyers.cancellations(order_id, limit=limit)
    for each in found:
        if json:
            emit_json(each)
            continue
        until = f", answer by {each.respond_by:%Y-%m-%d %H:%M} UTC" if each.respond_by else ""
        answered = f", {each.decision} by {each.decided_by}" if each.decision else ""
        emit(f"{each.cancel_id}  {each.order_number}  {each.status}: {each.reason}{until}{answered}")
    return Exit.OK


async def answer_cancellation(
    order: Order,
    decision: Annotated[Decision, Parameter(help="What the buyer is told.")],
    *,
    reason: Why = "",
    comment: Comment = "",
    request: Annotated[str, Parameter(help="Which request, where an order has several.")] = "",
    json: Json = False,
) -> int:
    """Say yes or no to a buyer who asks to cancel."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        [order_id] = await find_all(services, [order])
        answer = Answer(decision.value, reason, comment)
        answered = await services.buyers.answer_cancellation(order_id, answer, request_id=request)
    return _report(answered, json=json)


async def answer_return(
    return_id: Annotated[str, Parameter(help="TikTok's id of the return.")],
    decision: Annotated[str, Parameter(help=f"One of {', '.join(RETURN_DECISIONS)}.")],
    *,
    reason: Why = "",
    comment: Comment = "",
    keep_item: Annotated[bool, Parameter(negative=(), help="The buyer keeps the item.")] = False,
    refund: Annotated[str, Parameter(help="With OFFER_PARTIAL_REFUND: how much, in the order's currency.")] = "",
    json: Json = False,
) -> int:
    """Say what becomes of a return."""
    answer = Answer(decision.upper(), reason, comment, keep_item, _amount(refund))
    async with open_services(read_settings(), on_wait=narrate) as services:
        answered = await services.buyers.answer_return(return_id, answer)
    return _report(answered, json=json)


async def cancel_reasons(
    order: Annotated[str, Parameter(help="The order whose buyer asks to cancel, or TikTok's id of a return.")],
    *,
    json: Json = False,
) -> int:
    """List the reasons for which a buyer's request may be rejected: TikTok's own of this moment, else those that are known."""
    settings = read_settings()
    async with open_services(settings, on_wait=narrate) as services:
        request_id, shop_id = await services.buyers.request_of(order, await services.find(order))
        region = await services.buyers.region_of(shop_id)
        try:
            async with open_outside(settings, services.database) as outside:
                shop = await outside.shop(shop_id)
                reasons = await shop.aftersales.reject_reasons(request_id)
        except OrdersError as error:
            narrate(f"{error.sentence} These are the reasons known for this market; TikTok may take others.")
            reasons = tuple(RejectReason(name, words) for name, words in known_reasons(region).items())
    for reason in reasons:
        if json:
            emit_json(reason)
        else:
            emit(f"{reason.name}  {reason.text}")
    return Exit.OK


def _amount(text: str) -> Decimal | None:
    if not text:
        return None
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise Misconfigured("usage.amount", f"{text!r} is no amount (for example 4.50).")
    return found


def _report(answered: Answered, *, json: bool) -> int:
    if json:
        emit_json(answered)
    elif answered.told:
        emit(f"{answered.order_number}  {answered.decision}: TikTok is told")
    else:
        emit(f"{answered.order_number}  {answered.decision}: ship it, which is the answer in this market")
    return Exit.OK
