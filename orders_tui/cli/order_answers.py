"""`orders-tui orders` for buyers who ask: cancellations, answer-cancellation, answer-return, cancel-reasons."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Annotated

from cyclopts import Parameter

from engine.errors import Misconfigured, OrdersError
from engine.money import Money
from engine.orders.answers import RETURN_DECISIONS, Answer, Answered
from engine.orders.opened_returns import ReturnKind
from orders_tui.assembly import open_outside
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_parcels import part_of
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


async def open_return(
    order: Order,
    kind: Annotated[ReturnKind, Parameter(help="The money alone, or the money for the goods.")],
    *,
    reason: Annotated[str, Parameter(help="Why, by TikTok's name for it.")],
    lines: Annotated[
        tuple[str, ...], Parameter(negative=(), help="SKU=QUANTITY; may be given several times. Everything without it.")
    ] = (),
    dry_run: Annotated[
        bool, Parameter(negative=(), help="Ask TikTok what the refund would be, change nothing.")
    ] = False,
    json: Json = False,
) -> int:
    """Open a return or a refund for a buyer."""
    settings, parts = read_settings(), [part_of(text) for text in lines]
    async with open_services(settings, on_wait=narrate) as services:
        [order_id] = await find_all(services, [order])
        if not dry_run:
            wanted = await services.buyers.open_return(order_id, kind, reason, parts)
            _say(
                {"order_number": wanted.order_number, "units": wanted.tiktok_line_ids},
                f"{wanted.order_number}  {len(wanted.tiktok_line_ids)} units: TikTok is asked to open it",
                json=json,
            )
            return Exit.OK
        wanted = await services.buyers.wanted_return(order_id, parts)
        async with open_outside(settings, services.database) as outside:
            preview = await (await outside.shop(wanted.shop_id)).returns.refund_preview(
                wanted.tiktok_order_id,
                request_type=kind.value,
                reason_name=reason,
                line_item_ids=wanted.tiktok_line_ids,
            )
    refund = Money(preview.total, preview.currency) if preview.total is not None else "an amount TikTok does not name"
    _say(
        {"order_number": wanted.order_number, "refund": preview.total, "currency": preview.currency},
        f"{wanted.order_number}  {len(wanted.tiktok_line_ids)} units, refund {refund}",
        json=json,
    )
    return Exit.OK


async def combinable(
    *,
    shop: Annotated[str, Parameter(help="The shop, by its name or TikTok's id of it.")] = "",
    json: Json = False,
) -> int:
    """List the orders that TikTok itself would put into one package."""
    settings = read_settings()
    async with open_services(settings, on_wait=narrate) as services:
        shop_id = await services.buyers.shop_named(shop)
        async with open_outside(settings, services.database) as outside:
            suggestions = await (await outside.shop(shop_id)).packing.combinable()
    for each in suggestions:
        if json:
            emit_json(each)
        else:
            emit(f"{each.suggestion_id}  {' '.join(each.tiktok_order_ids)}")
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


def _say(document: dict[str, object], line: str, *, json: bool) -> None:
    if json:
        emit_json(document)
    else:
        emit(line)


def _report(answered: Answered, *, json: bool) -> int:
    if json:
        emit_json(answered)
    elif answered.told:
        emit(f"{answered.order_number}  {answered.decision}: TikTok is told")
    else:
        emit(f"{answered.order_number}  {answered.decision}: ship it, which is the answer in this market")
    return Exit.OK
