"""The one way an order moves: read the batch's facts under lock, let the machine decide, write the plan. One transaction.

The runner, a settled effect, a fact from TikTok and a person's key all end here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.actors import SYSTEM, Actor
from engine.errors import Refused
from engine.identifiers import OrderId
from engine.orders.problems import Problem
from engine.privacy.cipher import Vault
from engine.words import ChannelStatus, ErrorClass, ExecutionStatus, OrderStatus, WorkflowState
from engine.workflow.actions import create_shipping_label, label_is_due
from engine.workflow.conditions import arranged_elsewhere, items_picked, shipping_label_ready
from engine.workflow.explain import refusal_sentence
from engine.workflow.facts import ImportMode, OrderFacts
from engine.workflow.machine import Token, WorkflowMachine, default_machine
from engine.workflow.mends import mend_for
from engine.workflow.plan import Cause, OrderPlan
from engine.workflow.reading import read_facts
from engine.workflow.writing import write_plans

_LONGEST_CHAIN = 20
"""More moves than any workflow has states: a loop that the definition's check cannot see ends here."""

_BEFORE_LABEL = frozenset({WorkflowState.NEW, WorkflowState.VALIDATED, WorkflowState.INVENTORY_RESERVED})
_SHIPPED_ELSEWHERE = Cause(
    (
        Problem(
            "shipped_elsewhere",
            "",
            "TikTok shows a shipment for this order that was not arranged here.",
            mend_for("shipped_elsewhere").what_to_do,
        ),
    ),
    ErrorClass.BUSINESS,
)


@dataclass(frozen=True, slots=True)
class Push:
    """A trigger fired from outside the machine: by a person, or by an outcome that means failure."""

    trigger: str
    actor: Actor = SYSTEM
    reason: str = ""
    cause: Cause | None = None
    by_person: bool = False
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of one order. `code` and `sentence` are empty unless the push was refused."""

    order_id: OrderId
    order_number: str
    before: OrderStatus
    after: OrderStatus
    state: WorkflowState
    steps: int
    code: str = ""
    sentence: str = ""


async def advance(
    connection: Any,
    vault: Vault,
    order_ids: Sequence[OrderId],
    pushes: Mapping[OrderId, Push] | None = None,
    *,
    write: bool = True,
) -> list[Moved]:
    """Move these orders as far as they go. The caller holds their work rows; closed orders are absent from the answer.

    With `write` False everything is decided and nothing is written: a preview.
    """
    machine = default_machine()
    pushes = pushes or {}
    plans: list[OrderPlan] = []
    moved: list[Moved] = []
    for order in await read_facts(connection, vault, order_ids):
        plan, refusal = decide(machine, order, pushes.get(order.order_id))
        if refusal is None:
            plans.append(plan)
        moved.append(
            Moved(
                order.order_id,
                order.order_number,
                plan.before_status,
                order.status,
                order.state,
                len(plan.steps),
                *((refusal.code, refusal.sentence) if refusal else ("", "")),
            )
        )
    if write:
        await write_plans(connection, vault, plans)
    return moved


def decide(machine: WorkflowMachine, order: OrderFacts, push: Push | None) -> tuple[OrderPlan, Refused | None]:
    """Decide one order: the push first, then whatever fires by itself. A refusal leaves nothing to write."""
    plan = OrderPlan(order, order.status, order.state, order.execution)
    token = Token(plan)
    if push is not None:
        refusal = _push(machine, token, push)
        if refusal is not None:
            return plan, refusal
        order.by_person = False
    _go_on(machine, token)
    plan.waiting_for = _waiting_for(plan)
    return plan, None


def _push(machine: WorkflowMachine, token: Token, push: Push) -> Refused | None:
    plan, order = token.plan, token.plan.order
    if push.expected_version is not None and push.expected_version != order.version:
        return Refused(
            "order.changed_meanwhile",
            f"Order {order.order_number} changed while it was on your screen: it is now {order.status.value}, "
            f"{order.state.value.replace('_', ' ')}. Look at it again, then decide.",
        )
    plan.actor, plan.reason, plan.cause = push.actor, push.reason, push.cause
    order.by_person = push.by_person
    if push.by_person and order.execution is ExecutionStatus.PAUSED:
        return Refused(
            "order.not_worked", f"Order {order.order_number} is fulfilled by TikTok: it is shown, never worked."
        )
    if push.by_person and order.policies.import_mode is ImportMode.OBSERVE:
        return Refused(
            "order.observed",
            f"Order {order.order_number} is only observed: switch its shop to work before changing its orders.",
        )
    if order.holds and push.trigger not in {"fail", "cancel"}:
        return Refused("order.held", f"Order {order.order_number} is held ({', '.join(order.holds)}).")
    if not machine.fire(token, push.trigger):
        return Refused("workflow.refused", refusal_sentence(machine, order, push.trigger))
    return None


def _go_on(machine: WorkflowMachine, token: Token) -> None:
    plan, order = token.plan, token.plan.order
    if order.execution is ExecutionStatus.CANCELLED:
        return
    if order.channel_status == ChannelStatus.CANCELLED and machine.fire(token, "cancel"):
        return
    if order.execution is ExecutionStatus.PAUSED:
        return
    if order.holds or order.policies.import_mode is ImportMode.OBSERVE:
        return
    if order.state is WorkflowState.FAILED:
        if plan.steps or order.failure_code != "out_of_stock" or order.shelf.short(order):
            return
        plan.reason = "stock arrived"
        machine.fire(token, "resume")
    if order.state in _BEFORE_LABEL and arranged_elsewhere(order):
        plan.cause = _SHIPPED_ELSEWHERE
        machine.fire(token, "fail")
    for _ in range(_LONGEST_CHAIN):
        if order.execution is not ExecutionStatus.RUNNING:
            break
        if not any(machine.fire(token, trigger) for trigger in machine.due(order)):
            break
    if order.state is WorkflowState.INVENTORY_RESERVED and label_is_due(plan):
        create_shipping_label(plan)


def _only_read(order: OrderFacts) -> bool:
    """Whether a note to acknowledge is all that keeps the order from its next step."""
    if order.state is WorkflowState.INVENTORY_RESERVED:
        return items_picked(order) and shipping_label_ready(order)
    return order.state is WorkflowState.READY_TO_SHIP


def _waiting_for(plan: OrderPlan) -> str:
    """What the order waits for, in a word that `why` turns into a sentence."""
    order = plan.order
    if order.holds:
        return "hold"
    if order.policies.import_mode is ImportMode.OBSERVE:
        return "observe"
    if order.unacknowledged and _only_read(order):
        return "note"
    match order.state:
        case WorkflowState.NEW:
            return "payment"
        case WorkflowState.VALIDATED:
            return "stock"
        case WorkflowState.INVENTORY_RESERVED:
            to_buy = bool(plan.packages) or any(package.state == "planned" for package in order.packages)
            return "label" if to_buy else "pick"
        case WorkflowState.READY_TO_SHIP:
            told = all(package.told_tracking_number for package in order.packages)
            return "handover" if told else "tiktok"
        case WorkflowState.SHIPPED:
            return "delivery"
        case WorkflowState.FAILED:
            code = plan.cause.first.code if plan.fail and plan.cause else order.failure_code
            return "stock" if code == "out_of_stock" else "person"
        case WorkflowState.COMPLETED:
            return ""
