"""The rules that concern a batch, and what they may know of its orders.

A creator without enabled rules costs nothing: their marks come with the shop, in a statement that is made anyway, and rules whose marks
are known are not read again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import orjson

from engine.identifiers import OrderId, UserId
from engine.orders.opening import open_bytes
from engine.ports.facts import Address
from engine.privacy.cipher import Vault
from engine.workflow.facts import OrderFacts
from engine.workflow.rules.asking import Bench, Break
from engine.workflow.rules.events import RuleEvent
from engine.workflow.rules.model import RuleSet
from engine.workflow.rules.names import Subject
from engine.workflow.rules.ruling import Ruling
from engine.workflow.rules.stored import RULE_COLUMNS, read_rule

_ENABLED = f"""
SELECT {RULE_COLUMNS} FROM rules r
WHERE r.user_id = ANY($1::uuid[]) AND r.enabled AND r.error IS NULL ORDER BY r.user_id, r.position, r.id
"""  # noqa: S608

# What a decision does not read, for orders that rules are asked about.
_PARTICULARS = """
SELECT o.id, o.tags, o.priority_level AS priority, o.priority_override IS NOT NULL AND NOT o.priority_by_rule AS prioritised,
       o.assigned_to IS NOT NULL AS assigned, o.shipping_type, o.shipping_method, o.cash_on_delivery, o.expected_ship_date,
       o.shipping_address, s.name AS shop,
       u.display_name AS creator, k.happened,
       EXISTS (SELECT FROM order_item_units g WHERE g.order_id = o.id AND g.is_gift) AS is_gift
FROM orders o JOIN shops s ON s.id = o.shop_id JOIN users u ON u.id = o.user_id LEFT JOIN work k ON k.order_id = o.id
WHERE o.id = ANY($1::uuid[])
"""

_known: dict[UserId, tuple[tuple[str, ...], RuleSet]] = {}
"""The last set of each creator by its marks: a mark is a rule's id and when it was changed, so it means one thing for ever."""


async def read_rulings(
    connection: Any,
    vault: Vault,
    orders: Sequence[OrderFacts],
    happened: Mapping[OrderId, Collection[RuleEvent]],
) -> None:
    """Give these orders, which are locked, what is to be put to their creators' rules; where no rule concerns any, nothing is read.

    `happened` is what the caller has done to them; what an earlier transaction left to be put comes with their work.
    """
    ruled = [order for order in orders if order.rule_marks and not order.fulfilled_by_tiktok]
    if not ruled:
        return
    sets = await rule_sets(connection, {order.user_id: order.rule_marks for order in ruled})
    bench = bench_of(sets.values())
    rows = {row["id"]: row for row in await connection.fetch(_PARTICULARS, [order.order_id for order in ruled])}
    for order in ruled:
        row, rules = rows[order.order_id], sets[order.user_id]
        before = [RuleEvent(word) for word in row["happened"] or ()]
        now = [event for event in happened.get(order.order_id, ()) if event not in before]
        subject = _subject(vault, order, row, with_address=rules.need_address)
        order.ruling = Ruling(rules, bench, subject, before + now)


async def rule_sets(connection: Any, marks: Mapping[UserId, Sequence[str]]) -> dict[UserId, RuleSet]:
    """The enabled rules of these creators, whose marks are given; creators without any are absent."""
    wanted = {owner: tuple(found) for owner, found in marks.items() if found}
    unknown = [owner for owner, found in wanted.items() if owner not in _known or _known[owner][0] != found]
    if unknown:
        rows = await connection.fetch(_ENABLED, unknown)
        for owner in unknown:
            mine = [row for row in rows if row["user_id"] == owner]
            _known[owner] = (tuple(row["mark"] for row in mine), RuleSet(owner, [read_rule(row) for row in mine]))
    return {owner: _known[owner][1] for owner in wanted}


def bench_of(sets: Iterable[RuleSet]) -> Bench:
    """A fresh bench for a batch; rules that cannot even be read are broken from the start."""
    return Bench(
        broken={rule.rule_id: Break(rule, rules.owner, why) for rules in sets for rule, why in rules.unreadable}
    )


def address_of(vault: Vault, order_id: OrderId, sealed: bytes | None) -> Address | None:
    """The shipping address, when there is one that opens."""
    plain = open_bytes(vault, "orders.shipping_address", order_id, sealed)
    return Address(**orjson.loads(plain)) if plain else None


def _subject(vault: Vault, order: OrderFacts, row: Any, *, with_address: bool) -> Subject:
    address = order.address
    if with_address and address is None:
        address = address_of(vault, order.order_id, row["shipping_address"])
    return Subject(
        now=order.now,
        state=order.state,
        status=order.status,
        channel_status=order.channel_status,
        kind=order.order_kind,
        total=order.total_amount,
        currency=order.currency,
        lines=order.items,
        paid=order.paid,
        cash_on_delivery=row["cash_on_delivery"],
        cancel_requested=order.cancel_requested,
        is_gift=row["is_gift"],
        shipping_type=row["shipping_type"],
        shipping_method=row["shipping_method"] or "",
        ship_by=row["expected_ship_date"],
        shop=row["shop"],
        creator=row["creator"],
        country=address.country if address else "",
        region=address.state if address else "",
        postal_code=address.postal_code if address else "",
        priority=row["priority"],
        prioritised=row["prioritised"],
        assigned=row["assigned"],
        tags=set(row["tags"]),
        holds=set(order.holds),
        workflow=order.edition.name,
        begun=True,
    )
