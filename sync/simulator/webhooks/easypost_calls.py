"""Registration at EasyPost: webhooks with a secret, read, changed, enabled again, removed."""

from typing import Any

from sync.simulator.easypost.envelope import DIALECT, answer, missing, refusal, requires_key, timestamp
from sync.simulator.webhooks.registrations import Hook
from sync.simulator.wire import Call, Operation, Reply
from sync.simulator.world import World


class HookCalls:
    """What EasyPost answers about webhooks."""

    def __init__(self, world: World) -> None:
        self._world = world

    def operations(self) -> list[Operation]:
        """Return the operations on webhooks."""
        gate, path = requires_key(self._world.credentials.easypost_api_key), "/v2/webhooks"
        return [
            Operation("easypost.webhooks.create", "POST", path, self.create, DIALECT, gate),
            Operation("easypost.webhooks.list", "GET", path, self.list, DIALECT, gate),
            Operation("easypost.webhooks.get", "GET", path + "/{id}", self.get, DIALECT, gate),
            Operation("easypost.webhooks.change", "PATCH", path + "/{id}", self.change, DIALECT, gate),
            Operation("easypost.webhooks.remove", "DELETE", path + "/{id}", self.remove, DIALECT, gate),
        ]

    def create(self, call: Call) -> Reply:
        """Add a webhook; the body is wrapped."""
        given = call.json().get("webhook")
        asked: dict[str, Any] = given if isinstance(given, dict) else {}
        url = str(asked.get("url") or "")
        if not url.startswith(("https://", "http://")):
            problem = {"field": "webhook.url", "message": "is missing or no URL"}
            raise refusal(422, "PARAMETER.REQUIRED", "Missing required parameter.", [problem])
        hook = self._world.record("hook", url=url, secret=asked.get("webhook_secret"), headers=_headers(asked))
        return answer(_payload(hook), 201)

    def list(self, call: Call) -> Reply:
        """Return all webhooks."""
        return answer({"webhooks": [_payload(hook) for hook in self._world.registrations.hooks.values()]})

    def get(self, call: Call) -> Reply:
        """Read one webhook."""
        return answer(_payload(self._find(call)))

    def change(self, call: Call) -> Reply:
        """Change a webhook, which also enables it again; the body is not wrapped."""
        hook, asked = self._find(call), call.json()
        changes: dict[str, Any] = {"url": str(asked["url"])} if "url" in asked else {}
        if "webhook_secret" in asked:
            changes["secret"] = asked["webhook_secret"]
        if "custom_headers" in asked:
            changes["headers"] = _headers(asked)
        self._world.record("hook_changed", hook=hook.id, changes=changes)
        return answer(_payload(hook), 201)

    def remove(self, call: Call) -> Reply:
        """Remove a webhook."""
        self._world.record("hook_removed", hook=self._find(call).id)
        return answer({})

    def _find(self, call: Call) -> Hook:
        hook = self._world.registrations.hooks.get(call.path_values["id"])
        if hook is None:
            raise missing("webhook")
        return hook


def _headers(asked: dict[str, Any]) -> dict[str, str]:
    rows = asked.get("custom_headers")
    return {str(row["name"]): str(row["value"]) for row in rows} if isinstance(rows, list) else {}


def _payload(hook: Hook) -> dict[str, Any]:
    return {
        "id": hook.id,
        "object": "Webhook",
        "mode": "test",
        "url": hook.url,
        "created_at": timestamp(hook.created_at),
        "disabled_at": timestamp(hook.disabled_at) if hook.disabled_at is not None else None,
        "custom_headers": [{"name": name, "value": value} for name, value in hook.headers.items()],
    }
