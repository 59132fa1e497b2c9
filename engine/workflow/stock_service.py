"""What a decision tells an inventory service, where a shop has one: the ledger decides, and the service is told in the order's line.

All of it stands in the carrier's lane of the order. One sequence per order and lane, of which only the head can be claimed: so no label
is bought before the service has agreed to the reservation, and nothing is released there before it was asked to reserve.
"""

from __future__ import annotations

from engine.identifiers import new_id
from engine.words import Dependency, EffectKind, FulfilmentStatus
from engine.workflow.facts import StockSource
from engine.workflow.plan import NewEffect, OrderPlan

LANE = Dependency.CARRIER


def tell_service(plan: OrderPlan, kind: EffectKind) -> None:
    """Mean to tell the service; nothing where the ledger has the last word. What exactly is read when it is told."""
    order = plan.order
    if order.policies.inventory is not StockSource.SERVICE:
        return
    effect_id = new_id()
    plan.effects.append(
        NewEffect(
            effect_id=effect_id,
            key=f"{kind.value}:{order.order_id}:{effect_id}",
            kind=kind,
            dependency=LANE,
            order_id=order.order_id,
            shop_id=order.shop_id,
            package_id=None,
            ahead=sum(effect.dependency is LANE and effect.order_id is not None for effect in plan.effects),
            delay_seconds=0.0,
            provider_reference="",
            request={},
        )
    )


def give_back(plan: OrderPlan) -> None:
    """What is reserved for a failed order is not there: it goes back, with what has not left yet, and is reserved anew later."""
    tell_service(plan, EffectKind.RELEASE_STOCK)
    plan.release = True
    plan.order.reserved = False
    plan.gives_back = True
    plan.void_effects = True
    plan.item_status = FulfilmentStatus.PENDING
