"""The effects "answer the buyer who asks to cancel" and "answer the return": read how the request stands, then answer it once.

Somebody may have been faster: the buyer took it back, the deadline approved it, the seller centre answered. What stands as it was wanted
is adopted. A cancellation's answer carries the effect's key, so that a repeated one changes nothing; a return's has none, so it is read
before every attempt. The order is read again after an answer, and comes in like every change of TikTok's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import OrdersError, Terminal
from engine.identifiers import ShopId
from engine.orders.answers import APPROVE, REJECT, RETURN_DECISIONS
from engine.ports.outcomes import Claim, Done, Failed, Outcome, RequestAnswered
from engine.ports.requests import AnswerRequest
from engine.words import EffectKind
from sync.desk import Desk, Handler
from sync.settling import for_each, outcome_of
from sync.tiktok.connected import ConnectedShop, ShopDirectory
from sync.tiktok.parcel_state import not_sent
from sync.tiktok.reading import text

_AT_ONCE = 8
_APPROVED, _REJECTED = "CANCELLATION_REQUEST_SUCCESS", "CANCELLATION_REQUEST_CANCELLED"
_OUTDATED = frozenset({"tiktok.too_late_to_cancel", "tiktok.already_cancelled"})
"""What TikTok calls a decision that does not fit the request any more: it is looked at again."""


def answer_handler(shop_of: ShopDirectory) -> Handler:
    """The handler for `EffectKind.ANSWER_CANCELLATION` and `EffectKind.ANSWER_RETURN`."""
    return _Answers(shop_of).handle


@dataclass(frozen=True, slots=True)
class _Asked:
    claim: Claim
    request: AnswerRequest

    @property
    def cancels(self) -> bool:
        return self.claim.kind is EffectKind.ANSWER_CANCELLATION


class _Answers:
    def __init__(self, shop_of: ShopDirectory) -> None:
        self._shop_of = shop_of

    async def handle(self, claims: Sequence[Claim], desk: Desk) -> None:
        requests = await desk.answer_requests(claims)
        by_shop: dict[ShopId, list[_Asked]] = {}
        for claim in claims:
            request = requests.get(claim.effect_id)
            if request is None or claim.shop_id is None:
                sentence = "The buyer's request is no longer there; TikTok was told nothing."
                await desk.settle(claim, Failed("answer.outdated", sentence))
            else:
                by_shop.setdefault(claim.shop_id, []).append(_Asked(claim, request))
        await for_each(by_shop.items(), lambda item: self._answer_for(item[0], item[1], desk), at_once=_AT_ONCE)

    async def _answer_for(self, shop_id: ShopId, batch: list[_Asked], desk: Desk) -> None:
        try:
            shop = await self._shop_of(shop_id)
            standing = await _standing(shop, batch)
        except OrdersError as error:
            for asked in batch:
                await desk.settle(asked.claim, not_sent(error))
            return
        seen: set[str] = set()

        async def one(asked: _Asked) -> None:
            outcome = await _answer(shop, asked, standing.get(asked.request.request_id), desk)
            if outcome is None:
                return
            await desk.settle(asked.claim, outcome)
            if isinstance(outcome, Done | Failed):
                seen.add(asked.request.tiktok_order_id)

        await for_each(batch, one, at_once=_AT_ONCE)
        if seen:
            await _take_in(shop, shop_id, sorted(seen), desk)


async def _standing(shop: ConnectedShop, batch: Sequence[_Asked]) -> dict[str, str]:
    """How the requests stand at TikTok now; those that it does not know are absent."""
    cancels = [asked.request.request_id for asked in batch if asked.cancels]
    returns = [asked.request.request_id for asked in batch if not (asked.cancels or asked.request.opens)]
    found: dict[str, str] = {}
    for row in await shop.changes.cancellations_of(cancel_ids=cancels):
        found[text(row, "cancel_id")] = text(row, "cancel_status")
    for row in await shop.changes.returns_of(return_ids=returns):
        found[text(row, "return_id")] = text(row, "return_status")
    return found


async def _take_in(shop: ConnectedShop, shop_id: ShopId, order_ids: list[str], desk: Desk) -> None:
    try:
        await desk.take_in(shop_id, await shop.orders.by_id(order_ids))
    except OrdersError:
        return  # the poll brings it a little later


async def _answer(shop: ConnectedShop, asked: _Asked, status: str | None, desk: Desk) -> Outcome | None:
    """The outcome of one claim; None when it must not be settled."""
    request, claim = asked.request, asked.claim
    if request.opens:
        return await _open_return(shop, asked, desk)
    if settled := _already(asked, status):
        return settled
    if not await desk.checkpoint(claim, request.request_id):
        return None
    try:
        if asked.cancels:
            await _answer_cancellation(shop, request, claim.key)
        else:
            await _answer_return(shop, request)
    except Terminal as error:
        return await _refused(shop, asked, error)
    except OrdersError as error:
        return outcome_of(error, request.request_id)
    return Done(RequestAnswered(request.request_id, _wanted(asked)))


async def _open_return(shop: ConnectedShop, asked: _Asked, desk: Desk) -> Outcome | None:
    """A return of the seller's own; the effect's key opens it once however often it is asked for."""
    request, claim = asked.request, asked.claim
    if not await desk.checkpoint(claim, request.tiktok_order_id):
        return None
    try:
        opened = await shop.returns.open_return(
            request.tiktok_order_id,
            return_reason=request.reject_reason,
            return_type=request.opens,
            line_item_ids=request.tiktok_line_ids,
            idempotency_key=claim.key,
        )
    except Terminal as error:
        return Failed("return.refused", f"{error.sentence} No return of order {request.tiktok_order_id} was opened.")
    except OrdersError as error:
        return outcome_of(error, request.tiktok_order_id)
    return Done(RequestAnswered(opened.return_id, opened.return_status))


async def _answer_cancellation(shop: ConnectedShop, request: AnswerRequest, key: str) -> None:
    if request.decision == APPROVE:
        await shop.aftersales.approve(request.request_id, idempotency_key=key)
    else:
        await shop.aftersales.reject(
            request.request_id, reject_reason=request.reject_reason, comment=request.comment, idempotency_key=key
        )


async def _answer_return(shop: ConnectedShop, request: AnswerRequest) -> None:
    if RETURN_DECISIONS[request.decision] == APPROVE:
        await shop.returns.approve(
            request.request_id,
            decision=request.decision,
            buyer_keep_item=request.buyer_keeps_item,
            partial_refund=request.partial_refund,
        )
    else:
        await shop.returns.reject(
            request.request_id,
            decision=request.decision,
            reject_reason=request.reject_reason,
            comment=request.comment,
        )


async def _refused(shop: ConnectedShop, asked: _Asked, error: Terminal) -> Outcome:
    """What a refusal means: one because the request moved on is judged by where it is now."""
    if error.code == "tiktok.cancel_reason_refused":
        return Failed(
            "answer.refused",
            f"TikTok does not take the reason {asked.request.reject_reason!r} for request {asked.request.request_id}; "
            "choose another one and answer again.",
        )
    if error.code not in _OUTDATED:
        return Failed(error.code, error.sentence)
    try:
        standing = await _standing(shop, [asked])
    except OrdersError as unreadable:
        return not_sent(unreadable)
    return _already(asked, standing.get(asked.request.request_id)) or Failed(
        "answer.outdated",
        f"TikTok does not take this answer to request {asked.request.request_id} in its present state.",
    )


def _already(asked: _Asked, status: str | None) -> Outcome | None:
    """What the request's present state already decides; None when it waits for the answer."""
    request = asked.request
    if status is None:
        return Failed(
            "answer.outdated",
            f"TikTok does not know request {request.request_id} in this shop; look at the order there.",
        )
    if not asked.cancels:
        return _return_already(asked, status)
    if status.endswith("_PENDING"):
        return None
    # Taken back, approved by the deadline, answered in the seller centre: what is true now counts, and the order follows it.
    return Done(RequestAnswered(request.request_id, status))


def _return_already(asked: _Asked, status: str) -> Outcome | None:
    """A lost answer is seen by the state that it was meant for being over."""
    meant_for = asked.claim.key.split(":")[2]
    if status == meant_for:
        return None
    if asked.claim.ambiguous:
        return Done(RequestAnswered(asked.request.request_id, status))
    return Failed(
        "answer.outdated",
        f"Return {asked.request.request_id} has moved on to {status}; look at it again and decide about that.",
    )


def _wanted(asked: _Asked) -> str:
    if not asked.cancels:
        return ""
    return _REJECTED if asked.request.decision == REJECT else _APPROVED
