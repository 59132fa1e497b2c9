"""The one way an order moves: read the batch's facts under lock, let the machine decide, write the plan. One transaction.

The runner, a settled effect, a fact from TikTok and a person's key all end here.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from engine.actors import SYSTEM, Actor
from engine.errors import Refused
from engine.identifiers import OrderId, PackageId
from engine.orders.changes import CHANGED_MEANWHILE, what_changed
from engine.orders.problems import Problem
from engine.privacy.cipher import Vault
from engine.words import (
    CancelReason,
    ChangeSource,
    ChannelStatus,
    ErrorClass,
    ExecutionStatus,
    OrderStatus,
    WorkflowState,
)
from engine.workflow.conditions import arranged_elsewhere, data_problems
from engine.workflow.definition import BUILT_IN_TRIGGERS
from engine.workflow.explain import reason, refusal_sentence, state_words
from engine.workflow.facts import ImportMode, OrderFacts
from engine.workflow.failures import cause_of_outcome
from engine.workflow.following import follow, only_shown
from engine.workflow.machine import Token, WorkflowMachine, default_machine
from engine.workflow.machines import Unusable, Workflow, machines_of
from engine.workflow.mends import mend_for
from engine.workflow.parcels import PACKING, work_parcels
from engine.workflow.plan import Cause, OrderPlan, Postponed
from engine.workflow.reading import read_facts
from engine.workflow.results import DEFAULT_RETRY, ActionFailed
from engine.workflow.rules.events import RuleEvent
from engine.workflow.rules.reading import read_rulings
from engine.workflow.rules.ruling import react
from engine.workflow.skipping import Failing, skip
from engine.workflow.stock_service import give_back
from engine.workflow.waiting import waiting_for
from engine.workflow.writing import write_plans

_LONGEST_CHAIN = 20
"""More moves than any workflow has states: a loop that the definition's check cannot see ends here."""

_HELD_OR_NOT = frozenset({"fail", "cancel", *BUILT_IN_TRIGGERS})
"""Triggers that a hold does not keep back."""

HAND_OVER = "hand_over"
"""The trigger of a push that hands parcels over, whatever the order as a whole still waits for."""

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
    skip: Failing | None = None
    """Skip what failed, or what the order waits for, instead of firing `trigger`."""
    then: Push | None = None
    """Fired right after, in the same decision."""
    parcels: frozenset[PackageId] = frozenset()
    """With the trigger `hand_over`: which of the order's packages left."""
    because: CancelReason | None = None
    """With the trigger `cancel`: why, as TikTok will be told."""
    gives_back: bool = False
    """With the trigger `fail`: what is reserved for the order goes back, and it is to be reserved anew when it goes on."""


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
    happened: Mapping[OrderId, Collection[RuleEvent]] | None = None,
    write: bool = True,
) -> list[Moved]:
    """Move these orders as far as they go. The caller holds their work rows; closed orders are absent from the answer.

    `happened` is what the caller has done to them that rules may wait for. With `write` False everything is decided and nothing is
    written: a preview.
    """
    pushes = pushes or {}
    plans: list[OrderPlan] = []
    moved: list[Moved] = []
    orders = await read_facts(connection, vault, order_ids)
    workflows = await machines_of(connection, {order.edition for order in orders})
    await read_rulings(connection, vault, orders, happened or {})
    for order in orders:
        plan, refusal = decide(workflows[order.edition], order, pushes.get(order.order_id))
        if refusal is None:
            plans.append(plan)
        if refusal is not None and refusal.code == CHANGED_MEANWHILE:
            refusal = Refused(
                refusal.code, await what_changed(connection, order.order_id, _seen(pushes, order.order_id))
            )
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


def _seen(pushes: Mapping[OrderId, Push], order_id: OrderId) -> int:
    """The version that the person's screen had."""
    return pushes[order_id].expected_version or 0


def decide(workflow: Workflow, order: OrderFacts, push: Push | None) -> tuple[OrderPlan, Refused | None]:
    """Decide one order: the push first, then whatever fires by itself. A refusal leaves nothing to write."""
    plan = OrderPlan(order, order.status, order.state, order.execution)
    react(plan)
    token = Token(plan)
    if not isinstance(workflow, Unusable) and order.state not in workflow.needs:
        workflow = Unusable(order.edition, f"The workflow {order.edition.name} has no state {order.state.value}.")
    if isinstance(workflow, Unusable):
        refusal = _set_aside(workflow, token, push)
        react(plan)
        return plan, refusal
    if push is not None:
        refusal = _push(workflow, token, push)
        if refusal is not None:
            return plan, refusal
        order.by_person = False
    try:
        _go_on(workflow, token)
    except ActionFailed as failed:
        _take_no(workflow, token, failed)
    react(plan)
    if plan.rest_seconds:
        order.not_before = order.now + timedelta(seconds=plan.rest_seconds)
    if order.not_before is None:
        order.attempt = 0 if plan.steps else order.attempt
        if order.state is WorkflowState.FAILED and order.comes_back is not None and not plan.steps:
            plan.due_at = order.comes_back.at
    elif order.not_before > order.now:
        plan.due_at = order.not_before
    plan.waiting_for = waiting_for(plan)
    return plan, None


def _set_aside(unusable: Unusable, token: Token, push: Push | None) -> Refused | None:
    """Put an order whose definition cannot be run in front of a person; TikTok's cancellation closes it all the same."""
    plan, order, machine = token.plan, token.plan.order, default_machine()
    if push is not None and push.trigger != "fail":
        return Refused("workflow.unusable", f"Order {order.order_number} cannot go on: {unusable.sentence}")
    if order.channel_status == ChannelStatus.CANCELLED and machine.fire(token, "cancel"):
        return None
    if push is not None:
        plan.actor, plan.reason, plan.cause = push.actor, push.reason, push.cause
    elif order.execution is ExecutionStatus.RUNNING and order.policies.import_mode is ImportMode.WORK:
        plan.reason = "workflow_unusable"
        plan.cause = cause_of_outcome("workflow_unusable", unusable.sentence, unusable.edition.name, {})
    if plan.cause is not None:
        machine.fire(token, "fail")
    plan.waiting_for = "person"
    return None


def _take_no(machine: WorkflowMachine, token: Token, failed: ActionFailed) -> None:
    """An action said no and its transition was taken back: it is tried again in a while, or the order fails with its error."""
    plan, order, result = token.plan, token.plan.order, failed.result
    if order.state is WorkflowState.FAILED:
        return
    retry = machine.definition.retries.get(failed.action, DEFAULT_RETRY)
    attempt = 1 if plan.steps else order.attempt + 1
    if result.retryable and attempt < retry.max_attempts:
        # Half of the wait is certain, so that a short one is not none.
        ceiling = retry.ceiling_seconds(attempt)
        seconds = random.uniform(ceiling / 2, ceiling)  # noqa: S311  # jitter, not a secret
        plan.postponed = Postponed(failed.action, failed.sentence, attempt)
        plan.rest_seconds = max(plan.rest_seconds, seconds)
        order.attempt = attempt
        return
    evidence = {"action": failed.action, "tries": str(attempt)}
    mend = mend_for(result.code)
    problem = Problem(result.code, failed.action, failed.sentence, mend.what_to_do)
    plan.reason, plan.cause = result.code, Cause((problem,), result.error_class, evidence)
    order.attempt, order.not_before, plan.rest_seconds = 0, None, 0.0
    machine.fire(token, "fail")


def _push(machine: WorkflowMachine, token: Token, push: Push) -> Refused | None:
    plan, order = token.plan, token.plan.order
    if push.expected_version is not None and push.expected_version != order.version:
        return Refused(
            CHANGED_MEANWHILE, f"Order {order.order_number} changed while it was on your screen; look at it again."
        )
    if order.execution is ExecutionStatus.PAUSED and push.trigger == "fail":
        return None  # nothing moves; whoever lets it go on looks for what failed meanwhile
    plan.actor, plan.reason, plan.cause = push.actor, push.reason, push.cause
    order.by_person = push.by_person and push.skip is None
    if push.by_person and order.execution is ExecutionStatus.PAUSED:
        if order.fulfilled_by_tiktok:
            return Refused(
                "order.not_worked", f"Order {order.order_number} is fulfilled by TikTok: it is shown, never worked."
            )
        if push.trigger not in {"cancel", *BUILT_IN_TRIGGERS}:
            return Refused("order.paused", f"Order {order.order_number} is paused: resume its workflow first.")
    if push.by_person and order.policies.import_mode is ImportMode.OBSERVE:
        return Refused(
            "order.observed",
            f"Order {order.order_number} is only observed: switch its shop to work before changing its orders.",
        )
    if order.holds and push.trigger not in _HELD_OR_NOT:
        return Refused("order.held", f"Order {order.order_number} is held ({', '.join(order.holds)}).")
    if push.trigger == HAND_OVER:
        return _hand_over(plan, push)
    plan.cancel_reason = push.because
    try:
        if push.skip is not None:
            refusal = skip(machine, token, push.skip)
        elif machine.fire(token, push.trigger):
            refusal = None
        else:
            refusal = Refused("workflow.refused", refusal_sentence(machine, order, push.trigger))
    except ActionFailed as failed:
        return Refused("workflow.action_failed", f"Order {order.order_number} cannot go on: {failed.sentence}")
    if refusal is not None:
        return refusal
    if push.gives_back:
        give_back(plan)
    if push.trigger not in BUILT_IN_TRIGGERS:
        order.attempt, order.not_before = 0, None
    if push.then is not None:
        plan.cause = push.then.cause
        machine.fire(token, push.then.trigger)
    return None


def _hand_over(plan: OrderPlan, push: Push) -> Refused | None:
    order = plan.order
    order.by_person = False
    if order.unacknowledged:
        return Refused(
            "workflow.refused", f"Order {order.order_number} cannot go on: {reason(order, 'notes_acknowledged')}."
        )
    if order.state not in PACKING:
        return Refused("parcel.not_yet", f"Order {order.order_number} is {state_words(order.state)}.")
    for package in order.packages:
        if package.package_id in push.parcels:
            package.handed_over = True
            plan.handed.append(package.package_id)
    return None


def _go_on(machine: WorkflowMachine, token: Token) -> None:
    plan, order = token.plan, token.plan.order
    if order.execution is ExecutionStatus.CANCELLED:
        return
    if order.channel_status == ChannelStatus.CANCELLED and machine.fire(token, "cancel"):
        return
    if only_shown(order):
        follow(plan)
        return
    if order.execution is ExecutionStatus.PAUSED:
        return
    if order.holds or order.policies.import_mode is ImportMode.OBSERVE:
        return
    if plan.rest_seconds or (order.not_before is not None and order.not_before > order.now):
        return
    order.not_before = None
    if order.state is WorkflowState.FAILED:
        if plan.steps or not _comes_back(plan):
            return
        machine.fire(token, "resume")
    if order.state in _BEFORE_LABEL and arranged_elsewhere(order):
        plan.cause = _SHIPPED_ELSEWHERE
        machine.fire(token, "fail")
    for _ in range(_LONGEST_CHAIN):
        react(plan)
        if order.execution is not ExecutionStatus.RUNNING or plan.rest_seconds or order.holds:
            return
        if any(machine.fire(token, trigger) for trigger in machine.due(order)):
            continue
        if not work_parcels(plan, machine):
            break


def _comes_back(plan: OrderPlan) -> bool:
    """Whether a failed order goes on by itself now: what it failed for is mended, or it is time to try the other side again."""
    order, back = plan.order, plan.order.comes_back
    if back is not None and back.at <= order.now:
        plan.reason = back.reason or "tried again by itself"
        if back.by:
            plan.actor = Actor(back.by, ChangeSource.USER)
        return True
    if order.failure_code == "out_of_stock":
        plan.reason = "stock arrived"
        return not order.shelf.short(order)
    if order.failure_code == "cancel_requested":
        plan.reason = "the buyer was answered"
        return not order.cancel_requested
    if order.failure_class == ErrorClass.VALIDATION and order.failed_from is WorkflowState.NEW:
        plan.reason = "corrected"
        return not data_problems(order)
    return False
