"""What rules may know of an order that is only just coming in, taken from what TikTok says of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.errors import NotFound
from engine.orders.new_order import NewOrder
from engine.workflow.definition import Edition
from engine.workflow.library import newest_of, usable_edition
from engine.workflow.rules.asking import ask
from engine.workflow.rules.changes import Changes
from engine.workflow.rules.events import RuleEvent
from engine.workflow.rules.names import Subject
from engine.workflow.rules.reading import bench_of, rule_sets
from engine.workflow.rules.ruling import Ruling


async def chosen_editions(connection: Any, new: Sequence[NewOrder]) -> dict[str, Edition]:
    """The workflows that rules choose for these orders instead of their shop's, by TikTok's order id.

    Asked before the orders begin, whether they are decided now or later: a workflow cannot be chosen once it has begun.
    """
    ruled = [order for order in new if _ruled(order)]
    if not ruled:
        return {}
    wanted: dict[str, str] = {}
    sets = await rule_sets(connection, {order.shop.user_id: order.shop.rule_marks for order in ruled})
    for order in ruled:
        rules = sets[order.shop.user_id]
        if rules.choose_workflow:
            changes = Changes()
            ask(rules, RuleEvent.CREATED, _subject(order, begun=False), changes, bench_of([rules]))
            if changes.workflow is not None and changes.workflow != order.facts.edition.name:
                wanted[order.fact.tiktok_order_id] = changes.workflow
    editions = {name: await _edition_of(connection, name) for name in sorted(set(wanted.values()))}
    return {tiktok_id: edition for tiktok_id, name in wanted.items() if (edition := editions[name]) is not None}


async def _edition_of(connection: Any, name: str) -> Edition | None:
    try:
        return await usable_edition(connection, await newest_of(connection, name))
    except NotFound:  # it was there when the rule was saved; without it the shop's own serves
        return None


async def give_rulings(connection: Any, new: Sequence[NewOrder]) -> None:
    """Give these new orders what is to be put to their creators' rules."""
    ruled = [order for order in new if _ruled(order)]
    if not ruled:
        return
    sets = await rule_sets(connection, {order.shop.user_id: order.shop.rule_marks for order in ruled})
    bench = bench_of(sets.values())
    for order in ruled:
        order.facts.ruling = Ruling(sets[order.shop.user_id], bench, _subject(order, begun=True), happened_to(order))


def happened_to(order: NewOrder) -> list[RuleEvent]:
    """What has happened to an order by arriving."""
    return [RuleEvent.CREATED, *([RuleEvent.HELD] if order.held else [])]


def _ruled(order: NewOrder) -> bool:
    return bool(order.shop.rule_marks) and not order.facts.fulfilled_by_tiktok


def _subject(order: NewOrder, *, begun: bool) -> Subject:
    fact, facts = order.fact, order.facts
    return Subject(
        now=facts.now,
        state=facts.state,
        status=facts.status,
        channel_status=facts.channel_status,
        kind=facts.order_kind,
        total=facts.total_amount,
        currency=facts.currency,
        lines=facts.items,
        paid=facts.paid,
        cash_on_delivery=fact.cash_on_delivery,
        cancel_requested=facts.cancel_requested,
        is_gift=any(unit.is_gift for unit in fact.units),
        shipping_type=fact.shipping_type,
        shipping_method=fact.shipping_method,
        ship_by=fact.ship_by,
        shop=order.shop.name,
        creator=order.shop.creator,
        country=fact.address.country if fact.address else "",
        region=fact.address.state if fact.address else "",
        postal_code=fact.address.postal_code if fact.address else "",
        priority=order.priority,
        holds=set(facts.holds),
        workflow=facts.edition.name,
        begun=begun,
    )
