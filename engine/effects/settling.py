"""Settling: what came of a claim, and what that means for the order, in one transaction fenced by the claim's token.

Locks, in the one allowed order: work, orders, then the effects, packages, stock. The order goes on in the same transaction; should
that break, the result is written alone and the order is left to the runner, since a result from outside must never be lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.database.locks import lock_for_result, make_ready
from engine.database.loss import is_lost
from engine.database.rows import insert_rows
from engine.effects import ledger
from engine.effects.kinds import BUDGETS, DEPENDENCY_OF, Budgets
from engine.effects.meanings import write_meanings
from engine.identifiers import OrderId, new_id
from engine.inventory import mirror
from engine.ports.outcomes import Claim, Done, Failed, NoticeSent, Outcome, Postponed, Unsure
from engine.privacy.cipher import Vault
from engine.words import EffectKind, EffectState
from engine.workflow import afterwards
from engine.workflow.advance import Push, advance
from engine.workflow.failures import cause_of_outcome

if TYPE_CHECKING:
    from engine.database.connection import Database

_AWAIT_HANDOVER = "UPDATE work SET waiting_for = 'handover' WHERE order_id = ANY($1::uuid[]) AND waiting_for = 'tiktok'"

# A clean failure forgets the provider's reference, so that a retry starts anew with what was corrected meanwhile.
_SETTLE = """
UPDATE effects e
SET state = d.state, head = d.open AND e.head, result = d.result, error_code = d.error_code, error = d.error,
    provider_reference = CASE WHEN d.forget THEN '' WHEN d.reference = '' THEN e.provider_reference ELSE d.reference END,
    due_at = now() + make_interval(secs => d.delay), attempt = e.attempt - d.refund,
    settled_at = CASE WHEN d.open THEN NULL ELSE now() END, lease_token = NULL, lease_until = NULL
FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::bool[], $5::bytea[], $6::text[], $7::text[],
            $8::text[], $9::float8[], $10::int[], $11::bool[])
  AS d(id, token, state, open, result, error_code, error, reference, delay, refund, forget)
WHERE e.id = d.id AND e.lease_token = d.token AND e.state IN ('intent', 'sent', 'ambiguous')
RETURNING e.id
"""

_REJECTED = """
SELECT DISTINCT order_id FROM cancellations
WHERE order_id = ANY($1::uuid[]) AND decision = 'reject' AND channel_status LIKE '%PENDING'
"""


@dataclass(frozen=True, slots=True)
class Settlement:
    """One claim and what came of it."""

    claim: Claim
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class _Row:
    state: EffectState
    open: bool
    result: bytes | None
    error_code: str | None
    error: str | None
    reference: str
    delay_seconds: float
    refund: int
    gave_up: Failed | None


async def settle(database: Database, settlements: Sequence[Settlement], budgets: Budgets = BUDGETS) -> set[UUID]:
    """Write these outcomes and let their orders go on. Answers the effects that were still this worker's.

    A database that went away is the caller's to wait for.
    """

    async def write(connection: Any, *, go_on: bool) -> set[UUID]:
        return await _settle(connection, database.vault, settlements, budgets, go_on=go_on)

    try:
        return await database.run(lambda connection: write(connection, go_on=True))
    except Exception as error:
        if is_lost(error):
            raise
        # Whatever else broke, what happened outside has to be written.
        if len(settlements) > 1:
            half = len(settlements) // 2
            first = await settle(database, settlements[:half], budgets)
            return first | await settle(database, settlements[half:], budgets)
        return await database.run(lambda connection: write(connection, go_on=False))


async def _settle(
    connection: Any, vault: Vault, settlements: Sequence[Settlement], budgets: Budgets = BUDGETS, *, go_on: bool
) -> set[UUID]:
    rows = [_row(settlement, budgets) for settlement in settlements]
    # Whoever closes an effect hands its place on to the next one, and whoever writes a new one looks whether a place is taken: both
    # hold the order, or the new one would wait for ever behind one that has just been closed.
    closing = [s.claim for s, row in zip(settlements, rows, strict=True) if not row.open]
    order_ids = sorted({claim.order_id for claim in closing if claim.order_id is not None})
    packages = [claim.package_id for claim in closing if claim.package_id is not None]
    open_orders = await lock_for_result(connection, order_ids, packages) if order_ids else []
    if any(isinstance(s.outcome, Failed) and s.outcome.unless_rejected for s in settlements):
        settlements = await _begun_again(connection, settlements)
        rows = [_row(settlement, budgets) for settlement in settlements]
    won = {
        row["id"]
        for row in await connection.fetch(
            _SETTLE,
            [s.claim.effect_id for s in settlements],
            [s.claim.token for s in settlements],
            [row.state for row in rows],
            [row.open for row in rows],
            [row.result for row in rows],
            [row.error_code for row in rows],
            [row.error for row in rows],
            [row.reference for row in rows],
            [row.delay_seconds for row in rows],
            [row.refund for row in rows],
            [isinstance(s.outcome, Failed) for s in settlements],
        )
    }
    mine = [(s, row) for s, row in zip(settlements, rows, strict=True) if s.claim.effect_id in won]
    await _keep_tries(connection, mine)
    done = sorted({s.claim.order_id for s, row in mine if s.claim.order_id is not None and not row.open})
    await write_meanings(connection, vault, [(s.claim, s.outcome) for s, _ in mine])
    if done:
        await ledger.next_heads(connection, done)
    pushes: dict[OrderId, Push] = {
        s.claim.order_id: _failure_push(s.claim, row.gave_up)
        for s, row in mine
        if row.gave_up is not None and s.claim.order_id is not None and s.claim.kind is not EffectKind.NOTICE
    }
    told = {s.claim.order_id for s, row in mine if _tells(s) and row.gave_up is None}
    if told:
        await connection.execute(_AWAIT_HANDOVER, sorted(order_id for order_id in told if order_id is not None))
    causes = {order_id: push.cause for order_id, push in pushes.items() if push.cause is not None}
    if causes:
        await afterwards.record(connection, vault, set(order_ids).difference(open_orders), causes)
    # Beside its own order a result moves those that share its package, which are locked for no other reason.
    going = {s.claim.order_id for s, row in mine if _moves(s, row)} - told
    moving = [order_id for order_id in open_orders if order_id in going or order_id not in order_ids]
    if moving and go_on:
        await advance(connection, vault, moving, pushes)
        if levels := [level for s, _ in mine if isinstance(s.outcome, Failed) for level in s.outcome.levels]:
            await mirror.correct(connection, levels)
    elif moving:
        await make_ready(connection, moving)
    return won


async def _begun_again(connection: Any, settlements: Sequence[Settlement]) -> list[Settlement]:
    """The same, with what failed for a buyer's request due again where a person said no while it was under way."""
    asked = {
        s.claim.effect_id: s.claim.order_id
        for s in settlements
        if s.claim.order_id is not None and isinstance(s.outcome, Failed) and s.outcome.unless_rejected
    }
    rejected = {row["order_id"] for row in await connection.fetch(_REJECTED, sorted(set(asked.values())))}
    again = Postponed(
        "cancel_rejected", "The buyer was told no meanwhile; it goes on at once.", 0.0, burns_attempt=False
    )
    return [Settlement(s.claim, again) if asked.get(s.claim.effect_id) in rejected else s for s in settlements]


async def _keep_tries(connection: Any, mine: Sequence[tuple[Settlement, _Row]]) -> None:
    """Keep what every try that went wrong ended with, so that people see what was tried; one that went well leaves its result."""
    tries = [
        (new_id(), s.claim.effect_id, s.claim.attempt, row.state, row.error_code, row.error)
        for s, row in mine
        if not isinstance(s.outcome, Done) and not row.refund
    ]
    columns = ("id", "effect_id", "attempt", "state", "error_code", "error")
    await insert_rows(connection, "effect_tries", columns, tries)


def _moves(settlement: Settlement, row: _Row) -> bool:
    """Whether the order can go on after this: notices and postponements leave it where it is."""
    if settlement.claim.kind is EffectKind.NOTICE:
        return False
    return isinstance(settlement.outcome, Done) or row.gave_up is not None


def _tells(settlement: Settlement) -> bool:
    """Whether TikTok now knows the parcel, which moves nothing by itself: the order waits for the handover."""
    return isinstance(settlement.outcome, Done) and settlement.claim.kind is EffectKind.SHIP_PACKAGE


def _row(settlement: Settlement, budgets: Budgets) -> _Row:
    claim, outcome = settlement.claim, settlement.outcome
    budget = budgets[claim.kind].with_own(claim.retry)
    match outcome:
        case Done(result):
            return _Row(
                EffectState.DONE,
                open=False,
                result=None,
                error_code=None,
                error=None,
                reference=result.reference if isinstance(result, NoticeSent) else "",
                delay_seconds=0,
                refund=0,
                gave_up=None,
            )
        case Failed(code, sentence):
            return _closed(code, sentence, outcome)
        case Unsure(code, sentence, reference, after, burns):
            if burns and claim.attempt >= budget.max_attempts:
                return _exhausted(claim, code, sentence, "It may have happened: ask the other side before retrying.")
            delay = budget.retries.delay_seconds(claim.attempt) if after is None else after
            return _again(EffectState.AMBIGUOUS, code, sentence, reference, delay, refund=0 if burns else 1)
        case Postponed(code, sentence, after, burns):
            if burns and claim.attempt >= budget.max_attempts:
                return _exhausted(claim, code, sentence, "")
            state = EffectState.AMBIGUOUS if claim.ambiguous else EffectState.INTENT
            delay = budget.retries.delay_seconds(claim.attempt) if after is None else after
            return _again(state, code, sentence, "", delay, refund=0 if burns else 1)


def _closed(code: str, sentence: str, failed: Failed) -> _Row:
    return _Row(
        EffectState.FAILED,
        open=False,
        result=None,
        error_code=code,
        error=sentence,
        reference="",
        delay_seconds=0,
        refund=0,
        gave_up=failed,
    )


def _exhausted(claim: Claim, code: str, sentence: str, warning: str) -> _Row:
    text = f"Gave up after {claim.attempt} tries: {sentence} {warning}".strip()
    return _closed(code, text, Failed("attempts_exhausted", text))


def _again(state: EffectState, code: str, sentence: str, reference: str, delay_seconds: float, *, refund: int) -> _Row:
    return _Row(
        state,
        open=True,
        result=None,
        error_code=code,
        error=sentence,
        reference=reference,
        delay_seconds=delay_seconds,
        refund=refund,
        gave_up=None,
    )


def _failure_push(claim: Claim, failed: Failed) -> Push:
    evidence = {"effect": claim.key, "tries": str(claim.attempt)}
    if claim.provider_reference:
        evidence["reference"] = claim.provider_reference
    about = DEPENDENCY_OF[claim.kind].value if failed.code == "attempts_exhausted" else ""
    cause = cause_of_outcome(failed.code, failed.sentence, failed.levels[0].sku if failed.levels else about, evidence)
    return Push("fail", reason=failed.code, cause=cause, gives_back=bool(failed.levels))
