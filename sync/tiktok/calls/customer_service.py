"""Messages between the seller and buyers, under a permission that is granted apart."""

from __future__ import annotations

import orjson

from sync.tiktok.client import TikTokClient
from sync.tiktok.reading import objects, text


class CustomerServiceCalls:
    """The conversations of one shop."""

    def __init__(self, client: TikTokClient, cipher: str) -> None:
        self._client = client
        self._cipher = cipher

    async def open(self, buyer_id: str) -> str:
        """The conversation with a buyer, opened if there is none; the same however often it is asked for."""
        data = await self._client.call("conversations.open", cipher=self._cipher, body={"buyer_user_id": buyer_id})
        return text(data, "conversation_id")

    async def send(self, conversation_id: str, words: str) -> str:
        """Send a text; answers the message's id. There is no idempotency key: after Ambiguous, read `recent` first."""
        data = await self._client.call(
            "conversations.send",
            cipher=self._cipher,
            path={"conversation_id": conversation_id},
            body={"type": "TEXT", "content": orjson.dumps({"content": words}).decode()},
        )
        return text(data, "message_id")

    async def recent(self, conversation_id: str) -> list[tuple[str, str]]:
        """The newest messages, each with its id and its text; what is no text has none."""
        data = await self._client.call(
            "conversations.messages",
            cipher=self._cipher,
            path={"conversation_id": conversation_id},
            query={"page_size": "20"},
        )
        return [(text(each, "id"), _said(text(each, "content"))) for each in objects(data, "messages")]


def _said(content: str) -> str:
    try:
        said = orjson.loads(content)
    except orjson.JSONDecodeError:
        return ""
    return str(said.get("content", "")) if isinstance(said, dict) else ""
