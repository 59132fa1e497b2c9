"""What rules want, written set-wise with the decision: holds, the orders' own columns, the trace; and rules that broke.

Holds, then orders (locked by the decision), then labels not bought yet; broken rules last of all, since theirs are the last rows of the
lock order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.actors import SYSTEM
from engine.audit import chain
from engine.database.rows import insert_rows
from engine.effects import ledger
from engine.effects.kinds import DEPENDENCY_OF
from engine.identifiers import ShopId, new_id
from engine.privacy.cipher import Vault
from engine.words import EffectKind
from engine.workflow.plan import NewEffect, OrderPlan
from engine.workflow.rules.asking import Break
from engine.workflow.rules.changes import BY_RULE, Changes

_HOLDS = """
INSERT INTO holds (id, order_id, reason, note, placed_by, until)
SELECT d.id, d.order_id, d.reason, d.note, d.placed_by, now() + make_interval(hours => d.hours)
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bytea[], $5::text[], $6::int[]) AS d(id, order_id, reason, note, placed_by, hours)
ON CONFLICT DO NOTHING
"""

# The decision has locked these rows, raised their version and written their audit.
_ORDERS = """
UPDATE orders o
SET tags = ARRAY(SELECT t FROM unnest(o.tags) AS t WHERE NOT d.tags -> 'off' ? t)
           || ARRAY(SELECT t FROM jsonb_array_elements_text(d.tags -> 'on') AS t WHERE t <> ALL (o.tags)),
    priority_override = coalesce(d.priority, o.priority_override), priority_level = coalesce(d.priority, o.priority_level),
    priority_by_rule = o.priority_by_rule OR d.priority IS NOT NULL,
    assigned_to = coalesce((SELECT u.id FROM users u WHERE u.id = d.assigned), o.assigned_to),
    rate_rule = coalesce(d.rate_rule, o.rate_rule)
FROM unnest($1::uuid[], $2::jsonb[], $3::int[], $4::uuid[], $5::text[]) AS d(id, tags, priority, assigned, rate_rule)
WHERE o.id = d.id
"""

_PRIORITIES = """
UPDATE work w SET priority = d.priority FROM unnest($1::uuid[], $2::int[]) AS d(order_id, priority)
WHERE w.order_id = d.order_id AND w.priority <> d.priority
"""

# A label that was asked for and that nobody has begun to buy is bought as the rule says; so is one that failed, when it is retried.
_LABELS = """
UPDATE effects e SET request = e.request || jsonb_build_object('rate_rule', d.rate_rule)
FROM unnest($1::uuid[], $2::text[]) AS d(order_id, rate_rule)
WHERE e.order_id = d.order_id AND e.kind = 'buy_label' AND e.state IN ('intent', 'failed') AND e.lease_until IS NULL
"""

_BROKE = """
UPDATE rules r SET error = $3, broke_at = now() WHERE r.id = $1 AND r.updated_at = $2 AND r.error IS NULL RETURNING true
"""


async def write_rulings(connection: Any, vault: Vault, plans: Sequence[OrderPlan]) -> None:
    """Write what the rules of these plans want, but for their effects, which are among the plan's own."""
    ruled = [(plan, plan.ruling.changes) for plan in plans if plan.ruled and plan.ruling is not None]
    if not ruled:
        return
    await _write_holds(connection, vault, ruled)
    await _write_orders(connection, ruled)
    await insert_rows(
        connection,
        "rule_runs",
        ("id", "rule_id", "rule", "order_id", "event", "done"),
        [
            (new_id(), match.rule.rule_id, match.rule.name, plan.order.order_id, match.event, list(match.done))
            for plan, _ in ruled
            for match in (plan.ruling.matches if plan.ruling else ())
        ],
    )


async def write_breaks(connection: Any, vault: Vault, plans: Sequence[OrderPlan]) -> None:
    """Mark the rules that broke while these plans were decided, once, and tell support."""
    benches = {id(plan.ruling.bench): plan.ruling.bench for plan in plans if plan.ruling is not None}
    broken = {rule_id: found for bench in benches.values() for rule_id, found in bench.broken.items()}
    if not broken:
        return
    shops = {plan.order.user_id: plan.order.shop_id for plan in plans}
    for rule_id in sorted(broken):
        found = broken[rule_id]
        if await connection.fetchval(_BROKE, rule_id, found.rule.changed_at, found.why) and found.owner in shops:
            after = {"rule": found.rule.name, "error": found.why}
            await chain.append(connection, vault, found.owner, rule_id, "rule.broke", SYSTEM, None, after)
            await ledger.intend(connection, [_notice(found, shops[found.owner])])


async def _write_holds(connection: Any, vault: Vault, ruled: Sequence[tuple[OrderPlan, Changes]]) -> None:
    holds = [(plan.order, hold, new_id()) for plan, changes in ruled for hold in changes.holds]
    if not holds:
        return
    await connection.execute(
        _HOLDS,
        [hold_id for _, _, hold_id in holds],
        [order.order_id for order, _, _ in holds],
        [hold.reason for _, hold, _ in holds],
        [
            vault.seal_text(order.user_id, "holds.note", hold_id, hold.note) if vault.can_seal(order.user_id) else None
            for order, hold, hold_id in holds
        ],
        [f"{BY_RULE}{hold.rule}" for _, hold, _ in holds],
        [hold.hours for _, hold, _ in holds],
    )


async def _write_orders(connection: Any, ruled: Sequence[tuple[OrderPlan, Changes]]) -> None:
    changed = [(plan.order.order_id, changes) for plan, changes in ruled if _touches(changes)]
    if not changed:
        return
    await connection.execute(
        _ORDERS,
        [order_id for order_id, _ in changed],
        [{"on": changes.tagged, "off": changes.untagged} for _, changes in changed],
        [changes.priority for _, changes in changed],
        [changes.assign.user_id if changes.assign else None for _, changes in changed],
        [changes.rate_rule for _, changes in changed],
    )
    urgent = [(order_id, changes.priority) for order_id, changes in changed if changes.priority is not None]
    if urgent:
        await connection.execute(_PRIORITIES, [order_id for order_id, _ in urgent], [level for _, level in urgent])
    chosen = [(order_id, changes.rate_rule) for order_id, changes in changed if changes.rate_rule is not None]
    if chosen:
        await connection.execute(_LABELS, [order_id for order_id, _ in chosen], [rule for _, rule in chosen])


def _touches(changes: Changes) -> bool:
    return bool(
        changes.tagged
        or changes.untagged
        or changes.priority is not None
        or changes.assign is not None
        or changes.rate_rule is not None
    )


def _notice(broken: Break, shop_id: ShopId) -> NewEffect:
    kind, rule = EffectKind.NOTICE, broken.rule
    return NewEffect(
        effect_id=new_id(),
        key=f"notice:rule_broken:{rule.rule_id}:{rule.changed_at.timestamp():.6f}",
        kind=kind,
        dependency=DEPENDENCY_OF[kind],
        order_id=None,
        shop_id=shop_id,
        package_id=None,
        ahead=0,
        delay_seconds=0.0,
        provider_reference="",
        request={"template": "rule_broken", "audience": "support", "rule": rule.name, "error": broken.why},
    )
