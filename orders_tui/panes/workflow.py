"""Where an order stands in its workflow, and which statuses a person may ask for now."""

from __future__ import annotations

from textual.content import Content

from engine.orders.plain_text import plain
from engine.orders.views import OrderDetail
from orders_tui.formatting import moment, words
from orders_tui.state import Viewer


def content(detail: OrderDetail, viewer: Viewer) -> Content:
    """The states with the present one standing out, the last error, and what is allowed."""
    flow = detail.workflow
    steps: list[Content] = [
        Content.styled(words(state), "bold reverse") if state == flow.state else Content(words(state))
        for state in flow.states
    ]
    lines = [Content.styled(f"Workflow {plain(flow.name)}: {flow.execution}", "bold"), Content(" → ").join(steps)]
    if flow.error_count:
        lines.append(Content(f"{flow.error_count} errors, the last: {plain(flow.last_error)}"))
    if flow.retry_after:
        lines.append(Content(f"tries again {moment(flow.retry_after, viewer)}"))
    allowed = [status for status, reason in flow.allowed.items() if not reason]
    lines.append(Content.styled(f"may become: {', '.join(allowed) or 'nothing by hand'}", "$text-muted"))
    return Content("\n").join(lines)
