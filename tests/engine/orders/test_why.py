"""One sentence says why an order has not moved; the strongest reason speaks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from engine.identifiers import FailureId, OrderId, new_id
from engine.orders.views import FailureView
from engine.orders.why import ActiveHold, Standstill, why
from engine.words import ErrorClass, ExecutionStatus, HoldReason, OrderStatus, WorkflowState
from tests.factories import NOON

RUNNING = Standstill(
    now=NOON,
    execution=ExecutionStatus.RUNNING,
    status=OrderStatus.CONFIRMED,
    state=WorkflowState.VALIDATED,
    waiting_for="",
)
OUT_OF_STOCK = FailureView(
    failure_id=FailureId(new_id()),
    order_id=OrderId(new_id()),
    order_number="5771",
    code="out_of_stock",
    error_class=ErrorClass.BUSINESS,
    fingerprint="out_of_stock:MUG-BLU",
    cause="MUG-BLU is out of stock",
    evidence={},
    what_to_do="Receive MUG-BLU, then retry.",
    failed_from=WorkflowState.VALIDATED,
    attempts=1,
    created_at=NOON,
)
COOLING_OFF = ActiveHold(HoldReason.COOLING_OFF, "tiktok_shop", "", None)
LATER = NOON + timedelta(minutes=4, seconds=30)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "At work: it goes on in a moment."),
        ({"due_at": LATER}, "Goes on in 4 min."),
        ({"daemon_alive": False}, "Ready to go on, but no daemon is running: start orders-tui daemon."),
        ({"waiting_for": "payment"}, "Waits for the buyer to pay."),
        (
            {"waiting_for": "stock", "short": (("MUG-BLU", 2), ("TEE", 1))},
            "Waits for stock: MUG-BLU, 2 short; TEE, 1 short.",
        ),
        ({"waiting_for": "stock"}, "Waits for stock, which has arrived: it goes on by itself."),
        ({"waiting_for": "pick"}, "Waits to be picked."),
        ({"waiting_for": "label"}, "Waits for its label."),
        (
            {"waiting_for": "label", "daemon_alive": False},
            "Waits for its label, but no daemon is running: start orders-tui daemon.",
        ),
        (
            {"waiting_for": "label", "effect_error": "Too many requests", "effect_due_at": NOON + timedelta(seconds=9)},
            "Waits for its label: Too many requests. Tried again in 9 s.",
        ),
        (
            {"waiting_for": "tiktok", "gate": "tiktok", "gate_until": LATER},
            "Waits for TikTok to be told: tiktok is failing and left alone, tried again in 4 min.",
        ),
        ({"waiting_for": "handover", "tracking_number": "9400"}, "Waits to be handed to the carrier."),
        (
            {"waiting_for": "handover", "scan_is_handover": True, "tracking_number": "9400"},
            "Waits for the carrier's first scan of 9400.",
        ),
        ({"waiting_for": "delivery", "tracking_number": "9400"}, "Waits for the carrier's first scan of 9400."),
        (
            {
                "waiting_for": "delivery",
                "scanned": True,
                "tracking_number": "9400",
                "tracking_detail": "Left the depot.",
            },
            "On its way as 9400: Left the depot.",
        ),
        ({"waiting_for": "person"}, "Waits for a person: decide what becomes of it."),
        ({"waiting_for": "moonlight"}, "Waits for moonlight."),
        ({"holds": (COOLING_OFF,), "waiting_for": "hold"}, "Held: cooling-off until TikTok lifts it."),
        (
            {"holds": (ActiveHold(HoldReason.FRAUD, "mira", "two cards", None),)},
            "Held: fraud (two cards), by mira; release it to go on.",
        ),
        ({"failure": OUT_OF_STOCK}, "Failed: MUG-BLU is out of stock. Mend: Receive MUG-BLU, then retry."),
        (
            {"failure": OUT_OF_STOCK, "holds": (COOLING_OFF,), "cancel_requested": True},
            "The buyer asks for cancellation: accept it, or ship and reject it.",
        ),
        (
            {"execution": ExecutionStatus.PAUSED, "waiting_for": "paused"},
            "Paused by a person: resume its workflow to go on.",
        ),
        (
            {"waiting_for": "retry", "due_at": NOON + timedelta(seconds=40)},
            "A step said no and is tried again in 40 s.",
        ),
        (
            {"waiting_for": "rest", "due_at": NOON + timedelta(minutes=5)},
            "Rests as its workflow wishes, and goes on in 5 min.",
        ),
        ({"execution": ExecutionStatus.PAUSED}, "Not worked here: TikTok fulfils it, or its shop is only observed."),
        ({"execution": ExecutionStatus.CANCELLED}, "Cancelled."),
        (
            {"execution": ExecutionStatus.CANCELLED, "failure": OUT_OF_STOCK},
            "Cancelled, but: MUG-BLU is out of stock. Mend: Receive MUG-BLU, then retry.",
        ),
        ({"execution": ExecutionStatus.COMPLETED, "status": OrderStatus.DELIVERED}, "Done: delivered."),
    ],
)
def test_the_sentence(changes: dict[str, Any], sentence: str) -> None:
    assert why(replace(RUNNING, **changes)) == sentence


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "at once"), (1, "in 1 s"), (59, "in 59 s"), (60, "in 1 min"), (7200, "in 2 h"), (200_000, "in 2 days")],
)
def test_waits_are_told_in_the_largest_unit_that_fits(seconds: int, words: str) -> None:
    still = replace(
        RUNNING, waiting_for="label", effect_error="No answer", effect_due_at=NOON + timedelta(seconds=seconds)
    )
    assert why(still) == f"Waits for its label: No answer. Tried again {words}."
