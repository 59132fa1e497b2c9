"""The permanent ledger of effects: intend, claim, checkpoint, settle.

A key is unique for ever. A claim is a short transaction of its own that hands out one token; every later write names that token, so a
worker that lost its claim writes nothing. Only the head of an order's effects for one dependency can be claimed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.database.locks import lock_for_result
from engine.effects.kinds import BUDGETS, Budgets
from engine.identifiers import DaemonId, EffectId, OrderId, PackageId, ShopId
from engine.ports.outcomes import Claim
from engine.words import Dependency, EffectKind, EffectState

if TYPE_CHECKING:
    from engine.workflow.plan import NewEffect

OPEN = "('intent', 'sent', 'ambiguous')"

STAYS = "('void_label', 'cancel_order', 'release_stock', 'adjust_stock')"
"""What is told although the order ends: others would keep what is not the order's any more."""

PASSED_OVER = "passed_over"
"""The error code of a failed effect that a person vouches for: it is never tried again."""

_INTEND = f"""
INSERT INTO effects (id, key, kind, dependency, order_id, shop_id, package_id, head, due_at, request, provider_reference, retry)
SELECT d.id, d.key, d.kind, d.dependency, d.order_id, d.shop_id, d.package_id,
       d.order_id IS NULL OR (d.ahead = 0 AND NOT EXISTS (
           SELECT 1 FROM effects e WHERE e.order_id = d.order_id AND e.dependency = d.dependency AND e.state IN {OPEN})),
       now() + make_interval(secs => d.delay), d.request, d.reference, d.retry
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::uuid[], $7::uuid[], $8::int[], $9::float8[], $10::jsonb[],
            $11::text[], $12::jsonb[])
  WITH ORDINALITY AS d(id, key, kind, dependency, order_id, shop_id, package_id, ahead, delay, request, reference, retry, place)
ORDER BY d.place
ON CONFLICT (key) DO UPDATE
SET state = CASE WHEN effects.provider_reference <> '' THEN 'ambiguous' ELSE 'intent' END, order_id = excluded.order_id,
    head = excluded.head, due_at = excluded.due_at, sequence = DEFAULT, attempt = 0, error = NULL, error_code = NULL, settled_at = NULL,
    lease_token = NULL, lease_until = NULL
WHERE effects.state = 'voided'
"""  # noqa: S608

_VOID = f"""
UPDATE effects SET state = 'voided', head = false, settled_at = now()
WHERE order_id = ANY($1::uuid[]) AND state = 'intent' AND lease_until IS NULL AND kind NOT IN {STAYS}
"""  # noqa: S608

_VOID_LABELS = """
UPDATE effects e SET state = 'voided', head = false, settled_at = now()
FROM packages p
WHERE p.id = ANY($1::uuid[]) AND e.key = 'label:' || p.id || ':' || p.generation AND e.state = 'intent' AND e.lease_until IS NULL
"""

# One head for each order and dependency: the first that is open. The caller holds the orders.
_NEXT_HEADS = f"""
UPDATE effects SET head = true
WHERE id IN (
    SELECT DISTINCT ON (e.order_id, e.dependency) e.id
    FROM effects e
    WHERE e.order_id = ANY($1::uuid[]) AND e.state IN {OPEN}
    ORDER BY e.order_id, e.dependency, e.sequence)
  AND NOT head
"""  # noqa: S608

# One that may have happened still knows its reference: it asks first.
_REARM = f"""
UPDATE effects f SET state = CASE WHEN f.provider_reference <> '' THEN 'ambiguous' ELSE 'intent' END,
       attempt = 0, due_at = now(), error = NULL, error_code = NULL, settled_at = NULL,
       lease_token = NULL, lease_until = NULL,
       head = NOT EXISTS (SELECT 1 FROM effects e WHERE e.order_id = f.order_id AND e.dependency = f.dependency
                          AND (e.state IN {OPEN} OR e.state = 'failed' AND e.sequence < f.sequence
                                                    AND e.error_code IS DISTINCT FROM '{PASSED_OVER}'))
WHERE f.order_id = ANY($1::uuid[]) AND f.state = 'failed' AND f.error_code IS DISTINCT FROM '{PASSED_OVER}'
RETURNING kind
"""  # noqa: S608

# A reservation that is asked for again stands before the label that had come to the head after it.
_STEP_BACK = f"""
UPDATE effects f SET head = false
WHERE f.order_id = ANY($1::uuid[]) AND f.head AND f.lease_until IS NULL AND f.state = 'intent' AND EXISTS (
    SELECT FROM effects e WHERE e.order_id = f.order_id AND e.dependency = f.dependency AND e.state IN {OPEN}
       AND e.sequence < f.sequence)
"""  # noqa: S608

_VOUCHED_FOR = f"""
UPDATE effects e SET error_code = '{PASSED_OVER}'
FROM unnest($1::uuid[], $2::text[]) AS d(order_id, kind)
WHERE e.order_id = d.order_id AND e.kind = d.kind AND e.state = 'failed'
"""  # noqa: S608

# Index: effects_open_index, once for each kind. Locks the claimed effects only, and never waits for another claimer. What a daemon
# holds whose heart has stopped is free, and what it had sent may have happened.
_CLAIM = """
WITH alive AS MATERIALIZED (
    SELECT coalesce(array_agg(id), '{}') AS ids FROM daemons
    WHERE stopped_at IS NULL AND beat_at > now() - make_interval(secs => $5)
), due AS MATERIALIZED (
    SELECT c.id, w.lease_seconds
    FROM unnest($1::text[], $2::int[], $3::float8[]) AS w(kind, most, lease_seconds)
    CROSS JOIN LATERAL (
        SELECT id FROM effects
        WHERE head AND kind = w.kind AND due_at <= now()
          AND (lease_until IS NULL OR lease_until < now() OR daemon_id <> ALL ((SELECT ids FROM alive)::uuid[]))
        ORDER BY due_at LIMIT w.most
        FOR UPDATE SKIP LOCKED) c
), token AS (SELECT nextval('claim_tokens') AS number)
UPDATE effects e
SET lease_token = token.number, lease_until = now() + make_interval(secs => due.lease_seconds), daemon_id = $4,
    attempt = e.attempt + 1, state = CASE WHEN e.state = 'sent' THEN 'ambiguous' ELSE e.state END
FROM due, token WHERE e.id = due.id
RETURNING e.id, e.key, e.kind, e.dependency, e.order_id, e.shop_id, e.package_id, e.lease_token, e.attempt, e.state,
          e.provider_reference, e.request, e.retry, e.created_at
"""

# The order says that its buyer asks to cancel, and nobody has said no: a no stands while its request is still open.
_BUYER_WAITS = """
o.cancel_requested AND NOT EXISTS (
    SELECT FROM cancellations n WHERE n.order_id = o.id AND n.decision = 'reject' AND n.channel_status LIKE '%PENDING')
"""

# A cancelled, held, paused or failed order stops here, one whose cancellation was agreed to, and a parcel that was taken back, before
# the call that cannot be taken back; so does an order that shares its parcel with a held or failed one. While a buyer who asks to cancel
# has no answer no label is bought; shipping asks TikTok itself. Getting here for the first time is progress: the calls before it have
# used up their tries, the one to come has its own.
_CHECKPOINT = f"""
UPDATE effects e SET state = 'sent', provider_reference = d.reference,
       attempt = CASE WHEN e.provider_reference = '' AND d.reference <> '' THEN 1 ELSE e.attempt END
FROM unnest($1::uuid[], $2::bigint[], $3::text[]) AS d(id, token, reference)
LEFT JOIN effects f ON f.id = d.id
LEFT JOIN orders o ON o.id = f.order_id
WHERE e.id = d.id AND e.lease_token = d.token AND e.state IN ('intent', 'sent', 'ambiguous')
  AND (e.kind NOT IN ('buy_label', 'ship_package')
       OR (o.order_status NOT IN ('cancelled', 'returned') AND o.channel_status <> 'CANCELLED' AND NOT EXISTS (
           SELECT 1 FROM holds h WHERE h.order_id = e.order_id AND h.released_at IS NULL) AND NOT EXISTS (
           SELECT 1 FROM cancellations x
           WHERE x.order_id = e.order_id AND x.channel_status LIKE '%PENDING'
             AND (x.decision = 'approve' OR e.kind = 'buy_label' AND x.decision = '' AND x.role IN ('BUYER', '')))))
  AND (e.kind <> 'buy_label' OR o.workflow_status <> 'failed' AND NOT ({_BUYER_WAITS}) AND NOT EXISTS (
       SELECT FROM package_items c JOIN orders o ON o.id = c.order_id
       WHERE c.package_id = f.package_id AND c.order_id <> f.order_id
         AND (o.workflow_status = 'failed' OR {_BUYER_WAITS}
              OR EXISTS (SELECT FROM holds h WHERE h.order_id = o.id AND h.released_at IS NULL))))
  AND (e.kind NOT IN ('buy_label', 'ship_package', 'update_tracking')
       OR (NOT EXISTS (SELECT 1 FROM order_workflows w WHERE w.order_id = e.order_id AND w.workflow_status = 'paused')
           AND NOT EXISTS (SELECT 1 FROM packages p WHERE p.id = e.package_id AND p.state IN ('voiding', 'voided'))))
RETURNING e.id
"""  # noqa: S608

# A claim stopped at its checkpoint: cancelled orders and parcels taken back void it, held, asked for and paused ones keep it for later.
_STAND_DOWN = """
UPDATE effects e SET state = CASE WHEN e.state = 'ambiguous' THEN 'ambiguous' ELSE 'intent' END, lease_until = NULL, lease_token = NULL,
       attempt = greatest(e.attempt - 1, 0), due_at = now() + interval '30 seconds'
FROM unnest($1::uuid[], $2::bigint[]) AS d(id, token)
WHERE e.id = d.id AND e.lease_token = d.token AND e.state IN ('intent', 'sent', 'ambiguous')
"""

# What came to its checkpoint while something kept its order back need not sit out its postponement.
_DUE_AGAIN = """
UPDATE effects SET due_at = now()
WHERE order_id = ANY($1::uuid[]) AND head AND state IN ('intent', 'ambiguous') AND lease_token IS NULL AND error_code IS NULL
  AND kind IN ('buy_label', 'ship_package') AND due_at > now()
"""

_VOID_TAKEN_BACK = f"""
UPDATE effects e SET state = 'voided', head = false, settled_at = now(), lease_until = NULL
FROM orders o
WHERE e.id = ANY($1::uuid[]) AND e.state IN ('intent', 'ambiguous') AND o.id = e.order_id
  AND e.kind NOT IN {STAYS}
  AND (o.order_status = 'cancelled' OR EXISTS (
      SELECT 1 FROM packages p WHERE p.id = e.package_id AND p.state IN ('voiding', 'voided')))
"""  # noqa: S608

# The answer to a claim was lost: what this daemon seems to hold and does not know of, it never began.
_FORGET = """
UPDATE effects SET lease_until = NULL, lease_token = NULL, attempt = greatest(attempt - 1, 0)
WHERE daemon_id = $1 AND lease_until IS NOT NULL AND id <> ALL($2::uuid[]) AND state IN ('intent', 'ambiguous')
"""


async def intend(connection: Any, effects: Sequence[NewEffect]) -> None:
    """Write intents. What was meant once is done once: only a key that was taken back unsent is meant anew."""
    if not effects:
        return
    first: dict[str, NewEffect] = {}
    for effect in effects:
        first.setdefault(effect.key, effect)  # orders of one batch may mean the same notice
    effects = list(first.values())
    await connection.execute(
        _INTEND,
        [effect.effect_id for effect in effects],
        [effect.key for effect in effects],
        [effect.kind for effect in effects],
        [effect.dependency for effect in effects],
        [effect.order_id for effect in effects],
        [effect.shop_id for effect in effects],
        [effect.package_id for effect in effects],
        [effect.ahead for effect in effects],
        [effect.delay_seconds for effect in effects],
        [effect.request for effect in effects],
        [effect.provider_reference for effect in effects],
        [effect.retry.document() if effect.retry else None for effect in effects],
    )
    # One that waits for another in this very batch would wait for ever behind one whose key existed already.
    if following := sorted({effect.order_id for effect in effects if effect.ahead and effect.order_id is not None}):
        await next_heads(connection, following)


async def void_intents(connection: Any, order_ids: Sequence[OrderId]) -> None:
    """Take back what these orders intended and nobody has claimed."""
    if order_ids:
        await connection.execute(_VOID, order_ids)


async def pass_over(connection: Any, passed: Sequence[tuple[OrderId, EffectKind]]) -> None:
    """Leave failed effects as they are for good: a person vouches for what they meant. Their error stays to be read."""
    if passed:
        await connection.execute(_VOUCHED_FOR, [order_id for order_id, _ in passed], [kind for _, kind in passed])


async def void_labels(connection: Any, package_ids: Sequence[PackageId]) -> None:
    """Take back the purchases meant for these packages that nobody has claimed. Call `next_heads` for their orders after."""
    await connection.execute(_VOID_LABELS, package_ids)


async def next_heads(connection: Any, order_ids: Sequence[OrderId]) -> None:
    """Let the first open effect of each of these orders, for each dependency, be claimed."""
    await connection.execute(_NEXT_HEADS, order_ids)


async def rearm(connection: Any, order_ids: Sequence[OrderId]) -> None:
    """Make failed effects of these orders due again, under their own keys and with a fresh budget."""
    if order_ids:
        rows = await connection.fetch(_REARM, order_ids)
        if any(row["kind"] == EffectKind.RESERVE_STOCK for row in rows):
            await connection.execute(_STEP_BACK, order_ids)
            await next_heads(connection, order_ids)


async def claim(
    connection: Any,
    wanted: Mapping[EffectKind, int],
    daemon_id: DaemonId,
    dead_after_seconds: float,
    budgets: Budgets = BUDGETS,
) -> list[Claim]:
    """Claim up to so many due effects of each kind, also those whose daemon has not beaten for `dead_after_seconds`."""
    rows = await connection.fetch(
        _CLAIM,
        list(wanted),
        list(wanted.values()),
        [budgets[kind].lease_seconds for kind in wanted],
        daemon_id,
        dead_after_seconds,
    )
    return [
        Claim(
            effect_id=EffectId(row["id"]),
            key=row["key"],
            kind=EffectKind(row["kind"]),
            dependency=Dependency(row["dependency"]),
            order_id=OrderId(row["order_id"]) if row["order_id"] else None,
            shop_id=ShopId(row["shop_id"]) if row["shop_id"] else None,
            package_id=PackageId(row["package_id"]) if row["package_id"] else None,
            token=row["lease_token"],
            attempt=row["attempt"],
            ambiguous=row["state"] == EffectState.AMBIGUOUS,
            provider_reference=row["provider_reference"],
            request=row["request"],
            retry=row["retry"],
            intended_at=row["created_at"],
        )
        for row in rows
    ]


async def forget_claims(connection: Any, daemon_id: DaemonId, known: Collection[EffectId]) -> None:
    """Give back what this daemon has claimed without hearing of it; `known` are the claims that it is working on."""
    await connection.execute(_FORGET, daemon_id, list(known))


async def checkpoint(connection: Any, claims: Sequence[tuple[Claim, str]]) -> set[EffectId]:
    """Mark claims as about to be sent, with the provider's reference; those absent from the answer must not be sent."""
    rows = await connection.fetch(
        _CHECKPOINT,
        [claim.effect_id for claim, _ in claims],
        [claim.token for claim, _ in claims],
        [reference for _, reference in claims],
    )
    passed = {EffectId(row["id"]) for row in rows}
    stopped = [claim for claim, _ in claims if claim.effect_id not in passed]
    if stopped:
        await stand_down(connection, stopped)
    return passed


async def due_again(connection: Any, order_ids: Sequence[OrderId]) -> None:
    """Let these orders' labels and parcels come to their checkpoints again at once: what kept them back is gone."""
    await connection.execute(_DUE_AGAIN, order_ids)


async def stand_down(connection: Any, claims: Collection[Claim]) -> None:
    """Give claims back without having sent anything; those of cancelled orders are voided.

    An ambiguous one has asked the other side before it came to its checkpoint, so nothing was there to be taken back.
    """
    ids = [claim.effect_id for claim in claims]
    orders = sorted({claim.order_id for claim in claims if claim.order_id is not None})
    await lock_for_result(connection, orders)
    await connection.execute(_STAND_DOWN, ids, [claim.token for claim in claims])
    await connection.execute(_VOID_TAKEN_BACK, ids)
    await next_heads(connection, orders)
