"""How often a source, a user and everybody together may ask; users and everybody are counted for all daemons where there is a Redis."""

from __future__ import annotations

from math import ceil
from uuid import UUID

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from sync.http.api.settings import ApiSettings
from sync.http.problem import Problem
from sync.rates import Rates

_SOURCE, _USER, _EVERYBODY = "api.source", "api.user", "api"


class Limits:
    """Counts; raises Problem 429 with `Retry-After`."""

    def __init__(self, settings: ApiSettings, rates: Rates) -> None:
        self._settings = settings
        self._rates = rates
        self._refusals = FixedWindowRateLimiter(MemoryStorage())
        self._most_refusals = (
            RateLimitItemPerMinute(settings.refused_per_minute) if settings.refused_per_minute else None
        )

    def source(self, source: str) -> None:
        """One more request of this address, before anything of it is looked at."""
        calls = self._settings.source_calls_per_second
        if calls and (seconds := self._rates.take_here(_SOURCE, source, calls)) is not None:
            raise _too_often("limits.source", "Your address asks too often; wait a moment.", seconds)
        if self._most_refusals is not None and not self._refusals.test(self._most_refusals, source):
            raise _too_often("limits.refused", "Too many tokens of your address were refused; wait a minute.", 60)

    def refused(self, source: str) -> None:
        """A token of this address was not good: who tries many is heard no more."""
        if self._most_refusals is not None:
            self._refusals.hit(self._most_refusals, source)

    async def user(self, user_id: UUID) -> None:
        """One more request of this user."""
        calls = self._settings.user_calls_per_second
        if calls and (seconds := await self._rates.take(_USER, str(user_id), calls)) is not None:
            raise _too_often("limits.user", "You ask too often; wait a moment.", seconds)
        # What one may not ask for does not count against everybody else.
        calls = self._settings.calls_per_second
        if calls and (seconds := await self._rates.take(_EVERYBODY, "", calls)) is not None:
            raise _too_often("limits.everybody", "Everybody together asks too often; wait a moment.", seconds)


def _too_often(code: str, sentence: str, seconds: float) -> Problem:
    return Problem(429, code, sentence, headers={"retry-after": str(max(1, ceil(seconds)))})
