"""The effect "send a notice"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from engine.errors import OrdersError
from engine.ports import SKIPPED, Claim, Done, NoticeRequest, NoticeSent
from sync.desk import Desk, Handler
from sync.notices.letter import Letter, Outbox
from sync.notices.templates import render
from sync.settling import for_each, outcome_of


@dataclass(frozen=True, slots=True)
class NoticeSettings:
    """How many claims are checkpointed and settled at once."""

    at_once: int = 16


def notice_handler(
    outbox: Outbox, settings: NoticeSettings | None = None, *, clock: Callable[[], datetime] | None = None
) -> Handler:
    """The handler for `EffectKind.NOTICE`: renders the batch and delivers it in one go."""
    at_once = (settings or NoticeSettings()).at_once
    now = clock or (lambda: datetime.now(UTC))

    async def handle(claims: Sequence[Claim], desk: Desk) -> None:
        requests = await desk.notice_requests(claims)
        written: list[tuple[Claim, Letter]] = []

        async def write(claim: Claim) -> None:
            request = requests.get(claim.effect_id)
            if request is None:
                await desk.settle(claim, Done(NoticeSent(SKIPPED)))
                return
            try:
                letter = _write(claim, request, now())
            except OrdersError as error:
                await desk.settle(claim, outcome_of(error))
                return
            if outbox.harmless_to_repeat or await desk.checkpoint(claim, str(claim.effect_id)):
                written.append((claim, letter))

        await for_each(claims, write, at_once=at_once)
        outcomes = await outbox.deliver([letter for _, letter in written]) if written else []
        settled = [(claim, outcome) for (claim, _), outcome in zip(written, outcomes, strict=True)]
        await for_each(settled, lambda pair: desk.settle(*pair), at_once=at_once)

    return handle


def _write(claim: Claim, request: NoticeRequest, written_at: datetime) -> Letter:
    return Letter(
        notice_id=claim.effect_id,
        audience=request.audience,
        recipient=request.recipient.strip(),
        words=render(request.template, request.values),
        written_at=written_at,
        repeat=claim.ambiguous or claim.attempt > 1,
    )
