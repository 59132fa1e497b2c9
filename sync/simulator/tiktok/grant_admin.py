"""`/admin/grants`, `/admin/shops`, `/admin/revoke`, `/admin/grant`: sellers and their shops, set by a test or a scenario."""

from typing import Any

from sync.simulator.admin import ADMIN, admin_error, admin_reply, let_in
from sync.simulator.tiktok.grants import SCOPES, Grant
from sync.simulator.webhooks.happenings import authorization_expiry, deauthorization
from sync.simulator.wire import Call, Operation, Reply
from sync.simulator.world import World


class GrantAdminCalls:
    """The simulator's own calls about grants."""

    def __init__(self, world: World) -> None:
        self._world = world

    def operations(self) -> list[Operation]:
        """Return the operations on grants."""
        calls: list[tuple[str, str, Any]] = [
            ("GET", "grants", self.grants),
            ("POST", "shops", self.add_shop),
            ("POST", "revoke", self.revoke),
            ("POST", "grant", self.change),
        ]
        return [
            Operation(f"admin.{name}", method, f"/admin/{name}", handle, ADMIN, let_in, suffers_faults=False)
            for method, name, handle in calls
        ]

    def grants(self, call: Call) -> Reply:
        """Return every grant with its shops and its present tokens."""
        return admin_reply({"grants": [_as_json(grant) for grant in self._world.grants.all]})

    def add_shop(self, call: Call) -> Reply:
        """Add a shop to a grant, by its number; without one, to the grant of a new seller."""
        body, grants = call.json(), self._world.grants.all
        number = body.get("grant", len(grants))
        if not isinstance(number, int) or not 0 <= number <= len(grants):
            raise admin_error(f"There is no grant {number!r}; give the number of one, or none for a new seller.", 404)
        grant = self._world.record(
            "granted_shop",
            grant=number,
            name=str(body.get("name") or f"Shop {number + 1}"),
            region=str(body.get("region", "US")),
            seller_type=str(body.get("seller_type") or "LOCAL"),
        )
        return admin_reply(_as_json(grant))

    def revoke(self, call: Call) -> Reply:
        """Let the seller take the app's access back; `silent` keeps the webhooks from telling."""
        body = call.json()
        grant = self._grant(body)
        self._world.record("grant_revoked", grant=grant.number)
        if not body.get("silent"):
            for shop in grant.shops:
                self._world.announce(deauthorization(at=self._world.now, shop_id=shop.id))
        return admin_reply(_as_json(grant))

    def change(self, call: Call) -> Reply:
        """Withhold scopes, end the grant at another time, let the seller or a shop be inactive, change who the user is."""
        body = call.json()
        grant, facts = self._grant(body), {}
        if "withhold" in body:
            unknown = sorted(set(body["withhold"]) - set(SCOPES))
            if unknown:
                raise admin_error(f"There is no scope {unknown[0]!r}; there are {', '.join(SCOPES)}.", 400)
            facts["withheld"] = body["withhold"]
        if "ends_in_seconds" in body:
            facts["ends_at"] = self._world.now + float(body["ends_in_seconds"])
        facts |= {name: body[name] for name in ("user_type", "active", "shops") if name in body}
        self._world.record("grant_changed", grant=grant.number, **facts)
        if "ends_at" in facts and body.get("tell"):
            for shop in grant.shops:
                self._world.announce(authorization_expiry(facts["ends_at"], at=self._world.now, shop_id=shop.id))
        return admin_reply(_as_json(grant))

    def _grant(self, body: dict[str, Any]) -> Grant:
        number, grants = body.get("grant", 0), self._world.grants.all
        if not isinstance(number, int) or not 0 <= number < len(grants):
            raise admin_error(f"There is no grant {number!r}.", 404)
        return grants[number]


def _as_json(grant: Grant) -> dict[str, Any]:
    pair = grant.tokens.current
    return {
        "grant": grant.number,
        "open_id": grant.open_id,
        "seller_name": grant.seller_name,
        "scopes": grant.scopes(),
        "revoked": grant.revoked,
        "active": grant.active,
        "pairs": len(grant.tokens.pairs),
        "auth_code": grant.tokens.auth_code,
        "access_token": pair.access_token,
        "refresh_token": pair.refresh_token,
        "refresh_token_expire_in": int(pair.refresh_expires_at),
        "shops": [shop.as_json() | {"active": shop.active} for shop in grant.shops],
    }
