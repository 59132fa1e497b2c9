"""Why has this order not moved? One sentence, from the strongest reason down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.orders.views import FailureView
from engine.words import ExecutionStatus, HoldReason, OrderStatus, WorkflowState


@dataclass(frozen=True, slots=True)
class ActiveHold:
    """A hold that stands."""

    reason: HoldReason
    placed_by: str
    note: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Standstill:
    """Everything the sentence may need, as it was at `now`."""

    now: datetime
    execution: ExecutionStatus
    status: OrderStatus
    state: WorkflowState
    waiting_for: str
    due_at: datetime | None = None
    holds: tuple[ActiveHold, ...] = ()
    failure: FailureView | None = None
    note_by: str = ""
    """Who wrote the note that must be acknowledged."""
    cancel_requested: bool = False
    short: tuple[tuple[str, int], ...] = ()
    """SKUs and how many units are missing."""
    scan_is_handover: bool = False
    """The carrier's first scan counts as handed over; else a person says so."""
    scanned: bool = False
    tracking_number: str = ""
    tracking_detail: str = ""
    effect_error: str = ""
    """What the last try of the waiting effect ended with, in words."""
    effect_due_at: datetime | None = None
    gate: str = ""
    """The dependency whose breaker is open and which this order needs next."""
    gate_until: datetime | None = None
    daemon_alive: bool = True


def why(still: Standstill) -> str:
    """The sentence; times are relative to `still.now`."""
    closed = _closed(still)
    if closed:
        return closed
    if still.cancel_requested:
        return "The buyer asks for cancellation: accept it, or ship and reject it."
    if still.failure is not None:
        return _failed(still.failure, still.now)
    if still.holds:
        return _held(still.holds[0])
    return _waits(still)


def _closed(still: Standstill) -> str:
    match still.execution:
        case ExecutionStatus.COMPLETED:
            return f"Done: {still.status}."
        case ExecutionStatus.CANCELLED if still.failure is not None:
            return f"Cancelled, but: {_sentence(still.failure.cause)} Mend: {_sentence(still.failure.what_to_do)}"
        case ExecutionStatus.CANCELLED:
            return "Cancelled."
        case ExecutionStatus.PAUSED if still.waiting_for == "paused":
            return "Paused by a person: resume its workflow to go on."
        case ExecutionStatus.PAUSED:
            return "Not worked here: TikTok fulfils it, or its shop is only observed."
        case ExecutionStatus.RUNNING | ExecutionStatus.FAILED:
            return ""


def _failed(failure: FailureView, now: datetime) -> str:
    """The cause, then what happens next: by itself, or by somebody."""
    parts = [f"Failed: {_sentence(failure.cause)}"]
    if failure.comes_back_at is not None:
        parts.append(f"Tried again by itself {_in(failure.comes_back_at, now)}.")
    else:
        parts.append(f"Mend: {_sentence(failure.what_to_do)}")
    if failure.acknowledged_by:
        parts.append(f"{failure.acknowledged_by} is at work on it.")
    elif failure.assigned_to:
        parts.append(f"It is {failure.assigned_to}'s.")
    if failure.snoozed_until is not None and failure.snoozed_until > now:
        parts.append(f"Snoozed; it returns {_in(failure.snoozed_until, now)}.")
    return " ".join(parts)


def _held(hold: ActiveHold) -> str:
    if hold.reason is HoldReason.COOLING_OFF:
        return "Held: cooling-off until TikTok lifts it."
    note = f" ({hold.note})" if hold.note else ""
    ends = f", until {hold.until:%Y-%m-%d %H:%M} UTC" if hold.until else ""
    return f"Held: {hold.reason}{note}, by {hold.placed_by}{ends}; release it to go on."


def _waits(still: Standstill) -> str:
    match still.waiting_for:
        case "payment":
            return "Waits for the buyer to pay."
        case "cooling-off":
            return "Held: cooling-off until TikTok lifts it."
        case "hold":
            return "Held: release its holds to go on."
        case "observe":
            return "Only observed: its shop's orders are shown, not worked, until the shop is switched to work."
        case "note":
            return (
                f"Waits for somebody to acknowledge {still.note_by or 'somebody'}'s note: read it, then acknowledge it."
            )
        case "stock":
            missing = "; ".join(f"{sku}, {units} short" for sku, units in still.short)
            return (
                f"Waits for stock: {missing}."
                if missing
                else "Waits for stock, which has arrived: it goes on by itself."
            )
        case "label":
            return _waits_for_effect("Waits for its label", still)
        case "tiktok":
            return _waits_for_effect("Waits for TikTok to be told", still)
        case "void":
            return "Waits for the carrier to take its label back."
        case "rebuy":
            return "Its label was voided: buy a new one, or change its parcels first."
        case "pick":
            return "Waits to be picked."
        case "handover" if not still.scan_is_handover:
            return "Waits to be handed to the carrier."
        case "handover" | "carrier":
            return f"Waits for the carrier's first scan{_of_parcel(still)}."
        case "delivery" if not still.scanned:
            return f"Waits for the carrier's first scan{_of_parcel(still)}."
        case "delivery":
            detail = f": {still.tracking_detail.rstrip('.')}" if still.tracking_detail else ""
            return f"On its way{_with_number(still)}{detail}."
        case "retry":
            return f"A step said no and is tried again {_in(still.due_at, still.now)}."
        case "rest":
            return f"Rests as its workflow wishes, and goes on {_in(still.due_at, still.now)}."
        case "person":
            return "Waits for a person: decide what becomes of it."
        case "" if not still.daemon_alive:
            return "Ready to go on, but no daemon is running: start orders-tui daemon."
        case "":
            return f"Goes on {_in(still.due_at, still.now)}." if _later(still) else "At work: it goes on in a moment."
        case other:
            return f"Waits for {other}."


def _waits_for_effect(begin: str, still: Standstill) -> str:
    if still.gate:
        return f"{begin}: {still.gate} is failing and left alone, tried again {_in(still.gate_until, still.now)}."
    if still.effect_error:
        return f"{begin}: {_sentence(still.effect_error)} Tried again {_in(still.effect_due_at, still.now)}."
    if not still.daemon_alive:
        return f"{begin}, but no daemon is running: start orders-tui daemon."
    return f"{begin}."


def _of_parcel(still: Standstill) -> str:
    return f" of {still.tracking_number}" if still.tracking_number else ""


def _with_number(still: Standstill) -> str:
    return f" as {still.tracking_number}" if still.tracking_number else ""


def _later(still: Standstill) -> bool:
    return still.due_at is not None and still.due_at > still.now


def _in(moment: datetime | None, now: datetime) -> str:
    if moment is None or moment <= now:
        return "at once"
    left: timedelta = moment - now
    seconds = int(left.total_seconds())
    if seconds < 60:
        return f"in {max(1, seconds)} s"
    if seconds < 3600:
        return f"in {seconds // 60} min"
    if seconds < 48 * 3600:
        return f"in {seconds // 3600} h"
    return f"in {seconds // 86400} days"


def _sentence(text: str) -> str:
    stripped = text.strip()
    return stripped if stripped.endswith((".", "!", "?", "…")) else f"{stripped}."
