"""Taking a transition back: an order, its plan and the shelf as they were before it, when one of its actions says no."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

from engine.workflow.plan import OrderPlan


class Before:
    """A picture of everything that an action may touch. Made only where an action may fail, since it costs as much as a decision."""

    def __init__(self, plan: OrderPlan) -> None:
        self._pictures = [(each, _picture(each)) for each in (plan, plan.order, plan.order.shelf)]

    def restore(self) -> None:
        """Put everything back. The shelf is shared by the batch, so its own tables are refilled, not exchanged."""
        for each, fields in self._pictures:
            for name, value in fields.items():
                current = getattr(each, name)
                if isinstance(current, dict):
                    current.clear()
                    current.update(value)
                elif current is not value:
                    setattr(each, name, value)


def _picture(of: Any) -> dict[str, Any]:
    return {field.name: _own(getattr(of, field.name)) for field in dataclasses.fields(of)}


def _own(value: Any) -> Any:
    if isinstance(value, list):
        return [copy.copy(each) for each in value]
    return dict(value) if isinstance(value, dict) else value
