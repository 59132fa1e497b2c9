"""Customer service: a conversation with a buyer, and messages in it. Granted apart from everything else."""

from typing import Any

import orjson

from sync.simulator.shop.conversations import Conversation
from sync.simulator.tiktok.envelope import CATCH_ALL, DIALECT, refusal, success
from sync.simulator.tiktok.gates import Gates
from sync.simulator.tiktok.order_payload import buyer_id
from sync.simulator.tiktok.paging import page_size, start
from sync.simulator.wire import Call, Operation, Reply
from sync.simulator.world import World

ROOT = "/customer_service/202309/conversations"
_TYPES = frozenset({"TEXT", "IMAGE", "PRODUCT_CARD", "ORDER_CARD", "LOGISTICS_CARD"})
_LONGEST_TEXT = 2000


class CustomerServiceCalls:
    """What TikTok answers about conversations."""

    def __init__(self, world: World) -> None:
        self._world = world

    def operations(self) -> list[Operation]:
        """Return the calls."""
        gate, messages = Gates(self._world).shop, f"{ROOT}/{{id}}/messages"
        what = "tiktok.customer_service"
        return [
            Operation(f"{what}.open", "POST", ROOT, self.open, DIALECT, gate),
            Operation(f"{what}.send", "POST", messages, self.send, DIALECT, gate, lambda call: call.path_values["id"]),
            Operation(f"{what}.messages", "GET", messages, self.messages, DIALECT, gate),
        ]

    def open(self, call: Call) -> Reply:
        """Return the conversation with a buyer of an order; a second time it is the same one."""
        buyer = call.json().get("buyer_user_id")
        if not isinstance(buyer, str) or not any(buyer_id(order) == buyer for order in self._world.orders.arrived):
            raise refusal(CATCH_ALL, "Invalid buyer_user_id.", 400)
        known = self._world.conversations.of_buyer(buyer)
        conversation = known or self._world.record("conversation", buyer=buyer)
        return success({"conversation_id": conversation.id})

    def send(self, call: Call) -> Reply:
        """Keep a message; its content is JSON in a string."""
        conversation, body = self._conversation(call), call.json()
        kind, content = body.get("type"), body.get("content")
        if kind not in _TYPES:
            raise refusal(CATCH_ALL, "Invalid type.", 400)
        try:
            said: Any = orjson.loads(content) if isinstance(content, str) else None
        except orjson.JSONDecodeError:
            said = None
        if not isinstance(said, dict) or (kind == "TEXT" and not isinstance(said.get("content"), str)):
            raise refusal(CATCH_ALL, "Invalid content: a JSON string is expected.", 400)
        if kind == "TEXT" and not 0 < len(said["content"]) <= _LONGEST_TEXT:
            raise refusal(CATCH_ALL, "Invalid content: its length is out of range.", 400)
        message = self._world.record("message", conversation=conversation.id, type=kind, content=content)
        return success({"message_id": message.id})

    def messages(self, call: Call) -> Reply:
        """Return a page of messages, newest first."""
        conversation, size = self._conversation(call), page_size(call, largest=20, default=10)
        first = start(call)
        end = first + size
        newest = conversation.messages[::-1]
        rows = [
            {
                "id": each.id,
                "type": each.type,
                "content": each.content,
                "create_time": int(each.at),
                "is_visible": True,
                "sender": {"role": "CUSTOMER_SERVICE"},
            }
            for each in newest[first:end]
        ]
        return success({"messages": rows, "next_page_token": str(end) if end < len(newest) else ""})

    def _conversation(self, call: Call) -> Conversation:
        found = self._world.conversations.find(call.path_values["id"])
        if found is None:
            raise refusal(CATCH_ALL, "Invalid conversation_id.", 400)
        return found
