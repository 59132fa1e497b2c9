"""What buyers ask for, answered: a request to cancel, a return."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from engine.orders.answers import APPROVE, REJECT, RETURN_DECISIONS, Answer, Answered
from engine.orders.plain_text import plain
from orders_tui.formatting import deadline, money, words
from orders_tui.modals.bulk.chosen import Chosen
from orders_tui.modals.fields import Field
from orders_tui.modals.question import Question
from orders_tui.screens.console_screen import ConsoleScreen

_COMMENT = Field("comment", "comment", optional=True, hint="what the buyer is told besides")
_PARTIAL = "OFFER_PARTIAL_REFUND"


async def answer_cancellation(screen: ConsoleScreen, chosen: Chosen) -> None:
    """Say yes or no to a buyer who asks to cancel, with the market's reasons for a no."""
    services = screen.session.services
    if chosen.only is None:
        screen.say("Buyers are answered one by one: put the cursor on the order, without marks.", severity="warning")
        return
    order_id = chosen.only
    order = await services.detail(order_id)
    number, request = order.row.order_number, order.cancel_request
    if request is None:
        screen.say(f"Nobody asks to cancel order {number}.", severity="warning")
        return
    arguments: list[str] = []

    async def carry(choice: str, values: Mapping[str, str]) -> str:
        decision, _, reason = choice.partition("-")
        arguments[:] = [number, decision, *(["--reason", reason] if reason else []), "--request", request.cancel_id]
        answer = Answer(decision, reason, values["comment"])
        return _told(await services.buyers.answer_cancellation(order_id, answer, request_id=request.cancel_id))

    reasons = await services.buyers.reject_reasons(order_id)
    choices = [
        (f"{APPROVE}-", "yes: cancel it; stock goes back, labels are voided"),
        *((f"{REJECT}-{name}", f"no: {text}") for name, text in reasons.items()),
    ]
    left = deadline(request.respond_by, screen.session.viewer())
    about = f"The buyer asks to cancel: {plain(request.reason) or 'no reason given'}."
    about += f"\nTikTok says yes by itself in {left}." if left else ""
    form = Question(
        screen.session,
        f"Answer the buyer of order {number}",
        carry,
        about=about,
        choices=choices,
        fields=(_COMMENT,),
        seen=chosen.seen,
    )
    await _asked(screen, form, "orders.answer_cancellation", arguments)


async def answer_return(screen: ConsoleScreen, chosen: Chosen) -> None:
    """Say what becomes of an order's return."""
    services = screen.session.services
    if chosen.only is None:
        screen.say("Returns are answered one by one: put the cursor on the order, without marks.", severity="warning")
        return
    open_ones = [each for each in await services.parcels.returns(chosen.only) if each.status.endswith("PENDING")]
    if not open_ones:
        screen.say("No return of this order waits for an answer.", severity="warning")
        return
    asked = open_ones[0]
    reasons = await services.buyers.reject_reasons(chosen.only)
    arguments: list[str] = []

    async def carry(choice: str, values: Mapping[str, str]) -> str:
        decision, _, reason = choice.partition("-")
        refund = _amount(values["refund"]) if decision == _PARTIAL else None
        keep = choice.endswith("-keep")
        answer = Answer(decision, "" if keep else reason, values["comment"], buyer_keeps_item=keep, refund=refund)
        arguments[:] = [
            asked.return_id,
            decision,
            *(["--reason", answer.reject_reason] if answer.reject_reason else []),
        ]
        arguments.extend([*(["--keep-item"] if keep else []), *(["--refund", str(refund)] if refund else [])])
        return _told(await services.buyers.answer_return(asked.return_id, answer))

    yes = [name for name, side in RETURN_DECISIONS.items() if side == APPROVE]
    no = [name for name, side in RETURN_DECISIONS.items() if side == REJECT]
    choices = [
        *((f"{name}-", words(name.lower())) for name in yes),
        ("APPROVE_REFUND-keep", "approve refund, the buyer keeps the item"),
        *((f"{name}-{reason}", f"{words(name.lower())}: {text}") for name in no for reason, text in reasons.items()),
    ]
    units = ", ".join(f"{count} x {sku}" for sku, count in asked.skus.items()) or "nothing named"
    about = f"{plain(asked.return_type)} {plain(asked.status)}: {plain(units)}. {plain(asked.reason)}"
    if asked.refund_amount is not None:
        about += f"\nThe buyer asks for {money(asked.refund_amount, asked.currency)}."
    if left := deadline(asked.respond_by, screen.session.viewer()):
        about += f"\nAnswer within {left}."
    refund = Field("refund", "refund", optional=True, hint="only with a partial refund: how much")
    form = Question(
        screen.session,
        f"Answer return {asked.return_id}",
        carry,
        about=about,
        choices=choices,
        fields=(refund, _COMMENT),
        seen=chosen.seen,
    )
    await _asked(screen, form, "orders.answer_return", arguments)


async def _asked(screen: ConsoleScreen, form: Question, action_id: str, arguments: list[str]) -> None:
    done = await screen.app.push_screen_wait(form)
    if done:
        screen.session.did(action_id, arguments, done)
        screen.say(done)
        await screen.after_change()


def _told(answered: Answered) -> str:
    how = "TikTok is told" if answered.told else "ship it, which is the answer in this market"
    return f"Order {answered.order_number}: {words(answered.decision.lower())}; {how}."


def _amount(text: str) -> Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or found <= 0:
        raise ValueError(f"A partial refund needs an amount above 0, such as 4.50; {text!r} is none.")
    return found
