"""What EasyPost tells: an event around the whole object, as it stood when it happened."""

from datetime import UTC, datetime
from typing import Any

from sync.simulator.credentials import digest


def event(
    seed: int,
    number: int,
    description: str,
    result: dict[str, Any],
    *,
    at: float,
    hook_ids: list[str],
    previous: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return one event; events have milliseconds where objects have none."""
    moment = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(at * 1000) % 1000:03d}Z"
    return {
        "id": f"evt_{digest(seed, 'event', number)[:32]}",
        "object": "Event",
        "description": description,
        "mode": "test",
        "previous_attributes": previous or {},
        "result": result,
        "status": "pending",
        "pending_urls": hook_ids,
        "completed_urls": [],
        "created_at": moment,
        "updated_at": moment,
    }
