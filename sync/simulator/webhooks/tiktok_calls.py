"""Registration at TikTok: each shop's own address for each topic."""

from urllib.parse import urlsplit

from sync.simulator.tiktok.envelope import CATCH_ALL, DIALECT, refusal, success
from sync.simulator.tiktok.gates import Gates
from sync.simulator.webhooks.happenings import TOPICS
from sync.simulator.wire import Call, Operation, Reply
from sync.simulator.world import World

LONGEST_ADDRESS = 255
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class WebhookCalls:
    """What TikTok answers about webhooks."""

    def __init__(self, world: World) -> None:
        self._world = world

    def operations(self) -> list[Operation]:
        """Return reading, setting and removing."""
        path, gate = "/event/202309/webhooks", Gates(self._world).shop
        return [
            Operation("tiktok.webhooks.list", "GET", path, self.list, DIALECT, gate),
            Operation("tiktok.webhooks.set", "PUT", path, self.set, DIALECT, gate),
            Operation("tiktok.webhooks.remove", "DELETE", path, self.remove, DIALECT, gate),
        ]

    def list(self, call: Call) -> Reply:
        """Return the shop's addresses."""
        rows = [
            {
                "event_type": topic,
                "address": address.url,
                "create_time": int(address.created_at),
                "update_time": int(address.updated_at),
            }
            for topic, address in sorted(self._world.registrations.of_shop(self._shop(call)).items())
        ]
        return success({"total_count": len(rows), "webhooks": rows})

    def set(self, call: Call) -> Reply:
        """Send a topic of this shop to an address from now on."""
        topic, address = self._topic(call), str(call.json().get("address") or "")
        parts = urlsplit(address)
        secure = parts.scheme == "https" and bool(parts.hostname) and parts.port is None
        if not (secure or (parts.scheme == "http" and parts.hostname in LOOPBACK)):
            raise refusal(CATCH_ALL, "Invalid address: https, a domain name and no port are expected.", 400)
        if len(address) > LONGEST_ADDRESS:
            raise refusal(CATCH_ALL, f"Invalid address: at most {LONGEST_ADDRESS} characters are expected.", 400)
        self._world.record("topic", shop=self._shop(call), topic=topic, address=address)
        return success({})

    def remove(self, call: Call) -> Reply:
        """Send a topic of this shop no more."""
        self._world.record("topic", shop=self._shop(call), topic=self._topic(call), address=None)
        return success({})

    def _topic(self, call: Call) -> str:
        topic = str(call.json().get("event_type") or "")
        if topic not in TOPICS.values():
            raise refusal(CATCH_ALL, "Invalid event_type.", 400)
        return topic

    def _shop(self, call: Call) -> str:
        ciphers = {shop.cipher: shop.id for grant in self._world.grants.all for shop in grant.shops}
        return ciphers[call.value("shop_cipher") or ""]
