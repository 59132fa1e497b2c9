"""How far the clock that signs is from TikTok's: a clock that is 31 s fast breaks every call, and nobody would guess why."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from email.utils import parsedate_to_datetime

import httpx

TOLD_SECONDS = 20.0
"""A difference above this is told: TikTok takes 30 s ahead and five minutes behind."""


class ClockSkew:
    """The latest difference seen by this process."""

    def __init__(self) -> None:
        self.seconds: float | None = None
        """Ours minus theirs; None until TikTok has answered."""

    def note(self, response: httpx.Response, now: float) -> None:
        """Learn from the date of an answer; one that has none, or none that can be read, tells nothing."""
        try:
            theirs = parsedate_to_datetime(response.headers.get("date", "")).timestamp()
        except ValueError:
            return
        # A date is whole seconds, cut off: half a second more is the likeliest.
        self.seconds = now - (theirs + 0.5)

    @property
    def sentence(self) -> str:
        """What is wrong with the clock; empty while it is good enough."""
        if self.seconds is None or abs(self.seconds) <= TOLD_SECONDS:
            return ""
        return difference(self.seconds)


async def measure(http: httpx.AsyncClient, clock: Callable[[], float]) -> ClockSkew:
    """The difference now, by any answer of TikTok's, a refusal too; unknown when there is none."""
    skew = ClockSkew()
    with contextlib.suppress(httpx.HTTPError):
        skew.note(await http.get("/authorization/202309/shops"), clock())
    return skew


def difference(seconds: float) -> str:
    """A difference in words, with the mend."""
    direction = "ahead of" if seconds >= 0 else "behind"
    return f"The clock that signs is {abs(round(seconds))} s {direction} TikTok's; set it by the network."
