"""What sellers and buyers write to one another: one conversation for each buyer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sync.simulator.journal import Entry


@dataclass(slots=True)
class Message:
    """One message, as it was sent."""

    id: str
    type: str
    content: str
    at: float


@dataclass(slots=True)
class Conversation:
    """One buyer's; messages in the order in which they came."""

    id: str
    buyer_id: str
    messages: list[Message] = field(default_factory=list)


class Conversations:
    """All conversations of the world."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._by_id: dict[str, Conversation] = {}
        self._by_buyer: dict[str, Conversation] = {}
        self._sent = 0

    def changes(self) -> Mapping[str, Callable[[Entry], object]]:
        """Return how each kind of entry is applied."""
        return {"conversation": self._apply_opened, "message": self._apply_sent}

    def of_buyer(self, buyer_id: str) -> Conversation | None:
        """Return the buyer's conversation, if there is one."""
        return self._by_buyer.get(buyer_id)

    def find(self, conversation_id: str) -> Conversation | None:
        """Return the conversation of this id, if there is one."""
        return self._by_id.get(conversation_id)

    def _apply_opened(self, entry: Entry) -> Conversation:
        conversation = Conversation(f"75{self._seed:04d}{len(self._by_id):012d}", entry["buyer"])
        self._by_id[conversation.id] = self._by_buyer[conversation.buyer_id] = conversation
        return conversation

    def _apply_sent(self, entry: Entry) -> Message:
        self._sent += 1
        message = Message(f"76{self._seed:04d}{self._sent:012d}", entry["type"], entry["content"], entry["at"])
        self._by_id[entry["conversation"]].messages.append(message)
        return message
