"""Who buys in the shops that are pictured, and how far their orders have come: all names invented."""

from __future__ import annotations

from engine.words import ExecutionStatus, OrderStatus, WorkflowState

BUYERS = ("Ines Falk", "Tomas Vey", "Odile Brandt", "名前 山田", "Juno Park")
STORY = (
    (OrderStatus.PENDING, WorkflowState.NEW, ExecutionStatus.RUNNING, "payment"),
    (OrderStatus.CONFIRMED, WorkflowState.VALIDATED, ExecutionStatus.RUNNING, "stock"),
    (OrderStatus.PROCESSING, WorkflowState.INVENTORY_RESERVED, ExecutionStatus.RUNNING, "label"),
    (OrderStatus.PROCESSING, WorkflowState.READY_TO_SHIP, ExecutionStatus.RUNNING, "handover"),
    (OrderStatus.SHIPPED, WorkflowState.SHIPPED, ExecutionStatus.RUNNING, "delivery"),
    (OrderStatus.DELIVERED, WorkflowState.COMPLETED, ExecutionStatus.COMPLETED, ""),
    (OrderStatus.CANCELLED, WorkflowState.NEW, ExecutionStatus.CANCELLED, ""),
)
"""An order of every kind: status, workflow state, execution, and what it waits for."""
