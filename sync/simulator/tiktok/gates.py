"""Who is let in: app key, clock, signature, access token, shop cipher, checked in that order."""

import hmac

from sync.simulator.tiktok.envelope import (
    BAD_SIGNATURE,
    CATCH_ALL,
    SCOPE_MISSING,
    SELLER_INACTIVE,
    SHOP_CIPHER_MISSING,
    SHOP_INACTIVE,
    TOKEN_EXPIRED,
    WRONG_TOKEN_FOR_SHOP,
    refusal,
)
from sync.simulator.tiktok.grants import Grant
from sync.simulator.tiktok.signatures import signature
from sync.simulator.wire import Call
from sync.simulator.world import World

OLDEST_SECONDS, NEWEST_SECONDS = 300, 30


class Gates:
    """The checks before a business call is answered; each raises RefusedError with TikTok's code."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._keys = world.credentials

    def seller(self, call: Call) -> None:
        """Let in signed calls that must not name a shop."""
        query = dict(call.query)
        self._check(call, query)
        if "shop_cipher" in query:
            raise refusal(CATCH_ALL, "Invalid parameters: unexpected identifier shop_cipher.", 400)

    def shop(self, call: Call) -> None:
        """Let in signed calls that name the shop the token is for."""
        query = dict(call.query)
        grant = self._check(call, query)
        cipher = query.get("shop_cipher")
        if not cipher:
            raise refusal(SHOP_CIPHER_MISSING, "The shop_cipher is missing.", 400)
        shop = grant.shop(cipher)
        if shop is None:
            raise refusal(WRONG_TOKEN_FOR_SHOP, "The access token and the shop_cipher do not match.", 401)
        if not grant.active:
            raise refusal(SELLER_INACTIVE, "The seller is inactive.", 401)
        if not shop.active:
            raise refusal(SHOP_INACTIVE, "The shop is inactive.", 401)
        self._world.orders.viewer = self._world.grants.number_of(cipher)

    def _check(self, call: Call, query: dict[str, str]) -> Grant:
        if query.get("app_key") != self._keys.app_key:
            raise refusal(CATCH_ALL, "Invalid app_key.", 400)
        self._check_timestamp(query.get("timestamp", ""))
        given = query.get("sign")
        if not given:
            raise refusal(CATCH_ALL, "Invalid parameters: sign is missing.", 400)
        media_type = call.headers.get(b"content-type", b"").decode("latin-1")
        expected = signature(self._keys.app_secret, call.path, call.query, media_type, call.body)
        if not hmac.compare_digest(given.encode(), expected.encode()):
            raise refusal(BAD_SIGNATURE, "The signature is invalid.", 401)
        grant = self.grant_of(call)
        needed = scope_of(call.path)
        if needed in grant.withheld:
            raise refusal(SCOPE_MISSING, f"The access scope {needed} is not granted.", 401)
        return grant

    def _check_timestamp(self, text: str) -> None:
        if len(text) != 10 or not (text.isascii() and text.isdigit()):
            raise refusal(CATCH_ALL, "Invalid timestamp: ten digits of unix seconds are expected.", 400)
        if not -OLDEST_SECONDS <= int(text) - self._world.conditions.tiktok_time() <= NEWEST_SECONDS:
            raise refusal(CATCH_ALL, "Invalid timestamp: it is too old or too far in the future.", 400)

    def grant_of(self, call: Call) -> Grant:
        """Return the grant whose access token the call carries, if it is good."""
        token = call.headers.get(b"x-tts-access-token", b"").decode("latin-1")
        found = self._world.grants.of_access(token)
        if found is None:
            raise refusal(CATCH_ALL, "Invalid access token.", 401)
        if found.pair.access_expires_at <= self._world.now:
            raise refusal(TOKEN_EXPIRED, "The access token is expired.", 401)
        if not found.pair.seen:
            self._world.record("token_used", grant=found.grant.number, generation=found.pair.generation)
        return found.grant


def scope_of(path: str) -> str:
    """Return the permission that a path needs; empty where TikTok does not say."""
    category = path.split("/")[1]
    if category == "fulfillment" and path.endswith(_PACKAGE_WRITES):
        return "seller.fulfillment.package.write"
    if category == "product" and path.endswith("/inventory/update"):
        return "seller.product.write"
    return _SCOPES.get(category, "")


_PACKAGE_WRITES = (
    "/split",
    "/split_attributes",
    "/combine",
    "/uncombine",
    "/handover_time_slots",
    "combinable_packages/search",
)
_SCOPES = {
    "authorization": "seller.authorization.info",
    "event": "seller.authorization.info",
    "order": "seller.order.info",
    "fulfillment": "seller.fulfillment.basic",
    "logistics": "seller.logistics",
    "return_refund": "seller.return_refund.basic",
    "product": "seller.product.basic",
    "customer_service": "seller.customer_service",
}
