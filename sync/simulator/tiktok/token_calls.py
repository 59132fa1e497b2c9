"""Exchange of an authorization code and refresh of tokens; these two calls are not signed."""

import hmac

from sync.simulator.tiktok.envelope import (
    CATCH_ALL,
    DIALECT,
    NO_SUCH_GRANT,
    REFRESH_TOKEN_EXPIRED,
    refusal,
    success,
)
from sync.simulator.wire import Call, Operation, Reply
from sync.simulator.world import World


class TokenCalls:
    """What TikTok's authorization host answers."""

    def __init__(self, world: World) -> None:
        self._world = world

    def operations(self) -> list[Operation]:
        """Return the two token operations."""
        return [
            Operation("tiktok.tokens.get", "GET", "/api/v2/token/get", self.exchange, DIALECT, self._gate),
            Operation("tiktok.tokens.refresh", "GET", "/api/v2/token/refresh", self.refresh, DIALECT, self._gate),
        ]

    def exchange(self, call: Call) -> Reply:
        """Give a token pair for an authorization code."""
        return self._issue(call, "authorized_code", "auth_code")

    def refresh(self, call: Call) -> Reply:
        """Give a new token pair for a refresh token."""
        return self._issue(call, "refresh_token", "refresh_token")

    def _gate(self, call: Call) -> None:
        keys, secret = self._world.credentials, call.value("app_secret") or ""
        if call.value("app_key") != keys.app_key or not hmac.compare_digest(secret.encode(), keys.app_secret.encode()):
            raise refusal(CATCH_ALL, "Invalid app_key or app_secret.", 400)

    def _issue(self, call: Call, grant_type: str, name: str) -> Reply:
        if call.value("grant_type") != grant_type:
            raise refusal(CATCH_ALL, f"Invalid grant_type: {grant_type} is expected.", 400)
        spent, world = call.value(name) or "", self._world
        grant = world.grants.of_secret(spent)
        if grant is None or spent.startswith("SIMR_") == (name == "auth_code"):
            raise refusal(CATCH_ALL, f"Invalid {name}: it is unknown, expired or already used.", 400)
        if (grant.revoked and name == "refresh_token") or grant.tokens.is_void(spent):
            raise refusal(NO_SUCH_GRANT, "can not find related auth record", 200)
        pair = grant.tokens.successor(spent)
        if pair is None:
            if name == "refresh_token" and grant.tokens.current.refresh_expires_at <= world.now:
                raise refusal(REFRESH_TOKEN_EXPIRED, "rt has expired", 200)
            if not grant.tokens.may_issue_for(spent, world.now) or world.grants.is_stale(grant, spent, world.now):
                raise refusal(CATCH_ALL, f"Invalid {name}: it is unknown, expired or already used.", 400)
            predecessor = grant.tokens.generation_of_refresh(spent)
            pair = world.record("token_pair", grant=grant.number, spent=spent, predecessor=predecessor)
        return success(
            {
                "access_token": pair.access_token,
                "access_token_expire_in": int(pair.access_expires_at),
                "refresh_token": pair.refresh_token,
                "refresh_token_expire_in": int(pair.refresh_expires_at),
                "open_id": grant.open_id,
                "seller_name": grant.seller_name,
                "seller_base_region": grant.region,
                "user_type": grant.user_type,
                "granted_scopes": grant.scopes(),
            }
        )
