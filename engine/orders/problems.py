"""One thing wrong with an order, in words and with its mend."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """`code` is stable and names the failure; `about` is the SKU or field; both together make the fingerprint."""

    code: str
    about: str
    sentence: str
    what_to_do: str

    @property
    def fingerprint(self) -> str:
        return f"{self.code}:{self.about}" if self.about else self.code
