"""The effect "send a notice": straight to the one address it has, or handed over to its targets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from engine.errors import OrdersError
from engine.ports.outcomes import HANDED_OVER, SKIPPED, Claim, Done, NoticeSent
from engine.ports.requests import NoticeRequest
from sync.desk import Desk, Handler
from sync.notices.letter import Letter, Outbox
from sync.notices.templates import Templates, built_in_templates
from sync.settling import for_each, outcome_of


@dataclass(frozen=True, slots=True)
class NoticeSettings:
    """How many claims are checkpointed and settled at once."""

    at_once: int = 16


def notice_handler(
    outbox: Outbox,
    settings: NoticeSettings | None = None,
    *,
    templates: Templates | None = None,
    clock: Callable[[], datetime] | None = None,
    handed_over: Callable[[], None] | None = None,
) -> Handler:
    """The handler for `EffectKind.NOTICE`; `handed_over` is called when targets have got something to send."""
    at_once = (settings or NoticeSettings()).at_once
    words = templates or built_in_templates()
    now = clock or (lambda: datetime.now(UTC))

    async def handle(claims: Sequence[Claim], desk: Desk) -> None:
        requests = await desk.notice_requests(claims)
        if fanned := [request for request in requests.values() if request.routes]:
            await desk.hand_over(fanned)
            if handed_over is not None:
                handed_over()
        written: list[tuple[Claim, Letter]] = []

        async def write(claim: Claim) -> None:
            request = requests.get(claim.effect_id)
            if request is None or request.refused:
                await desk.settle(claim, Done(NoticeSent(SKIPPED)))
                return
            if request.routes:
                await desk.settle(claim, Done(NoticeSent(HANDED_OVER)))
                return
            try:
                letter = _write(claim, request)
            except OrdersError as error:
                await desk.settle(claim, outcome_of(error))
                return
            if outbox.harmless_to_repeat or await desk.checkpoint(claim, str(claim.effect_id)):
                written.append((claim, letter))

        def _write(claim: Claim, request: NoticeRequest) -> Letter:
            return Letter(
                notice_id=claim.effect_id,
                audience=request.audience,
                recipient=request.recipient.strip(),
                words=words.render(request.template, request.values, html=outbox.takes_html),
                written_at=now(),
                intended_at=claim.intended_at,
                repeat=claim.ambiguous or claim.attempt > 1,
            )

        await for_each(claims, write, at_once=at_once)
        outcomes = await outbox.deliver([letter for _, letter in written]) if written else []
        settled = [(claim, outcome) for (claim, _), outcome in zip(written, outcomes, strict=True)]
        await for_each(settled, lambda pair: desk.settle(*pair), at_once=at_once)

    return handle
