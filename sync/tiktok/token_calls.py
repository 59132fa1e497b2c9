"""The two unsigned calls at TikTok's authorisation host: a code exchanged, tokens refreshed.

They carry secrets in their query: they are made with a client that logs nothing, and their errors are cut off from what caused them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx

from engine.errors import Terminal
from engine.shops.grants import GrantTokens, Seller
from sync.resilience import Guard
from sync.tiktok.errors import lost, open_envelope, refused_credential

SELLER = 0
"""The `user_type` of somebody who owns shops."""


@dataclass(frozen=True, slots=True)
class AppCredentials:
    """The app as registered at TikTok."""

    app_key: str
    app_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Issued:
    """Tokens that TikTok has just given out, and for whom."""

    tokens: GrantTokens
    seller: Seller
    user_type: int = SELLER


class TokenCalls:
    """Where tokens come from."""

    def __init__(self, http: httpx.AsyncClient, app: AppCredentials, guard: Guard) -> None:
        self._http = http
        self._app = app
        self._guard = guard

    async def exchange(self, auth_code: str) -> Issued:
        """The first tokens of a grant, for the code of the consent page (30 minutes, single use).

        Raises Terminal `tiktok.code_refused` for a code that is used, old or none.
        """
        query = {"auth_code": auth_code, "grant_type": "authorized_code"}
        doing = "exchange the authorisation code"
        return await self._guard.write(lambda: self._get("/api/v2/token/get", query, doing, spends=True))

    async def refresh(self, refresh_token: str) -> Issued:
        """New tokens for old; both are new, and the old refresh token may be worthless from now on.

        Raises Terminal `tiktok.refresh_refused` when the grant was revoked or has run out.
        """
        query = {"refresh_token": refresh_token, "grant_type": "refresh_token"}
        doing = "refresh the access token"
        # A lost answer leaves no other way than the same refresh token again.
        return await self._guard.write(lambda: self._get("/api/v2/token/refresh", query, doing, spends=False))

    async def _get(self, path: str, query: dict[str, str], doing: str, *, spends: bool) -> Issued:
        secrets = (self._app.app_secret, *(value for name, value in query.items() if name != "grant_type"))
        query = {"app_key": self._app.app_key, "app_secret": self._app.app_secret, **query}
        try:
            response = await self._http.get(path, params=query)
        except httpx.HTTPError as error:
            failure = lost(error, doing=doing, writes=spends)
        else:
            if refusal := refused_credential(response, doing=doing, spends=spends, secrets=secrets):
                raise refusal
            return _issued(open_envelope(response, doing=doing, writes=spends, secrets=secrets), doing)
        # Outside the `except`, so that the address in the cause is not carried along.
        raise failure


def _issued(data: dict[str, object], doing: str) -> Issued:
    scopes, user_type = data.get("granted_scopes"), data.get("user_type")
    try:
        tokens = GrantTokens(
            access=_text(data, "access_token"),
            access_expires_at=_moment(data, "access_token_expire_in"),
            refresh=_text(data, "refresh_token"),
            refresh_expires_at=_moment(data, "refresh_token_expire_in"),
        )
    except ValueError as error:
        raise Terminal("tiktok.malformed_tokens", f"TikTok's answer to the request to {doing} lacks {error}.") from None
    seller = Seller(
        open_id=str(data.get("open_id") or ""),
        name=str(data.get("seller_name") or ""),
        region=str(data.get("seller_base_region") or ""),
        scopes=tuple(str(scope) for scope in scopes) if isinstance(scopes, list) else (),
    )
    return Issued(tokens, seller, user_type if isinstance(user_type, int) else SELLER)


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
