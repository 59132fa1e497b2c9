"""Webhooks behind the services' backs: addresses for everything at once, and any message on request."""

from sync.simulator.admin import ADMIN, admin_error, admin_reply, let_in
from sync.simulator.webhooks.happenings import Happening
from sync.simulator.wire import Call, Operation, Reply
from sync.simulator.world import World


class WebhookAdminCalls:
    """The simulator's own calls about webhooks."""

    def __init__(self, world: World) -> None:
        self._world = world

    def operations(self) -> list[Operation]:
        """Return registration and announcement."""
        return [
            Operation(f"admin.{name}", "POST", f"/admin/{name}", handle, ADMIN, let_in, suffers_faults=False)
            for name, handle in (("webhooks", self.register), ("announce", self.announce))
        ]

    def register(self, call: Call) -> Reply:
        """Set the addresses of the whole app and of EasyPost; null takes one away, what is not named stays."""
        world, body = self._world, call.json()
        if "tiktok" in body:
            world.record("app_address", address=body["tiktok"])
        if "easypost" in body:
            for hook_id in list(world.registrations.hooks):
                world.record("hook_removed", hook=hook_id)
            if body["easypost"]:
                world.record("hook", url=body["easypost"], secret=body.get("easypost_secret"))
        return admin_reply(world.registrations.as_json())

    def announce(self, call: Call) -> Reply:
        """Send one TikTok message of any type, known or not, with the data given."""
        body = call.json()
        kind, data = body.get("type"), body.get("data")
        if isinstance(kind, bool) or not isinstance(kind, int) or not isinstance(data, dict):
            raise admin_error('Give a type and its data, as {"type": 5, "data": {…}}.', 400)
        self._world.announce(Happening(kind, data, self._world.now, body.get("shop_id")))
        return admin_reply({"announced": kind})
