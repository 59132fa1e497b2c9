"""Rules within a decision: whatever happens to the order while it is decided is put to its creator's rules at once.

So a hold that a rule places stops the order right there. Each occurrence is put once; what rules change raises no event, so there is
one pass and no loop.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.effects.kinds import DEPENDENCY_OF
from engine.identifiers import new_id
from engine.words import EffectKind, WorkflowState
from engine.workflow.facts import ImportMode
from engine.workflow.plan import NewEffect
from engine.workflow.rules.asking import Bench, Match, ask
from engine.workflow.rules.changes import Changes, NewNotice
from engine.workflow.rules.events import RuleEvent, event_of
from engine.workflow.rules.model import RuleSet
from engine.workflow.rules.names import Subject

if TYPE_CHECKING:
    from engine.workflow.plan import OrderPlan


@dataclass(slots=True)
class Ruling:
    """The rules of one order in one decision: what has happened and is still to be put to them, and what came of it."""

    rules: RuleSet
    bench: Bench
    subject: Subject
    happened: list[RuleEvent]
    """What happened before the decision, in order."""
    steps_put: int = 0
    changes: Changes = field(default_factory=Changes)
    matches: list[Match] = field(default_factory=list)

    def words(self) -> list[str]:
        """What each rule that matched did, for the audit."""
        return [f"{match.rule.name}: {', '.join(match.done)}" for match in self.matches]


def react(plan: OrderPlan) -> None:
    """Put to the rules what has happened since they were asked last. A shop that is only observed keeps it for later."""
    ruling = plan.ruling
    if ruling is None or plan.order.policies.import_mode is ImportMode.OBSERVE:
        return
    happened, ruling.happened = ruling.happened, []
    for event in happened:
        _put(plan, ruling, event)
    while ruling.steps_put < len(plan.steps):
        step = plan.steps[ruling.steps_put]
        ruling.steps_put += 1
        entered = event_of(step.trigger, step.source, step.target)
        if entered is not None:
            _put(plan, ruling, entered)


def _put(plan: OrderPlan, ruling: Ruling, event: RuleEvent) -> None:
    if not ruling.rules.listening(event):
        return
    _refresh(plan, ruling.subject)
    matches = ask(ruling.rules, event, ruling.subject, ruling.changes, ruling.bench)
    ruling.matches += matches
    order, changes = plan.order, ruling.changes
    order.holds += [hold.reason for hold in changes.holds if hold.reason not in order.holds]
    if changes.rate_rule is not None:
        order.rate_rule = changes.rate_rule
    notices, changes.notices = changes.notices, []
    plan.effects += [_notice(plan, notice, place) for place, notice in enumerate(notices)]


def _refresh(plan: OrderPlan, subject: Subject) -> None:
    """What the decision has changed meanwhile."""
    order = plan.order
    subject.state, subject.status = order.state, order.status
    subject.holds.update(order.holds)
    if plan.fail and plan.cause is not None:
        subject.failure_code = plan.cause.first.code
    else:
        subject.failure_code = order.failure_code if order.state is WorkflowState.FAILED else ""


def _notice(plan: OrderPlan, notice: NewNotice, place: int) -> NewEffect:
    kind = EffectKind.NOTICE
    dependency = DEPENDENCY_OF[kind]
    before = sum(effect.dependency is dependency and effect.order_id is not None for effect in plan.effects)
    return NewEffect(
        effect_id=new_id(),
        key=f"notice:rule:{notice.rule_id}:{notice.audience}:{plan.order.order_id}",
        kind=kind,
        dependency=dependency,
        order_id=plan.order.order_id,
        shop_id=plan.order.shop_id,
        package_id=None,
        ahead=before + place,
        delay_seconds=0.0,
        provider_reference="",
        request={"template": "rule", "audience": notice.audience, "rule": notice.rule, "text": notice.text},
    )
