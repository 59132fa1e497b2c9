"""What a person decides about a buyer's wish: a request to cancel, a return. TikTok hears of it by an effect, once.

Another answer may be given only while the first one did not arrive. In a market that rejects by shipping nothing is sent for a no:
the order goes on, and shipping it is the answer. After a yes nothing of the order is labelled or shipped any more; it is cancelled here
when TikTok says that it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.actors import Actor
from engine.database.locks import lock_for_result
from engine.effects import ledger
from engine.effects.kinds import DEPENDENCY_OF
from engine.errors import NotFound, Refused
from engine.identifiers import EffectId, OrderId, ShopId, UserId, new_id
from engine.orders.markets import market_of
from engine.orders.marking import mark
from engine.orders.plain_text import plain
from engine.ports.outcomes import Claim
from engine.ports.requests import AnswerRequest
from engine.privacy.cipher import Vault
from engine.words import EffectKind
from engine.workflow.advance import Push, advance
from engine.workflow.plan import NewEffect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.database.connection import Database

APPROVE, REJECT = "approve", "reject"
LONGEST_COMMENT = 500

RETURN_DECISIONS: Mapping[str, str] = {
    "APPROVE_REFUND": APPROVE,
    "APPROVE_RETURN": APPROVE,
    "APPROVE_RECEIVED_PACKAGE": APPROVE,
    "APPROVE_REPLACEMENT": APPROVE,
    "ISSUE_REPLACEMENT_REFUND": APPROVE,
    "OFFER_PARTIAL_REFUND": APPROVE,
    "REJECT_REFUND": REJECT,
    "REJECT_RETURN": REJECT,
    "REJECT_RECEIVED_PACKAGE": REJECT,
    "REJECT_REPLACEMENT": REJECT,
}
"""TikTok's words for what may be decided about a return, and whether each is a yes."""

_CANCELLATIONS = """
SELECT c.id, c.tiktok_cancel_id AS number, c.order_id, c.channel_status, c.decision, c.reject_reason, c.currency,
       o.order_number, o.user_id, o.shop_id, s.region
FROM cancellations c JOIN orders o ON o.id = c.order_id JOIN shops s ON s.id = o.shop_id
WHERE c.order_id = $1 AND c.channel_status LIKE '%PENDING' AND c.cancel_type = 'BUYER_CANCEL' ORDER BY c.id FOR UPDATE OF c
"""

_RETURN = """
SELECT r.id, r.tiktok_return_id AS number, r.order_id, r.channel_status, r.decision, r.reject_reason, r.currency,
       o.order_number, o.user_id, o.shop_id, s.region
FROM returns r JOIN orders o ON o.id = r.order_id JOIN shops s ON s.id = o.shop_id
WHERE r.tiktok_return_id = $1 FOR UPDATE OF r
"""
_ORDER_OF_RETURN = "SELECT order_id FROM returns WHERE tiktok_return_id = $1"

_DECIDE = """
UPDATE {table} SET decision = $2, decided_by = $3, decided_at = now(), reject_reason = $4, answer_comment = $5, updated_at = now()
WHERE id = $1
"""

_SENT = "SELECT id, key, state FROM effects WHERE order_id = $1 AND kind = $2 AND key LIKE $3 || ':%' ORDER BY sequence"

# What failed before is not sent beside the new answer when its order is retried.
_SUPERSEDE = f"UPDATE effects SET error_code = '{ledger.PASSED_OVER}' WHERE id = ANY($1::uuid[]) AND state = 'failed'"  # noqa: S608

_STANDING = """
SELECT o.workflow_status, f.code FROM orders o
LEFT JOIN LATERAL (SELECT code FROM failures WHERE order_id = o.id AND resolved_at IS NULL ORDER BY id DESC LIMIT 1) f ON true
WHERE o.id = $1
"""

_ANSWERS = """
SELECT e.id AS effect_id, o.tiktok_order_id, coalesce(c.id, r.id) AS id, coalesce(c.reject_reason, r.reject_reason) AS reject_reason,
       coalesce(c.answer_comment, r.answer_comment) AS comment, c.id IS NOT NULL AS cancels
FROM effects e JOIN orders o ON o.id = e.order_id
LEFT JOIN cancellations c ON e.kind = 'answer_cancellation' AND c.tiktok_cancel_id = e.request ->> 'request'
LEFT JOIN returns r ON e.kind = 'answer_return' AND r.tiktok_return_id = e.request ->> 'request'
WHERE e.id = ANY($1::uuid[]) AND (coalesce(c.id, r.id) IS NOT NULL OR e.request ->> 'open' IS NOT NULL)
"""

_REQUEST = """
SELECT r.number, o.shop_id
FROM (SELECT tiktok_cancel_id AS number, order_id, channel_status FROM cancellations
      UNION ALL SELECT tiktok_return_id, order_id, channel_status FROM returns) r
JOIN orders o ON o.id = r.order_id
WHERE r.number = $1 OR r.order_id = $2 AND r.channel_status LIKE '%PENDING'
ORDER BY r.number = $1 DESC LIMIT 1
"""

_ANSWER_FAILURES = frozenset({"cancel_requested", "tiktok.cancel_reason_refused", "answer.refused", "answer.outdated"})


@dataclass(frozen=True, slots=True)
class Answer:
    """A yes or a no to a buyer, with what TikTok wants to know of it."""

    decision: str
    """`approve` or `reject`; of a return TikTok's own word, one of `RETURN_DECISIONS`."""
    reject_reason: str = ""
    """TikTok's name for why."""
    comment: str = ""
    buyer_keeps_item: bool = False
    refund: Decimal | None = None
    """With `OFFER_PARTIAL_REFUND`: how much."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What was decided. Where `told` is False, shipping the order is the answer."""

    request_id: str
    order_id: OrderId
    order_number: str
    decision: str
    told: bool


async def answer_cancellation(
    database: Database, order_id: OrderId, answer: Answer, *, actor: Actor, request_id: str = ""
) -> Answered:
    """Say yes or no to a buyer who asks to cancel. Raises NotFound, Refused; then nothing has changed."""
    if answer.decision not in {APPROVE, REJECT}:
        raise Refused("answer.decision", f"{answer.decision!r} is no answer: approve or reject.")

    async def run(connection: Any) -> Answered:
        await lock_for_result(connection, [order_id])
        row = _the_one(await connection.fetch(_CANCELLATIONS, order_id), request_id)
        by_shipping = answer.decision == REJECT and market_of(row["region"]).reject_by_shipping
        if answer.decision == REJECT and not by_shipping and not answer.reject_reason:
            raise Refused("answer.no_reason", "A no needs a reason: orders cancel-reasons ORDER lists them.")
        key = f"{EffectKind.ANSWER_CANCELLATION}:{row['number']}"
        sent = await _sent(connection, row, EffectKind.ANSWER_CANCELLATION, key)
        if not sent and row["decision"] == answer.decision:
            raise _answered(row)
        await _decide(connection, database.vault, "cancellations", row, answer, answer.decision, actor)
        if not by_shipping:
            request = {"request": row["number"], "decision": answer.decision}
            await _send(connection, row, EffectKind.ANSWER_CANCELLATION, key, sent, request)
        told = {"request": row["number"], "decision": answer.decision, "reason": answer.reject_reason}
        await mark(connection, database.vault, "order.cancellation_answered", actor, {order_id: told})
        if answer.decision == REJECT:
            await ledger.due_again(connection, [order_id])
        await _go_on(connection, database.vault, order_id, actor, held_for_answer=by_shipping)
        return _outcome(row, answer.decision, told=not by_shipping)

    return await database.run(run)


async def answer_return(database: Database, return_id: str, answer: Answer, *, actor: Actor) -> Answered:
    """Say what becomes of a return, once for each state of it. Raises NotFound, Refused; then nothing has changed."""
    side = RETURN_DECISIONS.get(answer.decision)
    if side is None:
        raise Refused("answer.decision", f"{answer.decision!r} is no answer: one of {', '.join(RETURN_DECISIONS)}.")
    if side == REJECT and not answer.reject_reason:
        raise Refused("answer.no_reason", "A no needs a reason: orders cancel-reasons RETURN lists them.")
    partial = answer.decision == "OFFER_PARTIAL_REFUND"
    if partial != (answer.refund is not None) or (answer.refund is not None and answer.refund <= 0):
        raise Refused("answer.refund", "OFFER_PARTIAL_REFUND needs an amount above 0, and nothing else takes one.")

    async def run(connection: Any) -> Answered:
        order = await connection.fetchval(_ORDER_OF_RETURN, return_id)
        if order is None:
            raise NotFound("return.unknown", f"There is no return {return_id}.")
        await lock_for_result(connection, [OrderId(order)])
        row = await connection.fetchrow(_RETURN, return_id)
        if row["channel_status"].endswith(("_COMPLETE", "_CANCEL", "_CANCELLED")):
            raise Refused("return.closed", f"Return {return_id} is closed ({plain(row['channel_status'])}).")
        key = f"{EffectKind.ANSWER_RETURN}:{return_id}:{row['channel_status']}"
        sent = await _sent(connection, row, EffectKind.ANSWER_RETURN, key)
        await _decide(connection, database.vault, "returns", row, answer, side, actor)
        request = {"request": return_id, "decision": answer.decision}
        if answer.buyer_keeps_item:
            request["keep"] = "yes"
        if answer.refund is not None:
            request |= {"refund": str(answer.refund), "currency": row["currency"] or ""}
        await _send(connection, row, EffectKind.ANSWER_RETURN, key, sent, request)
        told = {"return": return_id, "decision": answer.decision, "reason": answer.reject_reason}
        await mark(connection, database.vault, "order.return_answered", actor, {OrderId(order): told})
        await _go_on(connection, database.vault, OrderId(order), actor, held_for_answer=False)
        return _outcome(row, answer.decision, told=True)

    return await database.run(run)


async def answer_requests(database: Database, claims: Sequence[Claim]) -> dict[EffectId, AnswerRequest]:
    """What TikTok must know of each claim's answer."""
    requests = {claim.effect_id: claim.request for claim in claims}
    found = {}
    for row in await database.pool.fetch(_ANSWERS, list(requests)):
        asked = requests[EffectId(row["effect_id"])]
        if opens := asked.get("open"):
            found[EffectId(row["effect_id"])] = AnswerRequest(
                request_id="",
                tiktok_order_id=row["tiktok_order_id"],
                decision="",
                reject_reason=str(asked["reason"]),
                comment="",
                opens=str(opens),
                tiktok_line_ids=tuple(str(asked["lines"]).split(",")),
            )
            continue
        place = f"{'cancellations' if row['cancels'] else 'returns'}.answer_comment"
        refund = asked.get("refund")
        found[EffectId(row["effect_id"])] = AnswerRequest(
            request_id=str(asked["request"]),
            tiktok_order_id=row["tiktok_order_id"],
            decision=str(asked["decision"]),
            reject_reason=row["reject_reason"],
            comment=database.vault.open_text(place, row["id"], row["comment"]),
            buyer_keeps_item=asked.get("keep") == "yes",
            partial_refund=(Decimal(str(refund)), str(asked.get("currency") or "")) if refund else None,
        )
    return found


async def request_of(database: Database, text: str, order_id: OrderId | None) -> tuple[str, ShopId]:
    """TikTok's id of the request that an order has open, or that `text` names, and its shop. Raises NotFound."""
    row = await database.pool.fetchrow(_REQUEST, text, order_id)
    if row is None:
        raise NotFound(
            "answer.none", f"Nothing of {text} waits for an answer: give an order, or TikTok's id of a return."
        )
    return row["number"], ShopId(row["shop_id"])


def _the_one(rows: Sequence[Any], request_id: str) -> Any:
    found = [row for row in rows if not request_id or row["number"] == request_id]
    if not found:
        raise NotFound("cancellation.none", "No buyer's request to cancel that order waits for an answer.")
    if len(found) > 1:
        listed = ", ".join(plain(row["number"]) for row in found)
        raise Refused("cancellation.which", f"Several requests wait for an answer: name one of {listed}.")
    return found[0]


async def _sent(connection: Any, row: Any, kind: EffectKind, key: str) -> list[UUID]:
    """The earlier answers that failed. Raises Refused when one is on its way, or has arrived."""
    rows = await connection.fetch(_SENT, row["order_id"], kind, key)
    if any(each["state"] not in {"failed", "voided"} for each in rows):
        raise _answered(row)
    return [each["id"] for each in rows]


def _answered(row: Any) -> Refused:
    return Refused(
        "answer.given", f"The request about order {row['order_number']} is answered already ({row['decision']})."
    )


async def _decide(connection: Any, vault: Vault, table: str, row: Any, answer: Answer, side: str, actor: Actor) -> None:
    comment = plain(answer.comment)
    if len(comment) > LONGEST_COMMENT:
        raise Refused(
            "answer.comment", f"A comment has at most {LONGEST_COMMENT} characters; this one has {len(comment)}."
        )
    owner = UserId(row["user_id"])
    await vault.ensure(connection, owner)
    sealed = vault.seal_text(owner, f"{table}.answer_comment", row["id"], comment)
    reason = plain(answer.reject_reason) if side == REJECT else ""
    await connection.execute(_DECIDE.format(table=table), row["id"], side, actor.name, reason, sealed)


async def _send(
    connection: Any, row: Any, kind: EffectKind, key: str, failed: Sequence[UUID], request: dict[str, str]
) -> None:
    if failed:
        await connection.execute(_SUPERSEDE, list(failed))
    effect = NewEffect(
        effect_id=new_id(),
        key=f"{key}:{len(failed) + 1}",
        kind=kind,
        dependency=DEPENDENCY_OF[kind],
        order_id=OrderId(row["order_id"]),
        shop_id=ShopId(row["shop_id"]),
        package_id=None,
        ahead=0,
        delay_seconds=0.0,
        provider_reference="",
        request=request,
    )
    await ledger.intend(connection, [effect])


async def _go_on(connection: Any, vault: Vault, order_id: OrderId, actor: Actor, *, held_for_answer: bool) -> None:
    """An order that failed for want of this answer, or for an answer that was refused, goes on."""
    row = await connection.fetchrow(_STANDING, order_id)
    code = row["code"] or ""
    resumes = row["workflow_status"] == "failed" and code in _ANSWER_FAILURES
    if code == "cancel_requested" and not held_for_answer:
        resumes = False  # it comes back by itself when TikTok says that nobody asks any more
    pushes = {order_id: Push("resume", actor, "the buyer was answered")} if resumes else {}
    await advance(connection, vault, [order_id], pushes)


def _outcome(row: Any, decision: str, *, told: bool) -> Answered:
    return Answered(plain(row["number"]), OrderId(row["order_id"]), plain(row["order_number"]), decision, told)
