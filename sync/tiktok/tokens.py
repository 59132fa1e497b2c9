"""The current access token of a grant: refreshed early by one at a time, in this process and in the fleet, and stored before it is used."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from typing import Protocol

from engine.errors import OrdersError, Retryable, Terminal
from engine.shops.grants import GrantState, GrantTokens
from engine.shops.refreshing import Busy, Ended, RefreshClaim
from sync.tiktok.token_calls import Issued, TokenCalls

_LOOK_AGAIN_SECONDS = 0.25
_CHANCE = random.Random()  # noqa: S311  # jitter, not a secret

NOT_CONNECTED_SECONDS = 3600.0
"""How long what needs a grant that has ended is put off; connecting the shop again wakes it at once."""


class NotConnected(Retryable):
    """The grant has ended: everything of its shops waits, at no cost of tries, until the shop is connected again."""

    def __init__(self, why: str) -> None:
        super().__init__("tiktok.not_connected", why, retry_after_seconds=NOT_CONNECTED_SECONDS, postponed=True)


class TokenStore(Protocol):
    """Where one grant's tokens live, encrypted, and where its one refresher is found."""

    async def load(self) -> GrantTokens:
        """The tokens. Raises NotConnected when the grant has ended."""

    async def claim(self, refused: str) -> RefreshClaim | GrantTokens | Busy | Ended:
        """The right to refresh, or what another one has made of it."""

    async def save(self, claim: RefreshClaim, issued: Issued) -> bool:
        """Replace both tokens at once; False when the claim is not held any more."""

    async def give_back(self, claim: RefreshClaim, error: OrdersError) -> None:
        """Let others try."""

    async def end(self, claim: RefreshClaim, sentence: str) -> None:
        """TikTok takes the refresh token no more: the grant has ended."""


class TokenSource:
    """One grant's token in this process; all shops of the grant share it."""

    def __init__(
        self,
        store: TokenStore,
        calls: TokenCalls,
        *,
        early_seconds: float = 300.0,
        retry_seconds: float = 60.0,
        patience_seconds: float = 20.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._calls = calls
        self._early_seconds = early_seconds
        self._retry_seconds = retry_seconds
        self._patience_seconds = patience_seconds
        self._clock = clock
        self._tokens: GrantTokens | None = None
        self._renewal: asyncio.Task[GrantTokens] | None = None
        self._not_before = 0.0

    async def access(self) -> str:
        """A token to call with. The round refreshes long before the end; here it is done when `early_seconds` are left.

        While a refresh fails, the old token is used as long as it lasts. Raises NotConnected when the grant has ended.
        """
        if self._tokens is None:
            self._tokens = await self._store.load()
        left = self._tokens.access_expires_at.timestamp() - self._clock()
        if left > self._early_seconds:
            return self._tokens.access
        if left > 0 and self._clock() < self._not_before:
            return self._tokens.access
        held = self._tokens.access
        try:
            return await self.renew(held)
        except NotConnected:
            raise
        except OrdersError:
            if left <= 0:
                raise
            self._not_before = self._clock() + self._retry_seconds
            return held

    async def renew(self, refused: str) -> str:
        """A token other than `refused`. All callers share one refresh, and so do all daemons.

        Raises NotConnected when the grant itself has ended.
        """
        if self._tokens is not None and self._tokens.access != refused:
            return self._tokens.access
        if self._renewal is None:
            self._renewal = asyncio.create_task(self._renew(refused))
            self._renewal.add_done_callback(self._renewed)
        # Shielded: a caller that is cancelled must not lose tokens that TikTok has already handed out.
        return (await asyncio.shield(self._renewal)).access

    def _renewed(self, task: asyncio.Task[GrantTokens]) -> None:
        self._renewal = None
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self._tokens = task.result()
        elif isinstance(error, NotConnected):
            self._tokens = None  # after the shop is connected again there are others

    async def _renew(self, refused: str) -> GrantTokens:
        patience = asyncio.get_running_loop().time() + self._patience_seconds
        while True:
            found = await self._store.claim(refused)
            match found:
                case GrantTokens():
                    return found
                case RefreshClaim():
                    return await refresh_claimed(self._store, self._calls, found)
                case Ended(state):
                    await self._store.load()  # says why
                    raise _over(state)
                case Busy():
                    pass
            if asyncio.get_running_loop().time() > patience:
                raise Retryable(
                    "tiktok.refresh_under_way",
                    "Another daemon is refreshing the shop's tokens and has not finished; it is tried again.",
                    retry_after_seconds=5.0,
                    postponed=True,
                )
            await asyncio.sleep(_CHANCE.uniform(0.5, 1.0) * _LOOK_AGAIN_SECONDS)


async def refresh_claimed(store: TokenStore, calls: TokenCalls, claim: RefreshClaim) -> GrantTokens:
    """Refresh what was claimed, and store both tokens before they are used.

    Raises NotConnected when TikTok does not take the refresh token any more: the grant has ended then.
    """
    try:
        issued = await calls.refresh(claim.tokens.refresh)
    except Terminal as error:
        if error.code != "tiktok.refresh_refused":
            await store.give_back(claim, error)
            raise
        await store.end(claim, error.sentence)
        raise NotConnected(error.sentence) from error
    except OrdersError as error:
        await store.give_back(claim, error)
        raise
    if not await store.save(claim, issued):
        return await store.load()  # the seller has granted access anew meanwhile
    return issued.tokens


def _over(state: GrantState) -> NotConnected:
    return NotConnected(f"The shop's authorisation is {state}: connect the shop again (orders-tui shop connect).")
