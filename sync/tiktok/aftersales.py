"""Cancellations and returns as TikTok sends them, and the facts they are to the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

import orjson
from pydantic import ValidationError

from engine.errors import Refused, Terminal
from engine.money import parse_amount
from engine.ports.facts import CancellationFact, ReturnedUnit, ReturnFact
from sync.tiktok.payloads import Payload, Seconds, Text

CANCELLATION = "cancellation"
"""The kind of a payload that is a cancellation."""

RETURN = "return"
"""The kind of a payload that is a return or a refund."""

_LONGEST = 255


class NextAction(Payload):
    """What the seller may do now, and until when."""

    action: Text = None
    deadline: Seconds = None


class RefundAmount(Payload):
    """What the buyer gets back, as money strings in `currency`."""

    currency: Text = None
    refund_total: Text = None
    refund_subtotal: Text = None
    refund_shipping_fee: Text = None
    refund_tax: Text = None
    retail_delivery_fee: Text = None
    buyer_service_fee: Text = None


class _Line(Payload):
    order_line_item_id: Text = None
    sku_id: Text = None
    seller_sku: Text = None
    sku_name: Text = None
    product_name: Text = None
    refund_amount: RefundAmount | None = None


class CancelLine(_Line):
    """One unit that a cancellation is about."""

    cancel_line_item_id: Text = None


class ReturnLine(_Line):
    """One unit that a return is about."""

    return_line_item_id: Text = None


class _Request(Payload):
    order_id: Text = None
    role: Text = None
    create_time: Seconds = None
    update_time: Seconds = None
    seller_next_action_response: list[NextAction] | None = None
    refund_amount: RefundAmount | None = None


class CancellationPayload(_Request):
    """One row of `cancellations/search`."""

    cancel_id: Text = None
    cancel_type: Text = None
    cancel_status: Text = None
    cancel_reason: Text = None
    cancel_reason_text: Text = None
    cancel_line_items: list[CancelLine] | None = None


class ReturnPayload(_Request):
    """One row of `returns/search`."""

    return_id: Text = None
    return_type: Text = None
    return_status: Text = None
    arbitration_status: Text = None
    return_reason: Text = None
    return_reason_text: Text = None
    pre_return_id: Text = None
    next_return_id: Text = None
    return_tracking_number: Text = None
    return_provider_name: Text = None
    return_provider_id: Text = None
    return_line_items: list[ReturnLine] | None = None


Read = TypeVar("Read", CancellationPayload, ReturnPayload)


def cancellation_fact(payload: bytes | Mapping[str, Any]) -> CancellationFact:
    """What the row says. Raises Terminal `tiktok.malformed_cancellation` when it names no cancellation, order or time."""
    row = _read(CancellationPayload, payload, CANCELLATION)
    number, order_id = _id(row.cancel_id, CANCELLATION, "cancel_id"), _id(row.order_id, CANCELLATION, "order_id")
    refund = row.refund_amount
    return CancellationFact(
        tiktok_cancel_id=number,
        tiktok_order_id=order_id,
        cancel_type=_word(row.cancel_type),
        channel_status=request_status(row.cancel_status),
        update_time=_time(row.update_time or row.create_time, CANCELLATION, number),
        role=_word(row.role),
        reason=(row.cancel_reason or row.cancel_reason_text or "")[:_LONGEST],
        refund_amount=_amount(refund, CANCELLATION, number),
        currency=_currency(refund),
        respond_by=_deadline(row.seller_next_action_response),
        lines=tuple(
            ReturnedUnit(line.order_line_item_id, line.seller_sku or "")
            for line in row.cancel_line_items or ()
            if line.order_line_item_id
        ),
    )


def return_fact(payload: bytes | Mapping[str, Any]) -> ReturnFact:
    """What the row says. Raises Terminal `tiktok.malformed_return` when it names no return, order or time."""
    row = _read(ReturnPayload, payload, RETURN)
    number, order_id = _id(row.return_id, RETURN, "return_id"), _id(row.order_id, RETURN, "order_id")
    return ReturnFact(
        tiktok_return_id=number,
        tiktok_order_id=order_id,
        return_type=_word(row.return_type),
        channel_status=request_status(row.return_status),
        update_time=_time(row.update_time or row.create_time, RETURN, number),
        reason=(row.return_reason or row.return_reason_text or "")[:_LONGEST],
        refund_amount=_amount(row.refund_amount, RETURN, number),
        currency=_currency(row.refund_amount),
        respond_by=_deadline(row.seller_next_action_response),
        lines=tuple(
            ReturnedUnit(line.order_line_item_id, line.seller_sku or "")
            for line in row.return_line_items or ()
            if line.order_line_item_id
        ),
    )


def request_status(raw: str | None) -> str:
    """TikTok's word for how a request stands, in one spelling: its filters say `…_CANCEL` where its answers say `…_CANCELLED`."""
    word = _word(raw)
    return f"{word}LED" if word.endswith("_CANCEL") else word


def _word(raw: str | None) -> str:
    return (raw or "").strip().upper()[:_LONGEST]


def _read(model: type[Read], payload: bytes | Mapping[str, Any], what: str) -> Read:
    try:
        document = orjson.loads(payload) if isinstance(payload, bytes) else payload
        return model.model_validate(document)
    except (orjson.JSONDecodeError, ValidationError):
        raise _malformed(what, "it cannot be read") from None


def _id(value: str | None, what: str, field: str) -> str:
    if not value or len(value) > _LONGEST:
        raise _malformed(what, f"it has no usable {field}")
    return value


def _time(seconds: int | None, what: str, number: str) -> datetime:
    if not seconds:
        raise _malformed(what, "it has neither update_time nor create_time", number)
    return datetime.fromtimestamp(seconds, UTC)


def _deadline(actions: Sequence[NextAction] | None) -> datetime | None:
    deadlines = [action.deadline for action in actions or () if action.deadline]
    return datetime.fromtimestamp(min(deadlines), UTC) if deadlines else None


def _amount(refund: RefundAmount | None, what: str, number: str) -> Decimal | None:
    if refund is None or not refund.refund_total:
        return None
    try:
        return parse_amount(refund.refund_total)
    except Refused:
        raise _malformed(what, "refund_amount.refund_total is not an amount of money", number) from None


def _currency(refund: RefundAmount | None) -> str:
    currency = (refund.currency or "").upper() if refund else ""
    return currency if len(currency) == 3 and currency.isascii() and currency.isalpha() else ""


def _malformed(what: str, reason: str, number: str = "") -> Terminal:
    named = f" {number[:64]}" if number.isascii() and number.isalnum() else ""
    return Terminal(
        f"tiktok.malformed_{what}",
        f"A {what}{named} from TikTok is malformed: {reason}; look at it in the seller centre.",
    )
