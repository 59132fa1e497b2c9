"""What may be set of the outside world: TikTok, carriers, notices, inventory, the listener, and what stands around each call."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
)

from engine.effects.kinds import Budgets, Retries, budgets_of
from engine.errors import Misconfigured
from engine.words import Dependency

if TYPE_CHECKING:
    from sync.http.api.settings import ApiSettings
    from sync.http.settings import HttpSettings
    from sync.inventory.push import PushSettings
    from sync.notices.apprise_channel import AppriseSettings
    from sync.notices.folder import FolderSettings
    from sync.notices.smtp import SmtpSettings
    from sync.rates import RedisSettings
    from sync.resilience import BreakerSettings
    from sync.shipping.deliveries import LabelSettings
    from sync.shipping.easypost import EasyPostSettings
    from sync.shipping.tiktok_shipping import TikTokShippingSettings
    from sync.tiktok.cancelling import CancelSettings
    from sync.tiktok.client import TikTokSettings
    from sync.tiktok.consent import ConsentSettings
    from sync.tiktok.deliveries import ShipSettings


def _web_address(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise ValueError("must begin with https:// or http://")
    return url.rstrip("/")


def _public_address(url: str) -> str:
    """TikTok calls nothing else: https, a domain name, no port, and no more than 255 characters with the path."""
    if not url:
        return url
    parts = urlsplit(url)
    host = parts.hostname or ""
    is_name = "." in host and not host.replace(".", "").isdigit() and ":" not in host
    if parts.scheme != "https" or not is_name or parts.netloc != host or len(url) > 200:
        raise ValueError("must be https:// and a domain name, without a port")
    return url.rstrip("/")


def _expanded(path: Path) -> Path:
    return path.expanduser()


WebAddress = Annotated[str, AfterValidator(_web_address)]
OwnPath = Annotated[Path, AfterValidator(_expanded)]
"""A path of this machine; `~` is the home directory."""


class Section(BaseModel):
    """A table of the file; a name it does not know is an error, so that a typing mistake is not silently ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TikTokSection(Section):
    """TikTok Shop's API. Secret: `tiktok_app_secret`. No limit of ours where `calls_per_second` is 0."""

    base_url: WebAddress = "https://open-api.tiktokglobalshop.com"
    auth_url: WebAddress = "https://auth.tiktok-shops.com"
    app_key: str = ""
    service_id: str = ""
    """The app's number in the consent link; the Partner Center shows it."""
    consent_url: WebAddress = "https://services.tiktokshop.com"
    consent_url_us: WebAddress = "https://services.us.tiktokshop.com"
    """Where sellers of the United States consent; everybody else does at `consent_url`."""
    calls_per_second: NonNegativeInt = 10
    poll_seconds: PositiveFloat = 30.0
    overlap_seconds: PositiveFloat = 300.0
    reread_seconds: PositiveFloat = 60.0
    """How often fifty open orders of each shop are read again, for what changes without a time of change."""
    slice_seconds: PositiveFloat = 86_400.0
    """A long absence is caught up in searches of so much time each."""
    versions: dict[str, str] = Field(default_factory=dict)
    """Other versions of single endpoints, by our names for them (`orders.detail = "202507"`)."""
    more_events: list[str] = Field(default_factory=list)
    """Webhooks to ask for beside those whose names are certain (`shop webhooks --register`)."""
    cancel_reasons: dict[str, dict[str, str]] = Field(default_factory=dict)
    """TikTok's names for our reasons, by market, beside those that ship with the program."""

    markets: dict[str, dict[str, str | bool | int]] = Field(default_factory=dict)
    """What a market asks of parcels otherwise than `engine/orders/markets.toml` says (`JP.seller = "ship_package"`)."""
    ship_batch_size: PositiveInt = 20
    """How many packages one call ships, in markets that ship packages."""

    def for_client(self) -> TikTokSettings:
        """Raises Misconfigured for a version of an endpoint that there is not."""
        from sync.tiktok.client import TikTokSettings
        from sync.tiktok.endpoints import checked_versions

        return TikTokSettings(versions=checked_versions(self.versions))

    def for_consent(self) -> ConsentSettings:
        from sync.tiktok.consent import ConsentSettings

        return ConsentSettings(self.service_id, self.consent_url, self.consent_url_us)

    def for_shipping(self) -> ShipSettings:
        from engine.orders.markets import check
        from sync.tiktok.deliveries import ShipSettings

        return ShipSettings(batch_size=self.ship_batch_size, markets=check(self.markets, "tiktok.markets"))

    def for_cancellations(self) -> CancelSettings:
        from sync.tiktok.cancel_reasons import check
        from sync.tiktok.cancelling import CancelSettings

        return CancelSettings(names=check(self.cancel_reasons, "tiktok.cancel_reasons"))


class CarrierSection(Section):
    """EasyPost. Secret: `easypost_api_key`.

    `rate_rule` is `cheapest`, `fastest`, `in_time`, `default`, `service:<name>` or `carrier:<name>`; a shop's policy or an order's own
    rule wins over it. With `convertible_labels` labels are bought as PNG, which is the only format that EasyPost converts later.
    """

    base_url: WebAddress = "https://api.easypost.com"
    rate_rule: str = "cheapest"
    tiktok_rate_rule: str = "default"
    """The same for parcels that TikTok ships: its services, or `DROP_OFF` and `PICKUP` where it only takes them over."""
    days_after_ship_by: PositiveInt = 5
    label_format: Literal["PDF", "PNG", "ZPL", "EPL2"] = "PDF"
    convertible_labels: bool = False
    calls_per_second: NonNegativeInt = 10
    tracking_seconds: PositiveFloat = 300.0
    check_addresses: bool = False
    """Ask the carriers about every address before its label is bought: one call more for each parcel."""
    accounts: tuple[str, ...] = ()
    """EasyPost's ids of the carrier accounts to ask for rates (`ca_…`, at most 60); all when none is named."""
    options: dict[str, str] = Field(default_factory=dict)
    """Further options of EasyPost's for every shipment, such as `delivery_confirmation = "SIGNATURE"`."""
    insure_from: Annotated[Decimal, Field(ge=0)] | None = None
    """Insure parcels whose goods are worth as many US dollars or more, for their worth; none without it."""
    customs_signer: str = ""
    """Who vouches for customs forms; the warehouse's name when nobody is named."""
    export_code: str = "NOEEI 30.37(a)"
    document_size: Literal["A6", "A5"] = "A6"
    """Of what TikTok prints."""

    def for_labels(self) -> LabelSettings:
        """Raises Misconfigured for a rule that is none."""
        from sync.shipping.choice import parse_rate_rule
        from sync.shipping.deliveries import LabelSettings

        days = self.days_after_ship_by
        return LabelSettings(
            rate_rule=parse_rate_rule(self.rate_rule, days_after_ship_by=days),
            tiktok_rate_rule=parse_rate_rule(self.tiktok_rate_rule, days_after_ship_by=days),
            check_addresses=self.check_addresses,
        )

    def for_easypost(self, api_key: str) -> EasyPostSettings:
        """Raises Misconfigured for more accounts than EasyPost rates at once."""
        from sync.shipping.easypost import EasyPostSettings
        from sync.shipping.wire import Terms

        if len(self.accounts) > 60:
            raise Misconfigured(
                "carrier.accounts", f"carrier.accounts names {len(self.accounts)} accounts; EasyPost rates 60 at once."
            )
        return EasyPostSettings(
            api_key=api_key,
            label_format="PNG" if self.convertible_labels else self.label_format,
            terms=Terms(
                carrier_accounts=self.accounts,
                options=self.options,
                customs_signer=self.customs_signer,
                export_code=self.export_code,
            ),
            insure_from=self.insure_from,
        )

    def for_tiktok_shipping(self, markets: dict[str, dict[str, str | bool | int]]) -> TikTokShippingSettings:
        """`markets` are `tiktok.markets`, which say how a market arranges parcels."""
        from engine.orders.markets import check
        from sync.shipping.tiktok_shipping import TikTokShippingSettings

        return TikTokShippingSettings(
            markets=check(markets, "tiktok.markets"), document_size=self.document_size, label_format=self.label_format
        )


def _redis_address(url: str) -> str:
    if not url:
        return url
    parts = urlsplit(url)
    if parts.password:
        raise Misconfigured(
            "limits.redis_url_has_password",
            "limits.redis_url holds a password: take it out and set ORDERS_TUI_REDIS_PASSWORD or its credential file.",
        )
    if parts.scheme not in {"redis", "rediss", "redis+unix"}:
        raise ValueError("must begin with redis://, rediss:// or redis+unix://")
    return url


class LimitsSection(Section):
    """Where calls a second are counted: in the Redis of `redis_url` for all daemons, else by each its share. Secret: `redis_password`."""

    redis_url: Annotated[str, AfterValidator(_redis_address)] = ""

    def for_rates(self, password: str, scope: str) -> RedisSettings:
        from sync.rates import RedisSettings

        return RedisSettings(self.redis_url, password, scope)


class SmtpSection(Section):
    """The mail server. Secret: `smtp_password`."""

    host: str
    port: PositiveInt = 587
    encryption: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    authorities: OwnPath | None = None


class NoticesSection(Section):
    """Where letters go: to the mail server if there is one, else to a Maildir (`folder`, or in the data directory).

    `templates` is a directory of the owner's own words; `apprise_kinds` are the kinds of Apprise URLs that targets may have;
    `bounces` is a Maildir of what mail servers send back to the sender.
    """

    sender: str = "orders@orders-tui.invalid"
    folder: OwnPath | None = None
    durable: bool = True
    smtp: SmtpSection | None = None
    templates: OwnPath | None = None
    bounces: OwnPath | None = None
    apprise_kinds: tuple[str, ...] = ()
    """Beside slack, discord, tgram, ntfys and the like, which are allowed from the start."""
    apprise_timeout_seconds: PositiveFloat = 15.0

    def for_apprise(self) -> AppriseSettings:
        from sync.notices.apprise_channel import DEFAULT_KINDS, AppriseSettings

        return AppriseSettings(kinds=DEFAULT_KINDS + self.apprise_kinds, timeout_seconds=self.apprise_timeout_seconds)

    def for_folder(self, data_directory: Path) -> FolderSettings:
        from sync.notices.folder import FolderSettings

        return FolderSettings(
            directory=self.folder or data_directory / "notices", sender=self.sender, durable=self.durable
        )

    def for_smtp(self, password: str) -> SmtpSettings | None:
        """None when no mail server is set."""
        from sync.notices.smtp import Encryption, SmtpSettings

        if self.smtp is None:
            return None
        return SmtpSettings(
            host=self.smtp.host,
            port=self.smtp.port,
            sender=self.sender,
            encryption=Encryption(self.smtp.encryption),
            username=self.smtp.username,
            password=password,
            authorities=str(self.smtp.authorities) if self.smtp.authorities else None,
        )


class InventorySection(Section):
    """How stock is told to the shops. `for_none` is what is said when there is none left: 1 where a market refuses 0.

    `url` is an inventory service that has the last word for shops whose policy says so. Secret: `inventory_api_key`.
    """

    url: WebAddress | Literal[""] = ""
    mirror_seconds: PositiveFloat = 30.0
    push_seconds: PositiveFloat = 5.0
    push_most_listings: PositiveInt = 100
    for_none: Literal[0, 1] = 0

    def for_push(self) -> PushSettings:
        from sync.inventory.push import PushSettings

        return PushSettings(
            every_seconds=self.push_seconds, most_listings=self.push_most_listings, for_none=self.for_none
        )


class RetrySection(Section):
    """How often an effect is tried and how far apart: the wait before try n+1 is drawn below base · multiplier^(n-1)."""

    max_attempts: PositiveInt
    base_delay_seconds: PositiveFloat
    max_delay_seconds: PositiveFloat
    multiplier: Annotated[float, Field(ge=1.0)]

    def for_engine(self) -> Retries:
        return Retries(self.max_attempts, self.base_delay_seconds, self.max_delay_seconds, self.multiplier)


class RetriesSection(Section):
    """One table for each dependency; what a workflow's action says for itself wins over them."""

    tiktok: RetrySection = RetrySection(max_attempts=5, base_delay_seconds=1, max_delay_seconds=30, multiplier=2)
    carrier: RetrySection = RetrySection(max_attempts=3, base_delay_seconds=2, max_delay_seconds=60, multiplier=1.5)
    inventory: RetrySection = RetrySection(max_attempts=2, base_delay_seconds=0.5, max_delay_seconds=5, multiplier=2)
    notices: RetrySection = RetrySection(max_attempts=3, base_delay_seconds=2, max_delay_seconds=60, multiplier=1.5)

    def for_engine(self) -> Budgets:
        return budgets_of({whom: getattr(self, whom.value).for_engine() for whom in Dependency})


class BreakerSection(Section):
    """Opens when so many calls failed within the monitoring time, and they are that share of the latest calls; 0 counts them alone."""

    failure_threshold: PositiveInt = 10
    monitoring_seconds: PositiveFloat = 30.0
    reset_seconds: PositiveFloat = 60.0
    failure_share: Annotated[float, Field(ge=0.0, le=1.0)] = 0.5

    def for_guard(self) -> BreakerSettings:
        from sync.resilience import BreakerSettings

        return BreakerSettings(self.failure_threshold, self.monitoring_seconds, self.reset_seconds, self.failure_share)


class BreakersSection(Section):
    """One table for each dependency that is called over HTTP."""

    tiktok: BreakerSection = BreakerSection()
    carrier: BreakerSection = BreakerSection()
    inventory: BreakerSection = BreakerSection(failure_threshold=5, monitoring_seconds=15, reset_seconds=30)


class HttpSection(Section):
    """The daemon's own listener, for webhooks and the REST interface. Secret: `easypost_webhook_secret`.

    In clear it listens on this machine alone, behind a proxy; with a certificate it speaks TLS 1.3.
    """

    enabled: bool = False
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8321
    public_url: Annotated[str, AfterValidator(_public_address)] = ""
    """Under which TikTok and EasyPost reach it, such as https://orders.example.com."""
    trusted_proxies: list[IPvAnyNetwork] = Field(default_factory=list)
    certificate: OwnPath | None = None
    private_key: OwnPath | None = None
    calls_per_second: NonNegativeInt = 200
    """From one address; no limit where it is 0."""
    largest_body_bytes: PositiveInt = 1_048_576
    easypost_signature: Literal["v1", "v2"] = "v1"

    def for_listener(self, easypost_secret: str, api: ApiSettings) -> HttpSettings:
        """Raises Misconfigured for an address that the outside could reach in clear."""
        from sync.http.settings import HttpSettings

        return HttpSettings(
            enabled=self.enabled,
            host=self.host,
            port=self.port,
            public_url=self.public_url,
            trusted_proxies=tuple(self.trusted_proxies),
            certificate=self.certificate,
            private_key=self.private_key,
            calls_per_second=self.calls_per_second,
            largest_body_bytes=self.largest_body_bytes,
            easypost_signature=self.easypost_signature,
            easypost_secret=easypost_secret,
            api=api,
        )
