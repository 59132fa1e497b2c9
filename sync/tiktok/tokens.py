"""Access tokens: exchanged once, refreshed early by one at a time, kept in a store that every daemon sees.

The token calls carry secrets in their query: they are made with a client that logs nothing, and their errors are cut
off from what caused them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

import httpx

from engine.errors import Conflict, OrdersError, Terminal
from engine.identifiers import ShopId
from sync.resilience import Guard
from sync.tiktok.errors import lost, open_envelope


@dataclass(frozen=True, slots=True)
class AppCredentials:
    """The app as registered at TikTok."""

    app_key: str
    app_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Tokens:
    """One grant. The expiry times are absolute, in UTC."""

    access: str = field(repr=False)
    access_expires_at: datetime
    refresh: str = field(repr=False)
    refresh_expires_at: datetime
    open_id: str
    seller_name: str
    scopes: tuple[str, ...]


class TokenStore(Protocol):
    """Where a shop's tokens live, encrypted."""

    async def load(self, shop_id: ShopId) -> Tokens:
        """The shop's tokens. Raises NotFound when the shop was never connected."""

    async def save(self, shop_id: ShopId, tokens: Tokens, previous_refresh: str) -> None:
        """Replace both tokens at once. Raises Conflict unless the stored refresh token is `previous_refresh`."""


class TokenCalls:
    """The two unsigned calls at TikTok's authorisation host."""

    def __init__(self, http: httpx.AsyncClient, app: AppCredentials, guard: Guard) -> None:
        self._http = http
        self._app = app
        self._guard = guard

    async def exchange(self, auth_code: str) -> Tokens:
        """The first tokens of a grant, for the code of the consent page (30 minutes, single use)."""
        query = {"auth_code": auth_code, "grant_type": "authorized_code"}
        doing = "exchange the authorisation code"
        return await self._guard.write(lambda: self._get("/api/v2/token/get", query, doing, spends=True))

    async def refresh(self, refresh_token: str) -> Tokens:
        """New tokens for old; both are new, and the old refresh token may be worthless from now on."""
        query = {"refresh_token": refresh_token, "grant_type": "refresh_token"}
        doing = "refresh the access token"
        # A lost answer leaves no other way than the same refresh token again.
        return await self._guard.write(lambda: self._get("/api/v2/token/refresh", query, doing, spends=False))

    async def _get(self, path: str, query: dict[str, str], doing: str, *, spends: bool) -> Tokens:
        secrets = (self._app.app_secret, *(value for name, value in query.items() if name != "grant_type"))
        query = {"app_key": self._app.app_key, "app_secret": self._app.app_secret, **query}
        try:
            response = await self._http.get(path, params=query)
        except httpx.HTTPError as error:
            failure = lost(error, doing=doing, writes=spends)
        else:
            return _tokens(open_envelope(response, doing=doing, writes=spends, secrets=secrets), doing)
        # Outside the `except`, so that the address in the cause is not carried along.
        raise failure


class TokenSource:
    """The current access token of one shop's grant."""

    def __init__(
        self,
        shop_id: ShopId,
        store: TokenStore,
        calls: TokenCalls,
        *,
        early_seconds: float = 3600.0,
        retry_seconds: float = 60.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._shop_id = shop_id
        self._store = store
        self._calls = calls
        self._early_seconds = early_seconds
        self._retry_seconds = retry_seconds
        self._clock = clock
        self._tokens: Tokens | None = None
        self._renewal: asyncio.Task[Tokens] | None = None
        self._not_before = 0.0

    async def access(self) -> str:
        """A token to call with, refreshed when it ends within `early_seconds`.

        While a refresh fails, the old token is used as long as it lasts.
        """
        if self._tokens is None:
            self._tokens = await self._store.load(self._shop_id)
        left = self._tokens.access_expires_at.timestamp() - self._clock()
        if left > self._early_seconds:
            return self._tokens.access
        if left > 0 and self._clock() < self._not_before:
            return self._tokens.access
        try:
            return await self.renew(self._tokens.access)
        except OrdersError:
            if left <= 0:
                raise
            self._not_before = self._clock() + self._retry_seconds
            return self._tokens.access

    async def renew(self, refused: str) -> str:
        """A token other than `refused`. All callers share one refresh.

        Raises Terminal `tiktok.authorization_expired` when the grant itself has ended.
        """
        if self._tokens is not None and self._tokens.access != refused:
            return self._tokens.access
        if self._renewal is None:
            self._renewal = asyncio.create_task(self._renew(refused))
            self._renewal.add_done_callback(self._renewed)
        # Shielded: a caller that is cancelled must not lose tokens that TikTok has already handed out.
        return (await asyncio.shield(self._renewal)).access

    def _renewed(self, task: asyncio.Task[Tokens]) -> None:
        self._renewal = None
        if not task.cancelled() and task.exception() is None:
            self._tokens = task.result()

    async def _renew(self, refused: str) -> Tokens:
        stored = await self._store.load(self._shop_id)
        left = stored.access_expires_at.timestamp() - self._clock()
        if stored.access != refused and left > 0:
            return stored  # another daemon was quicker
        if stored.refresh_expires_at.timestamp() <= self._clock():
            raise Terminal(
                "tiktok.authorization_expired", "The shop's authorisation has ended; connect the shop again."
            )
        fresh = await self._calls.refresh(stored.refresh)
        try:
            await self._store.save(self._shop_id, fresh, stored.refresh)
        except Conflict:
            return await self._store.load(self._shop_id)
        return fresh


def _tokens(data: dict[str, object], doing: str) -> Tokens:
    scopes = data.get("granted_scopes")
    try:
        return Tokens(
            access=_text(data, "access_token"),
            access_expires_at=_moment(data, "access_token_expire_in"),
            refresh=_text(data, "refresh_token"),
            refresh_expires_at=_moment(data, "refresh_token_expire_in"),
            open_id=str(data.get("open_id") or ""),
            seller_name=str(data.get("seller_name") or ""),
            scopes=tuple(str(scope) for scope in scopes) if isinstance(scopes, list) else (),
        )
    except ValueError as error:
        raise Terminal("tiktok.malformed_tokens", f"TikTok's answer to the request to {doing} lacks {error}.") from None


def _text(data: dict[str, object], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(name)
    return value


def _moment(data: dict[str, object], name: str) -> datetime:
    # Despite its name an absolute time, which may lie a century ahead.
    value = data.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(name)  # noqa: TRY004  # one error for absent and malformed alike
    return datetime.fromtimestamp(min(value, 32_503_680_000), UTC)
