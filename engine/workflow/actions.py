"""Actions: what a transition does. They only add commands to the order's plan; a name in a workflow file is a function here."""

from __future__ import annotations

from collections.abc import Callable

from engine.effects.kinds import DEPENDENCY_OF, DIGEST_SECONDS
from engine.identifiers import LocationId, PackageId, new_id
from engine.orders.problems import Problem
from engine.words import (
    CancelReason,
    ChannelStatus,
    EffectKind,
    ErrorClass,
    ExecutionStatus,
    FulfilmentStatus,
    OrderStatus,
)
from engine.workflow.conditions import data_problems, items_picked
from engine.workflow.facts import CancelNotice, ItemFacts, LabelOn, PackageFacts
from engine.workflow.plan import Cause, NewEffect, NewPackage, OrderPlan
from engine.workflow.results import Action
from engine.workflow.stock_service import tell_service

ACTIONS: dict[str, Action] = {}

MEANS: dict[str, EffectKind] = {
    "notify_creator": EffectKind.NOTICE,
    "notify_out_of_stock": EffectKind.NOTICE,
    "notify_warehouse": EffectKind.NOTICE,
    "notify_customer": EffectKind.NOTICE,
    "notify_support": EffectKind.NOTICE,
    "request_review": EffectKind.NOTICE,
    "create_shipping_label": EffectKind.BUY_LABEL,
    "void_label": EffectKind.VOID_LABEL,
    "update_tiktok_status": EffectKind.SHIP_PACKAGE,
    "send_tracking_info": EffectKind.UPDATE_TRACKING,
}
"""What the actions that go outside mean there: their `retry_config` is that of the effect."""


def _register(action: Callable[[OrderPlan], None]) -> Callable[[OrderPlan], None]:
    ACTIONS[action.__name__] = action
    return action


def _intend(
    plan: OrderPlan,
    key: str,
    kind: EffectKind,
    *,
    package_id: PackageId | None = None,
    about_order: bool = True,
    delay_seconds: float = 0.0,
    provider_reference: str = "",
    **request: str,
) -> None:
    dependency = DEPENDENCY_OF[kind]
    if kind is EffectKind.BUY_LABEL and plan.order.rate_rule:
        request["rate_rule"] = plan.order.rate_rule
    plan.effects.append(
        NewEffect(
            effect_id=new_id(),
            key=key,
            kind=kind,
            dependency=dependency,
            order_id=plan.order.order_id if about_order else None,
            shop_id=plan.order.shop_id,
            package_id=package_id,
            ahead=sum(effect.dependency is dependency and effect.order_id is not None for effect in plan.effects),
            delay_seconds=delay_seconds,
            provider_reference=provider_reference,
            request=request,
            retry=plan.retry,
        )
    )


def _notify(plan: OrderPlan, template: str, audience: str) -> None:
    """One notice about this order, sent once however often the action runs."""
    key = f"notice:{template}:{plan.order.order_id}"
    _intend(plan, key, EffectKind.NOTICE, template=template, audience=audience)


def _digest(plan: OrderPlan, template: str, audience: str, subject: str) -> None:
    """One notice for everything about `subject` in this minute, sent when the minute is over."""
    minute = plan.order.now.strftime("%Y%m%d%H%M")
    key = f"notice:{template}:{subject}:{minute}"
    _intend(
        plan,
        key,
        EffectKind.NOTICE,
        about_order=False,
        delay_seconds=DIGEST_SECONDS,
        template=template,
        audience=audience,
        subject=subject,
    )


def _alert(plan: OrderPlan, subject: str) -> None:
    """What is broken in the system itself is told at once, and at most once a minute for each cause."""
    minute = plan.order.now.strftime("%Y%m%d%H%M")
    key = f"notice:alert:{subject}:{minute}"
    _intend(plan, key, EffectKind.NOTICE, about_order=False, template="alert", audience="support", subject=subject)


# new ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@_register
def validate_order_data(plan: OrderPlan) -> None:
    """Find all problems now, so that the conditions and the failure speak of the same ones."""
    plan.order.problems = None
    data_problems(plan.order)


@_register
def log_validation_success(plan: OrderPlan) -> None:
    plan.reason = plan.reason or "valid and paid"


@_register
def log_validation_failure(plan: OrderPlan) -> None:
    """Every problem goes into the failure, the first names it."""
    problems = tuple(data_problems(plan.order))
    evidence = {problem.fingerprint: problem.sentence for problem in problems}
    plan.cause = Cause(problems, ErrorClass.VALIDATION, evidence)


@_register
def notify_creator(plan: OrderPlan) -> None:
    _notify(plan, "order_rejected", "creator")


# validated ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@_register
def check_inventory_availability(plan: OrderPlan) -> None:
    """What is short becomes the cause, should the order fail for it; the shelf itself is asked by the conditions."""
    missing = plan.order.shelf.short(plan.order)
    if missing:
        plan.cause = Cause(
            tuple(
                Problem(
                    "out_of_stock",
                    sku,
                    f"{sku or 'An item'} is out of stock: {count} short.",
                    f"Receive stock of {sku}; the order goes on by itself, or retry it.",
                )
                for sku, count in missing
            ),
            ErrorClass.BUSINESS,
            {f"short of {sku}": str(count) for sku, count in missing},
        )


@_register
def reserve_stock(plan: OrderPlan) -> None:
    if plan.order.reserved:
        return
    plan.order.shelf.take(plan.order)
    plan.order.reserved = True
    plan.reserve = True
    plan.item_status = FulfilmentStatus.RESERVED
    tell_service(plan, EffectKind.RESERVE_STOCK)


@_register
def update_inventory(plan: OrderPlan) -> None:
    """Book the reservation in the ledger of movements."""
    plan.record_reservation = plan.reserve


@_register
def notify_out_of_stock(plan: OrderPlan) -> None:
    check_inventory_availability(plan)
    _notify(plan, "out_of_stock", "creator")


@_register
def offer_alternatives(plan: OrderPlan) -> None:
    """Look for products in stock that could stand in; they are named in the failure's evidence."""
    plan.alternatives = True


# inventory_reserved ───────────────────────────────────────────────────────────────────────────────────────────────────────


@_register
def generate_pick_list(plan: OrderPlan) -> None:
    plan.pick_list = True


@_register
def notify_warehouse(plan: OrderPlan) -> None:
    _digest(plan, "pick_list", "warehouse", str(plan.order.location_id))


@_register
def create_shipping_label(plan: OrderPlan) -> None:
    """Make sure: plan a package for each place the items ship from and intend its label, unless that has been done before."""
    if plan.packages:
        return
    if plan.order.packages:
        _intend_first_labels(plan)
        return
    contents: dict[LocationId, list[tuple[ItemFacts, int]]] = {}
    for item in plan.order.items:
        if item.quantity:
            contents.setdefault(item.location_id, []).append((item, item.quantity))
    for location_id, inside in contents.items():
        package_id = PackageId(new_id())
        plan.packages.append(NewPackage(package_id, plan.order, location_id, tuple(inside)))
        _intend(plan, f"label:{package_id}:1", EffectKind.BUY_LABEL, package_id=package_id)


def _intend_first_labels(plan: OrderPlan) -> None:
    """Packages that a person planned get their label like others; one whose label was voided waits for a person's word."""
    for package in plan.order.packages:
        wanted = package.generation == 1 or package.after_void == "buy"
        if package.state == "planned" and wanted and not (package.label_meant or package.backordered):
            package.label_meant = True
            if package.lead:
                key = f"label:{package.package_id}:{package.generation}"
                _intend(plan, key, EffectKind.BUY_LABEL, package_id=package.package_id)


@_register
def update_tiktok_status(plan: OrderPlan) -> None:
    """Tell TikTok about each parcel and its tracking number."""
    for package in plan.order.packages:
        if package.told_tracking_number != package.tracking_number:
            tell_of(plan, package)


def tell_of(plan: OrderPlan, package: PackageFacts) -> None:
    """Mean to tell TikTok of this parcel, or of its new number, once for each order that is in it."""
    if package.tell_meant:
        return
    package.tell_meant = True
    corrects = bool(package.told_tracking_number)
    key = f"{'tracking' if corrects else 'ship'}:{package.package_id}:{package.generation}"
    if package.shared:
        key = f"{key}:{plan.order.order_id}"
    kind = EffectKind.UPDATE_TRACKING if corrects else EffectKind.SHIP_PACKAGE
    _intend(plan, key, kind, package_id=package.package_id)


# ready_to_ship ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@_register
def mark_shipped(plan: OrderPlan) -> None:
    """The goods leave the shelf now, and the items are on their way."""
    plan.shipped = True
    plan.handed_over = plan.order.by_person
    plan.consume = plan.order.reserved
    plan.order.reserved = False
    tell_service(plan, EffectKind.ADJUST_STOCK)
    plan.item_status = FulfilmentStatus.SHIPPED


@_register
def send_tracking_info(plan: OrderPlan) -> None:
    """Give TikTok the tracking number again where it was told another one."""
    for package in plan.order.packages:
        if package.told_tracking_number and package.told_tracking_number != package.tracking_number:
            tell_of(plan, package)


@_register
def notify_customer(plan: OrderPlan) -> None:
    _notify(plan, "order_shipped", "customer")


# shipped, completed ───────────────────────────────────────────────────────────────────────────────────────────────────────


@_register
def mark_delivered(plan: OrderPlan) -> None:
    plan.delivered = True
    plan.item_status = FulfilmentStatus.DELIVERED


@_register
def trigger_analytics(plan: OrderPlan) -> None:
    plan.count_delivered = True


@_register
def request_review(plan: OrderPlan) -> None:
    _notify(plan, "review_request", "customer")


@_register
def finalize_order(plan: OrderPlan) -> None:
    plan.finalize = True
    plan.order.execution = ExecutionStatus.COMPLETED


@_register
def update_creator_metrics(plan: OrderPlan) -> None:
    plan.count_completed = True


# failed and the system triggers ───────────────────────────────────────────────────────────────────────────────────────────


@_register
def log_failure_reason(plan: OrderPlan) -> None:
    """The order joins the failed queue with its cause."""
    plan.fail = True
    plan.order.execution = ExecutionStatus.FAILED


@_register
def notify_support(plan: OrderPlan) -> None:
    subject = plan.cause.first.fingerprint if plan.cause else "failed"
    if plan.cause is not None and plan.cause.error_class is ErrorClass.SYSTEM:
        _alert(plan, subject)
    _digest(plan, "failure", "support", subject)


@_register
def rearm_effects(plan: OrderPlan) -> None:
    """What had failed outside is tried again under its own key."""
    plan.rearm = True
    plan.resolve_failure = "retried"
    plan.order.execution = ExecutionStatus.RUNNING


@_register
def release_stock(plan: OrderPlan) -> None:
    """Whatever is still promised to the order goes back, also for units that TikTok has cancelled already."""
    if plan.order.reserved:
        tell_service(plan, EffectKind.RELEASE_STOCK)
    plan.release = True
    plan.order.reserved = False


@_register
def void_effects(plan: OrderPlan) -> None:
    """Whatever has not left yet will not leave."""
    plan.void_effects = True


@_register
def void_label(plan: OrderPlan) -> None:
    """A label already bought goes back to the carrier."""
    for package in plan.order.packages:
        if package.state in {"labelled", "told"}:
            key = f"void:{package.package_id}:{package.generation}"
            _intend(
                plan,
                key,
                EffectKind.VOID_LABEL,
                package_id=package.package_id,
                provider_reference=package.shipment_reference,
            )
    plan.void_packages = True


@_register
def tell_cancellation(plan: OrderPlan) -> None:
    """A cancellation decided here is TikTok's to hear of; one that came from there is known there."""
    if plan.order.channel_status == ChannelStatus.CANCELLED:
        return
    asked = CancelReason.BUYER_ASKED if plan.order.cancel_requested else CancelReason.OUT_OF_STOCK
    reason = plan.cancel_reason or asked
    _intend(plan, f"cancel:{plan.order.order_id}", EffectKind.CANCEL_ORDER, reason=reason.value)


@_register
def close_cancelled(plan: OrderPlan) -> None:
    plan.cancelled = True
    plan.finalize = True
    plan.resolve_failure = "cancelled"
    plan.item_status = FulfilmentStatus.CANCELLED
    plan.order.execution = ExecutionStatus.CANCELLED
    plan.order.status = OrderStatus.CANCELLED
    told = plan.order.policies.cancel_notice
    reason = plan.cancel_reason.value.replace("_", " ") if plan.cancel_reason else ""
    for audience in ("customer", "creator"):
        if told in {audience, CancelNotice.BOTH}:
            key = f"notice:order_cancelled:{audience}:{plan.order.order_id}"
            _intend(plan, key, EffectKind.NOTICE, template="order_cancelled", audience=audience, reason=reason)


def label_is_due(plan: OrderPlan) -> bool:
    """Whether the shop's policy wants the label of a reserved order now."""
    policies = plan.order.policies
    label_on = policies.tiktok_label_on if plan.order.shipped_by_tiktok else policies.label_on
    return label_on is LabelOn.RESERVE or items_picked(plan.order)
