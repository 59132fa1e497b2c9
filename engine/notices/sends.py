"""The ledger of each notice to each target: handed over, claimed, settled.

A notice that goes to targets becomes one row for each of them, and from then on each is tried by itself. Rows of one template that
wait for the same target leave as one message: whoever claims the first takes the others along, and they keep that message's id, so that
a repeat is the same message about the same things. A claim's token fences whatever is written about it later.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.effects.kinds import Retries
from engine.identifiers import DaemonId, EffectId, OrderId, ShopId, new_id
from engine.notices.directory import changed
from engine.notices.requests import Notice
from engine.ports.outcomes import Done, Failed, NoticeSent, Outcome, Postponed, Unsure
from engine.ports.requests import NoticeRequest
from engine.words import NoticeChannel, SendState, TargetState

if TYPE_CHECKING:
    from engine.database.connection import Database

LEASE_SECONDS = 120.0
FAILURES_TO_FAIL = 3
"""After so many messages in a row that came to nothing, nothing more goes to a target until a person has looked."""
_MOST_IN_ONE_MESSAGE = 500

_HAND_OVER = """
INSERT INTO notice_sends (id, effect_id, target_id, label, channel, audience, template, state, due_at, error, settled_at)
SELECT d.id, d.effect_id, d.target_id, d.label, d.channel, d.audience, d.template,
       CASE WHEN d.left_out = '' THEN 'queued' ELSE 'suppressed' END,
       greatest(now() + make_interval(secs => d.gathering), d.held), nullif(d.left_out, ''),
       CASE WHEN d.left_out <> '' THEN now() END
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::float8[], $9::timestamptz[],
            $10::text[]) AS d(id, effect_id, target_id, label, channel, audience, template, gathering, held, left_out)
ON CONFLICT (effect_id, target_id) DO NOTHING
"""

# Index: notice_sends_open_index. What a daemon held whose heart has stopped is free at once.
_DUE = """
WITH alive AS MATERIALIZED (
    SELECT coalesce(array_agg(id), '{}') AS ids FROM daemons
    WHERE stopped_at IS NULL AND beat_at > now() - make_interval(secs => $1))
SELECT s.id, s.target_id, s.template, s.message_id
FROM notice_sends s
WHERE s.state IN ('queued', 'sending', 'failed') AND s.due_at <= now() AND (s.target_id IS NULL OR s.target_id <> ALL($2::uuid[]))
  AND (s.lease_until IS NULL OR s.lease_until < now() OR s.daemon_id <> ALL ((SELECT ids FROM alive)::uuid[]))
ORDER BY s.due_at, s.id LIMIT $3 FOR UPDATE OF s SKIP LOCKED
"""

# Index: notice_sends_open_index.
_ALONG = """
SELECT s.id, s.target_id, s.template
FROM notice_sends s JOIN unnest($1::uuid[], $2::text[]) AS d(target_id, template)
  ON s.target_id = d.target_id AND s.template = d.template
WHERE s.state = 'queued' AND s.message_id IS NULL AND s.lease_until IS NULL AND s.audience <> 'customer'
ORDER BY s.id LIMIT $3 FOR UPDATE OF s SKIP LOCKED
"""

# Index: notice_sends_message_index. A message that was begun goes on with all whom it was begun for.
_REST = """
SELECT s.id, s.message_id FROM notice_sends s
WHERE s.message_id = ANY($1::uuid[]) AND s.state IN ('queued', 'sending', 'failed') ORDER BY s.id FOR UPDATE OF s SKIP LOCKED
"""

_CLAIM = """
WITH token AS (SELECT nextval('claim_tokens') AS number), claimed AS (
    UPDATE notice_sends s
    SET state = 'sending', message_id = d.message_id, attempt = s.attempt + 1, daemon_id = $3, lease_token = token.number,
        lease_until = now() + make_interval(secs => $4)
    FROM unnest($1::uuid[], $2::uuid[]) AS d(id, message_id), token WHERE s.id = d.id
    RETURNING s.*)
SELECT c.id, c.target_id, c.channel, c.audience, c.template, c.message_id, c.lease_token, c.attempt, c.error_code, e.id AS effect_id,
       e.order_id, e.shop_id, e.request, e.created_at
FROM claimed c JOIN effects e ON e.id = c.effect_id ORDER BY c.id
"""

# The answer to a claim was lost: what this daemon seems to hold and does not know of, it never began.
_FORGET = """
UPDATE notice_sends SET lease_until = NULL, lease_token = NULL, attempt = greatest(attempt - 1, 0),
       state = CASE WHEN attempt > 1 THEN 'failed' ELSE 'queued' END, message_id = CASE WHEN attempt > 1 THEN message_id END
WHERE daemon_id = $1 AND state = 'sending' AND lease_until IS NOT NULL AND message_id <> ALL($2::uuid[])
"""

_SETTLE = """
UPDATE notice_sends s
SET state = d.state, reference = d.reference, error_code = nullif(d.code, ''), error = nullif(d.error, ''),
    due_at = now() + make_interval(secs => d.delay), attempt = s.attempt - d.refund, lease_token = NULL, lease_until = NULL,
    sent_at = CASE WHEN d.state = 'sent' THEN now() END, settled_at = CASE WHEN d.state = 'failed' THEN NULL ELSE now() END
FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::float8[], $8::int[])
  AS d(id, token, state, reference, code, error, delay, refund)
WHERE s.id = d.id AND s.lease_token = d.token AND s.state = 'sending'
RETURNING s.id
"""

_FARED = """
UPDATE notice_targets t
SET failures_in_a_row = CASE WHEN d.well THEN 0 ELSE t.failures_in_a_row + 1 END,
    state = CASE WHEN d.well THEN 'fine' WHEN d.over OR t.failures_in_a_row + 1 >= $5 THEN 'failing' ELSE t.state END,
    problem = CASE WHEN d.well THEN '' ELSE d.problem END, checked_at = now(), updated_at = now()
FROM unnest($1::uuid[], $2::bool[], $3::text[], $4::bool[]) AS d(id, well, problem, over)
WHERE t.id = d.id AND (NOT d.well OR t.state = 'unchecked' OR t.failures_in_a_row > 0)
RETURNING t.state
"""


@dataclass(frozen=True, slots=True)
class Member:
    """One notice in a message."""

    send_id: UUID
    notice: Notice


@dataclass(frozen=True, slots=True)
class Message:
    """What goes to one target at once; its id is the same at every try."""

    message_id: UUID
    token: int
    attempt: int
    maybe_sent: bool
    """An earlier try may have arrived."""
    target_id: UUID | None
    channel: NoticeChannel
    audience: str
    template: str
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """It was not sent and will not be, and nobody is to blame."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Result:
    """What came of members of a message; `target_over` when the target takes nothing at all any more."""

    message: Message
    outcome: Outcome | LeftOut
    members: tuple[Member, ...]
    target_over: bool = False


async def hand_over(database: Database, requests: Sequence[NoticeRequest]) -> None:
    """Give each notice to its targets, each once however often this is done."""
    rows = [(request, route) for request in requests for route in request.routes]
    if not rows:
        return
    values = (
        [new_id() for _ in rows],
        [request.effect_id for request, _ in rows],
        [route.target_id for _, route in rows],
        [route.label for _, route in rows],
        [route.channel for _, route in rows],
        [request.audience for request, _ in rows],
        [request.template for request, _ in rows],
        [route.gathering_seconds for _, route in rows],
        [route.held_until for _, route in rows],
        [route.left_out for _, route in rows],
    )
    await database.run(lambda connection: connection.execute(_HAND_OVER, *values))


async def claim(
    database: Database, daemon_id: DaemonId, dead_after_seconds: float, *, busy: Collection[UUID] = (), most: int = 50
) -> list[Message]:
    """Claim what is due, but for targets that are `busy`; at most so many rows, and whatever leaves together with them."""

    async def take(connection: Any) -> list[Any]:
        due = await connection.fetch(_DUE, dead_after_seconds, list(busy), most)
        if not due:
            return []
        messages: dict[UUID, UUID] = {row["id"]: row["message_id"] for row in due if row["message_id"]}
        if messages:
            messages = {row["id"]: row["message_id"] for row in await connection.fetch(_REST, set(messages.values()))}
        fresh: dict[tuple[UUID, str], list[UUID]] = {}
        for row in due:
            if row["message_id"] is None:
                # One without a target goes to an address of its own, and so alone.
                fresh.setdefault((row["target_id"] or row["id"], row["template"]), []).append(row["id"])
        taken = {row["id"] for row in due}
        for row in await connection.fetch(
            _ALONG, [target for target, _ in fresh], [template for _, template in fresh], _MOST_IN_ONE_MESSAGE
        ):
            if row["id"] not in taken:
                fresh[row["target_id"], row["template"]].append(row["id"])
        for members in fresh.values():
            messages |= dict.fromkeys(members, min(members))
        return list(await connection.fetch(_CLAIM, list(messages), list(messages.values()), daemon_id, LEASE_SECONDS))

    grouped: dict[UUID, list[Any]] = {}
    for row in await database.run(take):
        grouped.setdefault(row["message_id"], []).append(row)
    return [_message(rows) for rows in grouped.values()]


async def forget_claims(database: Database, daemon_id: DaemonId, known: Collection[UUID]) -> None:
    """Give back what this daemon has claimed without hearing of it; `known` are the messages that it is working on."""
    await database.pool.execute(_FORGET, daemon_id, list(known))


def _message(rows: Sequence[Any]) -> Message:
    first = rows[0]
    return Message(
        message_id=first["message_id"],
        token=first["lease_token"],
        attempt=first["attempt"],
        maybe_sent=first["attempt"] > 1,
        target_id=first["target_id"],
        channel=NoticeChannel(first["channel"]),
        audience=first["audience"],
        template=first["template"],
        members=tuple(
            Member(
                row["id"],
                Notice(
                    EffectId(row["effect_id"]),
                    OrderId(row["order_id"]) if row["order_id"] else None,
                    ShopId(row["shop_id"]) if row["shop_id"] else None,
                    row["request"],
                    row["created_at"],
                ),
            )
            for row in rows
        ),
    )


@dataclass(frozen=True, slots=True)
class _Row:
    state: SendState
    reference: str = ""
    code: str = ""
    error: str = ""
    delay_seconds: float = 0.0
    refund: int = 0


async def settle(database: Database, results: Sequence[Result], retries: Retries) -> set[UUID]:
    """Write what came of messages, and how their targets fare by it. Answers the sends that were still this worker's."""
    rows = [(result, _row(result, retries)) for result in results]
    each = [(member, result, row) for result, row in rows for member in result.members]
    fared = {
        result.message.target_id: (row.state is SendState.SENT, row.error, result.target_over)
        for result, row in rows
        if result.message.target_id is not None
        and (row.state in {SendState.SENT, SendState.DEAD} or result.target_over)
    }

    async def write(connection: Any) -> set[UUID]:
        settled = await connection.fetch(
            _SETTLE,
            [member.send_id for member, _, _ in each],
            [result.message.token for _, result, _ in each],
            [row.state for _, _, row in each],
            [row.reference for _, _, row in each],
            [row.code for _, _, row in each],
            [row.error for _, _, row in each],
            [row.delay_seconds for _, _, row in each],
            [row.refund for _, _, row in each],
        )
        if settled and fared:
            await write_fared(connection, fared)
        return {row["id"] for row in settled}

    return await database.run(write)


async def write_fared(connection: Any, fared: dict[UUID, tuple[bool, str, bool]]) -> None:
    """Keep how targets fare: target → whether it went well, what is wrong, and whether nothing will ever arrive there."""
    ids = sorted(fared)
    states = await connection.fetch(
        _FARED,
        ids,
        [fared[each][0] for each in ids],
        [fared[each][1] for each in ids],
        [fared[each][2] for each in ids],
        FAILURES_TO_FAIL,
    )
    if any(row["state"] == TargetState.FAILING for row in states):
        await changed(connection)


def _row(result: Result, retries: Retries) -> _Row:
    attempt = result.message.attempt
    match result.outcome:
        case LeftOut(sentence):
            return _Row(SendState.SUPPRESSED, error=sentence)
        case Done(sent):
            return _Row(SendState.SENT, sent.reference if isinstance(sent, NoticeSent) else "")
        case Failed(code, sentence):
            return _Row(SendState.DEAD, code=code, error=sentence)
        case Unsure(code, sentence) | Postponed(code, sentence, burns_attempt=True) if attempt >= retries.max_attempts:
            return _Row(SendState.DEAD, code=code, error=f"Given up after {attempt} tries: {sentence}")
        case Unsure(code, sentence):
            return _Row(SendState.FAILED, code=code, error=sentence, delay_seconds=retries.delay_seconds(attempt))
        case Postponed(code, sentence, after, burns):
            delay = retries.delay_seconds(attempt) if after is None else after
            return _Row(SendState.FAILED, "", code, sentence, delay, 0 if burns else 1)
