"""Who asked to be told of what: TikTok's addresses by shop and topic or for the whole app, EasyPost's hooks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sync.simulator.credentials import digest
from sync.simulator.journal import Entry


@dataclass(frozen=True, slots=True)
class Address:
    """Where one shop's topic is sent to; times in unix seconds."""

    url: str
    created_at: float
    updated_at: float


@dataclass(slots=True)
class Hook:
    """One of EasyPost's webhooks; without a secret nothing is signed."""

    number: int
    id: str
    url: str
    secret: str | None
    headers: Mapping[str, str] = field(default_factory=dict)
    created_at: float = 0.0
    disabled_at: float | None = None


class Registrations:
    """All registrations; changed only by entries of the journal."""

    def __init__(self, seed: int) -> None:
        self.app_address: str | None = None
        self.of_topic: dict[tuple[str, str], Address] = {}
        self.hooks: dict[str, Hook] = {}
        self._seed = seed
        self._hooks_made = 0

    @property
    def any(self) -> bool:
        """Whether anybody wants to be told anything."""
        return bool(self.app_address or self.of_topic or self.hooks)

    def address(self, shop_id: str, topic: str) -> str | None:
        """Return where a shop's topic goes: to its own address, else to the app's."""
        own = self.of_topic.get((shop_id, topic))
        return own.url if own else self.app_address

    def of_shop(self, shop_id: str) -> dict[str, Address]:
        """Return a shop's own addresses by topic."""
        return {topic: address for (shop, topic), address in self.of_topic.items() if shop == shop_id}

    def apply_app_address(self, entry: Entry) -> None:
        """Set or clear the address of the whole app."""
        self.app_address = entry["address"]

    def apply_topic(self, entry: Entry) -> None:
        """Set a topic's address for one shop, or take it away."""
        key = (entry["shop"], entry["topic"])
        if entry["address"] is None:
            self.of_topic.pop(key, None)
            return
        before = self.of_topic.get(key)
        self.of_topic[key] = Address(entry["address"], before.created_at if before else entry["at"], entry["at"])

    def apply_hook(self, entry: Entry) -> Hook:
        """Add a hook."""
        hook_id = f"hook_{digest(self._seed, 'hook', self._hooks_made)[:32]}"
        hook = Hook(
            self._hooks_made,
            hook_id,
            entry["url"],
            entry["secret"],
            entry.get("headers") or {},
            created_at=entry["at"],
        )
        self._hooks_made += 1
        self.hooks[hook_id] = hook
        return hook

    def apply_hook_changed(self, entry: Entry) -> None:
        """Change a hook, disable it, or, with no changes left to make, enable it again."""
        hook, changes = self.hooks[entry["hook"]], entry["changes"]
        hook.url = changes.get("url", hook.url)
        hook.secret = changes.get("secret", hook.secret)
        hook.headers = changes.get("headers", hook.headers)
        hook.disabled_at = entry["at"] if changes.get("disabled") else None

    def apply_hook_removed(self, entry: Entry) -> None:
        """Remove a hook."""
        self.hooks.pop(entry["hook"], None)

    def as_json(self) -> dict[str, Any]:
        """Return the addresses as plain JSON values, without secrets."""
        return {
            "tiktok": self.app_address,
            "tiktok_topics": [[shop, topic, address.url] for (shop, topic), address in sorted(self.of_topic.items())],
            "easypost": [hook.url for hook in self.hooks.values()],
        }
