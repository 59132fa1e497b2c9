"""Who granted the app access: sellers, the shops each grant covers, what was withheld, taken back, or is inactive."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sync.simulator.credentials import Credentials, digest, digits
from sync.simulator.journal import Entry
from sync.simulator.tiktok.tokens import TokenPair, Tokens

CODE_SECONDS = 1800.0

SCOPES = (
    "seller.authorization.info",
    "seller.order.info",
    "seller.fulfillment.basic",
    "seller.fulfillment.package.write",
    "seller.logistics",
    "seller.product.basic",
    "seller.product.write",
    "seller.return_refund.basic",
    "seller.customer_service",
)
GRANTED_APART = frozenset({"seller.customer_service"})
"""What no app has before TikTok has said so."""


@dataclass(slots=True)
class GrantedShop:
    """One shop that a grant covers."""

    id: str
    code: str
    name: str
    region: str
    seller_type: str
    cipher: str
    active: bool = True

    def as_json(self) -> dict[str, str]:
        """Return the shop as the list of authorised shops has it."""
        return {
            "id": self.id,
            "name": self.name,
            "region": self.region,
            "seller_type": self.seller_type,
            "cipher": self.cipher,
            "code": self.code,
        }


@dataclass(slots=True)
class Grant:
    """One seller's authorisation."""

    number: int
    open_id: str
    seller_name: str
    region: str
    tokens: Tokens
    shops: list[GrantedShop]
    user_type: int = 0
    withheld: frozenset[str] = GRANTED_APART
    revoked: bool = False
    active: bool = True
    code_given_at: float | None = None

    def scopes(self) -> list[str]:
        """Return what was granted."""
        return [scope for scope in SCOPES if scope not in self.withheld]

    def shop(self, cipher: str) -> GrantedShop | None:
        """Return the shop with this cipher."""
        return next((shop for shop in self.shops if shop.cipher == cipher), None)


@dataclass(slots=True)
class Found:
    """A token pair and whose it is."""

    grant: Grant
    pair: TokenPair


@dataclass(slots=True)
class Grants:
    """All grants; the first ones are those of the shops that the scenario's orders come in to."""

    seed: int
    keys: Credentials
    token_seconds: float
    started_at: float
    shops: int = 1
    region: str = "US"
    all: list[Grant] = field(default_factory=list)
    with_orders: list[GrantedShop] = field(default_factory=list)
    """The shops that the scenario's orders come in to, by their number."""
    _number_of: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin with the seller whose tokens are handed out by the admin calls."""
        keys = self.keys
        shop = GrantedShop(keys.shop_id, keys.shop_code, keys.shop_name, "US", "LOCAL", keys.shop_cipher)
        tokens = Tokens(self.seed, self.token_seconds, self.started_at)
        self.all.append(Grant(0, "sim" + keys.shop_id, keys.shop_name, self.region, tokens, [shop]))
        for number in range(1, self.shops):
            self._apply_shop(
                {
                    "at": self.started_at,
                    "grant": number,
                    "name": f"{keys.shop_name} {number + 1}",
                    "region": self.region,
                    "seller_type": "LOCAL",
                }
            )
        self.with_orders = [grant.shops[0] for grant in self.all]
        self._number_of = {shop.cipher: number for number, shop in enumerate(self.with_orders)}

    @property
    def first(self) -> Grant:
        """The grant that the scenario begins with."""
        return self.all[0]

    def of_access(self, token: str) -> Found | None:
        """Return whose access token this is."""
        for grant in self.all:
            if not grant.revoked and (pair := grant.tokens.of_access(token)):
                return Found(grant, pair)
        return None

    def of_secret(self, code_or_refresh_token: str) -> Grant | None:
        """Return the grant that a code or a refresh token was given out for."""
        return next((grant for grant in self.all if grant.tokens.knows(code_or_refresh_token)), None)

    def is_stale(self, grant: Grant, code: str, now: float) -> bool:
        """Say whether a code was given out by the consent page too long ago."""
        given = grant.code_given_at
        return code == grant.tokens.auth_code and given is not None and now - given > CODE_SECONDS

    def number_of(self, cipher: str) -> int:
        """Return which of the scenario's shops has this cipher; for one that has no orders, a number that none has."""
        return self._number_of.get(cipher, len(self.with_orders))

    def changes(self) -> Mapping[str, Callable[[Entry], object]]:
        """Return what may be recorded of grants."""
        return {
            "token_pair": self._apply_issued,
            "token_used": lambda entry: self._of(entry).tokens.apply_used(entry),
            "token_expired": lambda entry: self._of(entry).tokens.apply_expired(entry),
            "consented": self._apply_consented,
            "granted_shop": self._apply_shop,
            "grant_revoked": self._apply_revoked,
            "grant_changed": self._apply_changed,
        }

    def _of(self, entry: Entry) -> Grant:
        return self.all[entry.get("grant", 0)]

    def _apply_issued(self, entry: Entry) -> TokenPair:
        grant = self._of(entry)
        grant.revoked = False
        grant.code_given_at = None
        return grant.tokens.apply_issued(entry)

    def _apply_consented(self, entry: Entry) -> str:
        grant = self._of(entry)
        grant.code_given_at = entry["at"]
        return grant.tokens.auth_code

    def _apply_shop(self, entry: Entry) -> Grant:
        number = entry["grant"]
        count = sum(len(grant.shops) for grant in self.all)
        shop = GrantedShop(
            id="7495" + digits(15, self.seed, "shop", count),
            code=f"{entry['region'] or 'XX'}LC" + digest(self.seed, "shop_code", count)[:6].upper(),
            name=entry["name"],
            region=entry["region"],
            seller_type=entry["seller_type"],
            cipher="SIM_" + digest(self.seed, "cipher", count)[:24],
        )
        if number == len(self.all):
            tokens = Tokens(self.seed, self.token_seconds, entry["at"], number)
            self.all.append(Grant(number, "sim" + shop.id, entry["name"], entry["region"], tokens, []))
        self.all[number].shops.append(shop)
        return self.all[number]

    def _apply_revoked(self, entry: Entry) -> Grant:
        grant = self._of(entry)
        grant.revoked = True
        grant.tokens.void()
        return grant

    def _apply_changed(self, entry: Entry) -> Grant:
        grant = self._of(entry)
        if "withheld" in entry:
            grant.withheld = frozenset(entry["withheld"])
        if "user_type" in entry:
            grant.user_type = entry["user_type"]
        if "ends_at" in entry:
            grant.tokens.end_at(entry["ends_at"])
        if "active" in entry:
            grant.active = entry["active"]
        for shop in grant.shops:
            if shop.id in entry.get("shops", {}):
                shop.active = entry["shops"][shop.id]
        return grant
