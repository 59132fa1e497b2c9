"""The specification's health document."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from engine.monitoring.health import Health
from sync.http.api.shapes.shape import Told


class HealthStatus(Told):
    """How one part is; `message` says what to mend, and is empty while all is well."""

    status: Health
    message: str


class HealthChecks(Told):
    """The four parts."""

    database: HealthStatus
    tiktok_api: HealthStatus = Field(alias="tiktokAPI")
    workflow_engine: HealthStatus = Field(alias="workflowEngine")
    message_queue: HealthStatus = Field(alias="messageQueue")


class HealthMetrics(Told):
    """The four numbers."""

    active_orders: int = Field(alias="activeOrders")
    pending_workflows: int = Field(alias="pendingWorkflows")
    queue_depth: int = Field(alias="queueDepth")
    last_processed_order: str = Field(alias="lastProcessedOrder")


class OrderHealthCheck(Told):
    """How orders are worked now."""

    status: Health
    timestamp: datetime
    checks: HealthChecks
    metrics: HealthMetrics
